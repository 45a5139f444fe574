/* Parameters that training leaves as they are, chosen by name. */
#ifndef AR_MODEL_FREEZE_H
#define AR_MODEL_FREEZE_H

#include "model/model.h"

/* Freeze what the shell patterns of training.freeze match (`*` matches points too; a parameter's
 * second name counts): no gradient reaches it, so the optimiser leaves it alone, and what of the
 * adjoint serves nothing else is not computed. *parameters and *numbers receive how many are
 * frozen. A pattern that matches nothing, and patterns that leave nothing to train, are errors. */
AR_USE_RESULT ar_status ar_model_freeze(ar_model *model, int64_t *parameters, int64_t *numbers,
                                        ar_error *err);

#endif
