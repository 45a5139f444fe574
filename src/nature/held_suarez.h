/* The forcing of Held & Suarez (1994, Bull. Amer. Met. Soc. 75, 1825): relaxation of temperature to
 * a zonally symmetric equilibrium and friction near the ground, instead of radiation and
 * turbulence. */
#ifndef AR_NATURE_HELD_SUAREZ_H
#define AR_NATURE_HELD_SUAREZ_H

#include <stdint.h>

#include "nature/sigma.h"

/* Friction k_v(σ) in s⁻¹, for vorticity and divergence; [nlev]. */
void ar_held_suarez_friction(const ar_sigma *sigma, double *friction);

/* Add −k_T (T − T_eq) in K/s to heating[nlon] of level k along the row at `colatitude`;
 * temperature[nlon] in K, log_pressure[nlon] of the surface pressure in Pa. */
void ar_held_suarez_add_heating(const ar_sigma *sigma, int64_t k, double colatitude, int64_t nlon,
                                const double *temperature, const double *log_pressure,
                                double *heating);

#endif
