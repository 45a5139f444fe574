/* Released models as training and forecasts take them, without a file in between: the JSON as a
 * configuration to train, the .mod as a checkpoint. */
#ifndef AR_TRAIN_RELEASED_MODEL_H
#define AR_TRAIN_RELEASED_MODEL_H

#include "train/checkpoint.h"

/* Read model_id<ID>.json as a configuration to train, with settings applied to it
 * (docs/released-models.md tells which of its keys count). The data and the training period have to
 * be among the settings; a line says which are not. `weights` is what the run will start from (a
 * .mod, a checkpoint, a run folder; NULL: nothing): it tells whether the network is that of 2023 or
 * of 2024. Release with ar_configuration_release. */
AR_USE_RESULT ar_status ar_released_to_train(ar_configuration *configuration, const char *json,
                                             const char *const *settings, int64_t setting_count,
                                             const char *weights, ar_error *err);

/* Open AtmoRep_id<ID>.mod as a checkpoint of step 0 without statistics. Its configuration is
 * `json`; where that is NULL, model_id<ID>.json beside it or, where that is not there, `fallback`
 * (may be NULL too). Close with ar_checkpoint_close. */
AR_USE_RESULT ar_status ar_released_open(ar_checkpoint *checkpoint, const char *mod,
                                         const char *json, const char *fallback, ar_error *err);

#endif
