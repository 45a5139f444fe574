#include "backend/cpu/product_tile.h"

ALWAYS_INLINE vector spread(const float *unit)
{
#if defined(__AVX512F__)
    return (vector)_mm512_set1_ps(*unit);
#else
    return *unit - (vector){0};
#endif
}

ALWAYS_INLINE vector multiply_add(vector left, vector right, vector sum, const bool pairs)
{
#if defined(__AVX512BF16__)
    if (pairs) {
        return (vector)_mm512_dpbf16_ps((__m512)sum, (__m512bh)left, (__m512bh)right);
    }
#endif
    (void)pairs;
    return sum + left * right;
}

/* One unit of the inner dimension. All of what is const here is a constant at every call, so that
 * the loops unroll and the sums are registers. */
ALWAYS_INLINE void add_unit(vector sum[TILE_ROWS][2], const float *left, const float *right,
                            const int rows, const int row_stride, const bool pairs)
{
    const vector right0 = load(right), right1 = load(right + LANES);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        const vector value = spread(left + i * row_stride);
        sum[i][0] = multiply_add(value, right0, sum[i][0], pairs);
        sum[i][1] = multiply_add(value, right1, sum[i][1], pairs);
    }
}

static inline void ask_for(product_soon *soon, int64_t lines)
{
    enum { LINE = 16, SECOND_LEVEL = 2 };
    for (; lines > 0 && soon->rows > 0; lines--) {
        __builtin_prefetch(soon->row + soon->column, 0, SECOND_LEVEL);
        soon->column += LINE;
        if (soon->column >= soon->columns) {
            soon->column = 0;
            soon->row += soon->stride;
            soon->rows--;
        }
    }
}

ALWAYS_INLINE void multiply_tile(const product_tile *tile, const int rows, const bool by_rows,
                                 const bool pairs)
{
    vector sum[TILE_ROWS][2];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        /* What is read or written last comes from far away. */
        __builtin_prefetch(tile->to + i * tile->to_stride, 1);
        __builtin_prefetch(tile->to + i * tile->to_stride + TILE_COLUMNS - 1, 1);
        sum[i][0] = sum[i][1] = (vector){0};
    }
    const float *left = tile->left, *right = tile->right;
    if (by_rows) {
        for (int64_t rest = tile->units; rest > 0; rest -= LANES) {
            const int64_t units = rest < LANES ? rest : LANES;
#pragma GCC unroll 1
            for (int64_t unit = 0; unit < units; unit++) {
                add_unit(sum, left + unit, right, rows, LANES, pairs);
                right += TILE_COLUMNS;
            }
            left += rows * LANES;
            ask_for(tile->soon, tile->lines);
        }
    } else {
#pragma GCC unroll 1
        for (int64_t unit = 0; unit < tile->units; unit++) {
            add_unit(sum, left, right, rows, 1, pairs);
            left += LEFT_STRIDE;
            right += TILE_COLUMNS;
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
        float *to = tile->to + i * tile->to_stride;
        if (tile->add) {
            sum[i][0] += load(to);
            sum[i][1] += load(to + LANES);
        }
        store(to, sum[i][0]);
        store(to + LANES, sum[i][1]);
    }
}

ALWAYS_INLINE void multiply_rows(const product_tile *tile, const int rows)
{
#if defined(__AVX512BF16__)
    if (tile->pairs && tile->left_by_rows) {
        multiply_tile(tile, rows, true, true);
        return;
    }
    if (tile->pairs) {
        multiply_tile(tile, rows, false, true);
        return;
    }
#endif
    if (tile->left_by_rows) {
        multiply_tile(tile, rows, true, false);
    } else {
        multiply_tile(tile, rows, false, false);
    }
}

void cpu_product_tile(const product_tile *tile)
{
    switch (tile->rows) {
#if defined(__AVX512F__)
    case 14:
        multiply_rows(tile, 14);
        break;
    case 13:
        multiply_rows(tile, 13);
        break;
    case 12:
        multiply_rows(tile, 12);
        break;
    case 11:
        multiply_rows(tile, 11);
        break;
    case 10:
        multiply_rows(tile, 10);
        break;
    case 9:
        multiply_rows(tile, 9);
        break;
    case 8:
        multiply_rows(tile, 8);
        break;
    case 7:
        multiply_rows(tile, 7);
        break;
#endif
    case 6:
        multiply_rows(tile, 6);
        break;
    case 5:
        multiply_rows(tile, 5);
        break;
    case 4:
        multiply_rows(tile, 4);
        break;
    case 3:
        multiply_rows(tile, 3);
        break;
    case 2:
        multiply_rows(tile, 2);
        break;
    default:
        multiply_rows(tile, 1);
        break;
    }
}
