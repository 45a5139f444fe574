/* What an interpolation in time must beat: the line between the truth at the known times on both
 * sides of the valid time. */
#ifndef AR_VERIFY_TIME_INTERPOLATION_H
#define AR_VERIFY_TIME_INTERPOLATION_H

#include "verify/truth.h"

typedef struct {
    ar_truth other;      /* at the known times that are not reference times */
    int64_t gap, *index; /* seconds between both known times; [time_count] in `other`, −1: none */
    const int64_t *leads; /* [time_count] from the reference time to the valid one; borrowed */
    int64_t points;
    float *values; /* [nlat][nlon] */
} ar_time_interpolation;

/* For a file with a gap; a zeroed one for others. `settings` are those of the truth at valid times.
 * Release with ar_time_interpolation_release. */
AR_USE_RESULT ar_status ar_time_interpolation_init(ar_time_interpolation *interpolation,
                                                   ar_truth_settings settings,
                                                   const ar_forecast_file *file,
                                                   const ar_forecast_field *field, ar_error *err);
void ar_time_interpolation_release(ar_time_interpolation *interpolation); /* safe on zeroed */

/* At time t and a level, between `reference` [nlat][nlon], the truth at the reference time, and
 * what is read: *values [nlat][nlon], NULL without a gap or without the other time; borrowed until
 * the next call. */
AR_USE_RESULT ar_status ar_time_interpolation_read(ar_time_interpolation *interpolation, int64_t t,
                                                   int64_t level, const float *reference,
                                                   const float **values, ar_error *err);

#endif
