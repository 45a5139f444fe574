/* Which tokens are targets, and what the network sees instead of them. */
#include <math.h>
#include <string.h>

#include "data/batch_parts.h"

ar_random ar_draw_stream(const ar_draw *draw, int64_t sample, ar_random_purpose purpose,
                         int64_t field)
{
    return (ar_random){
        .seed = draw->seed,
        .step = draw->step,
        .sample = draw->first_sample + (uint32_t)sample,
        .purpose = (uint32_t)purpose + (draw->validation ? AR_RANDOM_VALIDATION : 0) +
                   256 * (uint32_t)field,
    };
}

/* What is drawn together: `count` units, unit u of the `members` tokens first·u, first·u + stride …
 */
typedef struct {
    int64_t count, members, first, stride;
} mask_units;

static mask_units units_of(const ar_field_tokens *shape, const ar_masking *masking,
                           ar_random *shape_stream)
{
    const int64_t a_time = shape->tokens[1] * shape->tokens[2], times = shape->tokens[0];
    const double draw =
        masking->whole_times + masking->whole_places > 0 ? ar_random_uniform(shape_stream) : 1;
    if (draw < masking->whole_times) {
        return (mask_units){.count = times, .members = a_time, .first = a_time, .stride = 1};
    }
    if (draw < masking->whole_times + masking->whole_places) {
        return (mask_units){.count = a_time, .members = times, .first = 1, .stride = a_time};
    }
    return (mask_units){.count = times * a_time, .members = 1, .first = 1, .stride = 1};
}

/* Choose exactly `wanted` of the units, each set equally likely, in ascending order (Knuth, The Art
 * of Computer Programming 2, algorithm S). */
static void draw_level(uint8_t *state, const mask_units *units, int64_t wanted,
                       double zero_probability, ar_random *stream)
{
    int64_t chosen = 0;
    for (int64_t i = 0; i < units->count && chosen < wanted; i++) {
        if (ar_random_uniform(stream) * (double)(units->count - i) >= (double)(wanted - chosen)) {
            continue;
        }
        chosen++;
        for (int64_t k = 0; k < units->members; k++) {
            uint8_t *token = &state[i * units->first + k * units->stride];
            bool zero = ar_random_uniform(stream) < zero_probability;
            if (!(*token & AR_TOKEN_MISSING)) {
                *token |= AR_TOKEN_TARGET | (zero ? AR_TOKEN_ZERO : 0);
            }
        }
    }
}

/* The shape, and whether all fields and levels have one mask, are drawn once for a sample. */
static void draw_share(const ar_sample *sample, const ar_masking *masking, const ar_draw *draw,
                       int64_t number)
{
    const ar_field_tokens *shape = &sample->space->tokens[sample->field];
    const int64_t count = shape->tokens[0] * shape->tokens[1] * shape->tokens[2];
    ar_random common = ar_draw_stream(draw, number, AR_RANDOM_MASK_SHAPE, 0);
    const mask_units units = units_of(shape, masking, &common);
    const bool together = masking->together > 0 && ar_random_uniform(&common) < masking->together;
    ar_random stream =
        together ? common : ar_draw_stream(draw, number, AR_RANDOM_MASK, sample->field);
    for (int64_t level = 0; level < sample->space->fields[sample->field]->level_count; level++) {
        double ratio = ar_random_uniform(&stream) * shape->mask_ratio;
        int64_t wanted = (int64_t)ceil(ratio * (double)units.count);
        draw_level(sample->state + level * count, &units, wanted, shape->mask_zero, &stream);
        stream = together ? common : stream;
    }
}

static void choose_times(const ar_sample *sample, const ar_masking *masking, bool for_inference)
{
    const ar_field_tokens *shape = &sample->space->tokens[sample->field];
    if (sample->space->fields[sample->field]->is_static) {
        return; /* known at all times */
    }
    int64_t a_time = shape->tokens[1] * shape->tokens[2];
    int64_t count = shape->tokens[0] * a_time;
    int64_t end = count - masking->known_after * a_time;
    int64_t first = end - masking->forecast_tokens * a_time;
    for (int64_t level = 0; level < sample->space->fields[sample->field]->level_count; level++) {
        uint8_t *state = sample->state + level * count;
        for (int64_t i = first < 0 ? 0 : first; i < end; i++) {
            if (for_inference || !(state[i] & AR_TOKEN_MISSING)) {
                state[i] |= AR_TOKEN_TARGET | AR_TOKEN_ZERO;
            }
        }
    }
}

static void choose_gaps(const ar_sample *sample)
{
    const ar_field_tokens *shape = &sample->space->tokens[sample->field];
    const int64_t count = sample->space->fields[sample->field]->level_count * shape->tokens[0] *
                          shape->tokens[1] * shape->tokens[2];
    for (int64_t i = 0; i < count; i++) {
        if (sample->state[i] & AR_TOKEN_MISSING) {
            sample->state[i] |= AR_TOKEN_TARGET | AR_TOKEN_ZERO;
        }
    }
}

void ar_sample_draw_targets(const ar_sample *sample, const ar_masking *masking, const ar_draw *draw,
                            int64_t number, bool for_inference)
{
    switch (masking->strategy) {
    case AR_MASK_BERT:
        draw_share(sample, masking, draw, number);
        break;
    case AR_MASK_FORECAST:
        choose_times(sample, masking, for_inference);
        break;
    case AR_MASK_GAPS:
        choose_gaps(sample);
        break;
    case AR_MASK_NONE:
        break;
    }
}

/* Linear interpolation along the middle dimension, [outer][from][inner] to [outer][to][inner],
 * between the centres of `from` and `to` equal cells of one interval; outside the centres the value
 * is held. */
static void interpolate(const float *in, float *out, int64_t outer, int64_t from, int64_t to,
                        int64_t inner)
{
    for (int64_t i = 0; i < to; i++) {
        double position = ((double)i + 0.5) * (double)from / (double)to - 0.5;
        position = fmax(0, fmin((double)(from - 1), position));
        int64_t low = (int64_t)position;
        int64_t high = low + 1 < from ? low + 1 : low;
        float weight = (float)(position - (double)low);
        for (int64_t o = 0; o < outer; o++) {
            const float *a = in + (o * from + low) * inner, *b = in + (o * from + high) * inner;
            float *result = out + (o * to + i) * inner;
            for (int64_t k = 0; k < inner; k++) {
                result[k] = (1 - weight) * a[k] + weight * b[k];
            }
        }
    }
}

void ar_token_coarsen(float *token, const int64_t size[3], const int64_t coarse[3], float *scratch)
{
    int64_t values = size[0] * size[1] * size[2];
    float *a = scratch, *b = scratch + values;
    interpolate(token, a, 1, size[0], coarse[0], size[1] * size[2]);
    interpolate(a, b, coarse[0], size[1], coarse[1], size[2]);
    interpolate(b, a, coarse[0] * coarse[1], size[2], coarse[2], 1);
    interpolate(a, b, coarse[0] * coarse[1], coarse[2], size[2], 1);
    interpolate(b, a, coarse[0], coarse[1], size[1], size[2]);
    interpolate(a, token, 1, coarse[0], size[0], size[1] * size[2]);
}

void ar_token_disturb(const ar_field_tokens *shape, float *token, float *scratch, ar_random *noise,
                      ar_random *coarsen)
{
    const int64_t *size = shape->token_size;
    int64_t values = size[0] * size[1] * size[2];
    if (ar_random_uniform(noise) < shape->mask_noise) {
        float keep = (float)(1 - ar_random_uniform(noise));
        for (int64_t i = 0; i < values; i++) {
            token[i] = keep * token[i] + 0.1f * (float)ar_random_normal(noise);
        }
    }
    if (ar_random_uniform(coarsen) < shape->mask_coarsen) {
        double factor = 0.5 + 0.5 * ar_random_uniform(coarsen);
        int64_t coarse[3];
        for (int i = 0; i < 3; i++) {
            coarse[i] = llround(factor * (double)size[i]);
        }
        ar_token_coarsen(token, size, coarse, scratch);
    }
}
