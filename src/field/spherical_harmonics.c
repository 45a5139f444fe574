#include "field/spherical_harmonics.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "field/constants.h"
#include "field/quadrature.h"
#include "field/spherical_harmonics_transform.h"

struct ar_harmonics {
    ar_harmonics_settings settings;
    ar_transform *synthesis; /* on the grid itself */
    ar_transform *analysis; /* regular rows: on twice the intervals; Gaussian: NULL, as synthesis */
    double *colatitude;     /* [nlat] */
    double *midpoint;       /* regular rows: [2(nlat − 1)] interpolation kernel, by distance */
};

int64_t ar_spectrum_count(int64_t truncation)
{
    return (truncation + 1) * (truncation + 2) / 2;
}

int64_t ar_spectrum_index(int64_t truncation, int64_t n, int64_t m)
{
    return m * (2 * truncation + 1 - m) / 2 + n;
}

static ar_status check_settings(const ar_harmonics_settings *s, ar_error *err)
{
    const int64_t most = 1 << 20;
    if (s->nlat < 3 || s->nlon < 4 || s->nlat > most || s->nlon > most || s->truncation < 1 ||
        !(s->radius > 0) || !isfinite(s->radius)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "spherical harmonics: %lld x %lld points, truncation %lld, radius %g m; "
                       "should be at least 3 x 4 points, 1 and a positive radius",
                       (long long)s->nlat, (long long)s->nlon, (long long)s->truncation, s->radius);
    }
    if (s->rows == AR_HARMONICS_REGULAR && s->nlon % 2 != 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "spherical harmonics: a regular grid with %lld longitudes has no meridian "
                       "opposite to each; should be an even number",
                       (long long)s->nlon);
    }
    int64_t by_rows = s->nlat - (s->rows == AR_HARMONICS_REGULAR ? 2 : 1);
    int64_t by_columns = (s->nlon - 1) / 2;
    int64_t largest = by_rows < by_columns ? by_rows : by_columns;
    if (s->truncation > largest) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "spherical harmonics: %lld x %lld %s points do not determine truncation "
                       "%lld; the largest is %lld",
                       (long long)s->nlat, (long long)s->nlon,
                       s->rows == AR_HARMONICS_REGULAR ? "regular" : "Gaussian",
                       (long long)s->truncation, (long long)largest);
    }
    return AR_OK;
}

/* The kernel that interpolates from 2N equally spaced points of a great circle through the poles to
 * the midpoint after point 0, exact for wavenumbers below N: Dirichlet's (−1)^k/(2N) cot(x/2). */
static void fill_midpoint_kernel(int64_t intervals, double *kernel)
{
    for (int64_t k = 0; k < 2 * intervals; k++) {
        double half_distance = (0.5 - k) * AR_PI / (2 * intervals);
        kernel[k] = (k % 2 == 0 ? 1 : -1) / (2.0 * intervals * tan(half_distance));
    }
}

static ar_status create_regular(ar_harmonics *h, double *weight, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *s = &h->settings;
    int64_t intervals = s->nlat - 1, rows = 2 * intervals + 1;
    double *fine_colatitude = NULL, *fine_weight = NULL;
    AR_TRY(ar_allocate(&fine_colatitude, rows, sizeof(double), "colatitudes", err));
    AR_TRY(ar_allocate(&fine_weight, rows, sizeof(double), "quadrature weights", err));
    AR_TRY(ar_allocate(&h->midpoint, 2 * intervals, sizeof(double), "midpoint kernel", err));
    ar_clenshaw_curtis_quadrature(s->nlat, h->colatitude, weight);
    ar_clenshaw_curtis_quadrature(rows, fine_colatitude, fine_weight);
    fill_midpoint_kernel(intervals, h->midpoint);
    AR_TRY(ar_transform_create(&h->analysis, s->truncation, rows, s->nlon, fine_colatitude,
                               fine_weight, err));
cleanup:
    ar_free(fine_colatitude);
    ar_free(fine_weight);
    return status;
}

ar_status ar_harmonics_create(ar_harmonics **harmonics, const ar_harmonics_settings *settings,
                              ar_error *err)
{
    ar_status status = AR_OK;
    ar_harmonics *h = NULL;
    double *weight = NULL;
    *harmonics = NULL;
    AR_TRY(check_settings(settings, err));
    AR_TRY(ar_allocate(&h, 1, sizeof *h, "spherical harmonics", err));
    h->settings = *settings;
    AR_TRY(ar_allocate(&h->colatitude, settings->nlat, sizeof(double), "colatitudes", err));
    AR_TRY(ar_allocate(&weight, settings->nlat, sizeof(double), "quadrature weights", err));
    if (settings->rows == AR_HARMONICS_REGULAR) {
        AR_TRY(create_regular(h, weight, err));
    } else {
        ar_gaussian_quadrature(settings->nlat, h->colatitude, weight);
    }
    AR_TRY(ar_transform_create(&h->synthesis, settings->truncation, settings->nlat, settings->nlon,
                               h->colatitude, weight, err));
    *harmonics = h;
    h = NULL;
cleanup:
    ar_free(weight);
    ar_harmonics_destroy(&h);
    return status;
}

void ar_harmonics_destroy(ar_harmonics **harmonics)
{
    ar_harmonics *h = *harmonics;
    if (!h) {
        return;
    }
    ar_transform_destroy(&h->synthesis);
    ar_transform_destroy(&h->analysis);
    ar_free(h->colatitude);
    ar_free(h->midpoint);
    ar_free(h);
    *harmonics = NULL;
}

const ar_harmonics_settings *ar_harmonics_get_settings(const ar_harmonics *harmonics)
{
    return &harmonics->settings;
}

const double *ar_harmonics_get_colatitude(const ar_harmonics *harmonics)
{
    return harmonics->colatitude;
}

/* Add factor × row to target, the row turned by half the earth where `opposite`. */
static void add_row(double *target, const double *row, int64_t nlon, double factor, bool opposite)
{
    int64_t half = opposite ? nlon / 2 : 0;
    for (int64_t j = 0; j < nlon - half; j++) {
        target[j] += factor * row[j + half];
    }
    for (int64_t j = nlon - half; j < nlon; j++) {
        target[j] += factor * row[j + half - nlon];
    }
}

/* Put a field on regular rows onto twice the intervals: along great circles through the poles,
 * where a scalar goes on as it is and the components of a vector change their sign. The caller
 * frees. */
static ar_status refine_rows(const ar_harmonics *h, const double *field, double sign_beyond_pole,
                             double **fine, ar_error *err)
{
    int64_t intervals = h->settings.nlat - 1, nlon = h->settings.nlon;
    ar_status status =
        ar_allocate(fine, (2 * intervals + 1) * nlon, sizeof(double), "field on refined rows", err);
    if (status != AR_OK) {
        return status;
    }
    for (int64_t i = 0; i <= intervals; i++) {
        memcpy(*fine + 2 * i * nlon, field + i * nlon, nlon * sizeof(double));
    }
    for (int64_t i = 0; i < intervals; i++) {
        double *target = *fine + (2 * i + 1) * nlon;
        for (int64_t k = 0; k < 2 * intervals; k++) {
            int64_t place = (i + k) % (2 * intervals);
            int64_t row = place > intervals ? 2 * intervals - place : place;
            const double *values = field + row * nlon;
            /* A polar row is seen from both sides: the mean of both is free of what no smooth field
             * has there, such as a zonal mean of the northward wind. */
            bool pole = row == 0 || row == intervals;
            double factor = h->midpoint[k] * (pole ? 0.5 : 1);
            if (place <= intervals) {
                add_row(target, values, nlon, factor, false);
            }
            if (place > intervals || pole) {
                add_row(target, values, nlon, factor * sign_beyond_pole, true);
            }
        }
    }
    return AR_OK;
}

ar_status ar_harmonics_analyse(const ar_harmonics *harmonics, const double *field,
                               double complex *spectrum, ar_error *err)
{
    if (!harmonics->analysis) {
        ar_transform_analyse(harmonics->synthesis, field, spectrum);
        return AR_OK;
    }
    double *fine = NULL;
    ar_status status = refine_rows(harmonics, field, 1, &fine, err);
    if (status == AR_OK) {
        ar_transform_analyse(harmonics->analysis, fine, spectrum);
    }
    ar_free(fine);
    return status;
}

ar_status ar_harmonics_synthesise(const ar_harmonics *harmonics, const double complex *spectrum,
                                  double *field, ar_error *err)
{
    (void)err;
    ar_transform_synthesise(harmonics->synthesis, spectrum, field);
    return AR_OK;
}

/* Multiply each coefficient by factor × (n(n + 1))^power; n = 0 becomes 0. */
static void scale(int64_t truncation, double factor, double power, const double complex *spectrum,
                  double complex *result)
{
    for (int64_t n = 0; n <= truncation; n++) {
        double by = n == 0 ? 0 : factor * pow((double)n * (n + 1), power);
        for (int64_t m = 0; m <= n; m++) {
            int64_t k = ar_spectrum_index(truncation, n, m);
            result[k] = by * spectrum[k];
        }
    }
}

ar_status ar_harmonics_analyse_wind(const ar_harmonics *harmonics, const double *eastward,
                                    const double *northward, double complex *vorticity,
                                    double complex *divergence, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *s = &harmonics->settings;
    int64_t points = s->nlat * s->nlon, count = ar_spectrum_count(s->truncation);
    double *southward = NULL, *fine_southward = NULL, *fine_eastward = NULL;
    double complex *spectra = NULL;
    AR_TRY(ar_allocate(&southward, points, sizeof *southward, "southward wind", err));
    AR_TRY(ar_allocate(&spectra, 2 * count, sizeof *spectra, "spectra of a wind", err));
    for (int64_t i = 0; i < points; i++) {
        southward[i] = -northward[i];
    }
    if (harmonics->analysis) {
        AR_TRY(refine_rows(harmonics, southward, -1, &fine_southward, err));
        AR_TRY(refine_rows(harmonics, eastward, -1, &fine_eastward, err));
        ar_transform_analyse_vector(harmonics->analysis, fine_southward, fine_eastward, spectra,
                                    spectra + count);
    } else {
        ar_transform_analyse_vector(harmonics->synthesis, southward, eastward, spectra,
                                    spectra + count);
    }
    if (divergence) {
        scale(s->truncation, -1 / s->radius, 0.5, spectra, divergence);
    }
    if (vorticity) {
        scale(s->truncation, -1 / s->radius, 0.5, spectra + count, vorticity);
    }
cleanup:
    ar_free(southward);
    ar_free(fine_southward);
    ar_free(fine_eastward);
    ar_free(spectra);
    return status;
}

ar_status ar_harmonics_synthesise_wind(const ar_harmonics *harmonics,
                                       const double complex *vorticity,
                                       const double complex *divergence, double *eastward,
                                       double *northward, ar_error *err)
{
    const ar_harmonics_settings *s = &harmonics->settings;
    int64_t points = s->nlat * s->nlon, count = ar_spectrum_count(s->truncation);
    double complex *spectra = NULL;
    ar_status status = ar_allocate(&spectra, 2 * count, sizeof *spectra, "spectra of a wind", err);
    if (status != AR_OK) {
        return status;
    }
    if (divergence) {
        scale(s->truncation, -s->radius, -0.5, divergence, spectra);
    }
    if (vorticity) {
        scale(s->truncation, -s->radius, -0.5, vorticity, spectra + count);
    }
    ar_transform_synthesise_vector(harmonics->synthesis, spectra, spectra + count, northward,
                                   eastward);
    for (int64_t i = 0; i < points; i++) {
        northward[i] = -northward[i];
    }
    ar_free(spectra);
    return AR_OK;
}

ar_status ar_harmonics_synthesise_gradient(const ar_harmonics *harmonics,
                                           const double complex *spectrum, double *eastward,
                                           double *northward, ar_error *err)
{
    (void)err;
    const ar_harmonics_settings *s = &harmonics->settings;
    const double by = 1 / s->radius;
    ar_transform_synthesise_gradient(harmonics->synthesis, spectrum, northward, eastward);
    for (int64_t i = 0; i < s->nlat * s->nlon; i++) {
        eastward[i] *= by;
        northward[i] *= -by;
    }
    return AR_OK;
}

void ar_spectrum_laplacian(int64_t truncation, double radius, const double complex *spectrum,
                           double complex *result)
{
    scale(truncation, -1 / (radius * radius), 1, spectrum, result);
}

void ar_spectrum_inverse_laplacian(int64_t truncation, double radius,
                                   const double complex *spectrum, double complex *result)
{
    scale(truncation, -radius * radius, -1, spectrum, result);
}

void ar_spectrum_truncate(int64_t truncation, int64_t largest, double complex *spectrum)
{
    for (int64_t m = 0; m <= truncation; m++) {
        for (int64_t n = largest < m ? m : largest + 1; n <= truncation; n++) {
            spectrum[ar_spectrum_index(truncation, n, m)] = 0;
        }
    }
}
