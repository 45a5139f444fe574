/* The adjoint of attention: scores are computed again from the saved log-sum-exp, block by block.
 * With p the softmax: dv_j = Σ_i p_ij dy_i; ds_ij = p_ij (dy_i·v_j − dy_i·y_i), dq_i = Σ_j ds_ij
 * k_j/√D, dk_j = Σ_i ds_ij q_i/√D. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "backend/cpu/attention_head.h"

static const float LOG_2 = 0.693147180559945309f, LOG2_E = 1.44269504088896341f;

/* The gradient of the output of a block of queries, both ways; and what is added to scores and
 * slopes: less the log-sum-exp to base 2, less dy·y. */
static void pack_given(const ar_op_call *call, cpu_head of, const cpu_attention_block *block,
                       cpu_head_work *w)
{
    const cpu_tile output = {w->tile, TILE_TOKENS, w->size};
    for (int64_t i = 0; i < block->rows; i += TILE_TOKENS) {
        const int64_t count = cpu_attention_least(block->rows - i, TILE_TOKENS);
        const int64_t first = block->first + i;
        const cpu_tile given = {w->given_across + i, BLOCK, w->size};
        float *rows[TILE_TOKENS];
        cpu_attention_output_rows(call, w, &call->outputs[OUTPUT], of, first, count, rows);
        cpu_tile_load(output, (const float *const *)rows);
        cpu_attention_output_rows(call, w, &call->output_gradients[OUTPUT], of, first, count, rows);
        cpu_tile_load(given, (const float *const *)rows);
        cpu_tile_inner(output, given, w->slope_start + i);
        for (int64_t t = 0; t < count; t++) {
            const int64_t row = cpu_attention_output_row(call, w, of.sample, first + t);
            w->slope_start[i + t] = -w->slope_start[i + t];
            w->score_start[i + t] = -LOG2_E * cpu_row(&call->outputs[LOG_SUM], row)[of.head];
        }
        if (w->rounded) {
            cpu_tile_prepare(given, NULL, true, 1.0f);
        }
        cpu_attention_copy_rows(w, given, count, w->given + i * w->padded_size);
    }
}

/* Add what a block of queries and keys gives to the gradients of query, key and value. */
static void add_keys(const cpu_head_work *w, const cpu_seen_keys *seen, int64_t first_key)
{
    const int64_t width = w->padded_size;
    cpu_attention_multiply_keys(w, seen, first_key, w->query_across, w->key_across, w->score_start,
                                w->scores);
    cpu_attention_multiply_keys(w, seen, first_key, w->given_across, w->value_across,
                                w->slope_start, w->slopes);
    cpu_soften_again(seen, w->scores, w->slopes);
    block_product product = {.a = w->scores,
                             .turned = true,
                             .b = w->given,
                             .b_stride = width,
                             .c = w->to_value + first_key * width,
                             .c_stride = width,
                             .m = seen->keys,
                             .n = width,
                             .k = seen->block->rows};
    cpu_multiply_block(product);
    product.a = w->slopes;
    product.b = w->query;
    product.c = w->to_key + first_key * width;
    cpu_multiply_block(product);
    cpu_multiply_block((block_product){.a = w->slopes,
                                       .b = w->key + first_key * width,
                                       .b_stride = width,
                                       .c = w->result,
                                       .c_stride = width,
                                       .m = seen->block->rows,
                                       .n = width,
                                       .k = seen->keys});
}

/* Carry a tile's gradient of normalised heads, times `factor`, back to the heads, and to scale and
 * shift. */
static void through_norm(const ar_op_call *call, int input, cpu_head of, const int32_t *tokens,
                         int64_t count, float factor, cpu_tile gradient, const cpu_head_work *w)
{
    const cpu_head_norm norm = cpu_attention_norm(call, input);
    const cpu_tile x = {w->other_tile, TILE_TOKENS, w->size};
    const int64_t floats = w->size * TILE_TOKENS;
    float *rows[TILE_TOKENS], *sums = w->norm_sums + (input == QUERY ? 0 : 2 * floats);
    cpu_attention_rows(call, input, &call->inputs[input], of, tokens, count, rows);
    cpu_tile_load(x, (const float *const *)rows);
    for (int64_t d = 0; count < TILE_TOKENS && d < w->size; d++) {
        for (int64_t t = count; t < TILE_TOKENS; t++) {
            gradient.at[d * gradient.stride + t] = 0;
        }
    }
    cpu_tile_normalise_adjoint(x, gradient, factor, &norm, sums, sums + floats);
}

/* Give `factor` times the gradients [count][D] of an input's tokens of a head. */
static void give(const ar_op_call *call, int input, cpu_head of, const int32_t *tokens,
                 int64_t count, float factor, const float *gradients, const cpu_head_work *w)
{
    const ar_matrix *to = &call->input_gradients[input];
    const cpu_tile tile = {w->tile, TILE_TOKENS, w->size};
    for (int64_t i = 0; i < count; i += TILE_TOKENS) {
        const int64_t left = cpu_attention_least(count - i, TILE_TOKENS);
        float *rows[TILE_TOKENS];
        const float *from[TILE_TOKENS];
        for (int64_t t = 0; t < TILE_TOKENS; t++) {
            from[t] = gradients + (i + cpu_attention_least(t, left - 1)) * w->padded_size;
        }
        cpu_tile_load(tile, from);
        if (cpu_attention_is_normalised(call->attributes, input)) {
            through_norm(call, input, of, tokens + i, left, factor, tile, w);
        } else if (factor != 1.0f) {
            cpu_tile_prepare(tile, NULL, false, factor);
        }
        if (to->data) {
            cpu_attention_rows(call, input, to, of, tokens + i, left, rows);
            for (int64_t t = left; t < TILE_TOKENS; t++) {
                rows[t] = w->spare;
            }
            cpu_tile_store(tile, rows, call->accumulate[input]);
        }
    }
}

static void adjoint_block(const ar_op_call *call, cpu_head of, int64_t index, cpu_head_work *w)
{
    const cpu_attention_block block = cpu_attention_block_here(w, index);
    if (block.rows <= 0) {
        return;
    }
    cpu_attention_pack_queries(call, of, &block, true, w);
    pack_given(call, of, &block, w);
    memset(w->result, 0, (size_t)(block.rows * w->padded_size) * sizeof(float));
    cpu_attention_for_seen_keys(w, &block, add_keys);
    give(call, QUERY, of, w->query_tokens + block.first, block.rows, 1.0f / sqrtf((float)w->size),
         w->result, w);
}

/* Of a head, part `part` of `parts` of the queries. What keys and values get is left in to_key and
 * to_value. */
static void adjoint_part(const ar_op_call *call, cpu_head of, int64_t part, int64_t parts,
                         cpu_head_work *w)
{
    const int64_t blocks = w->order.block_count, end = blocks * (part + 1) / parts;
    cpu_attention_begin_sample(call, of.sample, w);
    cpu_attention_pack_keys_again(call, of, w);
    memset(w->to_key, 0, (size_t)(w->keys * w->padded_size) * sizeof(float));
    memset(w->to_value, 0, (size_t)(w->keys * w->padded_size) * sizeof(float));
    for (int64_t b = blocks * part / parts; b < end; b++) {
        adjoint_block(call, of, b, w);
    }
}

/* The packed query holds log2(e)/√D, so the key's gradient has 1/√D already. */
static void give_keys(const ar_op_call *call, cpu_head of, int64_t first, int64_t end,
                      cpu_head_work *w)
{
    const int64_t at = first * w->padded_size;
    give(call, KEY, of, w->key_tokens + first, end - first, LOG_2, w->to_key + at, w);
    give(call, VALUE, of, w->key_tokens + first, end - first, 1.0f, w->to_value + at, w);
}

/* Part `part` of the keys of a head whose queries `parts` threads from `thread` on have shared: the
 * sum of what these found, in their order. */
static void give_shared_keys(const ar_op_call *call, cpu_head of, int thread, int64_t part,
                             int64_t parts, cpu_head_work *w)
{
    const int64_t tiles = (w->keys + TILE_TOKENS - 1) / TILE_TOKENS;
    const int64_t first = tiles * part / parts * TILE_TOKENS;
    const int64_t end = cpu_attention_least(tiles * (part + 1) / parts * TILE_TOKENS, w->keys);
    for (int64_t i = first * w->padded_size; i < end * w->padded_size; i += LANES) {
        lanes key = {0}, value = {0};
        for (int64_t p = 0; p < parts; p++) {
            const cpu_head_work other = cpu_attention_work(call, thread + (int)p);
            key += lanes_load(other.to_key + i);
            value += lanes_load(other.to_value + i);
        }
        lanes_store(w->to_key + i, key);
        lanes_store(w->to_value + i, value);
    }
    give_keys(call, of, first, end, w);
}

static cpu_head head_of(const ar_op_call *call, int64_t index)
{
    const int64_t heads = call->attributes->heads;
    return (cpu_head){index / heads, index % heads};
}

/* Each thread gets as many whole heads as every other; the rest are shared by several each. */
static void adjoint_thread(const ar_op_call *call, int64_t heads, cpu_head_work *w)
{
    const int thread = omp_get_thread_num(), threads = omp_get_num_threads();
    const int64_t each = heads / threads, rest = heads % threads;
    for (int64_t i = thread * each; i < (thread + 1) * each; i++) {
        adjoint_part(call, head_of(call, i), 0, 1, w);
        give_keys(call, head_of(call, i), 0, w->keys, w);
    }
    const int64_t parts = rest > 0 ? threads / rest : 0, part = parts ? thread % parts : 0;
    const bool shares = thread < rest * parts;
    const cpu_head of = head_of(call, shares ? each * threads + thread / parts : 0);
    if (shares) {
        adjoint_part(call, of, part, parts, w);
    }
#pragma omp barrier
    if (shares) {
        give_shared_keys(call, of, thread - (int)part, part, parts, w);
    }
}

/* Sums of the threads in their order into the gradients of the norms' scale and shift. */
static void give_norms(const ar_op_call *call)
{
    for (int i = 0; i < 4; i++) {
        const ar_matrix *to = &call->input_gradients[QUERY_SCALE + i];
        for (int64_t d = 0; to->data && d < to->columns; d++) {
            float sum = 0;
            for (int t = 0; t < call->threads; t++) {
                const cpu_head_work work = cpu_attention_work(call, t);
                const float *sums = work.norm_sums + (i * work.size + d) * TILE_TOKENS;
                for (int lane = 0; lane < TILE_TOKENS; lane++) {
                    sum += sums[lane];
                }
            }
            float *result = (float *)to->data + d;
            *result = call->accumulate[QUERY_SCALE + i] ? *result + sum : sum;
        }
    }
}

/* Rows of q that nobody asked for have no gradient. */
static void clear_rows_not_asked(const ar_op_call *call)
{
    const ar_op_attributes *a = call->attributes;
    const ar_matrix *to = &call->input_gradients[QUERY];
    if (!call->inputs[ASKED].data || !to->data || call->accumulate[QUERY]) {
        return;
    }
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t row = 0; row < to->rows; row++) {
        for (int64_t h = 0; h < a->heads; h++) {
            memset(cpu_row(to, row) + h * a->head_stride[QUERY], 0,
                   (size_t)a->head_size * sizeof(float));
        }
    }
}

void cpu_attention_adjoint(const ar_op_call *call)
{
    const ar_op_attributes *a = call->attributes;
    const int64_t heads = call->inputs[QUERY].rows / a->tokens[0] * a->heads;
    clear_rows_not_asked(call);
    for (int t = 0; t < call->threads; t++) {
        cpu_head_work work = cpu_attention_work(call, t);
        memset(work.norm_sums, 0, (size_t)(4 * work.size * TILE_TOKENS) * sizeof(float));
    }
#pragma omp parallel num_threads(call->threads)
    {
        cpu_head_work work = cpu_attention_work(call, omp_get_thread_num());
        cpu_attention_begin(call, &work);
        adjoint_thread(call, heads, &work);
    }
    give_norms(call);
}
