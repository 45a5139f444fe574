#include <omp.h>
#include <string.h>

#include "backend/cpu/cpu.h"

void cpu_add_periodic_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *table = &call->inputs[1], *y = &call->outputs[0];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < x->rows; r++) {
        const float *in = cpu_row(x, r), *add = cpu_row(table, r % table->rows);
        float *out = cpu_row(y, r);
#pragma omp simd
        for (int64_t c = 0; c < x->columns; c++) {
            out[c] = in[c] + add[c];
        }
    }
}

static void add_row(const ar_matrix *to, int64_t row, const float *given, bool accumulate)
{
    float *result = cpu_row(to, row);
#pragma omp simd
    for (int64_t c = 0; c < to->columns; c++) {
        result[c] = accumulate ? result[c] + given[c] : given[c];
    }
}

void cpu_add_periodic_adjoint(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[0], *to_x = &call->input_gradients[0],
                    *to_table = &call->input_gradients[1], *table = &call->inputs[1];
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t t = 0; t < table->rows; t++) {
        for (int64_t r = t; r < dy->rows; r += table->rows) {
            if (to_x->data) {
                add_row(to_x, r, cpu_row(dy, r), call->accumulate[0]);
            }
            if (to_table->data) {
                add_row(to_table, t, cpu_row(dy, r), call->accumulate[1] || r != t);
            }
        }
        if (to_table->data && t >= dy->rows && !call->accumulate[1]) {
            memset(cpu_row(to_table, t), 0, (size_t)to_table->columns * sizeof(float));
        }
    }
}

/* ---- factorised ------------------------------------------------------------------------------ */

enum { LEVEL, TIME, LATITUDE, LONGITUDE, FACTORS };
/* Columns that a thread works through all tokens with: of a cache line and more. */
enum { BLOCK = 64 };

/* Rows of the factors that a line of tokens along longitude shares. */
static void rows_of_line(const int64_t extents[FACTORS], int64_t line, int64_t rows[LONGITUDE])
{
    for (int f = LATITUDE; f >= LEVEL; f--) {
        rows[f] = line % extents[f];
        line /= extents[f];
    }
}

static int64_t line_count(const int64_t extents[FACTORS])
{
    return extents[LEVEL] * extents[TIME] * extents[LATITUDE];
}

static void fill_line(const ar_op_call *call, int64_t line)
{
    const ar_matrix *in = call->inputs, *table = &call->outputs[0];
    const int64_t extent = call->attributes->extents[LONGITUDE];
    int64_t rows[LONGITUDE];
    rows_of_line(call->attributes->extents, line, rows);
    const float *level = cpu_row(&in[LEVEL], rows[LEVEL]), *time = cpu_row(&in[TIME], rows[TIME]),
                *latitude = cpu_row(&in[LATITUDE], rows[LATITUDE]);
    for (int64_t x = 0; x < extent; x++) {
        const float *longitude = cpu_row(&in[LONGITUDE], x);
        float *result = cpu_row(table, line * extent + x);
#pragma omp simd
        for (int64_t c = 0; c < table->columns; c++) {
            result[c] = level[c] + time[c] + latitude[c] + longitude[c];
        }
    }
}

void cpu_factorised_positions_forward(const ar_op_call *call)
{
    const int64_t lines = line_count(call->attributes->extents);
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t line = 0; line < lines; line++) {
        fill_line(call, line);
    }
}

/* Add to a factor's gradient, if it is wanted. */
static void add_columns(const ar_matrix *to, int64_t row, int64_t first, int64_t count,
                        const float *given)
{
    if (!to->data) {
        return;
    }
    float *result = cpu_row(to, row) + first;
#pragma omp simd
    for (int64_t c = 0; c < count; c++) {
        result[c] += given[c];
    }
}

/* All gradients of some columns: every token is read once, for its longitude and for the sum of its
 * line, which is added to the three others. */
static void sum_columns(const ar_op_call *call, int64_t first, int64_t count)
{
    const ar_matrix *dy = &call->output_gradients[0], *to = call->input_gradients;
    const int64_t *extents = call->attributes->extents, extent = extents[LONGITUDE];
    for (int f = 0; f < FACTORS; f++) {
        for (int64_t row = 0; to[f].data && !call->accumulate[f] && row < extents[f]; row++) {
            memset(cpu_row(&to[f], row) + first, 0, (size_t)count * sizeof(float));
        }
    }
    for (int64_t line = 0; line < line_count(extents); line++) {
        float sums[BLOCK] = {0};
        int64_t rows[LONGITUDE];
        rows_of_line(extents, line, rows);
        for (int64_t x = 0; x < extent; x++) {
            const float *given = cpu_row(dy, line * extent + x) + first;
            add_columns(&to[LONGITUDE], x, first, count, given);
#pragma omp simd
            for (int64_t c = 0; c < count; c++) {
                sums[c] += given[c];
            }
        }
        for (int f = LEVEL; f < LONGITUDE; f++) {
            add_columns(&to[f], rows[f], first, count, sums);
        }
    }
}

void cpu_factorised_positions_adjoint(const ar_op_call *call)
{
    const int64_t columns = call->output_gradients[0].columns;
    const int64_t blocks = (columns + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t first = b * BLOCK, left = columns - first;
        sum_columns(call, first, left < BLOCK ? left : BLOCK);
    }
}
