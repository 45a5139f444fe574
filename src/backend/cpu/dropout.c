#include <stddef.h>

#include "backend/cpu/cpu.h"
#include "base/random.h"

enum { INPUT, RESIDUAL, DRAW };
/* Counters drawn at once, and the columns that their words decide of. */
enum { LANES = 32, COLUMNS = 4 * LANES };

/* The random numbers of one row. */
typedef struct {
    uint32_t key[2], sample, step, stream;
    uint32_t first;     /* counter of the row's first columns */
    uint32_t threshold; /* words below it drop their value */
    float scale;        /* of what is kept */
    bool active;
} row_draw;

static row_draw draw_of_row(const ar_op_call *call, int64_t r)
{
    const ar_matrix *draws = &call->inputs[DRAW], *x = &call->inputs[INPUT];
    const int64_t rows_a_sample = x->rows / draws->rows;
    const int32_t *draw = (const int32_t *)draws->data + r / rows_a_sample * draws->stride;
    const double p = call->attributes->dropout;
    return (row_draw){.key = {(uint32_t)draw[0], (uint32_t)draw[1]},
                      .step = (uint32_t)draw[2],
                      .sample = (uint32_t)draw[3],
                      .stream = call->attributes->stream,
                      .first = (uint32_t)(r % rows_a_sample * ((x->columns + 3) / 4)),
                      .threshold = (uint32_t)(p * 0x1p32),
                      .scale = (float)(1 / (1 - p)),
                      .active = draw[4] != 0};
}

/* What `count` values from column `first` on, a multiple of 4, are multiplied with. Round by round
 * through all counters, so that a vector holds the same word of many of them. */
static void find_factors(const row_draw *draw, int64_t first, int64_t count, float factors[COLUMNS])
{
    const uint32_t base = draw->first + (uint32_t)(first / 4);
    const int lanes = (int)((count + 3) / 4);
    uint32_t words[4][LANES], key[2] = {draw->key[0], draw->key[1]};
    for (int lane = 0; lane < lanes; lane++) {
        words[0][lane] = base + (uint32_t)lane;
        words[1][lane] = draw->sample;
        words[2][lane] = draw->step;
        words[3][lane] = draw->stream;
    }
    for (int round = 0; round < AR_PHILOX_ROUNDS; round++) {
        for (int lane = 0; lane < lanes; lane++) {
            uint32_t c[4] = {words[0][lane], words[1][lane], words[2][lane], words[3][lane]};
            ar_philox_round(c, key);
            words[0][lane] = c[0];
            words[1][lane] = c[1];
            words[2][lane] = c[2];
            words[3][lane] = c[3];
        }
        ar_philox_next_key(key);
    }
    const uint32_t threshold = draw->threshold;
    const float scale = draw->scale;
    for (int lane = 0; lane < lanes; lane++) {
        for (int k = 0; k < 4; k++) {
            factors[4 * lane + k] = words[k][lane] < threshold ? 0.0f : scale;
        }
    }
}

/* result = factor·x (+ more) of `count` values, added to what is there with `accumulate`. */
static void apply(const float *factors, const float *x, const float *more, bool accumulate,
                  float *result, int64_t count)
{
#pragma omp simd
    for (int64_t c = 0; c < count; c++) {
        float value = factors[c] * x[c] + (more ? more[c] : 0.0f);
        result[c] = accumulate ? result[c] + value : value;
    }
}

/* One row: result (+)= factors · x (+ more). */
static void drop_row(const row_draw *draw, const float *x, const float *more, bool accumulate,
                     float *result, int64_t columns)
{
    float factors[COLUMNS];
    for (int c = 0; c < COLUMNS && !draw->active; c++) {
        factors[c] = 1;
    }
    for (int64_t first = 0; first < columns; first += COLUMNS) {
        const int64_t count = columns - first < COLUMNS ? columns - first : COLUMNS;
        if (draw->active) {
            find_factors(draw, first, count, factors);
        }
        apply(factors, x + first, more ? more + first : NULL, accumulate, result + first, count);
    }
}

void cpu_dropout_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[INPUT], *residual = &call->inputs[RESIDUAL];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < x->rows; r++) {
        const row_draw draw = draw_of_row(call, r);
        drop_row(&draw, cpu_row(x, r), residual->data ? cpu_row(residual, r) : NULL, false,
                 cpu_row(&call->outputs[0], r), x->columns);
    }
}

void cpu_dropout_adjoint(const ar_op_call *call)
{
    const ar_matrix *from = &call->output_gradients[0], *to_x = &call->input_gradients[INPUT],
                    *to_residual = &call->input_gradients[RESIDUAL];
    const row_draw all = {.active = false};
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < from->rows; r++) {
        const float *gradient = cpu_row(from, r);
        if (to_x->data) {
            const row_draw draw = draw_of_row(call, r);
            drop_row(&draw, gradient, NULL, call->accumulate[INPUT], cpu_row(to_x, r),
                     from->columns);
        }
        if (to_residual->data) {
            drop_row(&all, gradient, NULL, call->accumulate[RESIDUAL], cpu_row(to_residual, r),
                     from->columns);
        }
    }
}
