/* The adjoint of attention: scores are computed again from the saved log-sum-exp, block by block.
 */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "backend/cpu/attention_head.h"
#include "backend/cpu/elementary.h"

/* dy of this head, dy·y, and the log-sum-exp of every query. */
static void pack_given(const ar_op_call *call, int64_t sample, int64_t head, cpu_head_work *w)
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

/* Scores → p = exp(s − log-sum), slopes dp → ds = p (dp − dy·y). */
static void soften_again(const cpu_head_work *w, int64_t first, int64_t rows, int64_t keys)
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
static void adjoint_block(const cpu_head_work *w, int64_t first, int64_t rows, int64_t first_key)
{
    const int64_t width = w->padded_size;
    int64_t keys = w->keys - first_key < KEY_BLOCK ? w->keys - first_key : KEY_BLOCK;
    cpu_attention_multiply_keys(w, w->query, w->key_across, first, rows, first_key, w->scores);
    cpu_attention_multiply_keys(w, w->given, w->value_across, first, rows, first_key, w->slopes);
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
static inline __attribute__((always_inline)) void through_norm(int64_t size, const float *scale,
                                                               const float *x, const float *moments,
                                                               float *gradient, float *scale_sum,
                                                               float *shift_sum)
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
    const int64_t size = a->head_size, width = padded_to_vectors(size),
                  first = head * a->head_stride[input];
    if (!call->input_gradients[input].data) {
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        float *from = gradient + i * width;
        for (int64_t d = 0; d < size; d++) {
            from[d] *= factor;
        }
        if (cpu_attention_is_normalised(a, input)) {
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

static void adjoint_head(const ar_op_call *call, int64_t sample, int64_t head, cpu_head_work *w)
{
    cpu_attention_pack(call, sample, head, w);
    cpu_attention_turn(w->value, w->keys, w->size, w->value_across);
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
                cpu_head_work work = cpu_attention_work(call, t);
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
        cpu_head_work work = cpu_attention_work(call, t);
        memset(work.norm_sums, 0, (size_t)(4 * work.padded_size) * sizeof(float));
    }
#pragma omp parallel num_threads(call->threads)
    {
        cpu_head_work work = cpu_attention_work(call, omp_get_thread_num());
#pragma omp for schedule(static)
        for (int64_t unit = 0; unit < units; unit++) {
            adjoint_head(call, unit / a->heads, unit % a->heads, &work);
        }
    }
    give_norms(call);
}
