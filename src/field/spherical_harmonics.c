#include "field/spherical_harmonics.h"

#include <math.h>
#include <stdbool.h>

#include "base/memory.h"
#include "field/constants.h"
#include "field/meridian.h"
#include "field/quadrature.h"
#include "field/spherical_harmonics_transform.h"

struct ar_harmonics {
    ar_harmonics_settings settings;
    ar_transform *synthesis; /* on the grid itself */
    ar_transform *analysis; /* regular rows: on twice the intervals; Gaussian: NULL, as synthesis */
    double *colatitude;     /* [nlat] */
    int64_t *points;        /* reduced rows: [nlat] */
    int64_t point_count;
    ar_meridian meridian; /* regular rows */
};

int64_t ar_spectrum_count(int64_t truncation)
{
    return (truncation + 1) * (truncation + 2) / 2;
}

int64_t ar_spectrum_index(int64_t truncation, int64_t n, int64_t m)
{
    return m * (2 * truncation + 1 - m) / 2 + n;
}

static bool is_regular(ar_harmonics_rows rows)
{
    return rows == AR_HARMONICS_REGULAR || rows == AR_HARMONICS_BETWEEN_POLES;
}

/* A reduced grid's rows: none empty, none longer than the longest. */
static ar_status check_points(const ar_harmonics_settings *s, ar_error *err)
{
    int64_t longest = 0;
    for (int64_t i = 0; s->points && i < s->nlat; i++) {
        if (s->points[i] < 1 || s->points[i] > s->nlon) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "spherical harmonics: row %lld has %lld points; should be 1 to %lld",
                           (long long)i, (long long)s->points[i], (long long)s->nlon);
        }
        longest = s->points[i] > longest ? s->points[i] : longest;
    }
    if (s->points && longest != s->nlon) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "spherical harmonics: the longest row has %lld points; should be %lld",
                       (long long)longest, (long long)s->nlon);
    }
    return AR_OK;
}

static ar_status check_settings(const ar_harmonics_settings *s, ar_error *err)
{
    const int64_t most = 1 << 20;
    bool synthesis_alone = s->rows == AR_HARMONICS_ANY_ROWS;
    int64_t least_rows = synthesis_alone ? 1 : 3, least_columns = synthesis_alone ? 1 : 4;
    if (s->nlat < least_rows || s->nlon < least_columns || s->nlat > most || s->nlon > most ||
        s->truncation < 1 || !(s->radius > 0) || !isfinite(s->radius)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "spherical harmonics: %lld x %lld points, truncation %lld, radius %g m; "
                       "should be at least %lld x %lld points, 1 and a positive radius",
                       (long long)s->nlat, (long long)s->nlon, (long long)s->truncation, s->radius,
                       (long long)least_rows, (long long)least_columns);
    }
    if (synthesis_alone) {
        return AR_OK;
    }
    if (is_regular(s->rows) && s->nlon % 2 != 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "spherical harmonics: a regular grid with %lld longitudes has no meridian "
                       "opposite to each; should be an even number",
                       (long long)s->nlon);
    }
    int64_t largest = ar_harmonics_largest_truncation(s->rows, s->nlat, s->nlon);
    if (s->truncation > largest) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "spherical harmonics: %lld x %lld %s points do not determine truncation "
                       "%lld; the largest is %lld",
                       (long long)s->nlat, (long long)s->nlon,
                       is_regular(s->rows) ? "regular" : "Gaussian", (long long)s->truncation,
                       (long long)largest);
    }
    return check_points(s, err);
}

/* The rows as the transforms want them; `weight` NULL where they only synthesise. */
static ar_transform_rows transform_rows(const ar_harmonics *h, int64_t count,
                                        const double *colatitude, const double *weight)
{
    return (ar_transform_rows){.count = count,
                               .colatitude = colatitude,
                               .weight = weight,
                               .points = h->points,
                               .nlon = h->settings.nlon,
                               .first_longitude = h->settings.first_longitude * AR_PI / 180};
}

static ar_status create_regular(ar_harmonics *h, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *s = &h->settings;
    bool between_poles = s->rows == AR_HARMONICS_BETWEEN_POLES;
    int64_t intervals = s->nlat - (between_poles ? 0 : 1), rows = 2 * intervals + 1;
    double *fine_colatitude = NULL, *fine_weight = NULL;
    AR_TRY(ar_allocate(&fine_colatitude, rows, sizeof(double), "colatitudes", err));
    AR_TRY(ar_allocate(&fine_weight, rows, sizeof(double), "quadrature weights", err));
    AR_TRY(ar_meridian_init(&h->meridian, s->nlat, between_poles, err));
    for (int64_t i = 0; i < s->nlat; i++) {
        h->colatitude[i] = (2 * i + (between_poles ? 1 : 0)) * AR_PI / (2 * intervals);
    }
    ar_clenshaw_curtis_quadrature(rows, fine_colatitude, fine_weight);
    ar_transform_rows fine = transform_rows(h, rows, fine_colatitude, fine_weight);
    AR_TRY(ar_transform_create(&h->analysis, s->truncation, &fine, err));
cleanup:
    ar_free(fine_colatitude);
    ar_free(fine_weight);
    return status;
}

static ar_status count_points(ar_harmonics *h, const ar_harmonics_settings *settings, ar_error *err)
{
    h->point_count = settings->nlat * settings->nlon;
    if (!settings->points) {
        return AR_OK;
    }
    ar_status status = ar_allocate(&h->points, settings->nlat, sizeof *h->points, "rows", err);
    if (status != AR_OK) {
        return status;
    }
    h->point_count = 0;
    for (int64_t i = 0; i < settings->nlat; i++) {
        h->points[i] = settings->points[i];
        h->point_count += settings->points[i];
    }
    return AR_OK;
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
    h->settings.points = NULL;
    h->settings.latitude = NULL;
    AR_TRY(count_points(h, settings, err));
    AR_TRY(ar_allocate(&h->colatitude, settings->nlat, sizeof(double), "colatitudes", err));
    if (is_regular(settings->rows)) {
        AR_TRY(create_regular(h, err));
    } else if (settings->rows == AR_HARMONICS_GAUSSIAN) {
        AR_TRY(ar_allocate(&weight, settings->nlat, sizeof(double), "quadrature weights", err));
        ar_gaussian_quadrature(settings->nlat, h->colatitude, weight);
    } else {
        for (int64_t i = 0; i < settings->nlat; i++) {
            h->colatitude[i] = (90 - settings->latitude[i]) * AR_PI / 180;
        }
    }
    ar_transform_rows rows = transform_rows(h, settings->nlat, h->colatitude, weight);
    AR_TRY(ar_transform_create(&h->synthesis, settings->truncation, &rows, err));
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
    ar_free(h->points);
    ar_meridian_release(&h->meridian);
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

int64_t ar_harmonics_point_count(const ar_harmonics *harmonics)
{
    return harmonics->point_count;
}

/* A field on twice the intervals from pole to pole; the caller frees. */
static ar_status refine_rows(const ar_harmonics *h, const double *field, int sign_beyond_pole,
                             double **fine, ar_error *err)
{
    ar_status status = AR_OK;
    int64_t nlon = h->settings.nlon, fine_count = (2 * h->meridian.intervals + 1) * nlon;
    AR_TRY(ar_allocate(fine, fine_count, sizeof **fine, "field on refined rows", err));
    AR_TRY(ar_meridian_refine(&h->meridian, nlon, field, sign_beyond_pole, *fine, err));
cleanup:
    return status;
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
    int64_t points = harmonics->point_count, count = ar_spectrum_count(s->truncation);
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
    int64_t points = harmonics->point_count, count = ar_spectrum_count(s->truncation);
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
    for (int64_t i = 0; i < harmonics->point_count; i++) {
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
