/* Parts of the grid that are scored on their own, and the whole of it. */
#ifndef AR_VERIFY_REGION_H
#define AR_VERIFY_REGION_H

#include "field/grid.h"
#include "verify/scores.h"

typedef struct {
    char name[32];                   /* "" for the whole grid */
    double north, west, south, east; /* degrees; the west may lie east of the east */
    double *weights;                 /* [nlat] area weights, 0 outside of the region */
    bool *columns;                   /* [nlon] that lie in the region */
    ar_score_area area;              /* borrows both */
} ar_region;

/* A region of a grid from its text: a name, or a box NAME=NORTH,WEST,SOUTH,EAST. The names and
 * their bounds are those of WeatherBench 2; NULL or "" is the whole grid. A grid point is in it
 * when it lies in the box, bounds included, and then counts with all of its area. A text that says
 * no region is AR_ERROR_USAGE and tells the names; a region without a grid point is AR_ERROR_INPUT.
 * Release with ar_region_release. */
AR_USE_RESULT ar_status ar_region_init(ar_region *region, const char *text, const ar_grid *grid,
                                       ar_error *err);
void ar_region_release(ar_region *region); /* safe on a zeroed one */

#endif
