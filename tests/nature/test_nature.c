/* The dynamics against published cases and conservation laws, on grids coarse enough for a test.
 * Longer runs, at T42 to T85 and with climate statistics, are in bench/nature_cases.c. */
#include "nature/nature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <omp.h>

#include "base/memory.h"
#include "base/random.h"
#include "nature/initial_states.h"
#include "nature/semi_implicit.h"

static ar_nature *make(ar_nature_settings settings)
{
    ar_nature *nature = NULL;
    ar_error err = {""};
    if (ar_nature_create(&nature, &settings, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    return nature;
}

static void set(ar_nature *nature, const ar_nature_fields *fields)
{
    ar_error err = {""};
    if (ar_nature_set_fields(nature, fields, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
}

static void advance(ar_nature *nature, int64_t hours)
{
    ar_error err = {""};
    if (ar_nature_advance(nature, hours, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
}

static double mean_pressure(ar_nature *nature)
{
    double pressure;
    assert_int_equal(ar_nature_mean_pressure(nature, &pressure, NULL), AR_OK);
    return pressure;
}

static double mean_energy(ar_nature *nature)
{
    double energy;
    assert_int_equal(ar_nature_mean_energy(nature, &energy, NULL), AR_OK);
    return energy;
}

static int64_t plane_of(const ar_nature *nature)
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    return grid->nlat * grid->nlon;
}

/* The matrices against what they stand for. Hydrostatic: an isothermal column has R T ln(1/σ) at
 * the level that the scheme implies. Energy (Simmons & Burridge 1981, eq. 2.12): what divergence
 * takes from heat is the work against pressure, Σ Δσ cp (H D) = Σ Δσ D (φ − φ_s), for any D. To
 * rounding. */
static void vertical_scheme(void **state)
{
    (void)state;
    const double half[7] = {0, 0.02, 0.1, 0.3, 0.55, 0.9, 1};
    enum { L = 6 };
    ar_sigma sigma;
    double G[L * L], H[L * L];
    assert_int_equal(ar_sigma_init(&sigma, L, half, NULL), AR_OK);
    ar_sigma_hydrostatic_matrix(&sigma, G);
    ar_sigma_expansion_matrix(&sigma, 250, H);
    ar_random stream = {.seed = 1, .purpose = AR_RANDOM_TEST};
    double D[L], work = 0, cooling = 0;
    for (int k = 0; k < L; k++) {
        D[k] = ar_random_normal(&stream);
    }
    for (int k = 0; k < L; k++) {
        double geopotential = 0, cool = 0;
        for (int j = 0; j < L; j++) {
            geopotential += G[k * L + j] * 250;
            cool += H[k * L + j] * D[j];
        }
        double expected = -AR_GAS_CONSTANT_DRY * 250 * log(sigma.full[k]);
        assert_true(fabs(geopotential - expected) < 1e-12 * 3e5);
        work += sigma.thickness[k] * D[k] * geopotential;
        cooling += sigma.thickness[k] * AR_HEAT_CAPACITY_DRY * cool;
    }
    assert_true(fabs(work - cooling) < 1e-12 * 3e5);
    ar_sigma_release(&sigma);
    const double wrong[3] = {0, 1, 1};
    ar_error err = {""};
    assert_int_equal(ar_sigma_init(&sigma, 2, wrong, &err), AR_ERROR_USAGE);
    assert_non_null(strstr(err.message, "should increase"));
}

/* The step solves what it says: X⁺ − X⁻ = 2Δt (N + L (X⁺ + X⁻)/2), and damping divides. Each
 * equation is formed with what the step returns; rounding of sums of numbers of order one to 1e4.
 */
static void semi_implicit_consistency(void **state)
{
    (void)state;
    enum { L = 5, N = 6 };
    const double dt = 1200, a = AR_EARTH_RADIUS, none[N + 1] = {0};
    int64_t count = ar_spectrum_count(N);
    ar_sigma sigma;
    ar_semi_implicit scheme;
    ar_spectral_state before, tendency, after;
    assert_int_equal(ar_sigma_init(&sigma, L, NULL, NULL), AR_OK);
    assert_int_equal(ar_semi_implicit_init(&scheme, &sigma, N, a, dt, none, none, NULL), AR_OK);
    assert_int_equal(ar_spectral_state_init(&before, L, count, NULL), AR_OK);
    assert_int_equal(ar_spectral_state_init(&tendency, L, count, NULL), AR_OK);
    assert_int_equal(ar_spectral_state_init(&after, L, count, NULL), AR_OK);
    ar_random stream = {.seed = 2, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < ar_spectral_state_size(&before); i++) {
        before.vorticity[i] = ar_random_normal(&stream) + I * ar_random_normal(&stream);
        tendency.vorticity[i] = ar_random_normal(&stream) + I * ar_random_normal(&stream);
    }
    ar_semi_implicit_step(&scheme, &before, &tendency, &after);
    for (int64_t n = 0; n <= N; n++) {
        for (int64_t m = 0; m <= n; m++) {
            int64_t c = ar_spectrum_index(N, n, m);
            double laplacian = -(double)n * (n + 1) / (a * a);
            double complex sum = 0, p = (before.log_pressure[c] + after.log_pressure[c]) / 2;
            for (int k = 0; k < L; k++) {
                int64_t i = k * count + c;
                double complex geopotential = 0, cooling = 0;
                for (int j = 0; j < L; j++) {
                    int64_t x = j * count + c;
                    geopotential += scheme.hydrostatic[k * L + j] *
                                    (before.temperature[x] + after.temperature[x]) / 2;
                    cooling += scheme.expansion[k * L + j] *
                               (before.divergence[x] + after.divergence[x]) / 2;
                }
                geopotential += AR_GAS_CONSTANT_DRY * AR_REFERENCE_TEMPERATURE * p;
                double complex d = tendency.divergence[i] - laplacian * geopotential;
                double complex t = tendency.temperature[i] - cooling;
                double size = cabs(after.divergence[i]) + cabs(after.temperature[i]) + 1e4;
                assert_true(cabs(after.divergence[i] - before.divergence[i] - 2 * dt * d) <
                            1e-11 * size);
                assert_true(cabs(after.temperature[i] - before.temperature[i] - 2 * dt * t) <
                            1e-11 * size);
                assert_true(cabs(after.vorticity[i] - before.vorticity[i] -
                                 2 * dt * tendency.vorticity[i]) < 1e-11 * size);
                sum += sigma.thickness[k] * (before.divergence[i] + after.divergence[i]) / 2;
            }
            assert_true(cabs(after.log_pressure[c] - before.log_pressure[c] -
                             2 * dt * (tendency.log_pressure[c] - sum)) < 1e-7);
        }
    }
    ar_semi_implicit_release(&scheme);
    ar_sigma_release(&sigma);
    ar_spectral_state_release(&before);
    ar_spectral_state_release(&tendency);
    ar_spectral_state_release(&after);
}

/* The adiabatic, unperturbed jet of Jablonowski & Williamson (2006) is a steady state: on 10 even
 * layers the wind stays within 0.1 m/s (rms) of it, which is what the discrete levels are out of
 * balance by; no zonal asymmetry arises but rounding; mass is kept to 1e-10, energy to 1e-6. */
static void steady_jet_stays(void **state)
{
    (void)state;
    ar_nature_settings settings = ar_nature_default_settings(42, 10);
    settings.held_suarez = false;
    ar_nature *nature = make(settings);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    int64_t plane = plane_of(nature);
    ar_nature_fields start = fields_allocate(nature), end = fields_allocate(nature);
    baroclinic_jet(nature, false, &start);
    set(nature, &start);
    double mass = mean_pressure(nature), energy = mean_energy(nature);
    advance(nature, 12);
    assert_int_equal(ar_nature_get_hour(nature), 12);
    assert_int_equal(ar_nature_get_fields(nature, &end, NULL), AR_OK);
    double square = 0, weights = 0, asymmetry = 0;
    for (int64_t p = 0; p < 10 * plane; p++) {
        int64_t row = p / grid->nlon;
        double weight =
            sin(ar_harmonics_get_colatitude(ar_nature_get_harmonics(nature))[row % grid->nlat]);
        double change = end.eastward[p] - start.eastward[p];
        square += weight * change * change;
        weights += weight;
        asymmetry = fmax(asymmetry, fabs(end.eastward[p] - end.eastward[row * grid->nlon]));
    }
    double drift = mean_energy(nature) / energy - 1;
    print_message(
        "T42, 12 hours: wind changed by %.3f m/s rms, asymmetry %.1e m/s, energy by %.1e\n",
        sqrt(square / weights), asymmetry, drift);
    assert_true(sqrt(square / weights) < 0.1);
    assert_true(asymmetry < 1e-10);
    assert_true(fabs(mean_pressure(nature) / mass - 1) < 1e-10);
    assert_true(fabs(ar_nature_get_mass_correction(nature)) < 1e-8);
    assert_true(fabs(drift) < 1e-6);
    free(start.eastward);
    free(end.eastward);
    ar_nature_destroy(&nature);
}

/* Rossby–Haurwitz wave 4 moves without changing its shape. Nondivergent theory (Haurwitz 1940) has
 * it turn by ν = (n(3 + n)ω − 2Ω)/((1 + n)(2 + n)) = −3.03e-6 rad/s, 15.0° a day westward;
 * divergence slows it, here to 13.7°. Nearly all vorticity but the zonal stays in the wave's own
 * harmonic, and nothing reaches orders that are no multiples of 4. */
static void rossby_haurwitz_wave_keeps_its_shape(void **state)
{
    (void)state;
    ar_nature_settings settings = ar_nature_default_settings(31, 5);
    settings.held_suarez = false;
    ar_nature *nature = make(settings);
    ar_nature_fields fields = fields_allocate(nature);
    rossby_haurwitz_wave(nature, &fields);
    set(nature, &fields);
    const ar_spectral_state *s = ar_nature_get_state(nature);
    int64_t k = 3 * s->count, wave = k + ar_spectrum_index(31, 5, 4);
    double complex start = s->vorticity[wave];
    double mass = mean_pressure(nature), energy = mean_energy(nature);
    advance(nature, 24);
    s = ar_nature_get_state(nature);
    double complex end = s->vorticity[wave];
    double inside = 0, all = 0, other_orders = 0;
    for (int64_t m = 1; m <= 31; m++) {
        for (int64_t n = m; n <= 31; n++) {
            int64_t c = k + ar_spectrum_index(31, n, m);
            double power = pow(cabs(s->vorticity[c]), 2);
            all += power;
            inside += c == wave ? power : 0;
            other_orders += m % 4 != 0 ? power : 0;
        }
    }
    /* Order m turns by −m × angle. */
    double degrees = -carg(end / start) / 4 * 180 / AR_PI;
    print_message(
        "wave 4: %.1f° a day, amplitude %.3f, share %.4f, other orders %.0e, energy %.0e\n",
        degrees, cabs(end / start), inside / all, other_orders / all,
        mean_energy(nature) / energy - 1);
    assert_true(degrees < -12.5 && degrees > -15.0);
    assert_true(fabs(cabs(end / start) - 1) < 0.05);
    assert_true(inside / all > 0.98);
    assert_true(other_orders / all < 1e-20);
    assert_true(fabs(mean_pressure(nature) / mass - 1) < 1e-10);
    assert_true(fabs(mean_energy(nature) / energy - 1) < 1e-5);
    free(fields.eastward);
    ar_nature_destroy(&nature);
}

/* Held–Suarez from rest: within days the tropics warm against the poles and winds are westerly
 * aloft, in both hemispheres alike; a warm start of 280 K loses energy. (Ten days at T21 are no
 * climate.) */
static void forcing_spins_up(void **state)
{
    (void)state;
    ar_nature *nature = make(ar_nature_default_settings(21, 5));
    ar_nature_perturb(nature, 1, 4);
    double mass = mean_pressure(nature), energy = mean_energy(nature);
    advance(nature, 240);
    ar_nature_fields f = fields_allocate(nature);
    assert_int_equal(ar_nature_get_fields(nature, &f, NULL), AR_OK);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    int64_t plane = plane_of(nature), nlat = grid->nlat, nlon = grid->nlon;
    double jet[2] = {0}, pole[2] = {0}, equator = 0;
    for (int64_t j = 0; j < nlon; j++) {
        for (int side = 0; side < 2; side++) {
            int64_t middle = side ? nlat - 1 - nlat / 4 : nlat / 4, last = side ? nlat - 1 : 0;
            jet[side] += f.eastward[plane + middle * nlon + j] / nlon;
            pole[side] += f.temperature[4 * plane + last * nlon + j] / nlon;
        }
        equator += f.temperature[4 * plane + nlat / 2 * nlon + j] / nlon;
    }
    print_message("after 10 days: jets %.1f and %.1f m/s, lowest level %.1f K at the equator, %.1f "
                  "and %.1f K at the poles\n",
                  jet[0], jet[1], equator, pole[0], pole[1]);
    assert_true(jet[0] > 2 && jet[1] > 2 && fabs(jet[0] - jet[1]) < 2);
    assert_true(equator > pole[0] + 5 && equator > pole[1] + 5 && fabs(pole[0] - pole[1]) < 2);
    assert_true(mean_energy(nature) < energy);
    assert_true(fabs(mean_pressure(nature) / mass - 1) < 1e-10);
    assert_true(fabs(ar_nature_get_mass_correction(nature)) < 1e-5);
    free(f.eastward);
    ar_nature_destroy(&nature);
}

static void assert_same_state(const ar_nature *a, const ar_nature *b)
{
    const ar_spectral_state *x = ar_nature_get_state(a), *y = ar_nature_get_state(b);
    assert_memory_equal(x->vorticity, y->vorticity,
                        ar_spectral_state_size(x) * sizeof *x->vorticity);
}

/* All that the nature run has: water, seasons, continents, mountains. */
static ar_nature_settings earth_like(int64_t truncation, int64_t nlev)
{
    ar_nature_settings settings = ar_nature_default_settings(truncation, nlev);
    settings.humidity = settings.water_cycle = settings.seasonal_cycle = settings.land = true;
    settings.orography = 1;
    settings.start_seconds = 978307200; /* 2001-01-01 */
    return settings;
}

/* The same seed gives the same bits on one thread and two, and through a restart; another seed
 * others. */
static void repeats_and_restarts(ar_nature_settings settings)
{
    char path[] = "/tmp/atmorep-restart-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    ar_nature *a = make(settings), *b = make(settings), *c = make(settings);
    ar_nature_perturb(a, 1, 7);
    ar_nature_perturb(b, 1, 7);
    ar_nature_perturb(c, 1, 8);
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    advance(a, 12);
    omp_set_num_threads(2);
    advance(b, 6);
    assert_int_equal(ar_nature_save(b, path, NULL), AR_OK);
    advance(b, 6);
    assert_same_state(a, b);
    assert_true(ar_nature_get_state(c)->vorticity[5] != ar_nature_get_state(a)->vorticity[5]);
    assert_int_equal(ar_nature_restore(c, path, NULL), AR_OK);
    assert_int_equal(ar_nature_get_hour(c), 6);
    advance(c, 6);
    assert_same_state(a, c);
    omp_set_num_threads(threads);
    double *rain = calloc((size_t)(2 * plane_of(a)), sizeof *rain);
    ar_nature_take_precipitation(a, rain);
    ar_nature_take_precipitation(c, rain + plane_of(a));
    assert_memory_equal(rain, rain + plane_of(a), plane_of(a) * sizeof *rain);
    free(rain);

    /* A damaged byte, a short file and other settings are refused, and the state stays. */
    FILE *stream = fopen(path, "r+b");
    assert_non_null(stream);
    fseek(stream, 5000, SEEK_SET);
    int byte = fgetc(stream);
    fseek(stream, 5000, SEEK_SET);
    fputc(byte ^ 1, stream);
    fclose(stream);
    ar_error err = {""};
    assert_int_equal(ar_nature_restore(c, path, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "damaged"));
    assert_int_equal(truncate(path, 5000), 0);
    assert_int_equal(ar_nature_restore(c, path, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "5000 bytes"));
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(ar_nature_restore(c, path, &err), AR_ERROR_INPUT);
    assert_same_state(a, c);
    settings.steps_per_hour = 3;
    ar_nature *other = make(settings);
    assert_int_equal(ar_nature_save(a, path, NULL), AR_OK);
    assert_int_equal(ar_nature_restore(other, path, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "steps an hour 2; this run has 3"));
    unlink(path);
    ar_nature_destroy(&a);
    ar_nature_destroy(&b);
    ar_nature_destroy(&c);
    ar_nature_destroy(&other);
}

static void dry_repeats_and_restarts(void **state)
{
    (void)state;
    repeats_and_restarts(ar_nature_default_settings(21, 5));
}

static void moist_repeats_and_restarts(void **state)
{
    (void)state;
    repeats_and_restarts(earth_like(21, 5));
}

/* Eighteen days at T21 from dry and rest in January, 6 levels: the air takes up water and rains,
 * more in the tropics than at the poles, about as much as the atmosphere does (2.7 mm a day, 25
 * kg/m²; within a factor of three, since this is neither a climate nor the earth), the northern
 * continents are colder than the southern oceans of the same latitude, the mountains stand where
 * they were built, and the mean surface pressure is kept. */
static void water_land_and_season(void **state)
{
    (void)state;
    ar_nature *nature = make(earth_like(21, 6));
    const ar_harmonics *h = ar_nature_get_harmonics(nature);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(h);
    int64_t plane = plane_of(nature), nlon = grid->nlon;
    ar_nature_fields f = fields_allocate(nature);
    double *rain = calloc((size_t)plane, sizeof *rain), mass = mean_pressure(nature);
    ar_nature_perturb(nature, 1, 4);
    advance(nature, 12 * 24);
    ar_nature_take_precipitation(nature, rain);
    advance(nature, 6 * 24);
    ar_nature_take_precipitation(nature, rain);
    assert_int_equal(ar_nature_get_fields(nature, &f, NULL), AR_OK);
    double area = 0, rain_mean = 0, water = 0, tropics = 0, poles = 0, winter = 0, summer = 0;
    for (int64_t p = 0; p < plane; p++) {
        double latitude = 90 - ar_harmonics_get_colatitude(h)[p / nlon] * 180 / AR_PI;
        double weight = cos(latitude * AR_PI / 180), day = 86400 * rain[p];
        assert_true(day >= 0 && day < 500);
        area += weight;
        rain_mean += weight * day;
        tropics += fabs(latitude) < 15 ? day : 0;
        poles += fabs(latitude) > 75 ? day : 0;
        winter += latitude > 40 && latitude < 60 ? f.temperature[5 * plane + p] : 0;
        summer += latitude < -40 && latitude > -60 ? f.temperature[5 * plane + p] : 0;
        for (int64_t k = 0; k < 6; k++) {
            water += weight * f.humidity[k * plane + p] / 6 * f.surface_pressure[p] / AR_GRAVITY;
        }
    }
    int64_t tibet = (int64_t)(57.0 / 180 * grid->nlat) * nlon + (int64_t)(88.0 / 360 * nlon);
    print_message(
        "rain %.2f mm/day, water %.1f kg/m2, 40-60N %.1f K colder than 40-60S, Tibet %.0f "
        "m and %.0f hPa\n",
        rain_mean / area, water / area, (summer - winter) / (4 * nlon),
        f.surface_geopotential[tibet] / AR_GRAVITY, f.surface_pressure[tibet] / 100);
    assert_true(rain_mean / area > 0.9 && rain_mean / area < 8);
    assert_true(water / area > 8 && water / area < 75);
    assert_true(tropics > 2 * poles);
    assert_true(summer > winter + 4 * nlon * 5.0);
    assert_true(f.surface_geopotential[tibet] > 2500 * AR_GRAVITY);
    assert_true(f.surface_pressure[tibet] < 75000);
    assert_true(fabs(mean_pressure(nature) / mass - 1) < 1e-10);
    free(rain);
    free(f.eastward);
    ar_nature_destroy(&nature);
}

/* A wind that no atmosphere has ends the run with hour, level and place; so does NaN. */
static void physics_errors_are_loud(void **state)
{
    (void)state;
    const double bad[2] = {400, NAN};
    for (int i = 0; i < 2; i++) {
        ar_nature *nature = make(ar_nature_default_settings(21, 3));
        ar_nature_fields f = fields_allocate(nature);
        rossby_haurwitz_wave(nature, &f);
        int64_t plane = plane_of(nature);
        for (int64_t p = plane; p < 2 * plane; p++) {
            f.eastward[p] += bad[i];
        }
        set(nature, &f);
        ar_error err = {""};
        assert_int_equal(ar_nature_advance(nature, 6, &err), AR_ERROR_NUMERIC);
        assert_non_null(strstr(err.message, "nature run, hour 0.00: wind of "));
        assert_non_null(strstr(err.message, i == 0 ? "at sigma 0.491" : "at sigma "));
        free(f.eastward);
        ar_nature_destroy(&nature);
    }
}

static void wrong_settings(void **state)
{
    (void)state;
    const struct {
        ar_nature_settings settings;
        const char *message;
    } cases[] = {
        {{.truncation = 0, .nlev = 5, .steps_per_hour = 2, .diffusion_order = 8, .filter_alpha = 1},
         "truncation 0"},
        {{.truncation = 9, .nlev = 0, .steps_per_hour = 2, .diffusion_order = 8, .filter_alpha = 1},
         "sigma levels: 0"},
        {{.truncation = 9, .nlev = 5, .steps_per_hour = 0, .diffusion_order = 8, .filter_alpha = 1},
         "0 steps an hour"},
        {{.truncation = 9, .nlev = 5, .steps_per_hour = 2, .diffusion_order = 6, .filter_alpha = 1},
         "diffusion of order 6"},
        {{.truncation = 9, .nlev = 5, .steps_per_hour = 2, .diffusion_order = 8, .filter_alpha = 2},
         "time filter"},
        {{.truncation = 9,
          .nlev = 5,
          .steps_per_hour = 2,
          .diffusion_order = 8,
          .filter_alpha = 1,
          .water_cycle = true},
         "a water cycle without humidity"},
        {{.truncation = 9,
          .nlev = 5,
          .steps_per_hour = 2,
          .diffusion_order = 8,
          .filter_alpha = 1,
          .orography = -1},
         "orography of -1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_nature *nature = NULL;
        ar_error err = {""};
        assert_int_equal(ar_nature_create(&nature, &cases[i].settings, &err), AR_ERROR_USAGE);
        assert_null(nature);
        assert_non_null(strstr(err.message, cases[i].message));
    }
}

/* Whichever allocation fails, creation fails with it and leaves nothing behind (the sanitizers
 * look). */
static void short_of_memory(void **state)
{
    (void)state;
    ar_nature_settings settings = earth_like(5, 2);
    for (int64_t which = 0;; which++) {
        ar_nature *nature = NULL;
        ar_fail_allocation_after(which);
        ar_status status = ar_nature_create(&nature, &settings, NULL);
        ar_fail_allocation_after(-1);
        if (status == AR_OK) {
            assert_true(which > 40);
            ar_nature_destroy(&nature);
            return;
        }
        assert_int_equal(status, AR_ERROR_MEMORY);
        assert_null(nature);
    }
}

int main(void)
{
    ar_nature *nature = NULL;
    ar_nature_settings settings = ar_nature_default_settings(5, 2);
    ar_error err = {""};
    if (ar_nature_create(&nature, &settings, &err) != AR_OK) {
        if (!strstr(err.message, "-DATMOREP_SPECTRAL=ON")) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        printf("skipped: %s\n", err.message);
        return 77;
    }
    ar_nature_destroy(&nature);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vertical_scheme),
        cmocka_unit_test(semi_implicit_consistency),
        cmocka_unit_test(steady_jet_stays),
        cmocka_unit_test(rossby_haurwitz_wave_keeps_its_shape),
        cmocka_unit_test(forcing_spins_up),
        cmocka_unit_test(dry_repeats_and_restarts),
        cmocka_unit_test(moist_repeats_and_restarts),
        cmocka_unit_test(water_land_and_season),
        cmocka_unit_test(physics_errors_are_loud),
        cmocka_unit_test(wrong_settings),
        cmocka_unit_test(short_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
