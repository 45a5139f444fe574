/* Scores against hand-computed cases, numbers computed with numpy, the O(n²) definition of CRPS,
 * and expectations that are known exactly for normal samples. */
#include "verify/scores.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

static void near(double value, double wanted, double relative)
{
    if (!(fabs(value - wanted) <= relative * fmax(fabs(wanted), 1e-300))) {
        fail_msg("%.17g is not %.17g to %g", value, wanted, relative);
    }
}

/* The definition, term by term. */
static ar_crps crps_by_definition(const double *x, int64_t n, double y)
{
    double distance = 0, pairs = 0;
    for (int64_t i = 0; i < n; i++) {
        distance += fabs(x[i] - y);
        for (int64_t j = 0; j < n; j++) {
            pairs += fabs(x[i] - x[j]);
        }
    }
    double count = (double)n;
    return (ar_crps){.plain = distance / count - pairs / (2 * count * count),
                     .fair = distance / count - pairs / (2 * count * (count - 1))};
}

static ar_crps crps_of(const double *x, int64_t n, double y)
{
    double deviations[256];
    for (int64_t i = 0; i < n; i++) {
        deviations[i] = x[i] - y;
    }
    return ar_crps_of_deviations(deviations, n);
}

static void crps_by_hand(void **state)
{
    (void)state;
    /* Members 0 and 2, truth 1: mean distance 1, ΣΣ|xᵢ−xⱼ| = 4, so 1 − 4/8 and 1 − 4/4. All numbers
     * are small integers and powers of two: exact. */
    ar_crps score = crps_of((double[]){0, 2}, 2, 1);
    assert_true(score.plain == 0.5 && score.fair == 0);
    /* One member: the absolute error; fair is undefined. */
    score = crps_of((double[]){3}, 1, 5);
    assert_true(score.plain == 2 && isnan(score.fair));
    /* All members equal: the absolute error, both ways. */
    score = crps_of((double[]){4, 4, 4, 4}, 4, 1);
    assert_true(score.plain == 3 && score.fair == 3);
}

static void crps_of_numpy(void **state)
{
    (void)state;
    /* numpy: abs(x−y).mean() − abs(x[:,None]−x).sum()/(2·25) and /(2·20). Rounding alone differs.
     */
    ar_crps score = crps_of((double[]){1.25, -0.5, 3.0, 0.75, 2.5}, 5, 1.1);
    near(score.plain, 0.38, 1e-14);
    near(score.fair, 0.205, 1e-13);
}

static void sorting_equals_the_definition(void **state)
{
    (void)state;
    /* Sizes from 2 to 200 about a mean of 10⁵ as pressures have it. The sorted sum rounds 2n
     * numbers of size ~10, the definition n²: 1e-11 holds both. */
    ar_random stream = {.seed = 5, .purpose = AR_RANDOM_TEST};
    const int64_t sizes[] = {2, 3, 8, 17, 64, 200};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        double x[256], y = 1e5 + 3 * ar_random_normal(&stream);
        for (int64_t i = 0; i < sizes[s]; i++) {
            x[i] = 1e5 + 3 * ar_random_normal(&stream);
        }
        ar_crps ours = crps_of(x, sizes[s], y), wanted = crps_by_definition(x, sizes[s], y);
        assert_true(fabs(ours.plain - wanted.plain) < 1e-11);
        assert_true(fabs(ours.fair - wanted.fair) < 1e-11);
    }
}

static void crps_of_normal_samples(void **state)
{
    (void)state;
    /* For members and truth from N(0, σ²): E|xᵢ−y| = E|xᵢ−xⱼ| = 2σ/√π, so E[fair] = σ/√π for any n,
     * and E[plain] = σ/√π (1 + 1/n) (Gneiting and Raftery 2007; Ferro 2014). 20,000 draws; the
     * standard deviation of one score is below 0.7 σ, and 6 standard errors are 0.03 σ. */
    ar_random stream = {.seed = 8, .purpose = AR_RANDOM_TEST};
    const int draws = 20000;
    const int64_t n = 5;
    const double sigma = 2.5;
    double plain = 0, fair = 0;
    for (int d = 0; d < draws; d++) {
        double x[5], y = sigma * ar_random_normal(&stream);
        for (int64_t i = 0; i < n; i++) {
            x[i] = sigma * ar_random_normal(&stream);
        }
        ar_crps score = crps_of(x, n, y);
        plain += score.plain / draws;
        fair += score.fair / draws;
    }
    double expected = sigma / sqrt(M_PI);
    assert_true(fabs(fair - expected) < 0.03 * sigma);
    assert_true(fabs(plain - expected * (1 + 1.0 / (double)n)) < 0.03 * sigma);
}

/* The field case: 3 members on 3 × 4 points, one member and one truth missing. */
enum { NLAT = 3, NLON = 4, POINTS = NLAT * NLON, MEMBERS = 3 };
static const double weights[NLAT] = {0.5, 1.75, 0.75};
static const ar_score_area area = {.nlat = NLAT, .nlon = NLON, .weights = weights};

static void make_case(float members[MEMBERS * POINTS], float truth[POINTS])
{
    for (int i = 0; i < MEMBERS * POINTS; i++) {
        members[i] = (float)(sin(i * 1.7) * 2);
    }
    for (int i = 0; i < POINTS; i++) {
        truth[i] = (float)cos(i * 0.9);
    }
    members[1 * POINTS + 2] = NAN;
    truth[2 * NLON + 3] = NAN;
}

static void scores_of_numpy(void **state)
{
    (void)state;
    float members[MEMBERS * POINTS], truth[POINTS];
    make_case(members, truth);
    ar_error err;
    ar_ensemble_scorer scorer;
    ar_ensemble_sums sums = {0};
    assert_int_equal(ar_ensemble_scorer_init(&scorer, &area, MEMBERS, &err), AR_OK);
    ar_ensemble_sums_add(&sums, &scorer, members, truth);
    ar_ensemble_scorer_release(&scorer);
    /* numpy in float64 on the same float32 values; only the order of sums differs. */
    assert_int_equal(sums.mean.points, 10);
    near(ar_error_sums_rmse(&sums.mean), 0.872093492411548, 1e-13);
    near(ar_error_sums_bias(&sums.mean), -0.03514660548332125, 1e-12);
    near(ar_error_sums_mae(&sums.mean), 0.7316130458615547, 1e-13);
    near(ar_ensemble_sums_crps(&sums), 0.700208737445124, 1e-13);
    near(ar_ensemble_sums_crps_fair(&sums), 0.36589960199455884, 1e-12);
    near(ar_ensemble_sums_spread(&sums), 1.6230171422412456, 1e-13);
    near(ar_ensemble_sums_spread_skill(&sums), 1.861058655251759, 1e-13);
}

static void one_member_is_a_deterministic_forecast(void **state)
{
    (void)state;
    /* With one member CRPS is the absolute error, and the sums agree with those of a single
     * forecast exactly: the same numbers are added in the same order. Spread and fair CRPS do not
     * exist. */
    float members[MEMBERS * POINTS], truth[POINTS];
    make_case(members, truth);
    ar_error err;
    ar_ensemble_scorer scorer;
    ar_ensemble_sums sums = {0};
    ar_error_sums alone = {0};
    assert_int_equal(ar_ensemble_scorer_init(&scorer, &area, 1, &err), AR_OK);
    ar_ensemble_sums_add(&sums, &scorer, members, truth);
    ar_error_sums_add(&alone, &area, members, truth);
    ar_ensemble_scorer_release(&scorer);
    assert_memory_equal(&sums.mean, &alone, sizeof alone);
    assert_true(ar_ensemble_sums_crps(&sums) == ar_error_sums_mae(&alone));
    assert_true(isnan(ar_ensemble_sums_crps_fair(&sums)));
    assert_true(isnan(ar_ensemble_sums_spread(&sums)));
}

static void no_point_has_no_score(void **state)
{
    (void)state;
    float nothing[POINTS];
    for (int i = 0; i < POINTS; i++) {
        nothing[i] = NAN;
    }
    ar_error_sums sums = {0};
    ar_error_sums_add(&sums, &area, nothing, nothing);
    assert_int_equal(sums.points, 0);
    assert_true(isnan(ar_error_sums_rmse(&sums)) && isnan(ar_error_sums_bias(&sums)));
}

static void reliable_ensemble_needs_the_factor(void **state)
{
    (void)state;
    /* Truth and n members drawn alike: E[spread²] = σ² and E[(mean−truth)²] = σ²(1 + 1/n) (Fortin
     * et al. 2014), so that spread/skill tends to sqrt(n/(n+1)) and not to 1. 200 fields of 12
     * points of equal weight are 2,400 independent errors, whose RMS is known to 1/sqrt(2·2400)
     * = 1.5 %: 6 of them and as much from the variance are below 12 %, while the factor is 1.22 for
     * n = 2. */
    enum { FIELDS = 200, N = 2 };
    const double equal[NLAT] = {1, 1, 1};
    const ar_score_area even = {.nlat = NLAT, .nlon = NLON, .weights = equal};
    ar_random stream = {.seed = 21, .purpose = AR_RANDOM_TEST};
    ar_error err;
    ar_ensemble_scorer scorer;
    ar_ensemble_sums sums = {0};
    assert_int_equal(ar_ensemble_scorer_init(&scorer, &even, N, &err), AR_OK);
    for (int f = 0; f < FIELDS; f++) {
        float members[N * POINTS], truth[POINTS];
        for (int i = 0; i < N * POINTS; i++) {
            members[i] = (float)ar_random_normal(&stream);
        }
        for (int i = 0; i < POINTS; i++) {
            truth[i] = (float)ar_random_normal(&stream);
        }
        ar_ensemble_sums_add(&sums, &scorer, members, truth);
    }
    ar_ensemble_scorer_release(&scorer);
    near(ar_ensemble_sums_spread_skill(&sums), sqrt(2.0 / 3.0), 0.12);
}

static void mean_and_spread_of_points(void **state)
{
    (void)state;
    /* Members 1, 2, 6: mean 3, unbiased variance (4+1+9)/2 = 7. Exact but for one rounding to
     * float. */
    const float members[] = {1, 10, 2, NAN, 6, 12};
    float mean[2], spread[2];
    ar_ensemble_mean_spread(members, 3, 2, mean, spread);
    assert_true(mean[0] == 3 && spread[0] == (float)sqrt(7.0));
    assert_true(isnan(mean[1]) && isnan(spread[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crps_by_hand),
        cmocka_unit_test(crps_of_numpy),
        cmocka_unit_test(sorting_equals_the_definition),
        cmocka_unit_test(crps_of_normal_samples),
        cmocka_unit_test(scores_of_numpy),
        cmocka_unit_test(one_member_is_a_deterministic_forecast),
        cmocka_unit_test(no_point_has_no_score),
        cmocka_unit_test(reliable_ensemble_needs_the_factor),
        cmocka_unit_test(mean_and_spread_of_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
