/* Unit conversions with known factors. Tolerance: a few roundings of double precision. */
#include "field/units.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void known_conversions(void **state)
{
    (void)state;
    const struct {
        const char *from, *to;
        double scale, offset;
    } cases[] = {
        {"Pa", "hPa", 0.01, 0},
        {"mb", "hPa", 1, 0},
        {"millibars", "Pa", 100, 0},
        {"degC", "K", 1, 273.15},
        {"degK", "K", 1, 0},
        {"K", "celsius", 1, -273.15},
        {"m s**-1", "km h-1", 3.6, 0},
        {"s**-1", "s-1", 1, 0},
        {"kg kg**-1", "1", 1, 0},
        {"g kg-1", "kg kg**-1", 1e-3, 0},
        {"gpm", "m", 1, 0},
        {"", "1", 1, 0},
        {"%", "1", 0.01, 0},
        {"degrees_north", "degree", 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double scale, offset;
        ar_error err;
        assert_int_equal(ar_units_conversion(cases[i].from, cases[i].to, &scale, &offset, &err),
                         AR_OK);
        assert_true(fabs(scale - cases[i].scale) <= 1e-12 * fabs(cases[i].scale));
        assert_true(fabs(offset - cases[i].offset) <= 1e-12 * 300);
    }
}

static void impossible_conversions_name_both(void **state)
{
    (void)state;
    const char *const wrong[][2] = {{"Pa", "K"}, {"furlongs_of_rain", "m"}, {"m", "lg(re 1 mW)"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        double scale, offset;
        ar_error err;
        assert_int_equal(ar_units_conversion(wrong[i][0], wrong[i][1], &scale, &offset, &err),
                         AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, wrong[i][0]));
        assert_non_null(strstr(err.message, wrong[i][1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_conversions),
        cmocka_unit_test(impossible_conversions_name_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
