#include <omp.h>

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
    if (to_x->data) {
#pragma omp parallel for schedule(static) num_threads(call->threads)
        for (int64_t r = 0; r < dy->rows; r++) {
            add_row(to_x, r, cpu_row(dy, r), call->accumulate[0]);
        }
    }
    if (to_table->data) {
#pragma omp parallel for schedule(static) num_threads(call->threads)
        for (int64_t t = 0; t < table->rows; t++) {
            for (int64_t r = t; r < dy->rows; r += table->rows) {
                add_row(to_table, t, cpu_row(dy, r), call->accumulate[1] || r != t);
            }
        }
    }
}
