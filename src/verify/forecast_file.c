#include "verify/forecast_file.h"

#include <string.h>

#include "base/memory.h"
#include "verify/forecast_file_parts.h"

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

ar_status ar_forecast_file_read_coordinate(double **values, int64_t *count,
                                           const ar_forecast_file *file, const char *name,
                                           const char *dimension, ar_error *err)
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
    AR_TRY(ar_forecast_file_read_coordinate(&latitude, &nlat, file, "latitude", "latitude", err));
    AR_TRY(
        ar_forecast_file_read_coordinate(&longitude, &nlon, file, "longitude", "longitude", err));
    AR_TRY(
        ar_grid_init(&file->grid, &file->order, latitude, nlat, longitude, nlon, file->path, err));
cleanup:
    ar_free(latitude);
    ar_free(longitude);
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

ar_status ar_forecast_file_open_other(ar_forecast_file *file, const char *path, ar_error *err)
{
    *file = (ar_forecast_file){0};
    ar_status status = AR_OK;
    AR_TRY(ar_source_open(&file->source, path, err));
    file->path = ar_source_path(file->source);
    AR_TRY(read_grid(file, err));
    AR_TRY(ar_forecast_file_read_times(file, err));
    AR_TRY(ar_forecast_file_read_fields(file, err));
    file->gap = read_gap(file->source);
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
