/* The times of a forecast file: each with its reference and lead time, or starts and steps. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "field/units.h"
#include "verify/forecast_file_parts.h"

/* Times of variable `name` along dimension time, and their calendar. */
static ar_status read_times(int64_t **times, int64_t *count, ar_calendar *calendar,
                            const ar_forecast_file *file, const char *name, ar_error *err)
{
    double *values = NULL;
    ar_status status = ar_forecast_file_read_coordinate(&values, count, file, name, "time", err);
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
    AR_TRY(ar_allocate(times, (size_t)*count, sizeof **times, name, err));
    for (int64_t t = 0; t < *count; t++) {
        AR_TRY(ar_time_unit_decode(&unit, values[t], &(*times)[t], err));
    }
cleanup:
    ar_free(values);
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "%s", file->path);
}

/* ---- layout cf: all go along the valid time -------------------------------------------------- */

/* A store can give a coordinate another length than that of its dimension. */
static ar_status check_count(const ar_forecast_file *file, const char *name, int64_t count,
                             ar_error *err)
{
    return count == file->time_count
               ? AR_OK
               : ar_fail(err, AR_ERROR_INPUT, "%s: %s has %lld values for %lld times", file->path,
                         name, (long long)count, (long long)file->time_count);
}

/* Valid and reference times, in one calendar. */
static ar_status read_valid_and_reference(ar_forecast_file *file, ar_error *err)
{
    ar_calendar reference_calendar;
    int64_t count = 0;
    ar_status status = AR_OK;
    AR_TRY(read_times(&file->valid_times, &file->time_count, &file->calendar, file, "time", err));
    AR_TRY(read_times(&file->reference_times, &count, &reference_calendar, file,
                      "forecast_reference_time", err));
    AR_TRY(check_count(file, "forecast_reference_time", count, err));
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
    int64_t count = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_file_read_coordinate(&values, &count, file, "lead_time", "time", err));
    AR_TRY(check_count(file, "lead_time", count, err));
    const ar_variable *variable = ar_source_find(file->source, "lead_time");
    const char *units = ar_source_text(file->source, variable, "units");
    if (units) {
        status = ar_units_conversion(units, "s", &scale, &offset, err);
        if (status != AR_OK) {
            status = ar_fail_within(err, status, "%s: lead_time", file->path);
            goto cleanup;
        }
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

/* ---- layout weatherbench: starts, and steps from each ---------------------------------------- */

/* In seconds; a new array, the caller's to ar_free. */
static ar_status read_steps(int64_t **steps, ar_forecast_file *file, ar_error *err)
{
    static const char *const name = "prediction_timedelta";
    const double longest = 1e12; /* seconds; far beyond any forecast, and exact as a double */
    double *values = NULL, scale = 1, offset = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_file_read_coordinate(&values, &file->step_count, file, name, name, err));
    const char *units = ar_source_text(file->source, ar_source_find(file->source, name), "units");
    if (!units) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: %s has no units, such as \"hours\"", file->path,
                         name);
        goto cleanup;
    }
    status = ar_units_conversion(units, "s", &scale, &offset, err);
    if (status != AR_OK) {
        status = ar_fail_within(err, status, "%s: %s", file->path, name);
        goto cleanup;
    }
    AR_TRY(ar_allocate(steps, (size_t)file->step_count, sizeof **steps, name, err));
    for (int64_t i = 0; i < file->step_count; i++) {
        const double seconds = scale * values[i] + offset;
        if (!(fabs(seconds) <= longest)) {
            status = ar_fail(err, AR_ERROR_INPUT, "%s: %s %g %s is no lead time", file->path, name,
                             values[i], units);
            goto cleanup;
        }
        (*steps)[i] = llround(seconds);
    }
cleanup:
    ar_free(values);
    return status;
}

static ar_status read_starts_and_steps(ar_forecast_file *file, ar_error *err)
{
    int64_t *starts = NULL, *steps = NULL, start_count = 0;
    size_t count = 0;
    ar_status status = AR_OK;
    AR_TRY(read_steps(&steps, file, err));
    AR_TRY(read_times(&starts, &start_count, &file->calendar, file, "time", err));
    if (!ar_size_product((size_t)start_count, (size_t)file->step_count, &count) ||
        count > INT64_MAX / sizeof(int64_t)) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: it has too many times", file->path);
        goto cleanup;
    }
    AR_TRY(ar_allocate(&file->valid_times, count, sizeof(int64_t), "times", err));
    AR_TRY(ar_allocate(&file->reference_times, count, sizeof(int64_t), "times", err));
    AR_TRY(ar_allocate(&file->lead_times, count, sizeof(int64_t), "times", err));
    file->time_count = (int64_t)count;
    for (int64_t t = 0; t < file->time_count; t++) {
        file->reference_times[t] = starts[t / file->step_count];
        file->lead_times[t] = steps[t % file->step_count];
        file->valid_times[t] = file->reference_times[t] + file->lead_times[t];
    }
cleanup:
    ar_free(starts);
    ar_free(steps);
    return status;
}

ar_status ar_forecast_file_read_times(ar_forecast_file *file, ar_error *err)
{
    if (ar_source_find(file->source, "prediction_timedelta")) {
        return read_starts_and_steps(file, err);
    }
    ar_status status = read_valid_and_reference(file, err);
    return status == AR_OK ? read_lead_times(file, err) : status;
}
