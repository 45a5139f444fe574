/* What the model steps forward: spectra of vorticity and divergence (s⁻¹), temperature (K) and
 * specific humidity (kg/kg) on every level, and of ln(surface pressure in Pa). Tendencies have the
 * same shape, per second. */
#ifndef AR_NATURE_SPECTRAL_STATE_H
#define AR_NATURE_SPECTRAL_STATE_H

#include <complex.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef struct {
    int64_t nlev, count;          /* levels, coefficients of a spectrum */
    double complex *vorticity;    /* [nlev][count] */
    double complex *divergence;   /* [nlev][count] */
    double complex *temperature;  /* [nlev][count] */
    double complex *humidity;     /* [nlev][count]; zero in an atmosphere without it */
    double complex *log_pressure; /* [count] */
} ar_spectral_state;

/* One block of memory, zeroed; vorticity is its start. */
AR_USE_RESULT ar_status ar_spectral_state_init(ar_spectral_state *state, int64_t nlev,
                                               int64_t count, ar_error *err);
void ar_spectral_state_release(ar_spectral_state *state);
/* Complex numbers in the block. */
int64_t ar_spectral_state_size(const ar_spectral_state *state);
/* Both of the same shape. */
void ar_spectral_state_copy(ar_spectral_state *target, const ar_spectral_state *source);

#endif
