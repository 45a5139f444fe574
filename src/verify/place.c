#include "verify/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool read_place(ar_place *place, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : 0;
    if (length == 0 || length >= sizeof place->name) {
        return false;
    }
    memcpy(place->name, text, length);
    char *end = NULL;
    place->latitude = strtod(equals + 1, &end);
    if (end == equals + 1 || *end != ',') {
        return false;
    }
    const char *second = end + 1;
    place->longitude = strtod(second, &end);
    return end != second && *end == '\0' && fabs(place->latitude) <= 90 &&
           fabs(place->longitude) <= 360;
}

/* Index of the coordinate that is nearest; *distance in degrees, round the globe if `period`. */
static int64_t find_nearest(const double *coordinates, int64_t count, double wanted, double period,
                            double *distance)
{
    int64_t nearest = 0;
    *distance = HUGE_VAL;
    for (int64_t i = 0; i < count; i++) {
        double away = coordinates[i] - wanted;
        away = fabs(period > 0 ? remainder(away, period) : away);
        if (away < *distance) {
            *distance = away;
            nearest = i;
        }
    }
    return nearest;
}

ar_status ar_place_init(ar_place *place, const char *text, const ar_grid *grid, ar_error *err)
{
    *place = (ar_place){0};
    if (!read_place(place, text)) {
        return ar_fail(
            err, AR_ERROR_USAGE,
            "--place %s is not NAME=LATITUDE,LONGITUDE in degrees north and east, with a "
            "name of 1 to %zu characters",
            text, sizeof place->name - 1);
    }
    double off_row = 0, off_column = 0;
    int64_t row = find_nearest(grid->latitude, grid->nlat, place->latitude, 0, &off_row);
    int64_t column = find_nearest(grid->longitude, grid->nlon, place->longitude, 360, &off_column);
    /* Half a step, and the rounding of coordinates in a file. */
    const double most = 0.5001;
    if (off_row > most * grid->latitude_step || off_column > most * grid->longitude_step) {
        return ar_fail(
            err, AR_ERROR_INPUT,
            "--place %s: the forecast's grid has no point near it; it is %g to %g N, %g to "
            "%g E",
            text, grid->latitude[grid->nlat - 1], grid->latitude[0], grid->longitude[0],
            grid->longitude[grid->nlon - 1]);
    }
    place->grid_latitude = grid->latitude[row];
    place->grid_longitude = grid->longitude[column];
    place->point = row * grid->nlon + column;
    return AR_OK;
}
