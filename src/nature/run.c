/* A whole nature run: spin-up, integration, and a CF file of what a reanalysis would have. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "atmorep/atmorep.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "field/time.h"
#include "io/writer.h"
#include "nature/nature.h"
#include "nature/pressure_levels.h"

typedef struct {
    const ar_nature_run_options *options;
    ar_nature *nature;
    ar_pressure_levels fields;
    ar_writer *file;
    int64_t start; /* seconds, of the first hour after spin-up */
    int64_t times_written;
} nature_run;

/* Name in the file, CF standard name, unit. */
static const struct {
    const char *name, *standard_name, *units;
} variables[AR_NATURE_VARIABLES] = {
    [AR_NATURE_VORTICITY] = {"vorticity", "atmosphere_relative_vorticity", "s-1"},
    [AR_NATURE_DIVERGENCE] = {"divergence", "divergence_of_wind", "s-1"},
    [AR_NATURE_EASTWARD_WIND] = {"eastward_wind", "eastward_wind", "m s-1"},
    [AR_NATURE_NORTHWARD_WIND] = {"northward_wind", "northward_wind", "m s-1"},
    [AR_NATURE_AIR_TEMPERATURE] = {"air_temperature", "air_temperature", "K"},
    [AR_NATURE_GEOPOTENTIAL] = {"geopotential", "geopotential", "m2 s-2"},
    [AR_NATURE_PRESSURE_TENDENCY] = {"lagrangian_tendency_of_air_pressure",
                                     "lagrangian_tendency_of_air_pressure", "Pa s-1"},
};

static ar_status check_options(const ar_nature_run_options *o, ar_error *err)
{
    if (o->days < 1 || o->spin_up_days < 0 || o->days > 1000000 || o->spin_up_days > 1000000) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%lld days after %lld of spin-up; should be 1 to 1000000 and 0 to 1000000",
                       (long long)o->days, (long long)o->spin_up_days);
    }
    if (o->every_hours < 1 || o->every_hours > 24 * o->days) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "a time every %lld hours; should be from 1 to the whole run's %lld",
                       (long long)o->every_hours, (long long)(24 * o->days));
    }
    if (!(o->perturb >= 0 && o->perturb <= 10) || (o->perturb > 0 && !o->from)) {
        return ar_fail(
            err, AR_ERROR_USAGE,
            "a perturbation of %g m/s %s; should be from 0 to 10, of a state to go on from",
            o->perturb, o->from ? o->from : "without a state");
    }
    return ar_writer_check_path(o->out, err);
}

/* ---- the file -------------------------------------------------------------------------------- */

static ar_status add_coordinate(ar_writer *file, const char *name, int64_t length,
                                const char *const (*texts)[2], ar_error *err)
{
    ar_status status = AR_OK;
    ar_writer_variable variable = {
        .name = name, .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {name}};
    AR_TRY(ar_writer_add_dimension(file, name, length, err));
    AR_TRY(ar_writer_add_variable(file, &variable, err));
    for (; (*texts)[0]; texts++) {
        AR_TRY(ar_writer_put_text(file, name, (*texts)[0], (*texts)[1], err));
    }
cleanup:
    return status;
}

static ar_status define_coordinates(nature_run *run, ar_error *err)
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(run->fields.grid);
    const char *const time_texts[][2] = {{"standard_name", "time"},
                                         {"units", "hours since 1970-01-01 00:00:00"},
                                         {"calendar", "standard"},
                                         {"axis", "T"},
                                         {NULL, NULL}};
    const char *const level_texts[][2] = {{"standard_name", "air_pressure"},
                                          {"units", "hPa"},
                                          {"positive", "down"},
                                          {"axis", "Z"},
                                          {NULL, NULL}};
    const char *const latitude_texts[][2] = {
        {"standard_name", "latitude"}, {"units", "degrees_north"}, {"axis", "Y"}, {NULL, NULL}};
    const char *const longitude_texts[][2] = {
        {"standard_name", "longitude"}, {"units", "degrees_east"}, {"axis", "X"}, {NULL, NULL}};
    ar_status status = AR_OK;
    AR_TRY(add_coordinate(run->file, "time", -1, time_texts, err));
    AR_TRY(add_coordinate(run->file, "level", run->fields.level_count, level_texts, err));
    AR_TRY(add_coordinate(run->file, "latitude", grid->nlat, latitude_texts, err));
    AR_TRY(add_coordinate(run->file, "longitude", grid->nlon, longitude_texts, err));
cleanup:
    return status;
}

static ar_status define_variables(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        ar_writer_variable variable = {.name = variables[v].name,
                                       .type = AR_WRITER_FLOAT,
                                       .rank = 4,
                                       .dimensions = {"time", "level", "latitude", "longitude"},
                                       .compress = 1};
        AR_TRY(ar_writer_add_variable(run->file, &variable, err));
        AR_TRY(ar_writer_put_text(run->file, variable.name, "standard_name",
                                  variables[v].standard_name, err));
        AR_TRY(ar_writer_put_text(run->file, variable.name, "units", variables[v].units, err));
    }
    ar_writer_variable surface = {.name = "surface_air_pressure",
                                  .type = AR_WRITER_FLOAT,
                                  .rank = 3,
                                  .dimensions = {"time", "latitude", "longitude"},
                                  .compress = 1};
    AR_TRY(ar_writer_add_variable(run->file, &surface, err));
    AR_TRY(ar_writer_put_text(run->file, surface.name, "standard_name", surface.name, err));
    AR_TRY(ar_writer_put_text(run->file, surface.name, "units", "Pa", err));
cleanup:
    return status;
}

static ar_status put_provenance(nature_run *run, ar_error *err)
{
    const ar_nature_run_options *o = run->options;
    ar_status status = AR_OK;
    char source[256], history[128], stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    snprintf(history, sizeof history, "%s: atmorep nature-run " ATMOREP_VERSION, stamp);
    snprintf(source, sizeof source,
             "atmorep " ATMOREP_VERSION ": dry primitive equations, Held-Suarez forcing, T%lld, "
             "%lld levels, seed %llu, %lld days of spin-up",
             (long long)o->truncation, (long long)o->nlev, (unsigned long long)o->seed,
             (long long)o->spin_up_days);
    AR_TRY(ar_writer_put_text(run->file, NULL, "Conventions", "CF-1.8", err));
    AR_TRY(ar_writer_put_text(run->file, NULL, "title", "Nature run by AtmoRep", err));
    AR_TRY(ar_writer_put_text(run->file, NULL, "source", source, err));
    AR_TRY(ar_writer_put_text(run->file, NULL, "history", history, err));
cleanup:
    return status;
}

static ar_status write_coordinates(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(run->fields.grid);
    double *degrees = NULL;
    AR_TRY(ar_allocate(&degrees, grid->nlon, sizeof *degrees, "coordinates", err));
    AR_TRY(ar_writer_write(run->file, "level", &(int64_t){0}, &run->fields.level_count,
                           run->options->levels_hpa, err));
    for (int64_t i = 0; i < grid->nlat; i++) {
        degrees[i] = 90 - 180.0 * i / (grid->nlat - 1);
    }
    AR_TRY(ar_writer_write(run->file, "latitude", &(int64_t){0}, &grid->nlat, degrees, err));
    for (int64_t j = 0; j < grid->nlon; j++) {
        degrees[j] = 360.0 * j / grid->nlon;
    }
    AR_TRY(ar_writer_write(run->file, "longitude", &(int64_t){0}, &grid->nlon, degrees, err));
cleanup:
    ar_free(degrees);
    return status;
}

static ar_status open_file(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(ar_writer_create(&run->file, run->options->out, err));
    AR_TRY(define_coordinates(run, err));
    AR_TRY(define_variables(run, err));
    AR_TRY(put_provenance(run, err));
    AR_TRY(write_coordinates(run, err));
cleanup:
    return status;
}

static ar_status write_time(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(run->fields.grid);
    int64_t hour = ar_nature_get_hour(run->nature) - 24 * run->options->spin_up_days;
    double time_hours = run->start / 3600.0 + hour;
    int64_t start[4] = {run->times_written, 0, 0, 0};
    int64_t count[4] = {1, run->fields.level_count, grid->nlat, grid->nlon};
    int64_t surface_count[3] = {1, grid->nlat, grid->nlon};
    AR_TRY(ar_pressure_levels_sample(&run->fields, run->nature, err));
    AR_TRY(ar_writer_write(run->file, "time", start, count, &time_hours, err));
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        AR_TRY(ar_writer_write(run->file, variables[v].name, start, count, run->fields.values[v],
                               err));
    }
    AR_TRY(ar_writer_write(run->file, "surface_air_pressure", start, surface_count,
                           run->fields.surface_pressure, err));
    run->times_written++;
cleanup:
    return status;
}

/* ---- the run --------------------------------------------------------------------------------- */

static ar_status prepare(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_nature_run_options *o = run->options;
    ar_nature_settings settings = ar_nature_default_settings(o->truncation, o->nlev);
    double *levels = NULL;
    AR_TRY(check_options(o, err));
    AR_TRY(ar_time_parse(&run->start, o->start, AR_CALENDAR_STANDARD, err));
    AR_TRY(ar_threads_set(o->threads, &(int){0}, err));
    AR_TRY(ar_nature_create(&run->nature, &settings, err));
    if (o->from) {
        AR_TRY(ar_nature_restore(run->nature, o->from, err));
        ar_nature_perturb(run->nature, o->perturb, o->seed);
    } else {
        ar_nature_perturb(run->nature, 1, o->seed);
    }
    const ar_harmonics *own = ar_nature_get_harmonics(run->nature);
    int64_t nlon = o->longitudes != 0 ? o->longitudes : ar_harmonics_get_settings(own)->nlon;
    AR_TRY(ar_allocate(&levels, o->level_count, sizeof *levels, "pressure levels", err));
    for (int64_t l = 0; l < o->level_count; l++) {
        levels[l] = 100 * o->levels_hpa[l];
    }
    AR_TRY(ar_pressure_levels_init(&run->fields, run->nature, nlon, levels, o->level_count, err));
    AR_TRY(open_file(run, err));
cleanup:
    ar_free(levels);
    return status;
}

static ar_status save_state(const nature_run *run, ar_error *err)
{
    return run->options->state ? ar_nature_save(run->nature, run->options->state, err) : AR_OK;
}

static bool is_interrupted(const nature_run *run)
{
    return run->options->interrupt && *run->options->interrupt;
}

/* Hour by hour to the end or an interrupt. The state is saved before its own hour is written, so
 * that a run that goes on from it begins with the first time that is missing. */
static ar_status integrate(nature_run *run, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_nature_run_options *o = run->options;
    int64_t spin_up = 24 * o->spin_up_days, last = spin_up + 24 * o->days;
    int64_t first = ar_nature_get_hour(run->nature);
    ar_progress progress;
    ar_progress_begin(&progress, "nature run, hours", first, last);
    for (int64_t hour = first; hour < last && !is_interrupted(run); hour++) {
        if (hour % 240 == 0 && hour > first) {
            AR_TRY(save_state(run, err));
        }
        if (hour >= spin_up && (hour - spin_up) % o->every_hours == 0) {
            AR_TRY(write_time(run, err));
        }
        AR_TRY(ar_nature_advance(run->nature, 1, err));
        ar_progress_update(&progress, hour + 1, hour < spin_up ? "spin-up" : "");
    }
    AR_TRY(save_state(run, err));
cleanup:
    ar_progress_end(&progress, "");
    return status;
}

/* Give what was computed its name, also after a failure; without a single time there is no file. */
static ar_status finish(nature_run *run, ar_status status, ar_error *err)
{
    const ar_nature_run_options *o = run->options;
    bool interrupted = status == AR_OK && is_interrupted(run) &&
                       ar_nature_get_hour(run->nature) < 24 * (o->spin_up_days + o->days);
    if (run->times_written > 0 && (status == AR_OK || status == AR_ERROR_NUMERIC)) {
        ar_status committed = ar_writer_commit(&run->file, status == AR_OK ? err : NULL);
        status = status == AR_OK ? committed : status;
    }
    if (status == AR_OK && interrupted) {
        return ar_fail(
            err, AR_ERROR_INTERRUPTED, "%s: interrupted at hour %lld with %lld times written%s%s",
            o->out, (long long)ar_nature_get_hour(run->nature), (long long)run->times_written,
            o->state ? "; go on into another file with --from " : "", o->state ? o->state : "");
    }
    if (status == AR_OK && run->times_written == 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s: the state is of hour %lld, and the run ends at hour %lld", o->from,
                       (long long)ar_nature_get_hour(run->nature),
                       (long long)(24 * (o->spin_up_days + o->days)));
    }
    return status;
}

ar_status ar_nature_run(const ar_nature_run_options *options, ar_error *err)
{
    nature_run run = {.options = options};
    ar_status status = prepare(&run, err);
    if (status == AR_OK) {
        status = finish(&run, integrate(&run, err), err);
    }
    ar_writer_abandon(&run.file);
    ar_pressure_levels_release(&run.fields);
    ar_nature_destroy(&run.nature);
    return status;
}
