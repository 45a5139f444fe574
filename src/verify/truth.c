#include "verify/truth.h"

#include <string.h>

#include "field/units.h"

/* 1582-10-15T00:00: from here on the standard and the proleptic Gregorian calendar are one. */
static const int64_t GREGORIAN_START = -12219292800;

static bool is_gregorian(ar_calendar calendar)
{
    return calendar == AR_CALENDAR_STANDARD || calendar == AR_CALENDAR_PROLEPTIC_GREGORIAN;
}

static ar_status check_calendar(const ar_field_data *truth, const ar_forecast_file *forecast,
                                ar_error *err)
{
    ar_calendar theirs = truth->calendar, ours = forecast->calendar;
    bool same = theirs == ours ||
                (is_gregorian(theirs) && is_gregorian(ours) && truth->times[0] >= GREGORIAN_START);
    return same ? AR_OK
                : ar_fail(err, AR_ERROR_INPUT,
                          "the truth's calendar is %s, that of forecast %s is %s; they must be the "
                          "same",
                          ar_calendar_name(theirs), ar_source_path(forecast->source),
                          ar_calendar_name(ours));
}

static ar_status check_grid(const ar_field_data *truth, const ar_forecast_file *forecast,
                            ar_error *err)
{
    const ar_grid *theirs = &truth->grid, *ours = &forecast->grid;
    if (ar_grid_equal(theirs, ours)) {
        return AR_OK;
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "the truth's grid is %lld x %lld from %g N, %g E and that of forecast %s is "
                   "%lld x %lld from %g N, %g E; they must be the same",
                   (long long)theirs->nlat, (long long)theirs->nlon, theirs->latitude[0],
                   theirs->longitude[0], ar_source_path(forecast->source), (long long)ours->nlat,
                   (long long)ours->nlon, ours->latitude[0], ours->longitude[0]);
}

static ar_status convert_units(ar_field_data *truth, const ar_forecast_field *field, ar_error *err)
{
    double scale = 1, offset = 0;
    if (strcmp(truth->units, field->units) == 0 || !truth->units[0] || !field->units[0]) {
        return AR_OK;
    }
    ar_status status = ar_units_conversion(truth->units, field->units, &scale, &offset, err);
    if (status != AR_OK) {
        return ar_fail_within(err, status, "the truth of %s", field->variable);
    }
    if (scale == 1 && offset == 0) {
        return AR_OK;
    }
    int64_t count = truth->time_count * truth->level_count * truth->grid.nlat * truth->grid.nlon;
    for (int64_t i = 0; i < count; i++) {
        truth->values[i] = (float)(scale * truth->values[i] + offset);
    }
    return AR_OK;
}

static ar_status load_by_either_name(ar_field_data *truth, const char *const *paths,
                                     int64_t path_count, const ar_forecast_field *field,
                                     ar_field_request request, ar_error *err)
{
    request.name = field->variable;
    request.variable = field->variable;
    ar_status status = ar_field_data_load(truth, paths, path_count, &request, err);
    if (status != AR_ERROR_INPUT || !field->standard_name[0]) {
        return status;
    }
    /* Truth from another source may call the variable otherwise. When that fails too, the first
     * message is the one to tell. */
    request.name = field->standard_name;
    request.variable = NULL;
    return ar_field_data_load(truth, paths, path_count, &request, NULL) == AR_OK ? AR_OK : status;
}

ar_status ar_truth_load(ar_field_data *truth, const char *const *paths, int64_t path_count,
                        const ar_forecast_file *forecast, const ar_forecast_field *field,
                        int64_t start, int64_t end, ar_error *err)
{
    char start_text[32], end_text[32];
    ar_time_format(start, forecast->calendar, start_text);
    ar_time_format(end, forecast->calendar, end_text);
    const ar_field_request request = {
        .levels = field->levels,
        .level_count = field->levels ? field->level_count : 0,
        .start = start_text,
        .end = end_text,
    };
    *truth = (ar_field_data){0};
    ar_status status = load_by_either_name(truth, paths, path_count, field, request, err);
    if (status != AR_OK) {
        return ar_fail_within(err, status, "truth of %s", field->variable);
    }
    AR_TRY(check_calendar(truth, forecast, err));
    AR_TRY(check_grid(truth, forecast, err));
    if (truth->level_count != field->level_count) {
        status = ar_fail(
            err, AR_ERROR_INPUT, "the truth of %s has %lld levels where forecast %s has none",
            field->variable, (long long)truth->level_count, ar_source_path(forecast->source));
        goto cleanup;
    }
    AR_TRY(convert_units(truth, field, err));
cleanup:
    if (status != AR_OK) {
        ar_field_data_release(truth);
    }
    return status;
}
