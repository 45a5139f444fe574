#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static ar_log_sink log_sink;
static void *log_context;
static ar_progress_sink progress_sink;
static void *progress_context;

void ar_log_set_sink(ar_log_sink sink, void *context)
{
    log_sink = sink;
    log_context = context;
}

void ar_log(ar_log_level level, const char *format, ...)
{
    if (!log_sink) {
        return;
    }
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log_sink(log_context, level, line);
}

void ar_progress_set_sink(ar_progress_sink sink, void *context)
{
    progress_sink = sink;
    progress_context = context;
}

double ar_clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void ar_format_duration(double seconds, char text[16])
{
    long whole = seconds < 0 ? 0 : seconds > 3.6e8 ? 360000000 : (long)(seconds + 0.5);
    if (whole < 60) {
        snprintf(text, 16, "%ld s", whole);
    } else if (whole < 3600) {
        snprintf(text, 16, "%ld:%02ld min", whole / 60, whole % 60);
    } else {
        snprintf(text, 16, "%ld:%02ld h", whole / 3600, whole / 60 % 60);
    }
}

void ar_progress_begin(ar_progress *progress, const char *label, int64_t first, int64_t total)
{
    double now = ar_clock_seconds();
    *progress = (ar_progress){
        .label = label, .first = first, .total = total, .started = now, .last_shown = now};
}

static void show(ar_progress *progress, int64_t done, const char *detail, bool finished)
{
    char elapsed[16], left[16], line[512];
    double spent = ar_clock_seconds() - progress->started;
    ar_format_duration(spent, elapsed);
    int64_t worked = done - progress->first;
    double remaining = worked > 0 ? spent / (double)worked * (double)(progress->total - done) : 0.0;
    ar_format_duration(remaining, left);
    const char *gap = detail[0] ? "  " : "";
    if (finished) {
        snprintf(line, sizeof line, "%s  %lld of %lld in %s%s%s", progress->label, (long long)done,
                 (long long)progress->total, elapsed, gap, detail);
    } else {
        snprintf(line, sizeof line, "%s  %lld of %lld%s%s  %s, %s left", progress->label,
                 (long long)done, (long long)progress->total, gap, detail, elapsed, left);
    }
    progress_sink(progress_context, line, finished);
}

void ar_progress_update(ar_progress *progress, int64_t done, const char *detail)
{
    double now = ar_clock_seconds();
    if (!progress_sink || now - progress->last_shown < 0.2) {
        return;
    }
    progress->last_shown = now;
    show(progress, done, detail, false);
}

void ar_progress_end(ar_progress *progress, const char *detail)
{
    if (progress_sink) {
        show(progress, progress->total, detail, true);
    }
}
