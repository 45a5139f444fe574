/* Evaluation on random masks, as those of training. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "atmorep/atmorep.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "task/forecast_model.h"
#include "verify/json_members.h"
#include "verify/masked_scores.h"
#include "verify/text_table.h"

enum { SAMPLES_AT_ONCE = 16 };

typedef struct {
    const ar_evaluate_options *options;
    const ar_backend *backend;
    int threads;
    ar_checkpoint checkpoint;
    ar_dataset dataset;
    ar_sampler sampler;
    ar_masking masking;
    ar_batch batch;
    ar_model *model;
    ar_plan *plan;
    float *parameters;
    ar_masked_scores scores;
} evaluation;

/* ---- setting up ------------------------------------------------------------------------------ */

static ar_status refuse_training(const ar_dataset *dataset, const ar_evaluate_options *o,
                                 int64_t start, int64_t end, ar_error *err)
{
    if (start > dataset->training_last || end < dataset->training_first) {
        return AR_OK;
    }
    const ar_calendar calendar = dataset->fields[dataset->timed_field].calendar;
    char first[32], last[32];
    ar_time_format(dataset->training_first, calendar, first);
    ar_time_format(dataset->training_last, calendar, last);
    return ar_fail(
        err, AR_ERROR_USAGE,
        "--start %s --end %s: reaches into the training period %s to %s, and no score is "
        "computed on training times",
        o->start, o->end, first, last);
}

/* What is masked shows nothing, and no more than the asked share of it. */
static ar_status set_masks(evaluation *e, ar_error *err)
{
    ar_configuration *c = &e->checkpoint.configuration;
    const double ratio = e->options->ratio;
    e->masking = (ar_masking){.strategy = AR_MASK_BERT};
    if (!(ratio >= 0 && ratio <= 1)) {
        return ar_fail(err, AR_ERROR_USAGE, "--ratio %g: should be above 0 and at most 1", ratio);
    }
    for (int64_t f = 0; f < c->field_count; f++) {
        ar_field_tokens *tokens = &c->fields[f].tokens;
        tokens->mask_ratio = ratio > 0 && c->fields[f].predicted ? ratio : tokens->mask_ratio;
        tokens->mask_zero = 1;
        tokens->mask_noise = tokens->mask_coarsen = 0;
    }
    return AR_OK;
}

static ar_status load(evaluation *e, ar_error *err)
{
    const ar_evaluate_options *o = e->options;
    ar_configuration *c = &e->checkpoint.configuration;
    const ar_forecast_options model = {
        .model = o->model, .data_paths = o->data_paths, .data_path_count = o->data_path_count};
    int64_t start, end;
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_model_open(&e->checkpoint, &model, err));
    AR_TRY(set_masks(e, err));
    /* Interpolation looks at the times around a token. */
    const int64_t around = 3600 * c->time_step_hours;
    AR_TRY(ar_dataset_load(
        &e->dataset, c, o->data_paths, o->data_path_count,
        &(ar_dataset_period){
            .start = o->start, .end = o->end, .seconds_before = around, .seconds_after = around},
        err));
    const ar_calendar calendar = e->dataset.fields[e->dataset.timed_field].calendar;
    AR_TRY(ar_time_parse(&start, o->start, calendar, err));
    AR_TRY(ar_time_parse(&end, o->end, calendar, err));
    AR_TRY(refuse_training(&e->dataset, o, start, end, err));
    AR_TRY(ar_forecast_model_normalise(&e->checkpoint, &model, &e->dataset, err));
    AR_TRY(ar_dataset_ready(&e->dataset, c, err));
    AR_TRY(ar_sampler_init(&e->sampler, &e->dataset.space, NULL, start, end, err));
    AR_TRY(ar_batch_init(&e->batch, &e->dataset.space, SAMPLES_AT_ONCE, err));
cleanup:
    return status;
}

static ar_status build(evaluation *e, ar_error *err)
{
    ar_configuration *c = &e->checkpoint.configuration;
    ar_status status = AR_OK;
    c->masking = e->masking;
    AR_TRY(ar_model_create(
        &e->model, c, &(ar_model_options){.batch = SAMPLES_AT_ONCE, .type = AR_TYPE_FLOAT32}, err));
    const ar_graph *graph = e->model->graph;
    AR_TRY(ar_allocate_large(&e->parameters, (size_t)graph->parameter_values, sizeof(float),
                             "parameters", err));
    AR_TRY(ar_checkpoint_read_model(&e->checkpoint, graph, e->parameters, NULL, err));
    AR_TRY(ar_plan_create(&e->plan, graph,
                          &(ar_plan_options){.backend = e->backend,
                                             .loss = AR_NO_TENSOR,
                                             .threads = e->threads,
                                             .precision = AR_TYPE_FLOAT32},
                          e->parameters, NULL, err));
    AR_TRY(ar_masked_scores_init(&e->scores, e->model, &e->dataset, err));
cleanup:
    return status;
}

static ar_status evaluate_samples(evaluation *e, ar_error *err)
{
    const ar_evaluate_options *o = e->options;
    ar_cube cubes[SAMPLES_AT_ONCE];
    ar_progress progress;
    ar_progress_begin(&progress, "evaluating", 0, o->samples);
    for (int64_t first = 0; first < o->samples; first += SAMPLES_AT_ONCE) {
        const int64_t left = o->samples - first;
        const int64_t count = left < SAMPLES_AT_ONCE ? left : SAMPLES_AT_ONCE;
        const ar_draw draw = {.seed = o->seed, .first_sample = (uint32_t)first, .validation = true};
        if (o->interrupt && *o->interrupt) {
            return ar_fail(err, AR_ERROR_INTERRUPTED, "interrupted after %lld of %lld samples",
                           (long long)first, (long long)o->samples);
        }
        ar_sampler_draw(&e->sampler, &draw, cubes, count);
        ar_batch_fill(&e->batch, &e->dataset.space, cubes, count, &e->masking, &draw, false);
        ar_model_feed(e->model, e->plan, &e->batch);
        ar_plan_forward(e->plan);
        ar_masked_scores_add(&e->scores, &e->batch, e->plan);
        ar_progress_update(&progress, first + count, "");
    }
    ar_progress_end(&progress, "");
    ar_masked_scores_finish(&e->scores);
    return AR_OK;
}

/* ---- the results ----------------------------------------------------------------------------- */

static void level_text(const ar_field_data *field, int64_t level, char text[32])
{
    snprintf(text, 32, field->level_units[0] ? "%g" : "surface", field->levels[level]);
}

static ar_status make_table(const evaluation *e, char **text, ar_error *err)
{
    static const char *const headers[] = {
        "field", "level",     "unit",         "points",           "RMSE",
        "CRPS",  "fair CRPS", "spread/skill", "RMSE/climatology", "RMSE/linear"};
    enum { COLUMNS = sizeof headers / sizeof *headers };
    ar_text_table table = {.column_count = COLUMNS, .left_columns = 3};
    ar_growing_text out = {.err = err};
    for (int i = 0; i < COLUMNS; i++) {
        ar_text_table_add(&table, err, "%s", headers[i]);
    }
    for (int64_t f = 0; f < e->dataset.field_count; f++) {
        const ar_field_data *field = &e->dataset.fields[f];
        for (int64_t l = 0; e->scores.scores[f] && l < field->level_count; l++) {
            const ar_masked_score *score = &e->scores.scores[f][l];
            char level[32];
            level_text(field, l, level);
            ar_text_table_add(&table, err, "%s", field->variable);
            ar_text_table_add(&table, err, "%s", level);
            ar_text_table_add(&table, err, "%s", field->units);
            ar_text_table_add(&table, err, "%lld", (long long)score->points);
            ar_text_table_add_number(&table, err, score->rmse);
            ar_text_table_add_number(&table, err, score->crps);
            ar_text_table_add_number(&table, err, score->crps_fair);
            ar_text_table_add_ratio(&table, err, score->spread / score->rmse);
            ar_text_table_add_ratio(&table, err, score->rmse / score->climatology_rmse);
            ar_text_table_add_ratio(&table, err, score->model_rmse / score->interpolation_rmse);
        }
    }
    ar_text_table_print(&out, &table);
    const ar_status status = table.status != AR_OK ? table.status : out.status;
    ar_text_table_release(&table);
    *text = out.text;
    return status;
}

static bool add_scores(cJSON *root, const evaluation *e)
{
    cJSON *fields = cJSON_AddObjectToObject(root, "fields");
    bool complete = fields != NULL;
    for (int64_t f = 0; complete && f < e->dataset.field_count; f++) {
        const ar_field_data *field = &e->dataset.fields[f];
        for (int64_t l = 0; complete && e->scores.scores[f] && l < field->level_count; l++) {
            const ar_masked_score *score = &e->scores.scores[f][l];
            const ar_named_number numbers[] = {
                {"points", (double)score->points},
                {"rmse", score->rmse},
                {"crps", score->crps},
                {"crps_fair", score->crps_fair},
                {"spread", score->spread},
                {"spread_skill_ratio", score->spread / score->rmse},
                {"climatology_rmse", score->climatology_rmse},
                {"interpolated_points", (double)score->interpolated_points},
                {"interpolation_rmse", score->interpolation_rmse},
                {"rmse_of_interpolated_points", score->model_rmse}};
            char level[32];
            level_text(field, l, level);
            cJSON *at = ar_json_object_at(fields, field->variable);
            at = at ? ar_json_object_at(at, level) : NULL;
            complete = at && cJSON_AddStringToObject(at, "units", field->units) &&
                       ar_json_add_numbers(at, numbers, sizeof numbers / sizeof *numbers);
        }
    }
    return complete;
}

static ar_status write_json(const evaluation *e, ar_error *err)
{
    const ar_evaluate_options *o = e->options;
    cJSON *root = cJSON_CreateObject();
    char *text = NULL;
    const ar_named_number numbers[] = {
        {"samples", (double)o->samples}, {"seed", (double)o->seed}, {"ratio", o->ratio}};
    ar_status status = ar_fail(err, AR_ERROR_MEMORY, "%s: memory is short", o->out);
    if (root && cJSON_AddStringToObject(root, "model", e->checkpoint.path) &&
        cJSON_AddStringToObject(root, "start", o->start) &&
        cJSON_AddStringToObject(root, "end", o->end) && ar_json_add_numbers(root, numbers, 3) &&
        add_scores(root, e) && (text = cJSON_Print(root))) {
        status = ar_file_write_whole(o->out, text, strlen(text), err);
    }
    cJSON_free(text);
    cJSON_Delete(root);
    return status;
}

static void release(evaluation *e)
{
    ar_masked_scores_release(&e->scores);
    ar_plan_destroy(&e->plan);
    ar_model_destroy(&e->model);
    ar_free_large(e->parameters);
    ar_batch_release(&e->batch);
    ar_sampler_release(&e->sampler);
    ar_dataset_release(&e->dataset);
    ar_checkpoint_close(&e->checkpoint);
}

ar_status ar_evaluate(const ar_evaluate_options *options, char **table, ar_error *err)
{
    ar_status status = AR_OK;
    evaluation *e = NULL;
    *table = NULL;
    AR_TRY(ar_allocate(&e, 1, sizeof *e, "an evaluation", err));
    e->options = options;
    if (options->samples < 1 || options->samples > INT32_MAX) {
        status = ar_fail(err, AR_ERROR_USAGE, "--samples %lld: should be at least 1",
                         (long long)options->samples);
        goto cleanup;
    }
    AR_TRY(ar_threads_set(options->threads, &e->threads, err));
    AR_TRY(ar_backend_choose(&e->backend, options->backend, err));
    AR_TRY(load(e, err));
    AR_TRY(build(e, err));
    AR_TRY(evaluate_samples(e, err));
    AR_TRY(make_table(e, table, err));
    if (options->out) {
        AR_TRY(write_json(e, err));
    }
cleanup:
    ar_threads_release();
    if (e) {
        release(e);
    }
    ar_free(e);
    return status;
}
