/* Integrated quadratic distance: cases computed by hand, and that of two normal distributions in
 * closed form. (tests/verify/test_command.sh compares it with numpy.) */
#include "verify/quadratic_distance.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"

static double distance_of(const float *members, int64_t n, const float *truth, int64_t points,
                          const double *weights)
{
    ar_quadratic_distance sums = {.area = {.nlat = points, .nlon = 1, .weights = weights},
                                  .member_count = n,
                                  .climate = {.mean = 1, .deviation = 50}};
    ar_error err;
    assert_int_equal(ar_quadratic_distance_add(&sums, members, truth, &err), AR_OK);
    double distance = ar_quadratic_distance_read(&sums);
    ar_quadratic_distance_release(&sums);
    return distance;
}

static void by_hand(void **state)
{
    (void)state;
    /* Places are at 1 − 500, … 1 + 500, one apart, so that whole numbers are exact. Two values
     * each: members 0 and 4, truth 1 at weight 1; members 10, 10 and truth 7 at weight 3. F − G is
     * 1/8 on [0, 1), −1/8 on [1, 4), 0 on [4, 7), −3/4 on [7, 10). The last point is not there. */
    const double weights[] = {1, 3, 5};
    const float members[] = {0, 10, 3, 4, 10, NAN}, truth[] = {1, 7, 3};
    double distance = distance_of(members, 2, truth, 3, weights);
    assert_true(fabs(distance - (4.0 / 64 + 3 * 9.0 / 16)) < 1e-12);
    /* The same values at other points are the same distribution. */
    const double even[] = {2, 2, 2};
    assert_true(distance_of((const float[]){5, -3, 8}, 1, (const float[]){8, 5, -3}, 3, even) <
                1e-25);
    /* Above the last place, 501, a value counts a step above it: 502 − 1. */
    assert_true(fabs(distance_of((const float[]){9999}, 1, (const float[]){1}, 1, even) - 501) <
                1e-9);
    assert_true(isnan(distance_of((const float[]){NAN}, 1, (const float[]){1}, 1, even)));
}

static void two_normal_distributions(void **state)
{
    (void)state;
    /* IQD = E|X − Y| − E|X − X'|/2 − E|Y − Y'|/2; of N(0, s²) the mean of |·| is s sqrt(2/π). With
     * deviations 60 and 30 it is sqrt(2/π)(sqrt(60² + 30²) − (60 + 30)/sqrt(2)) = 2.746. From n
     * values each, F − G has an error of at most 0.5 sqrt(2/n) at each place; over the some 400
     * where it matters the integral of 2(F − G) times it stays below
     * 2·sqrt(2.746·400)·0.5·sqrt(2/n) = 0.1 in one standard deviation with all of it correlated.
     * Three of them are missed once in 400, and the numbers are counted ones. */
    enum { POINTS = 100000 };
    static float members[POINTS], truth[POINTS];
    static double weights[POINTS];
    ar_random stream = {.seed = 3, .purpose = AR_RANDOM_TEST};
    for (int i = 0; i < POINTS; i++) {
        members[i] = (float)(60 * ar_random_normal(&stream));
        truth[i] = (float)(30 * ar_random_normal(&stream));
        weights[i] = 1;
    }
    double wanted = sqrt(2 / M_PI) * (sqrt(4500) - 90 / sqrt(2));
    assert_true(fabs(distance_of(members, 1, truth, POINTS, weights) - wanted) < 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(two_normal_distributions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
