/* Blockwise attention: T×T scores never exist as a whole; an online softmax (Milakov and Gimelshein
 * 2018; Dao et al. 2022). One unit of work is one head of one sample. */
#include <math.h>
#include <omp.h>

#include "backend/cpu/attention_head.h"
#include "backend/cpu/elementary.h"

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

static void forward_block(const cpu_head_work *w, int64_t first, int64_t rows, float *largest,
                          float *sum)
{
    float *result = w->result + first * w->padded_size;
    for (int64_t k = 0; k < w->keys; k += KEY_BLOCK) {
        int64_t keys = w->keys - k < KEY_BLOCK ? w->keys - k : KEY_BLOCK;
        cpu_attention_multiply_keys(w, w->query, w->key_across, first, rows, k, w->scores);
        for (int64_t i = 0; i < rows; i++) {
            float shrink = soften_row(w->scores + i * KEY_BLOCK, keys, padded_to_vectors(keys),
                                      &largest[i], &sum[i]);
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

static void forward_head(const ar_op_call *call, int64_t sample, int64_t head, cpu_head_work *w)
{
    const ar_matrix *y = &call->outputs[OUTPUT], *log_sum = &call->outputs[LOG_SUM];
    cpu_attention_pack(call, sample, head, w);
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
        cpu_head_work work = cpu_attention_work(call, omp_get_thread_num());
#pragma omp for schedule(static)
        for (int64_t unit = 0; unit < units; unit++) {
            forward_head(call, unit / a->heads, unit % a->heads, &work);
        }
    }
}
