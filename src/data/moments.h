/* Mean and sum of squared deviations of the values that come one after the other at every point of
 * a horizontal field: Welford (1962), in double. */
#ifndef AR_DATA_MOMENTS_H
#define AR_DATA_MOMENTS_H

#include <stdint.h>

#include "atmorep/status.h"

typedef struct {
    int64_t points;
    int32_t *count;  /* [points] values that are not missing */
    double *mean;    /* [points] 0 without values */
    double *squares; /* [points] sum of squared deviations from the mean */
} ar_moments;

/* All zeros. Release with ar_moments_release in any case. */
AR_USE_RESULT ar_status ar_moments_init(ar_moments *moments, int64_t points, ar_error *err);
void ar_moments_clear(ar_moments *moments);
/* Add values[points], NAN where missing. */
void ar_moments_add(ar_moments *moments, const float *values);
/* Mean and standard deviation of all values, those of each of the `rows` latitudes (of equally many
 * points) with its weight; NAN without values. */
void ar_moments_global(const ar_moments *moments, int64_t rows, const double *weights, double *mean,
                       double *deviation);
void ar_moments_release(ar_moments *moments);

#endif
