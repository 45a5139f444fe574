#include "task/predictions.h"

#include "base/memory.h"

ar_status ar_predictions_init(ar_predictions *predictions, const ar_model *model,
                              const ar_dataset *dataset, const ar_batch *batch, ar_error *err)
{
    const ar_configuration *c = model->configuration;
    ar_status status = AR_OK;
    *predictions = (ar_predictions){.model = model, .dataset = dataset, .batch = batch};
    for (int64_t f = 0; status == AR_OK && f < c->field_count; f++) {
        if (c->fields[f].predicted) {
            const int64_t rows = batch->sample_capacity * batch->fields[f].token_count;
            status = ar_allocate(&predictions->rows[f], (size_t)rows, sizeof(int32_t),
                                 "rows of predictions", err);
        }
    }
    return status;
}

void ar_predictions_release(ar_predictions *predictions)
{
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        ar_free(predictions->rows[f]);
    }
    *predictions = (ar_predictions){0};
}

void ar_predictions_index(ar_predictions *predictions)
{
    const ar_batch *batch = predictions->batch;
    for (int64_t f = 0; f < batch->field_count; f++) {
        const ar_field_batch *field = &batch->fields[f];
        int32_t *rows = predictions->rows[f];
        for (int64_t i = 0; rows && i < batch->sample_count * field->token_count; i++) {
            rows[i] = -1;
        }
        for (int64_t i = 0; rows && i < field->masked_count; i++) {
            rows[field->masked[i]] = (int32_t)i;
        }
    }
}

/* Where a point of a sample's output is, and what brings its value into the field's unit. */
typedef struct {
    int32_t row;   /* of the ensemble; −1 */
    int64_t value; /* of the token */
    float mean, deviation;
} place;

static place find_place(const ar_predictions *p, int64_t field, int64_t sample, int64_t level,
                        int64_t step, int64_t i, int64_t j, int month)
{
    const ar_field_tokens *shape = &p->dataset->tokens[field];
    const int64_t *tokens = shape->tokens, *size = shape->token_size;
    const ar_cube *cube = &p->batch->cubes[sample];
    const int64_t doublings = cube->wanted.doublings, time = level * tokens[0] + step / size[0];
    /* Coarser tokens cover those beside them, which are left out. */
    const int64_t row = i / size[1] << doublings, column = j / size[2] << doublings;
    const int64_t token = (time * tokens[1] + row) * tokens[2] + column;
    place at = {.row = p->rows[field][sample * p->batch->fields[field].token_count + token],
                .value = (step % size[0] * size[1] + i % size[1]) * size[2] + j % size[2]};
    const int64_t nlat = p->dataset->fields[field].grid.nlat;
    const int64_t nlon = p->dataset->fields[field].grid.nlon;
    const int64_t stride = ar_cube_space_stride(&p->dataset->space) << doublings;
    /* Of points that interleave the last rows may lie beyond the grid's: they are left out later.
     */
    const int64_t row_of_data = cube->first_row + cube->wanted.rows + i * stride;
    const int64_t latitude = row_of_data < nlat ? row_of_data : nlat - 1;
    const int64_t longitude = cube->first_column + cube->wanted.columns + j * stride;
    ar_normalisation_at(&p->dataset->normalisations[field], month, level, latitude,
                        (longitude % nlon + nlon) % nlon, &at.mean, &at.deviation);
    return at;
}

void ar_predictions_read(const ar_predictions *p, const ar_plan *plan, int64_t field,
                         int64_t sample, int64_t level, int64_t step, float *values)
{
    const ar_field_data *data = &p->dataset->fields[field];
    const ar_model_field *tensors = &p->model->fields[field];
    const ar_matrix ensemble = ar_plan_matrix(plan, tensors->ensemble);
    const ar_cube *cube = &p->batch->cubes[sample];
    const int64_t time =
        cube->first_time + step * p->dataset->space.time_step + cube->wanted.seconds;
    const int month = ar_time_date(time, data->calendar).month;
    int64_t extent[3];
    ar_cube_extent(&p->dataset->tokens[field], extent);
    const int64_t columns = extent[2] >> cube->wanted.doublings;
    const int64_t points = (extent[1] >> cube->wanted.doublings) * columns;
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < p->model->configuration->model.tails; n++) {
        for (int64_t at = 0; at < points; at++) {
            const place from =
                find_place(p, field, sample, level, step, at / columns, at % columns, month);
            float *value = &values[n * points + at];
            *value = 0;
            if (from.row >= 0) {
                const float *row = (const float *)ensemble.data + from.row * ensemble.stride;
                *value = from.mean + from.deviation * row[n * tensors->values + from.value];
            }
        }
    }
}
