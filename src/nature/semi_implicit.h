/* The semi-implicit step: gravity waves of an isothermal atmosphere at rest are averaged over the
 * old and the new time level, so that they do not limit the time step (Hoskins & Simmons 1975,
 * Quart. J. R. Met. Soc. 101, 637, section 3), with implicit horizontal diffusion and
 * boundary-layer friction. */
#ifndef AR_NATURE_SEMI_IMPLICIT_H
#define AR_NATURE_SEMI_IMPLICIT_H

#include <stdint.h>

#include "atmorep/status.h"
#include "nature/sigma.h"
#include "nature/spectral_state.h"

/* Reference temperature in K; above most of the atmosphere's, for stability (Simmons, Hoskins &
 * Burridge 1978). */
#define AR_REFERENCE_TEMPERATURE 300.0

typedef struct {
    int64_t truncation, nlev;
    double half_step;    /* s: the step goes from X⁻ to X⁺ = X⁻ + 2 half_step dX/dt */
    double radius;       /* m */
    double *hydrostatic; /* [nlev][nlev] */
    double *expansion;   /* [nlev][nlev] */
    double *thickness;   /* [nlev] */
    double *inverse;     /* [truncation + 1][nlev][nlev] */
    double *diffusion;   /* [truncation + 1] s⁻¹ */
    double *friction;    /* [nlev] s⁻¹ */
} ar_semi_implicit;

/* diffusion[truncation + 1] of vorticity, divergence and temperature by total wavenumber;
 * friction[nlev] of vorticity and divergence. Both are copied. */
AR_USE_RESULT ar_status ar_semi_implicit_init(ar_semi_implicit *scheme, const ar_sigma *sigma,
                                              int64_t truncation, double radius, double half_step,
                                              const double *diffusion, const double *friction,
                                              ar_error *err);
void ar_semi_implicit_release(ar_semi_implicit *scheme);

/* after = before + 2 half_step × (tendency + linear terms of the mean of before and after), then
 * damped. `tendency` holds everything but the linear terms. Independent of the number of threads.
 */
void ar_semi_implicit_step(const ar_semi_implicit *scheme, const ar_spectral_state *before,
                           const ar_spectral_state *tendency, ar_spectral_state *after);

#endif
