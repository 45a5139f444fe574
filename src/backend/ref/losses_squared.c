/* Losses of squared errors, of the ensemble's mean or of its members. */
#include "backend/ref/loss_mean.h"

void ref_loss_mse_forward(const ar_op_call *call)
{
    const ar_matrix *mean = &call->inputs[0], *target = &call->inputs[1];
    double sum = 0;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            double d = ref_get(mean, r, v) - ref_get(target, r, v);
            sum += d * d;
        }
    }
    ref_set_mean(call, sum, ref_value_count(target));
}

void ref_loss_mse_adjoint(const ar_op_call *call)
{
    const ar_matrix *mean = &call->inputs[0], *target = &call->inputs[1];
    double slope = ref_slope_of_mean(call, ref_value_count(target));
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            ref_give(call, 0, r, v, 2 * slope * (ref_get(mean, r, v) - ref_get(target, r, v)));
        }
    }
}

void ref_loss_mse_ensemble_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *target = &call->inputs[1];
    double sum = 0;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t c = 0; c < x->columns; c++) {
            double d = ref_get(x, r, c) - ref_get(target, r, c % target->columns);
            sum += d * d / (double)call->attributes->members;
        }
    }
    ref_set_mean(call, sum, ref_value_count(target));
}

void ref_loss_mse_ensemble_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *target = &call->inputs[1];
    double slope =
        2 * ref_slope_of_mean(call, ref_value_count(target)) / (double)call->attributes->members;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t c = 0; c < x->columns; c++) {
            ref_give(call, 0, r, c,
                     slope * (ref_get(x, r, c) - ref_get(target, r, c % target->columns)));
        }
    }
}

/* ---- weighted by area ------------------------------------------------------------------------ */

/* The weight of value v of target r: that of its row of latitude. */
static double weight_of(const ar_op_call *call, int64_t r, int64_t v)
{
    const int64_t *size = call->attributes->token_size;
    return ref_get(&call->inputs[1], r, v / size[2] % size[1]);
}

static double sum_of_weights(const ar_op_call *call)
{
    const ar_matrix *target = &call->inputs[2];
    double sum = 0;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            sum += weight_of(call, r, v);
        }
    }
    return sum;
}

void ref_loss_weighted_mse_forward(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *target = &call->inputs[2];
    double sum = 0;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t c = 0; c < x->columns; c++) {
            int64_t v = c % target->columns;
            double d = ref_get(x, r, c) - ref_get(target, r, v);
            sum += weight_of(call, r, v) * d * d / (double)call->attributes->members;
        }
    }
    ref_set_mean(call, sum, sum_of_weights(call));
}

void ref_loss_weighted_mse_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[0], *target = &call->inputs[2];
    const double weights = sum_of_weights(call);
    double slope =
        weights > 0 ? 2 * ref_slope_of_mean(call, weights) / (double)call->attributes->members : 0;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t c = 0; c < x->columns; c++) {
            int64_t v = c % target->columns;
            ref_give(call, 0, r, c,
                     slope * weight_of(call, r, v) * (ref_get(x, r, c) - ref_get(target, r, v)));
        }
    }
}

/* ---- Sobolev --------------------------------------------------------------------------------- */

/* The horizontal neighbours that a value has inside its token, in one direction. */
typedef struct {
    int64_t step;      /* from one point to the next, in values */
    int64_t extent;    /* points of a token in this direction */
    double pair_count; /* pairs of neighbours in all targets */
} direction;

enum { SOUTHWARD, EASTWARD, DIRECTIONS };

static void find_directions(const ar_op_call *call, direction directions[DIRECTIONS])
{
    const ar_matrix *target = &call->inputs[1];
    const int64_t *size = call->attributes->token_size;
    directions[SOUTHWARD] = (direction){.step = size[2], .extent = size[1]};
    directions[EASTWARD] = (direction){.step = 1, .extent = size[2]};
    for (int k = 0; k < DIRECTIONS; k++) {
        direction *d = &directions[k];
        d->pair_count = ref_value_count(target) * (double)(d->extent - 1) / (double)d->extent;
    }
}

static double error_at(const ar_op_call *call, int64_t r, int64_t v)
{
    return ref_get(&call->inputs[0], r, v) - ref_get(&call->inputs[1], r, v);
}

static bool has_next(const direction *d, int64_t v)
{
    return v / d->step % d->extent < d->extent - 1;
}

static bool has_previous(const direction *d, int64_t v)
{
    return v / d->step % d->extent > 0;
}

void ref_loss_sobolev_h1_forward(const ar_op_call *call)
{
    const ar_matrix *target = &call->inputs[1];
    const double count = ref_value_count(target);
    direction directions[DIRECTIONS];
    double loss = 0;
    find_directions(call, directions);
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            const double e = error_at(call, r, v);
            loss += e * e / count;
            for (int k = 0; k < DIRECTIONS; k++) {
                const direction *d = &directions[k];
                if (has_next(d, v)) {
                    double difference = error_at(call, r, v + d->step) - e;
                    loss += difference * difference / d->pair_count;
                }
            }
        }
    }
    ref_set(&call->outputs[0], 0, 0, loss);
}

void ref_loss_sobolev_h1_adjoint(const ar_op_call *call)
{
    const ar_matrix *target = &call->inputs[1];
    const double slope = 2 * ref_get(&call->output_gradients[0], 0, 0);
    direction directions[DIRECTIONS];
    find_directions(call, directions);
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            const double e = error_at(call, r, v);
            double gradient = e / ref_value_count(target);
            for (int k = 0; k < DIRECTIONS; k++) {
                const direction *d = &directions[k];
                if (has_next(d, v)) {
                    gradient += (e - error_at(call, r, v + d->step)) / d->pair_count;
                }
                if (has_previous(d, v)) {
                    gradient += (e - error_at(call, r, v - d->step)) / d->pair_count;
                }
            }
            ref_give(call, 0, r, v, slope * gradient);
        }
    }
}
