/* Rank histogram, ignorance, Brier and energy scores, anomaly correlation: cases computed by hand,
 * and what a reliable ensemble is known to have. (tests/verify/test_command.sh compares all with
 * numpy.) */
#include "verify/distribution.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"
#include "verify/energy_score.h"

/* Weights and columns are such that row 2 and column 3 do not count. */
enum { NLAT = 3, NLON = 4, POINTS = NLAT * NLON };
static const double weights[NLAT] = {1, 3, 0};
static const bool columns[NLON] = {true, true, true, false};
static const ar_score_area area = {
    .nlat = NLAT, .nlon = NLON, .weights = weights, .columns = columns};

/* Points that do not count hold what would spoil every score; the others are missing but for the
 * first of row 0, weight 1, and the first of row 1, weight 3. */
static void set_field(float field[POINTS], float first, float second)
{
    for (int at = 0; at < POINTS; at++) {
        field[at] = at / NLON == 2 || at % NLON == 3 ? 1e6f : NAN;
    }
    field[0] = first;
    field[NLON] = second;
}

static void near(double value, double wanted)
{
    /* A handful of operations on numbers near 1. */
    if (!(fabs(value - wanted) <= 1e-14 * fmax(fabs(wanted), 1))) {
        fail_msg("%.17g is not %.17g", value, wanted);
    }
}

static void distribution_by_hand(void **state)
{
    (void)state;
    /* Members 0, 1, 5 with truth 1: one below, one equal, so that ranks 1 and 2 get half a weight
     * of 1 each. Members 2, 4, 6 with truth 7: all below, weight 3. Mean 4 and variance 4, so that
     * the density at the truth is exp(−9/8)/sqrt(8π); the first point has mean 2, variance 7 and
     * error 1. Of four ranks: shares 0, 1/8, 1/8, 3/4. */
    float members[3 * POINTS], truth[POINTS];
    const double thresholds[] = {4, 100};
    set_field(members, 0, 2);
    set_field(members + POINTS, 1, 4);
    set_field(members + 2 * POINTS, 5, 6);
    set_field(truth, 1, 7);
    ar_error err;
    ar_distribution sums;
    assert_int_equal(ar_distribution_init(&sums, &area, 3, thresholds, 2, &err), AR_OK);
    ar_distribution_add(&sums, members, truth);
    double shares[4], forecast[4], observed[4];
    ar_distribution_ranks(&sums, shares);
    near(shares[0], 0);
    near(shares[1], 0.125);
    near(shares[2], 0.125);
    near(shares[3], 0.75);
    double squares = (0.25 * 0.25) + 2 * (0.125 * 0.125) + 0.5 * 0.5;
    near(ar_distribution_rank_departure(&sums), 4 * squares);
    /* (Σ w)²/Σ w² = 16/10 points, N = 3. */
    near(ar_distribution_rank_delta(&sums), 1.6 / 3 * 4 * squares);
    double first = -log2(exp(-1.0 / 14) / sqrt(2 * M_PI * 7));
    double second = -log2(exp(-9.0 / 8) / sqrt(8 * M_PI));
    near(ar_distribution_ignorance(&sums), (first + 3 * second) / 4);
    near(ar_distribution_without_spread(&sums), 0);
    /* Above 4: 1 of 3 members and no event at weight 1; 1 of 3 (4 is not above 4) and an event at
     * weight 3. One forecast value, so no resolution: p = 1/3, event 3/4. */
    ar_brier brier = ar_distribution_brier(&sums, 0);
    near(brier.score, 0.25 * (1.0 / 9) + 0.75 * (4.0 / 9));
    near(brier.reliability, (1.0 / 3 - 0.75) * (1.0 / 3 - 0.75));
    near(brier.resolution, 0);
    near(brier.uncertainty, 0.75 * 0.25);
    near(brier.frequency, 0.75);
    /* Ferro (2014): less i(n − i)/(n²(n − 1)) = 1·2/(9·2). */
    near(brier.fair, brier.score - 1.0 / 9);
    ar_distribution_reliability(&sums, 0, forecast, observed);
    near(forecast[1], 1);
    near(observed[1], 0.75);
    assert_true(forecast[0] == 0 && isnan(observed[0]));
    /* Never forecast and never seen: a perfect score. */
    brier = ar_distribution_brier(&sums, 1);
    assert_true(brier.score == 0 && brier.fair == 0 && brier.uncertainty == 0);
    ar_distribution_release(&sums);
}

static void members_that_do_not_differ(void **state)
{
    (void)state;
    /* One member everywhere, and two of which the heavier point's are equal: no density there. */
    float members[2 * POINTS], truth[POINTS];
    set_field(members, 0, 2);
    set_field(members + POINTS, 4, 2);
    set_field(truth, 2, 3);
    ar_error err;
    ar_distribution sums;
    assert_int_equal(ar_distribution_init(&sums, &area, 1, NULL, 0, &err), AR_OK);
    ar_distribution_add(&sums, members, truth);
    assert_true(isnan(ar_distribution_ignorance(&sums)));
    near(ar_distribution_without_spread(&sums), 1);
    ar_distribution_release(&sums);
    assert_int_equal(ar_distribution_init(&sums, &area, 2, NULL, 0, &err), AR_OK);
    ar_distribution_add(&sums, members, truth);
    near(ar_distribution_without_spread(&sums), 0.75);
    near(ar_distribution_ignorance(&sums), 0.5 * log2(2 * M_PI * 8)); /* variance 8, error 0 */
    ar_distribution_release(&sums);
}

static void reliable_ensemble_is_flat(void **state)
{
    (void)state;
    /* Truth and 7 members from N(0, 1), 4,000 fields of 6 points of weight 1 or 3. For independent
     * points of weights w, E[Σ (fₖ − 1/8)²] = (7/8) Σ w²/(Σ w)², so that delta has mean 1 and, as
     * χ² of 7 degrees of freedom over 7, standard deviation sqrt(2/7) = 0.53; above 4.9 (χ² > 34)
     * less than once in 50,000. A third less spread gives hundreds. */
    enum { N = 7, FIELDS = 4000 };
    float members[N * POINTS], truth[POINTS];
    ar_random stream = {.seed = 11, .purpose = AR_RANDOM_TEST};
    double delta[2];
    for (int narrow = 0; narrow < 2; narrow++) {
        ar_error err;
        ar_distribution sums;
        assert_int_equal(ar_distribution_init(&sums, &area, N, (double[]){0.5}, 1, &err), AR_OK);
        for (int f = 0; f < FIELDS; f++) {
            for (int i = 0; i < N * POINTS; i++) {
                members[i] = (float)(ar_random_normal(&stream) * (narrow ? 0.67 : 1));
            }
            for (int i = 0; i < POINTS; i++) {
                truth[i] = (float)ar_random_normal(&stream);
            }
            ar_distribution_add(&sums, members, truth);
        }
        delta[narrow] = ar_distribution_rank_delta(&sums);
        /* The decomposition is exact. */
        ar_brier brier = ar_distribution_brier(&sums, 0);
        near(brier.score, brier.reliability - brier.resolution + brier.uncertainty);
        ar_distribution_release(&sums);
    }
    assert_true(delta[0] < 4.9);
    assert_true(delta[1] > 100);
}

static void energy_score_by_hand(void **state)
{
    (void)state;
    /* With weights 1/4 and 3/4: members (0, 0) and (4, 4), truth (2, 0). To the truth: sqrt(4/4) =
     * 1 and sqrt(4/4 + 3·16/4) = sqrt(13); between the members 4. A second time that is missing
     * does not count. */
    float members[2 * POINTS], truth[POINTS], missing[POINTS];
    set_field(members, 0, 0);
    set_field(members + POINTS, 4, 4);
    set_field(truth, 2, 0);
    set_field(missing, NAN, NAN);
    ar_error err;
    ar_energy_score score;
    assert_int_equal(ar_energy_score_init(&score, &area, 2, &err), AR_OK);
    assert_true(isnan(ar_energy_score_plain(&score)));
    ar_energy_score_add(&score, members, truth);
    ar_energy_score_add(&score, members, missing);
    near(ar_energy_score_plain(&score), (1 + sqrt(13)) / 2 - 1);
    near(ar_energy_score_fair(&score), (1 + sqrt(13)) / 2 - 2);
    /* The same level three times is the same vector; one that is missing does not count. */
    for (int level = 0; level < 3; level++) {
        ar_energy_score_add_level(&score, members, truth);
        ar_energy_score_add_level(&score, members, missing);
    }
    ar_energy_score_end_time(&score);
    ar_energy_score_end_time(&score); /* without a level this is no time */
    assert_int_equal(score.times, 2);
    near(ar_energy_score_plain(&score), (1 + sqrt(13)) / 2 - 1);
    ar_energy_score_release(&score);
    assert_int_equal(ar_energy_score_init(&score, &area, 1, &err), AR_OK);
    ar_energy_score_add(&score, members, truth);
    near(ar_energy_score_plain(&score), 1); /* the root-mean-square error */
    assert_true(isnan(ar_energy_score_fair(&score)));
    ar_energy_score_release(&score);
}

static void anomaly_correlation_by_hand(void **state)
{
    (void)state;
    /* About a climatology of 10: forecasts 2 and 1, truth 1 and −1 with weights 1 and 3 have
     * products 2 − 3, squares 4 + 3 and 1 + 3. A time at which the forecast is the climatology has
     * no correlation and is left out; the mean of that and a perfect one is of two times. */
    float forecast[POINTS], truth[POINTS], flat[POINTS];
    double climatology[POINTS];
    for (int at = 0; at < POINTS; at++) {
        climatology[at] = 10;
    }
    set_field(forecast, 12, 11);
    set_field(truth, 11, 9);
    set_field(flat, 10, 10);
    ar_anomaly_correlation sums = {0};
    assert_true(isnan(ar_anomaly_correlation_mean(&sums)));
    ar_anomaly_correlation_add(&sums, &area, flat, truth, climatology);
    assert_true(isnan(ar_anomaly_correlation_mean(&sums)));
    ar_anomaly_correlation_add(&sums, &area, forecast, truth, climatology);
    near(ar_anomaly_correlation_mean(&sums), -1 / sqrt(28));
    ar_anomaly_correlation_add(&sums, &area, truth, truth, climatology);
    near(ar_anomaly_correlation_mean(&sums), (1 - 1 / sqrt(28)) / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distribution_by_hand),        cmocka_unit_test(members_that_do_not_differ),
        cmocka_unit_test(reliable_ensemble_is_flat),   cmocka_unit_test(energy_score_by_hand),
        cmocka_unit_test(anomaly_correlation_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
