#include "train/metrics.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* Keep the lines up to and including `step`. */
static ar_status drop_later_lines(const char *path, int64_t step, ar_error *err)
{
    char *text = NULL;
    size_t bytes = 0, kept = 0;
    ar_status status = ar_file_read_whole(path, (size_t)1 << 32, &text, &bytes, err);
    if (status != AR_OK) {
        return status;
    }
    for (char *line = text; line < text + bytes;) {
        char *end = memchr(line, '\n', (size_t)(text + bytes - line));
        const char *at = strstr(line, "\"step\": ");
        if (!end || !at || at > end || strtoll(at + 8, NULL, 10) > step) {
            break;
        }
        line = end + 1;
        kept = (size_t)(line - text);
    }
    if (kept < bytes) {
        status = ar_file_write_whole(path, text, kept, err);
    }
    ar_free(text);
    return status;
}

ar_status ar_metrics_open(ar_metrics *metrics, const char *run, int64_t step,
                          const ar_configuration *configuration, ar_error *err)
{
    *metrics = (ar_metrics){.configuration = configuration};
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&metrics->path, run, "metrics.jsonl", err));
    if (ar_path_exists(metrics->path)) {
        AR_TRY(drop_later_lines(metrics->path, step, err));
    }
    metrics->file = fopen(metrics->path, "a");
    if (!metrics->file) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot write here: %s", metrics->path,
                         strerror(errno));
    }
cleanup:
    if (status != AR_OK) {
        ar_metrics_close(metrics);
    }
    return status;
}

void ar_metrics_close(ar_metrics *metrics)
{
    if (metrics->file) {
        fclose(metrics->file);
    }
    ar_free(metrics->path);
    *metrics = (ar_metrics){0};
}

/* A line being put together; what does not fit is lost, and the line's end is always there. */
typedef struct {
    char text[16384];
    size_t used;
} json_line;

static void append(json_line *line, const char *format, ...) AR_PRINTF(2, 3);
static void append(json_line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof line->text - line->used;
    int wanted = vsnprintf(line->text + line->used, room, format, arguments);
    va_end(arguments);
    if (wanted > 0) {
        line->used += (size_t)wanted < room ? (size_t)wanted : room - 1;
    }
}

/* A number, or null for what JSON has no number for. */
static void append_number(json_line *line, double value)
{
    if (isfinite(value)) {
        append(line, "%.6g", value);
    } else {
        append(line, "null");
    }
}

static void append_fields(json_line *line, const ar_configuration *configuration,
                          const ar_loss_sums *sums, double count)
{
    append(line, ", \"fields\": {");
    for (int64_t p = 0; p < configuration->prediction_count; p++) {
        int64_t f = configuration->prediction_order[p];
        append(line, "%s\"%s\": {", p ? ", " : "", configuration->fields[f].name);
        for (int64_t i = 0; i < configuration->training.loss_count; i++) {
            ar_loss_kind kind = configuration->training.losses[i].kind;
            append(line, "%s\"%s\": ", i ? ", " : "", ar_loss_name(kind));
            append_number(line, sums->losses[f][kind] / count);
        }
        append(line, "}");
    }
    append(line, "}");
}

ar_status ar_metrics_write(ar_metrics *metrics, const ar_loss_sums *sums, int64_t step,
                           const ar_training_pace *pace, ar_error *err)
{
    const double count = (double)sums->count;
    json_line line = {.used = 0};
    append(&line, "{\"kind\": \"%s\", \"step\": %lld, \"loss\": ", pace ? "training" : "validation",
           (long long)step);
    append_number(&line, sums->total / count);
    append_fields(&line, metrics->configuration, sums, count);
    if (pace) {
        append(&line, ", \"gradient_norm\": ");
        append_number(&line, sums->gradient_norm / count);
        append(&line,
               ", \"learning_rate\": %.6g, \"skipped_steps\": %lld, \"samples_per_second\": %.4g",
               pace->learning_rate, (long long)pace->skipped_steps, pace->samples_per_second);
    }
    append(&line, "}\n");
    if (fwrite(line.text, 1, line.used, metrics->file) != line.used || fflush(metrics->file) != 0) {
        return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot write: %s", metrics->path,
                       strerror(errno));
    }
    return AR_OK;
}

void ar_loss_sums_format(const ar_loss_sums *sums, const ar_configuration *configuration,
                         char *text, size_t size)
{
    const double count = (double)sums->count;
    const ar_loss_kind first = configuration->training.losses[0].kind;
    if (sums->count == 0) {
        snprintf(text, size, "no loss that is finite");
        return;
    }
    int used = snprintf(text, size, "loss %.4f", sums->total / count);
    for (int64_t p = 0; p < configuration->prediction_count; p++) {
        int64_t f = configuration->prediction_order[p];
        if (used > 0 && (size_t)used < size) {
            used += snprintf(text + used, size - (size_t)used, "  %s %.4f",
                             configuration->fields[f].name, sums->losses[f][first] / count);
        }
    }
}
