/* Random fields: what a mean has lost, and draws that have the spectrum they are asked for, where
 * members differ. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "field/grids.h"
#include "task/perturbation.h"

enum { NLAT = 19, NLON = 36, POINTS = NLAT * NLON, WAVENUMBERS = 18 };

static ar_grid globe(void)
{
    return make_grid(90, 10, NLAT, 0, 10, NLON);
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
    ar_harmonics *harmonics;
    assert_int_equal(ar_spectra_prepare(&harmonics, &grid, NULL), AR_OK);
    static double complex spectrum[WAVENUMBERS * (WAVENUMBERS + 1) / 2];
    const double wanted[WAVENUMBERS] = {[0] = 5, [1] = 2, [3] = 0.5, [7] = 1, [17] = 0.25};
    double power[WAVENUMBERS], sum[WAVENUMBERS] = {0}, g[POINTS], again[POINTS];
    float values[POINTS];
    for (int k = 0; k < DRAWS; k++) {
        ar_random stream = {.seed = 11, .sample = (uint32_t)k, .purpose = AR_RANDOM_TEST};
        ar_random same = stream;
        assert_int_equal(ar_perturbation_draw(harmonics, wanted, &stream, spectrum, g, NULL),
                         AR_OK);
        assert_int_equal(ar_perturbation_draw(harmonics, wanted, &same, spectrum, again, NULL),
                         AR_OK);
        assert_memory_equal(g, again, sizeof g);
        for (int64_t i = 0; i < POINTS; i++) {
            values[i] = (float)g[i];
        }
        assert_int_equal(ar_spectra_power(harmonics, values, power, NULL), AR_OK);
        for (int n = 0; n < WAVENUMBERS; n++) {
            sum[n] += power[n];
        }
    }
    assert_true(sum[0] / DRAWS < 1e-12);
    for (int n = 1; n < WAVENUMBERS; n++) {
        const double error = 6 * sqrt(2.0 / (DRAWS * (2 * n + 1)));
        assert_true(fabs(sum[n] / DRAWS - wanted[n]) <= error * wanted[n] + 1e-12);
    }
    ar_harmonics_destroy(&harmonics);
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

static void states_are_drawn_where_members_differ(void **state)
{
    (void)state;
    /* Two members that agree in the south: there the mean stays to the bit, elsewhere it does not.
     * Once more from members that agree everywhere nothing changes. The mean spectrum of a field
     * and twice it is (1 + 4)/2 of the field's, exactly but for rounding in double. */
    ar_grid grid = globe();
    ar_perturbation perturbation;
    static float members[2 * POINTS], fields[2 * POINTS], before[POINTS];
    const double analysis[WAVENUMBERS] = {[1] = 1, [5] = 2, [17] = 0.5};
    double power[WAVENUMBERS], mean[WAVENUMBERS];
    ar_random stream = {.seed = 3, .purpose = AR_RANDOM_TEST};
    assert_int_equal(ar_perturbation_init(&perturbation, &grid, NULL), AR_OK);
    assert_int_equal(perturbation.wavenumbers, WAVENUMBERS);
    for (int i = 0; i < POINTS; i++) {
        members[POINTS + i] = i < POINTS / 2 ? 2 : 0;
        fields[i] = before[i] = members[POINTS + i] / 2;
    }
    assert_int_equal(
        ar_perturbation_add(&perturbation, analysis, members, 2, &stream, fields, NULL), AR_OK);
    for (int i = 0; i < POINTS; i++) {
        assert_int_equal(fields[i] == before[i], i >= POINTS / 2);
    }
    memcpy(before, fields, sizeof before);
    assert_int_equal(
        ar_perturbation_add(&perturbation, analysis, members + POINTS, 1, &stream, fields, NULL),
        AR_OK);
    assert_memory_equal(fields, before, sizeof before);
    for (int i = 0; i < POINTS; i++) {
        fields[POINTS + i] = 2 * fields[i];
    }
    assert_int_equal(ar_spectra_power(perturbation.harmonics, fields, power, NULL), AR_OK);
    assert_int_equal(ar_perturbation_measure(&perturbation, fields, 2, POINTS, mean, NULL), AR_OK);
    for (int n = 0; n < WAVENUMBERS; n++) {
        assert_true(fabs(mean[n] - 2.5 * power[n]) <= 1e-12 * power[n]);
    }
    ar_perturbation_release(&perturbation);
    ar_grid_release(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_have_their_spectrum),
        cmocka_unit_test(what_a_mean_has_lost),
        cmocka_unit_test(states_are_drawn_where_members_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
