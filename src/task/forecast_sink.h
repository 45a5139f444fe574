/* Where a forecast goes while it is made: a file, scores, or both. */
#ifndef AR_TASK_FORECAST_SINK_H
#define AR_TASK_FORECAST_SINK_H

#include "atmorep/atmorep.h"
#include "task/forecast_progress.h"
#include "task/forecast_times.h"
#include "train/checkpoint.h"

/* What is forecast. */
typedef struct {
    const ar_forecast_options *options;
    const ar_checkpoint *checkpoint;
    uint64_t model_hash; /* of the parameters */
    const ar_dataset *dataset;
    const ar_grid *grid;
    int64_t time_count;
    int64_t *valid_times, *lead_hours; /* [time_count] in the order in which they come */
} ar_forecast_outline;

/* Make the times of an outline, of each forecast all steps of its roll-out. Release with
 * ar_forecast_outline_release. */
AR_USE_RESULT ar_status ar_forecast_outline_times(ar_forecast_outline *outline,
                                                  const ar_forecast_times *times, ar_error *err);
void ar_forecast_outline_release(ar_forecast_outline *outline); /* safe on a zeroed one */

/* The calls in the order in which they come: begin, write for each of the times by its index, and
 * keep, commit. A failure ends the forecast. */
typedef struct {
    void *context;
    ar_status (*begin)(void *context, const ar_forecast_outline *outline, ar_error *err);
    /* members[f], [level][member][nlat][nlon], of the predicted fields in the field's unit. */
    ar_status (*write)(void *context, const ar_forecast_outline *outline, int64_t index,
                       const float *const *members, ar_error *err);
    /* With options->alpha, after the time itself: how the mean of a field with another α differs
     * from it, [level][nlat][nlon], and how probable that is by chance. NULL: not wanted. */
    ar_status (*write_difference)(void *context, int64_t index, int64_t field,
                                  const float *difference, const float *p_value, ar_error *err);
    /* After begin: how many of the times it has already, from the first; they are not written
     * again. NULL: none. */
    int64_t (*complete)(const void *context);
    /* If there are any: read the arrays that a roll-out goes on from (none where a start ends). */
    ar_status (*restore)(void *context, const ar_forecast_array *arrays, int count, ar_error *err);
    /* The first `complete` times, but not all, have been written, with all that belongs to them,
     * and a roll-out goes on from the arrays. NULL: nothing is kept. */
    ar_status (*keep)(void *context, int64_t complete, const ar_forecast_array *arrays, int count,
                      ar_error *err);
    ar_status (*commit)(void *context, ar_error *err);
} ar_forecast_sink;

/* As ar_forecast, but into `sinks` [sink_count] instead of options->out, which may be NULL. */
AR_USE_RESULT ar_status ar_forecast_into(const ar_forecast_options *options,
                                         const ar_forecast_sink *sinks, int64_t sink_count,
                                         ar_error *err);

#endif
