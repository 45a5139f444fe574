/* Training: from a configuration to a run folder with configuration.yaml, metrics.jsonl and
 * checkpoints. Interrupted at any step and resumed, a run ends with the same bits as one that was
 * not. */
#ifndef AR_TRAIN_TRAIN_H
#define AR_TRAIN_TRAIN_H

#include "atmorep/atmorep.h"
#include "model/configuration.h"

/* Train. `configuration` has been checked; levels that it leaves open are filled in from the data.
 * AR_ERROR_INTERRUPTED when *interrupt asked for an end (state is saved), AR_ERROR_NUMERIC when a
 * loss or gradient is not finite (the last checkpoint stays as it was). */
AR_USE_RESULT ar_status ar_train(ar_configuration *configuration, const ar_train_options *options,
                                 ar_error *err);

#endif
