#include "train/train.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/threads.h"
#include "train/released_model.h"
#include "train/training_run.h"

typedef struct {
    ar_progress progress;
    double last_line; /* clock at the last training line */
    int64_t last_step;
} loop_clock;

/* Every so many steps and at the last one; 0 is never. */
static bool is_due(int64_t step, int64_t every, int64_t last)
{
    return every > 0 && (step == last || step % every == 0);
}

/* `end` tells how the training ended; NULL: it goes on. */
static void update_report(ar_training_run *run, int64_t step, const loop_clock *clock,
                          const char *end)
{
    const ar_progress *progress = &clock->progress;
    const double pace = (ar_clock_seconds() - progress->started) / (double)(step - progress->first);
    const ar_training_state state = {.step = step,
                                     .skipped_steps = run->optimiser.skipped,
                                     .seconds_left =
                                         pace * (double)(run->configuration->training.steps - step),
                                     .end = end};
    ar_training_report_update(&run->report, &state);
}

static ar_status log_step(ar_training_run *run, int64_t step, loop_clock *clock, ar_error *err)
{
    const ar_training_configuration *settings = &run->configuration->training;
    char text[256], detail[300];
    double now = ar_clock_seconds();
    double speed =
        (double)((step - clock->last_step) * settings->batch) / fmax(now - clock->last_line, 1e-9);
    ar_loss_sums_format(&run->sums, run->configuration, text, sizeof text);
    snprintf(detail, sizeof detail, "%s  %.0f samples/s", text, speed);
    ar_progress_update(&clock->progress, step, detail);
    if (!is_due(step, settings->log_every, settings->steps)) {
        return AR_OK;
    }
    clock->last_line = now;
    clock->last_step = step;
    const ar_training_pace pace = {.learning_rate = ar_learning_rate(settings, step),
                                   .samples_per_second = speed,
                                   .skipped_steps = run->optimiser.skipped};
    ar_status status = ar_metrics_write(&run->metrics, &run->sums, step, &pace, err);
    run->sums = (ar_loss_sums){0};
    update_report(run, step, clock, NULL);
    return status;
}

static ar_status write_checkpoint(ar_training_run *run, ar_error *err)
{
    ar_status status = ar_training_run_need_finite(run, err);
    return status == AR_OK ? ar_checkpoint_write(run->options->run, run->configuration,
                                                 &run->dataset, run->model->graph, run->parameters,
                                                 &run->optimiser, &run->sums, run->origin.text, err)
                           : status;
}

/* Too many steps were skipped in a row: keep what was there before them, and give up. */
static ar_status give_up(ar_training_run *run, ar_error *err)
{
    ar_status status = write_checkpoint(run, err);
    if (status != AR_OK) {
        return status;
    }
    return ar_fail(err, AR_ERROR_NUMERIC,
                   "%s: the last %lld steps up to %lld were skipped, their losses or gradients are "
                   "not finite; the parameters before them are saved. A lower "
                   "training.learning_rate may help: another run can start from here (--from)",
                   run->options->run, (long long)run->optimiser.skipped_in_a_row,
                   (long long)run->optimiser.step);
}

static ar_status train_all(ar_training_run *run, ar_error *err)
{
    const ar_training_configuration *settings = &run->configuration->training;
    const volatile sig_atomic_t *interrupt = run->options->interrupt;
    ar_profile *profile = run->options->profile;
    ar_status status = AR_OK;
    loop_clock clock = {.last_line = ar_clock_seconds(), .last_step = run->optimiser.step};
    AR_TRY(ar_cube_source_start(&run->training, run->optimiser.step + 1, settings->steps, err));
    const ar_loader_options loading = {.sampler = &run->training.sampler,
                                       .residence = run->training.residence,
                                       .masking = &run->configuration->masking,
                                       .samples = settings->batch,
                                       .seed = (uint64_t)run->configuration->seed,
                                       .first_step = run->optimiser.step + 1,
                                       .last_step = settings->steps};
    AR_TRY(ar_loader_start(&run->loader, &loading, err));
    ar_progress_begin(&clock.progress, "training", run->optimiser.step, settings->steps);
    for (int64_t step = run->optimiser.step + 1; step <= settings->steps; step++) {
        ar_profile_begin_step(profile);
        status = ar_training_run_step(run, step, err);
        ar_profile_end_step(profile);
        AR_TRY(status);
        AR_TRY(log_step(run, step, &clock, err));
        if (run->optimiser.skipped_in_a_row >= AR_SKIPPED_STEPS_MOST) {
            AR_TRY(give_up(run, err));
        }
        if (run->configuration->validation_start && settings->validation_samples > 0 &&
            is_due(step, settings->validate_every, settings->steps)) {
            ar_profile_begin(profile);
            AR_TRY(ar_training_run_validate(run, step, err));
            ar_profile_end(profile, "validation", 0);
        }
        bool asked = interrupt && *interrupt;
        if (asked || step == settings->steps ||
            is_due(step, settings->checkpoint_every, settings->steps)) {
            ar_profile_begin(profile);
            AR_TRY(write_checkpoint(run, err));
            ar_profile_end(profile, "writing checkpoints", 0);
        }
        if (asked && step < settings->steps) {
            status = ar_fail(err, AR_ERROR_INTERRUPTED,
                             "%s: interrupted after step %lld of %lld, all of it saved; go on with "
                             "--resume",
                             run->options->run, (long long)step, (long long)settings->steps);
            goto cleanup;
        }
    }
    ar_progress_end(&clock.progress, run->options->run);
cleanup:
    if (status == AR_OK || status == AR_ERROR_INTERRUPTED) {
        update_report(run, run->optimiser.step, &clock,
                      status == AR_OK ? "finished" : "interrupted, go on with --resume");
    } else if (run->report.written) {
        update_report(run, run->optimiser.step, &clock, "ended by an error");
    }
    return status;
}

ar_status ar_train(ar_configuration *configuration, const ar_train_options *options, ar_error *err)
{
    ar_status status = AR_OK;
    ar_training_run *run = NULL;
    AR_TRY(ar_allocate(&run, 1, sizeof *run, "a run", err));
    AR_TRY(ar_training_run_open(run, configuration, options, err));
    AR_TRY(train_all(run, err));
cleanup:
    ar_profile_stop(options->profile);
    ar_threads_release();
    if (run) {
        ar_training_run_close(run);
    }
    ar_free(run);
    return status;
}

ar_status ar_train_file(const char *path, const char *const *settings, int64_t setting_count,
                        const ar_train_options *options, ar_error *err)
{
    ar_configuration configuration = {0};
    ar_status status =
        ar_text_ends_with(path, ".json")
            ? ar_released_to_train(&configuration, path, settings, setting_count, options->from,
                                   err)
            : ar_configuration_read(&configuration, path, settings, setting_count, err);
    if (status == AR_OK) {
        status = ar_train(&configuration, options, err);
    }
    ar_configuration_release(&configuration);
    return status;
}
