/* Spectra of fields whose variance at each wavenumber is known: Legendre polynomials, a solid body
 * in rotation, and a forecast smoothed by a known filter. */
#include "verify/spectra.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "field/constants.h"

enum { NLAT = 37, NLON = 72, POINTS = NLAT * NLON, TRUNCATION = 35 };
static ar_grid grid;
static ar_harmonics *harmonics;

static int prepare(void **state)
{
    (void)state;
    ar_error err;
    int64_t truncation = 0;
    return ar_grid_init_global(&grid, 5, &err) == AR_OK && ar_spectra_exist(&grid, &truncation) &&
                   truncation == TRUNCATION && ar_spectra_prepare(&harmonics, &grid, &err) == AR_OK
               ? 0
               : -1;
}

static int clean(void **state)
{
    (void)state;
    ar_harmonics_destroy(&harmonics);
    ar_grid_release(&grid);
    return 0;
}

static void near(double value, double wanted, double tolerance)
{
    if (!(fabs(value - wanted) <= tolerance)) {
        fail_msg("%.17g is not %.17g to %g", value, wanted, tolerance);
    }
}

/* 5 + 3 P₁(sin φ) + P₂(sin φ) + 2 cos φ cos λ, times `factor`. */
static void set_field(float field[POINTS], double factor)
{
    for (int at = 0; at < POINTS; at++) {
        double latitude = grid.latitude[at / NLON] * AR_PI / 180;
        double longitude = grid.longitude[at % NLON] * AR_PI / 180;
        double s = sin(latitude);
        field[at] = (float)(factor *
                            (5 + 3 * s + (3 * s * s - 1) / 2 + 2 * cos(latitude) * cos(longitude)));
    }
}

static void power_by_hand(void **state)
{
    (void)state;
    /* Means over the sphere: 5² at n = 0; of (3 sin φ)² 9/3, of (2 cos φ cos λ)² 4/3, both n = 1;
     * of P₂² 1/5. Values are rounded to float: 6e-8 of 11 at each point. */
    float field[POINTS];
    double power[TRUNCATION + 1];
    ar_error err;
    set_field(field, 1);
    assert_int_equal(ar_spectra_power(harmonics, field, power, &err), AR_OK);
    near(power[0], 25, 1e-5);
    near(power[1], 3 + 4.0 / 3, 1e-6);
    near(power[2], 0.2, 1e-6);
    for (int n = 3; n <= TRUNCATION; n++) {
        near(power[n], 0, 1e-9);
    }
}

static void means_over_times_and_members(void **state)
{
    (void)state;
    /* Members 1 and 3 times the truth: their mean has 4 times its variance, they have (1 + 9)/2
     * times. The second time has twice the truth and the same members; the third lacks a value. */
    static float members[2 * POINTS], mean[POINTS], truth[POINTS];
    ar_error err;
    ar_mean_spectra spectra;
    set_field(members, 1);
    set_field(members + POINTS, 3);
    set_field(mean, 2);
    assert_int_equal(ar_mean_spectra_init(&spectra, TRUNCATION, &err), AR_OK);
    for (int time = 0; time < 3; time++) {
        set_field(truth, 1 + time);
        truth[700] = time == 2 ? NAN : truth[700];
        const ar_spectra_fields fields = {members, mean, truth};
        assert_int_equal(ar_mean_spectra_add(&spectra, harmonics, 2, &fields, NULL, &err), AR_OK);
    }
    ar_mean_spectra_finish(&spectra);
    assert_int_equal(spectra.times, 2);
    near(spectra.truth[2], 0.2 * (1 + 4) / 2, 1e-6);
    near(spectra.mean[2], 0.2 * 4, 1e-6);
    near(spectra.members[2], 0.2 * 5, 1e-6);
    ar_mean_spectra_release(&spectra);
}

static void energy_of_a_solid_body(void **state)
{
    (void)state;
    /* u = U cos φ has vorticity 2 U sin φ/a, and ½⟨u²⟩ = U²/3, all of it at n = 1; a divergence of
     * half that adds a quarter. */
    const double speed = 30;
    float field[POINTS];
    ar_error err;
    ar_mean_spectra vorticity, divergence, energy;
    for (int at = 0; at < POINTS; at++) {
        field[at] =
            (float)(2 * speed * sin(grid.latitude[at / NLON] * AR_PI / 180) / AR_EARTH_RADIUS);
    }
    assert_int_equal(ar_mean_spectra_init(&vorticity, TRUNCATION, &err), AR_OK);
    assert_int_equal(ar_mean_spectra_init(&divergence, TRUNCATION, &err), AR_OK);
    assert_int_equal(ar_mean_spectra_init(&energy, TRUNCATION, &err), AR_OK);
    const ar_spectra_fields fields = {field, field, field};
    assert_int_equal(ar_mean_spectra_add(&vorticity, harmonics, 1, &fields, NULL, &err), AR_OK);
    ar_mean_spectra_kinetic_energy(&energy, &vorticity, NULL);
    near(energy.truth[1], speed * speed / 3, 1e-5 * speed);
    near(energy.truth[0] + energy.truth[2], 0, 1e-9);
    for (int at = 0; at < POINTS; at++) {
        field[at] /= 2;
    }
    assert_int_equal(ar_mean_spectra_add(&divergence, harmonics, 1, &fields, NULL, &err), AR_OK);
    ar_mean_spectra_kinetic_energy(&energy, &vorticity, &divergence);
    near(energy.members[1], 1.25 * speed * speed / 3, 1e-5 * speed);
    assert_int_equal(energy.times, 1);
    ar_mean_spectra_release(&vorticity);
    ar_mean_spectra_release(&divergence);
    ar_mean_spectra_release(&energy);
}

static void energy_of_winds(void **state)
{
    (void)state;
    /* The solid body again, now by its wind; and a wind (u, v) = ∇ of a sin φ, which is v = cos φ,
     * all divergence: ½⟨v²⟩ = 1/3 at n = 1. Members are once and twice the wind: 1 and 4 times the
     * energy. A northward part with a gap leaves the time out. */
    static float u[2 * POINTS], v[2 * POINTS];
    double energy[TRUNCATION + 1];
    ar_error err;
    ar_mean_spectra spectra;
    for (int at = 0; at < POINTS; at++) {
        double cosine = cos(grid.latitude[at / NLON] * AR_PI / 180);
        u[at] = (float)(30 * cosine);
        v[at] = (float)cosine;
        u[POINTS + at] = 2 * u[at];
        v[POINTS + at] = 2 * v[at];
    }
    assert_int_equal(ar_spectra_energy(harmonics, u, v, energy, &err), AR_OK);
    near(energy[1], 300 + 1.0 / 3, 1e-4);
    near(energy[0] + energy[2] + energy[3], 0, 1e-9);
    assert_int_equal(ar_mean_spectra_init(&spectra, TRUNCATION, &err), AR_OK);
    const ar_spectra_fields east = {u, u, u + POINTS}, north = {v, v, v + POINTS};
    assert_int_equal(ar_mean_spectra_add(&spectra, harmonics, 2, &east, &north, &err), AR_OK);
    near(spectra.truth[1], 4 * energy[1], 1e-9 * energy[1]);
    near(spectra.members[1], 2.5 * energy[1], 1e-9 * energy[1]);
    v[POINTS + 5] = NAN;
    assert_int_equal(ar_mean_spectra_add(&spectra, harmonics, 2, &east, &north, &err), AR_OK);
    assert_int_equal(spectra.times, 1);
    ar_mean_spectra_release(&spectra);
}

static void effective_resolution_of_a_filter(void **state)
{
    (void)state;
    /* A random field of all wavenumbers, and the same with amplitudes times 0.8 below n = 12 (0.64
     * of the variance) and 0.7 from there on (0.49). */
    static double values[POINTS];
    static float truth[POINTS], smooth[POINTS];
    double complex spectrum[(TRUNCATION + 1) * (TRUNCATION + 2) / 2];
    double power[2][TRUNCATION + 1];
    ar_error err;
    ar_random stream = {.seed = 9, .purpose = AR_RANDOM_TEST};
    for (int n = 0; n <= TRUNCATION; n++) {
        for (int m = 0; m <= n; m++) {
            double real = ar_random_normal(&stream), imaginary = ar_random_normal(&stream);
            spectrum[ar_spectrum_index(TRUNCATION, n, m)] = m > 0 ? real + I * imaginary : real;
        }
    }
    for (int smoothed = 0; smoothed < 2; smoothed++) {
        float *field = smoothed ? smooth : truth;
        assert_int_equal(ar_harmonics_synthesise(harmonics, spectrum, values, &err), AR_OK);
        for (int at = 0; at < POINTS; at++) {
            field[at] = (float)values[at];
        }
        assert_int_equal(ar_spectra_power(harmonics, field, power[smoothed], &err), AR_OK);
        for (int n = 0; n <= TRUNCATION; n++) {
            for (int m = 0; m <= n; m++) {
                spectrum[ar_spectrum_index(TRUNCATION, n, m)] *= n < 12 ? 0.8 : 0.7;
            }
        }
    }
    assert_int_equal(ar_spectra_effective_resolution(power[1], power[0], TRUNCATION), 12);
    assert_int_equal(ar_spectra_effective_resolution(power[0], power[0], TRUNCATION), 0);
    /* 2π a/sqrt(12 · 13). */
    near(ar_spectra_wavelength(12), 3205.094, 0.001);
}

static void only_grids_of_harmonics(void **state)
{
    (void)state;
    ar_error err;
    ar_grid copy;
    int64_t truncation = 0;
    ar_harmonics *none = NULL;
    assert_int_equal(ar_grid_copy(&copy, &grid, &err), AR_OK);
    copy.wraps = false;
    assert_false(ar_spectra_exist(&copy, &truncation));
    assert_int_equal(ar_spectra_prepare(&none, &copy, &err), AR_ERROR_INPUT);
    copy.wraps = true;
    copy.nlat = NLAT - 1; /* no row at the south pole */
    assert_false(ar_spectra_exist(&copy, &truncation));
    ar_grid_release(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_by_hand),
        cmocka_unit_test(means_over_times_and_members),
        cmocka_unit_test(energy_of_a_solid_body),
        cmocka_unit_test(energy_of_winds),
        cmocka_unit_test(effective_resolution_of_a_filter),
        cmocka_unit_test(only_grids_of_harmonics),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
