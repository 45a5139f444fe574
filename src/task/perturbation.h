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

/* What draws on one grid need. */
typedef struct {
    const ar_grid *grid; /* borrowed */
    ar_harmonics *harmonics;
    int64_t wavenumbers;           /* N + 1 */
    double complex *spectrum;      /* [ar_spectrum_count(N)] work */
    double *power, *draw, *spread; /* [wavenumbers], [nlat][nlon] work */
    double *area;                  /* [nlat] weights of mean 1 */
} ar_perturbation;

/* AR_ERROR_USAGE: grids that have no spectra. Release in any case. */
AR_USE_RESULT ar_status ar_perturbation_init(ar_perturbation *perturbation, const ar_grid *grid,
                                             ar_error *err);
void ar_perturbation_release(ar_perturbation *perturbation); /* safe on zeroed */

/* The mean spectrum [wavenumbers] of `count` fields that lie `stride` values apart; NaN where a
 * value is missing. */
AR_USE_RESULT ar_status ar_perturbation_measure(ar_perturbation *perturbation, const float *fields,
                                                int64_t count, int64_t stride, double *power,
                                                ar_error *err);
/* `level` [nlat][nlon] holds the mean of members [count][nlat][nlon]: make it a state that is
 * drawn, of which the analyses have the spectrum `analysis` [wavenumbers]. */
AR_USE_RESULT ar_status ar_perturbation_add(ar_perturbation *perturbation, const double *analysis,
                                            const float *members, int64_t count, ar_random *stream,
                                            float *level, ar_error *err);

#endif
