#include "nature/dynamics_row.h"

#include <math.h>
#include <string.h>

#include "field/constants.h"
#include "nature/semi_implicit.h"

/* Sums over levels along one row, [nlon] each. With G = v·∇ln ps and D the divergence: */
typedef struct {
    double *divergence_sum, *advection_sum;     /* Σ D Δσ and Σ G Δσ over all levels */
    double *divergence_above, *advection_above; /* the same over the levels above this one */
    double *advection;                          /* G of this level */
    double *below, *above; /* σ̇/(2Δσ) of this level's interfaces, s⁻¹ */
} row_sums;

static row_sums take_scratch(ar_dynamics *d, int64_t i, int64_t nlon)
{
    double *s = d->row_scratch + i * AR_DYNAMICS_ROW_SCRATCH * nlon;
    memset(s, 0, AR_DYNAMICS_ROW_SCRATCH * nlon * sizeof *s);
    return (row_sums){.divergence_sum = s,
                      .advection_sum = s + nlon,
                      .divergence_above = s + 2 * nlon,
                      .advection_above = s + 3 * nlon,
                      .advection = s + 4 * nlon,
                      .below = s + 5 * nlon,
                      .above = s + 6 * nlon};
}

static void sum_levels(const ar_dynamics *d, int64_t first, int64_t plane, int64_t nlon,
                       const double *slope_east, const double *slope_north, row_sums *sums)
{
    for (int64_t k = 0; k < d->sigma.nlev; k++) {
        const double *u = d->eastward + k * plane + first, *v = d->northward + k * plane + first;
        const double *divergence = d->divergence + k * plane + first;
        double thickness = d->sigma.thickness[k];
        for (int64_t j = 0; j < nlon; j++) {
            sums->divergence_sum[j] += thickness * divergence[j];
            sums->advection_sum[j] += thickness * (u[j] * slope_east[j] + v[j] * slope_north[j]);
        }
    }
}

/* σ̇ at the interfaces (Simmons & Burridge eq. 3.11 for σ), over 2Δσ; none at top and ground. */
static void vertical_motion(const ar_sigma *s, int64_t k, int64_t nlon, const double *divergence,
                            row_sums *sums)
{
    double by = 1 / (2 * s->thickness[k]);
    for (int64_t j = 0; j < nlon; j++) {
        double total = sums->divergence_sum[j] + sums->advection_sum[j];
        double before = sums->divergence_above[j] + sums->advection_above[j];
        double after = before + s->thickness[k] * (divergence[j] + sums->advection[j]);
        sums->above[j] = k == 0 ? 0 : by * (s->half[k] * total - before);
        sums->below[j] = k == s->nlev - 1 ? 0 : by * (s->half[k + 1] * total - after);
    }
}

/* σ̇ ∂X/∂σ on a level (eq. 3.17b); x_above and x_below are the levels next to it or, where there is
 * none, the level itself. */
static double vertical_advection(const row_sums *sums, int64_t j, const double *x_above,
                                 const double *x, const double *x_below)
{
    return sums->below[j] * (x_below[j] - x[j]) + sums->above[j] * (x[j] - x_above[j]);
}

static void add(double *sum, const double *term, int64_t count)
{
    for (int64_t j = 0; j < count; j++) {
        sum[j] += term[j];
    }
}

/* Advection of humidity on the level whose row starts at `at`, with the σ̇ that `sums` holds. */
static void carry_humidity(ar_dynamics *d, int64_t at, int64_t up, int64_t down, int64_t nlon,
                           const row_sums *sums)
{
    const double *u = d->eastward + at, *v = d->northward + at, *q = d->humidity + at;
    const double *slope_east = d->moistening_east + at;
    double *moistening = d->moistening_north + at;
    for (int64_t j = 0; j < nlon; j++) {
        moistening[j] = -u[j] * slope_east[j] - v[j] * moistening[j] -
                        vertical_advection(sums, j, q + up, q, q + down);
    }
}

/* The whole level k of row i; A and the energy replace what only this level needs. */
static void level(ar_dynamics *d, int64_t i, int64_t k, const ar_harmonics_settings *grid,
                  const double *slope_east, const double *slope_north, row_sums *sums)
{
    const ar_sigma *s = &d->sigma;
    int64_t nlon = grid->nlon, plane = grid->nlat * nlon, at = k * plane + i * nlon;
    int64_t up = k == 0 ? 0 : -plane, down = k == s->nlev - 1 ? 0 : plane;
    const double *u = d->eastward + at, *v = d->northward + at, *t = d->temperature + at;
    double *vorticity = d->vorticity + at, *divergence = d->divergence + at;
    double *warming_east = d->warming_east + at, *warming_north = d->warming_north + at;
    double coriolis = 2 * d->rotation * cos(ar_harmonics_get_colatitude(d->harmonics)[i]);
    double ratio = s->log_ratio[k] / s->thickness[k], alpha = s->alpha[k];
    for (int64_t j = 0; j < nlon; j++) {
        sums->advection[j] = u[j] * slope_east[j] + v[j] * slope_north[j];
    }
    vertical_motion(s, k, nlon, divergence, sums);
    for (int64_t j = 0; j < nlon; j++) {
        double absolute = vorticity[j] + coriolis, advection = sums->advection[j];
        double push = AR_GAS_CONSTANT_DRY * (t[j] - AR_REFERENCE_TEMPERATURE);
        /* ω/p (eq. 3.18): the part of the divergence, which is linear when times T₀, and the rest.
         */
        double by_divergence = -ratio * sums->divergence_above[j] - alpha * divergence[j];
        double by_advection = -ratio * sums->advection_above[j] + (1 - alpha) * advection;
        double conversion = (t[j] - AR_REFERENCE_TEMPERATURE) * by_divergence + t[j] * by_advection;
        double heating = AR_KAPPA * conversion - u[j] * warming_east[j] - v[j] * warming_north[j] -
                         vertical_advection(sums, j, t + up, t, t + down);
        sums->divergence_above[j] += s->thickness[k] * divergence[j];
        sums->advection_above[j] += s->thickness[k] * advection;
        vorticity[j] = absolute * v[j] - push * slope_east[j] -
                       vertical_advection(sums, j, u + up, u, u + down);
        warming_east[j] = -absolute * u[j] - push * slope_north[j] -
                          vertical_advection(sums, j, v + up, v, v + down);
        warming_north[j] = heating;
        divergence[j] = (u[j] * u[j] + v[j] * v[j]) / 2;
    }
    if (d->humid) {
        carry_humidity(d, at, up, down, nlon, sums);
    }
    if (d->forcing) {
        add(warming_north, d->forcing->heating + at, nlon);
        if (d->forcing->moistening) {
            add(d->moistening_north + at, d->forcing->moistening + at, nlon);
        }
    }
}

void ar_dynamics_find_fault(ar_dynamics *dynamics, int64_t i)
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(dynamics->harmonics);
    const double most = AR_DYNAMICS_FASTEST_WIND * AR_DYNAMICS_FASTEST_WIND;
    dynamics->row_fault[i] = -1;
    for (int64_t k = 0; k < dynamics->sigma.nlev; k++) {
        const double *u = dynamics->eastward + (k * grid->nlat + i) * grid->nlon;
        const double *v = dynamics->northward + (k * grid->nlat + i) * grid->nlon;
        for (int64_t j = 0; j < grid->nlon; j++) {
            if (!(u[j] * u[j] + v[j] * v[j] <= most)) {
                dynamics->row_fault[i] = k * grid->nlon + j;
                return;
            }
        }
    }
}

static void force_row(ar_dynamics *d, double seconds, int64_t i)
{
    const ar_forcing_fields fields = {.temperature = d->temperature,
                                      .humidity = d->humidity,
                                      .eastward = d->eastward,
                                      .northward = d->northward,
                                      .log_pressure = d->log_pressure};
    ar_forcing_row(d->forcing, &d->sigma, seconds, &fields, i);
}

void ar_dynamics_row(ar_dynamics *dynamics, double seconds, bool first_step, int64_t i)
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(dynamics->harmonics);
    int64_t nlon = grid->nlon, plane = grid->nlat * nlon, first = i * nlon;
    double *slope_east = dynamics->pressure_east + first;
    const double *slope_north = dynamics->pressure_north + first;
    row_sums sums = take_scratch(dynamics, i, nlon);
    sum_levels(dynamics, first, plane, nlon, slope_east, slope_north, &sums);
    ar_dynamics_find_fault(dynamics, i);
    if (dynamics->forcing && first_step) {
        force_row(dynamics, seconds, i);
    }
    for (int64_t k = 0; k < dynamics->sigma.nlev; k++) {
        level(dynamics, i, k, grid, slope_east, slope_north, &sums);
    }
    for (int64_t j = 0; j < nlon; j++) {
        slope_east[j] = -sums.advection_sum[j];
    }
    if (dynamics->forcing && !first_step) {
        force_row(dynamics, seconds, i);
    }
}
