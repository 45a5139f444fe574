/* What a forecast keeps on the disk until it is complete: the folder OUT.part with
 *     forecast.txt   what is being forecast, so that nothing else goes on with it
 *     data.zarr      the times so far, a store that can be read
 *     complete       how many of them are whole and on the disk, and in the middle of a roll-out
 *                    what it goes on from (task/forecast_progress.h)
 * A kill leaves it there. While a forecast is at work the folder is locked. */
#ifndef AR_TASK_UNFINISHED_FORECAST_H
#define AR_TASK_UNFINISHED_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/unfinished.h"
#include "io/writer.h"
#include "task/forecast_progress.h"
#include "task/forecast_sink.h"

typedef struct {
    ar_unfinished_folder folder; /* its path is NULL where nothing is open */
    char *store, *progress;      /* paths of data.zarr and complete */
    int64_t complete;            /* times of the outline that are on the disk */
    double flushed, cost;        /* seconds: when that was last so, and how long it took */
} ar_unfinished_forecast;

/* Make or open the folder of the outline's `out` and lock it. With options->resume an unfinished
 * forecast is kept, and `complete` is what it has; otherwise all that forecasts leave in the folder
 * is removed. AR_ERROR_USAGE: what is unfinished is another forecast (the line that differs is
 * named), or one is at work. On failure nothing is open and the folder is as it was. */
AR_USE_RESULT ar_status ar_unfinished_forecast_open(ar_unfinished_forecast *unfinished,
                                                    const ar_forecast_outline *outline,
                                                    ar_error *err);
/* The store is defined: from now on it can be gone on with. */
AR_USE_RESULT ar_status ar_unfinished_forecast_begin(const ar_unfinished_forecast *unfinished,
                                                     const ar_forecast_outline *outline,
                                                     ar_error *err);
/* The first `complete` times are whole in `store`, and the next goes on from the arrays: put them
 * onto the disk. */
AR_USE_RESULT ar_status ar_unfinished_forecast_keep(ar_unfinished_forecast *unfinished,
                                                    ar_writer *store, int64_t complete,
                                                    const ar_forecast_array *arrays, int count,
                                                    ar_error *err);
/* The same, unless the last time was so short ago that waiting for the disk would take more than a
 * twentieth of the run. */
AR_USE_RESULT ar_status ar_unfinished_forecast_note(ar_unfinished_forecast *unfinished,
                                                    ar_writer *store, int64_t complete,
                                                    const ar_forecast_array *arrays, int count,
                                                    ar_error *err);
/* Remove the folder, with what is in it if that is worth nothing. Does nothing where none is open.
 */
void ar_unfinished_forecast_remove(const ar_unfinished_forecast *unfinished);
void ar_unfinished_forecast_release(ar_unfinished_forecast *unfinished); /* safe on zeroed */

#endif
