/* The monthly statistics that a store keeps of its fields (store/statistics.zarr), and their use:
 * moments of whole months without reading these. Private to the room. */
#ifndef AR_DATA_STORE_STATISTICS_H
#define AR_DATA_STORE_STATISTICS_H

#include "data/field_reader.h"

typedef enum {
    AR_STORE_MEAN,
    AR_STORE_DEVIATION,
    AR_STORE_COUNT,
    AR_STORE_GLOBAL_MEAN,
    AR_STORE_GLOBAL_DEVIATION,
    AR_STORE_STATISTICS,
} ar_store_statistic;
/* "z_global_mean" */
void ar_store_statistic_name(char name[160], const char *variable, ar_store_statistic statistic);

typedef struct ar_store_statistics ar_store_statistics;

/* Open those of a reader's field. *statistics is NULL where there are none: the field comes from
 * several files, or from one that is no prepared store, or that was regridded. Close with
 * ar_store_statistics_close. */
AR_USE_RESULT ar_status ar_store_statistics_open(ar_store_statistics **statistics,
                                                 const ar_field_reader *reader, ar_error *err);
/* The month of `time`, if the store has `count` times in it; else −1, as with NULL. */
int64_t ar_store_statistics_find(const ar_store_statistics *statistics, int64_t time,
                                 int64_t count);
/* The moments of all values of a month and level (of the field): how many are not missing, their
 * mean, 0 without any, and the sum of squared deviations from it; each [nlat][nlon]. */
AR_USE_RESULT ar_status ar_store_statistics_read(ar_store_statistics *statistics, int64_t month,
                                                 int64_t level, double *count, double *mean,
                                                 double *squares, ar_error *err);
void ar_store_statistics_close(ar_store_statistics **statistics); /* NULL-safe, sets NULL */

#endif
