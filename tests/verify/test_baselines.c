/* Climatology, lag correlation and damped persistence of series small enough to follow, against
 * numpy. */
#include "verify/baselines.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "temporary_folder.h"
#include "truth_file.h"

enum { TIMES = 10, POINTS = 4, STEP = 21600 };

/* Four grid points: two series, one that is constant, one with a gap and otherwise like the first.
 */
static const float first[TIMES] = {0.0f, 1.5f, 2.0f, 1.5f, 0.0f, -1.5f, -2.0f, -1.5f, 0.0f, 1.5f};
static const float second[TIMES] = {3, -3, 2.5f, -2, 1.5f, -1, 0.5f, 0.5f, -1, 1.5f};
static float values[TIMES * POINTS];
static double times[TIMES];
static ar_truth period;

static void make_period(void)
{
    for (int t = 0; t < TIMES; t++) {
        times[t] = 1000000 + t * STEP;
        values[t * POINTS + 0] = first[t];
        values[t * POINTS + 1] = second[t];
        values[t * POINTS + 2] = 7;
        values[t * POINTS + 3] = t == 4 ? NAN : first[t];
    }
}

/* As truth that is read `window` times at once. */
static void open_period(int64_t count, int64_t window)
{
    const truth_file file = {
        .nlat = 2, .nlon = 2, .time_count = count, .times = times, .values = values};
    ar_truth_close(&period);
    truth_file_open(&period, &file, (size_t)window * POINTS * sizeof(float));
}

static int close_period(void **state)
{
    ar_truth_close(&period);
    return remove_folder(state);
}

static void near(double value, double wanted)
{
    /* A handful of operations in double on small numbers that are exact in float. */
    if (!(fabs(value - wanted) < 1e-14)) {
        fail_msg("%.17g is not %.17g", value, wanted);
    }
}

/* The same, rounded to float. */
static void near_float(float value, double wanted)
{
    if (!(fabs(value - wanted) < 6e-8 * fabs(wanted))) {
        fail_msg("%.9g is not %.9g", value, wanted);
    }
}

static void climatology_is_the_mean_of_what_is_there(void **state)
{
    (void)state;
    make_period();
    open_period(TIMES, TIMES);
    ar_error err;
    double mean[POINTS];
    assert_int_equal(ar_climatology_compute(mean, &period, &err), AR_OK);
    near(mean[0], 0.15);
    near(mean[1], 0.25);
    near(mean[2], 7);
    near(mean[3], 1.5 / 9);
    for (int t = 0; t < TIMES; t++) {
        values[t * POINTS + 2] = NAN;
    }
    open_period(TIMES, TIMES);
    assert_int_equal(ar_climatology_compute(mean, &period, &err), AR_OK);
    assert_true(isnan(mean[2]));
}

static void lag_correlation_of_numpy(void **state)
{
    (void)state;
    make_period();
    open_period(TIMES, TIMES);
    ar_error err;
    double mean[POINTS];
    float r[POINTS];
    int64_t pairs = 0;
    assert_int_equal(ar_climatology_compute(mean, &period, &err), AR_OK);
    assert_int_equal(ar_lag_correlation_compute(r, &pairs, &period, mean, STEP, &err), AR_OK);
    assert_int_equal(pairs, TIMES - 1);
    near_float(r[0], 0.6624681842813909);
    near(r[1], 0); /* negative, clipped */
    near(r[2], 0); /* does not vary */
    assert_int_equal(ar_lag_correlation_compute(r, &pairs, &period, mean, 2 * STEP, &err), AR_OK);
    assert_int_equal(pairs, TIMES - 2);
    near_float(r[1], 0.8388884110737055);
}

static void pairs_are_of_times_that_are_there(void **state)
{
    (void)state;
    make_period();
    open_period(TIMES, TIMES);
    ar_error err;
    double mean[POINTS];
    float r[POINTS];
    int64_t pairs = -1;
    /* A gap in the times takes away its two pairs, a missing value the same two of its point alone:
     * with the first series in both, points 0 and 3 then agree. */
    for (int t = 4; t < TIMES - 1; t++) {
        times[t] = times[t + 1];
        for (int p = 0; p < POINTS; p++) {
            values[t * POINTS + p] = values[(t + 1) * POINTS + p];
        }
    }
    open_period(TIMES - 1, TIMES - 1);
    assert_int_equal(ar_climatology_compute(mean, &period, &err), AR_OK);
    assert_int_equal(ar_lag_correlation_compute(r, &pairs, &period, mean, STEP, &err), AR_OK);
    assert_int_equal(pairs, TIMES - 3);
    float without_time = r[0];
    make_period();
    open_period(TIMES, TIMES);
    assert_int_equal(ar_climatology_compute(mean, &period, &err), AR_OK);
    assert_int_equal(ar_lag_correlation_compute(r, &pairs, &period, mean, STEP, &err), AR_OK);
    assert_true(r[3] > 0 && r[3] == without_time);
    /* No two times lie an hour apart. */
    assert_int_equal(ar_lag_correlation_compute(r, &pairs, &period, mean, 3600, &err), AR_OK);
    assert_int_equal(pairs, 0);
    assert_true(isnan(r[0]) && isnan(r[3]));
}

/* Sums go through time in the same order whatever is in memory at once: the same bits, of windows
 * that divide the times and such that do not. */
static void windows_do_not_matter(void **state)
{
    (void)state;
    make_period();
    ar_error err;
    double mean[2][POINTS];
    float r[2][POINTS];
    for (int64_t window = TIMES; window > 0; window--) {
        const int i = window < TIMES;
        int64_t pairs = 0;
        open_period(TIMES, window);
        assert_int_equal(ar_climatology_compute(mean[i], &period, &err), AR_OK);
        assert_int_equal(ar_lag_correlation_compute(r[i], &pairs, &period, mean[i], 2 * STEP, &err),
                         AR_OK);
        assert_int_equal(pairs, TIMES - 2);
        assert_memory_equal(mean[i], mean[0], sizeof mean[0]);
        assert_memory_equal(r[i], r[0], sizeof r[0]);
    }
    assert_true(r[0][1] > 0); /* or there was nothing to compare */
}

static void damping_goes_from_climatology_to_persistence(void **state)
{
    (void)state;
    const float reference[] = {5, 5, 5, NAN};
    const double mean[] = {1, 1, 1, 1};
    const float r[] = {0, 0.25f, 1, 1};
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
        cmocka_unit_test(windows_do_not_matter),
        cmocka_unit_test(damping_goes_from_climatology_to_persistence),
    };
    return cmocka_run_group_tests(tests, make_folder, close_period);
}
