/* Training: from a configuration to a run folder with configuration.yaml, metrics.jsonl and
 * checkpoints. Interrupted at any step and resumed, a run ends with the same bits as one that was
 * not. */
#ifndef AR_TRAIN_TRAIN_H
#define AR_TRAIN_TRAIN_H

#include "atmorep/atmorep.h"
#include "model/configuration.h"

enum { AR_SKIPPED_STEPS_MOST = 10 };

/* Train. `configuration` has been checked; levels that it leaves open are filled in from the data.
 * AR_ERROR_INTERRUPTED when *interrupt asked for an end (state is saved). A step whose loss or
 * gradient is not finite is skipped: parameters and moments stay as they are, and metrics.jsonl
 * counts it. AR_ERROR_NUMERIC when AR_SKIPPED_STEPS_MOST are skipped one after the other, with a
 * checkpoint of what was there before them, or when the parameters themselves are not finite any
 * more, with the checkpoints as they were. */
AR_USE_RESULT ar_status ar_train(ar_configuration *configuration, const ar_train_options *options,
                                 ar_error *err);

#endif
