#include "nature/nature.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "field/constants.h"
#include "nature/nature_private.h"

void ar_nature_perturb(ar_nature *nature, double speed, uint64_t seed)
{
    const int64_t N = nature->settings.truncation;
    /* 1 m/s over 11 degrees of 2n + 1 real numbers each, with u² = a² Σ |ζ|²/(n(n + 1)) / 4π. */
    ar_random stream = {.seed = seed, .purpose = AR_RANDOM_NOISE};
    for (int64_t n = 2; n <= 12 && n <= N; n++) {
        double size = speed * sqrt(4 * AR_PI / 11 * n * (n + 1) / (2 * n + 1)) / AR_EARTH_RADIUS;
        for (int64_t m = 0; m <= n; m++) {
            double re = ar_random_normal(&stream), im = ar_random_normal(&stream);
            double complex by = m == 0 ? size * re : size * (re + im * I) / sqrt(2);
            for (int64_t k = 0; k < nature->settings.nlev; k++) {
                int64_t c = k * nature->now.count + ar_spectrum_index(N, n, m);
                /* Both time levels alike: a difference would be a tendency. */
                nature->now.vorticity[c] += by;
                nature->before.vorticity[c] += by;
            }
        }
    }
}

ar_status ar_nature_set_fields(ar_nature *nature, const ar_nature_fields *fields, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics *h = nature->dynamics.harmonics;
    const ar_harmonics_settings *s = ar_harmonics_get_settings(h);
    ar_spectral_state *now = &nature->now;
    int64_t plane = s->nlat * s->nlon;
    double *log_pressure = nature->dynamics.log_pressure;
    for (int64_t p = 0; p < plane; p++) {
        if (!(fields->surface_pressure[p] > 0)) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "nature run: surface pressure of %g Pa; should be positive",
                           fields->surface_pressure[p]);
        }
        log_pressure[p] = log(fields->surface_pressure[p]);
    }
    AR_TRY(ar_harmonics_analyse(h, log_pressure, now->log_pressure, err));
    for (int64_t k = 0; k < now->nlev; k++) {
        AR_TRY(ar_harmonics_analyse_wind(
            h, fields->eastward + k * plane, fields->northward + k * plane,
            now->vorticity + k * now->count, now->divergence + k * now->count, err));
        AR_TRY(ar_harmonics_analyse(h, fields->temperature + k * plane,
                                    now->temperature + k * now->count, err));
        memset(now->humidity + k * now->count, 0, now->count * sizeof *now->humidity);
        if (fields->humidity && nature->settings.humidity) {
            AR_TRY(ar_harmonics_analyse(h, fields->humidity + k * plane,
                                        now->humidity + k * now->count, err));
        }
    }
    if (fields->surface_geopotential) {
        AR_TRY(ar_harmonics_analyse(h, fields->surface_geopotential,
                                    nature->dynamics.surface_geopotential, err));
    }
    AR_TRY(ar_dynamics_mean_pressure(&nature->dynamics, now, &nature->mean_pressure, err));
    nature->step = 0;
    nature->mass_correction = 0;
    if (nature->precipitation) {
        memset(nature->precipitation, 0, plane * sizeof(double));
        nature->precipitation_seconds = 0;
    }
cleanup:
    return status;
}

ar_status ar_nature_get_fields(const ar_nature *nature, ar_nature_fields *fields, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics *h = nature->dynamics.harmonics;
    const ar_harmonics_settings *s = ar_harmonics_get_settings(h);
    const ar_spectral_state *now = &nature->now;
    int64_t plane = s->nlat * s->nlon;
    for (int64_t k = 0; k < now->nlev; k++) {
        if (fields->eastward && fields->northward) {
            AR_TRY(ar_harmonics_synthesise_wind(
                h, now->vorticity + k * now->count, now->divergence + k * now->count,
                fields->eastward + k * plane, fields->northward + k * plane, err));
        }
        if (fields->temperature) {
            AR_TRY(ar_harmonics_synthesise(h, now->temperature + k * now->count,
                                           fields->temperature + k * plane, err));
        }
        if (fields->humidity) {
            AR_TRY(ar_harmonics_synthesise(h, now->humidity + k * now->count,
                                           fields->humidity + k * plane, err));
        }
    }
    if (fields->surface_geopotential) {
        AR_TRY(ar_harmonics_synthesise(h, nature->dynamics.surface_geopotential,
                                       fields->surface_geopotential, err));
    }
    if (fields->surface_pressure) {
        AR_TRY(ar_harmonics_synthesise(h, now->log_pressure, fields->surface_pressure, err));
        for (int64_t p = 0; p < plane; p++) {
            fields->surface_pressure[p] = exp(fields->surface_pressure[p]);
        }
    }
cleanup:
    return status;
}

/* Williams (2009), eqs. 6–9: what the filter takes from the middle level it gives, but for 1 − α,
 * to the newest, so that the mean of the three is nearly kept. */
static void filter_time_levels(ar_nature *nature)
{
    double complex *before = nature->before.vorticity, *now = nature->now.vorticity;
    double complex *after = nature->after.vorticity;
    int64_t size = ar_spectral_state_size(&nature->now);
    double filter = nature->settings.filter, alpha = nature->settings.filter_alpha;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < size; i++) {
        double complex displacement = filter * (before[i] - 2 * now[i] + after[i]);
        now[i] += alpha * displacement;
        after[i] -= (1 - alpha) * displacement;
    }
}

/* Multiply the newest surface pressure by what brings its mean back. */
static ar_status restore_mass(ar_nature *nature, ar_error *err)
{
    double pressure;
    ar_status status = ar_dynamics_mean_pressure(&nature->dynamics, &nature->now, &pressure, err);
    if (status == AR_OK) {
        double factor = log(nature->mean_pressure / pressure);
        nature->now.log_pressure[0] += factor * sqrt(4 * AR_PI);
        nature->mass_correction += factor;
    }
    return status;
}

static void gather_precipitation(ar_nature *nature)
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(nature->dynamics.harmonics);
    for (int64_t p = 0; nature->precipitation && p < grid->nlat * grid->nlon; p++) {
        nature->precipitation[p] += nature->forcing.rain[p] * ar_nature_time_step(nature);
    }
    nature->precipitation_seconds += ar_nature_time_step(nature);
}

double ar_nature_take_precipitation(ar_nature *nature, double *flux)
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(nature->dynamics.harmonics);
    double seconds = nature->precipitation_seconds;
    for (int64_t p = 0; p < grid->nlat * grid->nlon; p++) {
        flux[p] = nature->precipitation && seconds > 0 ? nature->precipitation[p] / seconds : 0;
    }
    if (nature->precipitation) {
        memset(nature->precipitation, 0, grid->nlat * grid->nlon * sizeof(double));
    }
    nature->precipitation_seconds = 0;
    return seconds;
}

static ar_status name_hour(const ar_nature *nature, ar_status status, ar_error *err)
{
    return status == AR_OK ? AR_OK
                           : ar_fail_within(err, status, "nature run, hour %.2f",
                                            (double)nature->step / nature->settings.steps_per_hour);
}

ar_status ar_nature_check(ar_nature *nature, ar_error *err)
{
    return name_hour(nature, ar_dynamics_check_wind(&nature->dynamics, &nature->now, err), err);
}

static ar_status take_step(ar_nature *nature, ar_error *err)
{
    ar_status status = AR_OK;
    bool first = nature->step == 0;
    double seconds = nature->settings.start_seconds + nature->step * ar_nature_time_step(nature);
    AR_TRY(ar_dynamics_tendency(&nature->dynamics, &nature->now, seconds, first, &nature->tendency,
                                err));
    gather_precipitation(nature);
    ar_semi_implicit_step(first ? &nature->first_step : &nature->leapfrog,
                          first ? &nature->now : &nature->before, &nature->tendency,
                          &nature->after);
    if (!first) {
        filter_time_levels(nature);
    }
    ar_spectral_state oldest = nature->before;
    nature->before = nature->now;
    nature->now = nature->after;
    nature->after = oldest;
    nature->step++;
    AR_TRY(restore_mass(nature, err));
cleanup:
    return status;
}

ar_status ar_nature_advance(ar_nature *nature, int64_t hours, ar_error *err)
{
    int64_t last = nature->step + hours * nature->settings.steps_per_hour;
    while (nature->step < last) {
        ar_status status = name_hour(nature, take_step(nature, err), err);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

const ar_nature_settings *ar_nature_get_settings(const ar_nature *nature)
{
    return &nature->settings;
}

int64_t ar_nature_get_hour(const ar_nature *nature)
{
    return nature->step / nature->settings.steps_per_hour;
}

const ar_harmonics *ar_nature_get_harmonics(const ar_nature *nature)
{
    return nature->dynamics.harmonics;
}

const ar_sigma *ar_nature_get_sigma(const ar_nature *nature)
{
    return &nature->dynamics.sigma;
}

const ar_spectral_state *ar_nature_get_state(const ar_nature *nature)
{
    return &nature->now;
}

const double complex *ar_nature_get_surface_geopotential(const ar_nature *nature)
{
    return nature->dynamics.surface_geopotential;
}

ar_status ar_nature_mean_pressure(ar_nature *nature, double *pressure, ar_error *err)
{
    return ar_dynamics_mean_pressure(&nature->dynamics, &nature->now, pressure, err);
}

double ar_nature_get_mass_correction(const ar_nature *nature)
{
    return nature->mass_correction;
}

ar_status ar_nature_mean_energy(ar_nature *nature, double *energy, ar_error *err)
{
    return ar_dynamics_mean_energy(&nature->dynamics, &nature->now, energy, err);
}
