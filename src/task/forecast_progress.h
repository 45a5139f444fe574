/* The file that tells how far a forecast is: a line with how many of its times are complete, then,
 * in the middle of a roll-out, the arrays it goes on from, in the machine's byte order; last a
 * checksum of all before it. It is replaced at once, so that both always belong together. */
#ifndef AR_TASK_FORECAST_PROGRESS_H
#define AR_TASK_FORECAST_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

/* Part of what a roll-out goes on from; borrowed. */
typedef struct {
    float *values;
    size_t count;
} ar_forecast_array;

AR_USE_RESULT ar_status ar_forecast_progress_write(const char *path, int64_t complete,
                                                   const ar_forecast_array *arrays, int count,
                                                   ar_error *err);
/* How many times are complete. AR_ERROR_INPUT: no number from 0 to time_count. */
AR_USE_RESULT ar_status ar_forecast_progress_count(const char *path, int64_t time_count,
                                                   int64_t *complete, ar_error *err);
/* Read the arrays, of the lengths they are given with. AR_ERROR_INPUT: the file holds others, or is
 * damaged; then what the arrays hold is undefined. */
AR_USE_RESULT ar_status ar_forecast_progress_read(const char *path, const ar_forecast_array *arrays,
                                                  int count, ar_error *err);

#endif
