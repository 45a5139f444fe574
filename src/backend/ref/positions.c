#include "backend/ref/ref.h"

void ref_add_periodic_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *table = &call->inputs[1];
    for (int64_t r = 0; r < x->rows; r++) {
        for (int64_t c = 0; c < x->columns; c++) {
            ref_set(&call->outputs[0], r, c, ref_get(x, r, c) + ref_get(table, r % table->rows, c));
        }
    }
}

void ref_add_periodic_adjoint(const ar_op_call *call)
{
    const ar_matrix *dy = &call->output_gradients[0], *table = &call->inputs[1];
    for (int64_t r = 0; call->input_gradients[0].data && r < dy->rows; r++) {
        for (int64_t c = 0; c < dy->columns; c++) {
            ref_give(call, 0, r, c, ref_get(dy, r, c));
        }
    }
    for (int64_t t = 0; call->input_gradients[1].data && t < table->rows; t++) {
        for (int64_t c = 0; c < dy->columns; c++) {
            double sum = 0;
            for (int64_t r = t; r < dy->rows; r += table->rows) {
                sum += ref_get(dy, r, c);
            }
            ref_give(call, 1, t, c, sum);
        }
    }
}

/* Row of factor f that token row `token` uses. */
static int64_t factor_row(const int64_t extents[4], int64_t token, int factor)
{
    for (int f = 3; f > factor; f--) {
        token /= extents[f];
    }
    return token % extents[factor];
}

void ref_factorised_positions_forward(const ar_op_call *call)
{
    const int64_t *extents = call->attributes->extents;
    const ar_matrix *table = &call->outputs[0];
    for (int64_t t = 0; t < table->rows; t++) {
        for (int64_t c = 0; c < table->columns; c++) {
            double sum = 0;
            for (int f = 0; f < 4; f++) {
                sum += ref_get(&call->inputs[f], factor_row(extents, t, f), c);
            }
            ref_set(table, t, c, sum);
        }
    }
}

void ref_factorised_positions_adjoint(const ar_op_call *call)
{
    const int64_t *extents = call->attributes->extents;
    const ar_matrix *dy = &call->output_gradients[0];
    for (int f = 0; f < 4; f++) {
        for (int64_t i = 0; call->input_gradients[f].data && i < extents[f]; i++) {
            for (int64_t c = 0; c < dy->columns; c++) {
                double sum = 0;
                for (int64_t t = 0; t < dy->rows; t++) {
                    sum += factor_row(extents, t, f) == i ? ref_get(dy, t, c) : 0.0;
                }
                ref_give(call, f, i, c, sum);
            }
        }
    }
}
