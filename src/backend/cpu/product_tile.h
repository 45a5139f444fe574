/* The register tile of a matrix product: at most TILE_ROWS × TILE_COLUMNS sums that stay in
 * registers over the inner dimension (Goto and van de Geijn 2008). Its operands are packed; their
 * elements are units of 32 bits: a float, or a pair of bfloat16 of neighbours in the inner
 * dimension. */
#ifndef AR_BACKEND_CPU_PRODUCT_TILE_H
#define AR_BACKEND_CPU_PRODUCT_TILE_H

#include <stdbool.h>

#include "backend/cpu/names.h"
#include "backend/cpu/product_vector.h"

/* Sums, two vectors of the right operand and one of the left fill the registers. */
#if defined(__AVX512F__)
enum { TILE_ROWS = 14 };
#else
enum { TILE_ROWS = 6 };
#endif
enum { TILE_COLUMNS = 2 * LANES };
/* The rows of a tile in whole vectors. */
enum { LEFT_STRIDE = (TILE_ROWS + LANES - 1) / LANES * LANES };

/* How operands are rounded and multiplied; sums are float32 in all. */
typedef enum {
    PRODUCT_FLOAT32,    /* as they are */
    PRODUCT_BF16_WIDE,  /* rounded to bfloat16, multiplied as float32 */
    PRODUCT_BF16_PAIRS, /* rounded to bfloat16, multiplied by vdpbf16ps; path avx512_bf16 only */
} product_arithmetic;

/* What other tiles will read from memory, rows of floats: asked for line by line while this tile
 * computes, so that nobody waits for it. */
typedef struct {
    const float *row;
    int64_t columns, stride; /* of a row; from row to row */
    int64_t column, rows;    /* where in the row; rows that are left */
} product_soon;

typedef struct {
    /* Of `rows` rows: by rows blocks of LANES units of each row, [units/LANES][rows][LANES],
     * otherwise [units][LEFT_STRIDE]. */
    const float *left;
    bool left_by_rows;
    const float *right; /* [units][TILE_COLUMNS] */
    int64_t units;
    bool pairs;
    int rows;  /* 1 to TILE_ROWS */
    float *to; /* [rows][TILE_COLUMNS] */
    int64_t to_stride;
    bool add;           /* to what is there */
    product_soon *soon; /* moves on by `lines` */
    int64_t lines;      /* cache lines for every LANES units */
} product_tile;

void cpu_product_tile(const product_tile *tile);

#endif
