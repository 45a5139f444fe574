/* Where things that live for a while go in one arena: blocks that are alive at the same time never
 * overlap. Greedy by size, each at the lowest place that is free for its whole life. */
#ifndef AR_GRAPH_MEMORY_PLAN_H
#define AR_GRAPH_MEMORY_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef struct {
    size_t bytes;       /* 0: needs no place */
    int64_t born, dies; /* first and last moment of life, inclusive */
    size_t offset;      /* result, a multiple of 64 */
} ar_memory_block;

/* Place all blocks; *total is the arena's size. Deterministic. */
AR_USE_RESULT ar_status ar_memory_plan(ar_memory_block *blocks, int64_t count, size_t *total,
                                       ar_error *err);

#endif
