#include "field/grid.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* Largest departure from regular spacing, and largest difference of equal grids, in steps. */
static const double regular_tolerance = 0.01;
static const double equal_tolerance = 1e-4;

static ar_status check_numbers(const char *name, const double *values, int64_t count,
                               const char *where, ar_error *err)
{
    if (count < 1) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: there is no %s", where, name);
    }
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: %s[%lld] is %g; a number would be right",
                           where, name, (long long)i, values[i]);
        }
    }
    return AR_OK;
}

/* Check that values are all different and rise or fall; *step is their mean distance, signed, 0 for
 * a single value. */
static ar_status find_step(const char *name, const double *values, int64_t count, double *step,
                           const char *where, ar_error *err)
{
    *step = count > 1 ? (values[count - 1] - values[0]) / (double)(count - 1) : 0;
    for (int64_t i = 1; i < count; i++) {
        if (values[i] == values[i - 1]) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: %s[%lld] and [%lld] are both %g", where, name,
                           (long long)(i - 1), (long long)i, values[i]);
        }
        if ((values[i] - values[i - 1]) * *step <= 0) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: %s goes from %g to %g at [%lld], and from %g to %g in all", where,
                           name, values[i - 1], values[i], (long long)i, values[0],
                           values[count - 1]);
        }
    }
    return AR_OK;
}

/* Check that values, which start at values[0] and are already unwrapped, are regular. */
static ar_status check_regular(const char *name, const double *values, int64_t count,
                               const char *where, ar_error *err)
{
    const double mean_step = count > 1 ? (values[count - 1] - values[0]) / (double)(count - 1) : 0;
    for (int64_t i = 1; i < count; i++) {
        double expected = values[0] + mean_step * (double)i;
        if (!(fabs(values[i] - expected) <= regular_tolerance * fabs(mean_step))) {
            return ar_fail(
                err, AR_ERROR_INPUT,
                "%s: %s is not regular: [%lld] is %.6g, %.6g would be right for the step "
                "of %.6g (data.grid brings a Gaussian grid to a regular one)",
                where, name, (long long)i, values[i], expected, mean_step);
        }
    }
    return AR_OK;
}

static ar_status make_latitude(ar_grid *grid, ar_grid_order *order, const double *latitude,
                               int64_t nlat, const char *where, ar_error *err)
{
    ar_status status = check_numbers("latitude", latitude, nlat, where, err);
    if (status != AR_OK) {
        return status;
    }
    for (int64_t i = 0; i < nlat; i++) {
        /* single-precision coordinates may miss the pole by a little */
        if (fabs(latitude[i]) > 90 + 1e-4) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: latitude[%lld] is %g; -90 to 90 degrees would be right", where,
                           (long long)i, latitude[i]);
        }
    }
    double step;
    status = find_step("latitude", latitude, nlat, &step, where, err);
    if (status != AR_OK) {
        return status;
    }
    status = ar_allocate(&grid->latitude, (size_t)nlat, sizeof(double), "latitudes", err);
    if (status != AR_OK) {
        return status;
    }
    order->latitude_reversed = step > 0;
    for (int64_t i = 0; i < nlat; i++) {
        double value = latitude[order->latitude_reversed ? nlat - 1 - i : i];
        grid->latitude[i] = fmax(-90, fmin(90, value));
    }
    grid->nlat = nlat;
    grid->latitude_step = fabs(step);
    return AR_OK;
}

/* Is the whole circle covered, and is the last meridian the first one again? */
static ar_status find_extent(int64_t nlon, double step, bool *wraps, bool *repeats,
                             const char *where, ar_error *err)
{
    double tolerance = regular_tolerance * step;
    double covered = step * (double)nlon;
    *wraps = nlon > 1 && fabs(covered - 360) <= tolerance;
    *repeats = nlon > 2 && fabs(covered - step - 360) <= tolerance;
    if (!*wraps && !*repeats && covered > 360 + tolerance) {
        return ar_fail(
            err, AR_ERROR_INPUT,
            "%s: %lld longitudes with a step of %g degrees go around the globe more than "
            "once",
            where, (long long)nlon, step);
    }
    *wraps = *wraps || *repeats;
    return AR_OK;
}

/* In [0, 360); what rounding put just below 360 is 0. */
static double circle_position(double longitude, double step)
{
    double position = fmod(longitude, 360);
    position = position < 0 ? position + 360 : position;
    return position > 360 - equal_tolerance * step ? 0 : position;
}

/* Of a global grid of which longitude[nlon] are distinct: the file column of the smallest
 * longitude. */
static int64_t find_first_column(const double *longitude, int64_t nlon, double step)
{
    int64_t first = 0;
    for (int64_t j = 1; j < nlon; j++) {
        if (circle_position(longitude[j], step) < circle_position(longitude[first], step)) {
            first = j;
        }
    }
    return first;
}

static void fill_global(ar_grid *grid, const ar_grid_order *order, const double *longitude)
{
    for (int64_t j = 0; j < grid->nlon; j++) {
        int64_t column = order->longitude_reversed ? order->longitude_first - j + grid->nlon
                                                   : order->longitude_first + j;
        double position = circle_position(longitude[column % grid->nlon], grid->longitude_step);
        grid->longitude[j] = position;
    }
}

static void fill_regional(ar_grid *grid, const ar_grid_order *order, const double *unwrapped)
{
    double west = unwrapped[order->longitude_first];
    double east = west + grid->longitude_step * (double)(grid->nlon - 1);
    double shift = 0;
    if (east > 360 + equal_tolerance) {
        shift = -360;
    } else if (west < -180 - equal_tolerance) {
        shift = 360;
    }
    for (int64_t j = 0; j < grid->nlon; j++) {
        grid->longitude[j] =
            unwrapped[order->longitude_reversed ? order->longitude_first - j : j] + shift;
    }
}

static ar_status make_longitude(ar_grid *grid, ar_grid_order *order, const double *longitude,
                                int64_t file_nlon, const char *where, ar_error *err)
{
    double *unwrapped = NULL;
    bool repeats = false;
    double step;
    ar_status status;
    AR_TRY(check_numbers("longitude", longitude, file_nlon, where, err));
    AR_TRY(ar_allocate(&unwrapped, (size_t)file_nlon, sizeof(double), "longitudes", err));
    /* from each meridian the short way to the next, so that 359, 0, 1 or 179, -180 are neighbours
     */
    unwrapped[0] = longitude[0];
    for (int64_t j = 1; j < file_nlon; j++) {
        unwrapped[j] = unwrapped[j - 1] + remainder(longitude[j] - longitude[j - 1], 360);
    }
    AR_TRY(find_step("longitude", unwrapped, file_nlon, &step, where, err));
    AR_TRY(check_regular("longitude", unwrapped, file_nlon, where, err));
    grid->longitude_step = fabs(step);
    AR_TRY(find_extent(file_nlon, fabs(step), &grid->wraps, &repeats, where, err));
    grid->nlon = repeats ? file_nlon - 1 : file_nlon;
    order->file_nlon = file_nlon;
    order->longitude_reversed = step < 0;
    AR_TRY(ar_allocate(&grid->longitude, (size_t)grid->nlon, sizeof(double), "longitudes", err));
    if (grid->wraps) {
        order->longitude_first = find_first_column(longitude, grid->nlon, fabs(step));
        fill_global(grid, order, longitude);
    } else {
        order->longitude_first = order->longitude_reversed ? file_nlon - 1 : 0;
        fill_regional(grid, order, unwrapped);
    }
cleanup:
    ar_free(unwrapped);
    return status;
}

ar_status ar_grid_init_rows(ar_grid *grid, ar_grid_order *order, bool *regular,
                            const double *latitude, int64_t nlat, const double *longitude,
                            int64_t nlon, const char *where, ar_error *err)
{
    ar_status status;
    *grid = (ar_grid){0};
    *order = (ar_grid_order){0};
    AR_TRY(make_latitude(grid, order, latitude, nlat, where, err));
    AR_TRY(make_longitude(grid, order, longitude, nlon, where, err));
    *regular = check_regular("latitude", latitude, nlat, where, NULL) == AR_OK;
    /* a single row or column takes the other direction's step */
    if (grid->latitude_step == 0) {
        grid->latitude_step = grid->longitude_step > 0 ? grid->longitude_step : 1;
    }
    if (grid->longitude_step == 0) {
        grid->longitude_step = grid->latitude_step;
    }
cleanup:
    if (status != AR_OK) {
        ar_grid_release(grid);
    }
    return status;
}

ar_status ar_grid_init(ar_grid *grid, ar_grid_order *order, const double *latitude, int64_t nlat,
                       const double *longitude, int64_t nlon, const char *where, ar_error *err)
{
    bool regular;
    ar_status status =
        ar_grid_init_rows(grid, order, &regular, latitude, nlat, longitude, nlon, where, err);
    if (status == AR_OK && !regular) {
        ar_grid_release(grid);
        status = check_regular("latitude", latitude, nlat, where, err);
    }
    return status;
}

bool ar_grid_step_divides_globe(double step)
{
    const double rows = round(180 / step);
    return rows >= 2 && rows <= 20000 && fabs(rows * step - 180) <= 1e-9 * 180;
}

ar_status ar_grid_init_global(ar_grid *grid, double step, ar_error *err)
{
    ar_status status;
    const double rows = round(180 / step);
    *grid = (ar_grid){0};
    if (!ar_grid_step_divides_globe(step)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "a step of %g degrees does not divide 180 degrees; 2.5 or 0.25 would", step);
    }
    grid->nlat = (int64_t)rows + 1;
    grid->nlon = 2 * (int64_t)rows;
    grid->latitude_step = grid->longitude_step = 180 / rows;
    grid->wraps = true;
    AR_TRY(ar_allocate(&grid->latitude, (size_t)grid->nlat, sizeof(double), "latitudes", err));
    AR_TRY(ar_allocate(&grid->longitude, (size_t)grid->nlon, sizeof(double), "longitudes", err));
    for (int64_t i = 0; i < grid->nlat; i++) {
        grid->latitude[i] = 90 - 180 * (double)i / rows;
    }
    for (int64_t j = 0; j < grid->nlon; j++) {
        grid->longitude[j] = 180 * (double)j / rows;
    }
cleanup:
    if (status != AR_OK) {
        ar_grid_release(grid);
    }
    return status;
}

ar_status ar_grid_copy(ar_grid *copy, const ar_grid *grid, ar_error *err)
{
    ar_status status;
    ar_grid result = *grid;
    result.latitude = result.longitude = NULL;
    AR_TRY(ar_allocate(&result.latitude, (size_t)grid->nlat, sizeof(double), "latitudes", err));
    AR_TRY(ar_allocate(&result.longitude, (size_t)grid->nlon, sizeof(double), "longitudes", err));
    memcpy(result.latitude, grid->latitude, (size_t)grid->nlat * sizeof(double));
    memcpy(result.longitude, grid->longitude, (size_t)grid->nlon * sizeof(double));
    *copy = result;
    return AR_OK;
cleanup:
    ar_grid_release(&result);
    *copy = result;
    return status;
}

void ar_grid_release(ar_grid *grid)
{
    ar_free(grid->latitude);
    ar_free(grid->longitude);
    *grid = (ar_grid){0};
}

void ar_grid_describe(const ar_grid *grid, char text[96])
{
    snprintf(text, 96, "%lld x %lld from %g N, %g E", (long long)grid->nlat, (long long)grid->nlon,
             grid->latitude[0], grid->longitude[0]);
}

static void reorder_row(const ar_grid *grid, const ar_grid_order *order, const float *file_row,
                        float *row)
{
    int64_t nlon = grid->nlon, first = order->longitude_first;
    if (order->longitude_reversed) {
        for (int64_t j = 0; j < nlon; j++) {
            row[j] = file_row[j <= first ? first - j : first - j + nlon];
        }
        return;
    }
    memcpy(row, file_row + first, (size_t)(nlon - first) * sizeof *row);
    memcpy(row + (nlon - first), file_row, (size_t)first * sizeof *row);
}

void ar_grid_reorder(const ar_grid *grid, const ar_grid_order *order, const float *file_values,
                     float *grid_values)
{
    for (int64_t i = 0; i < grid->nlat; i++) {
        int64_t file_row = order->latitude_reversed ? grid->nlat - 1 - i : i;
        reorder_row(grid, order, file_values + file_row * order->file_nlon,
                    grid_values + i * grid->nlon);
    }
}

bool ar_grid_equal(const ar_grid *a, const ar_grid *b)
{
    if (a->nlat != b->nlat || a->nlon != b->nlon || a->wraps != b->wraps) {
        return false;
    }
    for (int64_t i = 0; i < a->nlat; i++) {
        if (fabs(a->latitude[i] - b->latitude[i]) > equal_tolerance * a->latitude_step) {
            return false;
        }
    }
    for (int64_t j = 0; j < a->nlon; j++) {
        double difference = remainder(a->longitude[j] - b->longitude[j], 360);
        if (fabs(difference) > equal_tolerance * a->longitude_step) {
            return false;
        }
    }
    return true;
}

void ar_grid_area_weights(const ar_grid *grid, double *weights)
{
    const double radian = M_PI / 180;
    int64_t nlat = grid->nlat;
    const double *latitude = grid->latitude;
    double half_step = grid->latitude_step / 2;
    double north = fmin(90, latitude[0] + half_step);
    double sum = 0;
    for (int64_t i = 0; i < nlat; i++) {
        double south =
            i + 1 < nlat ? (latitude[i] + latitude[i + 1]) / 2 : fmax(-90, latitude[i] - half_step);
        weights[i] = sin(north * radian) - sin(south * radian);
        sum += weights[i];
        north = south;
    }
    for (int64_t i = 0; i < nlat; i++) {
        weights[i] *= (double)nlat / sum;
    }
}

bool ar_grid_find_nearest(const ar_grid *grid, double latitude, double longitude, int64_t *row,
                          int64_t *column)
{
    double down = INFINITY, across = INFINITY;
    *row = *column = 0;
    for (int64_t i = 0; i < grid->nlat; i++) {
        const double distance = fabs(grid->latitude[i] - latitude);
        *row = distance < down ? i : *row;
        down = fmin(down, distance);
    }
    for (int64_t j = 0; j < grid->nlon; j++) {
        const double distance = fabs(remainder(grid->longitude[j] - longitude, 360));
        *column = distance < across ? j : *column;
        across = fmin(across, distance);
    }
    return down <= grid->latitude_step && across <= grid->longitude_step;
}
