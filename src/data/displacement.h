/* τ, the wanted output. A masked token that is set to zero is a query: it shows no value, only
 * where it is. So an output at another time, place or resolution than the tokens' own is asked for
 * by a masked token that says it is there, and whose target is read there. All targets of a sample
 * are displaced alike: point (t, y, x) of a token, which lies at T, row R and column C of the data
 * where its token begins, has its target at the time T + t·step + seconds, in the row
 * R + rows + y·s·2^doublings and the column C + columns + x·s·2^doublings, where points of tokens
 * lie s points of the data apart. A finer output is the tokens' own and those displaced by less
 * than s rows and columns, whose points interleave. */
#ifndef AR_DATA_DISPLACEMENT_H
#define AR_DATA_DISPLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"

typedef struct {
    int64_t seconds;       /* later */
    int64_t rows, columns; /* points of the data to the south, to the east */
    int64_t doublings;     /* of the distance between points in latitude and longitude, from 0 */
} ar_displacement;

enum {
    AR_DISPLACEMENT_SIZE = 10, /* numbers that tell the network of one */
    AR_DOUBLINGS_MOST = 6,
};

/* Which displacements training draws. Borrows its lists, which are not empty. */
typedef struct {
    double share;         /* of the samples that draw one */
    const int64_t *hours; /* [hour_count] later */
    int64_t hour_count;
    int64_t rows, columns; /* at most so many, either way */
    /* [stride_count] from one wanted point to the next, in points of the data; powers of 2 */
    const int64_t *strides;
    int64_t stride_count;
    int64_t first_time, last_time; /* seconds: no target lies outside of them */
} ar_tau;

static inline bool ar_displacement_exists(const ar_displacement *wanted)
{
    return wanted->seconds != 0 || wanted->rows != 0 || wanted->columns != 0 ||
           wanted->doublings != 0;
}

/* With the probability `share` a displacement whose hours and stride are drawn from their lists,
 * rows from −rows … rows and columns likewise, all independently and uniformly (which may give
 * none); none where tau is NULL. Points of tokens lie 2^token_doublings points of the data apart; a
 * stride below that adds one of the displacements by which it interleaves, uniformly. `stream` is
 * of purpose AR_RANDOM_DISPLACEMENT. */
ar_displacement ar_tau_draw(const ar_tau *tau, int64_t token_doublings, ar_random *stream);

/* Seconds, at least 0, that displaced targets lie before and after their tokens at most; 0 where
 * tau is NULL. */
void ar_tau_reach(const ar_tau *tau, int64_t *before, int64_t *after);

/* What the network is told: of the displacement δ in time, latitude and longitude, in tokens of
 * token_extent seconds, rows and columns of the data, δ, sin πδ and 1 − cos πδ each, and the
 * doublings. All are 0 where there is none. */
void ar_displacement_describe(const ar_displacement *wanted, const int64_t token_extent[3],
                              float features[AR_DISPLACEMENT_SIZE]);

#endif
