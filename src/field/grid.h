/* Horizontal grids: regular latitude–longitude, global (longitude wraps) or regional.
 * Inside the program latitude always runs from north to south and longitude from west to east;
 * a global grid starts at the smallest longitude in [0, 360), a regional one keeps its file's
 * convention (and goes below 0 where it would pass 360). */
#ifndef AR_FIELD_GRID_H
#define AR_FIELD_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef struct {
    int64_t nlat, nlon;
    double *latitude;  /* [nlat] degrees north, strictly decreasing */
    double *longitude; /* [nlon] degrees east, strictly increasing by longitude_step */
    double latitude_step, longitude_step; /* degrees, positive */
    bool wraps; /* the last longitude's eastern neighbour is the first one */
} ar_grid;

/* How values in a file's order become values in a grid's order:
 * grid row i is file row (latitude_reversed ? nlat−1−i : i),
 * grid column j is file column (longitude_first + j or − j) mod nlon. */
typedef struct {
    bool latitude_reversed, longitude_reversed;
    int64_t longitude_first;
    int64_t file_nlon; /* may be nlon + 1: the file repeats its first meridian in its last column */
} ar_grid_order;

/* Make a grid of coordinates in any orientation and longitude convention (−180…180 or 0…360, a
 * repeated cyclic meridian is dropped). Latitudes outside ±90, spacing that is not regular to 1 %
 * of a step, duplicates, or NaN are errors that name the coordinate and its place; `where` names
 * the file. Release with ar_grid_release. */
AR_USE_RESULT ar_status ar_grid_init(ar_grid *grid, ar_grid_order *order, const double *latitude,
                                     int64_t nlat, const double *longitude, int64_t nlon,
                                     const char *where, ar_error *err);
/* The same, but latitudes need not be equally far apart: *regular tells whether they are. Where
 * they are not the grid, such as a Gaussian one, is only there to be regridded (field/regrid.h),
 * and latitude_step is their mean distance. */
AR_USE_RESULT ar_status ar_grid_init_rows(ar_grid *grid, ar_grid_order *order, bool *regular,
                                          const double *latitude, int64_t nlat,
                                          const double *longitude, int64_t nlon, const char *where,
                                          ar_error *err);
/* Does the step divide the 180 degrees from pole to pole into 2 to 20,000? Pure. */
bool ar_grid_step_divides_globe(double step);
/* The whole globe in steps of so many degrees, from pole to pole and from Greenwich on. A step that
 * does not divide it is AR_ERROR_USAGE. */
AR_USE_RESULT ar_status ar_grid_init_global(ar_grid *grid, double step, ar_error *err);
AR_USE_RESULT ar_status ar_grid_copy(ar_grid *copy, const ar_grid *grid, ar_error *err);
void ar_grid_release(ar_grid *grid);

/* "73 x 144 from 90 N, 0 E". */
void ar_grid_describe(const ar_grid *grid, char text[96]);

/* Reorder one horizontal field from file order [nlat][file_nlon] to grid order [nlat][nlon]. */
void ar_grid_reorder(const ar_grid *grid, const ar_grid_order *order, const float *file_values,
                     float *grid_values);

/* The point nearest to a place, whose longitude may have any multiple of 360° added; false: it lies
 * more than a step outside of the grid. */
bool ar_grid_find_nearest(const ar_grid *grid, double latitude, double longitude, int64_t *row,
                          int64_t *column);

/* Same latitudes and longitudes (whatever multiple of 360°) to 1e-4 of a step. */
bool ar_grid_equal(const ar_grid *a, const ar_grid *b);

/* Area weights per latitude: the area of each row's band (between the midpoints to its neighbours,
 * the outermost rows half a step outward but never beyond the pole: a polar row gets its cap),
 * scaled to mean 1 over rows. On a global grid the definition of WeatherBench 2 (Rasp et al. 2024).
 * weights [nlat]. */
void ar_grid_area_weights(const ar_grid *grid, double *weights);

#endif
