/* What the forward pass and the adjoint of attention share: one thread's room to work in, and one
 * head of one sample packed into it, with the norm of the heads applied on the way. */
#ifndef AR_BACKEND_CPU_ATTENTION_HEAD_H
#define AR_BACKEND_CPU_ATTENTION_HEAD_H

#include "backend/cpu/block_product.h"
#include "backend/cpu/cpu.h"

/* Inputs and outputs of the op, see atmorep/backend.h. */
enum { QUERY, KEY, VALUE, QUERY_SCALE, QUERY_SHIFT, KEY_SCALE, KEY_SHIFT };
enum { OUTPUT, LOG_SUM };
enum { QUERY_BLOCK = 32, KEY_BLOCK = 128 };

static inline int64_t padded_to_vectors(int64_t count)
{
    return (count + BLOCK_WIDTH - 1) / BLOCK_WIDTH * BLOCK_WIDTH;
}

/* What one thread works in; all within its part of the workspace. D and key tokens padded to
 * vectors. */
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
} cpu_head_work;

/* The part of the workspace that belongs to a thread. */
cpu_head_work cpu_attention_work(const ar_op_call *call, int thread);
/* Pack queries times 1/√D, keys both ways, and values. */
void cpu_attention_pack(const ar_op_call *call, int64_t sample, int64_t head, cpu_head_work *work);
/* [count][padded D] → [D][padded count], zeros behind */
void cpu_attention_turn(const float *packed, int64_t count, int64_t size, float *across);
/* Is this input normalised over the head? */
bool cpu_attention_is_normalised(const ar_op_attributes *attributes, int input);
/* Products of rows of `left` [·][padded D] with a block of keys (`across` [D][padded keys]) into
 * `block` [rows][KEY_BLOCK]. */
void cpu_attention_multiply_keys(const cpu_head_work *work, const float *left, const float *across,
                                 int64_t first_row, int64_t rows, int64_t first_key, float *block);

#endif
