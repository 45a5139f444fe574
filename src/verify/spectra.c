#include "verify/spectra.h"

#include <math.h>

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
        power[n] = 0;
        for (int64_t m = 0; m <= n; m++) {
            double complex coefficient = spectrum[ar_spectrum_index(truncation, n, m)];
            double square =
                creal(coefficient) * creal(coefficient) + cimag(coefficient) * cimag(coefficient);
            power[n] += (m == 0 ? 1 : 2) * square / (4 * AR_PI);
        }
    }
cleanup:
    ar_free(values);
    ar_free(spectrum);
    return status;
}

ar_status ar_mean_spectra_init(ar_mean_spectra *spectra, int64_t truncation, ar_error *err)
{
    size_t count = (size_t)truncation + 1;
    *spectra = (ar_mean_spectra){.truncation = truncation};
    ar_status status = ar_allocate(&spectra->truth, 3 * count, sizeof(double), "spectra", err);
    if (status == AR_OK) {
        spectra->mean = spectra->truth + count;
        spectra->members = spectra->mean + count;
    }
    return status;
}

void ar_mean_spectra_release(ar_mean_spectra *spectra)
{
    ar_free(spectra->truth);
    *spectra = (ar_mean_spectra){0};
}

static bool any_missing(const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (isnan(values[i])) {
            return true;
        }
    }
    return false;
}

/* power [count][N + 1] of fields [count][points]. */
static ar_status find_powers(const ar_harmonics *harmonics, const float *const *fields,
                             int64_t count, double *power, ar_error *err)
{
    int64_t length = ar_harmonics_get_settings(harmonics)->truncation + 1;
    ar_status status = AR_OK;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < count; i++) {
        ar_error own;
        ar_status result = ar_spectra_power(harmonics, fields[i], power + i * length, &own);
        if (result != AR_OK) {
#pragma omp critical(verify_spectra)
            {
                status = result;
                if (err) {
                    *err = own;
                }
            }
        }
    }
    return status;
}

ar_status ar_mean_spectra_add(ar_mean_spectra *spectra, const ar_harmonics *harmonics,
                              const float *members, int64_t member_count, const float *mean,
                              const float *truth, ar_error *err)
{
    int64_t points = ar_harmonics_point_count(harmonics), length = spectra->truncation + 1;
    double *power = NULL;
    const float **fields = NULL;
    /* The mean is missing where a member is. */
    if (any_missing(mean, points) || any_missing(truth, points)) {
        return AR_OK;
    }
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&fields, (size_t)member_count + 2, sizeof *fields, "fields", err));
    AR_TRY(ar_allocate(&power, (size_t)((member_count + 2) * length), sizeof *power,
                       "spectra of members", err));
    fields[0] = truth;
    fields[1] = mean;
    for (int64_t k = 0; k < member_count; k++) {
        fields[2 + k] = members + k * points;
    }
    AR_TRY(find_powers(harmonics, fields, member_count + 2, power, err));
    for (int64_t n = 0; n < length; n++) {
        spectra->truth[n] += power[n];
        spectra->mean[n] += power[length + n];
        for (int64_t k = 0; k < member_count; k++) {
            spectra->members[n] += power[(2 + k) * length + n] / (double)member_count;
        }
    }
    spectra->times++;
cleanup:
    ar_free(fields);
    ar_free(power);
    return status;
}

void ar_mean_spectra_finish(ar_mean_spectra *spectra)
{
    for (int64_t i = 0; spectra->times > 0 && i < 3 * (spectra->truncation + 1); i++) {
        spectra->truth[i] /= (double)spectra->times; /* all three: they are one block */
    }
}

void ar_mean_spectra_kinetic_energy(ar_mean_spectra *energy, const ar_mean_spectra *vorticity,
                                    const ar_mean_spectra *divergence)
{
    energy->times = vorticity->times;
    for (int64_t n = 1; n <= energy->truncation; n++) {
        double factor = AR_EARTH_RADIUS * AR_EARTH_RADIUS / (2 * (double)(n * (n + 1)));
        energy->truth[n] = factor * (vorticity->truth[n] + (divergence ? divergence->truth[n] : 0));
        energy->mean[n] = factor * (vorticity->mean[n] + (divergence ? divergence->mean[n] : 0));
        energy->members[n] =
            factor * (vorticity->members[n] + (divergence ? divergence->members[n] : 0));
    }
}

int64_t ar_spectra_effective_resolution(const double *forecast, const double *truth,
                                        int64_t truncation)
{
    for (int64_t n = 1; n <= truncation; n++) {
        if (forecast[n] < 0.5 * truth[n]) {
            return n;
        }
    }
    return 0;
}

double ar_spectra_wavelength(int64_t n)
{
    return 2 * AR_PI * AR_EARTH_RADIUS / sqrt((double)n * (double)(n + 1)) / 1000;
}
