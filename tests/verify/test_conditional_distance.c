/* Distance of two ensembles: a case by hand, and what two of one distribution and of two are known
 * to have. (tests/verify/test_truth_ensemble.sh compares all with numpy.) */
#include "verify/conditional_distance.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

static void near(double value, double wanted)
{
    /* A handful of operations on numbers near 1. */
    if (!(fabs(value - wanted) <= 1e-14 * fmax(fabs(wanted), 1))) {
        fail_msg("%.17g is not %.17g", value, wanted);
    }
}

static void by_hand(void **state)
{
    (void)state;
    /* Members 1, 4 and truth 2, 2, 5 at weight 2; the other points lack a value. E|x − y| = (1 + 1
     * + 4 + 2 + 2 + 1)/6 = 11/6, E|x − x'| = 3, E|y − y'| = 6/3 = 2; means 2.5 and 3, variances 4.5
     * and 3. */
    const double weights[] = {2, 1, 1};
    ar_conditional_distance sums = {
        .area = {.nlat = 3, .nlon = 1, .weights = weights}, .member_count = 2, .truth_count = 3};
    const float members[] = {1, NAN, 7, 4, 1, 8}, truth[] = {2, 1, 2, 2, 1, NAN, 5, 1, 3};
    ar_error err;
    assert_int_equal(ar_conditional_distance_add(&sums, members, truth, &err), AR_OK);
    ar_conditional_scores scores = ar_conditional_distance_read(&sums);
    near(scores.energy_distance, 11.0 / 3 - 3 - 2);
    near(scores.relative, (11.0 / 3 - 5) / 2);
    near(scores.bias, -0.5);
    near(scores.mean_distance, 0); /* 0.25 − 4.5/2 − 1 is below it */
    near(scores.spread, sqrt(4.5));
    near(scores.truth_spread, sqrt(3));
    sums = (ar_conditional_distance){.area = sums.area, .member_count = 2, .truth_count = 3};
    assert_true(isnan(ar_conditional_distance_read(&sums).relative));
    sums.truth_count = 1;
    assert_int_equal(ar_conditional_distance_add(&sums, members, truth, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "2 and 1 members"));
}

/* 3 members of N(shift, deviation²) against 4 of N(0, 1), both on a mean of 1e4, at so many points.
 */
enum { N = 3, M = 4, POINTS = 20000 };
static ar_conditional_scores scores_of(double shift, double deviation)
{
    static float members[N * POINTS], truth[M * POINTS];
    const double weights[] = {1};
    ar_random stream = {.seed = 4, .purpose = AR_RANDOM_TEST};
    for (int i = 0; i < N * POINTS; i++) {
        members[i] = (float)(1e4 + shift + deviation * ar_random_normal(&stream));
    }
    for (int i = 0; i < M * POINTS; i++) {
        truth[i] = (float)(1e4 + ar_random_normal(&stream));
    }
    ar_conditional_distance sums = {.area = {.nlat = 1, .nlon = POINTS, .weights = weights},
                                    .member_count = N,
                                    .truth_count = M};
    ar_error err;
    assert_int_equal(ar_conditional_distance_add(&sums, members, truth, &err), AR_OK);
    return ar_conditional_distance_read(&sums);
}

static void few_members_make_no_distance(void **state)
{
    (void)state;
    /* Of one distribution the estimates are 0 in the mean, where those that divide by N² and M²
     * would be some 0.66. At one point the distance has a deviation below 1.5, over all below
     * 0.011; five of them are missed once in two million. The squared distance of means likewise:
     * deviation below sqrt(2)·(1/3 + 1/4)/sqrt(20000) = 0.006. */
    ar_conditional_scores scores = scores_of(0, 1);
    assert_true(fabs(scores.energy_distance) < 0.055);
    assert_true(scores.mean_distance * scores.mean_distance < 0.03);
    assert_true(fabs(scores.spread / scores.truth_spread - 1) < 0.03);
}

static void two_normal_distributions(void **state)
{
    (void)state;
    /* E|d| of a normal d with mean μ and deviation s is s sqrt(2/π) exp(−μ²/2s²) + μ erf(μ/(s √2)).
     * Tolerances as above, with deviations of up to twice as much. */
    double cross = 2 * (sqrt(5) * sqrt(2 / M_PI) * exp(-0.1) + erf(1 / sqrt(10)));
    double wanted = cross - (2 + 1) * sqrt(2) * sqrt(2 / M_PI);
    ar_conditional_scores scores = scores_of(1, 2);
    assert_true(fabs(scores.energy_distance - wanted) < 0.11);
    assert_true(fabs(scores.relative - wanted / (2 / sqrt(M_PI))) < 0.11);
    assert_true(fabs(scores.mean_distance - 1) < 0.06);
    assert_true(fabs(scores.bias - 1) < 0.06);
    assert_true(fabs(scores.spread - 2) < 0.06);
    assert_true(fabs(scores.truth_spread - 1) < 0.03);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(few_members_make_no_distance),
        cmocka_unit_test(two_normal_distributions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
