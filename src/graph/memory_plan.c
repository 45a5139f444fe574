#include "graph/memory_plan.h"

#include <stdlib.h>

#include "base/memory.h"

typedef struct {
    size_t bytes;
    int64_t index;
} sized;

static int by_size_then_index(const void *left, const void *right)
{
    const sized *a = left, *b = right;
    if (a->bytes != b->bytes) {
        return a->bytes < b->bytes ? 1 : -1;
    }
    return a->index < b->index ? -1 : a->index > b->index;
}

static int by_offset(const void *left, const void *right)
{
    const ar_memory_block *const *a = left, *const *b = right;
    return (*a)->offset < (*b)->offset ? -1 : (*a)->offset > (*b)->offset;
}

/* Lowest offset where `bytes` fit between the `count` blocks alive with them, sorted by offset. */
static size_t lowest_gap(ar_memory_block **alive, int64_t count, size_t bytes)
{
    size_t place = 0;
    for (int64_t i = 0; i < count; i++) {
        if (alive[i]->offset >= place && alive[i]->offset - place >= bytes) {
            break;
        }
        size_t end = alive[i]->offset + alive[i]->bytes;
        place = end > place ? end : place;
    }
    return place;
}

static ar_status beyond_all_memory(ar_error *err)
{
    return ar_fail(err, AR_ERROR_MEMORY, "the model needs more memory than there can be");
}

ar_status ar_memory_plan(ar_memory_block *blocks, int64_t count, size_t *total, ar_error *err)
{
    ar_status status = AR_OK;
    sized *order = NULL;
    ar_memory_block **alive = NULL;
    *total = 0;
    AR_TRY(ar_allocate(&order, (size_t)count, sizeof *order, "the memory plan", err));
    AR_TRY(ar_allocate(&alive, (size_t)count, sizeof *alive, "the memory plan", err));
    for (int64_t i = 0; i < count; i++) {
        size_t padded;
        if (!ar_size_sum(blocks[i].bytes, 63, &padded)) {
            status = beyond_all_memory(err);
            goto cleanup;
        }
        blocks[i].bytes = padded / 64 * 64;
        order[i] = (sized){blocks[i].bytes, i};
    }
    qsort(order, (size_t)count, sizeof *order, by_size_then_index);
    for (int64_t k = 0; k < count; k++) {
        ar_memory_block *block = &blocks[order[k].index];
        int64_t neighbours = 0;
        for (int64_t j = 0; j < k; j++) {
            ar_memory_block *other = &blocks[order[j].index];
            if (other->bytes && other->born <= block->dies && block->born <= other->dies) {
                alive[neighbours++] = other;
            }
        }
        qsort(alive, (size_t)neighbours, sizeof *alive, by_offset);
        block->offset = lowest_gap(alive, neighbours, block->bytes);
        size_t end;
        if (!ar_size_sum(block->offset, block->bytes, &end)) {
            status = beyond_all_memory(err);
            goto cleanup;
        }
        *total = end > *total ? end : *total;
    }
cleanup:
    ar_free(order);
    ar_free(alive);
    return status;
}
