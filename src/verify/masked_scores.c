#include "verify/masked_scores.h"

#include <math.h>

#include "base/memory.h"
#include "verify/scores.h"

ar_status ar_masked_scores_init(ar_masked_scores *scores, const ar_model *model,
                                const ar_dataset *dataset, ar_error *err)
{
    const ar_configuration *c = model->configuration;
    ar_status status = AR_OK;
    *scores = (ar_masked_scores){.model = model, .dataset = dataset};
    AR_TRY(
        ar_allocate(&scores->deviations, (size_t)c->model.tails, sizeof(double), "members", err));
    for (int64_t f = 0; f < c->field_count; f++) {
        if (c->fields[f].predicted) {
            AR_TRY(ar_allocate(&scores->scores[f], (size_t)dataset->fields[f].level_count,
                               sizeof *scores->scores[f], "scores", err));
        }
    }
cleanup:
    return status;
}

void ar_masked_scores_release(ar_masked_scores *scores)
{
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        ar_free(scores->scores[f]);
    }
    ar_free(scores->deviations);
    *scores = (ar_masked_scores){0};
}

/* Where and when a point of a token lies. */
typedef struct {
    const ar_field_data *field;
    int64_t level, row, column;
    int64_t time;          /* seconds */
    int64_t before, after; /* the nearest times outside of the token */
} token_point;

static token_point find_point(const ar_masked_scores *s, const ar_cube *cube, int64_t f,
                              int64_t token, int64_t value)
{
    const ar_field_data *field = &s->dataset->fields[f];
    const int64_t *tokens = s->dataset->tokens[f].tokens, *size = s->dataset->tokens[f].token_size;
    const int64_t step = s->dataset->space.time_step;
    const int64_t stride = ar_cube_space_stride(&s->dataset->space);
    const int64_t t = token / (tokens[1] * tokens[2]) % tokens[0];
    const int64_t y = token / tokens[2] % tokens[1], x = token % tokens[2];
    const int64_t first = cube->first_time + t * size[0] * step;
    return (token_point){.field = field,
                         .level = token / (tokens[0] * tokens[1] * tokens[2]),
                         .row =
                             cube->first_row + (y * size[1] + value / size[2] % size[1]) * stride,
                         .column = (cube->first_column + (x * size[2] + value % size[2]) * stride) %
                                   field->grid.nlon,
                         .time = first + value / (size[1] * size[2]) * step,
                         .before = first - step,
                         .after = first + size[0] * step};
}

static float value_at(const token_point *point, int64_t time)
{
    const int64_t index = ar_field_data_find_time(point->field, time);
    return index < 0 ? NAN
                     : ar_field_data_slice(
                           point->field, index,
                           point->level)[point->row * point->field->grid.nlon + point->column];
}

static double interpolate(const token_point *point)
{
    const double share =
        (double)(point->time - point->before) / (double)(point->after - point->before);
    return (1 - share) * (double)value_at(point, point->before) +
           share * (double)value_at(point, point->after);
}

/* One point: `target` and members [member] a stride apart, normalised. */
static void add_point(ar_masked_scores *s, const token_point *point, int64_t f, float target,
                      const float *members, int64_t stride)
{
    ar_masked_score *score = &s->scores[f][point->level];
    const int64_t count = s->model->configuration->model.tails;
    const int month = ar_time_date(point->time, point->field->calendar).month;
    float centre, unit;
    ar_normalisation_at(&s->dataset->normalisations[f], month, point->level, point->row,
                        point->column, &centre, &unit);
    double sum = 0, square = 0;
    for (int64_t n = 0; n < count; n++) {
        s->deviations[n] = (double)unit * ((double)members[n * stride] - (double)target);
        sum += s->deviations[n];
    }
    const double error = sum / (double)count;
    for (int64_t n = 0; n < count; n++) {
        square += (s->deviations[n] - error) * (s->deviations[n] - error);
    }
    const ar_crps crps = ar_crps_of_deviations(s->deviations, count);
    const double anomaly = (double)unit * (double)target;
    const double interpolation = interpolate(point) - ((double)centre + anomaly);
    score->points++;
    score->rmse += error * error;
    score->spread += count > 1 ? square / (double)(count - 1) : 0;
    score->crps += crps.plain;
    score->crps_fair += crps.fair;
    score->climatology_rmse += anomaly * anomaly;
    if (isfinite(interpolation)) {
        score->interpolated_points++;
        score->interpolation_rmse += interpolation * interpolation;
        score->model_rmse += error * error;
    }
}

void ar_masked_scores_add(ar_masked_scores *s, const ar_batch *batch, const ar_plan *plan)
{
    for (int64_t f = 0; f < batch->field_count; f++) {
        const ar_field_batch *field = &batch->fields[f];
        if (!s->scores[f]) {
            continue;
        }
        const ar_matrix ensemble = ar_plan_matrix(plan, s->model->fields[f].ensemble);
        for (int64_t i = 0; i < field->masked_count; i++) {
            const float *row = (const float *)ensemble.data + i * ensemble.stride;
            const ar_cube *cube = &batch->cubes[field->masked[i] / field->token_count];
            for (int64_t v = 0; v < field->values; v++) {
                const token_point point =
                    find_point(s, cube, f, field->masked[i] % field->token_count, v);
                add_point(s, &point, f, field->target[i * field->values + v], row + v,
                          field->values);
            }
        }
    }
}

void ar_masked_scores_finish(ar_masked_scores *s)
{
    for (int64_t f = 0; f < s->dataset->field_count; f++) {
        for (int64_t l = 0; s->scores[f] && l < s->dataset->fields[f].level_count; l++) {
            ar_masked_score *score = &s->scores[f][l];
            const double points = (double)score->points; /* 0 / 0 is NaN */
            score->rmse = sqrt(score->rmse / points);
            score->spread = sqrt(score->spread / points);
            score->crps /= points;
            score->crps_fair /= points;
            score->climatology_rmse = sqrt(score->climatology_rmse / points);
            score->interpolation_rmse =
                sqrt(score->interpolation_rmse / (double)score->interpolated_points);
            score->model_rmse = sqrt(score->model_rmse / (double)score->interpolated_points);
        }
    }
}
