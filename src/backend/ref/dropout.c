#include "backend/ref/ref.h"
#include "base/random.h"

enum { INPUT, RESIDUAL, DRAW };

/* What row r's value of column c is multiplied with: 0 or 1/(1−p), or 1 in a sample that is not
 * active. */
static double factor_at(const ar_op_call *call, int64_t r, int64_t c)
{
    const ar_matrix *draws = &call->inputs[DRAW];
    const int64_t rows_a_sample = call->inputs[INPUT].rows / draws->rows;
    const int64_t blocks_a_row = (call->inputs[INPUT].columns + 3) / 4;
    const int32_t *draw = (const int32_t *)draws->data + r / rows_a_sample * draws->stride;
    const double p = call->attributes->dropout;
    if (!draw[4]) {
        return 1;
    }
    const uint32_t counter[4] = {(uint32_t)(r % rows_a_sample * blocks_a_row + c / 4),
                                 (uint32_t)draw[3], (uint32_t)draw[2], call->attributes->stream};
    const uint32_t key[2] = {(uint32_t)draw[0], (uint32_t)draw[1]};
    uint32_t words[4];
    ar_philox(counter, key, words);
    return words[c % 4] < (uint32_t)(p * 0x1p32) ? 0 : 1 / (1 - p);
}

void ref_dropout_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[INPUT], *residual = &call->inputs[RESIDUAL];
    for (int64_t r = 0; r < x->rows; r++) {
        for (int64_t c = 0; c < x->columns; c++) {
            double more = residual->data ? ref_get(residual, r, c) : 0;
            ref_set(&call->outputs[0], r, c, factor_at(call, r, c) * ref_get(x, r, c) + more);
        }
    }
}

void ref_dropout_adjoint(const ar_op_call *call)
{
    const ar_matrix *from = &call->output_gradients[0];
    for (int64_t r = 0; r < from->rows; r++) {
        for (int64_t c = 0; c < from->columns; c++) {
            double gradient = ref_get(from, r, c);
            if (call->input_gradients[INPUT].data) {
                ref_give(call, INPUT, r, c, factor_at(call, r, c) * gradient);
            }
            if (call->input_gradients[RESIDUAL].data) {
                ref_give(call, RESIDUAL, r, c, gradient);
            }
        }
    }
}
