#include "train/dataset.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

/* Levels that the configuration leaves open are those of the data. */
static ar_status take_levels(ar_field_configuration *field, const ar_field_data *data,
                             ar_error *err)
{
    if (field->level_count > 0) {
        return AR_OK;
    }
    const size_t count = (size_t)data->level_count;
    ar_free(field->levels);
    field->levels = NULL;
    ar_status status = ar_allocate(&field->levels, count, sizeof *field->levels, "levels", err);
    if (status == AR_OK) {
        memcpy(field->levels, data->levels, count * sizeof *field->levels);
        field->level_count = data->level_count;
    }
    return status;
}

static ar_status open_field(ar_dataset *dataset, ar_configuration *configuration, int64_t f,
                            const char *const *paths, int64_t path_count,
                            const ar_dataset_period *period, ar_error *err)
{
    ar_field_configuration *field = &configuration->fields[f];
    const bool derived = field->derived_from_count == 2;
    const ar_field_request request = {
        .name = field->name,
        .variable = field->variable,
        .levels = field->level_count ? field->levels : NULL,
        .level_count = field->level_count,
        .start = period->start,
        .end = period->end,
        .seconds_before = period->seconds_before,
        .seconds_after = period->seconds_after,
        .is_static = field->is_static,
        .grid = configuration->regridding,
        .member = configuration->member >= 0 ? &configuration->member : NULL,
        .from = {derived ? field->derived_from[0] : NULL, derived ? field->derived_from[1] : NULL}};
    ar_status status = ar_field_reader_open(&dataset->readers[f], paths, path_count, &request, err);
    if (status != AR_OK) {
        return status;
    }
    const ar_field_data *data = ar_field_reader_field(dataset->readers[f]);
    if (data->level_count > AR_LEVEL_MAX) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: field %s has %lld levels in the data, at most %d",
                       configuration->file, field->name, (long long)data->level_count,
                       AR_LEVEL_MAX);
    }
    return take_levels(field, data, err);
}

double ar_dataset_time_bytes(const ar_field_data *field)
{
    return (double)field->level_count * (double)field->grid.nlat * (double)field->grid.nlon *
           sizeof(float);
}

/* Do the values of all fields that have been opened take more than so much? */
static bool is_more(const ar_dataset *dataset, double most_bytes)
{
    double bytes = 0;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (dataset->readers[f]) {
            const ar_field_data *field = ar_field_reader_field(dataset->readers[f]);
            bytes += (double)field->time_count * ar_dataset_time_bytes(field);
        }
    }
    return bytes > most_bytes;
}

/* A field that was opened: its values, or only what it is. */
static ar_status fill_field(ar_dataset *dataset, int64_t f, ar_error *err)
{
    const ar_field_data *data = ar_field_reader_field(dataset->readers[f]);
    if (dataset->by_months && !data->is_static) {
        return ar_field_data_describe(&dataset->fields[f], data, err);
    }
    const ar_status status = ar_field_reader_load(dataset->readers[f], &dataset->fields[f], err);
    ar_field_reader_close(&dataset->readers[f]);
    return status;
}

/* A stream borrows all of its field's data. */
static ar_status share_field(ar_dataset *dataset, ar_configuration *configuration, int64_t f,
                             ar_error *err)
{
    ar_field_data *data = &dataset->fields[f];
    *data = dataset->fields[dataset->stream_of[f]];
    snprintf(data->name, sizeof data->name, "%s", configuration->fields[f].name);
    return take_levels(&configuration->fields[f], data, err);
}

static ar_status open_fields(ar_dataset *dataset, ar_configuration *configuration,
                             const char *const *paths, int64_t path_count,
                             const ar_dataset_period *period, double most_bytes, ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t f = 0; status == AR_OK && f < dataset->field_count; f++) {
        if (!dataset->is_stream[f]) {
            status = open_field(dataset, configuration, f, paths, path_count, period, err);
        }
    }
    dataset->by_months = status == AR_OK && is_more(dataset, most_bytes);
    for (int64_t f = 0; status == AR_OK && f < dataset->field_count; f++) {
        if (!dataset->is_stream[f]) {
            status = fill_field(dataset, f, err);
        }
    }
    for (int64_t f = 0; status == AR_OK && f < dataset->field_count; f++) {
        if (dataset->is_stream[f]) {
            status = share_field(dataset, configuration, f, err);
        }
    }
    return status;
}

ar_status ar_dataset_load(ar_dataset *dataset, ar_configuration *configuration,
                          const char *const *paths, int64_t path_count,
                          const ar_dataset_period *period, ar_error *err)
{
    return ar_dataset_open(dataset, configuration, paths, path_count, period, INFINITY, err);
}

ar_status ar_dataset_open(ar_dataset *dataset, ar_configuration *configuration,
                          const char *const *paths, int64_t path_count,
                          const ar_dataset_period *period, double most_bytes, ar_error *err)
{
    *dataset = (ar_dataset){.field_count = configuration->field_count,
                            .training_last = -1,
                            .validation_last = -1,
                            .statistics_last = -1};
    for (int64_t f = 0; f < configuration->field_count; f++) {
        const ar_field_configuration *field = &configuration->fields[f];
        dataset->is_stream[f] = field->stream_of != NULL;
        dataset->stream_of[f] = field->stream_of ? field->stream_index : -1;
        dataset->tokens[f] = configuration->fields[f].tokens;
        dataset->field_pointers[f] = &dataset->fields[f];
        dataset->normalisation_pointers[f] = &dataset->normalisations[f];
    }
    ar_status status =
        open_fields(dataset, configuration, paths, path_count, period, most_bytes, err);
    if (status != AR_OK) {
        return status;
    }
    while (dataset->timed_field < dataset->field_count - 1 &&
           dataset->fields[dataset->timed_field].is_static) {
        dataset->timed_field++;
    }
    const ar_calendar calendar = dataset->fields[dataset->timed_field].calendar;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (dataset->fields[f].is_static) {
            dataset->fields[f].calendar = calendar;
        }
    }
    if (configuration->training_start) {
        AR_TRY(
            ar_time_parse(&dataset->training_first, configuration->training_start, calendar, err));
        AR_TRY(ar_time_parse(&dataset->training_last, configuration->training_end, calendar, err));
    }
    if (configuration->validation_start) {
        AR_TRY(ar_time_parse(&dataset->validation_first, configuration->validation_start, calendar,
                             err));
        AR_TRY(
            ar_time_parse(&dataset->validation_last, configuration->validation_end, calendar, err));
    }
cleanup:
    return status;
}

ar_dataset_period ar_dataset_training_period(const ar_configuration *c)
{
    ar_dataset_period period = {.start = c->training_start, .end = c->training_end};
    if (c->validation_start && ar_time_text_is_before(c->validation_start, period.start)) {
        period.start = c->validation_start;
    }
    if (c->validation_end && ar_time_text_is_before(period.end, c->validation_end)) {
        period.end = c->validation_end;
    }
    return period;
}

static void warn_of_ends(const ar_field_data *field, const char *what, int64_t first, int64_t last,
                         int64_t step)
{
    const int64_t begins = field->times[0], ends = field->times[field->time_count - 1];
    char text[32];
    if (first <= last && begins >= first + step && begins <= last) {
        ar_time_format(begins, field->calendar, text);
        ar_log(AR_LOG_WARNING, "field %s: its data begins at %s, after the %s period does",
               field->name, text, what);
    }
    if (first <= last && ends + step <= last && ends >= first) {
        ar_time_format(ends, field->calendar, text);
        ar_log(AR_LOG_WARNING, "field %s: its data ends at %s, before the %s period does",
               field->name, text, what);
    }
}

void ar_dataset_warn_of_ends(const ar_dataset *dataset, const ar_configuration *configuration)
{
    const int64_t step = 3600 * configuration->time_step_hours;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (dataset->fields[f].is_static || dataset->is_stream[f]) {
            continue;
        }
        warn_of_ends(&dataset->fields[f], "training", dataset->training_first,
                     dataset->training_last, step);
        warn_of_ends(&dataset->fields[f], "validation", dataset->validation_first,
                     dataset->validation_last, step);
    }
}

static bool share_level(const ar_field_data *a, const ar_field_data *b)
{
    for (int64_t i = 0; i < a->level_count; i++) {
        for (int64_t j = 0; j < b->level_count; j++) {
            if (a->levels[i] == b->levels[j]) {
                return true;
            }
        }
    }
    return false;
}

void ar_dataset_warn_of_copies(const ar_dataset *dataset, const ar_configuration *configuration)
{
    for (int64_t f = 0; f < dataset->field_count; f++) {
        for (int64_t g = 0; g < f; g++) {
            const ar_field_data *a = &dataset->fields[f], *b = &dataset->fields[g];
            const bool predicted =
                configuration->fields[f].predicted || configuration->fields[g].predicted;
            if (predicted && configuration->masking.strategy == AR_MASK_BERT &&
                !dataset->is_stream[f] && !dataset->is_stream[g] &&
                strcmp(a->variable, b->variable) == 0 && share_level(a, b)) {
                ar_log(AR_LOG_WARNING,
                       "fields %s and %s both hold the variable %s and are masked independently: "
                       "one shows what the other hides; `stream_of` would hide it in both",
                       b->name, a->name, a->variable);
            }
        }
    }
}

void ar_dataset_statistics(const ar_configuration *configuration, int64_t field,
                           ar_normalisation_period *period, ar_normalisation_area *area)
{
    const bool is_static = configuration->fields[field].is_static;
    *period = is_static ? AR_PERIOD_OVERALL : configuration->normalisation_period;
    *area = is_static ? AR_AREA_GLOBAL : configuration->normalisation_area;
}

ar_status ar_dataset_normalise(ar_dataset *dataset, const ar_configuration *configuration,
                               ar_error *err)
{
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (dataset->is_stream[f]) {
            continue;
        }
        const bool is_static = dataset->fields[f].is_static;
        ar_normalisation_period period;
        ar_normalisation_area area;
        ar_dataset_statistics(configuration, f, &period, &area);
        const int64_t first = is_static ? INT64_MIN : dataset->training_first;
        const int64_t last = is_static ? INT64_MAX : dataset->training_last;
        ar_normalisation *normalisation = &dataset->normalisations[f];
        const ar_status status =
            dataset->readers[f]
                ? ar_normalisation_compute_reading(normalisation, dataset->readers[f], period, area,
                                                   first, last, err)
                : ar_normalisation_compute(normalisation, &dataset->fields[f], period, area, first,
                                           last, err);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

/* Take over what was computed on other times of the same fields. */
static ar_status take_normalisations(ar_dataset *dataset, ar_dataset *from, ar_error *err)
{
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (dataset->is_stream[f]) {
            continue;
        }
        if (!ar_grid_equal(&dataset->fields[f].grid, &from->fields[f].grid)) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "field %s: its grid in the period of the statistics is not the one to "
                           "be normalised; should be the same",
                           dataset->fields[f].name);
        }
        dataset->normalisations[f] = from->normalisations[f];
        from->normalisations[f] = (ar_normalisation){0};
    }
    return AR_OK;
}

ar_status ar_dataset_normalise_by(ar_dataset *dataset, ar_configuration *configuration,
                                  const char *const *paths, int64_t path_count,
                                  const ar_dataset_period *period, ar_error *err)
{
    ar_dataset *from = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&from, 1, sizeof *from, "data for statistics", err));
    AR_TRY(ar_dataset_open(from, configuration, paths, path_count, period, 0, err));
    const ar_field_data *timed = &from->fields[from->timed_field];
    from->training_first = dataset->statistics_first = timed->times[0];
    from->training_last = dataset->statistics_last = timed->times[timed->time_count - 1];
    AR_TRY(ar_dataset_normalise(from, configuration, err));
    AR_TRY(take_normalisations(dataset, from, err));
cleanup:
    if (from) {
        ar_dataset_release(from);
    }
    ar_free(from);
    return status;
}

ar_status ar_dataset_ready(ar_dataset *dataset, const ar_configuration *configuration,
                           ar_error *err)
{
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (dataset->is_stream[f]) {
            dataset->normalisations[f] = dataset->normalisations[dataset->stream_of[f]];
        }
    }
    dataset->space =
        (ar_cube_space){.field_count = dataset->field_count,
                        .fields = dataset->field_pointers,
                        .normalisations = dataset->normalisation_pointers,
                        .tokens = dataset->tokens,
                        .stream_of = dataset->stream_of,
                        .token_info = configuration->model.token_info,
                        .time_step = 3600 * configuration->time_step_hours,
                        .token_doublings = ar_configuration_token_doublings(configuration)};
    dataset->tau = ar_configuration_tau(configuration);
    return ar_cube_space_check(&dataset->space, err);
}

bool ar_dataset_warn_of_months(const ar_dataset *dataset, int64_t first, int64_t last,
                               const char *what)
{
    static const char *const months[] = {"",        "January",  "February", "March",  "April",
                                         "May",     "June",     "July",     "August", "September",
                                         "October", "November", "December"};
    int month = 0;
    if (ar_normalisation_covers(&dataset->normalisations[dataset->timed_field], first, last,
                                dataset->fields[dataset->timed_field].calendar, &month)) {
        return false;
    }
    ar_log(AR_LOG_WARNING,
           "%s: training saw no times in %s; months that it did not see are normalised by the "
           "statistics of all its times",
           what, months[month]);
    return true;
}

void ar_dataset_release(ar_dataset *dataset)
{
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (!dataset->is_stream[f]) {
            ar_field_data_release(&dataset->fields[f]);
            ar_normalisation_release(&dataset->normalisations[f]);
        }
        ar_field_reader_close(&dataset->readers[f]);
    }
    *dataset = (ar_dataset){0};
}
