/* Spherical harmonics on Gaussian grids, regular or reduced, and on regular grids from pole to pole
 * or between them: transforms of scalars and winds in float64, and what a wind is made of:
 * vorticity, divergence, streamfunction, velocity potential, rotational and divergent wind.
 *
 * A real field is f(λ, φ) = Σ_m Σ_n f_n^m Y_n^m, n ≤ truncation N (triangular), with Y_n^m
 * orthonormal over the unit sphere and with the phase (−1)^m of Condon and Shortley; f_n^{−m} =
 * (−1)^m conj(f_n^m) is not stored. A spectrum is [ar_spectrum_count(N)] complex numbers, order by
 * order: see ar_spectrum_index. Its n = 0 coefficient is √(4π) times the field's mean.
 *
 * Grids are [nlat][nlon], rows from north to south, longitudes eastward; the rows of a reduced grid
 * lie one after another. Winds are eastward and northward in m/s; a missing value (NaN) spreads to
 * the whole result.
 *
 * The transforms are those of a library behind spherical_harmonics_transform.h; a build with
 * ATMOREP_SPECTRAL=OFF has none, and ar_harmonics_create fails with a line that says so. One call
 * runs on one thread; calls on one ar_harmonics may run on many. Same input, same bits. */
#ifndef AR_FIELD_SPHERICAL_HARMONICS_H
#define AR_FIELD_SPHERICAL_HARMONICS_H

#include <complex.h>
#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef enum {
    AR_HARMONICS_GAUSSIAN, /* rows at the Gaussian latitudes: N ≤ nlat − 1 */
    AR_HARMONICS_REGULAR,  /* rows equally spaced from pole to pole: N ≤ nlat − 2, nlon even */
    /* rows equally spaced, the outermost half a step from the poles: N ≤ nlat − 1, nlon even */
    AR_HARMONICS_BETWEEN_POLES,
    AR_HARMONICS_ANY_ROWS, /* rows at `latitude`: any N, for synthesis alone */
} ar_harmonics_rows;

typedef struct {
    ar_harmonics_rows rows;
    int64_t nlat, nlon; /* 2N + 1 ≤ nlon, so that no order is mistaken for another */
    int64_t truncation; /* N ≥ 1 */
    double radius;      /* of the sphere in m, for all derivatives */
    /* A reduced Gaussian grid: [nlat] points of each row, nlon those of the longest; else NULL.
     * Where a row has fewer than 2N + 1 points, analysis mistakes orders for others as far as they
     * are still felt there: to rounding on octahedral grids up to N = nlat/2 − 1; at N = nlat − 1
     * on classic ones 1e-7 of fields whose amplitudes fall like n^−2.5, 3e-5 of white noise. */
    const int64_t *points;
    const double *latitude; /* [nlat] degrees north of AR_HARMONICS_ANY_ROWS; else NULL */
    double first_longitude; /* degrees east of the first point of each row */
} ar_harmonics_settings;

typedef struct ar_harmonics ar_harmonics;

/* Prepare transforms; AR_ERROR_USAGE names the number that does not fit and the largest that would.
 * What the settings point to is copied. */
AR_USE_RESULT ar_status ar_harmonics_create(ar_harmonics **harmonics,
                                            const ar_harmonics_settings *settings, ar_error *err);
/* NULL-safe, sets NULL. */
void ar_harmonics_destroy(ar_harmonics **harmonics);

const ar_harmonics_settings *ar_harmonics_get_settings(const ar_harmonics *harmonics);
/* [nlat] radians from the north pole. */
const double *ar_harmonics_get_colatitude(const ar_harmonics *harmonics);
/* Values of a field: nlat × nlon, or the sum of `points`. */
int64_t ar_harmonics_point_count(const ar_harmonics *harmonics);
/* Whether the latitudes (degrees north, decreasing) are those of one of the first three sorts of
 * rows, to 1 % of a step, and of which. Pure. */
bool ar_harmonics_recognise_rows(int64_t nlat, const double *latitude, ar_harmonics_rows *rows);
/* The largest N that analysis allows on these rows and columns; 0 or less: none. Pure. */
int64_t ar_harmonics_largest_truncation(ar_harmonics_rows rows, int64_t nlat, int64_t nlon);

/* Coefficients of a triangular truncation: (N + 1)(N + 2)/2. */
int64_t ar_spectrum_count(int64_t truncation);
/* Place of total wavenumber n ≥ m and order m ≥ 0. */
int64_t ar_spectrum_index(int64_t truncation, int64_t n, int64_t m);

/* Grid [nlat][nlon] to spectrum: the coefficients of a field that has none beyond N, to rounding
 * (on regular grids the field is first interpolated trigonometrically to twice the rows, where the
 * weights are exact; Swarztrauber 1979). Other fields are projected by the quadrature. */
AR_USE_RESULT ar_status ar_harmonics_analyse(const ar_harmonics *harmonics, const double *field,
                                             double complex *spectrum, ar_error *err);
AR_USE_RESULT ar_status ar_harmonics_synthesise(const ar_harmonics *harmonics,
                                                const double complex *spectrum, double *field,
                                                ar_error *err);

/* Vorticity ζ = k·∇×v and divergence δ = ∇·v in s⁻¹ (spectra) of a wind: the vector itself is
 * analysed, so nothing is singular at the poles. Either result may be NULL. */
AR_USE_RESULT ar_status ar_harmonics_analyse_wind(const ar_harmonics *harmonics,
                                                  const double *eastward, const double *northward,
                                                  double complex *vorticity,
                                                  double complex *divergence, ar_error *err);
/* The wind of a vorticity and a divergence (their means, which no wind has, are ignored). NULL
 * stands for none: without divergence the rotational, without vorticity the divergent wind. */
AR_USE_RESULT ar_status ar_harmonics_synthesise_wind(const ar_harmonics *harmonics,
                                                     const double complex *vorticity,
                                                     const double complex *divergence,
                                                     double *eastward, double *northward,
                                                     ar_error *err);
/* ∇f of a scalar's spectrum: (1/(a cos φ)) ∂f/∂λ and (1/a) ∂f/∂φ on the grid. */
AR_USE_RESULT ar_status ar_harmonics_synthesise_gradient(const ar_harmonics *harmonics,
                                                         const double complex *spectrum,
                                                         double *eastward, double *northward,
                                                         ar_error *err);

/* ∇²f: each coefficient times −n(n + 1)/a². `result` may be `spectrum`. Pure. */
void ar_spectrum_laplacian(int64_t truncation, double radius, const double complex *spectrum,
                           double complex *result);
/* The f of zero mean with ∇²f = spectrum; streamfunction of a vorticity, velocity potential of a
 * divergence, both in m² s⁻¹. The spectrum's own mean is ignored. `result` may be `spectrum`. Pure.
 */
void ar_spectrum_inverse_laplacian(int64_t truncation, double radius,
                                   const double complex *spectrum, double complex *result);
/* Set all coefficients of n > largest to zero. */
void ar_spectrum_truncate(int64_t truncation, int64_t largest, double complex *spectrum);

#endif
