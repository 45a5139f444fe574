/* Axes: ticks at round numbers that hold the data, and labels as people write them. Numbers are
 * worked out by hand; comparisons are exact up to the rounding of a product (1e-12). */
#include "picture/axis.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void assert_ticks(const ar_axis *axis, const double *ticks, int count)
{
    assert_int_equal(axis->tick_count, count);
    for (int i = 0; i < count; i++) {
        assert_true(fabs(axis->ticks[i] - ticks[i]) <= 1e-12 * fmax(1, fabs(ticks[i])));
    }
}

static void assert_label(const ar_axis *axis, double tick, const char *wanted)
{
    char text[48];
    ar_axis_label(axis, tick, text);
    assert_string_equal(text, wanted);
}

static void linear_axes_end_at_ticks(void **state)
{
    (void)state;
    ar_axis axis;
    ar_axis_choose(&axis, AR_AXIS_LINEAR, 0.3, 9.1, false, 5);
    assert_ticks(&axis, (const double[]){0, 2, 4, 6, 8, 10}, 6);
    assert_true(axis.low == 0 && axis.high == 10);
    assert_true(ar_axis_place(&axis, 2.5) == 0.25);
    ar_axis_choose(&axis, AR_AXIS_LINEAR, -0.04, 0.11, false, 5);
    assert_ticks(&axis, (const double[]){-0.05, 0, 0.05, 0.1, 0.15}, 5);
    assert_label(&axis, -0.05, "-0.05");
    assert_label(&axis, 0, "0.00");
    ar_axis_choose(&axis, AR_AXIS_LINEAR, -0.5, 8.5, true, 6);
    assert_ticks(&axis, (const double[]){0, 2, 4, 6, 8}, 5);
    assert_true(axis.low == -0.5 && axis.high == 8.5);
}

static void lead_times_are_counted_in_days(void **state)
{
    (void)state;
    ar_axis axis;
    ar_axis_choose(&axis, AR_AXIS_HOURS, 0, 120, false, 6);
    assert_ticks(&axis, (const double[]){0, 24, 48, 72, 96, 120}, 6);
    ar_axis_choose(&axis, AR_AXIS_HOURS, 0, 12, false, 6);
    assert_ticks(&axis, (const double[]){0, 2, 4, 6, 8, 10, 12}, 7);
    ar_axis_choose(&axis, AR_AXIS_HOURS, 6, 36, false, 6);
    assert_ticks(&axis, (const double[]){6, 12, 18, 24, 30, 36}, 6);
}

static void logarithmic_axes_have_powers(void **state)
{
    (void)state;
    ar_axis axis;
    ar_axis_choose(&axis, AR_AXIS_LOGARITHMIC, 1, 71, false, 6);
    assert_ticks(&axis, (const double[]){1, 2, 5, 10, 20, 50}, 6);
    assert_label(&axis, 50, "50");
    assert_true(fabs(ar_axis_place(&axis, sqrt(71)) - 0.5) < 1e-12);
    assert_true(isnan(ar_axis_place(&axis, 0)));
    ar_axis_choose(&axis, AR_AXIS_LOGARITHMIC, 3e-9, 2e-5, false, 5);
    const double powers[] = {1e-8, 1e-7, 1e-6, 1e-5};
    assert_int_equal(axis.tick_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_true(fabs(axis.ticks[i] / powers[i] - 1) < 1e-12);
    }
    assert_label(&axis, axis.ticks[0], "10⁻⁸");
    assert_label(&axis, 2e-7, "2·10⁻⁷");
}

/* Whatever the limits: low < high, ticks inside and ascending, and not more than there is room for.
 */
static void any_limits_make_an_axis(void **state)
{
    (void)state;
    const double limits[] = {0, 1, -1, 1e-300, 1e300, 1e9 + 1, 1e9, 5, 5, NAN, INFINITY, -3e-7};
    const size_t count = sizeof limits / sizeof limits[0];
    for (int kind = AR_AXIS_LINEAR; kind <= AR_AXIS_HOURS; kind++) {
        for (size_t i = 0; i < count * count; i++) {
            ar_axis axis;
            ar_axis_choose(&axis, (ar_axis_kind)kind, limits[i / count], limits[i % count], false,
                           5);
            assert_true(axis.low < axis.high);
            assert_true(isfinite(axis.low) && isfinite(axis.high));
            assert_in_range(axis.tick_count, 0, AR_AXIS_TICKS_MOST);
            for (int t = 0; t < axis.tick_count; t++) {
                const double place = ar_axis_place(&axis, axis.ticks[t]);
                assert_true(place > -1e-6 && place < 1 + 1e-6);
                assert_true(t == 0 || axis.ticks[t] > axis.ticks[t - 1]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_axes_end_at_ticks),
        cmocka_unit_test(lead_times_are_counted_in_days),
        cmocka_unit_test(logarithmic_axes_have_powers),
        cmocka_unit_test(any_limits_make_an_axis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
