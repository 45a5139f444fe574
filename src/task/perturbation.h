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
#include "field/power_spectrum.h"

/* G_n in place of power[wavenumbers], that of the mean. Pure. */
void ar_perturbation_lost(int64_t wavenumbers, const double *analysis, double most, double *power);

/* Draw g [nlat][nlon] of mean 0 with the expected spectrum `power` at n ≥ 1; `spectrum`
 * [ar_spectrum_count(N)] is work space. */
AR_USE_RESULT ar_status ar_perturbation_draw(const ar_harmonics *harmonics, const double *power,
                                             ar_random *stream, double complex *spectrum, double *g,
                                             ar_error *err);

#endif
