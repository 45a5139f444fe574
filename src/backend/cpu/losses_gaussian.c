/* Losses of the normal distribution with the ensemble's mean μ and standard deviation σ, at the
 * standardised truth z = (y − μ)/σ. Each is its value and its slopes at one point; the loops over
 * all points are shared, and compiled once for each loss. */
#include <math.h>

#include "backend/cpu/elementary.h"
#include "backend/cpu/loss_mean.h"

enum { MEAN, DEVIATION, TARGET };
/* Points whose slopes wait in cache for their way to the gradients. */
enum { POINTS = 128 };

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* σ enters the losses as at least this, so that their gradients stay finite for members that agree.
 */
static const float smallest_deviation = 1e-6f;
static const float one_over_root_pi = 0.564189583547756287f;
static const float one_over_root_two_pi = 0.398942280401432678f;
static const float area_weight = 0.2f;

typedef float (*point_value)(float z, float sigma);
/* dL/dμ and dL/dσ, times slope */
typedef void (*point_slopes)(float z, float sigma, float slope, float *to_mean,
                             float *to_deviation);

ALWAYS_INLINE float sum_of_row(const ar_op_call *call, int64_t r, point_value value)
{
    const float *mean = cpu_row(&call->inputs[MEAN], r), *truth = cpu_row(&call->inputs[TARGET], r),
                *deviation = cpu_row(&call->inputs[DEVIATION], r);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t v = 0; v < call->inputs[TARGET].columns; v++) {
        const float sigma = deviation[v] < smallest_deviation ? smallest_deviation : deviation[v];
        sum += value((truth[v] - mean[v]) / sigma, sigma);
    }
    return sum;
}

/* Slopes wait here, so that the loop that computes them has no conditions. */
static void give(const ar_op_call *call, int input, int64_t r, int64_t first, int64_t count,
                 const float *slopes)
{
    const ar_matrix *gradient = &call->input_gradients[input];
    if (!gradient->data) {
        return;
    }
    float *result = cpu_row(gradient, r) + first;
    const bool accumulate = call->accumulate[input];
#pragma omp simd
    for (int64_t v = 0; v < count; v++) {
        result[v] = accumulate ? result[v] + slopes[v] : slopes[v];
    }
}

ALWAYS_INLINE void give_slopes(const ar_op_call *call, int64_t r, float slope, point_slopes slopes)
{
    const ar_matrix *target = &call->inputs[TARGET];
    for (int64_t first = 0; first < target->columns; first += POINTS) {
        const int64_t left = target->columns - first, count = left < POINTS ? left : POINTS;
        const float *mean = cpu_row(&call->inputs[MEAN], r) + first,
                    *deviation = cpu_row(&call->inputs[DEVIATION], r) + first,
                    *truth = cpu_row(target, r) + first;
        float to_mean[POINTS], to_deviation[POINTS];
#pragma omp simd
        for (int64_t v = 0; v < count; v++) {
            const bool held = deviation[v] < smallest_deviation;
            const float sigma = held ? smallest_deviation : deviation[v];
            slopes((truth[v] - mean[v]) / sigma, sigma, slope, &to_mean[v], &to_deviation[v]);
            to_deviation[v] = held ? 0.0f : to_deviation[v];
        }
        give(call, MEAN, r, first, count, to_mean);
        give(call, DEVIATION, r, first, count, to_deviation);
    }
}

static void give_over_points(const ar_op_call *call,
                             void (*give_row)(const ar_op_call *call, int64_t r, float slope))
{
    const ar_matrix *target = &call->inputs[TARGET];
    const float slope = (float)loss_slope(call, loss_value_count(target));
#pragma omp parallel for schedule(static) num_threads(call->threads)
    for (int64_t r = 0; r < target->rows; r++) {
        give_row(call, r, slope);
    }
}

static void mean_over_points(const ar_op_call *call, loss_row_sum row_sum)
{
    const ar_matrix *target = &call->inputs[TARGET];
    loss_set_mean(call, loss_sum(call, target->rows, 0, row_sum), loss_value_count(target));
}

/* Slopes of miss(z) + √σ, where to_z = d miss/dz: dz/dμ = −1/σ, dz/dσ = −z/σ. */
ALWAYS_INLINE void slopes_of_miss(float to_z, float z, float sigma, float slope, float *to_mean,
                                  float *to_deviation)
{
    const float inverse = 1.0f / sigma;
    *to_mean = -slope * to_z * inverse;
    *to_deviation = slope * (0.5f * sqrtf(inverse) - to_z * z * inverse);
}

/* ---- stats: the Gaussian's height at y ------------------------------------------------------- */

ALWAYS_INLINE float stats_value(float z, float sigma)
{
    const float miss = 1.0f - fast_exp(-0.5f * z * z);
    return miss * miss + sqrtf(sigma);
}

ALWAYS_INLINE void stats_slopes(float z, float sigma, float slope, float *to_mean,
                                float *to_deviation)
{
    const float g = fast_exp(-0.5f * z * z);
    slopes_of_miss(2.0f * (1.0f - g) * g * z, z, sigma, slope, to_mean, to_deviation);
}

static float stats_of_row(const ar_op_call *call, int64_t r, float *scratch)
{
    (void)scratch;
    return sum_of_row(call, r, stats_value);
}

void cpu_loss_stats_forward(const ar_op_call *call)
{
    mean_over_points(call, stats_of_row);
}

static void give_stats_row(const ar_op_call *call, int64_t r, float slope)
{
    give_slopes(call, r, slope, stats_slopes);
}

void cpu_loss_stats_adjoint(const ar_op_call *call)
{
    give_over_points(call, give_stats_row);
}

/* ---- stats_area: the Gaussian's area nearer to μ than y -------------------------------------- */

ALWAYS_INLINE float stats_area_value(float z, float sigma)
{
    float bell;
    const float area = fast_normal_within(z, &bell);
    return area_weight * area * area + sqrtf(sigma);
}

/* d erf(z/√2)/dz = 2φ(z) */
ALWAYS_INLINE void stats_area_slopes(float z, float sigma, float slope, float *to_mean,
                                     float *to_deviation)
{
    float bell;
    const float area = fast_normal_within(z, &bell);
    const float to_z = 4.0f * area_weight * area * one_over_root_two_pi * bell;
    slopes_of_miss(to_z, z, sigma, slope, to_mean, to_deviation);
}

static float stats_area_of_row(const ar_op_call *call, int64_t r, float *scratch)
{
    (void)scratch;
    return sum_of_row(call, r, stats_area_value);
}

void cpu_loss_stats_area_forward(const ar_op_call *call)
{
    mean_over_points(call, stats_area_of_row);
}

static void give_stats_area_row(const ar_op_call *call, int64_t r, float slope)
{
    give_slopes(call, r, slope, stats_area_slopes);
}

void cpu_loss_stats_area_adjoint(const ar_op_call *call)
{
    give_over_points(call, give_stats_area_row);
}

/* ---- crps ------------------------------------------------------------------------------------ */

ALWAYS_INLINE float crps_value(float z, float sigma)
{
    float bell;
    const float within = fast_normal_within(z, &bell);
    return sigma * (z * within + 2.0f * one_over_root_two_pi * bell - one_over_root_pi);
}

/* dCRPS/dμ = −erf(z/√2), dCRPS/dσ = 2φ(z) − 1/√π */
ALWAYS_INLINE void crps_slopes(float z, float sigma, float slope, float *to_mean,
                               float *to_deviation)
{
    (void)sigma;
    float bell;
    *to_mean = -slope * fast_normal_within(z, &bell);
    *to_deviation = slope * (2.0f * one_over_root_two_pi * bell - one_over_root_pi);
}

static float crps_of_row(const ar_op_call *call, int64_t r, float *scratch)
{
    (void)scratch;
    return sum_of_row(call, r, crps_value);
}

void cpu_loss_crps_forward(const ar_op_call *call)
{
    mean_over_points(call, crps_of_row);
}

static void give_crps_row(const ar_op_call *call, int64_t r, float slope)
{
    give_slopes(call, r, slope, crps_slopes);
}

void cpu_loss_crps_adjoint(const ar_op_call *call)
{
    give_over_points(call, give_crps_row);
}
