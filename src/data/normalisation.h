/* Mean and standard deviation of a field, from training times only, and their use.
 * Statistics are per level, and by choice per month or overall, and global (area-weighted), per
 * latitude or per grid point. In double, two passes over each month
 * of the data, months merged. Missing values do not count. */
#ifndef AR_DATA_NORMALISATION_H
#define AR_DATA_NORMALISATION_H

#include <stdbool.h>
#include <stdint.h>

#include "data/field_reader.h"

typedef enum { AR_PERIOD_OVERALL, AR_PERIOD_MONTHLY } ar_normalisation_period;
typedef enum { AR_AREA_GLOBAL, AR_AREA_LATITUDE, AR_AREA_POINT } ar_normalisation_area;

typedef struct {
    ar_normalisation_period period;
    ar_normalisation_area area;
    int64_t level_count, nlat, nlon; /* of the field */
    int64_t rows, columns;           /* 1×1, nlat×1 or nlat×nlon, as `area` says */
    bool month_seen[13]; /* month 1–12 had training times; [0] is overall, always true */
    float *mean, *standard_deviation; /* [13][level_count][rows][columns]; index 0 overall; months
                                       * not seen hold the overall values */
} ar_normalisation;

/* Compute from the times of `field` within [first_time, last_time]; other times are not looked at.
 * No such time, a level without values or with infinite ones, or a standard deviation of 0 (a
 * constant field) is an error that names field and level. Where only a part says nothing, the next
 * larger part speaks for it: a constant row or point takes the standard deviation of its level in
 * that period, one without any value its mean too, and a month in which a whole level is constant
 * or missing takes the overall values. The result does not depend on the number of threads. */
AR_USE_RESULT ar_status ar_normalisation_compute(ar_normalisation *normalisation,
                                                 const ar_field_data *field,
                                                 ar_normalisation_period period,
                                                 ar_normalisation_area area, int64_t first_time,
                                                 int64_t last_time, ar_error *err);
/* The same to the bit for a field that is read block by block, some 512 MiB or one time at once. A
 * prepared store (atmorep/atmorep.h) knows the moments of its months: whole months of one are not
 * read, and the result is the same to rounding. */
AR_USE_RESULT ar_status ar_normalisation_compute_reading(
    ar_normalisation *normalisation, ar_field_reader *reader, ar_normalisation_period period,
    ar_normalisation_area area, int64_t first_time, int64_t last_time, ar_error *err);
/* Allocate for a shape, all zeros (to fill from a checkpoint). */
AR_USE_RESULT ar_status ar_normalisation_init(ar_normalisation *normalisation,
                                              ar_normalisation_period period,
                                              ar_normalisation_area area, int64_t level_count,
                                              int64_t nlat, int64_t nlon, ar_error *err);
void ar_normalisation_release(ar_normalisation *normalisation);

/* Did training see every month of the times within [first_time, last_time] of `calendar`? The first
 * month that it did not see goes to *missing_month (may be NULL), so that a caller can tell that
 * the overall statistics stand in for it. Always true for overall statistics. */
bool ar_normalisation_covers(const ar_normalisation *normalisation, int64_t first_time,
                             int64_t last_time, ar_calendar calendar, int *missing_month);

/* Index of row 0, column 0 of a month (0: overall) and level in `mean` and `standard_deviation`. */
int64_t ar_normalisation_offset(const ar_normalisation *normalisation, int month, int64_t level);

/* Statistics at a place and month (1–12). A month not seen in training gives the overall ones. */
void ar_normalisation_at(const ar_normalisation *normalisation, int month, int64_t level,
                         int64_t row, int64_t column, float *mean, float *standard_deviation);

#endif
