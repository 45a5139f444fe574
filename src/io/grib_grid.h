/* The grids of GRIB fields: which can be read, their coordinates, and the order of their points.
 * Private to the io room. */
#ifndef AR_IO_GRIB_GRID_H
#define AR_IO_GRIB_GRID_H

#include "io/grib_keys.h"

/* Regular latitude–longitude, or regular Gaussian? */
bool ar_grib_grid_is_regular(const ar_grib_grid *grid);
/* The same points in the same order, whichever edition tells them (edition 1 rounds to 1/1000°). */
bool ar_grib_grid_equal(const ar_grib_grid *a, const ar_grib_grid *b);
/* How to bring another grid to a regular one, for an error's message; "" where there is no way
 * known that fits all. */
const char *ar_grib_grid_remedy(const ar_grib_grid *grid);

/* The nlat latitudes and nlon longitudes of a regular grid in the order in which they are scanned
 * first, degrees. A grid whose numbers cannot be is an error (AR_ERROR_INPUT). */
AR_USE_RESULT ar_status ar_grib_grid_latitudes(const ar_grib_grid *grid, double *latitudes,
                                               ar_error *err);
AR_USE_RESULT ar_status ar_grib_grid_longitudes(const ar_grib_grid *grid, double *longitudes,
                                                ar_error *err);
/* Check the numbers of a regular grid before anything is made of them. */
AR_USE_RESULT ar_status ar_grib_grid_check(const ar_grib_grid *grid, ar_error *err);

/* Put values in the file's order to [nlat][nlon], rows and columns as the coordinates have them. */
void ar_grib_grid_arrange(const ar_grib_grid *grid, const double *file_values, double *values);

#endif
