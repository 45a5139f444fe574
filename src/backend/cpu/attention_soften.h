/* Between the products of attention: scores become weights, and slopes of weights slopes of scores.
 */
#ifndef AR_BACKEND_CPU_ATTENTION_SOFTEN_H
#define AR_BACKEND_CPU_ATTENTION_SOFTEN_H

#include "backend/cpu/attention_order.h"

/* A block of queries and keys at work: `keys` keys that begin `offset` behind the first of a run.
 * What a query does not see of them has weight and slope zero. */
typedef struct {
    const cpu_attention_block *block;
    int64_t offset, keys;
    bool rounded; /* weights and slopes to the nearest bf16 */
} cpu_seen_keys;

/* Scores [rows][BLOCK] to base 2 become weights 2^score; their sums over vectors of keys are added
 * to sums [rows][LANES]. */
void cpu_soften(const cpu_seen_keys *seen, float *scores, float *sums);

/* Scores become weights p, and slopes dp (less dy·y) become ds = p·dp; both [rows][BLOCK]. */
void cpu_soften_again(const cpu_seen_keys *seen, float *scores, float *slopes);

/* Each query's largest score so far. */
void cpu_find_largest(const cpu_seen_keys *seen, const float *scores, float *largest);

#endif
