/* The model against what others have published or computed. The long ones are for the release
 * build; under sanitizers they say that they are skipped. bench/nature_cases.c has the same cases
 * at any truncation. */
#include "nature/nature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nature/cam_levels.h"
#include "nature/checked.h"
#include "nature/initial_states.h"
#include "nature/measures.h"

#ifndef __has_feature
#define __has_feature(what) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static void needs_release_build(void)
{
    if (SANITIZED) {
        print_message("skipped: takes minutes under sanitizers; the release build runs it\n");
        skip();
    }
}

/* The jet of Jablonowski & Williamson (2006) on their levels, nothing but dynamics. */
static ar_nature *make_jet(int64_t truncation, bool perturbed, ar_nature_fields *fields)
{
    ar_nature_settings settings = ar_nature_default_settings(truncation, CAM_LEVELS);
    settings.held_suarez = false;
    settings.sigma_half = cam_interfaces;
    ar_nature *nature = make(settings);
    *fields = fields_allocate(nature);
    baroclinic_jet(nature, perturbed, fields);
    set(nature, fields);
    return nature;
}

/* Every truncation that the manual names, each with its own time step and diffusion. A
 * Rossby–Haurwitz wave has total wavenumber 5 and its balanced pressure 10 and less, so that they
 * all resolve it and have to move it alike: in 12 hours by the same angle to 0.01 degrees, the
 * time steps' share, and to the same height to 5e-4, that of diffusion. */
static void every_truncation(void **state)
{
    (void)state;
    const int64_t truncations[] = {85, 63, 42, 31, 21};
    double angle[5], amplitude[5];
    for (int i = 0; i < 5; i++) {
        int64_t N = truncations[i];
        ar_nature_settings settings = ar_nature_default_settings(N, 5);
        settings.held_suarez = false;
        ar_nature *nature = make(settings);
        ar_nature_fields fields = fields_allocate(nature);
        rossby_haurwitz_wave(nature, &fields);
        set(nature, &fields);
        const ar_spectral_state *s = ar_nature_get_state(nature);
        int64_t wave = 3 * s->count + ar_spectrum_index(N, 5, 4);
        double complex start = s->vorticity[wave];
        double mass = mean_pressure(nature), energy = mean_energy(nature);
        advance(nature, 12);
        double complex turn = ar_nature_get_state(nature)->vorticity[wave] / start;
        angle[i] = -carg(turn) / 4 * 180 / AR_PI;
        amplitude[i] = cabs(turn);
        print_message("T%lld: turned by %.4f degrees, amplitude %.5f, energy changed by %+.1e\n",
                      (long long)N, angle[i], amplitude[i], mean_energy(nature) / energy - 1);
        assert_true(fabs(mean_pressure(nature) / mass - 1) < 1e-10);
        assert_true(fabs(mean_energy(nature) / energy - 1) < 1e-5);
        assert_true(fabs(angle[i] - angle[0]) < 0.01);
        assert_true(fabs(amplitude[i] - amplitude[0]) < 5e-4);
        free(fields.eastward);
        ar_nature_destroy(&nature);
    }
    assert_true(angle[0] < 0);
}

/* Jablonowski & Williamson (2006), section 4: without the perturbation the jet is a steady state.
 * Their figures 3 and 4 have two errors of it. Departures from the zonal mean have to be rounding
 * in a spectral model, since nothing breaks the symmetry. The zonal mean adjusts within a day to
 * the balance of the discrete levels, by a few hundredths of a m/s; then it stays where the
 * truncation resolves the jets, at T42, and goes on growing, within 10 days to 0.1 m/s, at T21,
 * which diffuses them. */
static void steady_jet_stays(void **state)
{
    (void)state;
    needs_release_build();
    const struct {
        int64_t truncation, days;
        double zonal_mean; /* largest, m/s */
    } cases[] = {{21, 10, 0.15}, {42, 5, 0.06}};
    for (int i = 0; i < 2; i++) {
        ar_nature_fields start;
        ar_nature *nature = make_jet(cases[i].truncation, false, &start);
        ar_nature_fields now = fields_allocate(nature);
        get(nature, &start);
        double mass = mean_pressure(nature), energy = mean_energy(nature);
        for (int day = 1; day <= cases[i].days; day++) {
            advance(nature, 24);
            get(nature, &now);
            jet_error error = measure_jet_error(nature, &start, &now);
            print_message("T%lld, day %d: zonal mean off by %.4f m/s, asymmetry %.1e m/s\n",
                          (long long)cases[i].truncation, day, error.zonal_mean, error.asymmetry);
            assert_true(error.zonal_mean < cases[i].zonal_mean);
            assert_true(error.asymmetry < 1e-12);
        }
        assert_true(fabs(mean_pressure(nature) / mass - 1) < 1e-10);
        assert_true(fabs(mean_energy(nature) / energy - 1) < 1e-6);
        free(start.eastward);
        free(now.eastward);
        ar_nature_destroy(&nature);
    }
}

/* Day 9 of the baroclinic wave. `map` is filled. */
static void run_wave(int64_t truncation, double *map)
{
    ar_error err = {""};
    ar_nature_fields fields;
    ar_nature *nature = make_jet(truncation, true, &fields);
    double mass = mean_pressure(nature), energy = mean_energy(nature);
    advance(nature, 9 * 24);
    check(map_surface_pressure(nature, map, &err), &err);
    double drift = mean_energy(nature) / energy - 1;
    print_message("T%lld: energy changed by %+.1e in 9 days\n", (long long)truncation, drift);
    assert_true(fabs(mean_pressure(nature) / mass - 1) < 1e-10);
    assert_true(fabs(drift) < 2e-6);
    free(fields.eastward);
    ar_nature_destroy(&nature);
}

/* The train of lows and highs on day 9 of the wave of Jablonowski & Williamson (2006), whose maps
 * (their figures 5 to 7) the paper gives without numbers, as another model has it: Dinosaur 1.5.1
 * of Google Research, spectral too, with another time scheme, at T42 with the same levels,
 * constants and diffusion, interpolated to half a degree. Pressures agree to 1 hPa while the lows
 * deepen by 20 hPa a day, places to a grid point of T42. Then, as in the paper, the lowest pressure
 * is deeper at T85 than at T42. */
static void baroclinic_wave(void **state)
{
    (void)state;
    needs_release_build();
    const struct {
        bool low;
        double pressure_hpa, latitude, longitude;
    } centres[] = {{true, 947.90, 60.7, 215.0},   {true, 970.50, 56.8, 178.5},
                   {true, 989.54, 50.8, 261.5},   {true, 992.68, 54.8, 144.0},
                   {false, 1019.58, 50.3, 232.5}, {false, 1019.49, 45.3, 185.5},
                   {false, 1013.17, 48.3, 155.0}};
    static double map[MAP_ROWS * MAP_COLUMNS];
    run_wave(42, map);
    for (size_t i = 0; i < sizeof centres / sizeof *centres; i++) {
        double latitude = centres[i].latitude, longitude = centres[i].longitude;
        pressure_centre found =
            find_centre(map, centres[i].low, (int)latitude - 8, (int)latitude + 8,
                        (int)longitude - 10, (int)longitude + 10);
        print_message("T42: %s %7.2f hPa at %2.0f N %3.0f E; Dinosaur %7.2f hPa at %.1f N %.1f E\n",
                      centres[i].low ? "low " : "high", found.pressure_hpa, found.latitude,
                      found.longitude, centres[i].pressure_hpa, latitude, longitude);
        assert_true(fabs(found.pressure_hpa - centres[i].pressure_hpa) < 1);
        assert_true(fabs(found.latitude - latitude) < 2.8);
        assert_true(fabs(found.longitude - longitude) < 2.8);
    }
    double coarse = find_centre(map, true, 30, 90, 0, 359).pressure_hpa;
    run_wave(85, map);
    pressure_centre fine = find_centre(map, true, 30, 90, 0, 359);
    print_message("lowest at T42 %.2f hPa, at T85 %.2f hPa at %.0f N %.0f E\n", coarse,
                  fine.pressure_hpa, fine.latitude, fine.longitude);
    assert_true(fine.pressure_hpa < coarse - 3);
    assert_true(fine.pressure_hpa > 930);
}

/* Held & Suarez (1994): zonal-mean westerly jets of 25 to 35 m/s near 40 to 50 degrees at 200 to
 * 300 hPa in both hemispheres, which are alike, and easterlies near the ground in the tropics. Over
 * thirteen means of 100 days of one run the two jets had 33.4 m/s at 45.0 degrees, with a standard
 * deviation of 1.5 m/s and 0.9 degrees; the northern less the southern one 0.3 m/s and −0.4
 * degrees with 1.7 m/s and 1.9 degrees. 200 days deviate by 1/√2 of that, and each bound is five
 * such deviations away from these means or more: a model whose climate is this one fails one with a
 * probability below 1e-6. (bench-nature_cases climate 31 10 repeats the long run.) */
static void held_suarez_climate(void **state)
{
    (void)state;
    needs_release_build();
    const double speed_deviation = 1.1, latitude_deviation = 0.65; /* of the mean of both */
    const double speed_contrast = 1.2, latitude_contrast = 1.35;   /* of north less south */
    ar_error err = {""};
    ar_nature *nature = make(ar_nature_default_settings(31, 10));
    int64_t nlat = ar_harmonics_get_settings(ar_nature_get_harmonics(nature))->nlat;
    double *mean = calloc((size_t)(10 * nlat), sizeof *mean);
    assert_non_null(mean);
    ar_nature_perturb(nature, 1, 1);
    double mass = mean_pressure(nature);
    advance(nature, 100 * 24);
    check(accumulate_zonal_wind(nature, 200, mean, &err), &err);
    climate c = measure_climate(nature, mean);
    for (int side = 0; side < 2; side++) {
        print_message("T31, %s: jet of %.1f m/s at %.1f degrees, sigma %.3f\n",
                      side ? "south" : "north", c.speed[side], c.latitude[side], c.sigma[side]);
        assert_true(c.sigma[side] > 0.2 && c.sigma[side] < 0.3);
    }
    print_message("easterlies of %.1f m/s, hemispheres %.1f m/s (rms) apart\n", c.easterlies,
                  c.difference);
    double speed = (c.speed[0] + c.speed[1]) / 2, latitude = (c.latitude[0] + c.latitude[1]) / 2;
    assert_true(fabs(speed - 33.4) < 5 * speed_deviation);
    assert_true(fabs(latitude - 45.0) < 5 * latitude_deviation);
    assert_true(fabs(c.speed[0] - c.speed[1]) < 5 * speed_contrast);
    assert_true(fabs(c.latitude[0] - c.latitude[1]) < 5 * latitude_contrast);
    assert_true(c.easterlies > 7 && c.easterlies < 9);
    assert_true(fabs(mean_pressure(nature) / mass - 1) < 1e-10);
    free(mean);
    ar_nature_destroy(&nature);
}

int main(void)
{
    int absent = try_model();
    if (absent) {
        return absent;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(held_suarez_climate),
        cmocka_unit_test(steady_jet_stays),
        cmocka_unit_test(baroclinic_wave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
