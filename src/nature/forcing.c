#include "nature/forcing.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "field/constants.h"
#include "nature/held_suarez.h"
#include "nature/surface.h"
#include "nature/water_cycle.h"

/* The asymmetry of Polvani & Kushner (2002) over sea, and what land adds to it near the ground. */
static const double sea_summer = 10, land_summer = 20;
/* The warmest sea moves by as much in radians. */
static const double sea_swing = 6 * AR_PI / 180;
/* Evaporation of land as a share of that of the sea. */
static const double land_wetness = 0.3;
/* Midsummer in days of the year after 1 January: the sea lags the sun more than land. */
static const double sea_midsummer = 232, land_midsummer = 201;

ar_status ar_forcing_init(ar_forcing *forcing, const ar_forcing_settings *settings, int64_t nlev,
                          int64_t nlat, int64_t nlon, const double *colatitude, ar_error *err)
{
    ar_status status = AR_OK;
    const char *what = "forcing";
    int64_t plane = nlat * nlon, volume = nlev * plane;
    *forcing = (ar_forcing){
        .settings = *settings, .nlev = nlev, .nlat = nlat, .nlon = nlon, .colatitude = colatitude};
    AR_TRY(ar_allocate(&forcing->land, plane, sizeof(double), what, err));
    AR_TRY(ar_allocate(&forcing->heating, volume, sizeof(double), what, err));
    if (settings->water_cycle) {
        AR_TRY(ar_allocate(&forcing->moistening, volume, sizeof(double), what, err));
        AR_TRY(ar_allocate(&forcing->rain, plane, sizeof(double), what, err));
    }
    AR_TRY(ar_allocate(&forcing->scratch, (2 * nlev + 6) * plane, sizeof(double), what, err));
    for (int64_t p = 0; settings->land && p < plane; p++) {
        forcing->land[p] =
            ar_surface_land_share(AR_PI / 2 - colatitude[p / nlon], 2 * AR_PI * (p % nlon) / nlon);
    }
cleanup:
    return status;
}

void ar_forcing_release(ar_forcing *forcing)
{
    ar_free(forcing->land);
    ar_free(forcing->heating);
    ar_free(forcing->moistening);
    ar_free(forcing->rain);
    ar_free(forcing->scratch);
    *forcing = (ar_forcing){0};
}

/* 1 at the northern midsummer, −1 half a (tropical) year later. */
static double season(const ar_forcing *f, double seconds, double midsummer)
{
    const double day = 86400, year = 365.2422 * day;
    return f->settings.seasonal_cycle ? cos(2 * AR_PI * (seconds / year - midsummer / 365.2422))
                                      : 0;
}

/* What the steps on a row share, [nlon] or [nlev][nlon] in the row's scratch. */
typedef struct {
    double *surface_pressure, *surface_exner, *land_summer, *surface_temperature, *wetness;
    double *wind_speed;
    double *temperature, *humidity; /* [nlev][nlon], what the cycle of water makes of the row's */
    ar_equilibrium equilibrium;
} row_work;

static row_work begin_row(const ar_forcing *f, double seconds, const ar_forcing_fields *fields,
                          int64_t i)
{
    int64_t nlon = f->nlon, at = i * nlon;
    double *s = f->scratch + i * (2 * f->nlev + 6) * nlon;
    row_work work = {.surface_pressure = s,
                     .surface_exner = s + nlon,
                     .land_summer = s + 2 * nlon,
                     .surface_temperature = s + 3 * nlon,
                     .wetness = s + 4 * nlon,
                     .wind_speed = s + 5 * nlon,
                     .temperature = s + 6 * nlon,
                     .humidity = s + (6 + f->nlev) * nlon};
    bool moist = f->settings.water_cycle;
    double on_land = land_summer * season(f, seconds, land_midsummer);
    work.equilibrium = (ar_equilibrium){.colatitude = f->colatitude[i],
                                        .warmest = moist ? 294 : 315,
                                        .contrast = moist ? 65 : 60,
                                        .summer = sea_summer * season(f, seconds, sea_midsummer),
                                        .land_summer = work.land_summer};
    for (int64_t j = 0; j < nlon; j++) {
        work.surface_pressure[j] = exp(fields->log_pressure[at + j]);
        work.surface_exner[j] =
            exp(AR_KAPPA * (fields->log_pressure[at + j] - log(AR_REFERENCE_PRESSURE)));
        work.land_summer[j] = on_land * f->land[at + j];
    }
    return work;
}

/* Temperature and wetness of the ground, wind above it. */
static void describe_ground(const ar_forcing *f, double seconds, const ar_forcing_fields *fields,
                            int64_t i, const row_work *work)
{
    int64_t nlon = f->nlon, lowest = ((f->nlev - 1) * f->nlat + i) * nlon;
    double sea = ar_surface_sea_temperature(AR_PI / 2 - f->colatitude[i],
                                            sea_swing * season(f, seconds, sea_midsummer));
    const double *u = fields->eastward + lowest, *v = fields->northward + lowest;
    ar_held_suarez_ground(&work->equilibrium, nlon, fields->log_pressure + i * nlon,
                          work->surface_exner, work->surface_temperature);
    for (int64_t j = 0; j < nlon; j++) {
        double land = f->land[i * nlon + j];
        work->surface_temperature[j] = land * work->surface_temperature[j] + (1 - land) * sea;
        work->wetness[j] = 1 - (1 - land_wetness) * land;
        work->wind_speed[j] = sqrt(u[j] * u[j] + v[j] * v[j]);
    }
}

/* Heating and moistening are what the cycle of water changes within the interval, over it. */
static void cycle_water(ar_forcing *f, const ar_sigma *sigma, const ar_forcing_fields *fields,
                        int64_t i, const row_work *work)
{
    int64_t nlon = f->nlon, plane = f->nlat * nlon, row = i * nlon;
    const ar_moist_columns columns = {.nlon = nlon,
                                      .surface_pressure = work->surface_pressure,
                                      .wind_speed = work->wind_speed,
                                      .surface_temperature = work->surface_temperature,
                                      .wetness = work->wetness,
                                      .temperature = work->temperature,
                                      .humidity = work->humidity,
                                      .rain = f->rain + row};
    for (int64_t k = 0; k < f->nlev; k++) {
        memcpy(work->temperature + k * nlon, fields->temperature + k * plane + row,
               nlon * sizeof(double));
        memcpy(work->humidity + k * nlon, fields->humidity + k * plane + row,
               nlon * sizeof(double));
    }
    ar_water_cycle_advance(sigma, f->settings.interval, &columns);
    double by = 1 / f->settings.interval;
    for (int64_t k = 0; k < f->nlev; k++) {
        int64_t at = k * plane + row;
        for (int64_t j = 0; j < nlon; j++) {
            f->heating[at + j] =
                by * (work->temperature[k * nlon + j] - fields->temperature[at + j]);
            f->moistening[at + j] = by * (work->humidity[k * nlon + j] - fields->humidity[at + j]);
        }
    }
}

void ar_forcing_row(ar_forcing *forcing, const ar_sigma *sigma, double seconds,
                    const ar_forcing_fields *fields, int64_t i)
{
    int64_t nlon = forcing->nlon, plane = forcing->nlat * nlon, row = i * nlon;
    row_work work = begin_row(forcing, seconds, fields, i);
    if (forcing->settings.water_cycle) {
        describe_ground(forcing, seconds, fields, i, &work);
        cycle_water(forcing, sigma, fields, i, &work);
    }
    for (int64_t k = 0; k < forcing->nlev; k++) {
        double *heating = forcing->heating + k * plane + row;
        if (!forcing->settings.water_cycle) {
            memset(heating, 0, nlon * sizeof *heating);
        }
        ar_held_suarez_add_heating(sigma, k, &work.equilibrium, nlon,
                                   fields->temperature + k * plane + row,
                                   fields->log_pressure + row, work.surface_exner, heating);
    }
}
