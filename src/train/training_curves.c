#include "train/training_curves.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { POINTS_MOST = 400, NAME_SIZE = 160 };

/* Columns of a line of metrics.jsonl; those of the first loss of each predicted field follow. */
enum { STEP, LOSS, GRADIENT_NORM, LEARNING_RATE, SPEED, FIELDS };

static double number_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static ar_status add_line(ar_metric_lines *lines, const cJSON *line,
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

ar_status ar_training_curves_read(ar_training_curves *curves, const char *run,
                                  const ar_configuration *configuration, ar_error *err)
{
    char *path = NULL, *text = NULL;
    size_t bytes = 0;
    ar_status status = AR_OK;
    *curves = (ar_training_curves){.configuration = configuration};
    curves->training.columns = curves->validation.columns =
        FIELDS + configuration->prediction_count;
    AR_TRY(ar_path_join(&path, run, "metrics.jsonl", err));
    AR_TRY(ar_file_read_whole(path, (size_t)1 << 32, &text, &bytes, err));
    for (const char *at = text; status == AR_OK && *at;) {
        const size_t length = strcspn(at, "\n");
        cJSON *line = cJSON_ParseWithLength(at, length);
        const cJSON *kind = cJSON_GetObjectItemCaseSensitive(line, "kind");
        if (cJSON_IsString(kind)) {
            const bool trained = strcmp(kind->valuestring, "training") == 0;
            status = add_line(trained ? &curves->training : &curves->validation, line,
                              configuration, err);
        }
        cJSON_Delete(line);
        at += length + (at[length] == '\n');
    }
cleanup:
    ar_free(path);
    ar_free(text);
    return status;
}

void ar_training_curves_release(ar_training_curves *curves)
{
    ar_free(curves->training.values);
    ar_free(curves->validation.values);
    *curves = (ar_training_curves){0};
}

void ar_training_curves_tell(const ar_training_curves *curves, ar_growing_text *out)
{
    const ar_metric_lines *training = &curves->training, *validation = &curves->validation;
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
}

/* A column by step, into points[2][POINTS_MOST]; where there are more lines than points they are
 * means of as many lines each. Returns how many points. */
static int64_t thin(const ar_metric_lines *lines, int64_t column, double *x, double *y)
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

/* A curve of training, and of validation where there is one. */
static ar_status show_column(const ar_training_curves *curves, const char *title, const char *name,
                             int64_t column, bool validated, ar_training_curve_show *show,
                             void *context)
{
    double points[2][2][POINTS_MOST];
    const ar_metric_lines *const lines[2] = {&curves->training, &curves->validation};
    static const char *const labels[2] = {"training", "validation"};
    char description[NAME_SIZE + 160];
    ar_chart_series series[2];
    int64_t used = 0;
    for (int i = 0; i < (validated ? 2 : 1); i++) {
        if (lines[i]->count == 0) {
            continue;
        }
        const int64_t count = thin(lines[i], column, points[i][0], points[i][1]);
        series[used++] = (ar_chart_series){.label = validated ? labels[i] : NULL,
                                           .colour = i == 0 ? AR_COLOUR_BLUE : AR_COLOUR_VERMILLION,
                                           .markers = i == 1 && count <= 60,
                                           .count = count,
                                           .x = points[i][0],
                                           .y = points[i][1]};
    }
    if (used == 0) {
        return AR_OK;
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
    return show(context, name, &chart);
}

ar_status ar_training_curves_losses(const ar_training_curves *curves, ar_training_curve_show *show,
                                    void *context)
{
    const ar_configuration *configuration = curves->configuration;
    const int64_t count = configuration->prediction_count;
    ar_status status = show_column(curves, "Loss", "training_loss", LOSS, true, show, context);
    for (int64_t p = 0; status == AR_OK && count > 1 && p < count; p++) {
        const char *field = configuration->fields[configuration->prediction_order[p]].name;
        char title[NAME_SIZE], name[NAME_SIZE];
        snprintf(title, sizeof title, "%s, %s", field,
                 ar_loss_name(configuration->training.losses[0].kind));
        snprintf(name, sizeof name, "training_loss_%s", field);
        status = show_column(curves, title, name, FIELDS + p, true, show, context);
    }
    return status;
}

ar_status ar_training_curves_steps(const ar_training_curves *curves, ar_training_curve_show *show,
                                   void *context)
{
    static const struct {
        const char *title, *name;
        int column;
    } all[] = {{"Learning rate", "training_learning_rate", LEARNING_RATE},
               {"Norm of the gradient", "training_gradient_norm", GRADIENT_NORM},
               {"Samples per second", "training_speed", SPEED}};
    ar_status status = AR_OK;
    for (size_t i = 0; status == AR_OK && i < sizeof all / sizeof all[0]; i++) {
        status =
            show_column(curves, all[i].title, all[i].name, all[i].column, false, show, context);
    }
    return status;
}
