#include "field/wind.h"

#include <math.h>
#include <stdbool.h>

#include "base/memory.h"
#include "field/constants.h"
#include "field/spherical_harmonics.h"
#include "field/wind_differences.h"

struct ar_wind {
    ar_wind_method method;
    ar_grid grid;
    int64_t points;
    ar_harmonics *harmonics;    /* NULL: differences */
    double *first, *second;     /* [points] fields */
    double complex *rotational; /* spectra of vorticity or ψ */
    double complex *divergent;  /* and of divergence or χ */
};

static ar_status create_harmonics(ar_wind *wind, ar_harmonics_rows rows, int64_t truncation,
                                  ar_error *err)
{
    ar_status status = AR_OK;
    int64_t nlat = wind->grid.nlat, nlon = wind->grid.nlon;
    ar_harmonics_settings settings = {
        .rows = rows,
        .nlat = nlat,
        .nlon = nlon,
        .truncation =
            truncation == 0 ? ar_harmonics_largest_truncation(rows, nlat, nlon) : truncation,
        .radius = AR_EARTH_RADIUS};
    AR_TRY(ar_harmonics_create(&wind->harmonics, &settings, err));
    int64_t count = ar_spectrum_count(settings.truncation);
    AR_TRY(ar_allocate(&wind->rotational, count, sizeof *wind->rotational, "spectrum", err));
    AR_TRY(ar_allocate(&wind->divergent, count, sizeof *wind->divergent, "spectrum", err));
cleanup:
    return status;
}

ar_status ar_wind_create(ar_wind **wind, const ar_grid *grid, ar_wind_method method,
                         int64_t truncation, ar_error *err)
{
    ar_status status = AR_OK;
    ar_harmonics_rows rows = AR_HARMONICS_REGULAR;
    bool global = grid->wraps && ar_harmonics_recognise_rows(grid->nlat, grid->latitude, &rows);
    ar_wind *w = NULL;
    *wind = NULL;
    if (method == AR_WIND_AUTOMATIC) {
        method = global ? AR_WIND_HARMONICS : AR_WIND_DIFFERENCES;
    }
    if (method == AR_WIND_HARMONICS && !global) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "wind: latitudes %g to %g and longitudes %g to %g are no global grid; "
                       "harmonics need one, finite differences would be right",
                       grid->latitude[0], grid->latitude[grid->nlat - 1], grid->longitude[0],
                       grid->longitude[grid->nlon - 1]);
    }
    if (grid->nlat < 3 || grid->nlon < 3) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "wind: %lld x %lld points have no derivatives of second order; at least "
                       "3 x 3 would be right",
                       (long long)grid->nlat, (long long)grid->nlon);
    }
    AR_TRY(ar_allocate(&w, 1, sizeof *w, "wind", err));
    w->method = method;
    AR_TRY(ar_grid_copy(&w->grid, grid, err));
    w->points = grid->nlat * grid->nlon;
    AR_TRY(ar_allocate(&w->first, w->points, sizeof *w->first, "wind", err));
    AR_TRY(ar_allocate(&w->second, w->points, sizeof *w->second, "wind", err));
    if (method == AR_WIND_HARMONICS) {
        AR_TRY(create_harmonics(w, rows, truncation, err));
    }
    *wind = w;
    w = NULL;
cleanup:
    ar_wind_destroy(&w);
    return status;
}

void ar_wind_destroy(ar_wind **wind)
{
    ar_wind *w = *wind;
    if (!w) {
        return;
    }
    ar_harmonics_destroy(&w->harmonics);
    ar_grid_release(&w->grid);
    ar_free(w->first);
    ar_free(w->second);
    ar_free(w->rotational);
    ar_free(w->divergent);
    ar_free(w);
    *wind = NULL;
}

ar_wind_method ar_wind_get_method(const ar_wind *wind)
{
    return wind->method;
}

int64_t ar_wind_get_truncation(const ar_wind *wind)
{
    return wind->harmonics ? ar_harmonics_get_settings(wind->harmonics)->truncation : 0;
}

static ar_status check_method(const ar_wind *wind, const char *what, ar_error *err)
{
    if (wind->harmonics) {
        return AR_OK;
    }
    return ar_fail(err, AR_ERROR_USAGE,
                   "wind: %s follows from integrals over the globe; finite differences give "
                   "vorticity and divergence only, a global grid would be right",
                   what);
}

/* To double; with harmonics every value has to be there. */
static ar_status read_field(const ar_wind *wind, const char *name, const float *field,
                            double *values, ar_error *err)
{
    int64_t nlon = wind->grid.nlon;
    for (int64_t p = 0; p < wind->points; p++) {
        if (wind->harmonics && !isfinite(field[p])) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "wind: %s at latitude %g, longitude %g is %g; derived fields of a "
                           "global grid need a number everywhere",
                           name, wind->grid.latitude[p / nlon], wind->grid.longitude[p % nlon],
                           (double)field[p]);
        }
        values[p] = field[p];
    }
    return AR_OK;
}

static void write_field(const ar_wind *wind, const double *values, float *field)
{
    for (int64_t p = 0; p < wind->points; p++) {
        field[p] = (float)values[p];
    }
}

/* Both components, and with harmonics the spectra of ζ and δ. */
static ar_status analyse(ar_wind *wind, const float *eastward, const float *northward,
                         ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(read_field(wind, "the eastward wind", eastward, wind->first, err));
    AR_TRY(read_field(wind, "the northward wind", northward, wind->second, err));
    if (wind->harmonics) {
        AR_TRY(ar_harmonics_analyse_wind(wind->harmonics, wind->first, wind->second,
                                         wind->rotational, wind->divergent, err));
    }
cleanup:
    return status;
}

/* A spectrum to a field that may be NULL. */
static ar_status synthesise(ar_wind *wind, const double complex *spectrum, float *field,
                            ar_error *err)
{
    if (!field) {
        return AR_OK;
    }
    ar_status status = ar_harmonics_synthesise(wind->harmonics, spectrum, wind->first, err);
    if (status == AR_OK) {
        write_field(wind, wind->first, field);
    }
    return status;
}

ar_status ar_wind_vorticity_divergence(ar_wind *wind, const float *eastward, const float *northward,
                                       float *vorticity, float *divergence, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(analyse(wind, eastward, northward, err));
    if (wind->harmonics) {
        AR_TRY(synthesise(wind, wind->rotational, vorticity, err));
        AR_TRY(synthesise(wind, wind->divergent, divergence, err));
    } else {
        ar_wind_differences(&wind->grid, wind->first, wind->second, vorticity, divergence);
    }
cleanup:
    return status;
}

ar_status ar_wind_potentials(ar_wind *wind, const float *eastward, const float *northward,
                             float *streamfunction, float *velocity_potential, ar_error *err)
{
    ar_status status = AR_OK;
    int64_t N = ar_wind_get_truncation(wind);
    AR_TRY(check_method(wind, "a streamfunction or a velocity potential", err));
    AR_TRY(analyse(wind, eastward, northward, err));
    ar_spectrum_inverse_laplacian(N, AR_EARTH_RADIUS, wind->rotational, wind->rotational);
    ar_spectrum_inverse_laplacian(N, AR_EARTH_RADIUS, wind->divergent, wind->divergent);
    AR_TRY(synthesise(wind, wind->rotational, streamfunction, err));
    AR_TRY(synthesise(wind, wind->divergent, velocity_potential, err));
cleanup:
    return status;
}

/* A field's spectrum; zero for NULL. */
static ar_status read_spectrum(ar_wind *wind, const char *name, const float *field,
                               double complex *spectrum, ar_error *err)
{
    ar_status status = AR_OK;
    if (field) {
        AR_TRY(read_field(wind, name, field, wind->first, err));
        AR_TRY(ar_harmonics_analyse(wind->harmonics, wind->first, spectrum, err));
    } else {
        int64_t count = ar_spectrum_count(ar_wind_get_truncation(wind));
        for (int64_t k = 0; k < count; k++) {
            spectrum[k] = 0;
        }
    }
cleanup:
    return status;
}

static ar_status synthesise_wind(ar_wind *wind, float *eastward, float *northward, ar_error *err)
{
    ar_status status = ar_harmonics_synthesise_wind(
        wind->harmonics, wind->rotational, wind->divergent, wind->first, wind->second, err);
    if (status == AR_OK) {
        write_field(wind, wind->first, eastward);
        write_field(wind, wind->second, northward);
    }
    return status;
}

ar_status ar_wind_of_vorticity_divergence(ar_wind *wind, const float *vorticity,
                                          const float *divergence, float *eastward,
                                          float *northward, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(check_method(wind, "the wind of a vorticity and a divergence", err));
    AR_TRY(read_spectrum(wind, "the vorticity", vorticity, wind->rotational, err));
    AR_TRY(read_spectrum(wind, "the divergence", divergence, wind->divergent, err));
    AR_TRY(synthesise_wind(wind, eastward, northward, err));
cleanup:
    return status;
}

ar_status ar_wind_of_potentials(ar_wind *wind, const float *streamfunction,
                                const float *velocity_potential, float *eastward, float *northward,
                                ar_error *err)
{
    ar_status status = AR_OK;
    int64_t N = ar_wind_get_truncation(wind);
    AR_TRY(check_method(wind, "the wind of a streamfunction and a velocity potential", err));
    AR_TRY(read_spectrum(wind, "the streamfunction", streamfunction, wind->rotational, err));
    AR_TRY(read_spectrum(wind, "the velocity potential", velocity_potential, wind->divergent, err));
    ar_spectrum_laplacian(N, AR_EARTH_RADIUS, wind->rotational, wind->rotational);
    ar_spectrum_laplacian(N, AR_EARTH_RADIUS, wind->divergent, wind->divergent);
    AR_TRY(synthesise_wind(wind, eastward, northward, err));
cleanup:
    return status;
}

void ar_wind_speed(int64_t count, const float *eastward, const float *northward, float *speed)
{
    for (int64_t p = 0; p < count; p++) {
        double u = eastward[p], v = northward[p];
        speed[p] = (float)sqrt(u * u + v * v);
    }
}
