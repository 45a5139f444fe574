/* The grids of GRIB fields: which can be read, their coordinates, and the order of their points.
 * Private to the io room. */
#ifndef AR_IO_GRIB_GRID_H
#define AR_IO_GRIB_GRID_H

#include "io/grib_keys.h"

typedef enum {
    AR_GRIB_UNREADABLE,
    AR_GRIB_REGULAR,  /* latitude–longitude or Gaussian: values on [nlat][nlon] */
    AR_GRIB_REDUCED,  /* Gaussian, with fewer points towards the poles */
    AR_GRIB_SPECTRUM, /* spherical harmonics */
} ar_grib_grid_kind;

/* What can be made of a grid; unreadable are also reduced grids of a region, or in another order
 * than from 90° north and 0° east, and spectra that are not triangular. */
ar_grib_grid_kind ar_grib_grid_find_kind(const ar_grib_grid *grid);
/* The same points in the same order, whichever edition tells them (edition 1 rounds to 1/1000°). */
bool ar_grib_grid_equal(const ar_grib_grid *a, const ar_grib_grid *b);

/* The nlat latitudes and nlon longitudes of a regular grid in the order in which they are scanned
 * first, degrees. A grid whose numbers cannot be is an error (AR_ERROR_INPUT). */
AR_USE_RESULT ar_status ar_grib_grid_latitudes(const ar_grib_grid *grid, double *latitudes,
                                               ar_error *err);
AR_USE_RESULT ar_status ar_grib_grid_longitudes(const ar_grib_grid *grid, double *longitudes,
                                                ar_error *err);
/* Check the numbers of a readable grid before anything is made of them. */
AR_USE_RESULT ar_status ar_grib_grid_check(const ar_grib_grid *grid, ar_error *err);

/* The same for the points of the 2·gaussian parallels of a reduced grid. */
AR_USE_RESULT ar_status ar_grib_grid_check_rows(const ar_grib_grid *grid, const int64_t *row_points,
                                                ar_error *err);

/* Put values of a regular grid in the file's order to [nlat][nlon], rows and columns as the
 * coordinates have them. */
void ar_grib_grid_arrange(const ar_grib_grid *grid, const double *file_values, double *values);

#endif
