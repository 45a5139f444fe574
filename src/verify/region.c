#include "verify/region.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

typedef struct {
    const char *name;
    double north, west, south, east;
} preset;

/* As the evaluation of WeatherBench 2 has them (its scripts/evaluate.py). */
static const preset presets[] = {
    {"globe", 90, 0, -90, 360},
    {"northern-hemisphere", 90, 0, 20, 360},
    {"southern-hemisphere", -20, 0, -90, 360},
    {"tropics", 20, 0, -20, 360},
    {"europe", 75, -12.5, 35, 42.5},
    {"north-america", 60, -120, 25, -75},
    {"north-atlantic", 65, -70, 25, -10},
    {"north-pacific", 60, 145, 25, -130},
    {"east-asia", 60, 102.5, 25, 150},
    {"australia-new-zealand", -12.5, 120, -45, 175},
    {"arctic", 90, 0, 60, 360},
    {"antarctic", -60, 0, -90, 360},
};
enum { PRESETS = sizeof presets / sizeof presets[0] };

static ar_status fail_unknown(const char *text, ar_error *err)
{
    ar_growing_text names = {.err = err};
    for (int i = 0; i < PRESETS; i++) {
        ar_text_add(&names, "%s%s", i > 0 ? ", " : "", presets[i].name);
    }
    ar_status status = names.status;
    if (status == AR_OK) {
        status =
            ar_fail(err, AR_ERROR_USAGE,
                    "--region %s is neither a box NAME=NORTH,WEST,SOUTH,EAST in degrees nor one "
                    "of %s",
                    text, names.text);
    }
    ar_free(names.text);
    return status;
}

static bool read_box(ar_region *region, const char *numbers)
{
    double *const bounds[] = {&region->north, &region->west, &region->south, &region->east};
    for (int i = 0; i < 4; i++) {
        char *end = NULL;
        *bounds[i] = strtod(numbers, &end);
        if (end == numbers || *end != (i < 3 ? ',' : '\0') || !isfinite(*bounds[i])) {
            return false;
        }
        numbers = end + 1;
    }
    return region->north <= 90 && region->south >= -90 && region->north >= region->south &&
           fabs(region->west) <= 360 && fabs(region->east) <= 360;
}

static ar_status choose_bounds(ar_region *region, const char *text, ar_error *err)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    if (length >= sizeof region->name || (equals && length == 0)) {
        return ar_fail(err, AR_ERROR_USAGE, "--region %s: its name has to have 1 to %zu characters",
                       text, sizeof region->name - 1);
    }
    memcpy(region->name, text, length);
    if (equals) {
        return read_box(region, equals + 1) ? AR_OK : fail_unknown(text, err);
    }
    const preset *found = text[0] ? NULL : &presets[0];
    for (int i = 0; i < PRESETS; i++) {
        found = strcmp(presets[i].name, text) == 0 ? &presets[i] : found;
    }
    if (!found) {
        return fail_unknown(text, err);
    }
    region->north = found->north;
    region->west = found->west;
    region->south = found->south;
    region->east = found->east;
    return AR_OK;
}

/* Degrees from west to east, the short way round the globe that leads eastward: in (0, 360], but 0
 * for a meridian. */
static double degrees_east_of(double west, double longitude)
{
    double distance = fmod(longitude - west, 360);
    return distance < 0 ? distance + 360 : distance;
}

static int64_t mark_rows(ar_region *region, const ar_grid *grid)
{
    /* Rows are where the file says, to its rounding. */
    const double tolerance = 1e-4 * grid->latitude_step;
    int64_t count = 0;
    ar_grid_area_weights(grid, region->weights);
    for (int64_t i = 0; i < grid->nlat; i++) {
        if (grid->latitude[i] > region->north + tolerance ||
            grid->latitude[i] < region->south - tolerance) {
            region->weights[i] = 0;
        }
        count += region->weights[i] > 0;
    }
    return count;
}

static int64_t mark_columns(ar_region *region, const ar_grid *grid)
{
    const double tolerance = 1e-4 * grid->longitude_step;
    double width = degrees_east_of(region->west, region->east);
    if (width == 0 && region->east > region->west) {
        width = 360;
    }
    int64_t count = 0;
    for (int64_t j = 0; j < grid->nlon; j++) {
        double distance = degrees_east_of(region->west - tolerance, grid->longitude[j]);
        region->columns[j] = distance <= width + 2 * tolerance;
        count += region->columns[j];
    }
    return count;
}

ar_status ar_region_init(ar_region *region, const char *text, const ar_grid *grid, ar_error *err)
{
    *region = (ar_region){0};
    ar_status status = AR_OK;
    AR_TRY(choose_bounds(region, text ? text : "", err));
    AR_TRY(ar_allocate(&region->weights, (size_t)grid->nlat, sizeof *region->weights,
                       "area weights", err));
    AR_TRY(ar_allocate(&region->columns, (size_t)grid->nlon, sizeof *region->columns,
                       "the columns of a region", err));
    int64_t rows = mark_rows(region, grid), columns = mark_columns(region, grid);
    if (rows == 0 || columns == 0) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "--region %s: no grid point lies in %g to %g N, %g to %g E", region->name,
                         region->south, region->north, region->west, region->east);
    }
    region->area = (ar_score_area){.nlat = grid->nlat,
                                   .nlon = grid->nlon,
                                   .weights = region->weights,
                                   .columns = columns < grid->nlon ? region->columns : NULL};
cleanup:
    if (status != AR_OK) {
        ar_region_release(region);
    }
    return status;
}

void ar_region_release(ar_region *region)
{
    ar_free(region->weights);
    ar_free(region->columns);
    *region = (ar_region){0};
}
