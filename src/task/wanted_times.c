#include "task/wanted_times.h"

#include <stdlib.h>

#include "base/memory.h"

/* The last time of a range; without one its first. */
static const char *end_of(const ar_forecast_options *o)
{
    return o->end ? o->end : o->start;
}

static ar_status check_range(const ar_forecast_options *o, int64_t start, int64_t end,
                             ar_error *err)
{
    if (end < start || o->every_hours < 1 || o->every_hours > AR_HOURS_MOST) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--start %s --end %s --every %lld: no time; the end must not lie before the "
                       "start, and the step be 1 to %d hours",
                       o->start, end_of(o), (long long)o->every_hours, AR_HOURS_MOST);
    }
    return AR_OK;
}

ar_status ar_wanted_times_ends(const ar_forecast_options *o, const char **start, const char **end,
                               ar_error *err)
{
    if (o->time_count > 0 && (o->start || o->end)) {
        return ar_fail(err, AR_ERROR_USAGE, "--times with --%s: should be a list or a range",
                       o->start ? "start" : "end");
    }
    if (o->time_count == 0 && !o->start) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "no valid time is asked for; should be --start (with --end) or --times");
    }
    *start = o->time_count > 0 ? o->times[0] : o->start;
    *end = o->time_count > 0 ? o->times[0] : end_of(o);
    for (int64_t i = 1; i < o->time_count; i++) {
        *start = ar_time_text_is_before(o->times[i], *start) ? o->times[i] : *start;
        *end = ar_time_text_is_before(*end, o->times[i]) ? o->times[i] : *end;
    }
    int64_t first, last;
    const bool standard = ar_time_parse(&first, *start, AR_CALENDAR_STANDARD, NULL) == AR_OK &&
                          ar_time_parse(&last, *end, AR_CALENDAR_STANDARD, NULL) == AR_OK;
    return standard && o->time_count == 0 ? check_range(o, first, last, err) : AR_OK;
}

static ar_status list_range(const ar_forecast_options *o, ar_calendar calendar, int64_t **times,
                            int64_t *count, ar_error *err)
{
    int64_t start, end;
    ar_status status = AR_OK;
    AR_TRY(ar_time_parse(&start, o->start, calendar, err));
    AR_TRY(ar_time_parse(&end, end_of(o), calendar, err));
    AR_TRY(check_range(o, start, end, err));
    *count = (end - start) / (3600 * o->every_hours) + 1;
    AR_TRY(ar_allocate(times, (size_t)*count, sizeof **times, "times", err));
    for (int64_t i = 0; i < *count; i++) {
        (*times)[i] = start + i * 3600 * o->every_hours;
    }
cleanup:
    return status;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

ar_status ar_wanted_times_list(const ar_forecast_options *o, ar_calendar calendar, int64_t **times,
                               int64_t *count, ar_error *err)
{
    ar_status status = AR_OK;
    *times = NULL;
    if (o->time_count == 0) {
        return list_range(o, calendar, times, count, err);
    }
    AR_TRY(ar_allocate(times, (size_t)o->time_count, sizeof **times, "times", err));
    for (int64_t i = 0; i < o->time_count; i++) {
        AR_TRY(ar_time_parse(&(*times)[i], o->times[i], calendar, err));
    }
    qsort(*times, (size_t)o->time_count, sizeof **times, compare_times);
    *count = 1;
    for (int64_t i = 1; i < o->time_count; i++) {
        if ((*times)[i] != (*times)[*count - 1]) {
            (*times)[(*count)++] = (*times)[i];
        }
    }
cleanup:
    if (status != AR_OK) {
        ar_free(*times);
        *times = NULL;
    }
    return status;
}
