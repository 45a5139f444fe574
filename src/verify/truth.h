/* The truth that belongs to a field of a forecast: the same variable, levels, grid and unit. It is
 * read as it is asked for, and kept in two windows of times: what is scored and the reference times
 * of it go through the truth side by side, mostly forward. */
#ifndef AR_VERIFY_TRUTH_H
#define AR_VERIFY_TRUTH_H

#include <stddef.h>

#include "data/field_reader.h"
#include "verify/alignment.h"

typedef struct {
    const char *const *paths; /* files, stores, glob patterns */
    int64_t path_count;
    int64_t start, end;             /* times that are wanted, both inclusive; seconds */
    const ar_regrid_method *regrid; /* how another grid comes to the forecast's; NULL: not at all */
    const int64_t *member;          /* number of the one of an ensemble; NULL: there is none */
    size_t window_bytes;            /* of one window, at least one time of it; 0: 16 MiB */
} ar_truth_settings;

/* Consecutive times in memory. */
typedef struct {
    int64_t first, count; /* count 0: none */
    int64_t last_use;     /* the larger, the later */
    float *values;        /* [count][level_count][nlat][nlon] on the forecast's grid */
} ar_truth_window;

typedef struct {
    ar_field_reader *reader;
    const ar_field_data *field; /* its times, and all else but values; borrowed from the reader */
    ar_alignment alignment;
    float *unregridded; /* [window_times][level_count] fields on the truth's own grid */
    int64_t window_times, uses;
    ar_truth_window windows[2];
} ar_truth;

/* Find what `field` predicts and check it; values are not read yet. It is looked for under the
 * forecast's variable name, then under its CF standard name. Another calendar or level structure
 * is an error that names both; so is another grid without settings->regrid, and one that does not
 * cover the forecast's with it. Close with ar_truth_close. */
AR_USE_RESULT ar_status ar_truth_open(ar_truth *truth, const ar_truth_settings *settings,
                                      const ar_forecast_file *forecast,
                                      const ar_forecast_field *field, ar_error *err);
void ar_truth_close(ar_truth *truth); /* safe on a zeroed one */

/* Index of a time, or −1. */
int64_t ar_truth_find_time(const ar_truth *truth, int64_t time);

/* All levels at a time index: *values [level_count][nlat][nlon] in the forecast's unit, NaN where
 * missing. It stays as it is until the second of the reads that follow. One thread at a time. */
AR_USE_RESULT ar_status ar_truth_read(ar_truth *truth, int64_t time_index, const float **values,
                                      ar_error *err);

#endif
