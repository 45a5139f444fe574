/* In which order attention works through the tokens of a sample, so that the keys a query sees lie
 * together: axes on which all is seen innermost, limited ones outermost. Queries that share what
 * they see form blocks; the keys that a block sees are a few runs of neighbours, and only these are
 * ever touched. Without limits the order is that of the tokens, and there is one run. */
#ifndef AR_BACKEND_CPU_ATTENTION_ORDER_H
#define AR_BACKEND_CPU_ATTENTION_ORDER_H

#include "backend/cpu/names.h"
#include "graph/attention_reach.h"

enum { QUERY_BLOCK = 96, KEY_BLOCK = 96 };

typedef struct {
    ar_attention_reach reach;          /* without limits: of a single axis */
    int axes[AR_AXIS_COUNT];           /* outermost first */
    int last;                          /* axes[last] is the last limited one */
    int64_t inner_queries, inner_keys; /* tokens at one place of the limited axes */
    int64_t places;                    /* of the last limited axis, in one tile of queries */
    int64_t blocks_per_tile, tiles_per_line, block_count;
} cpu_attention_order;

/* A block of queries and what it sees; everything counts in the order above. */
typedef struct {
    int64_t first, rows;                         /* queries; rows may be 0 */
    int64_t low[QUERY_BLOCK], high[QUERY_BLOCK]; /* what each query sees of every run */
    int64_t run_length, run_count;
    ar_key_range seen[AR_AXIS_COUNT]; /* along axes[0] to axes[last], by all queries together */
} cpu_attention_block;

cpu_attention_order cpu_attention_order_of(const ar_attention_reach *reach);

/* Token within the sample of every query or key: tokens[Π extents] for extents of the order's
 * reach. */
void cpu_attention_order_tokens(const cpu_attention_order *order, const int64_t extents[4],
                                int32_t *tokens);

/* Block `index` of block_count. */
cpu_attention_block cpu_attention_block_of(const cpu_attention_order *order, int64_t index);

/* First key of a run of the block. */
int64_t cpu_attention_run(const cpu_attention_order *order, const cpu_attention_block *block,
                          int64_t run);

#endif
