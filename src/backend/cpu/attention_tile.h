/* Sixteen tokens of one head side by side, [D][16]: each token has a lane, so that sums over the
 * head need no sums within a register, and norms cost little even where sequences are short. */
#ifndef AR_BACKEND_CPU_ATTENTION_TILE_H
#define AR_BACKEND_CPU_ATTENTION_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/cpu/names.h"

enum { TILE_TOKENS = 16 };

/* The norm of one input's heads. */
typedef struct {
    float epsilon;
    const float *scale, *shift; /* [D], NULL: none */
} cpu_head_norm;

/* tile = rows of D values, turned. */
void cpu_tile_load(float *tile, const float *const rows[TILE_TOKENS], int64_t size);

/* Rows = tile turned back, or rows += that. */
void cpu_tile_store(const float *tile, float *const rows[TILE_TOKENS], int64_t size,
                    bool accumulate);

/* (x − mean)/sqrt(variance + ε)·scale + shift over the head (Ba et al. 2016), in place. */
void cpu_tile_normalise(float *tile, int64_t size, const cpu_head_norm *norm);

/* The adjoint of that at x [D][16]: `gradient` in place; what scale and shift get of each lane is
 * added to their sums [D][16]. */
void cpu_tile_normalise_adjoint(const float *x, float *gradient, int64_t size,
                                const cpu_head_norm *norm, float *scale_sum, float *shift_sum);

/* Σ x² of each token. */
void cpu_tile_squares(const float *tile, int64_t size, float squares[TILE_TOKENS]);

/* To the nearest bf16, then times `factor`. */
void cpu_tile_scale(float *tile, int64_t size, bool rounded, float factor);

#endif
