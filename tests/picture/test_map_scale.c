/* Units and colour limits of maps: the customary ones for known fields, and none of a file's text
 * as a command to GMT. */
#include "picture/map_scale.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void customary_units(void **state)
{
    (void)state;
    ar_map_unit unit;
    ar_map_unit_choose(&unit, "Pa", 104000);
    assert_string_equal(unit.text, "hPa");
    assert_true(unit.factor == 0.01);
    ar_map_unit_choose(&unit, "s**-1", 1.8e-4);
    assert_string_equal(unit.text, "10@+-5@+ s@+-1@+");
    assert_true(fabs(unit.factor - 1e5) < 1e-6);
    ar_map_unit_choose(&unit, "K", 310);
    assert_string_equal(unit.text, "K");
    assert_true(unit.factor == 1);
    const char *const spellings[] = {"m s-1", "m s**-1", "m s^-1"};
    for (int i = 0; i < 3; i++) {
        ar_map_unit_choose(&unit, spellings[i], 40);
        assert_string_equal(unit.text, "m s@+-1@+");
    }
    ar_map_unit_choose(&unit, "m2 s-2", 5e4);
    assert_string_equal(unit.text, "m@+2@+ s@+-2@+");
    ar_map_unit_choose(&unit, "", 3);
    assert_string_equal(unit.text, "");
}

static void units_are_no_commands(void **state)
{
    (void)state;
    ar_map_unit unit;
    ar_map_unit_choose(&unit, "K+t\"x\"@;99;$(rm)\n", 3);
    assert_null(strpbrk(unit.text, "+\"@;$\n"));
    char longest[512];
    memset(longest, 'K', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ar_map_unit_choose(&unit, longest, 3);
    assert_true(strlen(unit.text) < sizeof unit.text);
}

static void check(ar_map_scale scale, double low, double high, double step, bool diverging)
{
    /* Limits are small multiples of a round step: they are met but for rounding of the last digit.
     */
    assert_true(fabs(scale.low - low) < 1e-9 * step);
    assert_true(fabs(scale.high - high) < 1e-9 * step);
    assert_true(fabs(scale.step - step) < 1e-9 * step);
    assert_int_equal(scale.diverging, diverging);
}

static void limits_are_round(void **state)
{
    (void)state;
    check(ar_map_scale_field(972.4, 1049.5), 970, 1050, 5, false); /* pressure in hPa */
    check(ar_map_scale_field(-16.6, 18.04), -20, 20, 2, true);     /* vorticity */
    check(ar_map_scale_field(-3, 60), -5, 60, 5, false);           /* mostly positive */
    check(ar_map_scale_field(0, 18), 0, 18, 1, false);
    check(ar_map_scale_symmetric(8.4), -9, 9, 1, true);
    check(ar_map_scale_from_zero(5.3), 0, 5.5, 0.5, false);
    check(ar_map_scale_from_zero(6), 0, 6, 0.5, false);
}

static void odd_limits_give_a_scale_all_the_same(void **state)
{
    (void)state;
    const ar_map_scale scales[] = {ar_map_scale_field(5, 5),     ar_map_scale_field(0, 0),
                                   ar_map_scale_field(NAN, NAN), ar_map_scale_field(-1e30, 2e30),
                                   ar_map_scale_symmetric(0),    ar_map_scale_symmetric(NAN),
                                   ar_map_scale_from_zero(0),    ar_map_scale_from_zero(INFINITY)};
    for (size_t i = 0; i < sizeof scales / sizeof scales[0]; i++) {
        assert_true(isfinite(scales[i].low) && isfinite(scales[i].high));
        double steps = (scales[i].high - scales[i].low) / scales[i].step;
        assert_true(steps >= 0.999 && steps <= 40);
    }
}

static void quantiles_of_what_is_there(void **state)
{
    (void)state;
    const float values[] = {NAN, 4, -9, 1, 0, NAN, 3};
    double quantile = 0;
    ar_error err;
    assert_int_equal(ar_map_quantile(&quantile, values, 7, 0, false, &err), AR_OK);
    assert_true(quantile == -9);
    assert_int_equal(ar_map_quantile(&quantile, values, 7, 0.5, false, &err), AR_OK);
    assert_true(quantile == 1);
    assert_int_equal(ar_map_quantile(&quantile, values, 7, 1, true, &err), AR_OK);
    assert_true(quantile == 9);
    assert_int_equal(ar_map_quantile(&quantile, values, 1, 0.5, false, &err), AR_OK);
    assert_true(isnan(quantile));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(customary_units),
        cmocka_unit_test(units_are_no_commands),
        cmocka_unit_test(limits_are_round),
        cmocka_unit_test(odd_limits_give_a_scale_all_the_same),
        cmocka_unit_test(quantiles_of_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
