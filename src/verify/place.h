/* Places at which the distribution of values is looked at: the nearest point of the grid. */
#ifndef AR_VERIFY_PLACE_H
#define AR_VERIFY_PLACE_H

#include "field/grid.h"

typedef struct {
    char name[32];
    double latitude, longitude;           /* asked for, degrees */
    double grid_latitude, grid_longitude; /* of the point */
    int64_t point;                        /* its index in [nlat][nlon] */
} ar_place;

/* A place from its text NAME=LATITUDE,LONGITUDE in degrees north and east. A text that says none is
 * AR_ERROR_USAGE; a place more than half a step outside of the grid is AR_ERROR_INPUT. Pure. */
AR_USE_RESULT ar_status ar_place_init(ar_place *place, const char *text, const ar_grid *grid,
                                      ar_error *err);

#endif
