#include "nature/water_cycle.h"

#include <math.h>
#include <string.h>

#include "field/constants.h"

/* Thatcher & Jablonowski (2016), table 1: bulk exchange coefficient of heat and vapour, and where
 * the mixing of the boundary layer fades. */
static const double exchange = 0.0044, mixing_top = 85000, mixing_depth = 10000;
/* Height in m that mixing is proportional to: that of the lowest of their 30 levels, held fixed, or
 * it would grow with coarser ones. */
static const double mixing_height = 65;
/* Where mixing is below exp(−9) of what it is near the ground, it is left out. */
static const double mixing_end = 55000;

double ar_saturation_humidity(double temperature, double pressure)
{
    const double ratio = AR_GAS_CONSTANT_DRY / AR_GAS_CONSTANT_VAPOUR;
    double exponent =
        AR_LATENT_HEAT / AR_GAS_CONSTANT_VAPOUR * (1 / AR_TRIPLE_POINT - 1 / temperature);
    return ratio * AR_SATURATION_PRESSURE * exp(exponent) / pressure;
}

void ar_water_cycle_fill(const ar_sigma *sigma, const ar_moist_columns *columns)
{
    int64_t nlon = columns->nlon, L = sigma->nlev;
    for (int64_t k = 0; k < L; k++) {
        double *q = columns->humidity + k * nlon;
        double ratio = k < L - 1 ? sigma->thickness[k] / sigma->thickness[k + 1] : 0;
        for (int64_t j = 0; j < nlon; j++) {
            double deficit = q[j] < 0 ? q[j] : 0;
            q[j] -= deficit;
            q[k < L - 1 ? j + nlon : j] += ratio * deficit;
        }
    }
}

/* Conductance in kg m⁻² s⁻¹ across the interface below level k: ρ² g K/Δp. */
static double interface_conductance(const ar_sigma *sigma, int64_t k, double surface_pressure,
                                    double mixing, double t_above, double t_below)
{
    double p = sigma->half[k + 1] * surface_pressure;
    double fading = p < mixing_top ? (mixing_top - p) / mixing_depth : 0;
    double density = p / (AR_GAS_CONSTANT_DRY * (t_above + t_below) / 2);
    double span = (sigma->full[k + 1] - sigma->full[k]) * surface_pressure;
    return density * density * AR_GRAVITY * mixing * exp(-fading * fading) / span;
}

/* The levels from `first` to the ground in column j, by one elimination for potential temperature
 * (with p₀ = ps) and humidity, whose matrices differ in the lowest row only. */
static void mix_column(const ar_sigma *sigma, const double *exner, double interval, int64_t j,
                       const ar_moist_columns *c)
{
    int64_t L = sigma->nlev, nlon = c->nlon, lowest = L - 1;
    double *t = c->temperature + j, *q = c->humidity + j, eliminated[AR_SIGMA_MOST_LEVELS];
    double pressure = c->surface_pressure[j];
    double near_ground = t[lowest * nlon];
    double mixing = exchange * c->wind_speed[j] * mixing_height;
    double surface = exchange * c->wind_speed[j] * pressure / (AR_GAS_CONSTANT_DRY * near_ground);
    int64_t first = lowest;
    while (first > 0 && sigma->half[first] * pressure > mixing_end) {
        first--;
    }
    double above = 0;
    for (int64_t k = first; k < L; k++) {
        double below = k == lowest ? 0
                                   : interface_conductance(sigma, k, pressure, mixing, t[k * nlon],
                                                           t[(k + 1) * nlon]);
        double by = interval * AR_GRAVITY / (sigma->thickness[k] * pressure);
        double dry = k == lowest ? surface : 0, wet = dry * c->wetness[j];
        double ground_humidity =
            k == lowest ? ar_saturation_humidity(c->surface_temperature[j], pressure) : 0;
        double from_above = k > first ? by * above : 0;
        double diagonal = 1 + from_above * (1 + (k > first ? eliminated[k - 1] : 0)) + by * below;
        double theta = t[k * nlon] / exner[k] + by * dry * c->surface_temperature[j];
        double vapour = q[k * nlon] + by * wet * ground_humidity;
        if (k > first) {
            theta += from_above * t[(k - 1) * nlon];
            vapour += from_above * q[(k - 1) * nlon];
        }
        eliminated[k] = -by * below / diagonal;
        t[k * nlon] = theta / (diagonal + by * dry);
        q[k * nlon] = vapour / (diagonal + by * wet);
        above = below;
    }
    for (int64_t k = lowest - 1; k >= first; k--) {
        t[k * nlon] -= eliminated[k] * t[(k + 1) * nlon];
        q[k * nlon] -= eliminated[k] * q[(k + 1) * nlon];
    }
    for (int64_t k = first; k < L; k++) {
        t[k * nlon] *= exner[k];
    }
}

void ar_water_cycle_mix(const ar_sigma *sigma, double interval, const ar_moist_columns *columns)
{
    double exner[AR_SIGMA_MOST_LEVELS];
    for (int64_t k = 0; k < sigma->nlev; k++) {
        exner[k] = exp(AR_KAPPA * sigma->log_full[k]);
    }
    for (int64_t j = 0; j < columns->nlon; j++) {
        mix_column(sigma, exner, interval, j, columns);
    }
}

void ar_water_cycle_condense(const ar_sigma *sigma, double interval,
                             const ar_moist_columns *columns)
{
    const double heat = AR_LATENT_HEAT / AR_HEAT_CAPACITY_DRY;
    const double stiffness = heat * AR_LATENT_HEAT / AR_GAS_CONSTANT_VAPOUR;
    for (int64_t k = 0; k < sigma->nlev; k++) {
        double *t = columns->temperature + k * columns->nlon;
        double *q = columns->humidity + k * columns->nlon;
        for (int64_t j = 0; j < columns->nlon; j++) {
            double surface_pressure = columns->surface_pressure[j];
            double saturation = ar_saturation_humidity(t[j], sigma->full[k] * surface_pressure);
            if (q[j] <= saturation) {
                continue;
            }
            /* One Newton step to where the warmed air is just saturated. */
            double excess = (q[j] - saturation) / (1 + stiffness * saturation / (t[j] * t[j]));
            q[j] -= excess;
            t[j] += heat * excess;
            columns->rain[j] +=
                excess * sigma->thickness[k] * surface_pressure / (AR_GRAVITY * interval);
        }
    }
}

void ar_water_cycle_advance(const ar_sigma *sigma, double interval, const ar_moist_columns *columns)
{
    memset(columns->rain, 0, columns->nlon * sizeof *columns->rain);
    ar_water_cycle_fill(sigma, columns);
    ar_water_cycle_mix(sigma, interval, columns);
    ar_water_cycle_condense(sigma, interval, columns);
}
