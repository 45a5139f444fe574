/* What the forward pass and the adjoint of attention share: one thread's room to work in, and one
 * head of one sample packed into it, with the norm of the heads applied on the way. */
#ifndef AR_BACKEND_CPU_ATTENTION_HEAD_H
#define AR_BACKEND_CPU_ATTENTION_HEAD_H

#include "backend/cpu/attention_order.h"
#include "backend/cpu/block_product.h"
#include "backend/cpu/cpu.h"

/* Inputs and outputs of the op, see atmorep/backend.h. */
enum { QUERY, KEY, VALUE, QUERY_SCALE, QUERY_SHIFT, KEY_SCALE, KEY_SHIFT };
enum { OUTPUT, LOG_SUM };

static inline int64_t padded_to_vectors(int64_t count)
{
    return (count + BLOCK_WIDTH - 1) / BLOCK_WIDTH * BLOCK_WIDTH;
}

/* What one thread works in; all within its part of the workspace. D and key tokens padded to
 * vectors. Queries and keys are in the order of attention_order.h. */
typedef struct {
    int64_t size, padded_size; /* D */
    int64_t queries, keys, padded_keys;
    float *query;                       /* [queries][D], normalised, times 1/√D */
    float *key, *key_across;            /* [keys][D], [D][keys] */
    float *value, *value_across;        /* [keys][D], [D][keys] */
    float *scores, *slopes;             /* [QUERY_BLOCK][KEY_BLOCK] */
    float *result;                      /* [queries][D]: output, or gradient of the query */
    float *to_key, *to_value;           /* [keys][D] */
    float *given;                       /* [queries][D] gradient of the output */
    float *inner;                       /* [queries]: dy·y */
    float *log_sum;                     /* [queries] */
    float *query_moments, *key_moments; /* [queries][2], [keys][2] */
    float *norm_sums;                   /* [4][D]: gradients of the norms' scale and shift */
    cpu_attention_order order;
    int32_t *query_tokens, *key_tokens; /* [queries], [keys]: token within the sample */
} cpu_head_work;

/* The part of the workspace that belongs to a thread. */
cpu_head_work cpu_attention_work(const ar_op_call *call, int thread);
/* Find the order of a call's tokens, before anything is packed. */
void cpu_attention_begin(const ar_op_call *call, cpu_head_work *work);
/* Pack queries times 1/√D, keys both ways, and values. */
void cpu_attention_pack(const ar_op_call *call, int64_t sample, int64_t head, cpu_head_work *work);
/* [count][padded D] → [D][padded count], zeros behind */
void cpu_attention_turn(const float *packed, int64_t count, int64_t size, float *across);
/* Is this input normalised over the head? */
bool cpu_attention_is_normalised(const ar_op_attributes *attributes, int input);
/* Products of the queries' rows of `left` [·][padded D] with up to KEY_BLOCK keys (`across`
 * [D][padded keys]) into `products` [rows][KEY_BLOCK]; what is beyond `keys` there means nothing.
 */
void cpu_attention_multiply_keys(const cpu_head_work *work, const cpu_attention_block *block,
                                 const float *left, const float *across, int64_t first_key,
                                 int64_t keys, float *products);

/* What query i of the block sees of `keys` keys that begin `offset` behind the first of a run; may
 * be empty. */
static inline ar_key_range cpu_attention_seen(const cpu_attention_block *block, int64_t i,
                                              int64_t offset, int64_t keys)
{
    const int64_t low = block->low[i] - offset, high = block->high[i] - offset;
    const int64_t first = low < 0 ? 0 : low < keys ? low : keys;
    return (ar_key_range){first, high < first ? first : high < keys ? high : keys};
}

/* Zero what a row of `keys` holds outside of what is seen. */
static inline void cpu_attention_blank(float *row, ar_key_range seen, int64_t keys)
{
    for (int64_t j = 0; j < seen.first; j++) {
        row[j] = 0;
    }
    for (int64_t j = seen.end; j < keys; j++) {
        row[j] = 0;
    }
}

#endif
