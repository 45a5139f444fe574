/* A nature run's settings, and what is made of them: schemes, forcing, mountains, a state of rest.
 */
#include <math.h>

#include "base/memory.h"
#include "field/constants.h"
#include "nature/held_suarez.h"
#include "nature/nature_private.h"
#include "nature/surface.h"

ar_nature_settings ar_nature_default_settings(int64_t truncation, int64_t nlev)
{
    /* A jet of 60 m/s crosses at most half of the shortest wave's radian in a step. */
    int64_t steps_per_hour = (truncation + 15) / 16;
    return (ar_nature_settings){.truncation = truncation,
                                .nlev = nlev,
                                .steps_per_hour = steps_per_hour < 2 ? 2 : steps_per_hour,
                                .diffusion_order = 8,
                                .diffusion_time = 8640,
                                .filter = 0.05,
                                .filter_alpha = 0.53,
                                .held_suarez = true};
}

static ar_status check_settings(const ar_nature_settings *s, ar_error *err)
{
    if (s->steps_per_hour < 1 || s->steps_per_hour > 3600) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "nature run: %lld steps an hour; should be from 1 to 3600",
                       (long long)s->steps_per_hour);
    }
    if (s->diffusion_order != 4 && s->diffusion_order != 8) {
        return ar_fail(err, AR_ERROR_USAGE, "nature run: diffusion of order %lld; should be 4 or 8",
                       (long long)s->diffusion_order);
    }
    if (!(s->diffusion_time >= 0) || !isfinite(s->diffusion_time)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "nature run: diffusion time of %g s; should be 0 (none) or positive",
                       s->diffusion_time);
    }
    if (!(s->filter >= 0 && s->filter <= 0.5) ||
        !(s->filter_alpha >= 0.5 && s->filter_alpha <= 1)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "nature run: time filter %g with alpha %g; should be in 0…0.5 and 0.5…1",
                       s->filter, s->filter_alpha);
    }
    if (s->water_cycle && !(s->humidity && s->held_suarez)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "nature run: a water cycle without %s; it needs humidity and the forcing of "
                       "Held and Suarez",
                       s->humidity ? "forcing" : "humidity");
    }
    if ((s->seasonal_cycle || s->land) && !s->held_suarez) {
        return ar_fail(
            err, AR_ERROR_USAGE,
            "nature run: %s without the forcing of Held and Suarez, which it is a part of",
            s->seasonal_cycle ? "a seasonal cycle" : "land");
    }
    if (!(s->orography >= 0 && s->orography <= 3)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "nature run: orography of %g times the mountains; should be from 0 to 3",
                       s->orography);
    }
    return AR_OK;
}

static ar_status create_schemes(ar_nature *nature, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_nature_settings *s = &nature->settings;
    double *diffusion = NULL, *friction = NULL;
    int64_t N = s->truncation;
    AR_TRY(ar_allocate(&diffusion, N + 1, sizeof(double), "diffusion", err));
    AR_TRY(ar_allocate(&friction, s->nlev, sizeof(double), "friction", err));
    for (int64_t n = 0; n <= N && s->diffusion_time > 0; n++) {
        double share = (double)n * (n + 1) / ((double)N * (N + 1));
        diffusion[n] = pow(share, s->diffusion_order / 2.0) / s->diffusion_time;
    }
    if (s->held_suarez) {
        ar_held_suarez_friction(&nature->dynamics.sigma, friction);
    }
    /* A leapfrog step spans two time steps; the first starts from one level and spans one. */
    AR_TRY(ar_semi_implicit_init(&nature->first_step, &nature->dynamics.sigma, N, AR_EARTH_RADIUS,
                                 ar_nature_time_step(nature) / 2, diffusion, friction, err));
    AR_TRY(ar_semi_implicit_init(&nature->leapfrog, &nature->dynamics.sigma, N, AR_EARTH_RADIUS,
                                 ar_nature_time_step(nature), diffusion, friction, err));
cleanup:
    ar_free(diffusion);
    ar_free(friction);
    return status;
}

static ar_status create_forcing(ar_nature *nature, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_nature_settings *s = &nature->settings;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(nature->dynamics.harmonics);
    const ar_forcing_settings settings = {.water_cycle = s->water_cycle,
                                          .seasonal_cycle = s->seasonal_cycle,
                                          .land = s->land,
                                          .interval = 2 * ar_nature_time_step(nature)};
    AR_TRY(ar_forcing_init(&nature->forcing, &settings, s->nlev, grid->nlat, grid->nlon,
                           ar_harmonics_get_colatitude(nature->dynamics.harmonics), err));
    nature->dynamics.forcing = &nature->forcing;
    if (s->water_cycle) {
        AR_TRY(ar_allocate(&nature->precipitation, grid->nlat * grid->nlon, sizeof(double),
                           "precipitation", err));
    }
cleanup:
    return status;
}

/* The mountains in spectral space, the shortest waves damped to 1/e so that they do not ring. */
static ar_status raise_mountains(ar_nature *nature, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics *h = nature->dynamics.harmonics;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(h);
    double *geopotential = nature->dynamics.log_pressure; /* for a moment */
    double complex *spectrum = nature->dynamics.surface_geopotential;
    int64_t N = grid->truncation;
    for (int64_t p = 0; p < grid->nlat * grid->nlon; p++) {
        double latitude = AR_PI / 2 - ar_harmonics_get_colatitude(h)[p / grid->nlon];
        double longitude = 2 * AR_PI * (p % grid->nlon) / grid->nlon;
        geopotential[p] =
            AR_GRAVITY * nature->settings.orography * ar_surface_altitude(latitude, longitude);
    }
    AR_TRY(ar_harmonics_analyse(h, geopotential, spectrum, err));
    for (int64_t m = 0; m <= N; m++) {
        for (int64_t n = m; n <= N; n++) {
            double share = (double)n * (n + 1) / ((double)N * (N + 1));
            spectrum[ar_spectrum_index(N, n, m)] *= exp(-share * share);
        }
    }
cleanup:
    return status;
}

/* At rest and isothermal, in hydrostatic balance over the mountains. */
static ar_status set_rest(ar_nature *nature, ar_error *err)
{
    ar_status status = AR_OK;
    const double temperature = 280;
    ar_spectral_state *now = &nature->now;
    if (nature->settings.orography > 0) {
        AR_TRY(raise_mountains(nature, err));
    }
    for (int64_t c = 0; c < now->count; c++) {
        now->log_pressure[c] =
            -nature->dynamics.surface_geopotential[c] / (AR_GAS_CONSTANT_DRY * temperature);
    }
    now->log_pressure[0] += log(AR_REFERENCE_PRESSURE) * sqrt(4 * AR_PI);
    for (int64_t k = 0; k < now->nlev; k++) {
        now->temperature[k * now->count] = temperature * sqrt(4 * AR_PI);
    }
    AR_TRY(ar_dynamics_mean_pressure(&nature->dynamics, now, &nature->mean_pressure, err));
cleanup:
    return status;
}

ar_status ar_nature_create(ar_nature **nature, const ar_nature_settings *settings, ar_error *err)
{
    ar_status status = AR_OK;
    ar_nature *n = NULL;
    *nature = NULL;
    AR_TRY(check_settings(settings, err));
    AR_TRY(ar_allocate(&n, 1, sizeof *n, "nature run", err));
    n->settings = *settings;
    n->settings.sigma_half = NULL;
    AR_TRY(ar_dynamics_init(&n->dynamics, settings->truncation, settings->nlev,
                            settings->sigma_half, AR_EARTH_RADIUS, AR_EARTH_ROTATION,
                            settings->humidity, err));
    if (settings->held_suarez) {
        AR_TRY(create_forcing(n, err));
    }
    AR_TRY(create_schemes(n, err));
    int64_t count = ar_spectrum_count(settings->truncation);
    ar_spectral_state *states[] = {&n->before, &n->now, &n->after, &n->tendency};
    for (int i = 0; i < 4; i++) {
        AR_TRY(ar_spectral_state_init(states[i], settings->nlev, count, err));
    }
    AR_TRY(set_rest(n, err));
    *nature = n;
    n = NULL;
cleanup:
    ar_nature_destroy(&n);
    return status;
}

void ar_nature_destroy(ar_nature **nature)
{
    ar_nature *n = *nature;
    if (!n) {
        return;
    }
    ar_dynamics_release(&n->dynamics);
    ar_forcing_release(&n->forcing);
    ar_free(n->precipitation);
    ar_semi_implicit_release(&n->first_step);
    ar_semi_implicit_release(&n->leapfrog);
    ar_spectral_state_release(&n->before);
    ar_spectral_state_release(&n->now);
    ar_spectral_state_release(&n->after);
    ar_spectral_state_release(&n->tendency);
    ar_free(n);
    *nature = NULL;
}
