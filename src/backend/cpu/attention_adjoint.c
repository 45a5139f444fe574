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
        int64_t row = sample * w->queries + w->query_tokens[i];
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

/* Scores → p = exp(s − log-sum), slopes dp → ds = p (dp − dy·y); zero where a query sees nothing.
 */
static void soften_again(const cpu_head_work *w, const cpu_attention_block *block, int64_t offset,
                         int64_t keys)
{
    for (int64_t i = 0; i < block->rows; i++) {
        float *p = w->scores + i * KEY_BLOCK, *ds = w->slopes + i * KEY_BLOCK;
        float log_sum = w->log_sum[block->first + i], inner = w->inner[block->first + i];
        const ar_key_range seen = cpu_attention_seen(block, i, offset, keys);
        cpu_attention_blank(p, seen, keys);
        cpu_attention_blank(ds, seen, keys);
#pragma omp simd
        for (int64_t j = seen.first; j < seen.end; j++) {
            p[j] = fast_exp(p[j] - log_sum);
            ds[j] = p[j] * (ds[j] - inner);
        }
    }
}

/* Add what a block of queries and `keys` keys, `offset` behind the first of a run, give to the
 * gradients of query, key and value. */
static void adjoint_keys(const cpu_head_work *w, const cpu_attention_block *block, int64_t run,
                         int64_t offset, int64_t keys, bool begun)
{
    const int64_t width = w->padded_size, first = block->first, first_key = run + offset;
    cpu_attention_multiply_keys(w, block, w->query, w->key_across, first_key, keys, w->scores);
    cpu_attention_multiply_keys(w, block, w->given, w->value_across, first_key, keys, w->slopes);
    soften_again(w, block, offset, keys);
    block_product product = {.a = w->scores,
                             .a_row = 1,
                             .a_column = KEY_BLOCK,
                             .b = w->given + first * width,
                             .b_stride = width,
                             .c = w->to_value + first_key * width,
                             .c_stride = width,
                             .m = keys,
                             .n = width,
                             .k = block->rows,
                             .accumulate = true};
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
                                       .m = block->rows,
                                       .n = width,
                                       .k = keys,
                                       .accumulate = begun});
}

static void adjoint_block(const cpu_head_work *w, const cpu_attention_block *block)
{
    bool begun = false;
    for (int64_t r = 0; r < block->run_count; r++) {
        const int64_t run = cpu_attention_run(&w->order, block, r);
        for (int64_t offset = 0; offset < block->run_length; offset += KEY_BLOCK) {
            const int64_t left = block->run_length - offset;
            adjoint_keys(w, block, run, offset, left < KEY_BLOCK ? left : KEY_BLOCK, begun);
            begun = true;
        }
    }
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

static void give(const ar_op_call *call, int input, int64_t first_row, const int32_t *tokens,
                 int64_t head, int64_t count, float factor, float *gradient, const float *moments,
                 float *norm_sums)
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
        const int64_t row = first_row + tokens[i];
        for (int64_t d = 0; d < size; d++) {
            from[d] *= factor;
        }
        if (cpu_attention_is_normalised(a, input)) {
            float *sums = norm_sums + (input == QUERY ? 0 : 2 * width);
            through_norm_of(size, scale, cpu_row(&call->inputs[input], row) + first,
                            moments + 2 * i, from, sums, sums + width);
        }
        float *to = cpu_row(&call->input_gradients[input], row) + first;
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
    memset(w->to_key, 0, (size_t)(w->keys * w->padded_size) * sizeof(float));
    memset(w->to_value, 0, (size_t)(w->keys * w->padded_size) * sizeof(float));
    for (int64_t b = 0; b < w->order.block_count; b++) {
        const cpu_attention_block block = cpu_attention_block_of(&w->order, b);
        adjoint_block(w, &block);
    }
    /* The packed query holds 1/√D already, so the key's gradient has it; the query's still needs
     * it. */
    give(call, QUERY, sample * w->queries, w->query_tokens, head, w->queries,
         1.0f / sqrtf((float)w->size), w->result, w->query_moments, w->norm_sums);
    give(call, KEY, sample * w->keys, w->key_tokens, head, w->keys, 1.0f, w->to_key, w->key_moments,
         w->norm_sums);
    give(call, VALUE, sample * w->keys, w->key_tokens, head, w->keys, 1.0f, w->to_value, NULL,
         w->norm_sums);
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
        cpu_attention_begin(call, &work);
#pragma omp for schedule(static)
        for (int64_t unit = 0; unit < units; unit++) {
            adjoint_head(call, unit / a->heads, unit % a->heads, &work);
        }
    }
    give_norms(call);
}
