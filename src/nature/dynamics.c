#include "nature/dynamics.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "field/constants.h"
#include "field/quadrature.h"
#include "nature/dynamics_row.h"
#include "nature/semi_implicit.h"

/* The smallest number of longitudes, a multiple of 4 of small factors for a fast transform, on
 * which products of two fields are exact: 3N + 1 (Orszag 1970). */
static int64_t quadratic_longitudes(int64_t truncation)
{
    for (int64_t nlon = (3 * truncation + 4) / 4 * 4;; nlon += 4) {
        int64_t rest = nlon;
        for (int64_t factor = 2; factor <= 5; factor++) {
            while (rest % factor == 0) {
                rest /= factor;
            }
        }
        if (rest == 1) {
            return nlon;
        }
    }
}

static ar_status allocate_fields(ar_dynamics *d, int64_t nlat, int64_t nlon, int64_t truncation,
                                 ar_error *err)
{
    ar_status status = AR_OK;
    int64_t plane = nlat * nlon, volume = d->sigma.nlev * plane;
    double **volumes[] = {&d->vorticity, &d->divergence, &d->warming_east, &d->warming_north,
                          &d->eastward,  &d->northward,  &d->temperature};
    double **planes[] = {&d->log_pressure, &d->pressure_east, &d->pressure_north};
    for (size_t i = 0; i < sizeof volumes / sizeof *volumes; i++) {
        AR_TRY(ar_allocate(volumes[i], volume, sizeof(double), "model fields", err));
    }
    for (size_t i = 0; i < sizeof planes / sizeof *planes; i++) {
        AR_TRY(ar_allocate(planes[i], plane, sizeof(double), "model fields", err));
    }
    double **humid[] = {&d->humidity, &d->moistening_east, &d->moistening_north};
    for (size_t i = 0; d->humid && i < sizeof humid / sizeof *humid; i++) {
        AR_TRY(ar_allocate(humid[i], volume, sizeof(double), "model fields", err));
    }
    AR_TRY(ar_allocate(&d->row_scratch, AR_DYNAMICS_ROW_SCRATCH * plane, sizeof(double),
                       "model fields", err));
    AR_TRY(ar_allocate(&d->row_fault, nlat, sizeof *d->row_fault, "model rows", err));
    AR_TRY(ar_allocate(&d->weight, nlat, sizeof(double), "quadrature weights", err));
    AR_TRY(ar_allocate(&d->surface_geopotential, ar_spectrum_count(truncation),
                       sizeof *d->surface_geopotential, "surface geopotential", err));
cleanup:
    return status;
}

ar_status ar_dynamics_init(ar_dynamics *dynamics, int64_t truncation, int64_t nlev,
                           const double *half, double radius, double rotation, bool humid,
                           ar_error *err)
{
    ar_status status = AR_OK;
    double *colatitude = NULL;
    *dynamics = (ar_dynamics){.rotation = rotation, .humid = humid};
    if (truncation < 1 || truncation > 2000) {
        return ar_fail(err, AR_ERROR_USAGE, "truncation %lld; should be from 1 to 2000",
                       (long long)truncation);
    }
    int64_t nlon = quadratic_longitudes(truncation), nlat = nlon / 2;
    AR_TRY(ar_sigma_init(&dynamics->sigma, nlev, half, err));
    ar_harmonics_settings settings = {.rows = AR_HARMONICS_GAUSSIAN,
                                      .nlat = nlat,
                                      .nlon = nlon,
                                      .truncation = truncation,
                                      .radius = radius};
    AR_TRY(ar_harmonics_create(&dynamics->harmonics, &settings, err));
    AR_TRY(allocate_fields(dynamics, nlat, nlon, truncation, err));
    AR_TRY(ar_allocate(&colatitude, nlat, sizeof(double), "colatitudes", err));
    ar_gaussian_quadrature(nlat, colatitude, dynamics->weight);
    for (int64_t i = 0; i < nlat; i++) {
        dynamics->weight[i] /= 2 * nlon;
    }
cleanup:
    ar_free(colatitude);
    return status;
}

void ar_dynamics_release(ar_dynamics *dynamics)
{
    double *fields[] = {
        dynamics->vorticity,      dynamics->divergence,      dynamics->warming_east,
        dynamics->warming_north,  dynamics->eastward,        dynamics->northward,
        dynamics->temperature,    dynamics->log_pressure,    dynamics->pressure_east,
        dynamics->pressure_north, dynamics->row_scratch,     dynamics->weight,
        dynamics->humidity,       dynamics->moistening_east, dynamics->moistening_north};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        ar_free(fields[i]);
    }
    ar_free(dynamics->row_fault);
    ar_free(dynamics->surface_geopotential);
    ar_sigma_release(&dynamics->sigma);
    ar_harmonics_destroy(&dynamics->harmonics);
    *dynamics = (ar_dynamics){0};
}

static ar_status synthesise_level(ar_dynamics *d, const ar_spectral_state *state, int64_t k)
{
    ar_status status = AR_OK;
    const ar_harmonics *h = d->harmonics;
    const ar_harmonics_settings *s = ar_harmonics_get_settings(h);
    int64_t at = k * s->nlat * s->nlon, c = k * state->count;
    AR_TRY(ar_harmonics_synthesise(h, state->vorticity + c, d->vorticity + at, NULL));
    AR_TRY(ar_harmonics_synthesise(h, state->divergence + c, d->divergence + at, NULL));
    AR_TRY(ar_harmonics_synthesise(h, state->temperature + c, d->temperature + at, NULL));
    AR_TRY(ar_harmonics_synthesise_wind(h, state->vorticity + c, state->divergence + c,
                                        d->eastward + at, d->northward + at, NULL));
    AR_TRY(ar_harmonics_synthesise_gradient(h, state->temperature + c, d->warming_east + at,
                                            d->warming_north + at, NULL));
    if (d->humid) {
        AR_TRY(ar_harmonics_synthesise(h, state->humidity + c, d->humidity + at, NULL));
        AR_TRY(ar_harmonics_synthesise_gradient(h, state->humidity + c, d->moistening_east + at,
                                                d->moistening_north + at, NULL));
    }
cleanup:
    return status;
}

static ar_status synthesise_surface(ar_dynamics *d, const ar_spectral_state *state)
{
    ar_status status = AR_OK;
    AR_TRY(ar_harmonics_synthesise(d->harmonics, state->log_pressure, d->log_pressure, NULL));
    AR_TRY(ar_harmonics_synthesise_gradient(d->harmonics, state->log_pressure, d->pressure_east,
                                            d->pressure_north, NULL));
cleanup:
    return status;
}

/* A transform fails for want of memory only. */
static ar_status report_transforms(bool failed, ar_error *err)
{
    return failed ? ar_fail(err, AR_ERROR_MEMORY, "not enough memory for a spectral transform")
                  : AR_OK;
}

static ar_status synthesise(ar_dynamics *d, const ar_spectral_state *state, ar_error *err)
{
    bool failed = false;
#pragma omp parallel for schedule(dynamic) reduction(|| : failed)
    for (int64_t k = -1; k < state->nlev; k++) {
        ar_status status = k < 0 ? synthesise_surface(d, state) : synthesise_level(d, state, k);
        failed = failed || status != AR_OK;
    }
    return report_transforms(failed, err);
}

/* Tendencies of one level from what dynamics_row.c has left on the grid: the vector A, whose curl
 * and divergence they are, in vorticity (eastward) and warming_east (northward), the kinetic energy
 * in divergence, the heating in warming_north, the moistening in moistening_north. */
static ar_status analyse_level(ar_dynamics *d, ar_spectral_state *tendency, int64_t k)
{
    ar_status status = AR_OK;
    const ar_harmonics *h = d->harmonics;
    const ar_harmonics_settings *s = ar_harmonics_get_settings(h);
    int64_t at = k * s->nlat * s->nlon, c = k * tendency->count;
    double complex *energy = tendency->temperature + c; /* for a moment */
    AR_TRY(ar_harmonics_analyse_wind(h, d->vorticity + at, d->warming_east + at,
                                     tendency->vorticity + c, tendency->divergence + c, NULL));
    AR_TRY(ar_harmonics_analyse(h, d->divergence + at, energy, NULL));
    for (int64_t i = 0; i < tendency->count; i++) {
        energy[i] += d->surface_geopotential[i];
    }
    ar_spectrum_laplacian(s->truncation, s->radius, energy, energy);
    for (int64_t i = 0; i < tendency->count; i++) {
        tendency->divergence[c + i] -= energy[i];
    }
    AR_TRY(ar_harmonics_analyse(h, d->warming_north + at, tendency->temperature + c, NULL));
    if (d->humid) {
        AR_TRY(ar_harmonics_analyse(h, d->moistening_north + at, tendency->humidity + c, NULL));
    }
cleanup:
    return status;
}

static ar_status analyse(ar_dynamics *d, ar_spectral_state *tendency, ar_error *err)
{
    bool failed = false;
#pragma omp parallel for schedule(dynamic) reduction(|| : failed)
    for (int64_t k = -1; k < tendency->nlev; k++) {
        /* dynamics_row.c leaves the tendency of ln ps in its eastward gradient. */
        ar_status status = k < 0 ? ar_harmonics_analyse(d->harmonics, d->pressure_east,
                                                        tendency->log_pressure, NULL)
                                 : analyse_level(d, tendency, k);
        failed = failed || status != AR_OK;
    }
    return report_transforms(failed, err);
}

static ar_status report_fault(const ar_dynamics *d, ar_error *err)
{
    const ar_harmonics_settings *s = ar_harmonics_get_settings(d->harmonics);
    for (int64_t i = 0; i < s->nlat; i++) {
        int64_t fault = d->row_fault[i];
        if (fault < 0) {
            continue;
        }
        int64_t k = fault / s->nlon, j = fault % s->nlon;
        int64_t p = (k * s->nlat + i) * s->nlon + j;
        return ar_fail(err, AR_ERROR_NUMERIC,
                       "wind of %.4g m/s eastward, %.4g m/s northward at sigma %.3f, latitude "
                       "%.1f, longitude %.1f; should be below %g m/s: a shorter time step or "
                       "stronger diffusion may help",
                       d->eastward[p], d->northward[p], d->sigma.full[k],
                       90 - ar_harmonics_get_colatitude(d->harmonics)[i] * 180 / AR_PI,
                       360.0 * j / s->nlon, AR_DYNAMICS_FASTEST_WIND);
    }
    return AR_OK;
}

ar_status ar_dynamics_check_wind(ar_dynamics *dynamics, const ar_spectral_state *state,
                                 ar_error *err)
{
    const ar_harmonics_settings *s = ar_harmonics_get_settings(dynamics->harmonics);
    bool failed = false;
#pragma omp parallel for schedule(dynamic) reduction(|| : failed)
    for (int64_t k = 0; k < state->nlev; k++) {
        int64_t at = k * s->nlat * s->nlon, c = k * state->count;
        failed = failed || ar_harmonics_synthesise_wind(
                               dynamics->harmonics, state->vorticity + c, state->divergence + c,
                               dynamics->eastward + at, dynamics->northward + at, NULL) != AR_OK;
    }
    ar_status status = report_transforms(failed, err);
    for (int64_t i = 0; status == AR_OK && i < s->nlat; i++) {
        ar_dynamics_find_fault(dynamics, i);
    }
    return status == AR_OK ? report_fault(dynamics, err) : status;
}

ar_status ar_dynamics_tendency(ar_dynamics *dynamics, const ar_spectral_state *state,
                               double seconds, bool first, ar_spectral_state *tendency,
                               ar_error *err)
{
    ar_status status = AR_OK;
    int64_t nlat = ar_harmonics_get_settings(dynamics->harmonics)->nlat;
    AR_TRY(synthesise(dynamics, state, err));
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < nlat; i++) {
        ar_dynamics_row(dynamics, seconds, first, i);
    }
    AR_TRY(report_fault(dynamics, err));
    AR_TRY(analyse(dynamics, tendency, err));
cleanup:
    return status;
}

ar_status ar_dynamics_mean_pressure(ar_dynamics *dynamics, const ar_spectral_state *state,
                                    double *pressure, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *s = ar_harmonics_get_settings(dynamics->harmonics);
    double sum = 0;
    AR_TRY(ar_harmonics_synthesise(dynamics->harmonics, state->log_pressure, dynamics->log_pressure,
                                   err));
    for (int64_t i = 0; i < s->nlat; i++) {
        double row = 0;
        for (int64_t j = 0; j < s->nlon; j++) {
            row += exp(dynamics->log_pressure[i * s->nlon + j]);
        }
        sum += dynamics->weight[i] * row;
    }
    *pressure = sum;
cleanup:
    return status;
}

ar_status ar_dynamics_mean_energy(ar_dynamics *dynamics, const ar_spectral_state *state,
                                  double *energy, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *s = ar_harmonics_get_settings(dynamics->harmonics);
    int64_t plane = s->nlat * s->nlon;
    double *surface = dynamics->pressure_east;
    double sum = 0;
    AR_TRY(synthesise(dynamics, state, err));
    AR_TRY(
        ar_harmonics_synthesise(dynamics->harmonics, dynamics->surface_geopotential, surface, err));
    for (int64_t k = 0; k < state->nlev; k++) {
        for (int64_t p = 0; p < plane; p++) {
            double u = dynamics->eastward[k * plane + p], v = dynamics->northward[k * plane + p];
            double heat = AR_HEAT_CAPACITY_DRY * dynamics->temperature[k * plane + p];
            sum += dynamics->weight[p / s->nlon] * dynamics->sigma.thickness[k] *
                   exp(dynamics->log_pressure[p]) * ((u * u + v * v) / 2 + heat + surface[p]);
        }
    }
    *energy = sum / AR_GRAVITY;
cleanup:
    return status;
}
