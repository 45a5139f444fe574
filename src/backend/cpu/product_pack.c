#include "backend/cpu/product_pack.h"

static inline int64_t at_most(int64_t value, int64_t largest)
{
    return value < largest ? value : largest;
}

/* `count` (at most LANES) values of one place in the inner dimension, as units of float32. */
ALWAYS_INLINE vector values_at(const float *from, int64_t count, const product_arithmetic how)
{
    vector value = count == LANES ? load(from) : load_first(from, count);
    return how == PRODUCT_FLOAT32 ? value : round_to_bf16(value);
}

/* The same of two neighbouring places, as pairs; the second may be missing. */
ALWAYS_INLINE vector pairs_at(const float *from, int64_t stride, int64_t count, bool second)
{
    vector low = count == LANES ? load(from) : load_first(from, count), high = {0};
    if (second) {
        high = count == LANES ? load(from + stride) : load_first(from + stride, count);
    }
    return pair_lanes(low, high);
}

/* Up to LANES units of one row along the inner dimension, of which `inner` values are left. */
ALWAYS_INLINE vector units_along(const float *from, int64_t inner, const product_arithmetic how)
{
    if (how != PRODUCT_BF16_PAIRS) {
        return values_at(from, at_most(inner, LANES), how);
    }
    if (inner >= 2 * LANES) {
        return pair_neighbours(load(from), load(from + LANES));
    }
    const int64_t first = at_most(inner, LANES);
    return pair_neighbours(load_first(from, first),
                           inner > LANES ? load_first(from + LANES, inner - LANES) : (vector){0});
}

ALWAYS_INLINE void pack_left_rows(float *to, const float *from, int64_t stride, int64_t rows,
                                  int64_t inner, const product_arithmetic how)
{
    const int64_t values = how == PRODUCT_BF16_PAIRS ? 2 * LANES : LANES;
    for (int64_t p = 0; p < inner; p += values) {
        for (int64_t i = 0; i < rows; i++, to += LANES) {
            store(to, units_along(from + i * stride + p, inner - p, how));
        }
    }
}

ALWAYS_INLINE void pack_left_columns(float *to, const float *from, int64_t stride, int64_t rows,
                                     int64_t inner, const product_arithmetic how)
{
    const int64_t step = how == PRODUCT_BF16_PAIRS ? 2 : 1;
    for (int64_t p = 0; p < inner; p += step, to += rows) {
        for (int64_t i = 0; i < rows; i += LANES) {
            const int64_t count = at_most(rows - i, LANES);
            const float *at = from + p * stride + i;
            store_first(to + i,
                        how == PRODUCT_BF16_PAIRS ? pairs_at(at, stride, count, p + 1 < inner)
                                                  : values_at(at, count, how),
                        count);
        }
    }
}

ALWAYS_INLINE void pack_left(float *to, const float *from, int64_t stride, bool transposed,
                             int64_t rows, int64_t inner, const product_arithmetic how)
{
    if (transposed) {
        pack_left_columns(to, from, stride, rows, inner, how);
    } else {
        pack_left_rows(to, from, stride, rows, inner, how);
    }
}

void cpu_product_pack_left(float *to, const float *from, int64_t stride, bool transposed,
                           int64_t rows, int64_t inner, product_arithmetic arithmetic)
{
    switch (arithmetic) {
    case PRODUCT_FLOAT32:
        pack_left(to, from, stride, transposed, rows, inner, PRODUCT_FLOAT32);
        break;
    case PRODUCT_BF16_WIDE:
        pack_left(to, from, stride, transposed, rows, inner, PRODUCT_BF16_WIDE);
        break;
    case PRODUCT_BF16_PAIRS:
        pack_left(to, from, stride, transposed, rows, inner, PRODUCT_BF16_PAIRS);
        break;
    }
}

ALWAYS_INLINE void pack_right_rows(float *to, const float *from, int64_t stride, int64_t columns,
                                   int64_t inner, const product_arithmetic how)
{
    const int64_t step = how == PRODUCT_BF16_PAIRS ? 2 : 1;
    for (int64_t p = 0; p < inner; p += step, to += TILE_COLUMNS) {
        for (int64_t j = 0; j < TILE_COLUMNS; j += LANES) {
            const int64_t count = columns < j ? 0 : at_most(columns - j, LANES);
            const float *at = from + p * stride + j;
            store(to + j, how == PRODUCT_BF16_PAIRS ? pairs_at(at, stride, count, p + 1 < inner)
                                                    : values_at(at, count, how));
        }
    }
}

/* LANES columns of the right operand whose inner dimension is contiguous: LANES×LANES blocks of
 * units are transposed, the last of a column or of the inner dimension as part of a whole one. */
ALWAYS_INLINE void pack_right_turned(float *to, const float *from, int64_t stride, int64_t columns,
                                     int64_t inner, const product_arithmetic how)
{
    const int64_t values = how == PRODUCT_BF16_PAIRS ? 2 * LANES : LANES;
    const int64_t all_units = product_units(inner, how);
    float part[LANES * LANES] __attribute__((aligned(64)));
    for (int64_t p = 0, unit = 0; p < inner; p += values, unit += LANES) {
        const float *block = from + p;
        int64_t block_stride = stride;
        if (how == PRODUCT_BF16_PAIRS || columns < LANES || inner - p < values) {
            for (int64_t j = 0; j < LANES; j++) {
                store(part + j * LANES,
                      j < columns ? units_along(block + j * stride, inner - p, how) : (vector){0});
            }
            block = part;
            block_stride = LANES;
        }
        vector turned[LANES];
        transpose_block(turned, block, block_stride);
        float *at = to + unit * TILE_COLUMNS;
        if (all_units - unit >= LANES) {
#pragma GCC unroll 16
            for (int64_t i = 0; i < LANES; i++) {
                store(at + i * TILE_COLUMNS,
                      how == PRODUCT_BF16_WIDE ? round_to_bf16(turned[i]) : turned[i]);
            }
        } else {
            for (int64_t i = 0; i < all_units - unit; i++) {
                store(at + i * TILE_COLUMNS,
                      how == PRODUCT_BF16_WIDE ? round_to_bf16(turned[i]) : turned[i]);
            }
        }
    }
}

ALWAYS_INLINE void pack_right(float *to, const float *from, int64_t stride, bool transposed,
                              int64_t columns, int64_t inner, const product_arithmetic how)
{
    if (!transposed) {
        pack_right_rows(to, from, stride, columns, inner, how);
        return;
    }
    for (int64_t j = 0; j < TILE_COLUMNS; j += LANES) {
        pack_right_turned(to + j, from + j * stride, stride,
                          columns < j ? 0 : at_most(columns - j, LANES), inner, how);
    }
}

void cpu_product_pack_right(float *to, const float *from, int64_t stride, bool transposed,
                            int64_t columns, int64_t inner, product_arithmetic arithmetic)
{
    switch (arithmetic) {
    case PRODUCT_FLOAT32:
        pack_right(to, from, stride, transposed, columns, inner, PRODUCT_FLOAT32);
        break;
    case PRODUCT_BF16_WIDE:
        pack_right(to, from, stride, transposed, columns, inner, PRODUCT_BF16_WIDE);
        break;
    case PRODUCT_BF16_PAIRS:
        pack_right(to, from, stride, transposed, columns, inner, PRODUCT_BF16_PAIRS);
        break;
    }
}
