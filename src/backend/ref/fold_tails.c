#include "backend/ref/ref.h"

enum { SCALE, SHIFT, WEIGHT, BIAS, PARTS };

void ref_fold_tails_forward(const ar_op_call *call)
{
    for (int64_t n = 0; n < call->attributes->members; n++) {
        const ar_matrix *part = call->inputs + PARTS * n;
        for (int64_t v = 0; v < part[WEIGHT].rows; v++) {
            int64_t row = n * part[WEIGHT].rows + v;
            double bias = ref_get(&part[BIAS], 0, v);
            for (int64_t e = 0; e < part[WEIGHT].columns; e++) {
                double weight = ref_get(&part[WEIGHT], v, e);
                ref_set(&call->outputs[0], row, e, weight * ref_get(&part[SCALE], 0, e));
                bias += weight * ref_get(&part[SHIFT], 0, e);
            }
            ref_set(&call->outputs[1], 0, row, bias);
        }
    }
}

void ref_fold_tails_adjoint(const ar_op_call *call)
{
    const ar_matrix *to_weight = &call->output_gradients[0], *to_bias = &call->output_gradients[1];
    for (int64_t n = 0; n < call->attributes->members; n++) {
        const ar_matrix *part = call->inputs + PARTS * n;
        const int first = PARTS * (int)n;
        const int64_t values = part[WEIGHT].rows;
        for (int64_t e = 0; e < part[WEIGHT].columns; e++) {
            double scale = 0, shift = 0;
            for (int64_t v = 0; v < values; v++) {
                double dw = ref_get(to_weight, n * values + v, e);
                double db = to_bias->data ? ref_get(to_bias, 0, n * values + v) : 0.0;
                scale += dw * ref_get(&part[WEIGHT], v, e);
                shift += db * ref_get(&part[WEIGHT], v, e);
                ref_give(call, first + WEIGHT, v, e,
                         dw * ref_get(&part[SCALE], 0, e) + db * ref_get(&part[SHIFT], 0, e));
            }
            ref_give(call, first + SCALE, 0, e, scale);
            ref_give(call, first + SHIFT, 0, e, shift);
        }
        for (int64_t v = 0; to_bias->data && v < values; v++) {
            ref_give(call, first + BIAS, 0, v, ref_get(to_bias, 0, n * values + v));
        }
    }
}
