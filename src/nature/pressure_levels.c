#include "nature/pressure_levels.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "field/constants.h"

ar_status ar_pressure_levels_init(ar_pressure_levels *output, const ar_nature *nature, int64_t nlon,
                                  const double *levels, int64_t level_count, ar_error *err)
{
    ar_status status = AR_OK;
    const char *what = "output fields";
    int64_t nlev = ar_nature_get_sigma(nature)->nlev, plane = (nlon / 2 + 1) * nlon;
    *output = (ar_pressure_levels){.level_count = level_count};
    for (int64_t l = 0; l < level_count; l++) {
        if (!(levels[l] > 0) || !isfinite(levels[l])) {
            return ar_fail(err, AR_ERROR_USAGE, "pressure level of %g hPa; should be positive",
                           levels[l] / 100);
        }
    }
    const ar_harmonics_settings *model = ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    ar_harmonics_settings settings = {.rows = AR_HARMONICS_REGULAR,
                                      .nlat = nlon / 2 + 1,
                                      .nlon = nlon,
                                      .truncation = model->truncation,
                                      .radius = model->radius};
    AR_TRY(ar_harmonics_create(&output->grid, &settings, err));
    AR_TRY(ar_allocate(&output->levels, level_count, sizeof(double), what, err));
    memcpy(output->levels, levels, level_count * sizeof(double));
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        AR_TRY(ar_allocate(&output->model[v], nlev * plane, sizeof(double), what, err));
        AR_TRY(ar_allocate(&output->values[v], level_count * plane, sizeof(float), what, err));
    }
    AR_TRY(ar_allocate(&output->log_pressure, plane, sizeof(double), what, err));
    AR_TRY(ar_allocate(&output->slope_east, plane, sizeof(double), what, err));
    AR_TRY(ar_allocate(&output->slope_north, plane, sizeof(double), what, err));
    AR_TRY(ar_allocate(&output->ground, plane, sizeof(double), what, err));
    AR_TRY(ar_allocate(&output->surface_pressure, plane, sizeof(float), what, err));
cleanup:
    return status;
}

void ar_pressure_levels_release(ar_pressure_levels *output)
{
    ar_harmonics_destroy(&output->grid);
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        ar_free(output->model[v]);
        ar_free(output->values[v]);
    }
    ar_free(output->levels);
    ar_free(output->log_pressure);
    ar_free(output->slope_east);
    ar_free(output->slope_north);
    ar_free(output->ground);
    ar_free(output->surface_pressure);
    *output = (ar_pressure_levels){0};
}

static ar_status synthesise_level(ar_pressure_levels *o, const ar_spectral_state *s, int64_t k)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(o->grid);
    int64_t c = k * s->count, at = k * grid->nlat * grid->nlon;
    AR_TRY(ar_harmonics_synthesise(o->grid, s->vorticity + c, o->model[AR_NATURE_VORTICITY] + at,
                                   NULL));
    AR_TRY(ar_harmonics_synthesise(o->grid, s->divergence + c, o->model[AR_NATURE_DIVERGENCE] + at,
                                   NULL));
    AR_TRY(ar_harmonics_synthesise(o->grid, s->temperature + c,
                                   o->model[AR_NATURE_AIR_TEMPERATURE] + at, NULL));
    AR_TRY(ar_harmonics_synthesise_wind(o->grid, s->vorticity + c, s->divergence + c,
                                        o->model[AR_NATURE_EASTWARD_WIND] + at,
                                        o->model[AR_NATURE_NORTHWARD_WIND] + at, NULL));
cleanup:
    return status;
}

static ar_status synthesise(ar_pressure_levels *o, const ar_nature *nature, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_spectral_state *s = ar_nature_get_state(nature);
    bool failed = false;
#pragma omp parallel for schedule(dynamic) reduction(|| : failed)
    for (int64_t k = 0; k < s->nlev; k++) {
        failed = failed || synthesise_level(o, s, k) != AR_OK;
    }
    if (failed) {
        return ar_fail(err, AR_ERROR_MEMORY, "not enough memory for a spectral transform");
    }
    AR_TRY(ar_harmonics_synthesise(o->grid, s->log_pressure, o->log_pressure, err));
    AR_TRY(ar_harmonics_synthesise_gradient(o->grid, s->log_pressure, o->slope_east, o->slope_north,
                                            err));
    AR_TRY(ar_harmonics_synthesise(o->grid, ar_nature_get_surface_geopotential(nature), o->ground,
                                   err));
cleanup:
    return status;
}

/* Geopotential upward from the ground (Simmons & Burridge 1981, eqs. 3.5 and 3.6) and ω = p ×
 * (3.18) downward from the top, in the column at point p. */
static void integrate_column(ar_pressure_levels *o, const ar_sigma *sigma, int64_t p, int64_t plane)
{
    const double *t = o->model[AR_NATURE_AIR_TEMPERATURE];
    double *geopotential = o->model[AR_NATURE_GEOPOTENTIAL];
    double *tendency = o->model[AR_NATURE_PRESSURE_TENDENCY];
    double below = o->ground[p], above = 0, pressure = exp(o->log_pressure[p]);
    for (int64_t k = sigma->nlev - 1; k >= 0; k--) {
        int64_t i = k * plane + p;
        geopotential[i] = below + AR_GAS_CONSTANT_DRY * t[i] * sigma->alpha[k];
        below += AR_GAS_CONSTANT_DRY * t[i] * sigma->log_ratio[k];
    }
    for (int64_t k = 0; k < sigma->nlev; k++) {
        int64_t i = k * plane + p;
        double advection = o->model[AR_NATURE_EASTWARD_WIND][i] * o->slope_east[p] +
                           o->model[AR_NATURE_NORTHWARD_WIND][i] * o->slope_north[p];
        double here = o->model[AR_NATURE_DIVERGENCE][i] + advection;
        double relative =
            advection - sigma->log_ratio[k] / sigma->thickness[k] * above - sigma->alpha[k] * here;
        above += sigma->thickness[k] * here;
        tendency[i] = sigma->full[k] * pressure * relative;
    }
}

/* The model levels upper and upper + 1 around σ, and the share of the lower one; both are the
 * outermost level beyond it. */
static int64_t find_level(const ar_sigma *sigma, double log_sigma, double *share)
{
    int64_t upper = 0;
    while (upper < sigma->nlev - 1 && sigma->log_full[upper + 1] < log_sigma) {
        upper++;
    }
    *share = 0;
    if (upper < sigma->nlev - 1) {
        double from = sigma->log_full[upper], to = sigma->log_full[upper + 1];
        *share = fmax(0, (log_sigma - from) / (to - from));
    }
    return upper;
}

static void interpolate_column(ar_pressure_levels *o, const ar_sigma *sigma, int64_t p,
                               int64_t plane)
{
    for (int64_t l = 0; l < o->level_count; l++) {
        double share, log_sigma = log(o->levels[l]) - o->log_pressure[p];
        int64_t upper = find_level(sigma, log_sigma, &share);
        int64_t a = upper * plane + p, b = share > 0 ? a + plane : a;
        for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
            const double *x = o->model[v];
            o->values[v][l * plane + p] = (float)((1 - share) * x[a] + share * x[b]);
        }
        double beyond = sigma->log_full[upper] - log_sigma;
        if (share == 0) {
            o->values[AR_NATURE_GEOPOTENTIAL][l * plane + p] +=
                (float)(AR_GAS_CONSTANT_DRY * o->model[AR_NATURE_AIR_TEMPERATURE][a] * beyond);
        }
    }
}

ar_status ar_pressure_levels_sample(ar_pressure_levels *output, const ar_nature *nature,
                                    ar_error *err)
{
    const ar_sigma *sigma = ar_nature_get_sigma(nature);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(output->grid);
    int64_t plane = grid->nlat * grid->nlon;
    ar_status status = synthesise(output, nature, err);
    if (status != AR_OK) {
        return status;
    }
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < plane; p++) {
        integrate_column(output, sigma, p, plane);
        interpolate_column(output, sigma, p, plane);
        output->surface_pressure[p] = (float)exp(output->log_pressure[p]);
    }
    return AR_OK;
}
