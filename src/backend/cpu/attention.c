/* Blockwise attention: T×T scores never exist as a whole; an online softmax (Milakov and Gimelshein
 * 2018; Dao et al. 2022). One unit of work is one head of one sample. */
#include <math.h>
#include <omp.h>

#include "backend/cpu/attention_head.h"
#include "backend/cpu/elementary.h"

/* Turn scores into weights relative to the largest so far; returns by how much earlier sums shrink.
 */
static float soften_row(float *scores, int64_t keys, float *largest, float *sum)
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
    float shrink = fast_exp(*largest - high);
    *sum = *sum * shrink + total;
    *largest = high;
    return shrink;
}

/* Add what a block sees of `keys` keys, `offset` behind the first of a run; `begun` tells whether
 * its queries saw any before. */
static void forward_keys(const cpu_head_work *w, const cpu_attention_block *block, int64_t run,
                         int64_t offset, int64_t keys, bool begun, float *largest, float *sum)
{
    float *result = w->result + block->first * w->padded_size;
    cpu_attention_multiply_keys(w, block, w->query, w->key_across, run + offset, keys, w->scores);
    for (int64_t i = 0; i < block->rows; i++) {
        float *scores = w->scores + i * KEY_BLOCK, shrink = 1;
        const ar_key_range seen = cpu_attention_seen(block, i, offset, keys);
        cpu_attention_blank(scores, seen, keys);
        if (seen.first < seen.end) {
            shrink = soften_row(scores + seen.first, seen.end - seen.first, &largest[i], &sum[i]);
        }
        for (int64_t d = 0; begun && d < w->padded_size; d++) {
            result[i * w->padded_size + d] *= shrink;
        }
    }
    cpu_multiply_block((block_product){.a = w->scores,
                                       .a_row = KEY_BLOCK,
                                       .a_column = 1,
                                       .b = w->value + (run + offset) * w->padded_size,
                                       .b_stride = w->padded_size,
                                       .c = result,
                                       .c_stride = w->padded_size,
                                       .m = block->rows,
                                       .n = w->padded_size,
                                       .k = keys,
                                       .accumulate = begun});
}

static void forward_block(const cpu_head_work *w, const cpu_attention_block *block, float *largest,
                          float *sum)
{
    bool begun = false;
    for (int64_t i = 0; i < block->rows; i++) {
        largest[i] = -INFINITY;
        sum[i] = 0;
    }
    for (int64_t r = 0; r < block->run_count; r++) {
        const int64_t run = cpu_attention_run(&w->order, block, r);
        for (int64_t offset = 0; offset < block->run_length; offset += KEY_BLOCK) {
            const int64_t left = block->run_length - offset;
            forward_keys(w, block, run, offset, left < KEY_BLOCK ? left : KEY_BLOCK, begun, largest,
                         sum);
            begun = true;
        }
    }
}

static void forward_head(const ar_op_call *call, int64_t sample, int64_t head, cpu_head_work *w)
{
    const ar_matrix *y = &call->outputs[OUTPUT], *log_sum = &call->outputs[LOG_SUM];
    cpu_attention_pack(call, sample, head, w);
    for (int64_t b = 0; b < w->order.block_count; b++) {
        const cpu_attention_block block = cpu_attention_block_of(&w->order, b);
        float largest[QUERY_BLOCK], sum[QUERY_BLOCK];
        forward_block(w, &block, largest, sum);
        for (int64_t i = 0; i < block.rows; i++) {
            const float *from = w->result + (block.first + i) * w->padded_size;
            int64_t row = sample * w->queries + w->query_tokens[block.first + i];
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
        cpu_attention_begin(call, &work);
#pragma omp for schedule(static)
        for (int64_t unit = 0; unit < units; unit++) {
            forward_head(call, unit / a->heads, unit % a->heads, &work);
        }
    }
}
