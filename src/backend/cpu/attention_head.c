#include "backend/cpu/attention_head.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* A line of the cache: where every part of the workspace begins. */
enum { LINE_FLOATS = 16 };

static int64_t padded_to_lines(int64_t count)
{
    return (count + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
}

/* An odd number of lines, so that the same key of all D lies in different sets of the cache. */
static int64_t stride_across(int64_t keys)
{
    const int64_t floats = padded_to_lines(keys);
    return floats / LINE_FLOATS % 2 ? floats : floats + LINE_FLOATS;
}

/* Sizes of a call, and one thread's parts of the workspace from `first` on; `floats`: how much they
 * take. Without `first` only that. */
static cpu_head_work divide(const ar_op_attributes *a, float *first, int64_t *floats)
{
    cpu_head_work w = {.size = a->head_size,
                       .padded_size = (a->head_size + LANES - 1) / LANES * LANES,
                       .queries = a->tokens[0],
                       .keys = a->tokens[1],
                       .key_stride = stride_across(a->tokens[1])};
    const int64_t lines = padded_to_lines(w.size), key_rows = padded_to_lines(w.keys) * lines;
    const int64_t block_rows = QUERY_BLOCK * lines, scores = QUERY_BLOCK * BLOCK;
    /* What is read beyond the last key of a block means nothing, but has to be there. */
    const int64_t keys_across = w.size * w.key_stride + LINE_FLOATS;
    float *query_tokens, *key_tokens, *asked_rows;
    const struct {
        float **part;
        int64_t floats;
    } parts[] = {
        {&w.key, key_rows},
        {&w.value, key_rows},
        {&w.to_key, key_rows},
        {&w.to_value, key_rows},
        {&w.key_across, keys_across},
        {&w.value_across, keys_across},
        {&w.query, block_rows},
        {&w.given, block_rows},
        {&w.result, block_rows},
        {&w.query_across, w.size * BLOCK},
        {&w.given_across, w.size * BLOCK},
        {&w.query_squares, QUERY_BLOCK},
        {&w.score_start, QUERY_BLOCK},
        {&w.slope_start, QUERY_BLOCK},
        {&w.scores, scores},
        {&w.slopes, scores},
        {&w.sums, QUERY_BLOCK * LANES},
        {&w.tile, lines * TILE_TOKENS},
        {&w.other_tile, lines * TILE_TOKENS},
        {&w.spare, lines},
        {&w.norm_sums, 4 * lines * TILE_TOKENS},
        {&query_tokens, w.queries},
        {&key_tokens, w.keys},
        {&asked_rows, w.queries},
    };
    *floats = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        *parts[i].part = first ? first + *floats : NULL;
        *floats += padded_to_lines(parts[i].floats);
    }
    w.query_tokens = (int32_t *)query_tokens;
    w.key_tokens = (int32_t *)key_tokens;
    w.asked_rows = (int32_t *)asked_rows;
    return w;
}

size_t cpu_attention_workspace(const ar_op_call *largest)
{
    int64_t floats;
    divide(largest->attributes, NULL, &floats);
    return (size_t)(floats * largest->threads + LINE_FLOATS) * sizeof(float);
}

cpu_head_work cpu_attention_work(const ar_op_call *call, int thread)
{
    int64_t floats;
    uintptr_t first = (uintptr_t)call->workspace;
    first += -first % (LINE_FLOATS * sizeof(float));
    divide(call->attributes, NULL, &floats);
    return divide(call->attributes, (float *)first + thread * floats, &floats);
}

static int32_t asked_row(const ar_op_call *call, int64_t i)
{
    const ar_matrix *asked = &call->inputs[ASKED];
    return ((const int32_t *)asked->data)[i * asked->stride];
}

/* Most queries that are asked for of any sample, at least one. */
static int64_t most_asked(const ar_op_call *call)
{
    const int64_t tokens = call->attributes->tokens[0];
    int64_t most = 0;
    for (int64_t sample = 0; sample < call->inputs[QUERY].rows / tokens; sample++) {
        int64_t count = 0;
        for (int64_t i = 0; i < call->inputs[ASKED].rows; i++) {
            count += asked_row(call, i) / tokens == sample;
        }
        most = count > most ? count : most;
    }
    return most > 0 ? most : 1;
}

void cpu_attention_begin_sample(const ar_op_call *call, int64_t sample, cpu_head_work *w)
{
    w->queries_here = w->queries;
    if (!call->inputs[ASKED].data) {
        return;
    }
    w->queries_here = 0;
    for (int64_t i = 0; i < call->inputs[ASKED].rows; i++) {
        const int32_t row = asked_row(call, i);
        if (row / w->queries == sample) {
            assert(w->queries_here < w->queries); /* rows are unique */
            w->query_tokens[w->queries_here] = (int32_t)(row % w->queries);
            w->asked_rows[w->queries_here++] = (int32_t)i;
        }
    }
}

cpu_attention_block cpu_attention_block_here(const cpu_head_work *w, int64_t index)
{
    cpu_attention_block block = cpu_attention_block_of(&w->order, index);
    const int64_t left = w->queries_here - block.first;
    block.rows = left < block.rows ? left : block.rows;
    return block;
}

void cpu_attention_begin(const ar_op_call *call, cpu_head_work *w)
{
    ar_attention_reach reach = call->attributes->reach;
    w->rounded = call->precision == AR_TYPE_BFLOAT16;
    if (call->inputs[ASKED].data) {
        reach = (ar_attention_reach){.queries = {1, 1, 1, most_asked(call)},
                                     .keys = {1, 1, 1, w->keys}};
    }
    w->order = cpu_attention_order_of(&reach);
    cpu_attention_order_tokens(&w->order, w->order.reach.queries, w->query_tokens);
    cpu_attention_order_tokens(&w->order, w->order.reach.keys, w->key_tokens);
    if (w->size < w->padded_size) {
        /* Rows are written up to D only. */
        const size_t key_bytes = (size_t)(w->keys * w->padded_size) * sizeof(float);
        const size_t block_bytes = (size_t)(QUERY_BLOCK * w->padded_size) * sizeof(float);
        memset(w->key, 0, key_bytes);
        memset(w->query, 0, block_bytes);
        memset(w->given, 0, block_bytes);
    }
}

bool cpu_attention_is_normalised(const ar_op_attributes *a, int input)
{
    return input == QUERY ? a->normalise_query : input == KEY && a->normalise_key;
}

cpu_head_norm cpu_attention_norm(const ar_op_call *call, int input)
{
    const bool query = input == QUERY;
    return (cpu_head_norm){.epsilon = (float)call->attributes->epsilon,
                           .scale = call->inputs[query ? QUERY_SCALE : KEY_SCALE].data,
                           .shift = call->inputs[query ? QUERY_SHIFT : KEY_SHIFT].data};
}

/* Rows of a head lie far apart, which the processor does not foresee: ask for the next head's while
 * this one is worked on. */
static void prefetch(const float *row, int64_t size)
{
    for (int64_t d = 0; d < size; d += LINE_FLOATS) {
        __builtin_prefetch(row + d, 0, 2);
    }
}

static void prefetch_next_head(const ar_op_attributes *a, cpu_head of, int64_t count,
                               int64_t distance, float *const rows[TILE_TOKENS])
{
    for (int64_t t = 0; of.head + 1 < a->heads && t < count; t++) {
        prefetch(rows[t] + distance, a->head_size);
    }
}

void cpu_attention_rows(const ar_op_call *call, int input, const ar_matrix *matrix, cpu_head of,
                        const int32_t *tokens, int64_t count, float *rows[TILE_TOKENS])
{
    const ar_op_attributes *a = call->attributes;
    const int64_t first_row = of.sample * a->tokens[input == QUERY ? 0 : 1];
    const int64_t distance = a->head_stride[input];
    for (int64_t t = 0; t < TILE_TOKENS; t++) {
        const int64_t row = first_row + tokens[cpu_attention_least(t, count - 1)];
        rows[t] = cpu_row(matrix, row) + of.head * distance;
    }
    prefetch_next_head(a, of, count, distance, rows);
}

void cpu_attention_output_rows(const ar_op_call *call, const cpu_head_work *w,
                               const ar_matrix *matrix, cpu_head of, int64_t first, int64_t count,
                               float *rows[TILE_TOKENS])
{
    for (int64_t t = 0; t < TILE_TOKENS; t++) {
        const int64_t i = first + cpu_attention_least(t, count - 1);
        const int64_t row = cpu_attention_output_row(call, w, of.sample, i);
        rows[t] = cpu_row(matrix, row) + of.head * w->size;
    }
    prefetch_next_head(call->attributes, of, count, w->size, rows);
}

/* Sixteen tokens of an input across, as they enter the products times `factor`. */
static void load_operand(const ar_op_call *call, int input, cpu_head of, const int32_t *tokens,
                         int64_t count, bool rounded, float factor, cpu_tile tile)
{
    float *rows[TILE_TOKENS];
    const cpu_head_norm norm = cpu_attention_norm(call, input);
    const bool normalised = cpu_attention_is_normalised(call->attributes, input);
    cpu_attention_rows(call, input, &call->inputs[input], of, tokens, count, rows);
    cpu_tile_load(tile, (const float *const *)rows);
    if (normalised || rounded || factor != 1.0f) {
        cpu_tile_prepare(tile, normalised ? &norm : NULL, rounded, factor);
    }
}

void cpu_attention_copy_rows(const cpu_head_work *w, cpu_tile tile, int64_t count, float *to)
{
    float *rows[TILE_TOKENS];
    for (int64_t t = 0; t < TILE_TOKENS; t++) {
        rows[t] = t < count ? to + t * w->padded_size : w->spare;
    }
    cpu_tile_store(tile, rows, false);
}

/* Values need no turning. */
static void pack_values(const ar_op_call *call, cpu_head of, const cpu_head_work *w)
{
    const int64_t stride = call->attributes->head_stride[VALUE];
    for (int64_t j = 0; j < w->keys; j++) {
        const int64_t row = of.sample * w->keys + w->key_tokens[j];
        const float *from = cpu_row(&call->inputs[VALUE], row) + of.head * stride;
        float *to = w->value + j * w->padded_size;
        for (int64_t d = 0; d < w->size; d += LANES) {
            const lanes v = lanes_load_up_to(from + d, cpu_attention_least(w->size - d, LANES));
            lanes_store(to + d, w->rounded ? round_to_bf16(v) : v);
        }
        if (of.head + 1 < call->attributes->heads) {
            prefetch(from + stride, w->size);
        }
    }
}

void cpu_attention_pack_keys(const ar_op_call *call, cpu_head of, cpu_head_work *w)
{
    float largest = 0;
    for (int64_t j = 0; j < w->keys; j += TILE_TOKENS) {
        float squares[TILE_TOKENS];
        const int64_t count = cpu_attention_least(w->keys - j, TILE_TOKENS);
        const cpu_tile tile = {w->key_across + j, w->key_stride, w->size};
        load_operand(call, KEY, of, w->key_tokens + j, count, w->rounded, 1.0f, tile);
        cpu_tile_squares(tile, squares);
        for (int t = 0; t < TILE_TOKENS; t++) {
            largest = squares[t] > largest ? squares[t] : largest;
        }
    }
    w->key_square = largest;
    pack_values(call, of, w);
}

void cpu_attention_pack_keys_again(const ar_op_call *call, cpu_head of, cpu_head_work *w)
{
    for (int64_t j = 0; j < w->keys; j += TILE_TOKENS) {
        const int64_t count = cpu_attention_least(w->keys - j, TILE_TOKENS);
        const cpu_tile key = {w->key_across + j, w->key_stride, w->size};
        const cpu_tile value = {w->value_across + j, w->key_stride, w->size};
        load_operand(call, KEY, of, w->key_tokens + j, count, w->rounded, 1.0f, key);
        cpu_attention_copy_rows(w, key, count, w->key + j * w->padded_size);
        load_operand(call, VALUE, of, w->key_tokens + j, count, w->rounded, 1.0f, value);
    }
}

void cpu_attention_pack_queries(const ar_op_call *call, cpu_head of,
                                const cpu_attention_block *block, bool rows, cpu_head_work *w)
{
    const float factor = 1.44269504088896341f / sqrtf((float)w->size);
    for (int64_t i = 0; i < block->rows; i += TILE_TOKENS) {
        const int64_t count = cpu_attention_least(block->rows - i, TILE_TOKENS);
        const cpu_tile tile = {w->query_across + i, BLOCK, w->size};
        load_operand(call, QUERY, of, w->query_tokens + block->first + i, count, w->rounded, factor,
                     tile);
        if (rows) {
            cpu_attention_copy_rows(w, tile, count, w->query + i * w->padded_size);
        } else {
            cpu_tile_squares(tile, w->query_squares + i);
        }
    }
}

void cpu_attention_multiply_keys(const cpu_head_work *w, const cpu_seen_keys *seen,
                                 int64_t first_key, const float *across, const float *right,
                                 const float *start, float *products)
{
    cpu_multiply_block((block_product){.a = across,
                                       .turned = true,
                                       .b = right + first_key,
                                       .b_stride = w->key_stride,
                                       .start = start,
                                       .c = products,
                                       .c_stride = BLOCK,
                                       .m = seen->block->rows,
                                       .n = (seen->keys + LANES - 1) / LANES * LANES,
                                       .k = w->size});
}

void cpu_attention_for_seen_keys(const cpu_head_work *w, const cpu_attention_block *block,
                                 cpu_work_on_keys work_on_keys)
{
    for (int64_t r = 0; r < block->run_count; r++) {
        const int64_t run = cpu_attention_run(&w->order, block, r);
        for (int64_t offset = 0; offset < block->run_length; offset += KEY_BLOCK) {
            const cpu_seen_keys seen = {
                .block = block,
                .offset = offset,
                .keys = cpu_attention_least(block->run_length - offset, KEY_BLOCK),
                .rounded = w->rounded};
            work_on_keys(w, &seen, run + offset);
        }
    }
}
