/* Which times are forecast (or hindcast, or interpolated), what is masked for it, and which times
 * are known. */
#ifndef AR_TASK_FORECAST_TIMES_H
#define AR_TASK_FORECAST_TIMES_H

#include "atmorep/atmorep.h"
#include "train/checkpoint.h"

typedef struct {
    ar_masking masking; /* the same stretch of time tokens for every field */
    int64_t lead_hours; /* from the nearest known time, the earlier of two; negative: it is later */
    int64_t cube_steps; /* times of a cube: known_before, then masked_steps, then known ones */
    int64_t known_before, masked_steps;
    int64_t valid_step;            /* which of the masked ones is the valid time */
    int64_t time_step;             /* seconds */
    int64_t displaced;             /* seconds that the valid time lies after its step (`--tau`) */
    int64_t data_first, data_last; /* times that the data has; where gaps are filled */
    int64_t steps;                 /* of a roll-out, at least 1; the others lie lead_hours apart */
    int64_t *valid, count;         /* [count] valid times whose known times are all there */
} ar_forecast_times;

/* Steps of a roll-out, 1 without one, of options that ar_forecast_times_lead accepts. */
int64_t ar_forecast_steps(const ar_forecast_options *options);
/* Fill in what follows from lead_hours, next_hours and `displaced`: forecasts mask the last time
 * tokens, hindcasts the first, interpolation those in the middle. Hours that the model cannot hide
 * at once, or that are not whole tokens where both ends are known, and a valid time that is
 * displaced beyond a known one, are errors. */
AR_USE_RESULT ar_status ar_forecast_times_lead(ar_forecast_times *times,
                                               const ar_forecast_options *options,
                                               const ar_checkpoint *checkpoint, ar_error *err);
/* The same where gaps are filled in: the model sees times before and after the valid one. */
void ar_forecast_times_gaps(ar_forecast_times *times, const ar_forecast_options *options,
                            const ar_checkpoint *checkpoint);
/* Choose the valid times, of a roll-out those of its first step. Times whose known times the data
 * lacks are left out with a warning, none at all is an error; so is a field that is not predicted
 * and not there for later steps. Times of training, and months it never saw, are a warning. */
AR_USE_RESULT ar_status ar_forecast_times_choose(ar_forecast_times *times,
                                                 const ar_forecast_options *options,
                                                 const ar_configuration *configuration,
                                                 const ar_dataset *dataset, ar_error *err);
/* Valid time of a step of a roll-out from 0, `valid` being that of the first. */
int64_t ar_forecast_times_step(const ar_forecast_times *times, int64_t valid, int64_t step);
/* Seconds of data that are needed after, and before, the valid times that were asked for. */
int64_t ar_forecast_times_after(const ar_forecast_times *times,
                                const ar_configuration *configuration);
int64_t ar_forecast_times_before(const ar_forecast_times *times);
/* First time of the cube that forecasts `valid`; where gaps are filled, of one with `valid` in its
 * middle, or as near to that as the times of the data allow. */
int64_t ar_forecast_times_first(const ar_forecast_times *times, int64_t valid);
void ar_forecast_times_release(ar_forecast_times *times); /* safe on zeroed */

#endif
