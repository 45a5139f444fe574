#include "backend/cpu/lanes.h"
#include "backend/cpu/loss_mean.h"

enum { ENSEMBLE, TARGET };

static double pair_weight(const ar_op_attributes *attributes)
{
    const double n = (double)attributes->members;
    return attributes->fair ? 1 / (2 * n * (n - 1)) : 1 / (2 * n * n);
}

/* Registers of values that go through the members side by side. */
enum { REGISTERS = 4 };

/* Σ over members |x_i − y| and over pairs |x_i − x_j| of `count` registers of values, the last of
 * which has `rest` values. Values beyond are zero in members and target, and add nothing. */
LANES_INLINE void add_distances(const float *members, const float *target, int64_t member_count,
                                int64_t values, const int count, int64_t rest, lanes *errors,
                                lanes *pairs)
{
    for (int64_t i = 0; i < member_count; i++) {
        lanes member[REGISTERS], distances[REGISTERS] = {{0}};
        for (int k = 0; k < count; k++) {
            member[k] = lanes_load_up_to(members + i * values + k * LANES, rest);
            *errors += lanes_absolute(member[k] - lanes_load_up_to(target + k * LANES, rest));
        }
        for (int64_t j = 0; j < i; j++) {
            for (int k = 0; k < count; k++) {
                const float *other = members + j * values + k * LANES;
                distances[k] += lanes_absolute(member[k] - lanes_load_up_to(other, rest));
            }
        }
        for (int k = 0; k < count; k++) {
            *pairs += distances[k];
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
    for (; v + REGISTERS * LANES <= values; v += REGISTERS * LANES) {
        add_distances(members + v, target + v, count, values, REGISTERS, LANES, &errors, &pairs);
    }
    for (; v + LANES <= values; v += LANES) {
        add_distances(members + v, target + v, count, values, 1, LANES, &errors, &pairs);
    }
    if (v < values) {
        add_distances(members + v, target + v, count, values, 1, values - v, &errors, &pairs);
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

/* d/dx_i of `count` values of one member: slope · (sign(x_i − y)/N − 2w Σ sign(x_i − x_j)). */
typedef struct {
    float to_error, to_pair;
    int64_t members, values;
    bool accumulate;
} crps_slopes;

/* For `count` registers of values, the last of which has `rest` values. */
LANES_INLINE void give_member(const crps_slopes *slopes, const float *members, const float *target,
                              int64_t i, const int count, int64_t rest, float *result)
{
    lanes member[REGISTERS];
    lanes_of_int rank[REGISTERS] = {{0}};
    for (int k = 0; k < count; k++) {
        member[k] = lanes_load_up_to(members + i * slopes->values + k * LANES, rest);
    }
    for (int64_t j = 0; j < slopes->members; j++) {
        for (int k = 0; k < count; k++) {
            const float *other = members + j * slopes->values + k * LANES;
            rank[k] = lanes_add_sign(rank[k], member[k], lanes_load_up_to(other, rest));
        }
    }
    for (int k = 0; k < count; k++) {
        const lanes_of_int side = lanes_add_sign((lanes_of_int){0}, member[k],
                                                 lanes_load_up_to(target + k * LANES, rest));
        float *to = result + i * slopes->values + k * LANES;
        lanes gradient = slopes->to_error * __builtin_convertvector(side, lanes) -
                         slopes->to_pair * __builtin_convertvector(rank[k], lanes);
        gradient += slopes->accumulate ? lanes_load_up_to(to, rest) : lanes_all(0);
        lanes_store_up_to(to, gradient, rest);
    }
}

static void give_row(const crps_slopes *slopes, const float *members, const float *target,
                     float *result)
{
    const int64_t values = slopes->values, count = slopes->members;
    int64_t v = 0;
    for (; v + REGISTERS * LANES <= values; v += REGISTERS * LANES) {
        for (int64_t i = 0; i < count; i++) {
            give_member(slopes, members + v, target + v, i, REGISTERS, LANES, result + v);
        }
    }
    for (; v + LANES <= values; v += LANES) {
        for (int64_t i = 0; i < count; i++) {
            give_member(slopes, members + v, target + v, i, 1, LANES, result + v);
        }
    }
    for (int64_t i = 0; v < values && i < count; i++) {
        give_member(slopes, members + v, target + v, i, 1, values - v, result + v);
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
