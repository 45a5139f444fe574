#include "nature/output_file.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "io/source.h"
#include "nature/output_coordinates.h"

/* Name in the file, CF standard name, unit; in the order of ar_nature_variable. */
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
    [AR_NATURE_SPECIFIC_HUMIDITY] = {"specific_humidity", "specific_humidity", "kg kg-1"},
    [AR_NATURE_SURFACE_PRESSURE] = {"surface_air_pressure", "surface_air_pressure", "Pa"},
    [AR_NATURE_PRECIPITATION_FLUX] = {"precipitation_flux", "precipitation_flux", "kg m-2 s-1"},
    [AR_NATURE_SURFACE_ALTITUDE] = {"surface_altitude", "surface_altitude", "m"},
    [AR_NATURE_LAND_AREA_FRACTION] = {"land_area_fraction", "land_area_fraction", "1"},
};

/* AR_NATURE_VARIABLES for a name that this model has nothing for. */
static int find_variable(const ar_snapshot *snapshot, const char *name)
{
    int v = 0;
    while (v < AR_NATURE_VARIABLES &&
           !(snapshot->values[v] && strcmp(variables[v].name, name) == 0)) {
        v++;
    }
    return v;
}

static ar_status unknown_variable(const ar_snapshot *snapshot, const char *name, ar_error *err)
{
    char all[512] = "";
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        size_t used = strlen(all);
        if (snapshot->values[v]) {
            snprintf(all + used, sizeof all - used, "%s%s", v > 0 ? ", " : "", variables[v].name);
        }
    }
    return ar_fail(err, AR_ERROR_USAGE, "there is no variable %s to write; there are %s", name,
                   all);
}

ar_status ar_output_file_init(ar_output_file *output, const ar_nature_run_options *options,
                              const ar_snapshot *snapshot, int64_t first_time, int64_t times,
                              ar_error *err)
{
    const ar_nature_output_options *o = &options->output;
    *output = (ar_output_file){
        .options = options, .snapshot = snapshot, .first_time = first_time, .times = times};
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        output->written[v] = snapshot->values[v] && o->variable_count == 0;
    }
    for (int64_t i = 0; i < o->variable_count; i++) {
        int v = find_variable(snapshot, o->variables[i]);
        if (v == AR_NATURE_VARIABLES) {
            return unknown_variable(snapshot, o->variables[i], err);
        }
        output->written[v] = true;
    }
    /* CF's formula of the pressure at σ levels has it. */
    output->written[AR_NATURE_SURFACE_PRESSURE] |= o->level_kind != AR_NATURE_PRESSURE_LEVELS;
    return AR_OK;
}

/* ---- definitions ----------------------------------------------------------------------------- */

static ar_status define_variable(const ar_output_file *output, ar_writer *file, int v,
                                 ar_error *err)
{
    ar_status status = AR_OK;
    bool varies = v < AR_NATURE_TIME_VARIABLES;
    ar_writer_variable variable = {.name = variables[v].name, .type = AR_WRITER_FLOAT};
    variable.compress = 1;
    variable.checksum = true;
    if (varies && output->options->ensemble > 0) {
        variable.chunk[variable.rank] = 1; /* as time: members are written one after the other */
        variable.dimensions[variable.rank++] = "realization";
    }
    if (varies) {
        variable.dimensions[variable.rank++] = "time";
    }
    if (v < AR_NATURE_LEVEL_VARIABLES) {
        variable.dimensions[variable.rank++] = "level";
    }
    variable.dimensions[variable.rank++] = "latitude";
    variable.dimensions[variable.rank++] = "longitude";
    AR_TRY(ar_writer_add_variable(file, &variable, err));
    AR_TRY(
        ar_writer_put_text(file, variable.name, "standard_name", variables[v].standard_name, err));
    AR_TRY(ar_writer_put_text(file, variable.name, "units", variables[v].units, err));
    if (v == AR_NATURE_PRECIPITATION_FLUX) {
        char comment[96];
        snprintf(comment, sizeof comment, "mean over the %lld hours before the time",
                 (long long)output->options->output.every_hours);
        AR_TRY(ar_writer_put_text(file, variable.name, "cell_methods", "time: mean", err));
        AR_TRY(ar_writer_put_text(file, variable.name, "comment", comment, err));
    }
cleanup:
    return status;
}

static ar_status put_provenance(const ar_output_file *output, ar_writer *file, ar_error *err)
{
    const ar_nature_run_options *o = output->options;
    const ar_nature_model_options *m = &o->model;
    ar_status status = AR_OK;
    char source[384], history[128], stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    snprintf(history, sizeof history, "%s: atmorep nature-run " ATMOREP_VERSION, stamp);
    snprintf(source, sizeof source,
             "atmorep " ATMOREP_VERSION ": primitive equations, T%lld, %lld levels%s%s%s%s%s, seed "
             "%llu, %lld days of spin-up",
             (long long)m->truncation, (long long)m->nlev,
             m->held_suarez ? ", Held-Suarez forcing" : "", m->water_cycle ? ", water cycle" : "",
             m->seasonal_cycle ? ", seasons" : "", m->land ? ", continents" : "",
             m->orography > 0 ? ", mountains" : "", (unsigned long long)o->seed,
             (long long)o->spin_up_days);
    ar_text_attribute texts[] = {{"Conventions", "CF-1.8"},
                                 {"title", "Nature run by AtmoRep"},
                                 {"source", source},
                                 {"history", history},
                                 {NULL, NULL}};
    AR_TRY(ar_output_put_texts(file, NULL, texts, err));
cleanup:
    return status;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Where the values of variable v at a time of a member lie in the file. */
typedef struct {
    int64_t start[5], count[5];
} place;

static place find_place(const ar_output_file *output, int v, int64_t member, int64_t time)
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(output->snapshot->grid);
    place at = {{0}, {0}};
    int rank = 0;
    bool varies = v < AR_NATURE_TIME_VARIABLES;
    if (varies && output->options->ensemble > 0) {
        at.start[rank] = member;
        at.count[rank++] = 1;
    }
    if (varies) {
        at.start[rank] = time;
        at.count[rank++] = 1;
    }
    if (v < AR_NATURE_LEVEL_VARIABLES) {
        at.count[rank++] = output->snapshot->level_count;
    }
    at.count[rank++] = grid->nlat;
    at.count[rank++] = grid->nlon;
    return at;
}

/* Those from `first` to before `end`, of ar_nature_variable. */
static ar_status write_variables(const ar_output_file *output, ar_writer *file, int first, int end,
                                 int64_t member, int64_t time, ar_error *err)
{
    ar_status status = AR_OK;
    for (int v = first; v < end; v++) {
        place at = find_place(output, v, member, time);
        if (output->written[v]) {
            AR_TRY(ar_writer_write(file, variables[v].name, at.start, at.count,
                                   output->snapshot->values[v], err));
        }
    }
cleanup:
    return status;
}

ar_status ar_output_file_define(const ar_output_file *output, ar_writer *file, bool record,
                                ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(ar_output_coordinates_define(output, file, record, err));
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        if (output->written[v]) {
            AR_TRY(define_variable(output, file, v, err));
        }
    }
    AR_TRY(put_provenance(output, file, err));
    AR_TRY(ar_output_coordinates_write(output, file, err));
    AR_TRY(write_variables(output, file, AR_NATURE_TIME_VARIABLES, AR_NATURE_VARIABLES, 0, 0, err));
cleanup:
    return status;
}

ar_status ar_output_file_write(const ar_output_file *output, ar_writer *file, int64_t member,
                               int64_t time, ar_error *err)
{
    return write_variables(output, file, 0, AR_NATURE_TIME_VARIABLES, member, time, err);
}

static ar_status read_time(const ar_output_file *output, ar_source *source, int64_t member,
                           int64_t time, ar_error *err)
{
    ar_status status = AR_OK;
    for (int v = 0; v < AR_NATURE_TIME_VARIABLES; v++) {
        place at = find_place(output, v, member, time);
        if (!output->written[v]) {
            continue;
        }
        const ar_variable *variable = ar_source_find(source, variables[v].name);
        if (!variable) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: has no variable %s; is damaged",
                           ar_source_path(source), variables[v].name);
        }
        AR_TRY(ar_source_read_float(source, variable, at.start, at.count,
                                    output->snapshot->values[v], err));
    }
cleanup:
    return status;
}

ar_status ar_output_file_copy(const ar_output_file *output, const char *path, ar_writer *file,
                              ar_error *err)
{
    ar_status status = AR_OK;
    ar_source *source = NULL;
    int64_t members = output->options->ensemble > 0 ? output->options->ensemble : 1;
    AR_TRY(ar_source_open(&source, path, err));
    for (int64_t member = 0; member < members; member++) {
        for (int64_t time = 0; time < output->times; time++) {
            AR_TRY(read_time(output, source, member, time, err));
            AR_TRY(ar_output_file_write(output, file, member, time, err));
        }
    }
cleanup:
    ar_source_close(&source);
    return status;
}
