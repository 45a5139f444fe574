#include "field/regrid_harmonics.h"

#include <complex.h>
#include <math.h>

#include "base/memory.h"
#include "field/constants.h"
#include "field/spherical_harmonics.h"

struct ar_harmonic_regrid {
    int64_t truncation;
    int64_t stored_truncation; /* of a source that is a spectrum */
    int64_t source_count;
    ar_harmonics *analysis;     /* NULL: the source is a spectrum */
    ar_harmonics *synthesis;    /* on whole circles of latitude */
    int64_t nlat, nlon, circle; /* of the target; points of a whole circle */
    double complex *spectrum[2];
    double *field[2]; /* [nlat][circle], NULL where the target has whole circles */
};

int64_t ar_gaussian_truncation(int64_t nlat, int64_t longest)
{
    return longest == 2 * nlat + 16 ? nlat / 2 - 1 : nlat - 1;
}

static ar_status not_harmonic(ar_error *err, const char *what, const char *right)
{
    return ar_fail(err, AR_ERROR_USAGE, "regrid: harmonics of a source with %s; %s would be right",
                   what, right);
}

/* How a source is analysed; its truncation is the largest that it determines. */
static ar_status describe_source(const ar_source_grid *s, ar_harmonics_settings *settings,
                                 ar_error *err)
{
    *settings = (ar_harmonics_settings){.rows = AR_HARMONICS_GAUSSIAN,
                                        .nlat = s->nlat,
                                        .nlon = s->nlon,
                                        .points = s->points,
                                        .radius = AR_EARTH_RADIUS};
    if (s->kind == AR_SOURCE_SPECTRUM) {
        settings->truncation = s->truncation;
        return AR_OK;
    }
    if (s->kind == AR_SOURCE_ROWS) {
        double step = 360 / (double)s->nlon;
        settings->first_longitude = s->longitude[0];
        for (int64_t j = 0; j < s->nlon; j++) {
            double regular = s->longitude[0] + step * (double)j;
            if (!s->wraps || fabs(s->longitude[j] - regular) > 0.01 * step) {
                return not_harmonic(err, "longitudes that are not equally spaced around the globe",
                                    "by area or bilinear");
            }
        }
        if (!ar_harmonics_recognise_rows(s->nlat, s->latitude, &settings->rows)) {
            return not_harmonic(err,
                                "latitudes that are neither Gaussian nor regular from pole to "
                                "pole",
                                "by area or bilinear");
        }
    }
    if (s->points) {
        settings->nlon = 0;
        for (int64_t i = 0; i < s->nlat; i++) {
            settings->nlon = s->points[i] > settings->nlon ? s->points[i] : settings->nlon;
        }
    }
    settings->truncation = ar_harmonics_largest_truncation(settings->rows, s->nlat, settings->nlon);
    if (s->points) {
        int64_t usual = ar_gaussian_truncation(s->nlat, settings->nlon);
        settings->truncation = usual < settings->truncation ? usual : settings->truncation;
    }
    return AR_OK;
}

/* Points of the whole circle on which the target's longitudes lie. */
static ar_status find_circle(const ar_grid *target, int64_t *circle, ar_error *err)
{
    *circle = target->wraps ? target->nlon : llround(360 / target->longitude_step);
    double step = 360 / (double)*circle;
    if (*circle < target->nlon ||
        fabs(step - target->longitude_step) * (double)target->nlon > 0.01 * step) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "regrid: a step of %g degrees of longitude does not divide 360; harmonics "
                       "need one that does",
                       target->longitude_step);
    }
    return AR_OK;
}

/* The largest wavenumber that a grid can hold: shorter than two steps everywhere. */
static int64_t target_truncation(const ar_grid *target)
{
    double step = fmax(target->latitude_step, target->longitude_step);
    int64_t largest = (int64_t)floor(180 / step + 1e-6) - 1;
    return largest > 1 ? largest : 1;
}

static ar_status choose_truncation(ar_harmonic_regrid *r, const ar_grid *target, int64_t asked,
                                   int64_t largest, ar_error *err)
{
    int64_t held = target_truncation(target);
    r->truncation = asked > 0 ? asked : held < largest ? held : largest;
    if (asked < 0 || (r->stored_truncation > 0 && asked > largest)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "regrid: truncation %lld of harmonics up to %lld; should be 1 to %lld, or 0 "
                       "for the largest that fits",
                       (long long)asked, (long long)largest, (long long)largest);
    }
    return AR_OK;
}

static ar_status allocate_work(ar_harmonic_regrid *r, ar_error *err)
{
    ar_status status = AR_OK;
    size_t count = (size_t)ar_spectrum_count(r->truncation);
    for (int k = 0; k < 2; k++) {
        AR_TRY(ar_allocate(&r->spectrum[k], count, sizeof *r->spectrum[k], "spectrum", err));
        if (r->circle > r->nlon) {
            AR_TRY(ar_allocate(&r->field[k], (size_t)(r->nlat * r->circle), sizeof *r->field[k],
                               "whole circles of latitude", err));
        }
    }
cleanup:
    return status;
}

ar_status ar_harmonic_regrid_create(ar_harmonic_regrid **regrid, const ar_source_grid *source,
                                    const ar_grid *target, int64_t truncation, ar_error *err)
{
    ar_status status = AR_OK;
    ar_harmonics_settings from;
    ar_harmonic_regrid *r = NULL;
    *regrid = NULL;
    AR_TRY(ar_allocate(&r, 1, sizeof *r, "regridding", err));
    r->nlat = target->nlat;
    r->nlon = target->nlon;
    r->stored_truncation = source->kind == AR_SOURCE_SPECTRUM ? source->truncation : 0;
    AR_TRY(describe_source(source, &from, err));
    AR_TRY(find_circle(target, &r->circle, err));
    AR_TRY(choose_truncation(r, target, truncation, from.truncation, err));
    from.truncation = r->truncation;
    ar_harmonics_settings to = {.rows = AR_HARMONICS_ANY_ROWS,
                                .nlat = target->nlat,
                                .nlon = r->circle,
                                .truncation = r->truncation,
                                .radius = AR_EARTH_RADIUS,
                                .latitude = target->latitude,
                                .first_longitude = target->longitude[0]};
    AR_TRY(ar_harmonics_create(&r->synthesis, &to, err));
    if (source->kind != AR_SOURCE_SPECTRUM) {
        AR_TRY(ar_harmonics_create(&r->analysis, &from, err));
        r->source_count = ar_harmonics_point_count(r->analysis);
    } else {
        r->source_count = 2 * ar_spectrum_count(source->truncation);
    }
    AR_TRY(allocate_work(r, err));
    *regrid = r;
    r = NULL;
cleanup:
    ar_harmonic_regrid_destroy(&r);
    return status;
}

void ar_harmonic_regrid_destroy(ar_harmonic_regrid **regrid)
{
    ar_harmonic_regrid *r = *regrid;
    if (!r) {
        return;
    }
    ar_harmonics_destroy(&r->analysis);
    ar_harmonics_destroy(&r->synthesis);
    for (int k = 0; k < 2; k++) {
        ar_free(r->spectrum[k]);
        ar_free(r->field[k]);
    }
    ar_free(r);
    *regrid = NULL;
}

int64_t ar_harmonic_regrid_get_truncation(const ar_harmonic_regrid *regrid)
{
    return regrid->truncation;
}

static ar_status check_values(const ar_harmonic_regrid *r, const double *values, ar_error *err)
{
    for (int64_t i = 0; i < r->source_count; i++) {
        if (!isfinite(values[i])) {
            return ar_fail(
                err, AR_ERROR_INPUT,
                "regrid: value %lld of %lld of the source is %g; harmonics need a number "
                "everywhere, where some are missing by area or bilinear would be right",
                (long long)i, (long long)r->source_count, values[i]);
        }
    }
    return AR_OK;
}

/* From ECMWF's normalisation, ½∫P² dμ = 1 without Condon and Shortley's phase, to ours. */
static void read_spectrum(const ar_harmonic_regrid *r, const double *stored,
                          double complex *spectrum)
{
    for (int64_t m = 0; m <= r->truncation; m++) {
        double factor = (m % 2 == 0 ? 1 : -1) * sqrt(4 * AR_PI);
        for (int64_t n = m; n <= r->truncation; n++) {
            const double *number = stored + 2 * ar_spectrum_index(r->stored_truncation, n, m);
            /* a real field has no imaginary part here, whatever packing left */
            double imaginary = m == 0 ? 0 : number[1];
            spectrum[ar_spectrum_index(r->truncation, n, m)] = factor * (number[0] + imaginary * I);
        }
    }
}

/* The part of whole circles that is the target. */
static void cut(const ar_harmonic_regrid *r, const double *circles, double *target)
{
    for (int64_t i = 0; r->circle > r->nlon && i < r->nlat; i++) {
        for (int64_t j = 0; j < r->nlon; j++) {
            target[i * r->nlon + j] = circles[i * r->circle + j];
        }
    }
}

ar_status ar_harmonic_regrid_scalar(ar_harmonic_regrid *r, const double *source, double *target,
                                    ar_error *err)
{
    ar_status status = AR_OK;
    double *whole = r->field[0] ? r->field[0] : target;
    AR_TRY(check_values(r, source, err));
    if (r->analysis) {
        AR_TRY(ar_harmonics_analyse(r->analysis, source, r->spectrum[0], err));
    } else {
        read_spectrum(r, source, r->spectrum[0]);
    }
    AR_TRY(ar_harmonics_synthesise(r->synthesis, r->spectrum[0], whole, err));
    cut(r, whole, target);
cleanup:
    return status;
}

ar_status ar_harmonic_regrid_wind(ar_harmonic_regrid *r, const double *first, const double *second,
                                  double *eastward, double *northward, ar_error *err)
{
    ar_status status = AR_OK;
    double *whole_east = r->field[0] ? r->field[0] : eastward;
    double *whole_north = r->field[1] ? r->field[1] : northward;
    AR_TRY(check_values(r, first, err));
    AR_TRY(check_values(r, second, err));
    if (r->analysis) {
        AR_TRY(ar_harmonics_analyse_wind(r->analysis, first, second, r->spectrum[0], r->spectrum[1],
                                         err));
    } else {
        read_spectrum(r, first, r->spectrum[0]);
        read_spectrum(r, second, r->spectrum[1]);
    }
    AR_TRY(ar_harmonics_synthesise_wind(r->synthesis, r->spectrum[0], r->spectrum[1], whole_east,
                                        whole_north, err));
    cut(r, whole_east, eastward);
    cut(r, whole_north, northward);
cleanup:
    return status;
}
