/* Variance by total wavenumber: whether forecasts have as much of it as the truth at every scale,
 * or are smooth. Means do get smoother with lead time, members should not. For global grids whose
 * rows spherical harmonics know (field/spherical_harmonics.h), and times without missing values. */
#ifndef AR_VERIFY_SPECTRA_H
#define AR_VERIFY_SPECTRA_H

#include "field/power_spectrum.h"

/* Kinetic energy per mass by n = 0 … N, in m² s⁻², of a wind: of its vorticity ζ and divergence δ
 *     E_n = a²/(2 n(n + 1)) (S_n^ζ + S_n^δ), E_0 = 0 (Lambert 1984),
 * so that Σ E_n is the mean of (u² + v²)/2 over the sphere. As ar_spectra_power. */
AR_USE_RESULT ar_status ar_spectra_energy(const ar_harmonics *harmonics, const float *eastward,
                                          const float *northward, double *energy, ar_error *err);

/* Sums over times, later means. Release with ar_mean_spectra_release. */
typedef struct {
    int64_t truncation, times;
    double *truth, *mean, *members; /* [N + 1] of the truth, the ensemble mean, and the mean of the
                                     * spectra of members; one block */
} ar_mean_spectra;

AR_USE_RESULT ar_status ar_mean_spectra_init(ar_mean_spectra *spectra, int64_t truncation,
                                             ar_error *err);
void ar_mean_spectra_release(ar_mean_spectra *spectra); /* safe on a zeroed one */

/* What enters at one time: members [member_count][nlat][nlon], mean and truth [nlat][nlon]. */
typedef struct {
    const float *members, *mean, *truth;
} ar_spectra_fields;

/* Add one time, if nothing of it is missing: the variance of a field or, where `northward` is not
 * NULL, the kinetic energy of a wind of which it is the second part. Parallel over members. */
AR_USE_RESULT ar_status ar_mean_spectra_add(ar_mean_spectra *spectra, const ar_harmonics *harmonics,
                                            int64_t member_count, const ar_spectra_fields *fields,
                                            const ar_spectra_fields *northward, ar_error *err);
/* From sums to means over times, once; without any time there are none, and it changes nothing. */
void ar_mean_spectra_finish(ar_mean_spectra *spectra);

/* As ar_spectra_energy, of the spectra of vorticity and divergence; without divergence (NULL) that
 * of the rotational wind. `energy` is initialised, of the same truncation, and takes the times of
 * vorticity. */
void ar_mean_spectra_kinetic_energy(ar_mean_spectra *energy, const ar_mean_spectra *vorticity,
                                    const ar_mean_spectra *divergence);

/* Effective resolution: the smallest n ≥ 1 at which a forecast has less than half of the truth's
 * variance; 0 where it has that everywhere. Where the truth has none, nothing is asked. */
int64_t ar_spectra_effective_resolution(const double *forecast, const double *truth,
                                        int64_t truncation);
/* Wavelength of total wavenumber n ≥ 1 in km: 2π a/sqrt(n(n + 1)) (Jeans). */
double ar_spectra_wavelength(int64_t n);

#endif
