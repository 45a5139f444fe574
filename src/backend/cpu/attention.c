/* Blockwise attention: T×T scores never exist as a whole (Dao et al. 2022). A softmax may take any
 * number off its scores, as long as their powers stay within what a float holds; so the largest
 * score is only looked for where the lengths of query and keys do not bound it already. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "backend/cpu/attention_head.h"

/* Scores within ±SCORE_BOUND have powers of two, sums of which over any number of keys are far from
 * the ends of float32. */
static const float SCORE_BOUND = 64.0f;

static void compare_keys(const cpu_head_work *w, const cpu_seen_keys *seen, int64_t first_key)
{
    cpu_attention_multiply_keys(w, seen, first_key, w->query_across, w->key_across, w->slope_start,
                                w->scores);
    cpu_find_largest(seen, w->scores, w->score_start);
}

/* Let score_start be what is added to each query's scores: 0, or less its largest. */
static void choose_start(const cpu_head_work *w, const cpu_attention_block *block)
{
    bool bounded = true;
    for (int64_t i = 0; i < block->rows; i++) {
        bounded = bounded && w->query_squares[i] * w->key_square <= SCORE_BOUND * SCORE_BOUND;
    }
    for (int64_t i = 0; i < block->rows; i++) {
        w->slope_start[i] = 0;
        w->score_start[i] = bounded ? 0 : -INFINITY;
    }
    if (!bounded) {
        cpu_attention_for_seen_keys(w, block, compare_keys);
        for (int64_t i = 0; i < block->rows; i++) {
            w->score_start[i] = -w->score_start[i];
        }
    }
}

static void add_keys(const cpu_head_work *w, const cpu_seen_keys *seen, int64_t first_key)
{
    cpu_attention_multiply_keys(w, seen, first_key, w->query_across, w->key_across, w->score_start,
                                w->scores);
    cpu_soften(seen, w->scores, w->sums);
    cpu_multiply_block((block_product){.a = w->scores,
                                       .b = w->value + first_key * w->padded_size,
                                       .b_stride = w->padded_size,
                                       .c = w->result,
                                       .c_stride = w->padded_size,
                                       .m = seen->block->rows,
                                       .n = w->padded_size,
                                       .k = seen->keys});
}

/* Divide by the sums of the weights, and write. */
static void give_block(const ar_op_call *call, cpu_head of, const cpu_attention_block *block,
                       const cpu_head_work *w)
{
    const ar_matrix *y = &call->outputs[OUTPUT], *log_sum = &call->outputs[LOG_SUM];
    for (int64_t i = 0; i < block->rows; i++) {
        const int64_t row = cpu_attention_output_row(call, w, of.sample, block->first + i);
        const float *from = w->result + i * w->padded_size;
        float *to = cpu_row(y, row) + of.head * w->size;
        const float sum = lanes_sum(lanes_load(w->sums + i * LANES)), inverse = 1.0f / sum;
#pragma omp simd
        for (int64_t d = 0; d < w->size; d++) {
            to[d] = from[d] * inverse;
        }
        if (log_sum->data) {
            cpu_row(log_sum, row)[of.head] = logf(sum) - 0.693147180559945309f * w->score_start[i];
        }
    }
}

static void forward_block(const ar_op_call *call, cpu_head of, int64_t index, cpu_head_work *w)
{
    const cpu_attention_block block = cpu_attention_block_here(w, index);
    if (block.rows <= 0) {
        return;
    }
    cpu_attention_pack_queries(call, of, &block, false, w);
    choose_start(w, &block);
    memset(w->result, 0, (size_t)(block.rows * w->padded_size) * sizeof(float));
    memset(w->sums, 0, (size_t)(block.rows * LANES) * sizeof(float));
    cpu_attention_for_seen_keys(w, &block, add_keys);
    give_block(call, of, &block, w);
}

/* Threads get equal numbers of blocks of queries. A head that two of them share is packed by both,
 * and no sum depends on who does it. */
static void forward_thread(const ar_op_call *call, cpu_head_work *w)
{
    const ar_op_attributes *a = call->attributes;
    const int64_t heads = call->inputs[QUERY].rows / a->tokens[0] * a->heads;
    const int64_t blocks = w->order.block_count, all = heads * blocks;
    const int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
    const int64_t end = all * (thread + 1) / threads;
    int64_t packed = -1;
    for (int64_t b = all * thread / threads; b < end; b++) {
        const cpu_head of = {b / blocks / a->heads, b / blocks % a->heads};
        if (b / blocks != packed) {
            packed = b / blocks;
            cpu_attention_begin_sample(call, of.sample, w);
            cpu_attention_pack_keys(call, of, w);
        }
        forward_block(call, of, b % blocks, w);
    }
}

void cpu_attention_forward(const ar_op_call *call)
{
#pragma omp parallel num_threads(call->threads)
    {
        cpu_head_work work = cpu_attention_work(call, omp_get_thread_num());
        cpu_attention_begin(call, &work);
        forward_thread(call, &work);
    }
}
