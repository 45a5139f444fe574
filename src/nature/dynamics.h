/* Tendencies of the hydrostatic primitive equations in vorticity–divergence form (Hoskins & Simmons
 * 1975) with the vertical differences of Simmons & Burridge (1981), by the transform method:
 * products are formed on the Gaussian grid. */
#ifndef AR_NATURE_DYNAMICS_H
#define AR_NATURE_DYNAMICS_H

#include <complex.h>
#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"
#include "field/spherical_harmonics.h"
#include "nature/forcing.h"
#include "nature/sigma.h"
#include "nature/spectral_state.h"

typedef struct {
    ar_harmonics *harmonics; /* Gaussian grid of the model */
    ar_sigma sigma;
    double rotation;     /* Ω in s⁻¹ */
    bool humid;          /* humidity is carried along */
    ar_forcing *forcing; /* borrowed; NULL: none (friction is in the semi-implicit step) */
    double complex *surface_geopotential; /* spectrum, m² s⁻² */
    double *weight; /* [nlat] share of the sphere's area of a row's points, over
                       all rows and points 1 */
    /* Fields on the grid, [nlev][nlat][nlon]. After ar_dynamics_tendency the first four hold what
     * was analysed, the others the state's own. */
    double *vorticity, *divergence, *warming_east, *warming_north; /* the latter ∇T */
    double *eastward, *northward, *temperature;
    /* Humidity and its gradient; NULL without it. The last holds what was analysed, as above. */
    double *humidity, *moistening_east, *moistening_north;
    double *log_pressure, *pressure_east,
        *pressure_north; /* [nlat][nlon]: ln ps and its gradient */
    double *row_scratch; /* [nlat][7][nlon] */
    int64_t *row_fault;  /* [nlat] −1, or level × nlon + column of a wind that is wrong */
} ar_dynamics;

/* Winds of more than this in m/s end a run. */
#define AR_DYNAMICS_FASTEST_WIND 250.0

/* A zeroed surface geopotential and no forcing; half as in ar_sigma_init. Release in any case. */
AR_USE_RESULT ar_status ar_dynamics_init(ar_dynamics *dynamics, int64_t truncation, int64_t nlev,
                                         const double *half, double radius, double rotation,
                                         bool humid, ar_error *err);
void ar_dynamics_release(ar_dynamics *dynamics);

/* Everything but the linear terms of ar_semi_implicit, with the forcing that is there; then make
 * the forcing that of this state at `seconds` since 1970 (UTC), for the next step. A `first` step
 * has none yet: it is made before. AR_ERROR_NUMERIC names level and place of a wind that is not
 * finite or faster than AR_DYNAMICS_FASTEST_WIND. Same bits on any number of threads. */
AR_USE_RESULT ar_status ar_dynamics_tendency(ar_dynamics *dynamics, const ar_spectral_state *state,
                                             double seconds, bool first,
                                             ar_spectral_state *tendency, ar_error *err);

/* AR_ERROR_NUMERIC, as above, for a wind of the state that is wrong. */
AR_USE_RESULT ar_status ar_dynamics_check_wind(ar_dynamics *dynamics,
                                               const ar_spectral_state *state, ar_error *err);

/* Mean surface pressure in Pa, and mean total energy in J m⁻²: Σ (v²/2 + cp T + φ_s) Δp/g
 * (the latent heat of vapour is not in it). */
AR_USE_RESULT ar_status ar_dynamics_mean_pressure(ar_dynamics *dynamics,
                                                  const ar_spectral_state *state, double *pressure,
                                                  ar_error *err);
AR_USE_RESULT ar_status ar_dynamics_mean_energy(ar_dynamics *dynamics,
                                                const ar_spectral_state *state, double *energy,
                                                ar_error *err);

#endif
