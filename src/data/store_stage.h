/* A stage of making a store: jobs that do not depend on each other, done by several threads, each
 * of which makes its results safe now and then. */
#ifndef AR_DATA_STORE_STAGE_H
#define AR_DATA_STORE_STAGE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef struct {
    const char *label; /* of the progress */
    int64_t job_count;
    void *context;
    bool (*is_done)(void *context, int64_t job); /* in an earlier go */
    /* Do a job; `worker` counts the threads from 0. Jobs are begun in their order. */
    ar_status (*run)(void *context, int worker, int64_t job, ar_error *err);
    /* Put onto the disk what the worker did since the last call, and then on record that these jobs
     * are done. One worker at a time. */
    ar_status (*save)(void *context, int worker, const int64_t *jobs, int64_t count, ar_error *err);
} ar_store_stage;

/* Run all jobs that are not done. The first error ends it; what was done until then is saved, as it
 * is when *interrupt (may be NULL) is not 0: AR_ERROR_INTERRUPTED. */
AR_USE_RESULT ar_status ar_store_stage_run(const ar_store_stage *stage, int workers,
                                           const volatile sig_atomic_t *interrupt, ar_error *err);

#endif
