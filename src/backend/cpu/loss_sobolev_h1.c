#include "backend/cpu/loss_mean.h"

enum { MEAN, TARGET };
enum { SOUTHWARD, EASTWARD, DIRECTIONS };

/* A thread's room: the errors of a row of the target, their gradient, and for each direction which
 * values have a next neighbour inside the token, 1 or 0, so that all loops go over whole rows. */
enum { ERRORS, GRADIENT, HAS_NEXT, ROOM = HAS_NEXT + DIRECTIONS };

size_t cpu_loss_sobolev_h1_workspace(const ar_op_call *largest)
{
    return (size_t)largest->threads * ROOM * (size_t)largest->inputs[TARGET].columns *
           sizeof(float);
}

/* From a value to its next neighbour, in values. */
static int64_t step_of(const ar_op_call *call, int direction)
{
    return direction == SOUTHWARD ? call->attributes->token_size[2] : 1;
}

/* 1 / (the pairs of neighbours in all targets); where there are none all masks are 0. */
static double weight_of_pairs(const ar_op_call *call, int direction)
{
    const double extent = (double)call->attributes->token_size[direction == SOUTHWARD ? 1 : 2];
    const double pairs = loss_value_count(&call->inputs[TARGET]) * (extent - 1) / extent;
    return pairs > 0 ? 1 / pairs : 0;
}

static void find_neighbours(const ar_op_call *call, float *room)
{
    const int64_t *size = call->attributes->token_size, values = call->inputs[TARGET].columns;
    float *south = room + (HAS_NEXT + SOUTHWARD) * values,
          *east = room + (HAS_NEXT + EASTWARD) * values;
    for (int64_t line = 0, v = 0; line < size[0] * size[1]; line++) {
        for (int64_t x = 0; x < size[2]; x++, v++) {
            south[v] = line % size[1] < size[1] - 1 ? 1 : 0;
            east[v] = x < size[2] - 1 ? 1 : 0;
        }
    }
}

static float *errors_of_row(const ar_op_call *call, int64_t r, float *room)
{
    const float *mean = cpu_row(&call->inputs[MEAN], r), *truth = cpu_row(&call->inputs[TARGET], r);
    const int64_t values = call->inputs[TARGET].columns;
    float *errors = room + ERRORS * values;
#pragma omp simd
    for (int64_t v = 0; v < values; v++) {
        errors[v] = mean[v] - truth[v];
    }
    return errors;
}

/* The terms of a row, times the number of values in all targets. */
static float squares_of_row(const ar_op_call *call, int64_t r, float *room)
{
    const int64_t values = call->inputs[TARGET].columns;
    const float *e = errors_of_row(call, r, room);
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t v = 0; v < values; v++) {
        squares += e[v] * e[v];
    }
    double sum = (double)squares;
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        const float *has_next = room + (HAS_NEXT + direction) * values;
        const int64_t step = step_of(call, direction);
        squares = 0;
#pragma omp simd reduction(+ : squares)
        for (int64_t v = 0; v < values - step; v++) {
            const float difference = has_next[v] * (e[v + step] - e[v]);
            squares += difference * difference;
        }
        sum += (double)squares * weight_of_pairs(call, direction) *
               loss_value_count(&call->inputs[TARGET]);
    }
    return (float)sum;
}

/* Every thread finds the neighbours once. */
static void find_neighbours_for_all(const ar_op_call *call)
{
    for (int t = 0; t < call->threads; t++) {
        find_neighbours(call, (float *)call->workspace + t * ROOM * call->inputs[TARGET].columns);
    }
}

void cpu_loss_sobolev_h1_forward(const ar_op_call *call)
{
    const ar_matrix *target = &call->inputs[TARGET];
    find_neighbours_for_all(call);
    loss_set_mean(call, loss_sum(call, target->rows, ROOM * target->columns, squares_of_row),
                  loss_value_count(target));
}

/* With d_v = e_next − e_v: d/de_v = 2 (e_v/count − Σ d_v/pairs + Σ d_previous/pairs). */
static void give_row(const ar_op_call *call, int64_t r, float *room)
{
    const int64_t values = call->inputs[TARGET].columns;
    const float *e = errors_of_row(call, r, room);
    const double seed = 2 * (double)*(const float *)call->output_gradients[0].data;
    const float to_error = (float)(seed / loss_value_count(&call->inputs[TARGET]));
    float *gradient = room + GRADIENT * values, *result = cpu_row(&call->input_gradients[MEAN], r);
#pragma omp simd
    for (int64_t v = 0; v < values; v++) {
        gradient[v] = to_error * e[v];
    }
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        const float *has_next = room + (HAS_NEXT + direction) * values;
        const int64_t step = step_of(call, direction);
        const float to_pair = (float)(seed * weight_of_pairs(call, direction));
#pragma omp simd
        for (int64_t v = 0; v < values - step; v++) {
            gradient[v] -= to_pair * has_next[v] * (e[v + step] - e[v]);
        }
#pragma omp simd
        for (int64_t v = 0; v < values - step; v++) {
            gradient[v + step] += to_pair * has_next[v] * (e[v + step] - e[v]);
        }
    }
#pragma omp simd
    for (int64_t v = 0; v < values; v++) {
        result[v] = call->accumulate[MEAN] ? result[v] + gradient[v] : gradient[v];
    }
}

void cpu_loss_sobolev_h1_adjoint(const ar_op_call *call)
{
    const int64_t rows = call->inputs[TARGET].rows, values = call->inputs[TARGET].columns;
    const int threads = call->threads;
    find_neighbours_for_all(call);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int t = 0; t < threads; t++) {
        float *room = (float *)call->workspace + t * ROOM * values;
        for (int64_t r = rows * t / threads; r < rows * (t + 1) / threads; r++) {
            give_row(call, r, room);
        }
    }
}
