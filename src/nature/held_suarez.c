#include "nature/held_suarez.h"

#include <math.h>

#include "field/constants.h"

/* Table of the paper, times per second. */
#define DAY 86400.0
static const double friction_rate = 1 / DAY, slow_rate = 1 / (40 * DAY), fast_rate = 1 / (4 * DAY);
static const double boundary_layer_top = 0.7, reference_pressure = 1e5;
static const double meridional_contrast = 60, static_stability = 10, stratosphere = 200;

static double boundary_layer_share(double sigma)
{
    return fmax(0, (sigma - boundary_layer_top) / (1 - boundary_layer_top));
}

void ar_held_suarez_friction(const ar_sigma *sigma, double *friction)
{
    for (int64_t k = 0; k < sigma->nlev; k++) {
        friction[k] = friction_rate * boundary_layer_share(sigma->full[k]);
    }
}

void ar_held_suarez_add_heating(const ar_sigma *sigma, int64_t k, double colatitude, int64_t nlon,
                                const double *temperature, const double *log_pressure,
                                double *heating)
{
    double sine = cos(colatitude), cosine = sin(colatitude), cosine2 = cosine * cosine;
    double rate = slow_rate + (fast_rate - slow_rate) * boundary_layer_share(sigma->full[k]) *
                                  cosine2 * cosine2;
    double log_level = log(sigma->full[k] / reference_pressure);
    for (int64_t j = 0; j < nlon; j++) {
        double log_p = log_level + log_pressure[j]; /* ln(p/p₀) */
        double warm = 315 - meridional_contrast * sine * sine - static_stability * log_p * cosine2;
        double equilibrium = fmax(stratosphere, warm * exp(AR_KAPPA * log_p));
        heating[j] -= rate * (temperature[j] - equilibrium);
    }
}
