#include "field/power_spectrum.h"

#include "base/memory.h"
#include "field/constants.h"

bool ar_spectra_exist(const ar_grid *grid, int64_t *truncation)
{
    ar_harmonics_rows rows = AR_HARMONICS_REGULAR;
    if (!grid->wraps || !ar_harmonics_recognise_rows(grid->nlat, grid->latitude, &rows)) {
        return false;
    }
    *truncation = ar_harmonics_largest_truncation(rows, grid->nlat, grid->nlon);
    return *truncation >= 1;
}

ar_status ar_spectra_prepare(ar_harmonics **harmonics, const ar_grid *grid, ar_error *err)
{
    ar_harmonics_settings settings = {.nlat = grid->nlat,
                                      .nlon = grid->nlon,
                                      .radius = AR_EARTH_RADIUS,
                                      .first_longitude = grid->longitude[0]};
    if (!ar_spectra_exist(grid, &settings.truncation) ||
        !ar_harmonics_recognise_rows(grid->nlat, grid->latitude, &settings.rows)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "a grid of %lld x %lld is not one of spherical harmonics",
                       (long long)grid->nlat, (long long)grid->nlon);
    }
    return ar_harmonics_create(harmonics, &settings, err);
}

/* 1/(4π) (|f_n^0|² + 2 Σ |f_n^m|²) */
double ar_spectrum_power_at(const double complex *spectrum, int64_t truncation, int64_t n)
{
    double power = 0;
    for (int64_t m = 0; m <= n; m++) {
        double complex f = spectrum[ar_spectrum_index(truncation, n, m)];
        power += (m == 0 ? 1 : 2) * (creal(f) * creal(f) + cimag(f) * cimag(f)) / (4 * AR_PI);
    }
    return power;
}

ar_status ar_spectra_power(const ar_harmonics *harmonics, const float *field, double *power,
                           ar_error *err)
{
    int64_t truncation = ar_harmonics_get_settings(harmonics)->truncation;
    int64_t points = ar_harmonics_point_count(harmonics);
    double *values = NULL;
    double complex *spectrum = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&values, (size_t)points, sizeof *values, "a field", err));
    AR_TRY(ar_allocate(&spectrum, (size_t)ar_spectrum_count(truncation), sizeof *spectrum,
                       "a spectrum", err));
    for (int64_t at = 0; at < points; at++) {
        values[at] = field[at];
    }
    AR_TRY(ar_harmonics_analyse(harmonics, values, spectrum, err));
    for (int64_t n = 0; n <= truncation; n++) {
        power[n] = ar_spectrum_power_at(spectrum, truncation, n);
    }
cleanup:
    ar_free(values);
    ar_free(spectrum);
    return status;
}
