#include "nature/held_suarez.h"

#include <math.h>

#include "field/constants.h"

/* Table of the paper, times per second. */
#define DAY 86400.0
static const double friction_rate = 1 / DAY, slow_rate = 1 / (40 * DAY), fast_rate = 1 / (4 * DAY);
static const double boundary_layer_top = 0.7;
static const double static_stability = 10, stratosphere = 200;

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

/* T_eq at point j of level σ, of which `log_sigma`, σ^κ (`exner`) and the share of the boundary
 * layer are given, in a row with the sine of latitude `sine`. */
static inline double equilibrium_at(const ar_equilibrium *e, double sine, int64_t j,
                                    double log_sigma, double exner, double share,
                                    const double *log_pressure, const double *surface_exner)
{
    double cosine2 = 1 - sine * sine;
    double log_p = log_sigma + log_pressure[j] - log(AR_REFERENCE_PRESSURE);
    double summer = e->summer + (e->land_summer ? share * e->land_summer[j] : 0);
    double warm =
        e->warmest - e->contrast * sine * sine + summer * sine - static_stability * log_p * cosine2;
    double temperature = warm * exner * surface_exner[j];
    return temperature > stratosphere ? temperature : stratosphere;
}

void ar_held_suarez_add_heating(const ar_sigma *sigma, int64_t k, const ar_equilibrium *equilibrium,
                                int64_t nlon, const double *temperature, const double *log_pressure,
                                const double *surface_exner, double *heating)
{
    double share = boundary_layer_share(sigma->full[k]);
    double cosine2 = pow(sin(equilibrium->colatitude), 2);
    double rate = slow_rate + (fast_rate - slow_rate) * share * cosine2 * cosine2;
    double log_sigma = sigma->log_full[k], exner = exp(AR_KAPPA * log_sigma);
    double sine = cos(equilibrium->colatitude);
    for (int64_t j = 0; j < nlon; j++) {
        heating[j] -=
            rate * (temperature[j] - equilibrium_at(equilibrium, sine, j, log_sigma, exner, share,
                                                    log_pressure, surface_exner));
    }
}

void ar_held_suarez_ground(const ar_equilibrium *equilibrium, int64_t nlon,
                           const double *log_pressure, const double *surface_exner,
                           double *temperature)
{
    double sine = cos(equilibrium->colatitude);
    for (int64_t j = 0; j < nlon; j++) {
        temperature[j] = equilibrium_at(equilibrium, sine, j, 0, 1, 1, log_pressure, surface_exner);
    }
}
