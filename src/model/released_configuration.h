/* The configuration of a released AtmoRep model: `model_id<ID>.json`, one JSON object. */
#ifndef AR_MODEL_RELEASED_CONFIGURATION_H
#define AR_MODEL_RELEASED_CONFIGURATION_H

#include "model/configuration.h"

/* Read `json_path` into a configuration without data: no paths. The training period is that of
 * years_train, where the file has it. Losses get weight 1, fields that fields_prediction does not
 * list are input only, and prediction_order is its order. What the file asks for and this program
 * does not compute (such as attention that is not dense) is an error that names file, key and
 * value. Release with ar_configuration_release. Thread-safe. */
AR_USE_RESULT ar_status ar_released_configuration(ar_configuration *configuration,
                                                  const char *json_path, ar_error *err);

#endif
