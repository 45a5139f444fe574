#include <stddef.h>

#include "backend/cpu/cpu.h"
#include "backend/cpu/lanes.h"
#include "base/random.h"

enum { INPUT, RESIDUAL, DRAW };
/* Counters of one vector, a 64-bit lane each, and the columns that their words decide of. Two
 * vectors are drawn side by side, so that multiplications need not wait for each other. */
enum { COUNTERS = LANES / 2, VECTORS = 2, COLUMNS = VECTORS * 4 * COUNTERS };

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

/* Low halves of 64-bit lanes hold a word each; the high halves are whatever a product left. */
typedef uint64_t words __attribute__((vector_size(8 * COUNTERS)));
typedef uint32_t halves __attribute__((vector_size(8 * COUNTERS)));

/* The products of the low halves, in all 64 bits. */
LANES_INLINE words multiply_low(words a, words b)
{
#if defined(__AVX512F__)
    return (words)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (words)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (words)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}

/* Lane 2k of both in turn, or 2k + 1. */
LANES_INLINE words even_lanes(words a, words b)
{
#if defined(__AVX512F__)
    return (words)_mm512_unpacklo_epi64((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (words)_mm256_unpacklo_epi64((__m256i)a, (__m256i)b);
#else
    return (words){a[0], b[0]};
#endif
}

LANES_INLINE words odd_lanes(words a, words b)
{
#if defined(__AVX512F__)
    return (words)_mm512_unpackhi_epi64((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (words)_mm256_unpackhi_epi64((__m256i)a, (__m256i)b);
#else
    return (words){a[1], b[1]};
#endif
}

/* Counter j in lane 2j, and j + COUNTERS/2 in lane 2j + 1: after that, even_lanes of two words are
 * in the order of counters, and odd_lanes behind them. */
LANES_INLINE words counters_from(uint32_t first)
{
    words result;
    for (uint32_t lane = 0; lane < COUNTERS; lane++) {
        result[lane] = first + lane / 2 + lane % 2 * (COUNTERS / 2);
    }
    return result;
}

/* Drop what has a word below the threshold. */
LANES_INLINE lanes factors_of(const row_draw *draw, words pair)
{
    const lanes_of_int kept = (lanes_of_int)((halves)pair >= draw->threshold);
    return (lanes)(kept & (lanes_of_int)lanes_all(draw->scale));
}

/* What COLUMNS values from column `first` on, a multiple of 4, are multiplied with: word k of
 * counter i decides of column 4i + k. Philox as base/random.h has it, all counters at once. */
LANES_INLINE void find_factors(const row_draw *draw, int64_t first, lanes factors[COLUMNS / LANES])
{
    const words multiplier0 = (words){0} + AR_PHILOX_MULTIPLIER0,
                multiplier1 = (words){0} + AR_PHILOX_MULTIPLIER1;
    uint32_t key[2] = {draw->key[0], draw->key[1]};
    words w[VECTORS][4];
    for (int v = 0; v < VECTORS; v++) {
        w[v][0] = counters_from(draw->first + (uint32_t)(first / 4) + (uint32_t)(v * COUNTERS));
        w[v][1] = (words){0} + draw->sample;
        w[v][2] = (words){0} + draw->step;
        w[v][3] = (words){0} + draw->stream;
    }
    for (int round = 0; round < AR_PHILOX_ROUNDS; round++) {
        for (int v = 0; v < VECTORS; v++) {
            const words product0 = multiply_low(w[v][0], multiplier0),
                        product1 = multiply_low(w[v][2], multiplier1);
            w[v][0] = (product1 >> 32) ^ w[v][1] ^ key[0];
            w[v][1] = product1;
            w[v][2] = (product0 >> 32) ^ w[v][3] ^ key[1];
            w[v][3] = product0;
        }
        ar_philox_next_key(key);
    }
    for (int v = 0; v < VECTORS; v++) {
        const words first_pair = (w[v][0] & 0xffffffffu) | w[v][1] << 32,
                    second_pair = (w[v][2] & 0xffffffffu) | w[v][3] << 32;
        factors[2 * v] = factors_of(draw, even_lanes(first_pair, second_pair));
        factors[2 * v + 1] = factors_of(draw, odd_lanes(first_pair, second_pair));
    }
}

/* Where a row's values go: result (+)= factor·x (+ more), and plain (+)= x. */
typedef struct {
    const float *x, *more; /* more may be NULL */
    float *result, *plain; /* either may be NULL */
    bool add_to_result, add_to_plain;
} row_work;

LANES_INLINE void drop_lanes(const row_work *work, int64_t c, int64_t count, lanes factors)
{
    const lanes x = lanes_load_up_to(work->x + c, count);
    if (work->result) {
        lanes value = factors * x;
        value += work->more ? lanes_load_up_to(work->more + c, count) : lanes_all(0);
        value += work->add_to_result ? lanes_load_up_to(work->result + c, count) : lanes_all(0);
        lanes_store_up_to(work->result + c, value, count);
    }
    if (work->plain) {
        const lanes old =
            work->add_to_plain ? lanes_load_up_to(work->plain + c, count) : lanes_all(0);
        lanes_store_up_to(work->plain + c, x + old, count);
    }
}

static void drop_row(const row_draw *draw, const row_work *work, int64_t columns)
{
    lanes factors[COLUMNS / LANES];
    for (int k = 0; k < COLUMNS / LANES; k++) {
        factors[k] = lanes_all(1);
    }
    for (int64_t first = 0; first < columns; first += COLUMNS) {
        if (draw->active) {
            find_factors(draw, first, factors);
        }
        for (int k = 0; k < COLUMNS / LANES; k++) {
            const int64_t c = first + k * LANES;
            if (c + LANES <= columns) {
                drop_lanes(work, c, LANES, factors[k]);
            } else if (c < columns) {
                drop_lanes(work, c, columns - c, factors[k]);
            }
        }
    }
}

void cpu_dropout_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[INPUT], *residual = &call->inputs[RESIDUAL];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < x->rows; r++) {
        const row_draw draw = draw_of_row(call, r);
        const row_work work = {.x = cpu_row(x, r),
                               .more = residual->data ? cpu_row(residual, r) : NULL,
                               .result = cpu_row(&call->outputs[0], r)};
        drop_row(&draw, &work, x->columns);
    }
}

void cpu_dropout_adjoint(const ar_op_call *call)
{
    const ar_matrix *from = &call->output_gradients[0], *to_x = &call->input_gradients[INPUT],
                    *to_residual = &call->input_gradients[RESIDUAL];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < from->rows; r++) {
        const row_draw draw = draw_of_row(call, r);
        const row_work work = {.x = cpu_row(from, r),
                               .result = to_x->data ? cpu_row(to_x, r) : NULL,
                               .plain = to_residual->data ? cpu_row(to_residual, r) : NULL,
                               .add_to_result = call->accumulate[INPUT],
                               .add_to_plain = call->accumulate[RESIDUAL]};
        drop_row(&draw, &work, from->columns);
    }
}
