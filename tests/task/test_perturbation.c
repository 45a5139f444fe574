/* Random fields: spectra of fields that are known, what a mean has lost, and draws that have the
 * spectrum they are asked for. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "field/grids.h"
#include "task/perturbation.h"

enum { NLAT = 19, NLON = 36, POINTS = NLAT * NLON, WAVENUMBERS = 18 };

static ar_grid globe(void)
{
    return make_grid(90, 10, NLAT, 0, 10, NLON);
}

static void power_of_known_fields(void **state)
{
    (void)state;
    /* 3 is all in n = 0, with 3² = 9; 2 sin φ in n = 1 with 4/3; cos φ cos λ there with 1/3;
     * cos² φ sin 2λ in n = 2 with ∫cos⁴φ sin²2λ / 4π = 4/15. Values are float32: 1e-6. */
    ar_grid grid = globe();
    ar_perturbation perturbation;
    assert_int_equal(ar_perturbation_init(&perturbation, &grid, NULL), AR_OK);
    assert_int_equal(ar_perturbation_wavenumbers(&perturbation), WAVENUMBERS);
    float field[POINTS];
    for (int64_t i = 0; i < POINTS; i++) {
        const double latitude = grid.latitude[i / NLON] * M_PI / 180;
        const double longitude = grid.longitude[i % NLON] * M_PI / 180;
        field[i] = (float)(3 + 2 * sin(latitude) + cos(latitude) * cos(longitude) +
                           cos(latitude) * cos(latitude) * sin(2 * longitude));
    }
    double power[WAVENUMBERS] = {[5] = 7}; /* is added to */
    assert_int_equal(ar_perturbation_add_power(&perturbation, field, power, NULL), AR_OK);
    const double right[WAVENUMBERS] = {[0] = 9, [1] = 5.0 / 3, [2] = 4.0 / 15, [5] = 7};
    for (int n = 0; n < WAVENUMBERS; n++) {
        assert_true(fabs(power[n] - right[n]) < 1e-6 * 9);
    }
    ar_perturbation_release(&perturbation);
    ar_grid_release(&grid);
}

static void draws_have_their_spectrum(void **state)
{
    (void)state;
    /* S_n of a draw is χ² of 2n + 1 degrees of freedom times its expectation: its mean over 300
     * draws has the relative standard error √(2/(300 (2n + 1))), and 6 of these are exceeded with a
     * probability below 1e-6 (χ² of at least 900 degrees is nearly normal). The mean is 0. The same
     * stream gives the same bits. */
    enum { DRAWS = 300 };
    ar_grid grid = globe();
    ar_perturbation perturbation;
    assert_int_equal(ar_perturbation_init(&perturbation, &grid, NULL), AR_OK);
    const double wanted[WAVENUMBERS] = {[0] = 5, [1] = 2, [3] = 0.5, [7] = 1, [17] = 0.25};
    double power[WAVENUMBERS] = {0}, g[POINTS], again[POINTS];
    float values[POINTS];
    for (int k = 0; k < DRAWS; k++) {
        ar_random stream = {.seed = 11, .sample = (uint32_t)k, .purpose = AR_RANDOM_TEST};
        ar_random same = stream;
        assert_int_equal(ar_perturbation_draw(&perturbation, wanted, &stream, g, NULL), AR_OK);
        assert_int_equal(ar_perturbation_draw(&perturbation, wanted, &same, again, NULL), AR_OK);
        assert_memory_equal(g, again, sizeof g);
        for (int64_t i = 0; i < POINTS; i++) {
            values[i] = (float)g[i];
        }
        assert_int_equal(ar_perturbation_add_power(&perturbation, values, power, NULL), AR_OK);
    }
    assert_true(power[0] / DRAWS < 1e-12);
    for (int n = 1; n < WAVENUMBERS; n++) {
        const double error = 6 * sqrt(2.0 / (DRAWS * (2 * n + 1)));
        assert_true(fabs(power[n] / DRAWS - wanted[n]) <= error * wanted[n] + 1e-12);
    }
    ar_perturbation_release(&perturbation);
    ar_grid_release(&grid);
}

static void what_a_mean_has_lost(void **state)
{
    (void)state;
    /* By hand: 1 of the shortest, none of the next, which has gained, 3 of the next but one, and of
     * the longest what is left of 4.5. */
    const double analysis[4] = {10, 7, 2, 1.5};
    double power[4] = {5, 4, 3, 0.5};
    ar_perturbation_lost(4, analysis, 4.5, power);
    const double lost[4] = {0.5, 3, 0, 1};
    for (int n = 0; n < 4; n++) {
        assert_true(power[n] == lost[n]);
    }
}

static void grids_that_are_not_global(void **state)
{
    (void)state;
    ar_grid whole = globe(), region = make_grid(60, 10, 4, 0, 10, 6);
    assert_true(ar_perturbation_exists(&whole));
    assert_false(ar_perturbation_exists(&region));
    ar_grid_release(&whole);
    ar_grid_release(&region);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    ar_grid grid = globe();
    ar_status status = AR_ERROR_MEMORY;
    int failures = 0;
    for (; status != AR_OK; failures++) {
        ar_perturbation perturbation;
        ar_fail_allocation_after(failures);
        status = ar_perturbation_init(&perturbation, &grid, NULL);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        ar_perturbation_release(&perturbation);
    }
    assert_true(failures > 2);
    ar_grid_release(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_of_known_fields),     cmocka_unit_test(draws_have_their_spectrum),
        cmocka_unit_test(what_a_mean_has_lost),      cmocka_unit_test(grids_that_are_not_global),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
