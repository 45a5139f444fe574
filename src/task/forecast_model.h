/* The model that a forecast is made with, trained here or released, and what normalises its data.
 */
#ifndef AR_TASK_FORECAST_MODEL_H
#define AR_TASK_FORECAST_MODEL_H

#include "atmorep/atmorep.h"
#include "train/checkpoint.h"

/* Open what options->model names; options that do not go with it are errors. Close it with
 * ar_checkpoint_close in any case. */
AR_USE_RESULT ar_status ar_forecast_model_open(ar_checkpoint *checkpoint,
                                               const ar_forecast_options *options, ar_error *err);
/* Normalise the data by the model's own statistics, or, where it has none, by those of the data. */
AR_USE_RESULT ar_status ar_forecast_model_normalise(ar_checkpoint *checkpoint,
                                                    const ar_forecast_options *options,
                                                    ar_dataset *dataset, ar_error *err);

#endif
