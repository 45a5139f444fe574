#include "verify/forecast_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "field/units.h"

static const char *dimension_of(const ar_variable *variable, int axis)
{
    return axis >= 0 && axis < variable->rank ? variable->dimensions[axis] : "";
}

static int64_t find_axis(const ar_variable *variable, const char *dimension)
{
    for (int axis = 0; axis < variable->rank; axis++) {
        if (strcmp(variable->dimensions[axis], dimension) == 0) {
            return axis;
        }
    }
    return -1;
}

/* Find a variable of one dimension called `dimension`. */
static ar_status find_coordinate(const ar_variable **variable, const ar_forecast_file *file,
                                 const char *name, const char *dimension, ar_error *err)
{
    const char *path = file->path;
    *variable = ar_source_find(file->source, name);
    if (!*variable || !(*variable)->readable) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: variable %s is missing; a forecast file has it with dimension %s", path,
                       name, dimension);
    }
    if ((*variable)->rank != 1 || strcmp((*variable)->dimensions[0], dimension) != 0) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: variable %s has not the one dimension %s", path,
                       name, dimension);
    }
    if ((*variable)->shape[0] < 1) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: variable %s is empty", path, name);
    }
    return AR_OK;
}

/* Read a coordinate into a new array of doubles, the caller's to ar_free. */
static ar_status read_coordinate(double **values, int64_t *count, const ar_forecast_file *file,
                                 const char *name, const char *dimension, ar_error *err)
{
    const ar_variable *variable = NULL;
    *values = NULL;
    ar_status status = find_coordinate(&variable, file, name, dimension, err);
    if (status != AR_OK) {
        return status;
    }
    *count = variable->shape[0];
    status = ar_allocate(values, (size_t)*count, sizeof **values, name, err);
    if (status == AR_OK) {
        status = ar_source_read_double(file->source, variable, (int64_t[]){0}, count, *values, err);
    }
    return status;
}

static ar_status read_grid(ar_forecast_file *file, ar_error *err)
{
    double *latitude = NULL, *longitude = NULL;
    int64_t nlat = 0, nlon = 0;
    ar_status status = AR_OK;
    AR_TRY(read_coordinate(&latitude, &nlat, file, "latitude", "latitude", err));
    AR_TRY(read_coordinate(&longitude, &nlon, file, "longitude", "longitude", err));
    AR_TRY(
        ar_grid_init(&file->grid, &file->order, latitude, nlat, longitude, nlon, file->path, err));
cleanup:
    ar_free(latitude);
    ar_free(longitude);
    return status;
}

/* Read what goes along time; its length must be that of `time` (a store can say otherwise). */
static ar_status read_along_time(double **values, const ar_forecast_file *file, const char *name,
                                 ar_error *err)
{
    int64_t count = 0;
    ar_status status = read_coordinate(values, &count, file, name, "time", err);
    if (status == AR_OK && count != file->time_count) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: %s has %lld values for %lld times", file->path,
                       name, (long long)count, (long long)file->time_count);
    }
    return status;
}

/* Times of variable `name` along dimension time, and their calendar. */
static ar_status read_times(int64_t **times, ar_calendar *calendar, const ar_forecast_file *file,
                            const char *name, ar_error *err)
{
    double *values = NULL;
    ar_status status = read_along_time(&values, file, name, err);
    if (status != AR_OK) {
        ar_free(values);
        return status; /* names the file already */
    }
    const ar_variable *variable = ar_source_find(file->source, name);
    const char *units = ar_source_text(file->source, variable, "units");
    if (!units) {
        status =
            ar_fail(err, AR_ERROR_INPUT,
                    "variable %s has no units, such as \"hours since 1970-01-01 00:00:00\"", name);
        goto cleanup;
    }
    ar_time_unit unit;
    AR_TRY(
        ar_time_unit_parse(&unit, units, ar_source_text(file->source, variable, "calendar"), err));
    *calendar = unit.calendar;
    AR_TRY(ar_allocate(times, (size_t)file->time_count, sizeof **times, name, err));
    for (int64_t t = 0; t < file->time_count; t++) {
        AR_TRY(ar_time_unit_decode(&unit, values[t], &(*times)[t], err));
    }
cleanup:
    ar_free(values);
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "%s", file->path);
}

/* Valid and reference times, in one calendar. */
static ar_status read_all_times(ar_forecast_file *file, ar_error *err)
{
    const ar_variable *time = NULL;
    ar_calendar reference_calendar;
    ar_status status = find_coordinate(&time, file, "time", "time", err);
    if (status != AR_OK) {
        return status;
    }
    file->time_count = time->shape[0];
    AR_TRY(read_times(&file->valid_times, &file->calendar, file, "time", err));
    AR_TRY(read_times(&file->reference_times, &reference_calendar, file, "forecast_reference_time",
                      err));
    if (reference_calendar != file->calendar) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: time is in calendar %s and forecast_reference_time in %s; they must "
                         "be the same",
                         file->path, ar_calendar_name(file->calendar),
                         ar_calendar_name(reference_calendar));
    }
cleanup:
    return status;
}

static ar_status read_lead_times(ar_forecast_file *file, ar_error *err)
{
    double *values = NULL, scale = 3600, offset = 0;
    ar_status status = AR_OK;
    AR_TRY(read_along_time(&values, file, "lead_time", err));
    const ar_variable *variable = ar_source_find(file->source, "lead_time");
    const char *units = ar_source_text(file->source, variable, "units");
    if (units) {
        AR_TRY(ar_units_conversion(units, "s", &scale, &offset, err));
    }
    AR_TRY(ar_allocate(&file->lead_times, (size_t)file->time_count, sizeof *file->lead_times,
                       "lead times", err));
    for (int64_t t = 0; t < file->time_count; t++) {
        int64_t lead = file->valid_times[t] - file->reference_times[t];
        if (!(fabs(values[t] * scale + offset - (double)lead) <= 1)) {
            char valid[32];
            ar_time_format(file->valid_times[t], file->calendar, valid);
            status =
                ar_fail(err, AR_ERROR_INPUT,
                        "%s: lead_time %g %s at valid time %s is not the valid time less "
                        "forecast_reference_time, which is %g hours",
                        file->path, values[t], units ? units : "hours", valid, (double)lead / 3600);
            goto cleanup;
        }
        file->lead_times[t] = lead;
    }
cleanup:
    ar_free(values);
    return status;
}

static ar_status read_training_time(int64_t *time, const ar_forecast_file *file, const char *name,
                                    ar_error *err)
{
    const char *path = file->path;
    const char *text = ar_source_text(file->source, NULL, name);
    if (!text) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: global attribute %s is missing; without it nobody can tell whether "
                       "scored times were trained on",
                       path, name);
    }
    ar_status status = ar_time_parse(time, text, file->calendar, err);
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "%s: %s", path, name);
}

/* Of an interpolation: both its known times are told. */
static int64_t read_gap(const ar_source *source)
{
    double lead, next;
    if (!ar_source_number(source, NULL, "lead_hours", &lead) ||
        !ar_source_number(source, NULL, "next_hours", &next) || !(lead > 0 && lead < 1e6) ||
        !(next > 0 && next < 1e6)) {
        return 0;
    }
    return (int64_t)(3600 * (lead + next));
}

/* Is it told of another variable: its spread, what a counterfactual changes, and how surely? */
static bool is_of_another(const ar_source *source, const ar_variable *variable)
{
    static const char *const suffixes[] = {"_spread", "_difference", "_p_value"};
    const int count = sizeof suffixes / sizeof suffixes[0];
    for (int i = 0; i < count; i++) {
        char stem[128];
        if (ar_text_ends_with(variable->name, suffixes[i])) {
            const size_t length = strlen(variable->name) - strlen(suffixes[i]);
            snprintf(stem, sizeof stem, "%.*s", (int)length, variable->name);
            return length > 0 && ar_source_find(source, stem) != NULL;
        }
    }
    return false;
}

/* A field's mean: rank 3 or 4 over time[, level], latitude, longitude. */
static bool is_field(const ar_source *source, const ar_variable *variable)
{
    return variable->readable && (variable->rank == 3 || variable->rank == 4) &&
           strcmp(dimension_of(variable, 0), "time") == 0 &&
           strcmp(dimension_of(variable, variable->rank - 2), "latitude") == 0 &&
           strcmp(dimension_of(variable, variable->rank - 1), "longitude") == 0 &&
           find_axis(variable, "member") < 0 && !is_of_another(source, variable);
}

static void copy_text(char *copy, size_t size, const char *text)
{
    snprintf(copy, size, "%s", text ? text : "");
}

static ar_status read_levels(ar_forecast_field *field, const ar_forecast_file *file,
                             const char *dimension, ar_error *err)
{
    ar_status status =
        read_coordinate(&field->levels, &field->level_count, file, dimension, dimension, err);
    if (status != AR_OK) {
        return status;
    }
    const ar_variable *coordinate = ar_source_find(file->source, dimension);
    copy_text(field->level_units, sizeof field->level_units,
              ar_source_text(file->source, coordinate, "units"));
    double scale = 1, offset = 0;
    if (field->level_units[0] &&
        ar_units_conversion(field->level_units, "hPa", &scale, &offset, NULL) == AR_OK) {
        for (int64_t l = 0; l < field->level_count; l++) {
            field->levels[l] = scale * field->levels[l] + offset;
        }
        copy_text(field->level_units, sizeof field->level_units, "hPa");
    }
    return AR_OK;
}

/* The members must lie as time[, level], member, latitude, longitude over the mean's dimensions. */
static ar_status find_members(ar_forecast_field *field, const ar_forecast_file *file,
                              const ar_variable *mean, ar_error *err)
{
    char name[80];
    snprintf(name, sizeof name, "%s_members", mean->name);
    const ar_variable *members = ar_source_find(file->source, name);
    field->values = mean;
    field->member_count = 1;
    if (!members) {
        return AR_OK;
    }
    bool fits = members->readable && members->rank == mean->rank + 1;
    for (int axis = 0; fits && axis < members->rank; axis++) {
        int member_axis = mean->rank - 2;
        const char *wanted = axis == member_axis
                                 ? "member"
                                 : dimension_of(mean, axis < member_axis ? axis : axis - 1);
        fits = strcmp(dimension_of(members, axis), wanted) == 0;
    }
    if (!fits || members->shape[mean->rank - 2] < 1) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: the dimensions of %s are not time%s, member, latitude, longitude",
                       file->path, name, mean->rank == 4 ? ", level" : "");
    }
    field->values = members;
    field->member_count = members->shape[mean->rank - 2];
    return AR_OK;
}

/* Lengths must be those of the coordinates, as a store can say otherwise, and the product small
 * enough to count. */
static ar_status check_shape(const ar_forecast_field *field, const ar_forecast_file *file,
                             ar_error *err)
{
    const ar_variable *values = field->values;
    int rank = values->rank;
    size_t size = 0;
    if (values->shape[0] != file->time_count || values->shape[rank - 2] != file->grid.nlat ||
        values->shape[rank - 1] != file->order.file_nlon ||
        (field->levels && values->shape[1] != field->level_count)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: the shape of %s is not that of its coordinates",
                       file->path, values->name);
    }
    if (!ar_size_product((size_t)field->member_count, (size_t)values->shape[rank - 2], &size) ||
        !ar_size_product(size, (size_t)values->shape[rank - 1], &size) ||
        size > INT64_MAX / sizeof(double)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: %s is too large", file->path, values->name);
    }
    return AR_OK;
}

static ar_status read_field(ar_forecast_field *field, const ar_forecast_file *file,
                            const ar_variable *mean, ar_error *err)
{
    const ar_source *source = file->source;
    if (strlen(mean->name) >= sizeof field->variable) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: the variable name %s is too long", file->path,
                       mean->name);
    }
    copy_text(field->variable, sizeof field->variable, mean->name);
    copy_text(field->standard_name, sizeof field->standard_name,
              ar_source_text(source, mean, "standard_name"));
    copy_text(field->long_name, sizeof field->long_name, ar_source_text(source, mean, "long_name"));
    copy_text(field->units, sizeof field->units, ar_source_text(source, mean, "units"));
    field->level_count = 1;
    ar_status status = AR_OK;
    if (mean->rank == 4) {
        status = read_levels(field, file, mean->dimensions[1], err);
    }
    if (status == AR_OK) {
        status = find_members(field, file, mean, err);
    }
    return status == AR_OK ? check_shape(field, file, err) : status;
}

static ar_status read_fields(ar_forecast_file *file, ar_error *err)
{
    int64_t count = ar_source_variable_count(file->source);
    ar_status status =
        ar_allocate(&file->fields, (size_t)count, sizeof *file->fields, "the fields", err);
    for (int64_t i = 0; status == AR_OK && i < count; i++) {
        const ar_variable *variable = ar_source_variable(file->source, i);
        if (is_field(file->source, variable)) {
            status = read_field(&file->fields[file->field_count++], file, variable, err);
        }
    }
    if (status == AR_OK && file->field_count == 0) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: no variable has the dimensions time[, level], latitude, longitude; "
                       "is it a forecast file?",
                       file->path);
    }
    return status;
}

ar_status ar_forecast_file_open_other(ar_forecast_file *file, const char *path, ar_error *err)
{
    *file = (ar_forecast_file){0};
    ar_status status = AR_OK;
    AR_TRY(ar_source_open(&file->source, path, err));
    file->path = ar_source_path(file->source);
    if (ar_source_find(file->source, "prediction_timedelta")) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: has the dimension prediction_timedelta, the layout weatherbench; "
                         "scored are forecasts of the layout cf, or any while it is made (atmorep "
                         "forecast --verify)",
                         file->path);
        goto cleanup;
    }
    AR_TRY(read_grid(file, err));
    AR_TRY(read_all_times(file, err));
    AR_TRY(read_lead_times(file, err));
    AR_TRY(read_fields(file, err));
cleanup:
    if (status != AR_OK) {
        ar_forecast_file_close(file);
    }
    return status;
}

ar_status ar_forecast_file_open(ar_forecast_file *file, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_file_open_other(file, path, err));
    file->gap = read_gap(file->source);
    AR_TRY(read_training_time(&file->training_start, file, "training_start", err));
    AR_TRY(read_training_time(&file->training_end, file, "training_end", err));
cleanup:
    if (status != AR_OK) {
        ar_forecast_file_close(file);
    }
    return status;
}

void ar_forecast_file_close(ar_forecast_file *file)
{
    for (int64_t i = 0; file->fields && i < file->field_count; i++) {
        ar_free(file->fields[i].levels);
    }
    ar_free(file->fields);
    ar_free(file->valid_times);
    ar_free(file->reference_times);
    ar_free(file->lead_times);
    ar_grid_release(&file->grid);
    ar_source_close(&file->source);
    *file = (ar_forecast_file){0};
}
