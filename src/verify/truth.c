#include "verify/truth.h"

#include <string.h>

#include "base/memory.h"

static ar_status check_calendar(const ar_field_data *truth, const ar_forecast_file *forecast,
                                ar_error *err)
{
    ar_calendar theirs = truth->calendar, ours = forecast->calendar;
    return ar_calendar_agree(theirs, ours, truth->times[0])
               ? AR_OK
               : ar_fail(err, AR_ERROR_INPUT,
                         "the truth's calendar is %s, that of forecast %s is %s; they must be the "
                         "same",
                         ar_calendar_name(theirs), forecast->path, ar_calendar_name(ours));
}

static ar_status open_by_either_name(ar_field_reader **reader, const ar_truth_settings *settings,
                                     const ar_forecast_field *field, ar_field_request request,
                                     ar_error *err)
{
    request.name = field->variable;
    request.variable = field->variable;
    ar_status status =
        ar_field_reader_open(reader, settings->paths, settings->path_count, &request, err);
    /* Truth from another source may call it otherwise: by another name of the same field, then by
     * that of CF, which t2m shares with t. When these fail too, the first message is the one to
     * tell. */
    const char *const others[] = {field->variable, field->standard_name};
    request.variable = NULL;
    for (int i = 0; status == AR_ERROR_INPUT && i < 2; i++) {
        request.name = others[i];
        if (others[i][0] && ar_field_reader_open(reader, settings->paths, settings->path_count,
                                                 &request, NULL) == AR_OK) {
            status = AR_OK;
        }
    }
    return status;
}

static ar_status allocate_windows(ar_truth *truth, size_t window_bytes, ar_error *err)
{
    enum { WINDOW_BYTES = 16 << 20 };
    const ar_field_data *field = truth->field;
    const ar_alignment *alignment = &truth->alignment;
    const int64_t larger =
        alignment->own_points > alignment->points ? alignment->own_points : alignment->points;
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
    if (status == AR_OK && alignment->regrid) {
        status = ar_allocate(&truth->unregridded, all, sizeof(float), "truth of a grid", err);
    }
    return status;
}

/* Put the field and the first of its files before a message. */
static ar_status fail_of_truth(ar_status status, const ar_field_reader *reader,
                               const ar_forecast_field *field, ar_error *err)
{
    return ar_fail_within(err, status, "truth of %s in %s%s", field->variable,
                          ar_field_reader_file(reader, 0),
                          ar_field_reader_file(reader, 1) ? " and others" : "");
}

/* Open the reader. In another calendar times are others, or none is found: it is told first. */
static ar_status find(ar_truth *truth, const ar_truth_settings *settings,
                      const ar_forecast_file *forecast, const ar_forecast_field *field,
                      const ar_field_request *request, ar_error *err)
{
    ar_status status = open_by_either_name(&truth->reader, settings, field, *request, err);
    ar_field_request any_time = *request;
    ar_field_reader *reader = NULL;
    any_time.start = any_time.end = NULL;
    if (status == AR_ERROR_INPUT &&
        open_by_either_name(&reader, settings, field, any_time, NULL) == AR_OK &&
        check_calendar(ar_field_reader_field(reader), forecast, NULL) != AR_OK) {
        status = check_calendar(ar_field_reader_field(reader), forecast, err);
        status = fail_of_truth(status, reader, field, err);
    } else if (status != AR_OK) {
        status = ar_fail_within(err, status, "truth of %s", field->variable); /* has the file */
    }
    ar_field_reader_close(&reader);
    return status;
}

/* Check what the reader found, and prepare to read it. */
static ar_status prepare(ar_truth *truth, const ar_truth_settings *settings,
                         const ar_forecast_file *forecast, const ar_forecast_field *field,
                         ar_error *err)
{
    truth->field = ar_field_reader_field(truth->reader);
    ar_status status = AR_OK;
    AR_TRY(check_calendar(truth->field, forecast, err));
    if (truth->field->level_count != field->level_count) {
        status = ar_fail(err, AR_ERROR_INPUT, "it has %lld levels where forecast %s has none",
                         (long long)truth->field->level_count, forecast->path);
        goto cleanup;
    }
    AR_TRY(ar_alignment_init(&truth->alignment, &truth->field->grid, truth->field->units, forecast,
                             field, settings->regrid, err));
    AR_TRY(allocate_windows(truth, settings->window_bytes, err));
cleanup:
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
    AR_TRY(find(truth, settings, forecast, field, &request, err));
    status = prepare(truth, settings, forecast, field, err);
    if (status != AR_OK) {
        status = fail_of_truth(status, truth->reader, field, err);
    }
cleanup:
    if (status != AR_OK) {
        ar_truth_close(truth);
    }
    return status;
}

void ar_truth_close(ar_truth *truth)
{
    for (int i = 0; i < 2; i++) {
        ar_free(truth->windows[i].values);
    }
    ar_free(truth->unregridded);
    ar_alignment_release(&truth->alignment);
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
    float *read = truth->unregridded ? truth->unregridded : window->values;
    AR_TRY(ar_field_reader_read(truth->reader, first, count, read, err));
    AR_TRY(ar_alignment_apply(&truth->alignment, count * field->level_count, read, window->values,
                              err));
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
    *values = window->values +
              (time_index - window->first) * field->level_count * truth->alignment.points;
    return AR_OK;
}
