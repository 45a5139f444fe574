#include "data/field_times.h"

#include <stdlib.h>

#include "base/memory.h"
#include "field/time.h"

static int compare_times(const void *a, const void *b)
{
    const ar_field_time *x = a, *y = b;
    if (x->time != y->time) {
        return x->time < y->time ? -1 : 1;
    }
    return (x->file > y->file) - (x->file < y->file);
}

static ar_status read_period(const ar_field_request *request, ar_calendar calendar, int64_t *start,
                             int64_t *end, ar_error *err)
{
    ar_status status = AR_OK;
    *start = INT64_MIN;
    *end = INT64_MAX;
    if (request->start) {
        status = ar_time_parse(start, request->start, calendar, err);
        if (status == AR_OK && __builtin_sub_overflow(*start, request->seconds_before, start)) {
            *start = INT64_MIN;
        }
    }
    if (status == AR_OK && request->end) {
        status = ar_time_parse(end, request->end, calendar, err);
        if (status == AR_OK && __builtin_add_overflow(*end, request->seconds_after, end)) {
            *end = INT64_MAX;
        }
    }
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "field %s", request->name);
}

/* No time is wanted of those there are: say which there are. */
static ar_status fail_without_time(const ar_field_files *files, ar_error *err)
{
    const ar_field_request *request = files->request;
    int64_t first = INT64_MAX, last = INT64_MIN;
    char texts[2][32] = {"nothing", "nothing"};
    for (size_t f = 0; f < files->file_count; f++) {
        for (int64_t i = 0; i < files->files[f].time_count; i++) {
            int64_t time = files->files[f].times[i];
            first = time < first ? time : first;
            last = time > last ? time : last;
        }
    }
    if (first <= last) {
        ar_time_format(first, files->files[0].calendar, texts[0]);
        ar_time_format(last, files->files[0].calendar, texts[1]);
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "field %s has no time between %s and %s in %s%s; it goes from %s to %s",
                   request->name, request->start ? request->start : "its beginning",
                   request->end ? request->end : "its end", files->files[0].path,
                   files->file_count > 1 ? " and the other files that hold it" : "", texts[0],
                   texts[1]);
}

static ar_status check_times(const ar_field_files *files, const ar_field_time *times, int64_t count,
                             ar_error *err)
{
    const ar_field_request *request = files->request;
    for (int64_t i = 1; i < count; i++) {
        if (times[i].time == times[i - 1].time) {
            char text[32];
            ar_time_format(times[i].time, files->files[0].calendar, text);
            const char *a = files->files[times[i - 1].file].path;
            const char *b = files->files[times[i].file].path;
            if (times[i].file == times[i - 1].file) {
                return ar_fail(err, AR_ERROR_INPUT, "%s: field %s has the time %s twice", a,
                               request->name, text);
            }
            return ar_fail(err, AR_ERROR_INPUT,
                           "field %s has the time %s in two files, %s and %s; each time once would "
                           "be right",
                           request->name, text, a, b);
        }
    }
    return count > 0 ? AR_OK : fail_without_time(files, err);
}

ar_status ar_field_times_find(const ar_field_files *files, ar_field_time **result, int64_t *count,
                              ar_error *err)
{
    ar_status status;
    ar_field_time *times = NULL;
    int64_t start, end, total = 0;
    for (size_t f = 0; f < files->file_count; f++) {
        total += files->files[f].time_count;
    }
    AR_TRY(read_period(files->request, files->files[0].calendar, &start, &end, err));
    AR_TRY(ar_allocate(&times, (size_t)total, sizeof *times, "times", err));
    *count = 0;
    for (size_t f = 0; f < files->file_count; f++) {
        for (int64_t i = 0; i < files->files[f].time_count; i++) {
            /* All that there is of a static field is wanted, to be compared. */
            int64_t time = files->request->is_static ? *count : files->files[f].times[i];
            if (files->request->is_static || (time >= start && time <= end)) {
                times[(*count)++] = (ar_field_time){.time = time, .file = f, .index = i};
            }
        }
    }
    qsort(times, (size_t)*count, sizeof *times, compare_times);
    AR_TRY(check_times(files, times, *count, err));
    *result = times;
    return AR_OK;
cleanup:
    ar_free(times);
    return status;
}
