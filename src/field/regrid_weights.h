/* Weights along one axis for regrid.h; private to this room. A target value is Σ w_r Σ w_c x
 * over the rows r of its latitude and, in each of them, the columns c of its longitude: weights
 * that factor this way need no matrix of grid by grid. */
#ifndef AR_FIELD_REGRID_WEIGHTS_H
#define AR_FIELD_REGRID_WEIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

/* For each of `count` targets the places and weights of its sources: first[i] … first[i + 1] − 1.
 * Begin with {0}. At
 * most 2^20 points to an axis. */
typedef struct {
    int64_t count;
    int32_t *first; /* [count + 1] */
    int32_t *place;
    double *weight;
} ar_sparse_weights;

void ar_sparse_weights_release(ar_sparse_weights *weights);

/* Places along one axis. */
typedef struct {
    int64_t count;       /* at least 2 */
    const double *point; /* [count], increasing: degrees east or south, for linear weights */
    const double *edge;  /* [count + 1], increasing: of the points' cells, for overlaps */
    bool circle;         /* degrees east, where 360 make no difference */
    bool wraps;          /* a circle on which the last point neighbours the first */
} ar_axis;

/* Linear interpolation to the `count` targets. One nearer to a point than 1e-4 of the distance to
 * the next is that point, as for ar_grid_equal. Targets outside have no sources. */
AR_USE_RESULT ar_status ar_sparse_weights_linear(ar_sparse_weights *weights, const ar_axis *source,
                                                 const double *target, int64_t count,
                                                 ar_error *err);
/* Shares of the `count` cells between target_edge[i] and [i + 1] that source cells cover. */
AR_USE_RESULT ar_status ar_sparse_weights_overlap(ar_sparse_weights *weights, const ar_axis *source,
                                                  const double *target_edge, int64_t count,
                                                  ar_error *err);
/* Target i is source i. */
AR_USE_RESULT ar_status ar_sparse_weights_identity(ar_sparse_weights *weights, int64_t count,
                                                   ar_error *err);

#endif
