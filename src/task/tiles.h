/* Covering a grid by overlapping tiles, and putting what is predicted on them together again: every
 * point is the weighted mean of the tiles that hold it, with weights that fall towards a tile's
 * edges. Tiles reach to both poles (or to the edges of a region) and, on a global grid, around the
 * date line. */
#ifndef AR_TASK_TILES_H
#define AR_TASK_TILES_H

#include "field/grid.h"

typedef struct {
    int64_t rows, columns; /* of a tile, in points */
    int64_t count;
    int64_t *first_row, *first_column;  /* [count] north-western points */
    double *row_weight, *column_weight; /* [rows], [columns] positive */
    double *weight_sum;                 /* [nlat][nlon] of all tiles at a point; positive */
} ar_tiles;

/* Tiles of rows × columns points that overlap by at least the share `overlap` (0 ≤ overlap < 1) of
 * a tile in each direction. rows and columns must fit into the grid. Release with ar_tiles_release.
 */
AR_USE_RESULT ar_status ar_tiles_init(ar_tiles *tiles, const ar_grid *grid, int64_t rows,
                                      int64_t columns, double overlap, ar_error *err);
/* One tile, in whose middle the point (row, column) lies, or as near to it as edges and poles
 * allow. What is put together is 0 elsewhere. */
AR_USE_RESULT ar_status ar_tiles_init_around(ar_tiles *tiles, const ar_grid *grid, int64_t rows,
                                             int64_t columns, int64_t row, int64_t column,
                                             ar_error *err);
void ar_tiles_release(ar_tiles *tiles);

/* Add a tile's values [rows][columns] to `sum` [nlat][nlon], weighted and divided by weight_sum, so
 * that sum is the blended field when all tiles have been added. */
void ar_tiles_add(const ar_tiles *tiles, const ar_grid *grid, int64_t tile, const float *values,
                  float *sum);

#endif
