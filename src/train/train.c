#include "train/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/threads.h"
#include "model/freeze.h"
#include "train/checkpoint.h"
#include "train/cube_source.h"
#include "train/loader.h"
#include "train/metrics.h"
#include "train/origin.h"
#include "train/released_model.h"
#include "train/training_report.h"

/* All that a run holds while it trains. */
typedef struct {
    ar_configuration *configuration;
    const ar_train_options *options;
    const ar_backend *backend;
    int threads;
    int lock; /* on the run's folder; −1: none */
    ar_dataset dataset;
    ar_cube_source training, validation;
    ar_loader *loader; /* of training's batches */
    ar_batch batch;    /* of validation */
    ar_cube *cubes;
    ar_model *model;
    ar_plan *plan;
    float *parameters, *gradients;
    ar_optimiser optimiser;
    ar_origin origin;
    ar_metrics metrics;
    ar_loss_sums sums; /* of training steps since the last line */
    ar_training_report report;
} run_state;

/* ---- setting up ------------------------------------------------------------------------------ */

/* First line in which two configurations differ, data paths left aside. */
static ar_status need_same_configuration(const ar_checkpoint *checkpoint,
                                         const ar_configuration *configuration, ar_error *err)
{
    ar_configuration then = checkpoint->configuration, now = *configuration;
    char *before = NULL, *after = NULL;
    ar_status status = AR_OK;
    then.path_count = now.path_count = 0;
    AR_TRY(ar_configuration_write(&then, &before, err));
    AR_TRY(ar_configuration_write(&now, &after, err));
    const char *a = before, *b = after;
    while (*a && *b) {
        size_t length_a = strcspn(a, "\n"), length_b = strcspn(b, "\n");
        if (length_a != length_b || memcmp(a, b, length_a) != 0) {
            break;
        }
        a += length_a + (a[length_a] == '\n');
        b += length_b + (b[length_b] == '\n');
    }
    if (*a || *b) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: this run was started with '%.*s', now it is '%.*s'; resume with the "
                         "same configuration, or train into another folder",
                         checkpoint->path, (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
    }
cleanup:
    ar_free(before);
    ar_free(after);
    return status;
}

/* Of values in memory. */
static double most_bytes(const ar_configuration *configuration)
{
    const double limit = configuration->memory_gib;
    return limit > 0 ? limit * (1 << 30) : INFINITY;
}

static ar_status load_data(run_state *run, ar_error *err)
{
    ar_configuration *c = run->configuration;
    ar_dataset *dataset = &run->dataset;
    ar_status status = AR_OK;
    const ar_dataset_period period = ar_dataset_training_period(c);
    const ar_sampling sampling = ar_configuration_sampling(c);
    AR_TRY(ar_dataset_open(dataset, c, (const char *const *)c->paths, c->path_count, &period,
                           most_bytes(c), err));
    ar_dataset_warn_of_ends(dataset, c);
    ar_dataset_warn_of_copies(dataset, c);
    AR_TRY(ar_dataset_normalise(dataset, c, err));
    AR_TRY(ar_dataset_ready(dataset, c, err));
    AR_TRY(ar_cube_source_init(&run->training, dataset, &sampling, dataset->training_first,
                               dataset->training_last, err));
    if (c->validation_start) {
        AR_TRY(ar_cube_source_init(&run->validation, dataset, &sampling, dataset->validation_first,
                                   dataset->validation_last, err));
        ar_dataset_warn_of_months(dataset, dataset->validation_first, dataset->validation_last,
                                  "validation");
        const size_t samples = (size_t)c->training.batch;
        AR_TRY(ar_batch_init(&run->batch, &dataset->space, c->training.batch, err));
        AR_TRY(ar_allocate(&run->cubes, samples, sizeof *run->cubes, "cubes", err));
    }
    AR_TRY(ar_cube_source_divide_memory(&run->training, &run->validation, c, err));
cleanup:
    return status;
}

static ar_status build_model(run_state *run, ar_error *err)
{
    ar_configuration *c = run->configuration;
    ar_status status = AR_OK;
    AR_TRY(ar_model_create(&run->model, c,
                           &(ar_model_options){.batch = c->training.batch,
                                               .losses = true,
                                               .forget_predictions = true,
                                               .dropout = true,
                                               .type = AR_TYPE_FLOAT32},
                           err));
    int64_t frozen, numbers;
    AR_TRY(ar_model_freeze(run->model, &frozen, &numbers, err));
    if (frozen > 0) {
        ar_log(AR_LOG_INFO, "%lld parameters with %.3g million numbers are frozen",
               (long long)frozen, 1e-6 * (double)numbers);
    }
    const ar_graph *graph = run->model->graph;
    size_t count = (size_t)graph->parameter_values;
    AR_TRY(ar_allocate_large(&run->parameters, count, sizeof(float), "parameters", err));
    AR_TRY(ar_allocate_large(&run->gradients, count, sizeof(float), "gradients", err));
    AR_TRY(ar_optimiser_init(&run->optimiser, graph, err));
    ar_model_initialise(run->model, (uint64_t)c->seed, run->parameters);
    AR_TRY(ar_origin_fill(&run->origin, run->model, run->parameters, err));
    AR_TRY(ar_plan_create(&run->plan, graph,
                          &(ar_plan_options){.backend = run->backend,
                                             .loss = run->model->loss,
                                             .precision = c->training.precision,
                                             .recompute = c->training.recompute,
                                             .threads = run->threads},
                          run->parameters, run->gradients, err));
    AR_TRY(ar_plan_set_profile(run->plan, run->options->profile, err));
    run->optimiser.profile = run->options->profile;
cleanup:
    return status;
}

/* Before hours of reading: a run that nobody asked to resume is an error, and so are models to
 * start from that are not there. */
static ar_status begin(run_state *run, ar_error *err)
{
    const ar_train_options *options = run->options;
    char *path = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_checkpoint_find(options->run, &path, err));
    if (path && !options->resume) {
        status = ar_fail(err, AR_ERROR_USAGE,
                         "%s: this folder holds a run already; go on with --resume, or choose "
                         "another folder",
                         options->run);
        goto cleanup;
    }
    AR_TRY(ar_origin_open(&run->origin, options, run->configuration, path == NULL, err));
cleanup:
    ar_free(path);
    return status;
}

/* Go on from the newest checkpoint, if there is one. */
static ar_status resume(run_state *run, ar_error *err)
{
    char *path = NULL;
    ar_checkpoint checkpoint = {0};
    ar_status status = AR_OK;
    AR_TRY(ar_checkpoint_find(run->options->run, &path, err));
    if (!path) {
        goto cleanup;
    }
    AR_TRY(ar_checkpoint_open(&checkpoint, path, err));
    AR_TRY(need_same_configuration(&checkpoint, run->configuration, err));
    AR_TRY(ar_checkpoint_check_data(&checkpoint, &run->dataset, err));
    AR_TRY(ar_checkpoint_read_model(&checkpoint, run->model->graph, run->parameters,
                                    &run->optimiser, err));
    AR_TRY(ar_checkpoint_read_sums(&checkpoint, &run->sums, err));
    AR_TRY(ar_origin_keep(&run->origin, &checkpoint, err));
    ar_log(AR_LOG_INFO, "going on from step %lld of %s", (long long)checkpoint.step, path);
cleanup:
    ar_checkpoint_close(&checkpoint);
    ar_free(path);
    return status;
}

static ar_status write_configuration(run_state *run, ar_error *err)
{
    char *path = NULL, *yaml = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&path, run->options->run, "configuration.yaml", err));
    AR_TRY(ar_configuration_write(run->configuration, &yaml, err));
    AR_TRY(ar_file_write_whole(path, yaml, strlen(yaml), err));
cleanup:
    ar_free(path);
    ar_free(yaml);
    return status;
}

/* Say how much of a field is missing: a store whose chunks were lost looks like one with gaps. */
static void tell_missing(const ar_field_data *field)
{
    if (!field->values) {
        return; /* to know it would take another reading */
    }
    const int64_t count =
        field->time_count * field->level_count * field->grid.nlat * field->grid.nlon;
    int64_t missing = 0;
    for (int64_t i = 0; i < count; i++) {
        missing += isnan(field->values[i]) != 0;
    }
    if (missing > 0) {
        ar_log(AR_LOG_INFO,
               "field %s: %.3g %% of its values are missing; tokens that hold any of them are "
               "masked and no target",
               field->name, 100.0 * (double)missing / (double)count);
    }
}

static void describe(const run_state *run)
{
    const ar_configuration *c = run->configuration;
    ar_log(AR_LOG_INFO,
           "model: %.3g million parameters, %.3g GFLOP a step of %lld samples, %.3g GiB of memory "
           "for activations, %d threads",
           1e-6 * (double)ar_model_parameter_count(run->model),
           1e-9 * ar_plan_operations(run->plan, true), (long long)c->training.batch,
           (double)ar_plan_bytes(run->plan) / (1 << 30), run->threads);
    for (int64_t f = 0; f < c->field_count; f++) {
        const ar_field_data *field = &run->dataset.fields[f];
        char times[96] = "static", first[32], last[32];
        if (!field->is_static) {
            ar_time_format(field->times[0], field->calendar, first);
            ar_time_format(field->times[field->time_count - 1], field->calendar, last);
            snprintf(times, sizeof times, "%lld times %s to %s", (long long)field->time_count,
                     first, last);
        }
        ar_log(AR_LOG_INFO, "field %s: variable %s (%s), %s, %lld x %lld points", c->fields[f].name,
               field->variable, field->units, times, (long long)field->grid.nlat,
               (long long)field->grid.nlon);
        tell_missing(field);
    }
}

/* ---- a step ---------------------------------------------------------------------------------- */

static double scalar(const run_state *run, ar_tensor tensor)
{
    return (double)*(const float *)ar_plan_matrix(run->plan, tensor).data;
}

/* Add the losses of the batch that was just computed, `weight` times. */
static void add_losses(const run_state *run, ar_loss_sums *sums, int64_t weight)
{
    const ar_configuration *c = run->configuration;
    sums->count += weight;
    sums->total += (double)weight * scalar(run, run->model->loss);
    for (int64_t p = 0; p < c->prediction_count; p++) {
        int64_t f = c->prediction_order[p];
        for (int64_t i = 0; i < c->training.loss_count; i++) {
            ar_loss_kind kind = c->training.losses[i].kind;
            sums->losses[f][kind] +=
                (double)weight * scalar(run, run->model->fields[f].losses[kind]);
        }
    }
}

static void feed(run_state *run, const ar_batch *batch, const ar_draw *draw)
{
    ar_profile_begin(run->options->profile);
    ar_model_feed(run->model, run->plan, batch);
    if (!draw->validation) {
        ar_model_draw_dropout(run->model, run->plan, draw);
    }
    ar_profile_end(run->options->profile, "feeding the model", 0);
}

/* Parameters that are not finite never recover, and never replace a checkpoint. */
static ar_status need_finite_parameters(const run_state *run, ar_error *err)
{
    const double squares = run->backend->sum_of_squares(
        run->parameters, run->model->graph->parameter_values, run->threads);
    if (!isfinite(squares)) {
        return ar_fail(err, AR_ERROR_NUMERIC,
                       "%s: at step %lld the parameters are not finite numbers any more; the "
                       "checkpoints before it are whole. A lower training.learning_rate may help",
                       run->options->run, (long long)run->optimiser.step);
    }
    return AR_OK;
}

/* Say what was not finite of the step that was just skipped. */
static ar_status tell_skipped(const run_state *run, const char *what, double value, ar_error *err)
{
    ar_status status = need_finite_parameters(run, err);
    if (status == AR_OK) {
        ar_log(AR_LOG_WARNING, "step %lld is skipped, %s is %g; %lld skipped so far",
               (long long)run->optimiser.step, what, value, (long long)run->optimiser.skipped);
    }
    return status;
}

static ar_status train_step(run_state *run, int64_t step, ar_error *err)
{
    const ar_training_configuration *settings = &run->configuration->training;
    const ar_draw draw = {.seed = (uint64_t)run->configuration->seed, .step = (uint32_t)step};
    const ar_batch *batch = NULL;
    double norm = 0;
    ar_profile_begin(run->options->profile);
    ar_status status = ar_loader_wait(run->loader, &batch, err);
    ar_profile_end(run->options->profile, "waiting for the batch", 0);
    if (status != AR_OK) {
        return status;
    }
    feed(run, batch, &draw);
    ar_loader_go_on(run->loader);
    ar_plan_forward(run->plan);
    const double loss = scalar(run, run->model->loss);
    if (!isfinite(loss)) {
        ar_optimiser_skip(&run->optimiser);
        return tell_skipped(run, "its loss", loss, err);
    }
    ar_plan_adjoint(run->plan);
    bool moved = ar_optimiser_step(&run->optimiser, run->plan, run->model->graph, run->backend,
                                   settings, ar_learning_rate(settings, step), run->parameters,
                                   run->gradients, run->threads, &norm);
    if (!moved) {
        return tell_skipped(run, "the norm of its gradient", norm, err);
    }
    add_losses(run, &run->sums, 1);
    run->sums.gradient_norm += norm;
    return AR_OK;
}

/* Losses on the same validation samples every time. */
static ar_status validate(run_state *run, int64_t step, ar_error *err)
{
    const ar_training_configuration *settings = &run->configuration->training;
    ar_cube_source *source = &run->validation;
    ar_loss_sums sums = {0};
    char text[256];
    const int64_t last = (settings->validation_samples - 1) / settings->batch;
    ar_status status = AR_OK;
    AR_TRY(ar_cube_source_start(source, 0, last, err));
    for (int64_t k = 0; k <= last; k++) {
        const int64_t done = k * settings->batch, left = settings->validation_samples - done;
        const int64_t count = left < settings->batch ? left : settings->batch;
        const ar_draw draw = {.seed = (uint64_t)run->configuration->seed,
                              .step = ar_cube_source_changes(source) ? (uint32_t)k : 0,
                              .first_sample = (uint32_t)done,
                              .validation = true};
        ar_profile_begin(run->options->profile);
        if (source->residence) {
            AR_TRY(ar_residence_wait(source->residence, draw.step, err));
        }
        ar_sampler_draw(&source->sampler, &draw, run->cubes, count);
        ar_batch_fill(&run->batch, &source->space, run->cubes, count, &run->configuration->masking,
                      &draw, false);
        ar_profile_end(run->options->profile, "filling the batch", 0);
        feed(run, &run->batch, &draw);
        ar_plan_forward(run->plan);
        add_losses(run, &sums, count);
    }
    ar_loss_sums_format(&sums, run->configuration, text, sizeof text);
    ar_log(AR_LOG_INFO, "step %lld  validation %s", (long long)step, text);
    status = ar_metrics_write(&run->metrics, &sums, step, NULL, err);
cleanup:
    ar_cube_source_pause(source);
    return status;
}

/* ---- the loop -------------------------------------------------------------------------------- */

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
static void update_report(run_state *run, int64_t step, const loop_clock *clock, const char *end)
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

static ar_status log_step(run_state *run, int64_t step, loop_clock *clock, ar_error *err)
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

static ar_status write_checkpoint(run_state *run, ar_error *err)
{
    ar_status status = need_finite_parameters(run, err);
    return status == AR_OK ? ar_checkpoint_write(run->options->run, run->configuration,
                                                 &run->dataset, run->model->graph, run->parameters,
                                                 &run->optimiser, &run->sums, run->origin.text, err)
                           : status;
}

/* Too many steps were skipped in a row: keep what was there before them, and give up. */
static ar_status give_up(run_state *run, ar_error *err)
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

static ar_status train_all(run_state *run, ar_error *err)
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
        status = train_step(run, step, err);
        ar_profile_end_step(profile);
        AR_TRY(status);
        AR_TRY(log_step(run, step, &clock, err));
        if (run->optimiser.skipped_in_a_row >= AR_SKIPPED_STEPS_MOST) {
            AR_TRY(give_up(run, err));
        }
        if (run->configuration->validation_start && settings->validation_samples > 0 &&
            is_due(step, settings->validate_every, settings->steps)) {
            ar_profile_begin(profile);
            AR_TRY(validate(run, step, err));
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

static void release(run_state *run)
{
    ar_loader_stop(&run->loader);
    ar_metrics_close(&run->metrics);
    ar_origin_release(&run->origin);
    ar_plan_destroy(&run->plan);
    ar_model_destroy(&run->model);
    ar_optimiser_release(&run->optimiser);
    ar_free_large(run->parameters);
    ar_free_large(run->gradients);
    ar_free(run->cubes);
    ar_batch_release(&run->batch);
    ar_cube_source_release(&run->training);
    ar_cube_source_release(&run->validation);
    ar_dataset_release(&run->dataset);
    if (run->lock >= 0) {
        close(run->lock);
    }
}

ar_status ar_train(ar_configuration *configuration, const ar_train_options *options, ar_error *err)
{
    ar_status status = AR_OK;
    run_state *run = NULL;
    AR_TRY(ar_allocate(&run, 1, sizeof *run, "a run", err));
    run->configuration = configuration;
    run->options = options;
    run->lock = -1;
    AR_TRY(ar_backend_choose(&run->backend, options->backend, err));
    AR_TRY(ar_threads_set(options->threads, &run->threads, err));
    AR_TRY(begin(run, err));
    ar_profile_start(options->profile, run->backend, configuration->training.precision,
                     run->threads);
    ar_profile_begin(options->profile);
    AR_TRY(load_data(run, err));
    ar_profile_end(options->profile, "loading the data", 0);
    ar_profile_begin(options->profile);
    AR_TRY(build_model(run, err));
    AR_TRY(ar_folder_make(options->run, err));
    AR_TRY(ar_folder_lock(options->run, &run->lock, err));
    AR_TRY(resume(run, err));
    ar_profile_end(options->profile, "building the model", 0);
    AR_TRY(write_configuration(run, err));
    AR_TRY(ar_run_clean(options->run, err));
    AR_TRY(ar_metrics_open(&run->metrics, options->run, run->optimiser.step, configuration, err));
    describe(run);
    run->report = (ar_training_report){
        .run = options->run, .configuration = configuration, .last = ar_clock_seconds()};
    AR_TRY(train_all(run, err));
cleanup:
    ar_profile_stop(options->profile);
    ar_threads_release();
    if (run) {
        release(run);
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
