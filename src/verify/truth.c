#include "verify/truth.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
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
                          ar_calendar_name(theirs), forecast->path, ar_calendar_name(ours));
}

/* A field of ones has to come to every point of the forecast's grid. */
static ar_status check_cover(ar_truth *truth, const ar_grid *grid, const char *theirs,
                             const char *ours, ar_error *err)
{
    const ar_grid *own = &truth->field->grid;
    float *ones = NULL, *share = NULL;
    int64_t missing = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&ones, (size_t)(own->nlat * own->nlon), sizeof *ones, "a field", err));
    AR_TRY(ar_allocate(&share, (size_t)(grid->nlat * grid->nlon), sizeof *share, "a field", err));
    for (int64_t at = 0; at < own->nlat * own->nlon; at++) {
        ones[at] = 1;
    }
    AR_TRY(ar_regrid_apply_float(truth->regrid, ones, share, err));
    for (int64_t at = 0; at < grid->nlat * grid->nlon; at++) {
        missing += isnan(share[at]);
    }
    if (missing > 0) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "its grid of %s does not cover %lld of the points of the forecast's, %s",
                         theirs, (long long)missing, ours);
    }
cleanup:
    ar_free(ones);
    ar_free(share);
    return status;
}

static ar_status match_grid(ar_truth *truth, const ar_truth_settings *settings,
                            const ar_forecast_file *forecast, ar_error *err)
{
    const ar_grid *own = &truth->field->grid;
    char theirs[96], ours[96];
    truth->points = forecast->grid.nlat * forecast->grid.nlon;
    if (ar_grid_equal(own, &forecast->grid)) {
        return AR_OK;
    }
    ar_grid_describe(own, theirs);
    ar_grid_describe(&forecast->grid, ours);
    if (!settings->regrid) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "its grid is %s and that of forecast %s is %s; they must be the same, or "
                       "--regrid bilinear or area tell how it comes to the forecast's",
                       theirs, forecast->path, ours);
    }
    const ar_source_grid source = ar_source_of_grid(own);
    const ar_regrid_settings way = {.method = *settings->regrid};
    ar_status status = ar_regrid_create(&truth->regrid, &source, &forecast->grid, &way, err);
    return status == AR_OK ? check_cover(truth, &forecast->grid, theirs, ours, err) : status;
}

static ar_status find_conversion(ar_truth *truth, const ar_forecast_field *field, ar_error *err)
{
    truth->scale = 1;
    if (strcmp(truth->field->units, field->units) == 0 || !truth->field->units[0] ||
        !field->units[0]) {
        return AR_OK;
    }
    return ar_units_conversion(truth->field->units, field->units, &truth->scale, &truth->offset,
                               err);
}

static ar_status open_by_either_name(ar_field_reader **reader, const ar_truth_settings *settings,
                                     const ar_forecast_field *field, ar_field_request request,
                                     ar_error *err)
{
    request.name = field->variable;
    request.variable = field->variable;
    ar_status status =
        ar_field_reader_open(reader, settings->paths, settings->path_count, &request, err);
    if (status != AR_ERROR_INPUT || !field->standard_name[0]) {
        return status;
    }
    /* Truth from another source may call the variable otherwise. When that fails too, the first
     * message is the one to tell. */
    request.name = field->standard_name;
    request.variable = NULL;
    return ar_field_reader_open(reader, settings->paths, settings->path_count, &request, NULL) ==
                   AR_OK
               ? AR_OK
               : status;
}

static ar_status allocate_windows(ar_truth *truth, size_t window_bytes, ar_error *err)
{
    enum { WINDOW_BYTES = 16 << 20 };
    const ar_field_data *field = truth->field;
    const int64_t own = field->grid.nlat * field->grid.nlon;
    const int64_t larger = own > truth->points ? own : truth->points;
    size_t values = 0, bytes = 0, all = 0;
    if (!ar_size_product((size_t)field->level_count, (size_t)larger, &values) ||
        !ar_size_product(values, sizeof(float), &bytes)) {
        return ar_fail(err, AR_ERROR_MEMORY, "field %s: a time of it is too large", field->name);
    }
    size_t times = (window_bytes > 0 ? window_bytes : WINDOW_BYTES) / bytes;
    times = times < 1 ? 1 : times;
    times = times > (size_t)field->time_count ? (size_t)field->time_count : times;
    truth->window_times = (int64_t)times;
    /* Where the first holds all of it, the second is never asked for. */
    const int count = truth->window_times < field->time_count ? 2 : 1;
    ar_status status =
        ar_size_product(times, values, &all)
            ? AR_OK
            : ar_fail(err, AR_ERROR_MEMORY, "field %s: a window of it is too large", field->name);
    for (int i = 0; status == AR_OK && i < count; i++) {
        status = ar_allocate(&truth->windows[i].values, all, sizeof(float), "the truth", err);
    }
    if (status == AR_OK && truth->regrid) {
        status = ar_allocate(&truth->unregridded, all, sizeof(float), "truth of a grid", err);
    }
    return status;
}

ar_status ar_truth_open(ar_truth *truth, const ar_truth_settings *settings,
                        const ar_forecast_file *forecast, const ar_forecast_field *field,
                        ar_error *err)
{
    char start_text[32], end_text[32];
    ar_time_format(settings->start, forecast->calendar, start_text);
    ar_time_format(settings->end, forecast->calendar, end_text);
    const ar_field_request request = {
        .levels = field->levels,
        .level_count = field->levels ? field->level_count : 0,
        .start = start_text,
        .end = end_text,
        .member = settings->member,
    };
    *truth = (ar_truth){0};
    ar_status status = AR_OK;
    AR_TRY(open_by_either_name(&truth->reader, settings, field, request, err));
    truth->field = ar_field_reader_field(truth->reader);
    AR_TRY(check_calendar(truth->field, forecast, err));
    AR_TRY(match_grid(truth, settings, forecast, err));
    if (truth->field->level_count != field->level_count) {
        status = ar_fail(err, AR_ERROR_INPUT, "it has %lld levels where forecast %s has none",
                         (long long)truth->field->level_count, forecast->path);
        goto cleanup;
    }
    AR_TRY(find_conversion(truth, field, err));
    AR_TRY(allocate_windows(truth, settings->window_bytes, err));
cleanup:
    if (status != AR_OK) {
        ar_truth_close(truth);
        status = ar_fail_within(err, status, "truth of %s", field->variable);
    }
    return status;
}

void ar_truth_close(ar_truth *truth)
{
    for (int i = 0; i < 2; i++) {
        ar_free(truth->windows[i].values);
    }
    ar_free(truth->unregridded);
    ar_regrid_destroy(&truth->regrid);
    ar_field_reader_close(&truth->reader);
    *truth = (ar_truth){0};
}

int64_t ar_truth_find_time(const ar_truth *truth, int64_t time)
{
    return ar_field_data_find_time(truth->field, time);
}

/* The window that holds a time; −1: none. */
static int find_window(const ar_truth *truth, int64_t time_index)
{
    for (int i = 0; i < 2; i++) {
        const int64_t place = time_index - truth->windows[i].first;
        if (place >= 0 && place < truth->windows[i].count) {
            return i;
        }
    }
    return -1;
}

/* Windows begin at multiples of their length: forward and backward passes read the same parts. */
static ar_status fill_window(ar_truth *truth, ar_truth_window *window, int64_t time_index,
                             ar_error *err)
{
    const ar_field_data *field = truth->field;
    const int64_t first = time_index / truth->window_times * truth->window_times;
    const int64_t left = field->time_count - first;
    const int64_t count = left < truth->window_times ? left : truth->window_times;
    window->count = 0; /* what a read that fails leaves is nothing */
    ar_status status = AR_OK;
    AR_TRY(ar_field_reader_read(truth->reader, first, count,
                                truth->regrid ? truth->unregridded : window->values, err));
    for (int64_t i = 0; truth->regrid && i < count * field->level_count; i++) {
        AR_TRY(ar_regrid_apply_float(truth->regrid,
                                     truth->unregridded + i * field->grid.nlat * field->grid.nlon,
                                     window->values + i * truth->points, err));
    }
    const int64_t values = count * field->level_count * truth->points;
    for (int64_t i = 0; (truth->scale != 1 || truth->offset != 0) && i < values; i++) {
        window->values[i] = (float)(truth->scale * window->values[i] + truth->offset);
    }
    window->first = first;
    window->count = count;
cleanup:
    return status;
}

ar_status ar_truth_read(ar_truth *truth, int64_t time_index, const float **values, ar_error *err)
{
    const ar_field_data *field = truth->field;
    int found = find_window(truth, time_index);
    if (found < 0) {
        found = truth->windows[1].values && truth->windows[1].last_use < truth->windows[0].last_use;
        ar_status status = fill_window(truth, &truth->windows[found], time_index, err);
        if (status != AR_OK) {
            return status;
        }
    }
    ar_truth_window *window = &truth->windows[found];
    window->last_use = ++truth->uses;
    *values = window->values + (time_index - window->first) * field->level_count * truth->points;
    return AR_OK;
}
