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
    for (int64_t p = 0; p < inner; p += step, to += LEFT_STRIDE) {
        for (int64_t i = 0; i < LEFT_STRIDE && i < rows; i += LANES) {
            const int64_t count = at_most(rows - i, LANES);
            const float *at = from + p * stride + i;
            store(to + i, how == PRODUCT_BF16_PAIRS ? pairs_at(at, stride, count, p + 1 < inner)
                                                    : values_at(at, count, how));
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

/* Units [0, count) of a transposed block into their rows of the pack. With `wide` they are pairs,
 * and each makes two units of float32. */
ALWAYS_INLINE void store_turned(float *to, const vector units[LANES], int64_t count,
                                const bool wide)
{
#pragma GCC unroll 16
    for (int64_t i = 0; i < LANES; i++) {
        if (wide && 2 * i < count) {
            store(to + 2 * i * TILE_COLUMNS, first_of_pairs(units[i]));
        }
        if (wide && 2 * i + 1 < count) {
            store(to + (2 * i + 1) * TILE_COLUMNS, second_of_pairs(units[i]));
        }
        if (!wide && i < count) {
            store(to + i * TILE_COLUMNS, units[i]);
        }
    }
}

/* LANES columns of the right operand whose inner dimension is contiguous: blocks of LANES units of
 * each are transposed. Whole blocks of float32 are read where they are; parts of blocks, and what
 * is rounded, from a copy. Where there are pairs, rounding goes through them: half as much is
 * transposed. */
ALWAYS_INLINE void pack_right_turned(float *to, const float *from, int64_t stride, int64_t columns,
                                     int64_t inner, const product_arithmetic how)
{
    const bool pairs = how == PRODUCT_BF16_PAIRS || (how == PRODUCT_BF16_WIDE && HAS_PAIRS);
    const product_arithmetic unit = pairs ? PRODUCT_BF16_PAIRS : how;
    const bool wide = pairs && how == PRODUCT_BF16_WIDE;
    const int64_t values = pairs ? 2 * LANES : LANES, all_units = product_units(inner, how);
    float part[LANES * LANES] __attribute__((aligned(64)));
    for (int64_t p = 0; p < inner; p += values) {
        const bool whole = how == PRODUCT_FLOAT32 && columns == LANES && inner - p >= LANES;
        for (int64_t j = 0; j < LANES && !whole; j++) {
            store(part + j * LANES,
                  j < columns ? units_along(from + j * stride + p, inner - p, unit) : (vector){0});
        }
        vector turned[LANES];
        transpose_block(turned, whole ? from + p : part, whole ? stride : LANES);
        const int64_t first = product_units(p, how), rest = all_units - first;
        const int64_t most = wide ? 2 * LANES : LANES;
        if (rest >= most) {
            store_turned(to + first * TILE_COLUMNS, turned, most, wide);
        } else {
            store_turned(to + first * TILE_COLUMNS, turned, rest, wide);
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
