#include "backend/cpu/attention_head.h"

#include <math.h>

static int64_t floats_of_thread(const ar_op_attributes *a)
{
    int64_t size = padded_to_vectors(a->head_size), keys = padded_to_vectors(a->tokens[1]);
    return padded_to_vectors(a->tokens[0]) * (3 * size + 4) + keys * (size * 6 + 2) +
           2 * QUERY_BLOCK * KEY_BLOCK + 4 * size + padded_to_vectors(a->tokens[0]) + keys;
}

size_t cpu_attention_workspace(const ar_op_call *largest)
{
    return (size_t)(floats_of_thread(largest->attributes) * largest->threads) * sizeof(float);
}

cpu_head_work cpu_attention_work(const ar_op_call *call, int thread)
{
    const ar_op_attributes *a = call->attributes;
    float *next = (float *)call->workspace + thread * floats_of_thread(a);
    cpu_head_work w = {.size = a->head_size,
                       .padded_size = padded_to_vectors(a->head_size),
                       .queries = a->tokens[0],
                       .keys = a->tokens[1],
                       .padded_keys = padded_to_vectors(a->tokens[1])};
    int64_t query_floats = padded_to_vectors(w.queries) * w.padded_size;
    int64_t key_floats = w.padded_keys * w.padded_size;
    float **parts[] = {&w.query, &w.result,       &w.given,  &w.key,     &w.key_across,
                       &w.value, &w.value_across, &w.to_key, &w.to_value};
    for (int i = 0; i < 9; i++) {
        *parts[i] = next;
        next += i < 3 ? query_floats : key_floats;
    }
    w.inner = next;
    w.log_sum = next + padded_to_vectors(w.queries);
    w.scores = w.log_sum + padded_to_vectors(w.queries);
    w.slopes = w.scores + QUERY_BLOCK * KEY_BLOCK;
    w.query_moments = w.slopes + QUERY_BLOCK * KEY_BLOCK;
    w.key_moments = w.query_moments + 2 * padded_to_vectors(w.queries);
    w.norm_sums = w.key_moments + 2 * w.padded_keys;
    w.query_tokens = (int32_t *)(w.norm_sums + 4 * w.padded_size);
    w.key_tokens = w.query_tokens + padded_to_vectors(w.queries);
    return w;
}

void cpu_attention_begin(const ar_op_call *call, cpu_head_work *w)
{
    w->order = cpu_attention_order_of(&call->attributes->reach);
    cpu_attention_order_tokens(&w->order, w->order.reach.queries, w->query_tokens);
    cpu_attention_order_tokens(&w->order, w->order.reach.keys, w->key_tokens);
}

/* Mean and 1/sqrt(variance + ε) of a head. Inlined with the usual sizes as constants below, where
 * it is a few straight vector instructions. */
static inline __attribute__((always_inline)) void moments_of(const float *x, int64_t size,
                                                             float epsilon, float *moments)
{
    float sum = 0, square = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t d = 0; d < size; d++) {
        sum += x[d];
    }
    float mean = sum / (float)size;
#pragma omp simd reduction(+ : square)
    for (int64_t d = 0; d < size; d++) {
        square += (x[d] - mean) * (x[d] - mean);
    }
    moments[0] = mean;
    moments[1] = 1.0f / sqrtf(square / (float)size + epsilon);
}

static void head_moments(const float *x, int64_t size, float epsilon, float *moments)
{
    switch (size) {
    case 16:
        moments_of(x, 16, epsilon, moments);
        break;
    case 32:
        moments_of(x, 32, epsilon, moments);
        break;
    case 64:
        moments_of(x, 64, epsilon, moments);
        break;
    default:
        moments_of(x, size, epsilon, moments);
    }
}

bool cpu_attention_is_normalised(const ar_op_attributes *a, int input)
{
    return input == QUERY ? a->normalise_query : input == KEY && a->normalise_key;
}

/* Copy one head of `count` tokens (rows first_row + tokens[i]) to `packed` [count][padded D];
 * moments [count][2] are those of a normalised head. */
static void pack(const ar_op_call *call, int input, int64_t first_row, const int32_t *tokens,
                 int64_t head, int64_t count, float factor, float *packed, float *moments)
{
    const ar_op_attributes *a = call->attributes;
    const int64_t size = a->head_size, width = padded_to_vectors(size);
    const float *scale = call->inputs[input == QUERY ? QUERY_SCALE : KEY_SCALE].data;
    const float *shift = call->inputs[input == QUERY ? QUERY_SHIFT : KEY_SHIFT].data;
    for (int64_t i = 0; i < count; i++) {
        const float *x =
            cpu_row(&call->inputs[input], first_row + tokens[i]) + head * a->head_stride[input];
        float *to = packed + i * width;
        float mean = 0, inverse = 1;
        bool normalise = cpu_attention_is_normalised(a, input);
        if (normalise) {
            head_moments(x, size, (float)a->epsilon, moments + 2 * i);
            mean = moments[2 * i];
            inverse = moments[2 * i + 1];
        }
#pragma omp simd
        for (int64_t d = 0; d < size; d++) {
            to[d] = (x[d] - mean) * inverse;
        }
        for (int64_t d = 0; normalise && scale && d < size; d++) {
            to[d] = to[d] * scale[d] + (shift ? shift[d] : 0.0f);
        }
        for (int64_t d = 0; d < size; d++) {
            to[d] *= factor;
        }
        for (int64_t d = size; d < width; d++) {
            to[d] = 0;
        }
    }
}

void cpu_attention_turn(const float *packed, int64_t count, int64_t size, float *across)
{
    const int64_t width = padded_to_vectors(size), length = padded_to_vectors(count);
    for (int64_t d = 0; d < size; d++) {
        for (int64_t i = 0; i < count; i++) {
            across[d * length + i] = packed[i * width + d];
        }
        for (int64_t i = count; i < length; i++) {
            across[d * length + i] = 0;
        }
    }
}

void cpu_attention_pack(const ar_op_call *call, int64_t sample, int64_t head, cpu_head_work *w)
{
    pack(call, QUERY, sample * w->queries, w->query_tokens, head, w->queries,
         1.0f / sqrtf((float)w->size), w->query, w->query_moments);
    pack(call, KEY, sample * w->keys, w->key_tokens, head, w->keys, 1.0f, w->key, w->key_moments);
    cpu_attention_turn(w->key, w->keys, w->size, w->key_across);
    pack(call, VALUE, sample * w->keys, w->key_tokens, head, w->keys, 1.0f, w->value, NULL);
}

/* Whole vectors are computed: behind the last key of a run they hold the next run's, behind the
 * last run whatever follows in the workspace. */
void cpu_attention_multiply_keys(const cpu_head_work *w, const cpu_attention_block *block,
                                 const float *left, const float *across, int64_t first_key,
                                 int64_t keys, float *products)
{
    cpu_multiply_block((block_product){.a = left + block->first * w->padded_size,
                                       .a_row = w->padded_size,
                                       .a_column = 1,
                                       .b = across + first_key,
                                       .b_stride = w->padded_keys,
                                       .c = products,
                                       .c_stride = KEY_BLOCK,
                                       .m = block->rows,
                                       .n = padded_to_vectors(keys),
                                       .k = w->size});
}
