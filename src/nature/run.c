/* A whole nature run: spin-up, integration, checkpoints, and a CF file of what a reanalysis would
 * have. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "atmorep/atmorep.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/threads.h"
#include "field/time.h"
#include "io/writer.h"
#include "nature/nature.h"
#include "nature/output_file.h"
#include "nature/run_configuration.h"
#include "nature/run_options.h"
#include "nature/snapshot.h"
#include "nature/unfinished_run.h"

typedef struct {
    const ar_nature_run_options *options;
    ar_nature *nature;
    ar_snapshot snapshot;
    ar_output_file output;
    ar_unfinished_run unfinished;
    bool begun;              /* can be gone on with */
    ar_writer *store;        /* of the unfinished run */
    int64_t start;           /* seconds since 1970, of the first time after spin-up */
    int64_t first, origin;   /* hours of the model: of the first state, of the first time written */
    int64_t last;            /* end */
    int64_t member, members; /* the one at work; 1 where there is no ensemble */
    int64_t good_hour;       /* of the newest checkpoint */
} nature_run;

/* ---- states ---------------------------------------------------------------------------------- */

/* Member 0 has the draw of the seed itself, the others of seeds that no counting leads to: the
 * members of two seeds are never the same. */
static uint64_t seed_of_member(uint64_t seed, int64_t member)
{
    const uint32_t counter[4] = {(uint32_t)member, (uint32_t)((uint64_t)member >> 32), 0,
                                 AR_RANDOM_NOISE};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t words[4];
    ar_philox(counter, key, words);
    return member == 0 ? seed : (uint64_t)words[1] << 32 | words[0];
}

/* The state that the member begins with. */
static ar_status set_first_state(nature_run *run, int64_t member, ar_error *err)
{
    const ar_nature_run_options *o = run->options;
    if (!o->from) {
        ar_nature_perturb(run->nature, 1, o->seed);
        return AR_OK;
    }
    ar_status status = ar_nature_restore(run->nature, o->from, err);
    if (status == AR_OK) {
        int64_t number = o->ensemble > 0 ? member : o->member;
        ar_nature_perturb(run->nature, o->perturb, seed_of_member(o->seed, number));
    }
    return status;
}

/* Put everything so far onto the disk, then the state that goes on from there. The state's name
 * appears last and at once: until then the checkpoint before it holds. */
static ar_status save_checkpoint(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    char *path = NULL, *before = NULL;
    AR_TRY(ar_nature_check(run->nature, err)); /* a bad state never replaces a good one */
    AR_TRY(ar_writer_flush(run->store, err));
    AR_TRY(ar_unfinished_run_state(&run->unfinished, run->member, &path, err));
    AR_TRY(ar_nature_save(run->nature, path, err));
    run->good_hour = ar_nature_get_hour(run->nature);
    if (run->member > 0) {
        AR_TRY(ar_unfinished_run_state(&run->unfinished, run->member - 1, &before, err));
        unlink(before);
    }
cleanup:
    ar_free(path);
    ar_free(before);
    return status;
}

/* Make the newest checkpoint the state, or let the first member begin. */
static ar_status find_state(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    char *path = NULL;
    AR_TRY(ar_unfinished_run_find(&run->unfinished, &run->member, err));
    if (run->member < 0) {
        run->member = 0;
        AR_TRY(set_first_state(run, 0, err));
    } else {
        AR_TRY(ar_unfinished_run_state(&run->unfinished, run->member, &path, err));
        AR_TRY(ar_nature_restore(run->nature, path, err));
    }
cleanup:
    ar_free(path);
    return status;
}

/* ---- preparation ----------------------------------------------------------------------------- */

static ar_status create_nature(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_nature_run_options *o = run->options;
    ar_nature_settings settings =
        ar_nature_run_settings(&o->model, run->start - 86400 * o->spin_up_days);
    AR_TRY(ar_nature_create(&run->nature, &settings, err));
    run->origin = 24 * o->spin_up_days;
    if (o->from) {
        AR_TRY(ar_nature_restore(run->nature, o->from, err));
        run->first = run->origin = ar_nature_get_hour(run->nature);
    }
    run->last = run->origin + 24 * o->days;
    run->members = o->ensemble > 0 ? o->ensemble : 1;
cleanup:
    return status;
}

/* What is wrong with the options shows before anything is made on the disk. */
static ar_status prepare(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_nature_run_options *o = run->options;
    int64_t every = o->output.every_hours;
    AR_TRY(ar_nature_run_check_options(o, err));
    AR_TRY(ar_time_parse(&run->start, o->start, AR_CALENDAR_STANDARD, err));
    AR_TRY(ar_threads_set(o->threads, &(int){0}, err));
    AR_TRY(create_nature(run, err));
    AR_TRY(ar_snapshot_init(&run->snapshot, run->nature, &o->output, err));
    AR_TRY(ar_output_file_init(&run->output, o, &run->snapshot,
                               run->start + 3600 * (run->origin - 24 * o->spin_up_days),
                               (24 * o->days + every - 1) / every, err));
cleanup:
    return status;
}

/* Open what is unfinished, or make it. */
static ar_status open_store(nature_run *run, ar_run_progress *progress, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_nature_run_options *o = run->options;
    char *description = NULL;
    bool zarr = ar_writer_is_zarr(o->out);
    AR_TRY(ar_nature_run_describe(o, &description, err));
    AR_TRY(ar_unfinished_run_open(&run->unfinished, o->out, description, o->ensemble, o->resume,
                                  progress, err));
    run->begun = *progress == AR_RUN_GOES_ON;
    if (*progress == AR_RUN_IS_COMPLETE) {
        goto cleanup;
    }
    AR_TRY(ar_writer_open_unfinished(&run->store, zarr ? o->out : run->unfinished.store,
                                     run->unfinished.store, err));
    AR_TRY(ar_writer_set_zarr_format(run->store, o->zarr_format, err));
    AR_TRY(ar_output_file_define(&run->output, run->store, false, err));
    AR_TRY(ar_writer_flush(run->store, err));
    if (!run->begun) {
        AR_TRY(ar_unfinished_run_begin(&run->unfinished, description, err));
        run->begun = true;
    }
    AR_TRY(find_state(run, err));
cleanup:
    ar_free(description);
    return status;
}

/* ---- the run --------------------------------------------------------------------------------- */

static bool is_interrupted(const nature_run *run)
{
    return run->options->interrupt && *run->options->interrupt;
}

static void tell_progress(const nature_run *run, ar_progress *progress, int64_t hour)
{
    char detail[64] = "";
    if (run->options->ensemble > 0) {
        snprintf(detail, sizeof detail, "member %lld of %lld", (long long)run->member + 1,
                 (long long)run->members);
    } else if (hour <= run->origin && !run->options->from) {
        snprintf(detail, sizeof detail, "spin-up");
    }
    ar_progress_update(progress, run->member * (run->last - run->first) + hour - run->first,
                       detail);
}

/* One member, hour by hour to the end or an interrupt. A checkpoint is made before its own hour is
 * written, so that what goes on from it begins with the first time that is missing. */
static ar_status integrate_member(nature_run *run, ar_progress *progress, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_nature_run_options *o = run->options;
    int64_t every = o->output.every_hours, since = 24 * o->checkpoint_days;
    AR_TRY(save_checkpoint(run, err));
    for (int64_t hour = ar_nature_get_hour(run->nature); hour < run->last; hour++) {
        if (is_interrupted(run) || hour - run->good_hour >= since) {
            AR_TRY(save_checkpoint(run, err));
        }
        if (is_interrupted(run)) {
            return ar_fail(err, AR_ERROR_INTERRUPTED,
                           "%s: interrupted at hour %lld; the same command with --resume goes on "
                           "from there",
                           run->unfinished.folder.path, (long long)hour);
        }
        bool wanted = (hour - run->origin) % every == 0;
        if (wanted) { /* in the spin-up too: the first mean is over one interval as well */
            ar_snapshot_take_precipitation(&run->snapshot, run->nature, 3600.0 * (double)every);
        }
        if (wanted && hour >= run->origin) {
            AR_TRY(ar_nature_check(run->nature, err));
            AR_TRY(ar_snapshot_take(&run->snapshot, run->nature, err));
            AR_TRY(ar_output_file_write(&run->output, run->store, run->member,
                                        (hour - run->origin) / every, err));
        }
        AR_TRY(ar_nature_advance(run->nature, 1, err));
        tell_progress(run, progress, hour + 1);
    }
    AR_TRY(save_checkpoint(run, err));
cleanup:
    if (status == AR_ERROR_NUMERIC) {
        /* the times until here are worth looking at; that they cannot be kept is no news */
        ar_status ignored = ar_writer_flush(run->store, NULL);
        (void)ignored;
    }
    return status;
}

static ar_status integrate(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    ar_progress progress;
    int64_t each = run->last - run->first, hour = ar_nature_get_hour(run->nature) - run->first;
    ar_progress_begin(&progress, "nature run, hours", run->member * each + hour,
                      run->members * each);
    AR_TRY(integrate_member(run, &progress, err));
    for (run->member++; run->member < run->members; run->member++) {
        AR_TRY(set_first_state(run, run->member, err));
        AR_TRY(integrate_member(run, &progress, err));
    }
    run->member = run->members - 1;
    ar_progress_end(&progress, "");
cleanup:
    return status;
}

/* ---- the end --------------------------------------------------------------------------------- */

static ar_status make_netcdf(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    ar_writer *file = NULL;
    AR_TRY(ar_writer_create(&file, run->options->out, err));
    AR_TRY(ar_output_file_define(&run->output, file, true, err));
    AR_TRY(ar_output_file_copy(&run->output, run->unfinished.store, file, err));
    AR_TRY(ar_writer_commit(&file, err));
cleanup:
    ar_writer_abandon(&file);
    return status;
}

/* All is computed and lies on the disk: give it its names. */
static ar_status finish(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    if (run->options->state) {
        AR_TRY(ar_nature_save(run->nature, run->options->state, err));
    }
    if (ar_writer_is_zarr(run->options->out)) {
        AR_TRY(ar_writer_commit(&run->store, err));
    } else {
        AR_TRY(make_netcdf(run, err));
    }
    ar_unfinished_run_remove(&run->unfinished);
cleanup:
    return status;
}

/* Say where what was computed lies. */
static ar_status explain_failure(const nature_run *run, ar_status status, ar_error *err)
{
    if (status != AR_ERROR_NUMERIC || !err) {
        return status;
    }
    const ar_error reason = *err;
    return ar_fail(err, status,
                   "%s; %s holds the times before and the last good state, of hour %lld",
                   reason.message, run->unfinished.folder.path, (long long)run->good_hour);
}

ar_status ar_nature_run(const ar_nature_run_options *options, ar_error *err)
{
    nature_run run = {.options = options, .unfinished = {.folder.lock = -1}};
    ar_run_progress progress;
    ar_status status = AR_OK;
    AR_TRY(prepare(&run, err));
    AR_TRY(open_store(&run, &progress, err));
    if (progress == AR_RUN_IS_COMPLETE) {
        ar_log(AR_LOG_INFO, "%s is complete", options->out);
        ar_unfinished_run_remove(&run.unfinished);
        goto cleanup;
    }
    AR_TRY(integrate(&run, err));
    AR_TRY(finish(&run, err));
cleanup:
    ar_threads_release();
    status = explain_failure(&run, status, err);
    ar_writer_abandon(&run.store);
    if (status != AR_OK && !run.begun) {
        ar_unfinished_run_remove(&run.unfinished);
    }
    ar_unfinished_run_release(&run.unfinished);
    ar_snapshot_release(&run.snapshot);
    ar_nature_destroy(&run.nature);
    return status;
}
