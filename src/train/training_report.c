#include "train/training_report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "picture/page.h"

enum { REFRESH_SECONDS = 30, TIMES_THE_COST = 50, POINTS_MOST = 400, NAME_SIZE = 160 };

/* Columns of a line of metrics.jsonl; those of the first loss of each predicted field follow. */
enum { STEP, LOSS, GRADIENT_NORM, LEARNING_RATE, SPEED, FIELDS };

/* The lines of training, or of validation. */
typedef struct {
    double *values; /* [count][columns] NaN where a line has none */
    size_t count, capacity;
    int64_t columns;
} metric_lines;

static double number_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static ar_status add_line(metric_lines *lines, const cJSON *line,
                          const ar_configuration *configuration, ar_error *err)
{
    static const char *const keys[FIELDS] = {"step", "loss", "gradient_norm", "learning_rate",
                                             "samples_per_second"};
    const char *first = ar_loss_name(configuration->training.losses[0].kind);
    const cJSON *fields = cJSON_GetObjectItemCaseSensitive(line, "fields");
    ar_status status =
        ar_grow(&lines->values, &lines->capacity, (lines->count + 1) * (size_t)lines->columns,
                sizeof *lines->values, "lines of metrics", err);
    if (status != AR_OK) {
        return status;
    }
    double *values = lines->values + lines->count++ * (size_t)lines->columns;
    for (int i = 0; i < FIELDS; i++) {
        values[i] = number_of(line, keys[i]);
    }
    for (int64_t p = 0; p < configuration->prediction_count; p++) {
        const char *field = configuration->fields[configuration->prediction_order[p]].name;
        values[FIELDS + p] = number_of(cJSON_GetObjectItemCaseSensitive(fields, field), first);
    }
    return AR_OK;
}

static ar_status read_metrics(metric_lines *training, metric_lines *validation,
                              const ar_training_report *report, ar_error *err)
{
    char *path = NULL, *text = NULL;
    size_t bytes = 0;
    ar_status status = AR_OK;
    training->columns = validation->columns = FIELDS + report->configuration->prediction_count;
    AR_TRY(ar_path_join(&path, report->run, "metrics.jsonl", err));
    AR_TRY(ar_file_read_whole(path, (size_t)1 << 32, &text, &bytes, err));
    for (const char *at = text; status == AR_OK && *at;) {
        const size_t length = strcspn(at, "\n");
        cJSON *line = cJSON_ParseWithLength(at, length);
        const cJSON *kind = cJSON_GetObjectItemCaseSensitive(line, "kind");
        if (cJSON_IsString(kind)) {
            const bool trained = strcmp(kind->valuestring, "training") == 0;
            status = add_line(trained ? training : validation, line, report->configuration, err);
        }
        cJSON_Delete(line);
        at += length + (at[length] == '\n');
    }
cleanup:
    ar_free(path);
    ar_free(text);
    return status;
}

/* ---- the page -------------------------------------------------------------------------------- */

/* A column by step, into points[2][POINTS_MOST]; where there are more lines than points they are
 * means of as many lines each. Returns how many points. */
static int64_t thin(const metric_lines *lines, int64_t column, double *x, double *y)
{
    const int64_t count = (int64_t)lines->count, each = (count + POINTS_MOST - 1) / POINTS_MOST;
    int64_t points = 0;
    for (int64_t first = 0; first < count; first += each) {
        const int64_t end = first + each < count ? first + each : count;
        double sum = 0;
        for (int64_t i = first; i < end; i++) {
            sum += lines->values[i * lines->columns + column];
        }
        x[points] = lines->values[(end - 1) * lines->columns + STEP];
        y[points++] = sum / (double)(end - first);
    }
    return points;
}

/* Logarithmic where values span more than a factor of thirty. */
static ar_axis_kind kind_of_axis(const ar_chart_series *series, int64_t count)
{
    double low = INFINITY, high = 0;
    for (int64_t s = 0; s < count; s++) {
        for (int64_t i = 0; i < series[s].count; i++) {
            low = fmin(low, series[s].y[i]);
            high = fmax(high, series[s].y[i]);
        }
    }
    return low > 0 && high > 30 * low ? AR_AXIS_LOGARITHMIC : AR_AXIS_LINEAR;
}

static void add_chart(ar_growing_text *out, const char *title, int64_t column,
                      const metric_lines *training, const metric_lines *validation)
{
    double points[2][2][POINTS_MOST];
    const metric_lines *const lines[2] = {training, validation};
    static const char *const labels[2] = {"training", "validation"};
    char description[NAME_SIZE + 160];
    ar_chart_series series[2];
    int64_t used = 0;
    for (int i = 0; i < 2; i++) {
        if (!lines[i] || lines[i]->count == 0) {
            continue;
        }
        const int64_t count = thin(lines[i], column, points[i][0], points[i][1]);
        series[used++] = (ar_chart_series){.label = validation ? labels[i] : NULL,
                                           .colour = i == 0 ? AR_COLOUR_BLUE : AR_COLOUR_VERMILLION,
                                           .markers = i == 1 && count <= 60,
                                           .count = count,
                                           .x = points[i][0],
                                           .y = points[i][1]};
    }
    if (used == 0) {
        return;
    }
    const ar_chart_series *last = &series[used - 1];
    snprintf(description, sizeof description, "%s by step: %.4g at step %.0f, %.4g at step %.0f",
             title, last->y[0], last->x[0], last->y[last->count - 1], last->x[last->count - 1]);
    const ar_chart chart = {.title = title,
                            .x_label = "step",
                            .y_label = "",
                            .description = description,
                            .y_kind = kind_of_axis(series, used),
                            .series = series,
                            .series_count = used};
    ar_page_chart(out, &chart);
}

static void add_state(ar_growing_text *out, const ar_training_report *report,
                      const ar_training_state *state, const metric_lines *training,
                      const metric_lines *validation)
{
    const ar_training_configuration *settings = &report->configuration->training;
    char left[16] = "";
    if (isfinite(state->seconds_left)) {
        ar_format_duration(state->seconds_left, left);
    }
    ar_page_text(out, "p", "Step %lld of %lld (%.0f %%)%s%s%s%s", (long long)state->step,
                 (long long)settings->steps,
                 100 * (double)state->step / (double)(settings->steps > 0 ? settings->steps : 1),
                 !state->end && left[0] ? ", time left " : "", !state->end ? left : "",
                 state->end ? ": " : "", state->end ? state->end : "");
    if (training->count > 0) {
        const double *now = training->values + (training->count - 1) * (size_t)training->columns;
        ar_page_text(out, "p",
                     "Loss %.4g, learning rate %.3g, norm of the gradient %.3g, %.3g samples per "
                     "second.",
                     now[LOSS], now[LEARNING_RATE], now[GRADIENT_NORM], now[SPEED]);
    }
    double best = INFINITY, best_step = 0;
    for (size_t i = 0; i < validation->count; i++) {
        const double *line = validation->values + i * (size_t)validation->columns;
        if (line[LOSS] < best) {
            best = line[LOSS];
            best_step = line[STEP];
        }
    }
    if (isfinite(best)) {
        ar_page_text(out, "p", "Validation: least loss %.4g at step %.0f.", best, best_step);
    }
    if (state->skipped_steps > 0) {
        char text[160];
        snprintf(text, sizeof text,
                 "%lld steps were skipped: their loss or gradient was not finite.",
                 (long long)state->skipped_steps);
        ar_page_note(out, text);
    }
}

static ar_status add_configuration(ar_growing_text *out, const ar_training_report *report,
                                   ar_error *err)
{
    char *text = NULL;
    ar_status status = ar_configuration_write(report->configuration, &text, err);
    if (status == AR_OK) {
        ar_page_details_begin(out, "Configuration");
        ar_page_preformatted(out, text);
        ar_page_details_end(out);
    }
    ar_free(text);
    return status;
}

static ar_status write_page(const ar_training_report *report, const ar_training_state *state,
                            ar_error *err)
{
    const ar_configuration *configuration = report->configuration;
    metric_lines training = {0}, validation = {0};
    ar_growing_text out = {.err = err};
    char *path = NULL, title[NAME_SIZE], heading[NAME_SIZE];
    ar_status status = AR_OK;
    AR_TRY(read_metrics(&training, &validation, report, err));
    AR_TRY(ar_path_join(&path, report->run, "report.html", err));
    snprintf(heading, sizeof heading, "Training %s", report->run);
    ar_page_begin(&out, heading, state->end ? 0 : REFRESH_SECONDS);
    add_state(&out, report, state, &training, &validation);
    ar_page_text(&out, "h2", "Losses");
    ar_page_charts_begin(&out);
    add_chart(&out, "Loss", LOSS, &training, &validation);
    for (int64_t p = 0; configuration->prediction_count > 1 && p < configuration->prediction_count;
         p++) {
        snprintf(title, sizeof title, "%s, %s",
                 configuration->fields[configuration->prediction_order[p]].name,
                 ar_loss_name(configuration->training.losses[0].kind));
        add_chart(&out, title, FIELDS + p, &training, &validation);
    }
    ar_page_charts_end(&out);
    ar_page_text(&out, "h2", "Steps");
    ar_page_charts_begin(&out);
    add_chart(&out, "Learning rate", LEARNING_RATE, &training, NULL);
    add_chart(&out, "Norm of the gradient", GRADIENT_NORM, &training, NULL);
    add_chart(&out, "Samples per second", SPEED, &training, NULL);
    ar_page_charts_end(&out);
    AR_TRY(add_configuration(&out, report, err));
    ar_page_end(&out);
    AR_TRY(out.status);
    AR_TRY(ar_file_write_whole(path, out.text, out.length, err));
cleanup:
    ar_free(path);
    ar_free(out.text);
    ar_free(training.values);
    ar_free(validation.values);
    return status;
}

void ar_training_report_update(ar_training_report *report, const ar_training_state *state)
{
    const double now = ar_clock_seconds();
    const double wait = fmax(REFRESH_SECONDS, TIMES_THE_COST * report->cost);
    ar_error err;
    if (report->given_up || (!state->end && now - report->last < wait)) {
        return;
    }
    if (write_page(report, state, &err) != AR_OK) {
        ar_log(AR_LOG_WARNING, "training goes on without its report: %s", err.message);
        report->given_up = true;
    }
    report->written = true;
    report->last = ar_clock_seconds();
    report->cost = report->last - now;
}
