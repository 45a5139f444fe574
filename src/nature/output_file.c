#include "nature/output_file.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "field/constants.h"
#include "io/source.h"

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
    [AR_NATURE_SURFACE_PRESSURE] = {"surface_air_pressure", "surface_air_pressure", "Pa"},
};

static int find_variable(const char *name)
{
    int v = 0;
    while (v < AR_NATURE_VARIABLES && strcmp(variables[v].name, name) != 0) {
        v++;
    }
    return v;
}

static ar_status unknown_variable(const char *name, ar_error *err)
{
    char all[512] = "";
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", v > 0 ? ", " : "", variables[v].name);
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
        output->written[v] = o->variable_count == 0;
    }
    for (int64_t i = 0; i < o->variable_count; i++) {
        int v = find_variable(o->variables[i]);
        if (v == AR_NATURE_VARIABLES) {
            return unknown_variable(o->variables[i], err);
        }
        output->written[v] = true;
    }
    /* CF's formula of the pressure at σ levels has it. */
    output->written[AR_NATURE_SURFACE_PRESSURE] |= o->level_kind != AR_NATURE_PRESSURE_LEVELS;
    return AR_OK;
}

/* ---- definitions ----------------------------------------------------------------------------- */

typedef const char *const attribute[2];

static ar_status put_texts(ar_writer *file, const char *name, attribute *texts, ar_error *err)
{
    ar_status status = AR_OK;
    for (; status == AR_OK && (*texts)[0]; texts++) {
        status = ar_writer_put_text(file, name, (*texts)[0], (*texts)[1], err);
    }
    return status;
}

static ar_status add_coordinate(ar_writer *file, const char *name, int64_t length,
                                ar_writer_type type, attribute *texts, ar_error *err)
{
    ar_status status = AR_OK;
    ar_writer_variable variable = {.name = name, .type = type, .rank = 1, .dimensions = {name}};
    AR_TRY(ar_writer_add_dimension(file, name, length, err));
    AR_TRY(ar_writer_add_variable(file, &variable, err));
    AR_TRY(put_texts(file, name, texts, err));
cleanup:
    return status;
}

/* CF-1.8, appendix D: p = ptop + σ (ps − ptop). */
static ar_status define_sigma(const ar_output_file *output, ar_writer *file, ar_error *err)
{
    attribute level_texts[] = {
        {"standard_name", "atmosphere_sigma_coordinate"},
        {"long_name", "air pressure over surface air pressure"},
        {"units", "1"},
        {"positive", "down"},
        {"axis", "Z"},
        {"formula_terms", "sigma: level ps: surface_air_pressure ptop: ptop"},
        {NULL, NULL}};
    attribute top_texts[] = {{"standard_name", "air_pressure_at_top_of_atmosphere_model"},
                             {"units", "Pa"},
                             {NULL, NULL}};
    ar_writer_variable top = {.name = "ptop", .type = AR_WRITER_DOUBLE};
    ar_status status = AR_OK;
    AR_TRY(add_coordinate(file, "level", output->snapshot->level_count, AR_WRITER_DOUBLE,
                          level_texts, err));
    AR_TRY(ar_writer_add_variable(file, &top, err));
    AR_TRY(put_texts(file, top.name, top_texts, err));
cleanup:
    return status;
}

static ar_status define_coordinates(const ar_output_file *output, ar_writer *file, bool record,
                                    ar_error *err)
{
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(output->snapshot->grid);
    attribute member_texts[] = {{"standard_name", "realization"},
                                {"long_name", "member of the ensemble"},
                                {"units", "1"},
                                {NULL, NULL}};
    attribute time_texts[] = {{"standard_name", "time"},
                              {"units", "hours since 1970-01-01 00:00:00"},
                              {"calendar", "standard"},
                              {"axis", "T"},
                              {NULL, NULL}};
    attribute level_texts[] = {{"standard_name", "air_pressure"},
                               {"units", "hPa"},
                               {"positive", "down"},
                               {"axis", "Z"},
                               {NULL, NULL}};
    attribute latitude_texts[] = {
        {"standard_name", "latitude"}, {"units", "degrees_north"}, {"axis", "Y"}, {NULL, NULL}};
    attribute longitude_texts[] = {
        {"standard_name", "longitude"}, {"units", "degrees_east"}, {"axis", "X"}, {NULL, NULL}};
    ar_status status = AR_OK;
    if (output->options->ensemble > 0) {
        AR_TRY(add_coordinate(file, "realization", output->options->ensemble, AR_WRITER_INT32,
                              member_texts, err));
    }
    AR_TRY(add_coordinate(file, "time", record ? -1 : output->times, AR_WRITER_DOUBLE, time_texts,
                          err));
    if (output->snapshot->level_kind == AR_NATURE_PRESSURE_LEVELS) {
        AR_TRY(add_coordinate(file, "level", output->snapshot->level_count, AR_WRITER_DOUBLE,
                              level_texts, err));
    } else {
        AR_TRY(define_sigma(output, file, err));
    }
    AR_TRY(add_coordinate(file, "latitude", grid->nlat, AR_WRITER_DOUBLE, latitude_texts, err));
    AR_TRY(add_coordinate(file, "longitude", grid->nlon, AR_WRITER_DOUBLE, longitude_texts, err));
cleanup:
    return status;
}

static ar_status define_variable(const ar_output_file *output, ar_writer *file, int v,
                                 ar_error *err)
{
    ar_status status = AR_OK;
    bool levels = v < AR_NATURE_LEVEL_VARIABLES;
    ar_writer_variable variable = {.name = variables[v].name, .type = AR_WRITER_FLOAT};
    variable.compress = 1;
    if (output->options->ensemble > 0) {
        variable.chunk[variable.rank] = 1; /* as time: members are written one after the other */
        variable.dimensions[variable.rank++] = "realization";
    }
    variable.dimensions[variable.rank++] = "time";
    if (levels) {
        variable.dimensions[variable.rank++] = "level";
    }
    variable.dimensions[variable.rank++] = "latitude";
    variable.dimensions[variable.rank++] = "longitude";
    AR_TRY(ar_writer_add_variable(file, &variable, err));
    AR_TRY(
        ar_writer_put_text(file, variable.name, "standard_name", variables[v].standard_name, err));
    AR_TRY(ar_writer_put_text(file, variable.name, "units", variables[v].units, err));
cleanup:
    return status;
}

static ar_status put_provenance(const ar_output_file *output, ar_writer *file, ar_error *err)
{
    const ar_nature_run_options *o = output->options;
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
    attribute texts[] = {{"Conventions", "CF-1.8"},
                         {"title", "Nature run by AtmoRep"},
                         {"source", source},
                         {"history", history},
                         {NULL, NULL}};
    AR_TRY(put_texts(file, NULL, texts, err));
cleanup:
    return status;
}

/* ---- coordinates ----------------------------------------------------------------------------- */

static ar_status write_all(ar_writer *file, const char *name, int64_t count, const void *values,
                           ar_error *err)
{
    return ar_writer_write(file, name, &(int64_t){0}, &count, values, err);
}

static ar_status write_levels(const ar_output_file *output, ar_writer *file, double *numbers,
                              ar_error *err)
{
    const ar_snapshot *s = output->snapshot;
    bool pressure = s->level_kind == AR_NATURE_PRESSURE_LEVELS;
    for (int64_t l = 0; l < s->level_count; l++) {
        numbers[l] = pressure ? output->options->output.levels[l] : s->levels[l];
    }
    ar_status status = write_all(file, "level", s->level_count, numbers, err);
    if (status == AR_OK && !pressure) {
        status = ar_writer_write(file, "ptop", NULL, NULL, &(double){0}, err);
    }
    return status;
}

static ar_status write_places(const ar_output_file *output, ar_writer *file, double *degrees,
                              ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(output->snapshot->grid);
    const double *colatitude = ar_harmonics_get_colatitude(output->snapshot->grid);
    for (int64_t i = 0; i < grid->nlat; i++) {
        /* regular ones without rounding */
        degrees[i] = grid->rows == AR_HARMONICS_REGULAR ? 90 - 180.0 * i / (grid->nlat - 1)
                                                        : 90 - colatitude[i] * (180 / AR_PI);
    }
    AR_TRY(write_all(file, "latitude", grid->nlat, degrees, err));
    for (int64_t j = 0; j < grid->nlon; j++) {
        degrees[j] = 360.0 * j / grid->nlon;
    }
    AR_TRY(write_all(file, "longitude", grid->nlon, degrees, err));
cleanup:
    return status;
}

static ar_status write_members(const ar_output_file *output, ar_writer *file, ar_error *err)
{
    int64_t members = output->options->ensemble;
    int32_t *numbers = NULL;
    ar_status status = ar_allocate(&numbers, members, sizeof *numbers, "members", err);
    for (int64_t m = 0; status == AR_OK && m < members; m++) {
        numbers[m] = (int32_t)m;
    }
    if (status == AR_OK) {
        status = write_all(file, "realization", members, numbers, err);
    }
    ar_free(numbers);
    return status;
}

static ar_status write_coordinates(const ar_output_file *output, ar_writer *file, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_harmonics_settings *grid = ar_harmonics_get_settings(output->snapshot->grid);
    int64_t longest = grid->nlat + grid->nlon + output->snapshot->level_count + output->times;
    double *numbers = NULL;
    AR_TRY(ar_allocate(&numbers, longest, sizeof *numbers, "coordinates", err));
    if (output->options->ensemble > 0) {
        AR_TRY(write_members(output, file, err));
    }
    for (int64_t t = 0; t < output->times; t++) {
        numbers[t] = output->first_time / 3600.0 + t * output->options->output.every_hours;
    }
    AR_TRY(write_all(file, "time", output->times, numbers, err));
    AR_TRY(write_levels(output, file, numbers, err));
    AR_TRY(write_places(output, file, numbers, err));
cleanup:
    ar_free(numbers);
    return status;
}

ar_status ar_output_file_define(const ar_output_file *output, ar_writer *file, bool record,
                                ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(define_coordinates(output, file, record, err));
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        if (output->written[v]) {
            AR_TRY(define_variable(output, file, v, err));
        }
    }
    AR_TRY(put_provenance(output, file, err));
    AR_TRY(write_coordinates(output, file, err));
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
    if (output->options->ensemble > 0) {
        at.start[rank] = member;
        at.count[rank++] = 1;
    }
    at.start[rank] = time;
    at.count[rank++] = 1;
    if (v < AR_NATURE_LEVEL_VARIABLES) {
        at.count[rank++] = output->snapshot->level_count;
    }
    at.count[rank++] = grid->nlat;
    at.count[rank++] = grid->nlon;
    return at;
}

ar_status ar_output_file_write(const ar_output_file *output, ar_writer *file, int64_t member,
                               int64_t time, ar_error *err)
{
    ar_status status = AR_OK;
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
        place at = find_place(output, v, member, time);
        if (output->written[v]) {
            AR_TRY(ar_writer_write(file, variables[v].name, at.start, at.count,
                                   output->snapshot->values[v], err));
        }
    }
cleanup:
    return status;
}

static ar_status read_time(const ar_output_file *output, ar_source *source, int64_t member,
                           int64_t time, ar_error *err)
{
    ar_status status = AR_OK;
    for (int v = 0; v < AR_NATURE_VARIABLES; v++) {
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
