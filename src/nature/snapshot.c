#include "nature/snapshot.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "field/constants.h"

/* ---- grid and levels ------------------------------------------------------------------------- */

static ar_status create_grid(ar_snapshot *s, const ar_nature *nature,
                             const ar_nature_output_options *options, ar_error *err)
{
    ar_harmonics_settings settings = *ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    if (options->grid == AR_NATURE_GRID_REGULAR) {
        settings.rows = AR_HARMONICS_REGULAR;
        settings.nlon = options->longitudes != 0 ? options->longitudes : settings.nlon;
        settings.nlat = settings.nlon / 2 + 1;
    } else if (options->longitudes != 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%lld longitudes on the Gaussian grid; they can be chosen on the regular "
                       "grid only",
                       (long long)options->longitudes);
    }
    return ar_harmonics_create(&s->grid, &settings, err);
}

static ar_status check_level(const ar_nature_output_options *options, int64_t l, ar_error *err)
{
    bool pressure = options->level_kind == AR_NATURE_PRESSURE_LEVELS;
    const double *levels = options->levels;
    if (!(levels[l] > 0) || !isfinite(levels[l]) || (!pressure && levels[l] > 1)) {
        return ar_fail(err, AR_ERROR_USAGE, "%s level of %g%s; should be %s",
                       pressure ? "pressure" : "sigma", levels[l], pressure ? " hPa" : "",
                       pressure ? "positive" : "above 0 and at most 1");
    }
    bool rising = l > 0 && levels[1] > levels[0];
    if (l > 0 && (rising ? levels[l] <= levels[l - 1] : levels[l] >= levels[l - 1])) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s level of %g after %g; levels should all rise or all fall",
                       pressure ? "pressure" : "sigma", levels[l], levels[l - 1]);
    }
    return AR_OK;
}

static ar_status set_levels(ar_snapshot *s, const ar_nature *nature,
                            const ar_nature_output_options *options, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_sigma *sigma = ar_nature_get_sigma(nature);
    bool own = options->level_kind == AR_NATURE_MODEL_LEVELS;
    s->level_kind = options->level_kind;
    s->level_count = own ? sigma->nlev : options->level_count;
    if (s->level_count < 1) {
        return ar_fail(err, AR_ERROR_USAGE, "no levels to write; should be one at least");
    }
    AR_TRY(ar_allocate(&s->levels, s->level_count, sizeof *s->levels, "levels", err));
    for (int64_t l = 0; l < s->level_count; l++) {
        if (!own) {
            AR_TRY(check_level(options, l, err));
        }
        double to_pascal = options->level_kind == AR_NATURE_PRESSURE_LEVELS ? 100 : 1;
        s->levels[l] = own ? sigma->full[l] : to_pascal * options->levels[l];
    }
cleanup:
    return status;
}

static bool is_there(const ar_nature_settings *settings, ar_nature_variable v)
{
    switch (v) {
    case AR_NATURE_SPECIFIC_HUMIDITY:
        return settings->humidity;
    case AR_NATURE_PRECIPITATION_FLUX:
        return settings->water_cycle;
    case AR_NATURE_SURFACE_ALTITUDE:
        return settings->orography > 0;
    case AR_NATURE_LAND_AREA_FRACTION:
        return settings->land;
    default:
        return true;
    }
}

ar_status ar_snapshot_init(ar_snapshot *snapshot, const ar_nature *nature,
                           const ar_nature_output_options *options, ar_error *err)
{
    ar_status status = AR_OK;
    const char *what = "output fields";
    int64_t nlev = ar_nature_get_sigma(nature)->nlev;
    *snapshot = (ar_snapshot){0};
    AR_TRY(create_grid(snapshot, nature, options, err));
    AR_TRY(set_levels(snapshot, nature, options, err));
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(snapshot->grid);
    int64_t plane = grid->nlat * grid->nlon;
    double **planes[] = {&snapshot->log_pressure, &snapshot->slope_east, &snapshot->slope_north,
                         &snapshot->ground};
    for (size_t i = 0; i < sizeof planes / sizeof *planes; i++) {
        AR_TRY(ar_allocate(planes[i], plane, sizeof(double), what, err));
    }
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        bool levels = v < AR_NATURE_LEVEL_VARIABLES;
        if (!is_there(ar_nature_get_settings(nature), v)) {
            continue;
        }
        int64_t count = levels ? snapshot->level_count * plane : plane;
        AR_TRY(ar_allocate(&snapshot->values[v], count, sizeof(float), what, err));
        if (levels) {
            AR_TRY(ar_allocate(&snapshot->model[v], nlev * plane, sizeof(double), what, err));
        }
    }
    AR_TRY(ar_snapshot_set_ground(snapshot, nature, err));
cleanup:
    return status;
}

void ar_snapshot_release(ar_snapshot *snapshot)
{
    ar_harmonics_destroy(&snapshot->grid);
    for (int v = 0; v < AR_NATURE_LEVEL_VARIABLES; v++) {
        ar_free(snapshot->model[v]);
    }
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        ar_free(snapshot->values[v]);
    }
    ar_free(snapshot->levels);
    ar_free(snapshot->log_pressure);
    ar_free(snapshot->slope_east);
    ar_free(snapshot->slope_north);
    ar_free(snapshot->ground);
    ar_free(snapshot->rain);
    *snapshot = (ar_snapshot){0};
}

/* ---- on the model's levels ------------------------------------------------------------------- */

static ar_status synthesise_level(ar_snapshot *o, const ar_spectral_state *s, int64_t k)
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
    if (o->model[AR_NATURE_SPECIFIC_HUMIDITY]) {
        AR_TRY(ar_harmonics_synthesise(o->grid, s->humidity + c,
                                       o->model[AR_NATURE_SPECIFIC_HUMIDITY] + at, NULL));
    }
cleanup:
    return status;
}

static ar_status synthesise(ar_snapshot *o, const ar_nature *nature, ar_error *err)
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
cleanup:
    return status;
}

/* Geopotential upward from the ground (Simmons & Burridge 1981, eqs. 3.5 and 3.6), and ω from the
 * continuity equation that the model steps, downward from the top: ω = p v·∇ln ps − ps ∫ (D +
 * v·∇ln ps) dσ. (Their κTω/p, eq. 3.18, conserves energy, but is no ω at the top level.) In the
 * column at point p. */
static void integrate_column(ar_snapshot *o, const ar_sigma *sigma, int64_t p, int64_t plane)
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
        double inside = sigma->full[k] - sigma->half[k];
        tendency[i] = pressure * (sigma->full[k] * advection - above - inside * here);
        above += sigma->thickness[k] * here;
    }
}

/* ---- on the chosen levels -------------------------------------------------------------------- */

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

static void interpolate_column(ar_snapshot *s, const ar_sigma *sigma, int64_t p, int64_t plane)
{
    double above_sigma = s->level_kind == AR_NATURE_PRESSURE_LEVELS ? s->log_pressure[p] : 0;
    for (int64_t l = 0; l < s->level_count; l++) {
        double share, log_sigma = log(s->levels[l]) - above_sigma;
        int64_t upper = find_level(sigma, log_sigma, &share);
        int64_t a = upper * plane + p, b = share > 0 ? a + plane : a;
        for (int v = 0; v < AR_NATURE_LEVEL_VARIABLES; v++) {
            const double *x = s->model[v];
            if (x) {
                s->values[v][l * plane + p] = (float)((1 - share) * x[a] + share * x[b]);
            }
        }
        float *humidity = s->values[AR_NATURE_SPECIFIC_HUMIDITY];
        if (humidity && humidity[l * plane + p] < 0) {
            humidity[l * plane + p] = 0;
        }
        double beyond = sigma->log_full[upper] - log_sigma;
        if (share == 0) {
            s->values[AR_NATURE_GEOPOTENTIAL][l * plane + p] +=
                (float)(AR_GAS_CONSTANT_DRY * s->model[AR_NATURE_AIR_TEMPERATURE][a] * beyond);
        }
    }
}

ar_status ar_snapshot_take(ar_snapshot *snapshot, const ar_nature *nature, ar_error *err)
{
    const ar_sigma *sigma = ar_nature_get_sigma(nature);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(snapshot->grid);
    int64_t plane = grid->nlat * grid->nlon;
    ar_status status = synthesise(snapshot, nature, err);
    if (status != AR_OK) {
        return status;
    }
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < plane; p++) {
        integrate_column(snapshot, sigma, p, plane);
        interpolate_column(snapshot, sigma, p, plane);
        snapshot->values[AR_NATURE_SURFACE_PRESSURE][p] = (float)exp(snapshot->log_pressure[p]);
    }
    return AR_OK;
}
