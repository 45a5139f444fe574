/* What the forward pass and the adjoint of attention share: one thread's room to work in, and one
 * head of one sample packed into it, with the norm of the heads applied on the way. */
#ifndef AR_BACKEND_CPU_ATTENTION_HEAD_H
#define AR_BACKEND_CPU_ATTENTION_HEAD_H

#include "backend/cpu/attention_order.h"
#include "backend/cpu/attention_soften.h"
#include "backend/cpu/attention_tile.h"
#include "backend/cpu/attention_vector.h"
#include "backend/cpu/block_product.h"
#include "backend/cpu/cpu.h"

/* Inputs and outputs of the op, see atmorep/backend.h. */
enum { QUERY, KEY, VALUE, QUERY_SCALE, QUERY_SHIFT, KEY_SCALE, KEY_SHIFT, ASKED };
enum { OUTPUT, LOG_SUM };

/* One head of one sample. */
typedef struct {
    int64_t sample, head;
} cpu_head;

/* What one thread works in; all within its part of the workspace. Rows of D are padded to vectors
 * with zeros. Queries and keys are in the order of attention_order.h. Of keys there is everything,
 * of queries one block. Scores are to base 2: log2(e)/√D times the products. */
typedef struct {
    int64_t size, padded_size; /* D */
    int64_t queries, keys;
    int64_t key_stride; /* of what lies across */
    bool rounded;       /* operands of products to bf16 */
    cpu_attention_order order;
    int64_t queries_here;               /* of the sample at work: fewer where some are asked for */
    int32_t *query_tokens, *key_tokens; /* [queries], [keys]: token within the sample */
    int32_t *asked_rows;                /* [queries]: row of the output, where some are asked for */
    float *key, *value;                 /* [keys][D] */
    float *key_across, *value_across;   /* [D][keys] */
    float *to_key, *to_value;           /* [keys][D]: gradients */
    float key_square;                   /* largest Σ k² */
    /* Of the block of queries at work: */
    float *query, *given;               /* [QUERY_BLOCK][D]; gradient of the output */
    float *query_across, *given_across; /* [D][BLOCK] */
    float *query_squares;               /* [QUERY_BLOCK]: Σ q² of the scaled query */
    float *score_start, *slope_start;   /* [QUERY_BLOCK]: what is added to scores and slopes */
    float *scores, *slopes;             /* [QUERY_BLOCK][BLOCK] */
    float *sums;                        /* [QUERY_BLOCK][LANES] */
    float *result;                      /* [QUERY_BLOCK][D]: output, or gradient of the query */
    /* Of sixteen tokens: */
    float *tile, *other_tile; /* [D][TILE_TOKENS] */
    float *spare;             /* [D]: a row that stands for none */
    float *norm_sums;         /* [4][D][TILE_TOKENS]: gradients of scale and shift of q, then k */
} cpu_head_work;

/* The part of the workspace that belongs to a thread. */
cpu_head_work cpu_attention_work(const ar_op_call *call, int thread);
/* Make it ready for a call, before anything is packed. */
void cpu_attention_begin(const ar_op_call *call, cpu_head_work *work);

/* Before a head of a sample: find its queries among those asked for. */
void cpu_attention_begin_sample(const ar_op_call *call, int64_t sample, cpu_head_work *work);
/* Block `index` of the order's block_count, without queries that are not in the sample. */
cpu_attention_block cpu_attention_block_here(const cpu_head_work *work, int64_t index);
/* The row of the output that belongs to query `i`. */
static inline int64_t cpu_attention_output_row(const ar_op_call *call, const cpu_head_work *work,
                                               int64_t sample, int64_t i)
{
    return call->inputs[ASKED].data ? work->asked_rows[i]
                                    : sample * work->queries + work->query_tokens[i];
}

/* Is this input normalised over the head? */
bool cpu_attention_is_normalised(const ar_op_attributes *attributes, int input);
/* The norm of QUERY or KEY. */
cpu_head_norm cpu_attention_norm(const ar_op_call *call, int input);
/* Rows of up to 16 tokens of a head in the matrix of an input or its gradient, or of queries from
 * `first` on in the output or its gradient; those beyond `count` are the last again. The next
 * head's rows are prefetched. */
void cpu_attention_rows(const ar_op_call *call, int input, const ar_matrix *matrix, cpu_head of,
                        const int32_t *tokens, int64_t count, float *rows[TILE_TOKENS]);
void cpu_attention_output_rows(const ar_op_call *call, const cpu_head_work *work,
                               const ar_matrix *matrix, cpu_head of, int64_t first, int64_t count,
                               float *rows[TILE_TOKENS]);
/* Sixteen tokens that lie across to rows of a packed array. */
void cpu_attention_copy_rows(const cpu_head_work *work, cpu_tile tile, int64_t count, float *to);
/* Pack keys across, with the square of the longest, and values. */
void cpu_attention_pack_keys(const ar_op_call *call, cpu_head of, cpu_head_work *work);
/* For the adjoint: keys both ways and values across. */
void cpu_attention_pack_keys_again(const ar_op_call *call, cpu_head of, cpu_head_work *work);
/* Pack a block of queries across, scaled: with their squares, or with `rows` both ways. */
void cpu_attention_pack_queries(const ar_op_call *call, cpu_head of,
                                const cpu_attention_block *block, bool rows, cpu_head_work *work);

typedef void (*cpu_work_on_keys)(const cpu_head_work *, const cpu_seen_keys *, int64_t first_key);
/* Work on all that a block of queries sees, a block of keys at a time. */
void cpu_attention_for_seen_keys(const cpu_head_work *work, const cpu_attention_block *block,
                                 cpu_work_on_keys work_on_keys);

/* `across` (queries or gradients given) times `right` (keys or values across) at seen keys, each
 * query's added to its start: [rows][BLOCK]. What is beyond the keys there means nothing. */
void cpu_attention_multiply_keys(const cpu_head_work *work, const cpu_seen_keys *seen,
                                 int64_t first_key, const float *across, const float *right,
                                 const float *start, float *products);

static inline int64_t cpu_attention_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
