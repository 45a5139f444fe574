/* Which times a forecast is made for, what it masks, and which times it starts from. */
#ifndef AR_TASK_FORECAST_TIMES_H
#define AR_TASK_FORECAST_TIMES_H

#include "atmorep/atmorep.h"
#include "train/checkpoint.h"

typedef struct {
    ar_masking masking;    /* the last time tokens, as many as the lead time needs */
    int64_t lead_steps;    /* lead time in steps of the data */
    int64_t known_steps;   /* times of a cube that are known */
    int64_t time_step;     /* seconds */
    int64_t *valid, count; /* [count] valid times whose known times are all there */
} ar_forecast_times;

/* Fill in what follows from the lead time: the same stretch of time is masked for every field. A
 * lead that the model cannot reach at once, and a period without times, are errors. */
AR_USE_RESULT ar_status ar_forecast_times_lead(ar_forecast_times *times,
                                               const ar_forecast_options *options,
                                               const ar_checkpoint *checkpoint, ar_error *err);
/* Choose the valid times. Times that start from data that is not there are left out with a warning,
 * none at all is an error; times of training, and months it never saw, are a warning. */
AR_USE_RESULT ar_status ar_forecast_times_choose(ar_forecast_times *times,
                                                 const ar_forecast_options *options,
                                                 const ar_dataset *dataset, ar_error *err);
/* First time of the cube that forecasts `valid`: the last known time lies a lead before it. */
int64_t ar_forecast_times_first(const ar_forecast_times *times, int64_t valid);
void ar_forecast_times_release(ar_forecast_times *times); /* safe on zeroed */

#endif
