#include "field/wind_differences.h"

#include <math.h>
#include <stdbool.h>

#include "field/constants.h"

static const double radian = AR_PI / 180;

/* A derivative as a sum over three places: Σ factor[k] f[place[k]], of second order for equal
 * spacing. */
typedef struct {
    int64_t place[3];
    double factor[3];
} stencil;

/* Of place i of n with the given step; `around` where the last place is beside the first. */
static stencil difference(int64_t i, int64_t n, double step, bool around)
{
    if (around || (i > 0 && i < n - 1)) {
        return (stencil){{(i + n - 1) % n, i, (i + 1) % n}, {-0.5 / step, 0, 0.5 / step}};
    }
    int64_t inward = i == 0 ? 1 : -1;
    double by = (double)inward / step;
    return (stencil){{i, i + inward, i + 2 * inward}, {-1.5 * by, 2 * by, -0.5 * by}};
}

/* What a row shares: the derivative along the meridian and cos φ at its places. */
typedef struct {
    stencil north;
    double cosine[3], own_cosine;
    double cap; /* at a pole: area over circumference of the cap up to the next row, else 0 */
} row_metric;

static bool is_pole(double latitude)
{
    return fabs(latitude) > 90 - 1e-6;
}

static row_metric metric_of_row(const ar_grid *grid, int64_t i)
{
    row_metric row = {.own_cosine = cos(grid->latitude[i] * radian)};
    /* rows run southward: one row on is a step back in φ */
    row.north = difference(i, grid->nlat, -grid->latitude_step * radian, false);
    for (int k = 0; k < 3; k++) {
        double latitude = grid->latitude[row.north.place[k]];
        row.cosine[k] = is_pole(latitude) ? 0 : cos(latitude * radian);
    }
    if (is_pole(grid->latitude[i])) {
        double beside = grid->latitude[i == 0 ? 1 : i - 1] * radian;
        row.cap = AR_EARTH_RADIUS * (1 - fabs(sin(beside))) / cos(beside);
    }
    return row;
}

/* The mean wind along and out of the circle beside a pole, over the cap's area: the means of ζ and
 * δ in the cap (Stokes, Gauss). */
static void polar_row(const ar_grid *grid, const double *u, const double *v, int64_t i,
                      const row_metric *row, double *vorticity, double *divergence)
{
    bool north = i == 0;
    int64_t nlon = grid->nlon, beside = north ? 1 : i - 1;
    double along = NAN, outward = NAN;
    if (grid->wraps) {
        along = outward = 0;
        for (int64_t j = 0; j < nlon; j++) {
            along += u[beside * nlon + j] / nlon;
            outward -= v[beside * nlon + j] / nlon;
        }
    }
    *vorticity = (north ? along : -along) / row->cap;
    *divergence = (north ? outward : -outward) / row->cap;
}

/* Gradient of f along λ and of f cos φ along φ at one point. */
static void derivatives(const double *f, int64_t nlon, int64_t i, int64_t j, const stencil *east,
                        const row_metric *row, double *by_longitude, double *by_latitude)
{
    *by_longitude = *by_latitude = 0;
    for (int k = 0; k < 3; k++) {
        *by_longitude += east->factor[k] * f[i * nlon + east->place[k]];
        *by_latitude += row->north.factor[k] * row->cosine[k] * f[row->north.place[k] * nlon + j];
    }
}

void ar_wind_differences(const ar_grid *grid, const double *eastward, const double *northward,
                         float *vorticity, float *divergence)
{
    int64_t nlon = grid->nlon;
    for (int64_t i = 0; i < grid->nlat; i++) {
        row_metric row = metric_of_row(grid, i);
        double scale = 1 / (AR_EARTH_RADIUS * row.own_cosine), zeta = 0, delta = 0;
        for (int64_t j = 0; j < nlon; j++) {
            if (row.cap > 0 && j == 0) { /* the same for the whole row */
                polar_row(grid, eastward, northward, i, &row, &zeta, &delta);
            }
            if (row.cap == 0) {
                double u_east, u_north, v_east, v_north;
                stencil east = difference(j, nlon, grid->longitude_step * radian, grid->wraps);
                derivatives(eastward, nlon, i, j, &east, &row, &u_east, &u_north);
                derivatives(northward, nlon, i, j, &east, &row, &v_east, &v_north);
                zeta = scale * (v_east - u_north);
                delta = scale * (u_east + v_north);
            }
            if (vorticity) {
                vorticity[i * nlon + j] = (float)zeta;
            }
            if (divergence) {
                divergence[i * nlon + j] = (float)delta;
            }
        }
    }
}
