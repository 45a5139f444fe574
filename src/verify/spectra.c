#include "verify/spectra.h"

#include <math.h>

#include "base/memory.h"
#include "field/constants.h"

/* Kinetic energy over the variance of vorticity or divergence; n ≥ 1. */
static double energy_factor(int64_t n)
{
    return AR_EARTH_RADIUS * AR_EARTH_RADIUS / (2 * (double)n * (double)(n + 1));
}

static void widen(double *wide, const float *field, int64_t points)
{
    for (int64_t at = 0; at < points; at++) {
        wide[at] = field[at];
    }
}

ar_status ar_spectra_energy(const ar_harmonics *harmonics, const float *eastward,
                            const float *northward, double *energy, ar_error *err)
{
    int64_t truncation = ar_harmonics_get_settings(harmonics)->truncation;
    size_t points = (size_t)ar_harmonics_point_count(harmonics);
    size_t count = (size_t)ar_spectrum_count(truncation);
    double *wind = NULL;
    double complex *spectra = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&wind, 2 * points, sizeof *wind, "a wind", err));
    AR_TRY(ar_allocate(&spectra, 2 * count, sizeof *spectra, "spectra of a wind", err));
    widen(wind, eastward, (int64_t)points);
    widen(wind + points, northward, (int64_t)points);
    AR_TRY(
        ar_harmonics_analyse_wind(harmonics, wind, wind + points, spectra, spectra + count, err));
    energy[0] = 0;
    for (int64_t n = 1; n <= truncation; n++) {
        energy[n] = energy_factor(n) * (ar_spectrum_power_at(spectra, truncation, n) +
                                        ar_spectrum_power_at(spectra + count, truncation, n));
    }
cleanup:
    ar_free(wind);
    ar_free(spectra);
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

static bool is_whole(const ar_spectra_fields *fields, int64_t points)
{
    /* The mean is missing where a member is. */
    return !any_missing(fields->mean, points) && !any_missing(fields->truth, points);
}

/* Field i of the truth, the mean, and the members. */
static const float *field_at(const ar_spectra_fields *fields, int64_t i, int64_t points)
{
    return i == 0 ? fields->truth : i == 1 ? fields->mean : fields->members + (i - 2) * points;
}

/* power [member_count + 2][N + 1] of the truth, the mean, and the members. */
static ar_status find_powers(const ar_harmonics *harmonics, int64_t member_count,
                             const ar_spectra_fields *fields, const ar_spectra_fields *northward,
                             double *power, ar_error *err)
{
    int64_t length = ar_harmonics_get_settings(harmonics)->truncation + 1;
    int64_t points = ar_harmonics_point_count(harmonics);
    ar_status status = AR_OK;
#pragma omp parallel for schedule(dynamic, 1)
    for (int64_t i = 0; i < member_count + 2; i++) {
        ar_error own;
        const float *field = field_at(fields, i, points);
        double *found = power + i * length;
        ar_status result =
            northward
                ? ar_spectra_energy(harmonics, field, field_at(northward, i, points), found, &own)
                : ar_spectra_power(harmonics, field, found, &own);
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
                              int64_t member_count, const ar_spectra_fields *fields,
                              const ar_spectra_fields *northward, ar_error *err)
{
    int64_t points = ar_harmonics_point_count(harmonics), length = spectra->truncation + 1;
    double *power = NULL;
    if (!is_whole(fields, points) || (northward && !is_whole(northward, points))) {
        return AR_OK;
    }
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&power, (size_t)((member_count + 2) * length), sizeof *power,
                       "spectra of members", err));
    AR_TRY(find_powers(harmonics, member_count, fields, northward, power, err));
    for (int64_t n = 0; n < length; n++) {
        spectra->truth[n] += power[n];
        spectra->mean[n] += power[length + n];
        for (int64_t k = 0; k < member_count; k++) {
            spectra->members[n] += power[(2 + k) * length + n] / (double)member_count;
        }
    }
    spectra->times++;
cleanup:
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
        double factor = energy_factor(n);
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
