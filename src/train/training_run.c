#include "train/training_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "model/freeze.h"

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

static ar_status load_data(ar_training_run *run, ar_error *err)
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

static ar_status build_model(ar_training_run *run, ar_error *err)
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
static ar_status begin(ar_training_run *run, ar_error *err)
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
static ar_status resume(ar_training_run *run, ar_error *err)
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

static ar_status write_configuration(ar_training_run *run, ar_error *err)
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

static void describe(const ar_training_run *run)
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

ar_status ar_training_run_open(ar_training_run *run, ar_configuration *configuration,
                               const ar_train_options *options, ar_error *err)
{
    ar_status status = AR_OK;
    *run = (ar_training_run){.configuration = configuration, .options = options, .lock = -1};
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
cleanup:
    return status;
}

void ar_training_run_close(ar_training_run *run)
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
