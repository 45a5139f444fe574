/* What a nature run keeps on the disk until it is complete: the folder OUT.part with
 *     run.yaml          what is being run, so that nothing else goes on with it
 *     data.zarr         the times so far, a store that can be read
 *     last_good.state   the newest checkpoint; of the member M last_good_M.state
 * run.yaml is there as long as the folder is worth something, data.zarr as long as OUT is not in
 * place. While a run is at work the folder is locked. */
#ifndef AR_NATURE_UNFINISHED_RUN_H
#define AR_NATURE_UNFINISHED_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/unfinished.h"

typedef struct {
    ar_unfinished_folder folder;
    char *store;
    int64_t members; /* 0: no ensemble */
} ar_unfinished_run;

typedef enum {
    AR_RUN_BEGINS,
    AR_RUN_GOES_ON,
    AR_RUN_IS_COMPLETE, /* `out` is in place; all else was removed */
} ar_run_progress;

/* Make or open the folder of `out` for the run that `description` describes, and lock it.
 * AR_ERROR_USAGE: there is an unfinished run and `resume` is false, or it is another one (the line
 * that differs is named), or a run is at work. Release in any case. */
AR_USE_RESULT ar_status ar_unfinished_run_open(ar_unfinished_run *run, const char *out,
                                               const char *description, int64_t members,
                                               bool resume, ar_run_progress *progress,
                                               ar_error *err);
/* The store is made: from now on the run can be gone on with. */
AR_USE_RESULT ar_status ar_unfinished_run_begin(const ar_unfinished_run *run,
                                                const char *description, ar_error *err);
/* Path of the checkpoint of a member (0 without an ensemble), the caller's to ar_free. */
AR_USE_RESULT ar_status ar_unfinished_run_state(const ar_unfinished_run *run, int64_t member,
                                                char **path, ar_error *err);
/* The member with the newest checkpoint, −1: there is none. */
AR_USE_RESULT ar_status ar_unfinished_run_find(const ar_unfinished_run *run, int64_t *member,
                                               ar_error *err);
/* Remove the folder, unless it was not opened. */
void ar_unfinished_run_remove(const ar_unfinished_run *run);
void ar_unfinished_run_release(ar_unfinished_run *run);

#endif
