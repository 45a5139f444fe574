/* The checkpoints of a run folder: RUN/checkpoint-<step>.safetensors, the last three of them. */
#ifndef AR_TRAIN_RUN_FOLDER_H
#define AR_TRAIN_RUN_FOLDER_H

#include <stdint.h>

#include "atmorep/status.h"

enum { AR_CHECKPOINTS_KEPT = 3 };

/* Path of the checkpoint of a step into *path, the caller's to ar_free. */
AR_USE_RESULT ar_status ar_run_checkpoint_path(const char *run, int64_t step, char **path,
                                               ar_error *err);
/* Path of the newest checkpoint of a run into *path, the caller's to ar_free; NULL when there is
 * none. */
AR_USE_RESULT ar_status ar_checkpoint_find(const char *run, char **path, ar_error *err);
/* Remove all checkpoints but the last three, and what runs that were killed left unfinished. */
AR_USE_RESULT ar_status ar_run_clean(const char *run, ar_error *err);

#endif
