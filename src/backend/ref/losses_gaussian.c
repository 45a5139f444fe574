/* Losses of the normal distribution with the ensemble's mean μ and standard deviation σ, at the
 * standardised truth z = (y − μ)/σ. Each is its value and its slopes at one point; the loops over
 * all points are shared. */
#include <math.h>

#include "backend/ref/loss_mean.h"

enum { MEAN, DEVIATION, TARGET };

/* σ enters the losses as at least this, so that their gradients stay finite for members that agree.
 */
static const double smallest_deviation = 1e-6;

typedef double (*point_value)(double z, double sigma);
/* slope · (dL/dμ, dL/dσ) */
typedef void (*point_slopes)(double z, double sigma, double slope, double to[2]);

static void mean_over_points(const ar_op_call *call, point_value value)
{
    const ar_matrix *target = &call->inputs[TARGET];
    double sum = 0;
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            double sigma = fmax(ref_get(&call->inputs[DEVIATION], r, v), smallest_deviation);
            double z = (ref_get(target, r, v) - ref_get(&call->inputs[MEAN], r, v)) / sigma;
            sum += value(z, sigma);
        }
    }
    ref_set_mean(call, sum, ref_value_count(target));
}

static void give_slopes(const ar_op_call *call, point_slopes slopes)
{
    const ar_matrix *target = &call->inputs[TARGET];
    const double slope = ref_slope_of_mean(call, ref_value_count(target));
    for (int64_t r = 0; r < target->rows; r++) {
        for (int64_t v = 0; v < target->columns; v++) {
            double deviation = ref_get(&call->inputs[DEVIATION], r, v), to[2];
            bool held = deviation < smallest_deviation;
            double sigma = held ? smallest_deviation : deviation;
            slopes((ref_get(target, r, v) - ref_get(&call->inputs[MEAN], r, v)) / sigma, sigma,
                   slope, to);
            if (call->input_gradients[MEAN].data) {
                ref_give(call, MEAN, r, v, to[0]);
            }
            if (call->input_gradients[DEVIATION].data) {
                ref_give(call, DEVIATION, r, v, held ? 0.0 : to[1]);
            }
        }
    }
}

/* Slopes of miss(z) + √σ, where to_z = d miss/dz: dz/dμ = −1/σ, dz/dσ = −z/σ. */
static void slopes_of_miss(double to_z, double z, double sigma, double slope, double to[2])
{
    to[0] = -slope * to_z / sigma;
    to[1] = slope * (-to_z * z / sigma + 0.5 / sqrt(sigma));
}

static double normal_density(double z)
{
    return exp(-0.5 * z * z) / sqrt(2 * M_PI);
}

/* ---- stats: the Gaussian's height at y ------------------------------------------------------- */

static double stats_value(double z, double sigma)
{
    double miss = 1 - exp(-0.5 * z * z);
    return miss * miss + sqrt(sigma);
}

static void stats_slopes(double z, double sigma, double slope, double to[2])
{
    double g = exp(-0.5 * z * z);
    slopes_of_miss(2 * (1 - g) * g * z, z, sigma, slope, to);
}

void ref_loss_stats_forward(const ar_op_call *call)
{
    mean_over_points(call, stats_value);
}

void ref_loss_stats_adjoint(const ar_op_call *call)
{
    give_slopes(call, stats_slopes);
}

/* ---- stats_area: the Gaussian's area nearer to μ than y -------------------------------------- */

static const double area_weight = 0.2;

static double stats_area_value(double z, double sigma)
{
    double area = erf(z / sqrt(2.0));
    return area_weight * area * area + sqrt(sigma);
}

/* d erf(z/√2)/dz = 2φ(z) */
static void stats_area_slopes(double z, double sigma, double slope, double to[2])
{
    double to_z = area_weight * 2 * erf(z / sqrt(2.0)) * 2 * normal_density(z);
    slopes_of_miss(to_z, z, sigma, slope, to);
}

void ref_loss_stats_area_forward(const ar_op_call *call)
{
    mean_over_points(call, stats_area_value);
}

void ref_loss_stats_area_adjoint(const ar_op_call *call)
{
    give_slopes(call, stats_area_slopes);
}

/* ---- crps ------------------------------------------------------------------------------------ */

static double crps_value(double z, double sigma)
{
    return sigma * (z * erf(z / sqrt(2.0)) + 2 * normal_density(z) - 1 / sqrt(M_PI));
}

/* dCRPS/dμ = −erf(z/√2), dCRPS/dσ = 2φ(z) − 1/√π */
static void crps_slopes(double z, double sigma, double slope, double to[2])
{
    (void)sigma;
    to[0] = -slope * erf(z / sqrt(2.0));
    to[1] = slope * (2 * normal_density(z) - 1 / sqrt(M_PI));
}

void ref_loss_crps_forward(const ar_op_call *call)
{
    mean_over_points(call, crps_value);
}

void ref_loss_crps_adjoint(const ar_op_call *call)
{
    give_slopes(call, crps_slopes);
}
