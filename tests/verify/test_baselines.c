/* Climatology, lag correlation and damped persistence of series small enough to follow, against
 * numpy. */
#include "verify/baselines.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { TIMES = 10, POINTS = 4, STEP = 21600 };

/* Four grid points: two series, one that is constant, one with a gap and otherwise like the first.
 */
static const float first[TIMES] = {0.0f, 1.5f, 2.0f, 1.5f, 0.0f, -1.5f, -2.0f, -1.5f, 0.0f, 1.5f};
static const float second[TIMES] = {3, -3, 2.5f, -2, 1.5f, -1, 0.5f, 0.5f, -1, 1.5f};
static float values[TIMES * POINTS];
static int64_t times[TIMES];

static ar_field_data make_period(void)
{
    for (int t = 0; t < TIMES; t++) {
        times[t] = 1000000 + t * STEP;
        values[t * POINTS + 0] = first[t];
        values[t * POINTS + 1] = second[t];
        values[t * POINTS + 2] = 7;
        values[t * POINTS + 3] = t == 4 ? NAN : first[t];
    }
    return (ar_field_data){.grid = {.nlat = 2, .nlon = 2},
                           .level_count = 1,
                           .time_count = TIMES,
                           .times = times,
                           .values = values};
}

static void near(double value, double wanted)
{
    /* A handful of operations in double on small numbers that are exact in float. */
    if (!(fabs(value - wanted) < 1e-14)) {
        fail_msg("%.17g is not %.17g", value, wanted);
    }
}

static void climatology_is_the_mean_of_what_is_there(void **state)
{
    (void)state;
    ar_field_data period = make_period();
    ar_error err;
    double mean[POINTS];
    assert_int_equal(ar_climatology_compute(mean, &period, 0, &err), AR_OK);
    near(mean[0], 0.15);
    near(mean[1], 0.25);
    near(mean[2], 7);
    near(mean[3], 1.5 / 9);
    for (int t = 0; t < TIMES; t++) {
        values[t * POINTS + 2] = NAN;
    }
    assert_int_equal(ar_climatology_compute(mean, &period, 0, &err), AR_OK);
    assert_true(isnan(mean[2]));
}

static void lag_correlation_of_numpy(void **state)
{
    (void)state;
    ar_field_data period = make_period();
    ar_error err;
    double mean[POINTS], r[POINTS];
    int64_t pairs = 0;
    assert_int_equal(ar_climatology_compute(mean, &period, 0, &err), AR_OK);
    assert_int_equal(ar_lag_correlation_compute(r, &pairs, &period, 0, mean, STEP, &err), AR_OK);
    assert_int_equal(pairs, TIMES - 1);
    near(r[0], 0.6624681842813909);
    near(r[1], 0); /* negative, clipped */
    near(r[2], 0); /* does not vary */
    assert_int_equal(ar_lag_correlation_compute(r, &pairs, &period, 0, mean, 2 * STEP, &err),
                     AR_OK);
    assert_int_equal(pairs, TIMES - 2);
    near(r[1], 0.8388884110737055);
}

static void pairs_are_of_times_that_are_there(void **state)
{
    (void)state;
    ar_field_data period = make_period();
    ar_error err;
    double mean[POINTS], r[POINTS];
    int64_t pairs = -1;
    /* A gap in the times takes away its two pairs, a missing value the same two of its point alone:
     * with the first series in both, points 0 and 3 then agree. */
    for (int t = 4; t < TIMES - 1; t++) {
        times[t] = times[t + 1];
        for (int p = 0; p < POINTS; p++) {
            values[t * POINTS + p] = values[(t + 1) * POINTS + p];
        }
    }
    period.time_count = TIMES - 1;
    assert_int_equal(ar_climatology_compute(mean, &period, 0, &err), AR_OK);
    assert_int_equal(ar_lag_correlation_compute(r, &pairs, &period, 0, mean, STEP, &err), AR_OK);
    assert_int_equal(pairs, TIMES - 3);
    double without_time = r[0];
    period = make_period();
    assert_int_equal(ar_climatology_compute(mean, &period, 0, &err), AR_OK);
    assert_int_equal(ar_lag_correlation_compute(r, &pairs, &period, 0, mean, STEP, &err), AR_OK);
    assert_true(r[3] > 0 && r[3] == without_time);
    /* No two times lie an hour apart. */
    assert_int_equal(ar_lag_correlation_compute(r, &pairs, &period, 0, mean, 3600, &err), AR_OK);
    assert_int_equal(pairs, 0);
    assert_true(isnan(r[0]) && isnan(r[3]));
}

static void damping_goes_from_climatology_to_persistence(void **state)
{
    (void)state;
    const float reference[] = {5, 5, 5, NAN};
    const double mean[] = {1, 1, 1, 1}, r[] = {0, 0.25, 1, 1};
    float forecast[4];
    ar_damped_persistence(forecast, reference, mean, r, 4);
    assert_true(forecast[0] == 1 && forecast[1] == 2 && forecast[2] == 5 && isnan(forecast[3]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(climatology_is_the_mean_of_what_is_there),
        cmocka_unit_test(lag_correlation_of_numpy),
        cmocka_unit_test(pairs_are_of_times_that_are_there),
        cmocka_unit_test(damping_goes_from_climatology_to_persistence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
