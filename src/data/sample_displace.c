/* Reading the targets of a sample where they are wanted, instead of where their tokens are. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "data/batch_parts.h"

/* A token by its place among those of its level. */
typedef struct {
    int64_t t, y, x;
} token_index;

static token_index index_of(const ar_field_tokens *shape, int64_t token)
{
    const int64_t *tokens = shape->tokens;
    return (token_index){token / (tokens[1] * tokens[2]) % tokens[0], token / tokens[2] % tokens[1],
                         token % tokens[2]};
}

/* Of the points that are wanted, in points of the data. */
static int64_t wanted_stride(const ar_sample *sample)
{
    return ar_cube_space_stride(sample->space) << sample->cube.wanted.doublings;
}

/* Where the first of a token's points is wanted, on the grid or beyond it. */
static int64_t first_row(const ar_sample *sample, const token_index *at)
{
    const ar_field_tokens *shape = &sample->space->tokens[sample->field];
    return sample->cube.first_row +
           at->y * shape->token_size[1] * ar_cube_space_stride(sample->space) +
           sample->cube.wanted.rows;
}

static int64_t first_column(const ar_sample *sample, const token_index *at)
{
    const ar_field_tokens *shape = &sample->space->tokens[sample->field];
    return sample->cube.first_column +
           at->x * shape->token_size[2] * ar_cube_space_stride(sample->space) +
           sample->cube.wanted.columns;
}

int64_t ar_sample_wanted_row(const ar_sample *sample, int64_t token, int64_t y)
{
    const token_index at = index_of(&sample->space->tokens[sample->field], token);
    const int64_t row = first_row(sample, &at) + y * wanted_stride(sample);
    return row >= 0 && row < sample->space->fields[sample->field]->grid.nlat ? row : -1;
}

/* −1 beyond the edge of a region. */
static int64_t wanted_column(const ar_sample *sample, const token_index *at, int64_t x)
{
    const ar_grid *grid = &sample->space->fields[sample->field]->grid;
    const int64_t column = first_column(sample, at) + x * wanted_stride(sample);
    if (grid->wraps) {
        return (column % grid->nlon + grid->nlon) % grid->nlon;
    }
    return column >= 0 && column < grid->nlon ? column : -1;
}

/* Time t of a token's points. */
static int64_t wanted_time(const ar_sample *sample, const token_index *at, int64_t t)
{
    const int64_t size = sample->space->tokens[sample->field].token_size[0];
    return sample->cube.first_time + (at->t * size + t) * sample->space->time_step +
           sample->cube.wanted.seconds;
}

/* The horizontal field at a time, NULL where the data does not have it or may not show it. */
static const float *slice_at(const ar_sample *sample, int64_t time, int64_t level)
{
    const ar_field_data *field = sample->space->fields[sample->field];
    const ar_tau *tau = sample->space->tau;
    const int64_t index = ar_field_data_find_time(field, time);
    if (index < 0 || (tau && (time < tau->first_time || time > tau->last_time))) {
        return NULL;
    }
    const float *slice = ar_field_data_slice(field, index, level);
    assert(slice); /* what is drawn is in memory */
    return slice;
}

/* Normalised values of a target [V]; false where some are missing. */
static bool read_token(const ar_sample *sample, int64_t token, int64_t level, float *values)
{
    const ar_field_data *field = sample->space->fields[sample->field];
    const ar_field_tokens *shape = &sample->space->tokens[sample->field];
    const int64_t *size = shape->token_size;
    const token_index at = index_of(shape, token);
    bool whole = true;
    for (int64_t t = 0; t < size[0]; t++) {
        const int64_t time = wanted_time(sample, &at, t);
        const int month = ar_time_date(time, field->calendar).month;
        const float *slice = slice_at(sample, time, level);
        for (int64_t p = 0; p < size[1] * size[2]; p++, values++) {
            const int64_t row = ar_sample_wanted_row(sample, token, p / size[2]);
            const int64_t column = wanted_column(sample, &at, p % size[2]);
            *values = NAN;
            if (slice && row >= 0 && column >= 0) {
                float mean, deviation;
                ar_normalisation_at(sample->space->normalisations[sample->field], month, level, row,
                                    column, &mean, &deviation);
                *values = (slice[row * field->grid.nlon + column] - mean) / deviation;
            }
            whole = whole && isfinite(*values);
        }
    }
    return whole;
}

static void describe_token(const ar_sample *sample, int64_t token, float *info)
{
    const ar_field_data *field = sample->space->fields[sample->field];
    const ar_field_tokens *shape = &sample->space->tokens[sample->field];
    const ar_grid *grid = &field->grid;
    const token_index at = index_of(shape, token);
    const double stride = (double)wanted_stride(sample);
    const double row =
        (double)first_row(sample, &at) + stride * (double)(shape->token_size[1] - 1) / 2;
    const double column =
        (double)first_column(sample, &at) + stride * (double)(shape->token_size[2] - 1) / 2;
    const ar_token_place place = {.time = wanted_time(sample, &at, shape->token_size[0] - 1),
                                  .latitude = grid->latitude[0] - row * grid->latitude_step,
                                  .longitude = grid->longitude[0] + column * grid->longitude_step,
                                  .resolution = stride * grid->latitude_step};
    ar_token_describe(info, sample->space, &place, field->calendar);
}

void ar_sample_displace(const ar_sample *sample, float *displacement, bool for_inference)
{
    const ar_field_tokens *shape = &sample->space->tokens[sample->field];
    const int64_t *tokens = shape->tokens, *size = shape->token_size;
    const int64_t a_level = tokens[0] * tokens[1] * tokens[2], values = size[0] * size[1] * size[2];
    const int64_t count = sample->space->fields[sample->field]->level_count * a_level;
    const int64_t stride = ar_cube_space_stride(sample->space);
    const int64_t extent[3] = {size[0] * sample->space->time_step, size[1] * stride,
                               size[2] * stride};
    float features[AR_DISPLACEMENT_SIZE];
    ar_displacement_describe(&sample->cube.wanted, extent, features);
    for (int64_t i = 0; i < count; i++) {
        if (!(sample->state[i] & AR_TOKEN_TARGET)) {
            continue;
        }
        sample->state[i] |= AR_TOKEN_ZERO;
        if (!read_token(sample, i, i / a_level, sample->source + i * values) && !for_inference) {
            sample->state[i] = AR_TOKEN_MISSING;
            continue;
        }
        describe_token(sample, i, sample->info + i * AR_TOKEN_INFO_SIZE);
        memcpy(displacement + i * AR_DISPLACEMENT_SIZE, features, sizeof features);
    }
}
