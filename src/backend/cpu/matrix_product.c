#include "backend/cpu/matrix_product.h"

#include "backend/cpu/onednn/onednn_product.h"
#include "backend/cpu/processor/path.h"
#include "backend/cpu/product_pack.h"

enum {
    INNER_LARGEST = 256, /* units of the inner dimension at once: a packed tile of columns stays in
                          * the first-level cache */
    ROWS_PASSING = 8,    /* tiles of rows that are packed together when rows pass */
    RESIDENT_FLOATS = 1 << 17, /* of the one that stays: half a MiB in the second-level cache */
    PASSING_FLOATS = ROWS_PASSING * LEFT_STRIDE * INNER_LARGEST,
    TILE_FLOATS = TILE_ROWS * TILE_COLUMNS,
    SCRATCH_FLOATS = RESIDENT_FLOATS + PASSING_FLOATS + TILE_FLOATS,
    ALIGNMENT = 64,
    CACHE_LINE = 16, /* floats */
    /* Copying an element into a pack costs about as much as so many multiplications with it. */
    PACKING_COST = 5,
};
_Static_assert(TILE_COLUMNS <= ROWS_PASSING * LEFT_STRIDE, "a tile of columns fits where rows do");

/* A thread's work on a block of the inner dimension. */
typedef struct {
    const matrix_product *product;
    product_arithmetic arithmetic;
    int64_t first, inner, units;      /* of the inner dimension */
    bool add, last;                   /* not the first, the last of an element's blocks */
    float *resident, *passing, *tile; /* RESIDENT_FLOATS, PASSING_FLOATS, TILE_FLOATS */
} block_work;

/* Consecutive rows or columns of C. */
typedef struct {
    int64_t first, count;
} range;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t parts_of(int64_t count, int64_t largest)
{
    return (count + largest - 1) / largest;
}

/* Part i of n nearly equal ones. */
static range part_of(range whole, int64_t i, int64_t n)
{
    int64_t first = whole.count * i / n, end = whole.count * (i + 1) / n;
    return (range){whole.first + first, end - first};
}

/* Rows are cut into as few tiles as there can be, all nearly equal. */
static int64_t row_tiles(range rows)
{
    return parts_of(rows.count, TILE_ROWS);
}

static range row_tile(range rows, int64_t t)
{
    return part_of(rows, t, row_tiles(rows));
}

/* Columns are cut into whole tiles, the last of which may hang over the edge. */
static int64_t column_tiles(range columns)
{
    return parts_of(columns.count, TILE_COLUMNS);
}

/* Columns of tiles [first, first + count). */
static range some_columns(range columns, int64_t first, int64_t count)
{
    int64_t before = first * TILE_COLUMNS;
    return (range){columns.first + before, least(count * TILE_COLUMNS, columns.count - before)};
}

/* Part i of n, in whole tiles. */
static range column_part(range columns, int64_t i, int64_t n)
{
    range tiles = part_of((range){0, column_tiles(columns)}, i, n);
    return some_columns(columns, tiles.first, tiles.count);
}

/* How much of the inner dimension is packed at once for all tiles of an operand: all where it is
 * contiguous; otherwise a few rows of the operand in whole, so that what comes from memory is. */
static int64_t stretch_of(const block_work *work, bool contiguous)
{
    return contiguous && work->inner > 0 ? work->inner : 2 * LANES;
}

/* The block's part of A for these rows, tile after tile. */
static void pack_rows(const block_work *work, range rows, float *to)
{
    const matrix_product *p = work->product;
    const int64_t stretch = stretch_of(work, !p->transpose_a);
    for (int64_t k = 0; k < work->inner; k += stretch) {
        for (int64_t t = 0; t < row_tiles(rows); t++) {
            range tile = row_tile(rows, t);
            const int64_t row = tile.first, inner = work->first + k;
            cpu_product_pack_left(to + t * product_left_size(work->units) +
                                      LEFT_STRIDE * product_units(k, work->arithmetic),
                                  p->transpose_a ? p->a + inner * p->a_stride + row
                                                 : p->a + row * p->a_stride + inner,
                                  p->a_stride, p->transpose_a, tile.count,
                                  least(stretch, work->inner - k), work->arithmetic);
        }
    }
}

/* The block's part of B for these columns, tile after tile. */
static void pack_columns(const block_work *work, range columns, float *to)
{
    const matrix_product *p = work->product;
    const int64_t stretch = stretch_of(work, p->transpose_b);
    for (int64_t k = 0; k < work->inner; k += stretch) {
        for (int64_t u = 0; u < column_tiles(columns); u++) {
            range tile = some_columns(columns, u, 1);
            const int64_t column = tile.first, inner = work->first + k;
            cpu_product_pack_right(to + u * product_right_size(work->units) +
                                       TILE_COLUMNS * product_units(k, work->arithmetic),
                                   p->transpose_b ? p->b + column * p->b_stride + inner
                                                  : p->b + inner * p->b_stride + column,
                                   p->b_stride, p->transpose_b, tile.count,
                                   least(stretch, work->inner - k), work->arithmetic);
        }
    }
}

/* Tile `tile` of C's columns of B as packed beforehand. */
static float *packed_tile(const block_work *work, const float *packed, int64_t tile)
{
    const int64_t padded = column_tiles((range){0, work->product->n}) * TILE_COLUMNS;
    return (float *)packed + product_units(work->first, work->arithmetic) * padded +
           tile * product_right_size(work->units);
}

/* The block's part of B for these columns: packed beforehand, or now into `to`. */
static const float *packed_columns(const block_work *work, range columns, float *to)
{
    if (work->product->packed_b) {
        return packed_tile(work, work->product->packed_b, columns.first / TILE_COLUMNS);
    }
    pack_columns(work, columns, to);
    return to;
}

/* A tile goes straight to C, or, if it is finished there or hangs over C's edge, through a copy. */
static void multiply_tile(const block_work *work, range rows, const float *left, range columns,
                          const float *right, product_soon *soon, int64_t lines)
{
    static const product_finish nothing;
    const matrix_product *p = work->product;
    const product_finish *finish = work->last ? &p->finish : &nothing;
    const bool direct = columns.count == TILE_COLUMNS && !finish->bias && !finish->gelu &&
                        !finish->before_gelu && !finish->residual;
    float *c = p->c + rows.first * p->c_stride + columns.first;
    cpu_product_tile(&(product_tile){.left = left,
                                     .left_by_rows = !p->transpose_a,
                                     .right = right,
                                     .units = work->units,
                                     .pairs = work->arithmetic == PRODUCT_BF16_PAIRS,
                                     .rows = (int)rows.count,
                                     .to = direct ? c : work->tile,
                                     .to_stride = direct ? p->c_stride : TILE_COLUMNS,
                                     .add = direct && work->add,
                                     .soon = soon,
                                     .lines = lines});
    for (int64_t i = 0; i < rows.count && !direct; i++) {
        cpu_product_finish_row(finish, c + i * p->c_stride, work->tile + i * TILE_COLUMNS,
                               work->add, rows.first + i, columns.first, columns.count);
    }
}

/* The block's part of B for these columns, where it lies in memory. */
static product_soon soon_columns(const block_work *work, range columns)
{
    const matrix_product *p = work->product;
    if (columns.count <= 0) {
        return (product_soon){0};
    }
    if (p->packed_b) {
        return (product_soon){.row = packed_tile(work, p->packed_b, columns.first / TILE_COLUMNS),
                              .columns = product_right_size(work->units),
                              .rows = 1};
    }
    const int64_t row = p->transpose_b ? columns.first : work->first;
    const int64_t column = p->transpose_b ? work->first : columns.first;
    return (product_soon){.row = p->b + row * p->b_stride + column,
                          .columns = p->transpose_b ? work->inner : columns.count,
                          .stride = p->b_stride,
                          .rows = p->transpose_b ? columns.count : work->inner};
}

/* Cache lines that each LANES units of so many tiles ask for, so that they are there after all. */
static int64_t lines_at_once(const block_work *work, const product_soon *soon, int64_t tiles)
{
    const int64_t lines = soon->rows * parts_of(soon->columns, CACHE_LINE);
    const int64_t stretches = tiles * parts_of(work->units, LANES);
    return stretches > 0 ? parts_of(lines, stretches) : 0;
}

/* All rows stay packed, columns pass tile by tile through the first-level cache. */
static void keep_rows(const block_work *work, range rows, range columns)
{
    pack_rows(work, rows, work->resident);
    for (int64_t u = 0; u < column_tiles(columns); u++) {
        range across = some_columns(columns, u, 1);
        const float *right = packed_columns(work, across, work->passing);
        product_soon soon = soon_columns(work, some_columns(columns, u + 1, 1));
        const int64_t lines = lines_at_once(work, &soon, row_tiles(rows));
        for (int64_t t = 0; t < row_tiles(rows); t++) {
            multiply_tile(work, row_tile(rows, t),
                          work->resident + t * product_left_size(work->units), across, right, &soon,
                          lines);
        }
    }
}

/* All columns stay packed, rows pass. Tiles of a transposed A are narrow strips of its rows, less
 * than a cache line wide, so that a few are packed together. */
static void keep_columns(const block_work *work, range rows, range columns)
{
    const int64_t groups = parts_of(row_tiles(rows), work->product->transpose_a ? ROWS_PASSING : 1);
    const float *right = packed_columns(work, columns, work->resident);
    product_soon nothing = {0};
    for (int64_t group = 0; group < groups; group++) {
        range some = part_of(rows, group, groups);
        pack_rows(work, some, work->passing);
        for (int64_t t = 0; t < row_tiles(some); t++) {
            for (int64_t u = 0; u < column_tiles(columns); u++) {
                multiply_tile(work, row_tile(some, t),
                              work->passing + t * product_left_size(work->units),
                              some_columns(columns, u, 1),
                              right + u * product_right_size(work->units), &nothing, 0);
            }
        }
    }
}

/* How the inner dimension is cut. */
typedef struct {
    int64_t parts, units; /* units of all parts but the last */
} inner_division;

static int64_t pair_of(product_arithmetic arithmetic)
{
    return arithmetic == PRODUCT_BF16_PAIRS ? 2 : 1;
}

static inner_division divide_inner(const matrix_product *p, product_arithmetic arithmetic)
{
    const int64_t pair = pair_of(arithmetic);
    const int64_t parts = p->k > 0 ? parts_of(p->k, pair * INNER_LARGEST) : 1;
    /* Whole vectors of units, so that only the last block has a rest. */
    return (inner_division){parts, parts_of(parts_of(p->k, parts), pair * LANES) * LANES};
}

/* Go to part i of the inner dimension. */
static void begin_inner(block_work *work, inner_division inner, int64_t i)
{
    const matrix_product *p = work->product;
    const int64_t pair = pair_of(work->arithmetic);
    work->first = i * pair * inner.units;
    work->inner = least(pair * inner.units, p->k - work->first);
    work->units = product_units(work->inner, work->arithmetic);
    work->add = p->accumulate || i > 0;
    work->last = i + 1 == inner.parts;
}

/* A rectangle of C: one operand stays, in as many blocks as the cache wants, while all of the other
 * one passes, block by block of the inner dimension. */
static void multiply_rectangle(block_work work, range rows, range columns)
{
    const matrix_product *p = work.product;
    const inner_division inner = divide_inner(p, work.arithmetic);
    const int64_t fitting = RESIDENT_FLOATS / (inner.units > 0 ? inner.units : 1);
    /* Strips of a transposed A are best packed while they pass, in groups (keep_columns). */
    const bool rows_stay = !p->transpose_a && rows.count <= columns.count;
    const int64_t blocks = rows_stay ? parts_of(row_tiles(rows), fitting / LEFT_STRIDE)
                                     : parts_of(column_tiles(columns), fitting / TILE_COLUMNS);
    for (int64_t block = 0; block < blocks; block++) {
        for (int64_t i = 0; i < inner.parts; i++) {
            begin_inner(&work, inner, i);
            if (rows_stay) {
                keep_rows(&work, part_of(rows, block, blocks), columns);
            } else {
                keep_columns(&work, rows, column_part(columns, block, blocks));
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
    const int64_t tiles = column_tiles((range){0, p->n});
    division best = {1, 1};
    double lowest = 0;
    for (int64_t down = 1; down <= p->threads; down++) {
        int64_t across = p->threads / down;
        double rows = (double)parts_of(p->m, down);
        double columns = (double)(parts_of(tiles, across) * TILE_COLUMNS);
        double cost = rows * columns + PACKING_COST * (rows + columns);
        if (down == 1 || cost < lowest) {
            lowest = cost;
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

static void multiply_by_own(const matrix_product *p)
{
    const product_arithmetic arithmetic = arithmetic_of(p);
    const division parts = divide(p);
    float *scratch = (float *)(((uintptr_t)p->workspace + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (int64_t part = 0; part < parts.down * parts.across; part++) {
        float *own = scratch + part * SCRATCH_FLOATS;
        block_work work = {.product = p,
                           .arithmetic = arithmetic,
                           .resident = own,
                           .passing = own + RESIDENT_FLOATS,
                           .tile = own + RESIDENT_FLOATS + PASSING_FLOATS};
        multiply_rectangle(work, part_of((range){0, p->m}, part % parts.down, parts.down),
                           column_part((range){0, p->n}, part / parts.down, parts.across));
    }
}

/* All rows of C from sums that lie elsewhere, or in C itself. */
static void finish_rows(const matrix_product *p, const product_finish *finish, const float *sums,
                        int64_t stride)
{
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (int64_t row = 0; row < p->m; row++) {
        for (int64_t column = 0; column < p->n; column += TILE_COLUMNS) {
            cpu_product_finish_row(finish, p->c + row * p->c_stride + column,
                                   sums + row * stride + column, false, row, column,
                                   least(TILE_COLUMNS, p->n - column));
        }
    }
}

void cpu_multiply_finish_again(const matrix_product *p)
{
    product_finish finish = p->finish;
    finish.bias = NULL; /* is in there */
    finish.before_gelu = NULL;
    finish_rows(p, &finish, p->finish.before_gelu, p->finish.before_stride);
}

/* oneDNN does not keep what comes before a GELU: then the product is finished here. */
static bool multiply_by_onednn(const matrix_product *p)
{
    if (!p->finish.before_gelu) {
        return onednn_multiply(p);
    }
    matrix_product plain = *p;
    plain.finish = (product_finish){0};
    if (!onednn_multiply(&plain)) {
        return false;
    }
    finish_rows(p, &p->finish, p->c, p->c_stride);
    return true;
}

void cpu_multiply(const matrix_product *p)
{
    if (p->m == 0 || p->n == 0) {
        return;
    }
    const bool asked = p->kernels == PRODUCT_BY_ONEDNN ||
                       (p->kernels == PRODUCT_BY_CHOICE && onednn_is_asked_for());
    if (!asked || !multiply_by_onednn(p)) {
        multiply_by_own(p);
    }
}

size_t cpu_multiply_packed_floats(const matrix_product *p)
{
    if (onednn_is_asked_for()) {
        return 0; /* it packs for itself */
    }
    return (size_t)(column_tiles((range){0, p->n}) * TILE_COLUMNS *
                    product_units(p->k, arithmetic_of(p)));
}

void cpu_multiply_pack(const matrix_product *p, float *packed)
{
    const product_arithmetic arithmetic = arithmetic_of(p);
    const inner_division inner = divide_inner(p, arithmetic);
    const range columns = {0, p->n};
#pragma omp parallel for schedule(static) num_threads(p->threads)
    for (int64_t tile = 0; tile < column_tiles(columns); tile++) {
        block_work work = {.product = p, .arithmetic = arithmetic};
        for (int64_t i = 0; i < inner.parts; i++) {
            begin_inner(&work, inner, i);
            pack_columns(&work, some_columns(columns, tile, 1), packed_tile(&work, packed, tile));
        }
    }
}
