#include "io/grib_grid.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* Half of the last digit of edition 1, and a little more; degrees. */
static const double same_degrees = 6e-4;
/* 100 km to 10 m between points; beyond it the numbers are damaged. */
enum { POINTS_MAX = 4000000, GAUSSIAN_MAX = 20000 };

/* All parallels from the north, each from Greenwich eastward? */
static bool is_whole_globe(const ar_grib_grid *grid)
{
    return grid->nlat == 2 * grid->gaussian && grid->first_latitude > 0 &&
           fabs(grid->first_latitude + grid->last_latitude) < 1e-2 &&
           fabs(grid->first_longitude) < 1e-2 && !grid->westward && !grid->northward &&
           !grid->meridian_by_meridian && !grid->alternating;
}

ar_grib_grid_kind ar_grib_grid_find_kind(const ar_grib_grid *grid)
{
    if (strcmp(grid->type, "regular_ll") == 0 || strcmp(grid->type, "regular_gg") == 0) {
        return AR_GRIB_REGULAR;
    }
    if (strcmp(grid->type, "reduced_gg") == 0 && is_whole_globe(grid)) {
        return AR_GRIB_REDUCED;
    }
    if (strcmp(grid->type, "sh") == 0 && grid->truncation >= 0) {
        return AR_GRIB_SPECTRUM;
    }
    return AR_GRIB_UNREADABLE;
}

static bool same_place(double a, double b)
{
    return fabs(a - b) <= same_degrees;
}

bool ar_grib_grid_equal(const ar_grib_grid *a, const ar_grib_grid *b)
{
    if (strcmp(a->type, b->type) != 0) {
        return false;
    }
    if (ar_grib_grid_find_kind(a) != AR_GRIB_REGULAR) {
        return strcmp(a->hash, b->hash) == 0;
    }
    return a->nlon == b->nlon && a->nlat == b->nlat && a->gaussian == b->gaussian &&
           same_place(a->first_latitude, b->first_latitude) &&
           same_place(a->last_latitude, b->last_latitude) &&
           same_place(a->first_longitude, b->first_longitude) &&
           same_place(a->last_longitude, b->last_longitude) && a->westward == b->westward &&
           a->meridian_by_meridian == b->meridian_by_meridian && a->alternating == b->alternating;
}

ar_status ar_grib_grid_check(const ar_grib_grid *grid, ar_error *err)
{
    const ar_grib_grid_kind kind = ar_grib_grid_find_kind(grid);
    if (kind != AR_GRIB_REGULAR) {
        if (grid->gaussian > GAUSSIAN_MAX || grid->truncation > GAUSSIAN_MAX) {
            return ar_fail(err, AR_ERROR_INPUT, "a grid of type %s with %lld values cannot be",
                           grid->type, (long long)grid->value_count);
        }
        return AR_OK;
    }
    if (grid->nlon < 1 || grid->nlat < 1 || grid->nlon > POINTS_MAX || grid->nlat > POINTS_MAX ||
        grid->gaussian > GAUSSIAN_MAX || grid->value_count != grid->nlon * grid->nlat) {
        return ar_fail(err, AR_ERROR_INPUT, "a grid of %lld x %lld with %lld points cannot be",
                       (long long)grid->nlat, (long long)grid->nlon, (long long)grid->value_count);
    }
    if (!isfinite(grid->first_latitude) || !isfinite(grid->last_latitude) ||
        !isfinite(grid->first_longitude) || !isfinite(grid->last_longitude)) {
        return ar_fail(err, AR_ERROR_INPUT, "a grid without corners cannot be");
    }
    return AR_OK;
}

ar_status ar_grib_grid_check_rows(const ar_grib_grid *grid, const int64_t *row_points,
                                  ar_error *err)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < grid->nlat; i++) {
        if (row_points[i] < 1 || row_points[i] > POINTS_MAX) {
            return ar_fail(err, AR_ERROR_INPUT, "a parallel of %lld points cannot be",
                           (long long)row_points[i]);
        }
        sum += row_points[i];
    }
    if (sum != grid->value_count) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "its parallels have %lld points, and its values are %lld", (long long)sum,
                       (long long)grid->value_count);
    }
    return AR_OK;
}

/* The first of nlat Gaussian latitudes, which may be those of a region, in the order that the grid
 * has them. */
static ar_status pick_gaussian(const ar_grib_grid *grid, double *latitudes, ar_error *err)
{
    double *all = NULL;
    const int64_t count = 2 * grid->gaussian;
    const bool northward = grid->first_latitude < grid->last_latitude;
    ar_status status;
    AR_TRY(ar_allocate(&all, (size_t)count, sizeof *all, "latitudes", err));
    AR_TRY(ar_grib_gaussian_latitudes(all, grid->gaussian, err));
    int64_t first = 0;
    for (int64_t i = 0; i < count; i++) {
        if (fabs(all[i] - grid->first_latitude) < fabs(all[first] - grid->first_latitude)) {
            first = i;
        }
    }
    const int64_t last = first + (northward ? 1 - grid->nlat : grid->nlat - 1);
    if (last < 0 || last >= count) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%lld latitudes from %g on are not those of a Gaussian grid N%lld",
                         (long long)grid->nlat, grid->first_latitude, (long long)grid->gaussian);
        goto cleanup;
    }
    for (int64_t i = 0; i < grid->nlat; i++) {
        latitudes[i] = all[northward ? first - i : first + i];
    }
cleanup:
    ar_free(all);
    return status;
}

ar_status ar_grib_grid_latitudes(const ar_grib_grid *grid, double *latitudes, ar_error *err)
{
    if (grid->gaussian > 0) {
        return pick_gaussian(grid, latitudes, err);
    }
    const double range = grid->last_latitude - grid->first_latitude;
    for (int64_t i = 0; i < grid->nlat; i++) {
        latitudes[i] = grid->first_latitude +
                       (grid->nlat > 1 ? range * (double)i / (double)(grid->nlat - 1) : 0);
    }
    return AR_OK;
}

/* From the first to the last meridian the way that they are scanned; where both are the same the
 * whole circle is between them. */
ar_status ar_grib_grid_longitudes(const ar_grib_grid *grid, double *longitudes, ar_error *err)
{
    const double sign = grid->westward ? -1 : 1;
    double range = fmod(sign * (grid->last_longitude - grid->first_longitude), 360);
    range = range < 0 ? range + 360 : range;
    if (grid->nlon > 1 && range < same_degrees) {
        range = 360;
    }
    if (grid->nlon > 1 && range / (double)(grid->nlon - 1) < 1e-6) {
        return ar_fail(err, AR_ERROR_INPUT, "%lld longitudes within %g degrees cannot be",
                       (long long)grid->nlon, range);
    }
    for (int64_t i = 0; i < grid->nlon; i++) {
        longitudes[i] = grid->first_longitude +
                        (grid->nlon > 1 ? sign * range * (double)i / (double)(grid->nlon - 1) : 0);
    }
    return AR_OK;
}

void ar_grib_grid_arrange(const ar_grib_grid *grid, const double *file_values, double *values)
{
    const bool by_meridian = grid->meridian_by_meridian;
    const int64_t lines = by_meridian ? grid->nlon : grid->nlat;
    const int64_t points = by_meridian ? grid->nlat : grid->nlon;
    const int64_t line_stride = by_meridian ? 1 : grid->nlon;
    const int64_t point_stride = by_meridian ? grid->nlon : 1;
    for (int64_t line = 0; line < lines; line++) {
        const bool backward = grid->alternating && line % 2 == 1;
        for (int64_t point = 0; point < points; point++) {
            const int64_t place = backward ? points - 1 - point : point;
            values[line * line_stride + place * point_stride] = file_values[line * points + point];
        }
    }
}
