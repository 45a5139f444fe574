/* Variance of a field by total wavenumber, on global grids whose rows spherical harmonics know, of
 * times without missing values. */
#ifndef AR_FIELD_POWER_SPECTRUM_H
#define AR_FIELD_POWER_SPECTRUM_H

#include "field/grid.h"
#include "field/spherical_harmonics.h"

/* Whether fields of a grid have spectra; *truncation gets the largest total wavenumber N. Pure. */
bool ar_spectra_exist(const ar_grid *grid, int64_t *truncation);

/* Prepare transforms of a grid that has spectra. The caller's to ar_harmonics_destroy. */
AR_USE_RESULT ar_status ar_spectra_prepare(ar_harmonics **harmonics, const ar_grid *grid,
                                           ar_error *err);

/* Variance by n = 0 … N of f = Σ f_n^m Y_n^m with orthonormal Y:
 *     S_n = 1/(4π) (|f_n^0|² + 2 Σ_{m ≥ 1} |f_n^m|²),
 * so that Σ_{n ≥ 1} S_n is the variance over the sphere and S_0 the square of the mean.
 * power [N + 1], field [nlat][nlon] without missing values. Thread-safe. */
AR_USE_RESULT ar_status ar_spectra_power(const ar_harmonics *harmonics, const float *field,
                                         double *power, ar_error *err);

/* The same of a spectrum, at one n. Pure. */
double ar_spectrum_power_at(const double complex *spectrum, int64_t truncation, int64_t n);

#endif
