/* Blockwise attention: T×T scores never exist as a whole. Forward with an online softmax (Milakov
 * and Gimelshein 2018; Dao et al. 2022), adjoint with scores computed again from the saved
 * log-sum-exp. One unit of work is one head of one sample; its queries, keys and values are packed
 * first, with the norm of the heads applied on the way. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "backend/cpu/block_product.h"
#include "backend/cpu/cpu.h"
#include "backend/cpu/elementary.h"

enum { QUERY, KEY, VALUE, QUERY_SCALE, QUERY_SHIFT, KEY_SCALE, KEY_SHIFT };
enum { OUTPUT, LOG_SUM };
enum { QUERY_BLOCK = 32, KEY_BLOCK = 128 };

static int64_t padded(int64_t count)
{
    return (count + BLOCK_WIDTH - 1) / BLOCK_WIDTH * BLOCK_WIDTH;
}

/* What one thread works in; all within its part of the workspace. D and key tokens padded to
 * vectors. */
typedef struct {
    int64_t size, padded_size; /* D */
    int64_t queries, keys, padded_keys;
    float *query;                /* [queries][D], normalised, times 1/√D */
    float *key, *key_across;     /* [keys][D], [D][keys] */
    float *value, *value_across; /* [keys][D], [D][keys] */
    float *scores, *slopes;      /* [QUERY_BLOCK][KEY_BLOCK] */
    float *result;               /* [queries][D]: output, or gradient of the query */
    float *to_key, *to_value;    /* [keys][D] */
    float *given;                /* [queries][D] gradient of the output */
    float *inner;                /* [queries]: dy·y */
    float *log_sum;              /* [queries] */
    float *query_moments, *key_moments; /* [queries][2], [keys][2] */
    float *norm_sums;            /* [4][D]: gradients of the norms' scale and shift */
} head_work;

static int64_t floats_of_thread(const ar_op_attributes *a)
{
    int64_t size = padded(a->head_size), keys = padded(a->tokens[1]);
    return padded(a->tokens[0]) * (3 * size + 4) + keys * (size * 6 + 2) + 2 * QUERY_BLOCK * KEY_BLOCK +
           4 * size;
}

size_t cpu_attention_workspace(const ar_op_call *largest)
{
    return (size_t)(floats_of_thread(largest->attributes) * largest->threads) * sizeof(float);
}

static head_work divide_workspace(const ar_op_call *call, int thread)
{
    const ar_op_attributes *a = call->attributes;
    float *next = (float *)call->workspace + thread * floats_of_thread(a);
    head_work w = {.size = a->head_size,
                   .padded_size = padded(a->head_size),
                   .queries = a->tokens[0],
                   .keys = a->tokens[1],
                   .padded_keys = padded(a->tokens[1])};
    int64_t query_floats = padded(w.queries) * w.padded_size;
    int64_t key_floats = w.padded_keys * w.padded_size;
    float **parts[] = {&w.query, &w.result,       &w.given,  &w.key,     &w.key_across,
                       &w.value, &w.value_across, &w.to_key, &w.to_value};
    for (int i = 0; i < 9; i++) {
        *parts[i] = next;
        next += i < 3 ? query_floats : key_floats;
    }
    w.inner = next;
    w.log_sum = next + padded(w.queries);
    w.scores = w.log_sum + padded(w.queries);
    w.slopes = w.scores + QUERY_BLOCK * KEY_BLOCK;
    w.query_moments = w.slopes + QUERY_BLOCK * KEY_BLOCK;
    w.key_moments = w.query_moments + 2 * padded(w.queries);
    w.norm_sums = w.key_moments + 2 * w.padded_keys;
    return w;
}

/* ---- packing --------------------------------------------------------------------------------- */

/* Mean and 1/sqrt(variance + ε) of a head. Inlined with the usual sizes as constants below, where it is a few
 * straight vector instructions. */
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

static bool is_normalised(const ar_op_attributes *a, int input)
{
    return input == QUERY ? a->normalise_query : input == KEY && a->normalise_key;
}

/* Copy one head of `count` tokens from row `first_row` on to `packed` [count][padded D]; moments [count][2]
 * are those of a normalised head. */
static void pack(const ar_op_call *call, int input, int64_t first_row, int64_t head, int64_t count,
                 float factor, float *packed, float *moments)
{
    const ar_op_attributes *a = call->attributes;
    const int64_t size = a->head_size, width = padded(size);
    const float *scale = call->inputs[input == QUERY ? QUERY_SCALE : KEY_SCALE].data;
    const float *shift = call->inputs[input == QUERY ? QUERY_SHIFT : KEY_SHIFT].data;
    for (int64_t i = 0; i < count; i++) {
        const float *x =
            cpu_row(&call->inputs[input], first_row + i) + head * a->head_stride[input];
        float *to = packed + i * width;
        float mean = 0, inverse = 1;
        bool normalise = is_normalised(a, input);
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

/* [count][padded D] → [D][padded count], zeros behind */
static void turn(const float *packed, int64_t count, int64_t size, float *across)
{
    const int64_t width = padded(size), length = padded(count);
    for (int64_t d = 0; d < size; d++) {
        for (int64_t i = 0; i < count; i++) {
            across[d * length + i] = packed[i * width + d];
        }
        for (int64_t i = count; i < length; i++) {
            across[d * length + i] = 0;
        }
    }
}

static void pack_queries_and_keys(const ar_op_call *call, int64_t sample, int64_t head,
                                  head_work *w)
{
    pack(call, QUERY, sample * w->queries, head, w->queries, 1.0f / sqrtf((float)w->size),
         w->query, w->query_moments);
    pack(call, KEY, sample * w->keys, head, w->keys, 1.0f, w->key, w->key_moments);
    turn(w->key, w->keys, w->size, w->key_across);
    pack(call, VALUE, sample * w->keys, head, w->keys, 1.0f, w->value, NULL);
}

/* Products of a block of queries with a block of keys into `block` [rows][KEY_BLOCK]. */
static void multiply_with_keys(const head_work *w, const float *left, const float *across,
                               int64_t first_row, int64_t rows, int64_t first_key, float *block)
{
    int64_t keys = w->padded_keys - first_key < KEY_BLOCK ? w->padded_keys - first_key : KEY_BLOCK;
    cpu_multiply_block((block_product){.a = left + first_row * w->padded_size,
                                       .a_row = w->padded_size,
                                       .a_column = 1,
                                       .b = across + first_key,
                                       .b_stride = w->padded_keys,
                                       .c = block,
                                       .c_stride = KEY_BLOCK,
                                       .m = rows,
                                       .n = keys,
                                       .k = w->size});
}

/* ---- forward --------------------------------------------------------------------------------- */

/* Turn one row of scores into weights relative to the largest so far; returns by how much earlier
 * sums shrink. */
static float soften_row(float *scores, int64_t keys, int64_t width, float *largest, float *sum)
{
    float high = *largest, total = 0;
#pragma omp simd reduction(max : high)
    for (int64_t j = 0; j < keys; j++) {
        high = scores[j] > high ? scores[j] : high;
    }
#pragma omp simd reduction(+ : total)
    for (int64_t j = 0; j < keys; j++) {
        scores[j] = fast_exp(scores[j] - high);
        total += scores[j];
    }
    for (int64_t j = keys; j < width; j++) {
        scores[j] = 0;
    }
    float shrink = fast_exp(*largest - high);
    *sum = *sum * shrink + total;
    *largest = high;
    return shrink;
}

static void forward_block(const head_work *w, int64_t first, int64_t rows, float *largest,
                          float *sum)
{
    float *result = w->result + first * w->padded_size;
    for (int64_t k = 0; k < w->keys; k += KEY_BLOCK) {
        int64_t keys = w->keys - k < KEY_BLOCK ? w->keys - k : KEY_BLOCK;
        multiply_with_keys(w, w->query, w->key_across, first, rows, k, w->scores);
        for (int64_t i = 0; i < rows; i++) {
            float shrink =
                soften_row(w->scores + i * KEY_BLOCK, keys, padded(keys), &largest[i], &sum[i]);
            for (int64_t d = 0; k > 0 && d < w->padded_size; d++) {
                result[i * w->padded_size + d] *= shrink;
            }
        }
        cpu_multiply_block((block_product){.a = w->scores,
                                           .a_row = KEY_BLOCK,
                                           .a_column = 1,
                                           .b = w->value + k * w->padded_size,
                                           .b_stride = w->padded_size,
                                           .c = result,
                                           .c_stride = w->padded_size,
                                           .m = rows,
                                           .n = w->padded_size,
                                           .k = keys,
                                           .accumulate = k > 0});
    }
}

static void forward_head(const ar_op_call *call, int64_t sample, int64_t head, head_work *w)
{
    const ar_matrix *y = &call->outputs[OUTPUT], *log_sum = &call->outputs[LOG_SUM];
    pack_queries_and_keys(call, sample, head, w);
    for (int64_t first = 0; first < w->queries; first += QUERY_BLOCK) {
        int64_t rows = w->queries - first < QUERY_BLOCK ? w->queries - first : QUERY_BLOCK;
        float largest[QUERY_BLOCK], sum[QUERY_BLOCK];
        for (int64_t i = 0; i < rows; i++) {
            largest[i] = -INFINITY;
            sum[i] = 0;
        }
        forward_block(w, first, rows, largest, sum);
        for (int64_t i = 0; i < rows; i++) {
            const float *from = w->result + (first + i) * w->padded_size;
            int64_t row = sample * w->queries + first + i;
            float *to = cpu_row(y, row) + head * w->size;
            float inverse = 1.0f / sum[i];
#pragma omp simd
            for (int64_t d = 0; d < w->size; d++) {
                to[d] = from[d] * inverse;
            }
            if (log_sum->data) {
                cpu_row(log_sum, row)[head] = largest[i] + logf(sum[i]);
            }
        }
    }
}

void cpu_attention_forward(const ar_op_call *call)
{
    const ar_op_attributes *a = call->attributes;
    const int64_t units = call->inputs[QUERY].rows / a->tokens[0] * a->heads;
#pragma omp parallel num_threads(call->threads)
    {
        head_work work = divide_workspace(call, omp_get_thread_num());
#pragma omp for schedule(static)
        for (int64_t unit = 0; unit < units; unit++) {
            forward_head(call, unit / a->heads, unit % a->heads, &work);
        }
    }
}

/* ---- adjoint --------------------------------------------------------------------------------- */

/* dy of this head, dy·y, and the log-sum-exp of every query. */
static void pack_given(const ar_op_call *call, int64_t sample, int64_t head, head_work *w)
{
    for (int64_t i = 0; i < w->queries; i++) {
        int64_t row = sample * w->queries + i;
        const float *dy = cpu_row(&call->output_gradients[OUTPUT], row) + head * w->size;
        const float *y = cpu_row(&call->outputs[OUTPUT], row) + head * w->size;
        float *to = w->given + i * w->padded_size;
        float inner = 0;
#pragma omp simd reduction(+ : inner)
        for (int64_t d = 0; d < w->size; d++) {
            to[d] = dy[d];
            inner += dy[d] * y[d];
        }
        for (int64_t d = w->size; d < w->padded_size; d++) {
            to[d] = 0;
        }
        w->inner[i] = inner;
        w->log_sum[i] = cpu_row(&call->outputs[LOG_SUM], row)[head];
    }
}

/* Scores → p = exp(s − log-sum), slopes dp → ds = p (dp − dy·y), zeros behind the last key. */
static void soften_again(const head_work *w, int64_t first, int64_t rows, int64_t keys)
{
    for (int64_t i = 0; i < rows; i++) {
        float *p = w->scores + i * KEY_BLOCK, *ds = w->slopes + i * KEY_BLOCK;
        float log_sum = w->log_sum[first + i], inner = w->inner[first + i];
#pragma omp simd
        for (int64_t j = 0; j < keys; j++) {
            p[j] = fast_exp(p[j] - log_sum);
            ds[j] = p[j] * (ds[j] - inner);
        }
    }
}

/* Add what a block of queries and keys gives to the gradients of query, key and value. */
static void adjoint_block(const head_work *w, int64_t first, int64_t rows, int64_t first_key)
{
    const int64_t width = w->padded_size;
    int64_t keys = w->keys - first_key < KEY_BLOCK ? w->keys - first_key : KEY_BLOCK;
    multiply_with_keys(w, w->query, w->key_across, first, rows, first_key, w->scores);
    multiply_with_keys(w, w->given, w->value_across, first, rows, first_key, w->slopes);
    soften_again(w, first, rows, keys);
    block_product product = {.a = w->scores,
                             .a_row = 1,
                             .a_column = KEY_BLOCK,
                             .b = w->given + first * width,
                             .b_stride = width,
                             .c = w->to_value + first_key * width,
                             .c_stride = width,
                             .m = keys,
                             .n = width,
                             .k = rows,
                             .accumulate = first > 0};
    cpu_multiply_block(product);
    product.a = w->slopes;
    product.b = w->query + first * width;
    product.c = w->to_key + first_key * width;
    cpu_multiply_block(product);
    cpu_multiply_block((block_product){.a = w->slopes,
                                       .a_row = KEY_BLOCK,
                                       .a_column = 1,
                                       .b = w->key + first_key * width,
                                       .b_stride = width,
                                       .c = w->result + first * width,
                                       .c_stride = width,
                                       .m = rows,
                                       .n = width,
                                       .k = keys,
                                       .accumulate = first_key > 0});
}

/* Carry the gradient of one packed head token back through scale, shift and norm. */
static inline __attribute__((always_inline)) void
through_norm(int64_t size, const float *scale, const float *x, const float *moments,
             float *gradient, float *scale_sum, float *shift_sum)
{
    const float mean = moments[0], inverse = moments[1];
    float sum = 0, sum_normal = 0;
    if (scale) {
#pragma omp simd
        for (int64_t d = 0; d < size; d++) {
            scale_sum[d] += gradient[d] * (x[d] - mean) * inverse;
            shift_sum[d] += gradient[d];
            gradient[d] *= scale[d];
        }
    }
#pragma omp simd reduction(+ : sum, sum_normal)
    for (int64_t d = 0; d < size; d++) {
        sum += gradient[d];
        sum_normal += gradient[d] * (x[d] - mean) * inverse;
    }
    sum /= (float)size;
    sum_normal /= (float)size;
#pragma omp simd
    for (int64_t d = 0; d < size; d++) {
        gradient[d] = inverse * (gradient[d] - sum - (x[d] - mean) * inverse * sum_normal);
    }
}

static void through_norm_of(int64_t size, const float *scale, const float *x, const float *moments,
                            float *gradient, float *scale_sum, float *shift_sum)
{
    switch (size) {
    case 16:
        through_norm(16, scale, x, moments, gradient, scale_sum, shift_sum);
        break;
    case 32:
        through_norm(32, scale, x, moments, gradient, scale_sum, shift_sum);
        break;
    case 64:
        through_norm(64, scale, x, moments, gradient, scale_sum, shift_sum);
        break;
    default:
        through_norm(size, scale, x, moments, gradient, scale_sum, shift_sum);
    }
}

static void give(const ar_op_call *call, int input, int64_t first_row, int64_t head, int64_t count,
                 float factor, float *gradient, const float *moments, float *norm_sums)
{
    const ar_op_attributes *a = call->attributes;
    const float *scale = call->inputs[input == QUERY ? QUERY_SCALE : KEY_SCALE].data;
    const int64_t size = a->head_size, width = padded(size), first = head * a->head_stride[input];
    if (!call->input_gradients[input].data) {
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        float *from = gradient + i * width;
        for (int64_t d = 0; d < size; d++) {
            from[d] *= factor;
        }
        if (is_normalised(a, input)) {
            float *sums = norm_sums + (input == QUERY ? 0 : 2 * width);
            through_norm_of(size, scale, cpu_row(&call->inputs[input], first_row + i) + first,
                            moments + 2 * i, from, sums, sums + width);
        }
        float *to = cpu_row(&call->input_gradients[input], first_row + i) + first;
        const bool accumulate = call->accumulate[input];
#pragma omp simd
        for (int64_t d = 0; d < size; d++) {
            to[d] = accumulate ? to[d] + from[d] : from[d];
        }
    }
}

static void adjoint_head(const ar_op_call *call, int64_t sample, int64_t head, head_work *w)
{
    pack_queries_and_keys(call, sample, head, w);
    turn(w->value, w->keys, w->size, w->value_across);
    pack_given(call, sample, head, w);
    for (int64_t first = 0; first < w->queries; first += QUERY_BLOCK) {
        int64_t rows = w->queries - first < QUERY_BLOCK ? w->queries - first : QUERY_BLOCK;
        for (int64_t k = 0; k < w->keys; k += KEY_BLOCK) {
            adjoint_block(w, first, rows, k);
        }
    }
    /* The packed query holds 1/√D already, so the key's gradient has it; the query's still needs
     * it. */
    give(call, QUERY, sample * w->queries, head, w->queries, 1.0f / sqrtf((float)w->size),
         w->result, w->query_moments, w->norm_sums);
    give(call, KEY, sample * w->keys, head, w->keys, 1.0f, w->to_key, w->key_moments, w->norm_sums);
    give(call, VALUE, sample * w->keys, head, w->keys, 1.0f, w->to_value, NULL, w->norm_sums);
}

/* Sums of the threads in their order into the gradients of the norms' scale and shift. */
static void give_norms(const ar_op_call *call)
{
    for (int i = 0; i < 4; i++) {
        const ar_matrix *to = &call->input_gradients[QUERY_SCALE + i];
        for (int64_t d = 0; to->data && d < to->columns; d++) {
            float sum = 0;
            for (int t = 0; t < call->threads; t++) {
                head_work work = divide_workspace(call, t);
                sum += work.norm_sums[i * work.padded_size + d];
            }
            float *result = (float *)to->data + d;
            *result = call->accumulate[QUERY_SCALE + i] ? *result + sum : sum;
        }
    }
}

void cpu_attention_adjoint(const ar_op_call *call)
{
    const ar_op_attributes *a = call->attributes;
    const int64_t units = call->inputs[QUERY].rows / a->tokens[0] * a->heads;
    for (int t = 0; t < call->threads; t++) {
        head_work work = divide_workspace(call, t);
        memset(work.norm_sums, 0, (size_t)(4 * work.padded_size) * sizeof(float));
    }
#pragma omp parallel num_threads(call->threads)
    {
        head_work work = divide_workspace(call, omp_get_thread_num());
#pragma omp for schedule(static)
        for (int64_t unit = 0; unit < units; unit++) {
            adjoint_head(call, unit / a->heads, unit % a->heads, &work);
        }
    }
    give_norms(call);
}
