#include "backend/cpu/attention_order.h"

/* Fewer queries at once leave registers of the block products unused. */
enum { TILE_LEAST = 8 };

static int64_t divided_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t product_of(const int64_t extents[4])
{
    return extents[0] * extents[1] * extents[2] * extents[3];
}

/* Limited axes first; without any, one axis of all tokens behind three of a single one. */
static void choose_axes(cpu_attention_order *order)
{
    ar_attention_reach *reach = &order->reach;
    int next = 0;
    for (int axis = 0; axis < AR_AXIS_COUNT; axis++) {
        if (ar_attention_limits(reach, axis)) {
            order->axes[next++] = axis;
        }
    }
    order->last = next > 0 ? next - 1 : 0;
    if (next == 0) {
        *reach = (ar_attention_reach){.queries = {1, 1, 1, product_of(reach->queries)},
                                      .keys = {1, 1, 1, product_of(reach->keys)}};
    }
    for (int axis = 0; axis < AR_AXIS_COUNT; axis++) {
        if (!ar_attention_limits(reach, axis)) {
            order->axes[next++] = axis;
        }
    }
}

cpu_attention_order cpu_attention_order_of(const ar_attention_reach *reach)
{
    cpu_attention_order order = {.reach = *reach, .inner_queries = 1, .inner_keys = 1};
    choose_axes(&order);
    for (int i = order.last + 1; i < AR_AXIS_COUNT; i++) {
        order.inner_queries *= order.reach.queries[order.axes[i]];
        order.inner_keys *= order.reach.keys[order.axes[i]];
    }
    const int64_t line = order.reach.queries[order.axes[order.last]];
    const int64_t wanted = divided_up(TILE_LEAST, order.inner_queries);
    const int64_t lines = product_of(order.reach.queries) / (line * order.inner_queries);
    order.places = wanted < line ? wanted : line;
    order.tiles_per_line = divided_up(line, order.places);
    order.blocks_per_tile = divided_up(order.places * order.inner_queries, QUERY_BLOCK);
    order.block_count = lines * order.tiles_per_line * order.blocks_per_tile;
    return order;
}

void cpu_attention_order_tokens(const cpu_attention_order *order, const int64_t extents[4],
                                int32_t *tokens)
{
    int64_t strides[AR_AXIS_COUNT], stride = 1;
    for (int axis = AR_AXIS_COUNT; axis-- > 0;) {
        strides[axis] = stride;
        stride *= extents[axis];
    }
    const int *axes = order->axes;
    for (int64_t i = 0; i < extents[axes[0]]; i++) {
        for (int64_t j = 0; j < extents[axes[1]]; j++) {
            for (int64_t k = 0; k < extents[axes[2]]; k++) {
                for (int64_t l = 0; l < extents[axes[3]]; l++) {
                    *tokens++ = (int32_t)(i * strides[axes[0]] + j * strides[axes[1]] +
                                          k * strides[axes[2]] + l * strides[axes[3]]);
                }
            }
        }
    }
}

/* What the block's queries see along the last limited axis: together, and each of a run. */
static void look_along_last(const cpu_attention_order *order, int64_t first_place, int64_t offset,
                            cpu_attention_block *block)
{
    const ar_attention_reach *reach = &order->reach;
    const int axis = order->axes[order->last];
    const int64_t inner = order->inner_queries;
    ar_key_range *all = &block->seen[order->last];
    all->first = ar_attention_range(reach, axis, first_place + offset / inner).first;
    all->end =
        ar_attention_range(reach, axis, first_place + (offset + block->rows - 1) / inner).end;
    block->run_length = (all->end - all->first) * order->inner_keys;
    int64_t i = 0;
    for (int64_t place = offset / inner; i < block->rows; place++) {
        const ar_key_range own = ar_attention_range(reach, axis, first_place + place);
        for (; i < block->rows && offset + i < (place + 1) * inner; i++) {
            block->low[i] = (own.first - all->first) * order->inner_keys;
            block->high[i] = (own.end - all->first) * order->inner_keys;
        }
    }
}

cpu_attention_block cpu_attention_block_of(const cpu_attention_order *order, int64_t index)
{
    cpu_attention_block block = {.run_count = 1};
    const int64_t line_places = order->reach.queries[order->axes[order->last]];
    const int64_t offset = index % order->blocks_per_tile * QUERY_BLOCK;
    index /= order->blocks_per_tile;
    const int64_t first_place = index % order->tiles_per_line * order->places;
    int64_t line = index / order->tiles_per_line;
    const int64_t left = line_places - first_place;
    const int64_t rows =
        (left < order->places ? left : order->places) * order->inner_queries - offset;
    if (rows <= 0) {
        return block;
    }
    block.first = (line * line_places + first_place) * order->inner_queries + offset;
    block.rows = rows < QUERY_BLOCK ? rows : QUERY_BLOCK;
    look_along_last(order, first_place, offset, &block);
    for (int i = order->last; i-- > 0;) {
        const int axis = order->axes[i];
        const int64_t places = order->reach.queries[axis];
        block.seen[i] = ar_attention_range(&order->reach, axis, line % places);
        block.run_count *= block.seen[i].end - block.seen[i].first;
        line /= places;
    }
    return block;
}

int64_t cpu_attention_run(const cpu_attention_order *order, const cpu_attention_block *block,
                          int64_t run)
{
    int64_t place = block->seen[order->last].first;
    int64_t stride = order->reach.keys[order->axes[order->last]];
    for (int i = order->last; i-- > 0;) {
        const int64_t count = block->seen[i].end - block->seen[i].first;
        place += (block->seen[i].first + run % count) * stride;
        run /= count;
        stride *= order->reach.keys[order->axes[i]];
    }
    return place * order->inner_keys;
}
