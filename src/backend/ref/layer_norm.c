#include <math.h>

#include "backend/ref/ref.h"

enum { INPUT, SCALE, SHIFT };
enum { OUTPUT, STATISTICS };

static void moments(const ar_matrix *x, int64_t row, double epsilon, double *mean, double *inverse)
{
    double sum = 0, square = 0;
    for (int64_t c = 0; c < x->columns; c++) {
        sum += ref_get(x, row, c);
    }
    *mean = sum / (double)x->columns;
    for (int64_t c = 0; c < x->columns; c++) {
        double d = ref_get(x, row, c) - *mean;
        square += d * d;
    }
    *inverse = 1.0 / sqrt(square / (double)x->columns + epsilon);
}

void ref_layer_norm_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[INPUT], *scale = &call->inputs[SCALE],
                    *shift = &call->inputs[SHIFT], *statistics = &call->outputs[STATISTICS];
    for (int64_t r = 0; r < x->rows; r++) {
        double mean, inverse;
        moments(x, r, call->attributes->epsilon, &mean, &inverse);
        for (int64_t c = 0; c < x->columns; c++) {
            double value = (ref_get(x, r, c) - mean) * inverse;
            value = scale->data ? value * ref_get(scale, 0, c) : value;
            value = shift->data ? value + ref_get(shift, 0, c) : value;
            ref_set(&call->outputs[OUTPUT], r, c, value);
        }
        if (statistics->data) {
            ref_set(statistics, r, 0, mean);
            ref_set(statistics, r, 1, inverse);
        }
    }
}

/* With x̂ the normalised row and g = scale·dy: dx = inverse·(g − mean(g) − x̂·mean(g·x̂)). */
void ref_layer_norm_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[INPUT], *scale = &call->inputs[SCALE],
                    *dy = &call->output_gradients[OUTPUT];
    const double count = (double)x->columns;
    for (int64_t r = 0; r < x->rows; r++) {
        double mean, inverse, mean_g = 0, mean_gx = 0;
        moments(x, r, call->attributes->epsilon, &mean, &inverse);
        for (int64_t c = 0; c < x->columns; c++) {
            double normal = (ref_get(x, r, c) - mean) * inverse;
            double g = ref_get(dy, r, c) * (scale->data ? ref_get(scale, 0, c) : 1.0);
            mean_g += g / count;
            mean_gx += g * normal / count;
        }
        for (int64_t c = 0; c < x->columns; c++) {
            double normal = (ref_get(x, r, c) - mean) * inverse;
            double g = ref_get(dy, r, c) * (scale->data ? ref_get(scale, 0, c) : 1.0);
            if (call->input_gradients[INPUT].data) {
                ref_give(call, INPUT, r, c, inverse * (g - mean_g - normal * mean_gx));
            }
        }
    }
    for (int64_t c = 0; c < x->columns; c++) {
        double to_scale = 0, to_shift = 0;
        for (int64_t r = 0; r < x->rows; r++) {
            double mean, inverse;
            moments(x, r, call->attributes->epsilon, &mean, &inverse);
            to_scale += ref_get(dy, r, c) * (ref_get(x, r, c) - mean) * inverse;
            to_shift += ref_get(dy, r, c);
        }
        if (call->input_gradients[SCALE].data) {
            ref_give(call, SCALE, 0, c, to_scale);
        }
        if (call->input_gradients[SHIFT].data) {
            ref_give(call, SHIFT, 0, c, to_shift);
        }
    }
}
