/* What tensors do not show of a network. Private to the transplant. */
#ifndef AR_MODEL_TRANSPLANT_SETTINGS_H
#define AR_MODEL_TRANSPLANT_SETTINGS_H

#include "model/transplant.h"

/* Settings of a donor that change what its parameters mean but not their shapes have to be those of
 * the model; the first that is not is an error with both values. */
AR_USE_RESULT ar_status ar_transplant_check_settings(const ar_transplant *transplant, int64_t donor,
                                                     const ar_configuration *model, ar_error *err);

#endif
