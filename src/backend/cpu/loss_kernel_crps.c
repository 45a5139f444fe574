#include "backend/cpu/lanes.h"
#include "backend/cpu/loss_mean.h"

enum { ENSEMBLE, TARGET };

static double pair_weight(const ar_op_attributes *attributes)
{
    const double n = (double)attributes->members;
    return attributes->fair ? 1 / (2 * n * (n - 1)) : 1 / (2 * n * n);
}

/* Σ over members |x_i − y| and over pairs |x_i − x_j| of `count` values from v on, side by side.
 * Values beyond the count are zero in members and target, and add nothing. */
LANES_INLINE void add_distances(const float *members, const float *target, int64_t member_count,
                                int64_t values, int64_t count, lanes *errors, lanes *pairs)
{
    const lanes truth = lanes_load_up_to(target, count);
    for (int64_t i = 0; i < member_count; i++) {
        const lanes member = lanes_load_up_to(members + i * values, count);
        *errors += lanes_absolute(member - truth);
        for (int64_t j = 0; j < i; j++) {
            *pairs += lanes_absolute(member - lanes_load_up_to(members + j * values, count));
        }
    }
}

static float distances_of_row(const ar_op_call *call, int64_t r, float *scratch)
{
    (void)scratch;
    const int64_t count = call->attributes->members, values = call->inputs[TARGET].columns;
    const float *members = cpu_row(&call->inputs[ENSEMBLE], r);
    const float *target = cpu_row(&call->inputs[TARGET], r);
    lanes errors = {0}, pairs = {0};
    int64_t v = 0;
    for (; v + LANES <= values; v += LANES) {
        add_distances(members + v, target + v, count, values, LANES, &errors, &pairs);
    }
    if (v < values) {
        add_distances(members + v, target + v, count, values, values - v, &errors, &pairs);
    }
    const float to_pair = (float)(2 * pair_weight(call->attributes));
    return lanes_sum(errors / (float)count - to_pair * pairs);
}

void cpu_loss_kernel_crps_forward(const ar_op_call *call)
{
    const ar_matrix *target = &call->inputs[TARGET];
    loss_set_mean(call, loss_sum(call, target->rows, 0, distances_of_row),
                  loss_value_count(target));
}

/* −1, 0 or 1 */
LANES_INLINE lanes_of_int sign_of_difference(lanes a, lanes b)
{
    return (lanes_of_int)(a < b) - (lanes_of_int)(a > b);
}

/* d/dx_i of `count` values of one member: slope · (sign(x_i − y)/N − 2w Σ sign(x_i − x_j)). */
typedef struct {
    float to_error, to_pair;
    int64_t members, values;
    bool accumulate;
} crps_slopes;

LANES_INLINE void give_member(const crps_slopes *slopes, const float *members, const float *target,
                              int64_t i, int64_t count, float *result)
{
    const lanes member = lanes_load_up_to(members + i * slopes->values, count);
    const lanes_of_int side = sign_of_difference(member, lanes_load_up_to(target, count));
    lanes_of_int rank = {0};
    for (int64_t j = 0; j < slopes->members; j++) {
        rank += sign_of_difference(member, lanes_load_up_to(members + j * slopes->values, count));
    }
    lanes gradient = slopes->to_error * __builtin_convertvector(side, lanes) -
                     slopes->to_pair * __builtin_convertvector(rank, lanes);
    result += i * slopes->values;
    if (slopes->accumulate) {
        gradient += lanes_load_up_to(result, count);
    }
    lanes_store_up_to(result, gradient, count);
}

static void give_row(const crps_slopes *slopes, const float *members, const float *target,
                     float *result)
{
    int64_t v = 0;
    for (; v + LANES <= slopes->values; v += LANES) {
        for (int64_t i = 0; i < slopes->members; i++) {
            give_member(slopes, members + v, target + v, i, LANES, result + v);
        }
    }
    for (int64_t i = 0; v < slopes->values && i < slopes->members; i++) {
        give_member(slopes, members + v, target + v, i, slopes->values - v, result + v);
    }
}

void cpu_loss_kernel_crps_adjoint(const ar_op_call *call)
{
    const ar_matrix *x = &call->inputs[ENSEMBLE], *target = &call->inputs[TARGET];
    const double slope = loss_slope(call, loss_value_count(target));
    const crps_slopes slopes = {
        .to_error = (float)(slope / (double)call->attributes->members),
        .to_pair = (float)(2 * slope * pair_weight(call->attributes)),
        .members = call->attributes->members,
        .values = target->columns,
        .accumulate = call->accumulate[ENSEMBLE],
    };
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < target->rows; r++) {
        give_row(&slopes, cpu_row(x, r), cpu_row(target, r),
                 cpu_row(&call->input_gradients[ENSEMBLE], r));
    }
}
