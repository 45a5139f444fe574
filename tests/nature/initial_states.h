/* Published initial states for tests of the dynamics, filled on the model's own grid. */
#ifndef AR_TESTS_NATURE_INITIAL_STATES_H
#define AR_TESTS_NATURE_INITIAL_STATES_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "field/constants.h"
#include "nature/nature.h"

/* All fields in one zeroed block of memory, eastward first. */
static inline ar_nature_fields fields_allocate(const ar_nature *nature)
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    int64_t plane = grid->nlat * grid->nlon, volume = plane * ar_nature_get_sigma(nature)->nlev;
    double *block = calloc((size_t)(4 * volume + 2 * plane), sizeof *block);
    if (!block) {
        abort();
    }
    return (ar_nature_fields){.eastward = block,
                              .northward = block + volume,
                              .temperature = block + 2 * volume,
                              .humidity = block + 3 * volume,
                              .surface_pressure = block + 4 * volume,
                              .surface_geopotential = block + 4 * volume + plane};
}

/* The bracket that both T and φ_s of Jablonowski & Williamson (2006) contain; `times` is 1 or 2. */
static inline double baroclinic_bracket(double latitude, double wind, double times)
{
    double s = sin(latitude), c = cos(latitude);
    return (-2 * pow(s, 6) * (c * c + 1.0 / 3) + 10.0 / 63) * times * wind +
           (8.0 / 5 * c * c * c * (s * s + 2.0 / 3) - AR_PI / 4) * AR_EARTH_RADIUS *
               AR_EARTH_ROTATION;
}

/* Jablonowski & Williamson (2006, Quart. J. R. Met. Soc. 132, 2943), eqs. 1–10: a balanced zonal
 * jet in each hemisphere; with `perturbed` the eastward wind of 1 m/s at 20°E 40°N, from which the
 * wave grows. */
static inline void baroclinic_jet(const ar_nature *nature, bool perturbed, ar_nature_fields *f)
{
    const ar_harmonics *h = ar_nature_get_harmonics(nature);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(h);
    const ar_sigma *sigma = ar_nature_get_sigma(nature);
    const double u0 = 35, T0 = 288, lapse = 0.005, delta = 4.8e5, eta0 = 0.252, tropopause = 0.2;
    int64_t plane = grid->nlat * grid->nlon;
    for (int64_t p = 0; p < plane; p++) {
        double latitude = AR_PI / 2 - ar_harmonics_get_colatitude(h)[p / grid->nlon];
        double longitude = 2 * AR_PI * (p % grid->nlon) / grid->nlon;
        double angle =
            acos(fmin(1, sin(2 * AR_PI / 9) * sin(latitude) +
                             cos(2 * AR_PI / 9) * cos(latitude) * cos(longitude - AR_PI / 9)));
        double push = perturbed ? exp(-100 * angle * angle) : 0;
        for (int64_t k = 0; k < sigma->nlev; k++) {
            double eta = sigma->full[k], v = (eta - eta0) * AR_PI / 2;
            double wind = u0 * pow(cos(v), 1.5);
            double mean = T0 * pow(eta, AR_GAS_CONSTANT_DRY * lapse / AR_GRAVITY);
            mean += eta < tropopause ? delta * pow(tropopause - eta, 5) : 0;
            f->eastward[k * plane + p] = wind * pow(sin(2 * latitude), 2) + push;
            f->northward[k * plane + p] = 0;
            f->temperature[k * plane + p] = mean + 0.75 * eta * AR_PI * u0 / AR_GAS_CONSTANT_DRY *
                                                       sin(v) * sqrt(cos(v)) *
                                                       baroclinic_bracket(latitude, wind, 2);
        }
        double surface_wind = u0 * pow(cos((1 - eta0) * AR_PI / 2), 1.5);
        f->surface_pressure[p] = 1e5;
        f->surface_geopotential[p] = surface_wind * baroclinic_bracket(latitude, surface_wind, 1);
    }
}

/* A three-dimensional Rossby–Haurwitz wave of order 4: the same nondivergent wind on all levels,
 * with temperature and surface pressure in balance with it where the lapse rate is constant
 * (Jablonowski, Lauritzen, Nair & Taylor 2008, test 4: γ = 6.5 K/km, T₀ = 288 K, 955 hPa, u₀ = 50
 * m/s). */
static inline void rossby_haurwitz_wave(const ar_nature *nature, ar_nature_fields *f)
{
    const ar_harmonics *h = ar_nature_get_harmonics(nature);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(h);
    const ar_sigma *sigma = ar_nature_get_sigma(nature);
    const double a = AR_EARTH_RADIUS, w = 50 / (4 * AR_EARTH_RADIUS), O = AR_EARTH_ROTATION;
    const double T0 = 288, lapse = 0.0065, p0 = 95500;
    const int n = 4;
    int64_t plane = grid->nlat * grid->nlon;
    for (int64_t p = 0; p < plane; p++) {
        double latitude = AR_PI / 2 - ar_harmonics_get_colatitude(h)[p / grid->nlon];
        double wave = n * 2 * AR_PI * (p % grid->nlon) / grid->nlon;
        double s = sin(latitude), c = cos(latitude), cn = pow(c, n);
        double A =
            w * (2 * O + w) / 2 * c * c +
            w * w / 4 * cn * cn * ((n + 1) * c * c + (2 * n * n - n - 2) - 2.0 * n * n / (c * c));
        double B = 2 * (O + w) * w / ((n + 1.0) * (n + 2)) * cn *
                   ((n * n + 2 * n + 2) - (n + 1.0) * (n + 1) * c * c);
        double C = w * w / 4 * cn * cn * ((n + 1) * c * c - (n + 2));
        double height = a * a * (A + B * cos(wave) + C * cos(2 * wave)) / AR_GRAVITY;
        double exponent = AR_GRAVITY / (AR_GAS_CONSTANT_DRY * lapse);
        f->surface_pressure[p] = p0 * pow(1 + lapse / T0 * height, exponent);
        f->surface_geopotential[p] = 0;
        for (int64_t k = 0; k < sigma->nlev; k++) {
            double pressure = sigma->full[k] * f->surface_pressure[p];
            f->eastward[k * plane + p] =
                a * w * (c + pow(c, n - 1) * (n * s * s - c * c) * cos(wave));
            f->northward[k * plane + p] = -a * w * n * pow(c, n - 1) * s * sin(wave);
            f->temperature[k * plane + p] = T0 * pow(pressure / p0, 1 / exponent);
        }
    }
}

#endif
