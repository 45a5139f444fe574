/* Scores while a forecast is made: the sink of ar_forecast_into that verifies. Each time is scored
 * as it comes, all fields and lead times side by side, and then it is gone. */
#include <stdio.h>

#include "base/log.h"
#include "base/memory.h"
#include "task/forecast_writer.h"
#include "verify/field_scorer.h"
#include "verify/wind_energy.h"

typedef struct {
    ar_verification run;
    ar_field_scorer *scorers; /* [field_count of the forecast] */
    int *fields;              /* [field_count] their indices in the dataset */
    ar_wind_energy *winds;    /* NULL: there is no energy of winds */
    char **table;
} online;

/* ---- what is forecast, as a file would tell it ----------------------------------------------- */

static ar_status describe_field(ar_forecast_field *field, const ar_field_data *data,
                                int64_t member_count, ar_error *err)
{
    ar_status status = AR_OK;
    snprintf(field->variable, sizeof field->variable, "%s", data->variable);
    snprintf(field->standard_name, sizeof field->standard_name, "%s", data->standard_name);
    snprintf(field->units, sizeof field->units, "%s", data->units);
    snprintf(field->level_units, sizeof field->level_units, "%s", data->level_units);
    field->level_count = data->level_count;
    field->member_count = member_count;
    if (data->level_units[0]) {
        status = ar_allocate(&field->levels, (size_t)data->level_count, sizeof *field->levels,
                             "levels", err);
        for (int64_t i = 0; status == AR_OK && i < data->level_count; i++) {
            field->levels[i] = data->levels[i];
        }
    }
    return status;
}

static ar_status read_training(int64_t *time, const char *text, ar_calendar calendar,
                               const char *name, ar_error *err)
{
    ar_status status = ar_time_parse(time, text ? text : "", calendar, err);
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "%s of the model", name);
}

static ar_status describe_times(ar_forecast_file *file, const ar_forecast_outline *outline,
                                ar_error *err)
{
    const size_t count = (size_t)outline->time_count;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&file->valid_times, count, sizeof(int64_t), "times", err));
    AR_TRY(ar_allocate(&file->reference_times, count, sizeof(int64_t), "times", err));
    AR_TRY(ar_allocate(&file->lead_times, count, sizeof(int64_t), "times", err));
    file->time_count = outline->time_count;
    for (int64_t t = 0; t < file->time_count; t++) {
        file->valid_times[t] = outline->valid_times[t];
        file->lead_times[t] = 3600 * outline->lead_hours[t];
        file->reference_times[t] = file->valid_times[t] - file->lead_times[t];
    }
cleanup:
    return status;
}

static ar_status describe(online *scores, const ar_forecast_outline *outline, ar_error *err)
{
    ar_forecast_file *file = &scores->run.forecast;
    const ar_configuration *c = &outline->checkpoint->configuration;
    const ar_dataset *dataset = outline->dataset;
    ar_status status = AR_OK;
    file->path = scores->run.options->forecast;
    file->calendar = dataset->fields[0].calendar;
    AR_TRY(ar_grid_copy(&file->grid, outline->grid, err));
    AR_TRY(describe_times(file, outline, err));
    if (outline->options->lead_hours > 0 && outline->options->next_hours > 0) {
        file->gap = 3600 * (outline->options->lead_hours + outline->options->next_hours);
    }
    AR_TRY(read_training(&file->training_start, c->training_start, file->calendar, "training_start",
                         err));
    AR_TRY(
        read_training(&file->training_end, c->training_end, file->calendar, "training_end", err));
    AR_TRY(ar_allocate(&file->fields, (size_t)dataset->field_count, sizeof *file->fields,
                       "the fields", err));
    AR_TRY(ar_allocate(&scores->fields, (size_t)dataset->field_count, sizeof *scores->fields,
                       "the fields", err));
    for (int f = 0; f < dataset->field_count; f++) {
        if (c->fields[f].predicted) {
            scores->fields[file->field_count] = f;
            AR_TRY(describe_field(&file->fields[file->field_count++], &dataset->fields[f],
                                  c->model.tails, err));
        }
    }
cleanup:
    return status;
}

/* ---- the sink -------------------------------------------------------------------------------- */

static ar_status begin(void *context, const ar_forecast_outline *outline, ar_error *err)
{
    online *scores = context;
    ar_verification *run = &scores->run;
    ar_status status = AR_OK;
    AR_TRY(describe(scores, outline, err));
    AR_TRY(ar_verification_prepare(run, err));
    AR_TRY(ar_allocate(&scores->scorers, (size_t)run->forecast.field_count, sizeof *scores->scorers,
                       "the scores of fields", err));
    for (int64_t f = 0; f < run->forecast.field_count; f++) {
        AR_TRY(ar_field_scorer_init(&scores->scorers[f], run, &run->forecast.fields[f], err));
        for (int64_t lead = 0; lead < run->lead_count; lead++) {
            AR_TRY(ar_field_scorer_begin_lead(&scores->scorers[f], lead, err));
        }
        ar_truth_close(&scores->scorers[f].period); /* it is all in the climatology now */
    }
    AR_TRY(ar_wind_energy_create(&scores->winds, run, err));
cleanup:
    return status;
}

/* The members of a field of the forecast at a level. */
static const float *members_of(const online *scores, const float *const *members,
                               const ar_forecast_field *field, int64_t level)
{
    const ar_forecast_file *file = &scores->run.forecast;
    return members[scores->fields[field - file->fields]] +
           level * field->member_count * file->grid.nlat * file->grid.nlon;
}

static ar_status score_winds(online *scores, int64_t t, const float *const *members, ar_error *err)
{
    const ar_forecast_field *const *parts = ar_wind_energy_parts(scores->winds);
    ar_status status = AR_OK;
    for (int64_t level = 0; ar_wind_energy_wants(scores->winds, t) && level < parts[0]->level_count;
         level++) {
        const float *const both[] = {members_of(scores, members, parts[0], level),
                                     members_of(scores, members, parts[1], level)};
        AR_TRY(ar_wind_energy_add(scores->winds, t, level, both, err));
    }
cleanup:
    return status;
}

static ar_status write_time(void *context, const ar_forecast_outline *outline, int64_t t,
                            const float *const *members, ar_error *err)
{
    online *scores = context;
    const ar_forecast_file *file = &scores->run.forecast;
    ar_status status = AR_OK;
    (void)outline;
    for (int64_t f = 0; f < file->field_count; f++) {
        const ar_forecast_field *field = &file->fields[f];
        for (int64_t level = 0;
             ar_field_scorer_wants(&scores->scorers[f], t) && level < field->level_count; level++) {
            AR_TRY(ar_field_scorer_add(&scores->scorers[f], t, level,
                                       members_of(scores, members, field, level), err));
        }
    }
    if (scores->winds) {
        AR_TRY(score_winds(scores, t, members, err));
    }
cleanup:
    return status;
}

static ar_status commit(void *context, ar_error *err)
{
    online *scores = context;
    ar_verification *run = &scores->run;
    ar_status status = AR_OK;
    for (int64_t f = 0; f < run->forecast.field_count; f++) {
        for (int64_t lead = 0; lead < run->lead_count; lead++) {
            AR_TRY(ar_field_scorer_end_lead(&scores->scorers[f], lead, err));
        }
        AR_TRY(ar_field_scorer_finish(&scores->scorers[f], err));
    }
    if (scores->winds) {
        AR_TRY(ar_wind_energy_finish(scores->winds, err));
    } else {
        AR_TRY(ar_verification_add_energy_of_rotation(run, err));
    }
    AR_TRY(ar_verification_conclude(run, scores->table, err));
cleanup:
    return status;
}

static void release(online *scores)
{
    for (int64_t f = 0; scores->scorers && f < scores->run.forecast.field_count; f++) {
        ar_field_scorer_release(&scores->scorers[f]);
    }
    ar_free(scores->scorers);
    ar_free(scores->fields);
    ar_wind_energy_destroy(&scores->winds);
    ar_verification_release(&scores->run);
}

ar_status ar_forecast_verify(const ar_forecast_options *forecast, const ar_verify_options *options,
                             char **table, ar_error *err)
{
    ar_verify_options own = *options;
    online scores = {.run = {.options = &own}, .table = table};
    ar_forecast_writer writer = {0};
    const ar_forecast_sink sinks[] = {
        {.context = &scores, .begin = begin, .write = write_time, .commit = commit},
        ar_forecast_writer_sink(&writer)};
    ar_status status = AR_OK;
    *table = NULL;
    own.forecast = forecast->out ? forecast->out : forecast->model;
    if (own.truth_ensemble_count > 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "an ensemble of truth is compared with a forecast file only");
    }
    if (forecast->place) {
        return ar_fail(err, AR_ERROR_USAGE, "scores are of fields, not of one place");
    }
    if (forecast->resume) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--resume with --verify: scores need all times; go on without --verify, "
                       "then score the file by atmorep verify");
    }
    if (forecast->out) {
        AR_TRY(ar_forecast_writer_check(forecast, err));
    }
    AR_TRY(ar_forecast_into(forecast, sinks, forecast->out ? 2 : 1, err));
    AR_TRY(ar_verification_tell_pictures(&scores.run, err)); /* the forecast's file is there now */
cleanup:
    if (status != AR_OK) {
        ar_free(*table);
        *table = NULL;
    }
    release(&scores);
    status = ar_forecast_writer_explain(&writer, status, err);
    ar_forecast_writer_release(&writer);
    return status;
}
