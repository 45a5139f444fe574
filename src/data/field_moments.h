/* Moments of a field's values in cells, added block by block: what statistics are made of. Private
 * to the room. */
#ifndef AR_DATA_FIELD_MOMENTS_H
#define AR_DATA_FIELD_MOMENTS_H

#include "data/normalisation.h"
#include "data/store_statistics.h"

typedef struct {
    double count;   /* of values that are not missing */
    double mean;    /* 0 without any */
    double squares; /* sum of squared deviations from the mean */
} ar_cell_moments;

/* A cell is a latitude, or a point of one. */
typedef struct {
    const ar_field_data *field;
    int months;                /* that are kept apart: 1 (none) or 12 */
    int64_t cell_columns;      /* 1 or nlon */
    int64_t cells;             /* nlat · cell_columns */
    double *weight;            /* [nlat] area of a latitude */
    ar_cell_moments *sums;     /* [months][level_count][cells] */
    ar_cell_moments *gathered; /* [cells] of one level: in a block that is added, or in a period */
    double *points[3];         /* [nlat][nlon] of what a store knows: count, mean, squares */
} ar_field_moments;

/* Nothing yet: of each month of the year or of all together, of points or latitudes. Borrows
 * `field`. Release with ar_field_moments_release in any case. */
AR_USE_RESULT ar_status ar_field_moments_init(ar_field_moments *moments, const ar_field_data *field,
                                              ar_normalisation_period period,
                                              ar_normalisation_area area, ar_error *err);
void ar_field_moments_release(ar_field_moments *moments);

/* Add times [first, end), all of the same month (1–12), of which `data` has the values of the field
 * in memory. Each latitude is summed by one thread in the order of time. */
void ar_field_moments_add(const ar_field_moments *moments, const ar_field_data *data, int64_t first,
                          int64_t end, int month);

/* Add a month that a prepared store has the moments of (ar_store_statistics_find). */
AR_USE_RESULT ar_status ar_field_moments_add_stored(ar_field_moments *moments,
                                                    ar_store_statistics *stored,
                                                    int64_t stored_month, int month, ar_error *err);

/* All values of a level in a period (a month, 0: overall), cell by cell, to `gathered`. */
void ar_field_moments_gather(const ar_field_moments *moments, int period, int64_t level);

/* Area-weighted mean and standard deviation of what was gathered; NaN without values. */
void ar_field_moments_summarise(const ar_field_moments *moments, double *mean, double *deviation);

#endif
