/* Histograms of error and spread: a case computed by hand, what a reliable ensemble is known to
 * have, and Student's t against printed tables. (tests/verify/test_command.sh compares all with
 * numpy.) */
#include "verify/calibration.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"
#include "verify/climate_scale.h"
#include "verify/student_t.h"

static void near(double value, double wanted)
{
    /* A handful of operations on numbers near 1. */
    if (!(fabs(value - wanted) <= 1e-14 * fmax(fabs(wanted), 1))) {
        fail_msg("%.17g is not %.17g", value, wanted);
    }
}

static void calibration_by_hand(void **state)
{
    (void)state;
    /* Two points of weights 1 and 3, a third without truth. First: members 0, 2 and truth 2, mean
     * 1, spread sqrt(2), error −1. Second: members 5, 5 and truth 1: no spread, error 4. The
     * deviation is 4, so that sqrt(2)/4 = 2^(−1.5) is the lower edge of bin (5 − 1.5)·4 + 1 = 15,
     * 1/4 that of bin 13, and 4/4 that of bin 21. */
    const double weights[] = {1, 3, 1};
    const ar_score_area area = {.nlat = 3, .nlon = 1, .weights = weights};
    const float members[] = {0, 5, 5, 2, 5, 5}, mean[] = {1, 5, 5};
    const float spread[] = {1.41421354f, 0, 0}, truth[] = {2, 1, NAN};
    ar_calibration sums = {.area = area, .member_count = 2, .deviation = 4};
    ar_calibration_scores scores;
    ar_error err;
    assert_false(ar_calibration_read(&sums, &scores));
    assert_int_equal(ar_calibration_add(&sums, members, mean, spread, truth, &err), AR_OK);
    assert_true(ar_calibration_read(&sums, &scores));
    ar_calibration_release(&sums);
    /* As a float the root of 2 is a bit too small: the bin below. */
    near(scores.joint[14][13], 0.25);
    near(scores.joint[0][21], 0.75);
    near(scores.share[14], 0.25);
    near(scores.spread[14], (double)1.41421354f);
    near(scores.rmse[0], 4);
    near(scores.spread[0], 0);
    assert_true(isnan(scores.rmse[5]));
    near(scores.reliability, 0.25 * ((double)1.41421354f - 1) + 0.75 * 4);
    /* −1/sqrt(2) lies from −0.75 to −0.5, bin (5 − 0.75)·4 + 1 = 18; the members' −sqrt(2) and 0
     * from −1.5 and from 0. Only the first point has a ratio. */
    near(scores.mean_ratio[18], 1);
    near(scores.member_ratio[15], 0.5);
    near(scores.member_ratio[21], 0.5);
    near(scores.within_one, 1);
    assert_true(ar_calibration_ratio_edge(20) == 0 && ar_calibration_edge(20) == 1);
}

static void one_member_has_none(void **state)
{
    (void)state;
    const double weights[] = {1};
    const float one[] = {1}, missing[] = {NAN};
    ar_calibration sums = {
        .area = {.nlat = 1, .nlon = 1, .weights = weights}, .member_count = 1, .deviation = 1};
    ar_calibration_scores scores;
    ar_error err;
    assert_int_equal(ar_calibration_add(&sums, one, one, missing, one, &err), AR_OK);
    assert_false(ar_calibration_read(&sums, &scores));
}

static void reliable_ensemble_is_as_expected(void **state)
{
    (void)state;
    /* Truth and 4 members of N(0, 1) at 40,000 points: the share within one and two spreads is that
     * of Student's t. Standard deviation of a share below 0.5/200 = 0.0025; five of them are missed
     * once in two million. The spread tells nothing here, so that the error is the same in all bins
     * of spread: that of the mean, sqrt(1 + 1/4). */
    enum { N = 4, POINTS = 40000 };
    static float members[N * POINTS], mean[POINTS], spread[POINTS], truth[POINTS];
    const double weights[] = {1};
    ar_random stream = {.seed = 20, .purpose = AR_RANDOM_TEST};
    for (int i = 0; i < POINTS; i++) {
        truth[i] = (float)ar_random_normal(&stream);
        for (int k = 0; k < N; k++) {
            members[k * POINTS + i] = (float)ar_random_normal(&stream);
        }
    }
    ar_ensemble_mean_spread(members, N, POINTS, mean, spread);
    ar_calibration sums = {
        .area = {.nlat = 1, .nlon = POINTS, .weights = weights}, .member_count = N, .deviation = 1};
    ar_calibration_scores scores;
    ar_error err;
    assert_int_equal(ar_calibration_add(&sums, members, mean, spread, truth, &err), AR_OK);
    assert_true(ar_calibration_read(&sums, &scores));
    ar_calibration_release(&sums);
    assert_true(fabs(scores.within_one - scores.expected_within_one) < 0.0125);
    assert_true(fabs(scores.within_two - scores.expected_within_two) < 0.0125);
    /* Of spreads from 2^−0.25 to 1 there are some 8,000: the mean of e² has deviation
     * 1.25·sqrt(2/8000) = 0.02, and five of them 0.1. */
    assert_true(scores.share[20] > 0.15);
    assert_true(fabs(scores.rmse[20] * scores.rmse[20] - 1.25) < 0.1);
}

static void student_t_of_tables(void **state)
{
    (void)state;
    /* Two-sided 95 % points as printed (Abramowitz and Stegun 1964, table 26.10), to their digits;
     * the density there is below 0.05, so that 0.0005 in t is 5e-5 in the probability. */
    const double points[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306};
    for (int64_t i = 0; i < 8; i++) {
        assert_true(fabs(ar_student_t_within(points[i], i + 1) - 0.95) < 5e-5);
        assert_true(fabs(ar_student_t_quantile(0.95, i + 1) - points[i]) < 5e-4);
    }
    /* Cauchy and two degrees of freedom in closed form; many are a normal distribution to 1/n. */
    near(ar_student_t_within(1, 1), 0.5);
    near(ar_student_t_within(2, 2), 2 / sqrt(6));
    assert_true(fabs(ar_student_t_within(1.5, 100000) - erf(1.5 / sqrt(2))) < 1e-5);
}

static void scale_by_hand(void **state)
{
    (void)state;
    /* Climatology 1 and 5 at weights 3 and 1, so that its mean is 2 and its variance 3; anomalies
     * ±2 and ±4 over two times: 3/4·4 + 1/4·16 = 7. The missing point counts nowhere. */
    const double weights[] = {3, 1, 1}, climatology[] = {1, 5, NAN};
    const ar_score_area area = {.nlat = 3, .nlon = 1, .weights = weights};
    ar_anomaly_sums sums = {0};
    ar_error err;
    assert_int_equal(
        ar_anomaly_sums_add(&sums, &area, (const float[]){3, 1, NAN}, climatology, &err), AR_OK);
    assert_int_equal(
        ar_anomaly_sums_add(&sums, &area, (const float[]){-1, 9, NAN}, climatology, &err), AR_OK);
    ar_climate_scale scale = ar_climate_scale_read(&sums, &area, climatology);
    near(scale.mean, 2);
    near(scale.anomaly_deviation, sqrt(7));
    near(scale.deviation, sqrt(10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calibration_by_hand),
        cmocka_unit_test(one_member_has_none),
        cmocka_unit_test(reliable_ensemble_is_as_expected),
        cmocka_unit_test(student_t_of_tables),
        cmocka_unit_test(scale_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
