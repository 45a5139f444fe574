/* What published cases are judged by, measured from the model's state; for tests and benchmarks. */
#ifndef AR_TESTS_NATURE_MEASURES_H
#define AR_TESTS_NATURE_MEASURES_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "field/constants.h"
#include "nature/initial_states.h"
#include "nature/nature.h"

/* Maps of surface pressure are on the same points for every truncation: a regular grid of 1 degree,
 * [181][360] from north to south, in hPa. */
enum { MAP_ROWS = 181, MAP_COLUMNS = 360 };

typedef struct {
    double pressure_hpa, latitude, longitude; /* degrees */
} pressure_centre;

/* map[MAP_ROWS × MAP_COLUMNS] from the state's ln ps. */
static inline ar_status map_surface_pressure(const ar_nature *nature, double *map, ar_error *err)
{
    ar_status status = AR_OK;
    ar_harmonics *grid = NULL;
    ar_harmonics_settings settings = *ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    settings.rows = AR_HARMONICS_REGULAR;
    settings.nlat = MAP_ROWS;
    settings.nlon = MAP_COLUMNS;
    AR_TRY(ar_harmonics_create(&grid, &settings, err));
    AR_TRY(ar_harmonics_synthesise(grid, ar_nature_get_state(nature)->log_pressure, map, err));
    for (int i = 0; i < MAP_ROWS * MAP_COLUMNS; i++) {
        map[i] = exp(map[i]) / 100;
    }
cleanup:
    ar_harmonics_destroy(&grid);
    return status;
}

/* The lowest or highest pressure between two latitudes and, eastward, two longitudes of 0…359. */
static inline pressure_centre find_centre(const double *map, bool low, int south, int north,
                                          int west, int east)
{
    pressure_centre centre = {low ? INFINITY : -INFINITY, 0, 0};
    for (int latitude = south; latitude <= north; latitude++) {
        for (int longitude = west; longitude <= east; longitude++) {
            double value = map[(90 - latitude) * MAP_COLUMNS + longitude % MAP_COLUMNS];
            if (low ? value < centre.pressure_hpa : value > centre.pressure_hpa) {
                centre = (pressure_centre){value, latitude, longitude % MAP_COLUMNS};
            }
        }
    }
    return centre;
}

/* How far a state is from a zonally symmetric steady one: the norms of Jablonowski & Williamson
 * (2006), eqs. 14 and 15, in m/s. */
typedef struct {
    double zonal_mean; /* l2 of the change of the zonal-mean eastward wind */
    double asymmetry;  /* l2 of its departures from the zonal mean */
} jet_error;

static inline jet_error measure_jet_error(const ar_nature *nature, const ar_nature_fields *start,
                                          const ar_nature_fields *now)
{
    const ar_harmonics *h = ar_nature_get_harmonics(nature);
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(h);
    const ar_sigma *sigma = ar_nature_get_sigma(nature);
    double weights = 0;
    jet_error error = {0, 0};
    for (int64_t row = 0; row < sigma->nlev * grid->nlat; row++) {
        const double *before = start->eastward + row * grid->nlon;
        const double *after = now->eastward + row * grid->nlon;
        double weight = sigma->thickness[row / grid->nlat] *
                        sin(ar_harmonics_get_colatitude(h)[row % grid->nlat]);
        double change = 0, mean = 0, square = 0;
        for (int64_t j = 0; j < grid->nlon; j++) {
            change += (after[j] - before[j]) / grid->nlon;
            mean += after[j] / grid->nlon;
        }
        for (int64_t j = 0; j < grid->nlon; j++) {
            square += pow(after[j] - mean, 2) / grid->nlon;
        }
        weights += weight;
        error.zonal_mean += weight * change * change;
        error.asymmetry += weight * square;
    }
    error.zonal_mean = sqrt(error.zonal_mean / weights);
    error.asymmetry = sqrt(error.asymmetry / weights);
    return error;
}

/* Zonal-mean climate of the eastward wind; index 0 north, 1 south. */
typedef struct {
    double speed[2], latitude[2]; /* of the strongest mean westerlies: m/s, degrees poleward */
    double sigma[2];
    double easterlies; /* strongest of the lowest level within 30 degrees of the equator, m/s */
    double difference; /* rms over latitudes between the hemispheres at the jets' level, m/s */
} climate;

/* Add the zonal-mean eastward wind of `days` days, one state a day, divided by `days`, to
 * mean[nlev][nlat] while the run goes on. */
static inline ar_status accumulate_zonal_wind(ar_nature *nature, int days, double *mean,
                                              ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(ar_nature_get_harmonics(nature));
    int64_t rows = ar_nature_get_sigma(nature)->nlev * grid->nlat;
    ar_nature_fields fields = fields_allocate(nature);
    for (int day = 0; day < days; day++) {
        AR_TRY(ar_nature_advance(nature, 24, err));
        AR_TRY(ar_nature_get_fields(nature, &fields, err));
        for (int64_t row = 0; row < rows; row++) {
            for (int64_t j = 0; j < grid->nlon; j++) {
                mean[row] += fields.eastward[row * grid->nlon + j] / ((double)grid->nlon * days);
            }
        }
    }
cleanup:
    free(fields.eastward);
    return status;
}

/* Speed and latitude of the jet between the rows: a parabola through its strongest row and the two
 * beside it, on `side` 0 or 1. */
static inline void measure_jet(const ar_nature *nature, const double *mean, int side, climate *c)
{
    const ar_harmonics *h = ar_nature_get_harmonics(nature);
    const ar_sigma *sigma = ar_nature_get_sigma(nature);
    int64_t nlat = ar_harmonics_get_settings(h)->nlat, level = 0, row = side * nlat / 2 + 1;
    for (int64_t k = 0; k < sigma->nlev; k++) {
        for (int64_t i = side * nlat / 2 + 1; i < (side + 1) * nlat / 2 - 1; i++) {
            if (mean[k * nlat + i] > mean[level * nlat + row]) {
                level = k;
                row = i;
            }
        }
    }
    const double *u = mean + level * nlat + row, *colatitude = ar_harmonics_get_colatitude(h) + row;
    /* Gaussian rows are equally spaced to a part in a thousand. */
    double spacing = (colatitude[1] - colatitude[-1]) / 2, curvature = u[-1] - 2 * u[0] + u[1];
    double shift = (u[-1] - u[1]) / (2 * curvature);
    c->speed[side] = u[0] - curvature * shift * shift / 2;
    c->latitude[side] = fabs(90 - (colatitude[0] + shift * spacing) * 180 / AR_PI);
    c->sigma[side] = sigma->full[level];
}

/* What a mean[nlev][nlat] of the eastward wind says. */
static inline climate measure_climate(const ar_nature *nature, const double *mean)
{
    const ar_harmonics *h = ar_nature_get_harmonics(nature);
    const ar_sigma *sigma = ar_nature_get_sigma(nature);
    int64_t nlat = ar_harmonics_get_settings(h)->nlat, level = 0;
    climate c = {.easterlies = 0};
    measure_jet(nature, mean, 0, &c);
    measure_jet(nature, mean, 1, &c);
    while (sigma->full[level] != c.sigma[0]) {
        level++;
    }
    for (int64_t i = 0; i < nlat; i++) {
        double latitude = 90 - ar_harmonics_get_colatitude(h)[i] * 180 / AR_PI;
        double apart = mean[level * nlat + i] - mean[level * nlat + nlat - 1 - i];
        c.difference += apart * apart / nlat;
        if (fabs(latitude) < 30) {
            c.easterlies = fmax(c.easterlies, -mean[(sigma->nlev - 1) * nlat + i]);
        }
    }
    c.difference = sqrt(c.difference);
    return c;
}

#endif
