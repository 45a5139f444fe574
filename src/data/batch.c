#include "data/batch.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include <omp.h>

#include "base/memory.h"
#include "data/batch_parts.h"

typedef struct {
    uint8_t *state;   /* [B·T] what becomes of each token */
    int64_t *offsets; /* [L][B] where the targets of a level and sample begin in `masked` */
} field_work;

struct ar_batch_work {
    int thread_count;
    int64_t scratch_size;
    float *scratch; /* [thread_count][scratch_size] */
    int64_t field_count;
    field_work *fields;
};

static int64_t value_count(const ar_field_tokens *shape)
{
    return shape->token_size[0] * shape->token_size[1] * shape->token_size[2];
}

static int64_t tokens_a_level(const ar_field_tokens *shape)
{
    return shape->tokens[0] * shape->tokens[1] * shape->tokens[2];
}

static int64_t cube_points(const ar_field_tokens *shape)
{
    return tokens_a_level(shape) * value_count(shape);
}

static ar_status init_field(ar_field_batch *field, field_work *work, const ar_cube_space *space,
                            int64_t index, int64_t capacity, ar_error *err)
{
    ar_status status;
    const ar_field_data *data = space->fields[index];
    size_t levels = (size_t)data->level_count, rows, numbers;
    const int64_t lines = space->tokens[index].token_size[1];
    field->token_count = data->level_count * tokens_a_level(&space->tokens[index]);
    field->values = value_count(&space->tokens[index]);
    if (!ar_size_product((size_t)field->token_count, (size_t)capacity, &rows) || rows > INT32_MAX ||
        !ar_size_product(rows, (size_t)field->values, &numbers)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "field %s: %lld samples of %lld tokens of %lld values are too many",
                       data->name, (long long)capacity, (long long)field->token_count,
                       (long long)field->values);
    }
    AR_TRY(ar_allocate(&field->source, numbers, sizeof(float), "tokens of a batch", err));
    AR_TRY(ar_allocate(&field->target, numbers, sizeof(float), "targets of a batch", err));
    AR_TRY(ar_allocate(&field->target_area, rows * (size_t)lines, sizeof(float), "areas of a batch",
                       err));
    AR_TRY(ar_allocate(&field->token_info, rows * AR_TOKEN_INFO_SIZE, sizeof(float),
                       "token information of a batch", err));
    AR_TRY(ar_allocate(&field->displacement, rows * AR_DISPLACEMENT_SIZE, sizeof(float),
                       "displacements of a batch", err));
    AR_TRY(ar_allocate(&field->masked, rows, sizeof(int32_t), "masked rows of a batch", err));
    AR_TRY(ar_allocate(&work->state, rows, 1, "token states of a batch", err));
    AR_TRY(ar_allocate(&work->offsets, levels * (size_t)capacity, sizeof(int64_t),
                       "offsets of a batch", err));
cleanup:
    return status;
}

ar_status ar_batch_init(ar_batch *batch, const ar_cube_space *space, int64_t sample_capacity,
                        ar_error *err)
{
    ar_status status;
    *batch = (ar_batch){.sample_capacity = sample_capacity, .field_count = space->field_count};
    size_t fields = (size_t)space->field_count;
    if (sample_capacity < 1) {
        return ar_fail(err, AR_ERROR_USAGE, "a batch of %lld samples; at least 1 would be right",
                       (long long)sample_capacity);
    }
    AR_TRY(ar_allocate(&batch->work, 1, sizeof *batch->work, "a batch", err));
    ar_batch_work *work = batch->work;
    AR_TRY(ar_allocate(&work->fields, fields, sizeof *work->fields, "fields of a batch", err));
    work->field_count = space->field_count;
    AR_TRY(ar_allocate(&batch->fields, fields, sizeof *batch->fields, "fields of a batch", err));
    AR_TRY(ar_allocate(&batch->cubes, (size_t)sample_capacity, sizeof *batch->cubes,
                       "cubes of a batch", err));
    for (int64_t f = 0; f < space->field_count; f++) {
        AR_TRY(init_field(&batch->fields[f], &work->fields[f], space, f, sample_capacity, err));
        int64_t needed = ar_sample_scratch(&space->tokens[f]);
        if (ar_cube_space_stream_of(space, f) >= 0) {
            int64_t points = cube_points(&space->tokens[f]);
            needed = points > needed ? points : needed;
        }
        work->scratch_size = needed > work->scratch_size ? needed : work->scratch_size;
    }
    work->thread_count = omp_get_max_threads();
    size_t scratch;
    if (!ar_size_product((size_t)work->scratch_size, (size_t)work->thread_count, &scratch)) {
        scratch = SIZE_MAX; /* is refused by ar_allocate */
    }
    AR_TRY(ar_allocate(&work->scratch, scratch, sizeof(float), "work memory of a batch", err));
cleanup:
    if (status != AR_OK) {
        ar_batch_release(batch);
    }
    return status;
}

void ar_batch_release(ar_batch *batch)
{
    for (int64_t f = 0; batch->fields && f < batch->field_count; f++) {
        ar_free(batch->fields[f].source);
        ar_free(batch->fields[f].target);
        ar_free(batch->fields[f].target_area);
        ar_free(batch->fields[f].token_info);
        ar_free(batch->fields[f].displacement);
        ar_free(batch->fields[f].masked);
    }
    ar_batch_work *work = batch->work;
    for (int64_t f = 0; work && work->fields && f < work->field_count; f++) {
        ar_free(work->fields[f].state);
        ar_free(work->fields[f].offsets);
    }
    if (work) {
        ar_free(work->fields);
        ar_free(work->scratch);
    }
    ar_free(work);
    ar_free(batch->fields);
    ar_free(batch->cubes);
    *batch = (ar_batch){0};
}

static ar_sample get_sample(const ar_batch *batch, const ar_cube_space *space, int64_t sample,
                            int64_t field)
{
    const ar_field_batch *part = &batch->fields[field];
    const ar_batch_work *work = batch->work;
    int64_t first = sample * part->token_count;
    return (ar_sample){
        .space = space,
        .field = field,
        .cube = batch->cubes[sample],
        .source = part->source + first * part->values,
        .info = part->token_info + first * AR_TOKEN_INFO_SIZE,
        .state = work->fields[field].state + first,
        .scratch = work->scratch + omp_get_thread_num() * work->scratch_size,
    };
}

/* Number the targets of a field: level by level, inside a level sample by sample. */
static void number_targets(ar_batch *batch, const ar_cube_space *space, int64_t field)
{
    ar_field_batch *part = &batch->fields[field];
    const field_work *work = &batch->work->fields[field];
    int64_t a_level = tokens_a_level(&space->tokens[field]);
    int64_t count = 0;
    for (int64_t level = 0; level < space->fields[field]->level_count; level++) {
        for (int64_t sample = 0; sample < batch->sample_count; sample++) {
            work->offsets[level * batch->sample_capacity + sample] = count;
            const uint8_t *state = work->state + sample * part->token_count + level * a_level;
            for (int64_t i = 0; i < a_level; i++) {
                count += (state[i] & AR_TOKEN_TARGET) != 0;
            }
        }
    }
    part->masked_count = count;
}

/* cos φ of the rows of points of a target, given by its number in the sample: area[sy]. */
static void measure_area(const ar_sample *sample, int64_t token, float *area)
{
    const double *latitude = sample->space->fields[sample->field]->grid.latitude;
    for (int64_t y = 0; y < sample->space->tokens[sample->field].token_size[1]; y++) {
        const int64_t row = ar_sample_wanted_row(sample, token, y);
        area[y] = row < 0 ? 0.0f : (float)cos(latitude[row] * M_PI / 180);
    }
}

/* Keep the truth of the targets, then hide it from the network. */
static void hide_targets(ar_batch *batch, const ar_sample *sample, int64_t number,
                         const ar_masking *masking, const ar_draw *draw)
{
    const ar_cube_space *space = sample->space;
    const ar_field_tokens *shape = &space->tokens[sample->field];
    const ar_field_batch *part = &batch->fields[sample->field];
    const int64_t *offsets = batch->work->fields[sample->field].offsets;
    int64_t a_level = tokens_a_level(shape), target = 0;
    size_t bytes = (size_t)part->values * sizeof(float);
    ar_random noise = ar_draw_stream(draw, number, AR_RANDOM_NOISE, sample->field);
    ar_random coarsen = ar_draw_stream(draw, number, AR_RANDOM_COARSEN, sample->field);
    for (int64_t token = 0; token < part->token_count; token++) {
        if (token % a_level == 0) {
            target = offsets[token / a_level * batch->sample_capacity + number];
        }
        uint8_t state = sample->state[token];
        float *values = sample->source + token * part->values;
        if (state & AR_TOKEN_TARGET) {
            memcpy(part->target + target * part->values, values, bytes);
            measure_area(sample, token, part->target_area + target * shape->token_size[1]);
            part->masked[target++] = (int32_t)(number * part->token_count + token);
        }
        if (state & (AR_TOKEN_ZERO | AR_TOKEN_MISSING)) {
            memset(values, 0, bytes);
        }
        if (state & AR_TOKEN_TARGET && masking->strategy == AR_MASK_BERT &&
            !ar_displacement_exists(&sample->cube.wanted)) {
            ar_token_disturb(shape, values, sample->scratch, &noise, &coarsen);
        }
    }
}

static void displace_targets(ar_batch *batch, const ar_sample *sample, int64_t number,
                             bool for_inference)
{
    const ar_field_batch *part = &batch->fields[sample->field];
    const int64_t count = part->token_count * AR_DISPLACEMENT_SIZE;
    float *displacement = part->displacement + number * count;
    memset(displacement, 0, (size_t)count * sizeof(float));
    if (ar_displacement_exists(&sample->cube.wanted)) {
        ar_sample_displace(sample, displacement, for_inference);
    }
}

/* Cut what a field shows, its targets hidden, into the tokens of a stream. */
static void show_stream(const ar_sample *field, const ar_sample *stream)
{
    const ar_cube_space *space = field->space;
    const ar_field_tokens *from = &space->tokens[field->field], *to = &space->tokens[stream->field];
    const int64_t points = cube_points(from);
    for (int64_t level = 0; level < space->fields[field->field]->level_count; level++) {
        ar_tokens_copy(from, field->scratch, field->source + level * points, false);
        ar_tokens_copy(to, field->scratch, stream->source + level * points, true);
    }
}

void ar_batch_fill(ar_batch *batch, const ar_cube_space *space, const ar_cube *cubes,
                   int64_t sample_count, const ar_masking *masking, const ar_draw *draw,
                   bool for_inference)
{
    assert(sample_count >= 0 && sample_count <= batch->sample_capacity);
    batch->sample_count = sample_count;
    memmove(batch->cubes, cubes, (size_t)sample_count * sizeof *cubes);
    int64_t fields = space->field_count;
#pragma omp parallel for num_threads(batch->work->thread_count) schedule(static)
    for (int64_t i = 0; i < sample_count * fields; i++) {
        int64_t k = i / fields, f = i % fields;
        ar_sample sample = get_sample(batch, space, k, f);
        if (ar_cube_space_stream_of(space, f) < 0) {
            ar_sample_read(&sample);
            ar_sample_draw_targets(&sample, masking, draw, k, for_inference);
        } else {
            memset(sample.state, 0, (size_t)batch->fields[f].token_count);
        }
        ar_sample_describe(&sample);
        displace_targets(batch, &sample, k, for_inference);
    }
    for (int64_t f = 0; f < fields; f++) {
        number_targets(batch, space, f);
    }
#pragma omp parallel for num_threads(batch->work->thread_count) schedule(static)
    for (int64_t i = 0; i < sample_count * fields; i++) {
        if (ar_cube_space_stream_of(space, i % fields) < 0) {
            ar_sample sample = get_sample(batch, space, i / fields, i % fields);
            hide_targets(batch, &sample, i / fields, masking, draw);
        }
    }
    /* Only now: a stream shows what has been hidden from its field as hidden. */
#pragma omp parallel for num_threads(batch->work->thread_count) schedule(static)
    for (int64_t i = 0; i < sample_count * fields; i++) {
        int64_t of = ar_cube_space_stream_of(space, i % fields);
        if (of >= 0) {
            ar_sample field = get_sample(batch, space, i / fields, of);
            ar_sample stream = get_sample(batch, space, i / fields, i % fields);
            show_stream(&field, &stream);
        }
    }
}

void ar_tokens_copy(const ar_field_tokens *shape, float *points, float *tokens, bool to_tokens)
{
    const int64_t *count = shape->tokens, *size = shape->token_size;
    int64_t extent[3];
    ar_cube_extent(shape, extent);
    for (int64_t t = 0; t < extent[0]; t++) {
        for (int64_t y = 0; y < extent[1]; y++) {
            for (int64_t x = 0; x < count[2]; x++) {
                int64_t token = (t / size[0] * count[1] + y / size[1]) * count[2] + x;
                int64_t within = (t % size[0] * size[1] + y % size[1]) * size[2];
                float *in_token = tokens + token * value_count(shape) + within;
                float *in_points = points + (t * extent[1] + y) * extent[2] + x * size[2];
                memcpy(to_tokens ? in_token : in_points, to_tokens ? in_points : in_token,
                       (size_t)size[2] * sizeof(float));
            }
        }
    }
}
