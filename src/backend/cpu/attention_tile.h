/* Sixteen tokens of one head side by side, [D][16] of an array whose rows are `stride` apart: each
 * token has a lane, so that sums over the head need no sums within a register, and norms cost
 * little even where sequences are short. */
#ifndef AR_BACKEND_CPU_ATTENTION_TILE_H
#define AR_BACKEND_CPU_ATTENTION_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/cpu/names.h"

enum { TILE_TOKENS = 16 };

typedef struct {
    float *at;
    int64_t stride, size; /* size: D */
} cpu_tile;

/* The norm of one input's heads. */
typedef struct {
    float epsilon;
    const float *scale, *shift; /* [D], NULL: none */
} cpu_head_norm;

/* tile = rows of D values, turned. */
void cpu_tile_load(cpu_tile tile, const float *const rows[TILE_TOKENS]);

/* Rows = tile turned back, or rows += that. */
void cpu_tile_store(cpu_tile tile, float *const rows[TILE_TOKENS], bool accumulate);

/* (x − mean)/sqrt(variance + ε)·scale + shift over the head (Ba et al. 2016), or x without a norm;
 * then rounded to bf16 if asked; then times `factor`: in place. */
void cpu_tile_prepare(cpu_tile tile, const cpu_head_norm *norm, bool rounded, float factor);

/* The adjoint of the norm at x, of the gradient times `factor`, in place; what scale and shift get
 * of each lane is added to their sums [D][16]. */
void cpu_tile_normalise_adjoint(cpu_tile x, cpu_tile gradient, float factor,
                                const cpu_head_norm *norm, float *scale_sum, float *shift_sum);

/* Σ x² of each token. */
void cpu_tile_squares(cpu_tile tile, float squares[TILE_TOKENS]);

/* Σ x y of each token. */
void cpu_tile_inner(cpu_tile x, cpu_tile y, float inner[TILE_TOKENS]);

#endif
