/* Grids for tests of what lies on them. */
#ifndef AR_TESTS_FIELD_GRIDS_H
#define AR_TESTS_FIELD_GRIDS_H

#include <stdlib.h>

#include "field/grid.h"

/* Of nlat rows southward from `north` and nlon columns eastward from `west`; release it. */
static inline ar_grid make_grid(double north, double latitude_step, int64_t nlat, double west,
                                double longitude_step, int64_t nlon)
{
    double *latitude = calloc((size_t)nlat, sizeof *latitude);
    double *longitude = calloc((size_t)nlon, sizeof *longitude);
    ar_grid grid;
    ar_grid_order order;
    ar_error err = {""};
    for (int64_t i = 0; i < nlat; i++) {
        latitude[i] = north - latitude_step * (double)i;
    }
    for (int64_t j = 0; j < nlon; j++) {
        longitude[j] = west + longitude_step * (double)j;
    }
    if (ar_grid_init(&grid, &order, latitude, nlat, longitude, nlon, "test", &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    free(latitude);
    free(longitude);
    return grid;
}

#endif
