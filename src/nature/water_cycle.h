/* The cycle of water in a column: evaporation and warming at the ground, mixing in the boundary
 * layer, and condensation that rains out at once, after Thatcher & Jablonowski (2016, Geosci. Model
 * Dev. 9, 1263), "a moist aquaplanet variant of the Held–Suarez test", whose parts are those of
 * Reed & Jablonowski (2012). Water has no weight and does not change the gas constant. */
#ifndef AR_NATURE_WATER_CYCLE_H
#define AR_NATURE_WATER_CYCLE_H

#include <stdint.h>

#include "nature/sigma.h"

/* Columns of one row; level-major arrays [nlev][nlon], top to ground. */
typedef struct {
    int64_t nlon;
    const double *surface_pressure;    /* [nlon] Pa */
    const double *wind_speed;          /* [nlon] m/s, on the lowest level */
    const double *surface_temperature; /* [nlon] K */
    const double *wetness;             /* [nlon] share of the evaporation of open water, 0 … 1 */
    double *temperature;               /* K */
    double *humidity;                  /* kg/kg */
    double *rain;                      /* [nlon] the precipitation flux in kg m⁻² s⁻¹ */
} ar_moist_columns;

/* Saturation specific humidity in kg/kg at T in K and p in Pa: ε e*(T)/p with e* of Clausius and
 * Clapeyron for a constant latent heat (Thatcher & Jablonowski 2016, eq. 4). */
double ar_saturation_humidity(double temperature, double pressure);

/* The steps of ar_water_cycle_advance, each over `interval` seconds, each changing temperature and
 * humidity in place.
 * Fill: humidity below zero, which spectra ring with, is taken from the level below; from the
 * ground if need be. Column water is kept unless the whole column lacks it. Mix: fluxes from the
 * ground and between the levels of the boundary layer, implicit in time, so stable for any
 * interval. Column water changes by evaporation only. Condense: what exceeds saturation is added to
 * the rain and heats; cp T + L q is kept. */
void ar_water_cycle_fill(const ar_sigma *sigma, const ar_moist_columns *columns);
void ar_water_cycle_mix(const ar_sigma *sigma, double interval, const ar_moist_columns *columns);
void ar_water_cycle_condense(const ar_sigma *sigma, double interval,
                             const ar_moist_columns *columns);

/* All three, in this order, with rain that starts at 0. */
void ar_water_cycle_advance(const ar_sigma *sigma, double interval,
                            const ar_moist_columns *columns);

#endif
