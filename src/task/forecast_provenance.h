/* What a forecast file says of itself: its task, the model, the data, and how they were used
 * (docs/forecast-file.md). */
#ifndef AR_TASK_FORECAST_PROVENANCE_H
#define AR_TASK_FORECAST_PROVENANCE_H

#include "atmorep/atmorep.h"
#include "io/writer.h"
#include "train/checkpoint.h"

typedef struct {
    const char *command, *title;
    const char *reference; /* what forecast_reference_time is */
} ar_forecast_task;

/* Forecast, hindcast or interpolation, by which times are known; static. */
const ar_forecast_task *ar_forecast_task_of(const ar_forecast_options *options);

/* Put attributes, name and text each, of a variable; NULL: global ones. */
AR_USE_RESULT ar_status ar_forecast_put_texts(ar_writer *file, const char *variable,
                                              const char *const (*texts)[2], int count,
                                              ar_error *err);
/* Put all global attributes; model_hash is that of the parameters. */
AR_USE_RESULT ar_status ar_forecast_put_provenance(ar_writer *file,
                                                   const ar_forecast_options *options,
                                                   const ar_checkpoint *checkpoint,
                                                   uint64_t model_hash, const ar_dataset *dataset,
                                                   ar_error *err);

#endif
