/* Drawing a state from what the network says of each point by itself: the mean of its members and
 * their spread s. Members cannot be taken for states, since member k is much the same quantile
 * everywhere. What is drawn is
 *     x = mean + s/⟨s²⟩^½ · g,
 * g a Gaussian random field on the sphere with the spectrum
 *     G_n = max(0, S_n(analysis) − S_n(mean))
 * at total wavenumber n: what could not be forecast is what the mean has lost of the analyses'
 * variance, and it comes back where the network is uncertain. Waves are taken from short to long up
 * to a largest variance: the long ones of some fields have so much of it that its mere change from
 * one time to the next is more than the whole error. So a roll-out keeps the spectrum of
 * the analyses (as stochastic backscatter returns to a model what it dissipates: Shutts 2005, Q. J.
 * R. Meteorol. Soc. 131, 3079–3102). */
#ifndef AR_TASK_PERTURBATION_H
#define AR_TASK_PERTURBATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "field/grid.h"
#include "field/spherical_harmonics.h"

typedef struct {
    ar_harmonics *harmonics;
    int64_t points;
    double *field;            /* [points] work */
    double complex *spectrum; /* [ar_spectrum_count(N)] work */
} ar_perturbation;

/* Whether fields of a grid can be drawn: a global grid that spherical harmonics know. Pure. */
bool ar_perturbation_exists(const ar_grid *grid);
/* Release with ar_perturbation_release. */
AR_USE_RESULT ar_status ar_perturbation_init(ar_perturbation *perturbation, const ar_grid *grid,
                                             ar_error *err);
void ar_perturbation_release(ar_perturbation *perturbation); /* safe on zeroed */

/* Total wavenumbers 0 … N that a spectrum of power has. */
int64_t ar_perturbation_wavenumbers(const ar_perturbation *perturbation);

/* S_n of a field [nlat][nlon] without missing values, added to power[wavenumbers]: the variance at
 * each total wavenumber (docs/verification.md). */
AR_USE_RESULT ar_status ar_perturbation_add_power(ar_perturbation *perturbation, const float *field,
                                                  double *power, ar_error *err);

/* G_n in place of power[wavenumbers], that of the mean. Pure. */
void ar_perturbation_lost(int64_t wavenumbers, const double *analysis, double most, double *power);

/* Draw g [nlat][nlon] of mean 0 with the expected spectrum `power` at n ≥ 1. */
AR_USE_RESULT ar_status ar_perturbation_draw(ar_perturbation *perturbation, const double *power,
                                             ar_random *stream, double *g, ar_error *err);

#endif
