#include "data/store_stage.h"

#include <omp.h>

#include "base/log.h"
#include "base/memory.h"

enum { PENDING_MOST = 4096 };
/* Saving takes at most this share of the time, but comes after so many seconds at the latest. */
static const double SHARE_OF_SAVING = 0.05, SECONDS_UNSAVED = 20;

/* What all workers share; changed by one at a time. */
typedef struct {
    const ar_store_stage *stage;
    const volatile sig_atomic_t *interrupt;
    int64_t next, done;
    ar_progress progress;
    ar_status status; /* the first failure */
    ar_error *err;
} stage_state;

typedef struct {
    int number;
    int64_t *jobs; /* [PENDING_MOST] done and not saved */
    int64_t count;
    double saved, saving; /* when the last saving ended, and how long it took */
} stage_worker;

static void keep_failure(stage_state *state, ar_status status, const ar_error *err)
{
#pragma omp critical(store_stage)
    if (state->status == AR_OK) {
        state->status = status;
        if (state->err) {
            *state->err = *err;
        }
    }
}

/* The next job, −1 at the end. */
static int64_t take_job(stage_state *state)
{
    int64_t job = -1;
#pragma omp critical(store_stage)
    {
        const bool stop = state->status != AR_OK || (state->interrupt && *state->interrupt);
        while (!stop && state->next < state->stage->job_count &&
               state->stage->is_done(state->stage->context, state->next)) {
            state->next++;
        }
        if (!stop && state->next < state->stage->job_count) {
            job = state->next++;
        }
    }
    return job;
}

static void save(stage_state *state, stage_worker *worker)
{
    ar_error err = {""};
    ar_status status = AR_OK;
    const ar_store_stage *stage = state->stage;
    const double begun = ar_clock_seconds();
#pragma omp critical(store_stage_save)
    if (worker->count > 0) {
        status = stage->save(stage->context, worker->number, worker->jobs, worker->count, &err);
    }
    worker->count = 0;
    worker->saved = ar_clock_seconds();
    worker->saving = worker->saved - begun;
    if (status != AR_OK) {
        keep_failure(state, status, &err);
    }
}

static void note_done(stage_state *state, stage_worker *worker, int64_t job)
{
    worker->jobs[worker->count++] = job;
#pragma omp critical(store_stage)
    ar_progress_update(&state->progress, ++state->done, "");
    const double since = ar_clock_seconds() - worker->saved;
    if (worker->count == PENDING_MOST || since > SECONDS_UNSAVED ||
        since * SHARE_OF_SAVING > worker->saving) {
        save(state, worker);
    }
}

static void work(stage_state *state, int number)
{
    ar_error err = {""};
    stage_worker worker = {.number = number, .saved = ar_clock_seconds()};
    ar_status status =
        ar_allocate(&worker.jobs, PENDING_MOST, sizeof *worker.jobs, "a list of jobs", &err);
    for (int64_t job; status == AR_OK && (job = take_job(state)) >= 0;) {
        status = state->stage->run(state->stage->context, number, job, &err);
        if (status == AR_OK) {
            note_done(state, &worker, job);
        }
    }
    if (status != AR_OK) {
        keep_failure(state, status, &err);
    }
    save(state, &worker);
    ar_free(worker.jobs);
}

ar_status ar_store_stage_run(const ar_store_stage *stage, int workers,
                             const volatile sig_atomic_t *interrupt, ar_error *err)
{
    stage_state state = {.stage = stage, .interrupt = interrupt, .err = err};
    for (int64_t job = 0; job < stage->job_count; job++) {
        state.done += stage->is_done(stage->context, job);
    }
    if (state.done == stage->job_count) {
        return AR_OK;
    }
    ar_progress_begin(&state.progress, stage->label, state.done, stage->job_count);
#pragma omp parallel num_threads(workers)
    work(&state, omp_get_thread_num());
    if (state.status == AR_OK && state.done < stage->job_count) {
        return ar_fail(err, AR_ERROR_INTERRUPTED, "interrupted with %lld of %lld %s",
                       (long long)state.done, (long long)stage->job_count, stage->label);
    }
    if (state.status == AR_OK) {
        ar_progress_end(&state.progress, "");
    }
    return state.status;
}
