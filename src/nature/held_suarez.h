/* The forcing of Held & Suarez (1994, Bull. Amer. Met. Soc. 75, 1825): relaxation of temperature to
 * an equilibrium and friction near the ground, instead of radiation and turbulence. */
#ifndef AR_NATURE_HELD_SUAREZ_H
#define AR_NATURE_HELD_SUAREZ_H

#include <stdint.h>

#include "nature/sigma.h"

/* The equilibrium T_eq = max(200 K, (warmest − contrast sin²φ + summer sin φ − 10 K ln(p/p₀) cos²φ)
 * (p/p₀)^κ) on a row of the grid. Held & Suarez have warmest 315 K, contrast 60 K and no summer;
 * Thatcher & Jablonowski (2016, Geosci. Model Dev. 9, 1263) 294 and 65 K, since condensation heats
 * too; summer is the asymmetry ε of Polvani & Kushner (2002, Geophys. Res. Lett. 29, 1114). */
typedef struct {
    double colatitude;
    double warmest, contrast;  /* K */
    double summer;             /* K, positive while it is summer in the north */
    const double *land_summer; /* [nlon] K, added to summer at the ground and with the share of
                                  friction above it; NULL: none */
} ar_equilibrium;

/* Friction k_v(σ) in s⁻¹, for vorticity and divergence; [nlev]. */
void ar_held_suarez_friction(const ar_sigma *sigma, double *friction);

/* Add −k_T (T − T_eq) in K/s to heating[nlon] of level k; temperature[nlon] in K,
 * log_pressure[nlon] of the surface pressure in Pa, surface_exner[nlon] its (ps/p₀)^κ. */
void ar_held_suarez_add_heating(const ar_sigma *sigma, int64_t k, const ar_equilibrium *equilibrium,
                                int64_t nlon, const double *temperature, const double *log_pressure,
                                const double *surface_exner, double *heating);

/* T_eq in K at the ground, temperature[nlon]. */
void ar_held_suarez_ground(const ar_equilibrium *equilibrium, int64_t nlon,
                           const double *log_pressure, const double *surface_exner,
                           double *temperature);

#endif
