/* An ensemble put together from overlapping tiles. Members are averaged one by one with the tiles'
 * weights. That alone takes spread away wherever member k of one tile is not the same quantile as
 * member k of the next, so at the end the members of a point are stretched about their mean until
 * their variance is the weighted mean of the variances that its tiles gave: the uncertainty that
 * the network stated. */
#ifndef AR_TASK_BLEND_H
#define AR_TASK_BLEND_H

#include "task/tiles.h"

typedef struct {
    const ar_tiles *tiles; /* borrowed */
    const ar_grid *grid;   /* borrowed */
    int64_t level_count, member_count;
    float *members;   /* [level][member][nlat][nlon] */
    float *variances; /* [level][nlat][nlon] weighted mean of the tiles' variances over members */
    float *variance;  /* [rows][columns] of one tile */
} ar_blend;

AR_USE_RESULT ar_status ar_blend_init(ar_blend *blend, const ar_tiles *tiles, const ar_grid *grid,
                                      int64_t level_count, int64_t member_count, ar_error *err);
void ar_blend_release(ar_blend *blend); /* safe on zeroed */

/* Mean, and sum of squared distances to it, of `count` members of a point, a stride apart: two
 * passes, in double. */
double ar_members_sum_of_squares(const float *members, int64_t count, int64_t stride, double *mean);

void ar_blend_clear(ar_blend *blend);
/* Add a tile's members [member][rows][columns] at a level. */
void ar_blend_add(ar_blend *blend, int64_t level, int64_t tile, const float *members);
/* When all tiles have been added: give the members their spread. */
void ar_blend_finish(ar_blend *blend);

#endif
