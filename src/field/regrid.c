#include "field/regrid.h"

#include <math.h>

#include "base/memory.h"
#include "field/regrid_harmonics.h"
#include "field/regrid_rows.h"

struct ar_regrid {
    int64_t source_count, target_count;
    ar_row_regrid *rows; /* one of the two */
    ar_harmonic_regrid *harmonics;
    double *buffer; /* [2 source_count + 2 target_count], made when single precision first asks */
};

ar_source_grid ar_source_of_grid(const ar_grid *grid)
{
    return (ar_source_grid){.kind = AR_SOURCE_ROWS,
                            .nlat = grid->nlat,
                            .nlon = grid->nlon,
                            .latitude = grid->latitude,
                            .longitude = grid->longitude,
                            .wraps = grid->wraps};
}

static ar_status check_coordinates(const ar_source_grid *s, ar_error *err)
{
    for (int64_t i = 0; i < s->nlat; i++) {
        if (!(fabs(s->latitude[i]) <= 90) || (i > 0 && s->latitude[i] >= s->latitude[i - 1])) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "regrid: latitude[%lld] of the source is %g; should be in -90 to 90 and "
                           "below the one before",
                           (long long)i, s->latitude[i]);
        }
    }
    for (int64_t j = 0; j < s->nlon; j++) {
        double turn = s->longitude[j] - s->longitude[0];
        if (!(turn < 360) || (j > 0 && !(s->longitude[j] > s->longitude[j - 1]))) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "regrid: longitude[%lld] of the source is %g; should be above the one "
                           "before and less than 360 above the first",
                           (long long)j, s->longitude[j]);
        }
    }
    return AR_OK;
}

static ar_status check_source(const ar_source_grid *s, ar_error *err)
{
    const int64_t most = 1 << 20;
    if (s->kind == AR_SOURCE_SPECTRUM) {
        return s->truncation >= 1 && s->truncation < most
                   ? AR_OK
                   : ar_fail(err, AR_ERROR_USAGE,
                             "regrid: harmonics of truncation %lld; should be 1 or more",
                             (long long)s->truncation);
    }
    if (s->nlat < 2 || s->nlat > most || s->nlon > most || (!s->points && s->nlon < 2)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "regrid: a source of %lld x %lld points; should be at least 2 x 2",
                       (long long)s->nlat, (long long)s->nlon);
    }
    for (int64_t i = 0; s->points && i < s->nlat; i++) {
        if (s->kind != AR_SOURCE_GAUSSIAN || s->points[i] < 2 || s->points[i] > most) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "regrid: row %lld of the source has %lld points; should be at least 2, "
                           "on a Gaussian grid",
                           (long long)i, (long long)s->points[i]);
        }
    }
    return s->kind == AR_SOURCE_ROWS ? check_coordinates(s, err) : AR_OK;
}

static ar_status check_settings(const ar_source_grid *source, const ar_regrid_settings *s,
                                ar_error *err)
{
    if (!(s->minimum_share >= 0 && s->minimum_share <= 1)) {
        return ar_fail(err, AR_ERROR_USAGE, "regrid: a minimum share of %g; should be in 0 to 1",
                       s->minimum_share);
    }
    if (source->kind == AR_SOURCE_SPECTRUM && s->method != AR_REGRID_HARMONICS) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "regrid: spherical harmonics have no grid points to weigh; the method "
                       "harmonics would be right");
    }
    return AR_OK;
}

static int64_t count_values(const ar_source_grid *s)
{
    if (s->kind == AR_SOURCE_SPECTRUM) {
        return (s->truncation + 1) * (s->truncation + 2);
    }
    int64_t count = s->points ? 0 : s->nlat * s->nlon;
    for (int64_t i = 0; s->points && i < s->nlat; i++) {
        count += s->points[i];
    }
    return count;
}

ar_status ar_regrid_create(ar_regrid **regrid, const ar_source_grid *source, const ar_grid *target,
                           const ar_regrid_settings *settings, ar_error *err)
{
    ar_status status = AR_OK;
    ar_regrid *r = NULL;
    *regrid = NULL;
    AR_TRY(check_source(source, err));
    AR_TRY(check_settings(source, settings, err));
    AR_TRY(ar_allocate(&r, 1, sizeof *r, "regridding", err));
    r->source_count = count_values(source);
    r->target_count = target->nlat * target->nlon;
    if (settings->method == AR_REGRID_HARMONICS) {
        AR_TRY(ar_harmonic_regrid_create(&r->harmonics, source, target, settings->truncation, err));
    } else {
        double share = settings->minimum_share > 0 ? settings->minimum_share : 0.5;
        AR_TRY(ar_row_regrid_create(&r->rows, source, target, settings->method, share, err));
    }
    *regrid = r;
    r = NULL;
cleanup:
    ar_regrid_destroy(&r);
    return status;
}

void ar_regrid_destroy(ar_regrid **regrid)
{
    ar_regrid *r = *regrid;
    if (!r) {
        return;
    }
    ar_row_regrid_destroy(&r->rows);
    ar_harmonic_regrid_destroy(&r->harmonics);
    ar_free(r->buffer);
    ar_free(r);
    *regrid = NULL;
}

int64_t ar_regrid_source_count(const ar_regrid *regrid)
{
    return regrid->source_count;
}

int64_t ar_regrid_get_truncation(const ar_regrid *regrid)
{
    return regrid->harmonics ? ar_harmonic_regrid_get_truncation(regrid->harmonics) : 0;
}

ar_status ar_regrid_apply(ar_regrid *regrid, const double *source, double *target, ar_error *err)
{
    if (regrid->harmonics) {
        return ar_harmonic_regrid_scalar(regrid->harmonics, source, target, err);
    }
    ar_row_regrid_scalar(regrid->rows, source, target);
    return AR_OK;
}

ar_status ar_regrid_apply_wind(ar_regrid *regrid, const double *first, const double *second,
                               double *eastward, double *northward, ar_error *err)
{
    if (regrid->harmonics) {
        return ar_harmonic_regrid_wind(regrid->harmonics, first, second, eastward, northward, err);
    }
    ar_row_regrid_wind(regrid->rows, first, second, eastward, northward);
    return AR_OK;
}

static void widen(int64_t count, const float *from, double *to)
{
    for (int64_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

static void narrow(int64_t count, const double *from, float *to)
{
    for (int64_t i = 0; i < count; i++) {
        to[i] = (float)from[i];
    }
}

static ar_status make_buffer(ar_regrid *regrid, ar_error *err)
{
    size_t count = 2 * ((size_t)regrid->source_count + (size_t)regrid->target_count);
    return regrid->buffer ? AR_OK
                          : ar_allocate(&regrid->buffer, count, sizeof *regrid->buffer,
                                        "fields in double precision", err);
}

ar_status ar_regrid_apply_float(ar_regrid *regrid, const float *source, float *target,
                                ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(make_buffer(regrid, err));
    double *result = regrid->buffer + regrid->source_count;
    widen(regrid->source_count, source, regrid->buffer);
    AR_TRY(ar_regrid_apply(regrid, regrid->buffer, result, err));
    narrow(regrid->target_count, result, target);
cleanup:
    return status;
}

ar_status ar_regrid_apply_wind_float(ar_regrid *regrid, const float *first, const float *second,
                                     float *eastward, float *northward, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(make_buffer(regrid, err));
    double *second_source = regrid->buffer + regrid->source_count;
    double *u = second_source + regrid->source_count, *v = u + regrid->target_count;
    widen(regrid->source_count, first, regrid->buffer);
    widen(regrid->source_count, second, second_source);
    AR_TRY(ar_regrid_apply_wind(regrid, regrid->buffer, second_source, u, v, err));
    narrow(regrid->target_count, u, eastward);
    narrow(regrid->target_count, v, northward);
cleanup:
    return status;
}
