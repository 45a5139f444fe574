#include "backend/cpu/matrix_product.h"

#include "backend/cpu/processor/path.h"
#include "backend/cpu/product_pack.h"

enum {
    INNER_LARGEST = 512, /* units of the inner dimension at once: sums are stored once a block */
    RESIDENT_FLOATS = 1 << 17, /* half a MiB: in the second-level cache, beside what streams by */
    PANEL_FLOATS = TILE_COLUMNS * INNER_LARGEST,
    TILE_FLOATS = TILE_ROWS * TILE_COLUMNS,
    SCRATCH_FLOATS = RESIDENT_FLOATS + PANEL_FLOATS + TILE_FLOATS,
    ALIGNMENT = 64,
    /* Copying an element into a pack costs about as much as so many multiplications with it. */
    PACKING_COST = 5,
};

/* A thread's work on a block of the inner dimension. */
typedef struct {
    const matrix_product *product;
    product_arithmetic arithmetic;
    int64_t first, inner, units;    /* of the inner dimension */
    bool add, last;                 /* not the first, the last of an element's blocks */
    float *resident, *panel, *tile; /* RESIDENT_FLOATS, PANEL_FLOATS, TILE_FLOATS */
} block_work;

typedef struct {
    int64_t first, count;
} range;

/* Part i of n nearly equal ones. */
static range part_of(range whole, int64_t i, int64_t n)
{
    int64_t first = whole.count * i / n, end = whole.count * (i + 1) / n;
    return (range){whole.first + first, end - first};
}

static int64_t parts_of(int64_t count, int64_t largest)
{
    return (count + largest - 1) / largest;
}

/* Part i of n of whole tiles; the last may hang over the edge. */
static range whole_tiles(range columns, int64_t i, int64_t n)
{
    range tiles = part_of((range){0, parts_of(columns.count, TILE_COLUMNS)}, i, n);
    int64_t first = tiles.first * TILE_COLUMNS, count = tiles.count * TILE_COLUMNS;
    int64_t rest = columns.count - first;
    return (range){columns.first + first, count < rest ? count : rest};
}

static void pack_left(const block_work *work, float *to, range rows)
{
    const matrix_product *p = work->product;
    const float *from = p->transpose_a ? p->a + work->first * p->a_stride + rows.first
                                       : p->a + rows.first * p->a_stride + work->first;
    cpu_product_pack_left(to, from, p->a_stride, p->transpose_a, rows.count, work->inner,
                          work->arithmetic);
}

static void pack_right(const block_work *work, float *to, range columns)
{
    const matrix_product *p = work->product;
    const float *from = p->transpose_b ? p->b + columns.first * p->b_stride + work->first
                                       : p->b + work->first * p->b_stride + columns.first;
    cpu_product_pack_right(to, from, p->b_stride, p->transpose_b, columns.count, work->inner,
                           work->arithmetic);
}

/* A tile goes straight to C, or, if it is finished there or hangs over C's edge, through a copy. */
static void multiply_tile(const block_work *work, range rows, range columns, const float *left,
                          const float *right)
{
    const matrix_product *p = work->product;
    const product_finish *finish = &p->finish;
    const bool finished =
        work->last && (finish->bias || finish->gelu || finish->before_gelu || finish->residual);
    const bool direct = !finished && columns.count == TILE_COLUMNS;
    float *c = p->c + rows.first * p->c_stride + columns.first;
    product_tile tile = {.left = left,
                         .left_by_rows = !p->transpose_a,
                         .right = right,
                         .units = work->units,
                         .pairs = work->arithmetic == PRODUCT_BF16_PAIRS,
                         .rows = (int)rows.count,
                         .to = direct ? c : work->tile,
                         .to_stride = direct ? p->c_stride : TILE_COLUMNS,
                         .add = direct && work->add};
    cpu_product_tile(&tile);
    static const product_finish nothing;
    for (int64_t i = 0; i < rows.count && !direct; i++) {
        cpu_product_finish_row(finished ? finish : &nothing, c + i * p->c_stride,
                               work->tile + i * TILE_COLUMNS, work->add, rows.first + i,
                               columns.first, columns.count);
    }
}

static range tile_rows(range rows, int64_t tile)
{
    return part_of(rows, tile, parts_of(rows.count, TILE_ROWS));
}

static range tile_columns(range columns, int64_t tile)
{
    int64_t first = tile * TILE_COLUMNS, rest = columns.count - first;
    return (range){columns.first + first, rest < TILE_COLUMNS ? rest : TILE_COLUMNS};
}

/* All rows stay packed, columns pass tile by tile. */
static void pass_columns(const block_work *work, range rows, range columns)
{
    const int64_t row_tiles = parts_of(rows.count, TILE_ROWS);
    for (int64_t t = 0; t < row_tiles; t++) {
        range some = tile_rows(rows, t);
        pack_left(work, work->resident + product_left_size(some.first - rows.first, work->units),
                  some);
    }
    for (int64_t u = 0; u < parts_of(columns.count, TILE_COLUMNS); u++) {
        range across = tile_columns(columns, u);
        pack_right(work, work->panel, across);
        for (int64_t t = 0; t < row_tiles; t++) {
            range some = tile_rows(rows, t);
            multiply_tile(work, some, across,
                          work->resident + product_left_size(some.first - rows.first, work->units),
                          work->panel);
        }
    }
}

/* All columns stay packed, rows pass tile by tile. */
static void pass_rows(const block_work *work, range rows, range columns)
{
    const int64_t column_tiles = parts_of(columns.count, TILE_COLUMNS);
    const int64_t size = TILE_COLUMNS * work->units;
    for (int64_t u = 0; u < column_tiles; u++) {
        pack_right(work, work->resident + u * size, tile_columns(columns, u));
    }
    for (int64_t t = 0; t < parts_of(rows.count, TILE_ROWS); t++) {
        range some = tile_rows(rows, t);
        pack_left(work, work->panel, some);
        for (int64_t u = 0; u < column_tiles; u++) {
            multiply_tile(work, some, tile_columns(columns, u), work->panel,
                          work->resident + u * size);
        }
    }
}

/* A rectangle of C: the smaller operand in as many blocks as the cache wants, each with all of the
 * other one, block by block of the inner dimension. */
static void multiply_rectangle(block_work work, range rows, range columns)
{
    const matrix_product *p = work.product;
    const int64_t pair = work.arithmetic == PRODUCT_BF16_PAIRS ? 2 : 1;
    const int64_t inner_parts = p->k > 0 ? parts_of(p->k, pair * INNER_LARGEST) : 1;
    /* Whole vectors of units, so that only the last block has a rest. */
    const int64_t inner = parts_of(parts_of(p->k, inner_parts), pair * LANES) * pair * LANES;
    const int64_t fitting = inner > 0 ? RESIDENT_FLOATS / (inner / pair) : RESIDENT_FLOATS;
    const bool keep_rows = rows.count <= columns.count;
    const int64_t blocks =
        keep_rows ? parts_of(rows.count, fitting)
                  : parts_of(parts_of(columns.count, TILE_COLUMNS), fitting / TILE_COLUMNS);
    for (int64_t block = 0; block < blocks; block++) {
        for (int64_t i = 0; i < inner_parts; i++) {
            work.first = i * inner;
            work.inner = i + 1 < inner_parts ? inner : p->k - work.first;
            work.units = product_units(work.inner, work.arithmetic);
            work.add = p->accumulate || i > 0;
            work.last = i + 1 == inner_parts;
            if (keep_rows) {
                pass_columns(&work, part_of(rows, block, blocks), columns);
            } else {
                pass_rows(&work, rows, whole_tiles(columns, block, blocks));
            }
        }
    }
}

typedef struct {
    int64_t down, across; /* parts of rows, parts of columns */
} division;

/* The rectangles of C whose largest costs the least, packing included. */
static division divide(const matrix_product *p)
{
    const int64_t tiles = parts_of(p->n, TILE_COLUMNS);
    division best = {1, 1};
    double least = 0;
    for (int64_t down = 1; down <= p->threads; down++) {
        int64_t across = p->threads / down;
        double rows = (double)parts_of(p->m, down);
        double columns = (double)(parts_of(tiles, across) * TILE_COLUMNS);
        double cost = rows * columns + PACKING_COST * (rows + columns);
        if (down == 1 || cost < least) {
            least = cost;
            best = (division){down, across};
        }
    }
    return best;
}

static product_arithmetic arithmetic_of(const matrix_product *product)
{
    if (product->precision != AR_TYPE_BFLOAT16) {
        return PRODUCT_FLOAT32;
    }
#if defined(__AVX512BF16__)
    if (product->kernels == PRODUCT_BY_PAIRS ||
        (product->kernels == PRODUCT_BY_CHOICE && cpu_bf16_dot_pays())) {
        return PRODUCT_BF16_PAIRS;
    }
#endif
    return PRODUCT_BF16_WIDE;
}

size_t cpu_multiply_workspace(int threads)
{
    return (size_t)threads * SCRATCH_FLOATS * sizeof(float) + ALIGNMENT;
}

void cpu_multiply(const matrix_product *p)
{
    if (p->m == 0 || p->n == 0) {
        return;
    }
    const product_arithmetic arithmetic = arithmetic_of(p);
    const division parts = divide(p);
    float *scratch = (float *)(((uintptr_t)p->workspace + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (int64_t part = 0; part < parts.down * parts.across; part++) {
        float *own = scratch + part * SCRATCH_FLOATS;
        block_work work = {.product = p,
                           .arithmetic = arithmetic,
                           .resident = own,
                           .panel = own + RESIDENT_FLOATS,
                           .tile = own + RESIDENT_FLOATS + PANEL_FLOATS};
        multiply_rectangle(work, part_of((range){0, p->m}, part % parts.down, parts.down),
                           whole_tiles((range){0, p->n}, part / parts.down, parts.across));
    }
}
