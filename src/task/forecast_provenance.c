#include "task/forecast_provenance.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "task/forecast_times.h"

ar_status ar_forecast_put_texts(ar_writer *file, const char *variable,
                                const char *const (*texts)[2], int count, ar_error *err)
{
    for (int i = 0; i < count; i++) {
        ar_status status = ar_writer_put_text(file, variable, texts[i][0], texts[i][1], err);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

const ar_forecast_task *ar_forecast_task_of(const ar_forecast_options *options)
{
    static const ar_forecast_task tasks[] = {
        {"forecast", "Ensemble forecast by AtmoRep", "last time whose data the forecast saw"},
        {"hindcast", "Ensemble hindcast by AtmoRep", "first time whose data the hindcast saw"},
        {"interpolate", "Ensemble interpolation in time by AtmoRep",
         "nearest time whose data the interpolation saw"},
        {"fill", "Gaps filled by AtmoRep, an ensemble", "the valid time itself"}};
    return &tasks[options->gaps              ? 3
                  : options->next_hours == 0 ? 0
                  : options->lead_hours == 0 ? 1
                                             : 2];
}

static ar_status join_paths(const ar_forecast_options *options, char **text, ar_error *err)
{
    size_t length = 1;
    for (int64_t i = 0; i < options->data_path_count; i++) {
        length += strlen(options->data_paths[i]) + 1;
    }
    ar_status status = ar_allocate(text, length, 1, "a list of paths", err);
    for (int64_t i = 0; status == AR_OK && i < options->data_path_count; i++) {
        strcat(*text, i ? " " : "");
        strcat(*text, options->data_paths[i]);
    }
    return status;
}

/* Where the statistics are not the model's own. */
static ar_status put_statistics_period(ar_writer *file, const ar_dataset *dataset, ar_error *err)
{
    const ar_calendar calendar = dataset->fields[dataset->timed_field].calendar;
    char first[32], last[32];
    if (dataset->statistics_first > dataset->statistics_last) {
        return AR_OK;
    }
    ar_time_format(dataset->statistics_first, calendar, first);
    ar_time_format(dataset->statistics_last, calendar, last);
    const char *const texts[][2] = {{"normalisation_start", first}, {"normalisation_end", last}};
    return ar_forecast_put_texts(file, NULL, texts, 2, err);
}

/* How far from the valid time known ones lie, before and after it. */
static ar_status put_hours(ar_writer *file, const ar_forecast_options *options, ar_error *err)
{
    const char *const names[] = {"lead_hours", "next_hours"};
    const int64_t hours[] = {options->lead_hours, options->next_hours};
    ar_status status = AR_OK;
    for (int i = 0; status == AR_OK && i < 2; i++) {
        if (hours[i] > 0) {
            status = ar_writer_put_number(file, NULL, names[i], (double)hours[i], err);
        }
    }
    return status;
}

ar_status ar_forecast_put_provenance(ar_writer *file, const ar_forecast_options *options,
                                     const ar_checkpoint *checkpoint, uint64_t model_hash,
                                     const ar_dataset *dataset, ar_error *err)
{
    const ar_configuration *configuration = &checkpoint->configuration;
    char *yaml = NULL, *paths = NULL;
    char model[64], history[128], stamp[32];
    ar_status status = AR_OK;
    AR_TRY(ar_configuration_write(configuration, &yaml, err));
    AR_TRY(join_paths(options, &paths, err));
    snprintf(model, sizeof model, "XXH3 %016llx of the parameters, step %lld",
             (unsigned long long)model_hash, (long long)checkpoint->step);
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    snprintf(history, sizeof history, "%s: atmorep %s " ATMOREP_VERSION, stamp,
             ar_forecast_task_of(options)->command);
    const char *const texts[][2] = {
        {"Conventions", "CF-1.8"},
        {"title", ar_forecast_task_of(options)->title},
        {"source", "atmorep " ATMOREP_VERSION},
        {"history", history},
        {"model", model},
        {"configuration", yaml},
        {"data", paths},
        {"training_start", configuration->training_start ? configuration->training_start : ""},
        {"training_end", configuration->training_end ? configuration->training_end : ""}};
    AR_TRY(ar_forecast_put_texts(file, NULL, texts, sizeof texts / sizeof *texts, err));
    AR_TRY(put_statistics_period(file, dataset, err));
    AR_TRY(put_hours(file, options, err));
    if (options->gaps) {
        AR_TRY(ar_writer_put_text(file, NULL, "gaps", options->gaps, err));
    }
    if (options->alpha) {
        AR_TRY(ar_writer_put_text(file, NULL, "alpha", options->alpha, err));
    }
    if (options->tau) {
        AR_TRY(ar_writer_put_text(file, NULL, "tau", options->tau, err));
    }
    if (!options->gaps && ar_forecast_steps(options) > 1) {
        AR_TRY(ar_writer_put_number(file, NULL, "steps", (double)ar_forecast_steps(options), err));
        AR_TRY(ar_writer_put_text(file, NULL, "feed_back",
                                  options->feed_draws     ? "draws"
                                  : options->feed_members ? "members"
                                                          : "mean",
                                  err));
    }
cleanup:
    ar_free(yaml);
    ar_free(paths);
    return status;
}
