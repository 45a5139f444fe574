/* Parts of a matrix product's operands copied into the order in which the register tile reads them,
 * rounded on the way. Packs are of units (product_tile.h): `inner` values make `inner` units, or
 * half as many pairs, where a last odd value gets a zero beside it. */
#ifndef AR_BACKEND_CPU_PRODUCT_PACK_H
#define AR_BACKEND_CPU_PRODUCT_PACK_H

#include "backend/cpu/product_tile.h"

/* Units of so many values. */
ALWAYS_INLINE int64_t product_units(int64_t inner, product_arithmetic arithmetic)
{
    return arithmetic == PRODUCT_BF16_PAIRS ? (inner + 1) / 2 : inner;
}

/* Floats from one tile of the packed left operand to the next. */
ALWAYS_INLINE int64_t product_left_size(int64_t units)
{
    return LEFT_STRIDE * ((units + LANES - 1) / LANES * LANES);
}

/* The same of the right operand. */
ALWAYS_INLINE int64_t product_right_size(int64_t units)
{
    return TILE_COLUMNS * units;
}

/* `rows` (at most TILE_ROWS) rows of the left operand: element (i, p) at from[i·stride + p], into
 * the tile's order by rows; if transposed at from[p·stride + i], into the other order. */
void cpu_product_pack_left(float *to, const float *from, int64_t stride, bool transposed,
                           int64_t rows, int64_t inner, product_arithmetic arithmetic);

/* `columns` (at most TILE_COLUMNS) columns of the right operand: element (p, j) at
 * from[p·stride + j], if transposed at from[j·stride + p]; zeros fill the other columns. */
void cpu_product_pack_right(float *to, const float *from, int64_t stride, bool transposed,
                            int64_t columns, int64_t inner, product_arithmetic arithmetic);

#endif
