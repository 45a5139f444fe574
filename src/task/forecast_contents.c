#include "task/forecast_contents.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "field/units.h"
#include "io/source.h"
#include "task/forecast_provenance.h"

/* ---- levels ---------------------------------------------------------------------------------- */

static bool has_levels(const ar_field_data *field)
{
    return field->level_units[0] != '\0';
}

/* The first field with the same levels: both share one dimension. */
static int64_t first_with_levels(const ar_dataset *dataset, int64_t field)
{
    const ar_field_data *wanted = &dataset->fields[field];
    for (int64_t f = 0; f < field; f++) {
        const ar_field_data *other = &dataset->fields[f];
        if (has_levels(other) && other->level_count == wanted->level_count &&
            strcmp(other->level_units, wanted->level_units) == 0 &&
            memcmp(other->levels, wanted->levels,
                   (size_t)wanted->level_count * sizeof *wanted->levels) == 0) {
            return f;
        }
    }
    return field;
}

/* "level" when all fields with levels share them, else "level_<variable>". */
static void level_name(const ar_dataset *dataset, int64_t field, char name[80])
{
    int64_t sets = 0;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        sets += has_levels(&dataset->fields[f]) && first_with_levels(dataset, f) == f;
    }
    if (sets == 1) {
        snprintf(name, 80, "level");
    } else {
        snprintf(name, 80, "level_%s", dataset->fields[first_with_levels(dataset, field)].variable);
    }
}

/* ---- places ---------------------------------------------------------------------------------- */

int ar_forecast_contents_kinds(const ar_forecast_contents *contents)
{
    return contents->outline->options->alpha ? AR_FORECAST_KINDS : AR_FORECAST_DIFFERENCE;
}

ar_forecast_place ar_forecast_contents_find(const ar_forecast_contents *contents, int64_t f,
                                            ar_forecast_kind kind, int64_t index)
{
    static const char *const suffixes[AR_FORECAST_KINDS] = {"", "_spread", "_members",
                                                            "_difference", "_p_value"};
    const ar_field_data *field = &contents->outline->dataset->fields[f];
    ar_forecast_place place = {0};
    ar_forecast_layout_name(&contents->layout, field, place.name);
    strcat(place.name, suffixes[kind]);
    int rank = ar_forecast_layout_place(&contents->layout, index, place.start, place.extent);
    if (has_levels(field)) {
        place.extent[rank++] = field->level_count;
    }
    if (kind == AR_FORECAST_MEMBERS) {
        place.extent[rank++] = contents->outline->checkpoint->configuration.model.tails;
    }
    place.extent[rank++] = contents->grid->nlat;
    place.extent[rank++] = contents->grid->nlon;
    return place;
}

/* ---- definitions ----------------------------------------------------------------------------- */

static ar_status define_coordinates(const ar_forecast_contents *contents, ar_writer *file,
                                    ar_error *err)
{
    const ar_forecast_outline *outline = contents->outline;
    const ar_grid *grid = contents->grid;
    const char *calendar = ar_calendar_name(outline->dataset->fields[0].calendar);
    const char *const latitude[][2] = {
        {"standard_name", "latitude"}, {"units", "degrees_north"}, {"axis", "Y"}};
    const char *const longitude[][2] = {
        {"standard_name", "longitude"}, {"units", "degrees_east"}, {"axis", "X"}};
    const char *const member[][2] = {
        {"standard_name", "realization"}, {"long_name", "ensemble member"}, {"units", "1"}};
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_layout_define(&contents->layout, file, calendar,
                                     ar_forecast_task_of(outline->options)->reference, err));
    AR_TRY(ar_writer_add_dimension(file, "latitude", grid->nlat, err));
    AR_TRY(ar_writer_add_dimension(file, "longitude", grid->nlon, err));
    AR_TRY(ar_writer_add_dimension(file, contents->layout.members,
                                   contents->outline->checkpoint->configuration.model.tails, err));
    AR_TRY(ar_forecast_add_coordinate(file, "latitude", "latitude", AR_WRITER_DOUBLE, latitude, 3,
                                      err));
    AR_TRY(ar_forecast_add_coordinate(file, "longitude", "longitude", AR_WRITER_DOUBLE, longitude,
                                      3, err));
    AR_TRY(ar_forecast_add_coordinate(file, contents->layout.members, contents->layout.members,
                                      AR_WRITER_INT32, member, 3, err));
cleanup:
    return status;
}

static ar_status define_levels(const ar_forecast_contents *contents, ar_writer *file, int64_t f,
                               ar_error *err)
{
    const ar_field_data *field = &contents->outline->dataset->fields[f];
    char name[80];
    ar_status status = AR_OK;
    if (!has_levels(field) || first_with_levels(contents->outline->dataset, f) != f) {
        return AR_OK;
    }
    level_name(contents->outline->dataset, f, name);
    double scale, offset;
    bool pressure = strcmp(field->level_units, "hPa") == 0;
    bool height = ar_units_conversion(field->level_units, "m", &scale, &offset, NULL) == AR_OK;
    const char *const texts[][2] = {{"axis", "Z"},
                                    {"positive", height ? "up" : "down"},
                                    {"units", field->level_units},
                                    {"standard_name", "air_pressure"}};
    AR_TRY(ar_writer_add_dimension(file, name, field->level_count, err));
    AR_TRY(ar_forecast_add_coordinate(file, name, name, AR_WRITER_DOUBLE, texts, pressure ? 4 : 3,
                                      err));
cleanup:
    return status;
}

static ar_status define_variable(const ar_forecast_contents *contents, ar_writer *file, int64_t f,
                                 ar_forecast_kind kind, ar_error *err)
{
    static const char *const methods[AR_FORECAST_KINDS] = {
        "realization: mean", "realization: standard_deviation (unbiased)", NULL,
        "realization: mean", NULL};
    static const char *const long_names[AR_FORECAST_KINDS] = {
        [AR_FORECAST_DIFFERENCE] = "ensemble mean told the attribute alpha, less the factual one",
        [AR_FORECAST_P_VALUE] = "two-sided p value of the difference, paired t test over members"};
    const ar_field_data *field = &contents->outline->dataset->fields[f];
    const ar_forecast_place place = ar_forecast_contents_find(contents, f, kind, 0);
    const char *const name = place.name;
    char level[80];
    ar_status status = AR_OK;
    ar_writer_variable variable = {
        .name = name, .type = AR_WRITER_FLOAT, .compress = 1, .checksum = true};
    ar_forecast_layout_dimensions(&contents->layout, &variable);
    if (has_levels(field)) {
        level_name(contents->outline->dataset, f, level);
        /* members are many: whoever reads one level need not unpack them all */
        variable.chunk[variable.rank] = kind == AR_FORECAST_MEMBERS ? 1 : 0;
        variable.dimensions[variable.rank++] = level;
    }
    if (kind == AR_FORECAST_MEMBERS) {
        variable.dimensions[variable.rank++] = contents->layout.members;
    }
    variable.dimensions[variable.rank++] = "latitude";
    variable.dimensions[variable.rank++] = "longitude";
    AR_TRY(ar_writer_add_variable(file, &variable, err));
    if (field->standard_name[0] && (kind == AR_FORECAST_MEAN || kind == AR_FORECAST_MEMBERS)) {
        AR_TRY(ar_writer_put_text(file, name, "standard_name", field->standard_name, err));
    }
    if (long_names[kind]) {
        AR_TRY(ar_writer_put_text(file, name, "long_name", long_names[kind], err));
    }
    if (field->units[0] || kind == AR_FORECAST_P_VALUE) {
        AR_TRY(ar_writer_put_text(file, name, "units",
                                  kind == AR_FORECAST_P_VALUE ? "1" : field->units, err));
    }
    AR_TRY(ar_writer_put_text(file, name, "field",
                              contents->outline->checkpoint->configuration.fields[f].name, err));
    if (contents->layout.coordinates) {
        AR_TRY(ar_writer_put_text(file, name, "coordinates", contents->layout.coordinates, err));
    }
    if (methods[kind]) {
        AR_TRY(ar_writer_put_text(file, name, "cell_methods", methods[kind], err));
    }
cleanup:
    return status;
}

static ar_status write_coordinates(const ar_forecast_contents *contents, ar_writer *file,
                                   ar_error *err)
{
    const ar_dataset *dataset = contents->outline->dataset;
    const ar_grid *grid = contents->grid;
    const int64_t zero = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_writer_write(file, "latitude", &zero, &grid->nlat, grid->latitude, err));
    AR_TRY(ar_writer_write(file, "longitude", &zero, &grid->nlon, grid->longitude, err));
    for (int32_t member = 0; member < contents->outline->checkpoint->configuration.model.tails;
         member++) {
        const int64_t at = member, one = 1;
        AR_TRY(ar_writer_write(file, contents->layout.members, &at, &one, &member, err));
    }
    for (int64_t f = 0; f < dataset->field_count; f++) {
        const ar_field_data *field = &dataset->fields[f];
        if (has_levels(field) && first_with_levels(dataset, f) == f) {
            char name[80];
            level_name(dataset, f, name);
            AR_TRY(ar_writer_write(file, name, &zero, &field->level_count, field->levels, err));
        }
    }
cleanup:
    return status;
}

ar_status ar_forecast_contents_define(const ar_forecast_contents *contents, ar_writer *file,
                                      ar_error *err)
{
    const ar_forecast_outline *outline = contents->outline;
    const int64_t count = outline->dataset->field_count;
    const int kinds = ar_forecast_contents_kinds(contents);
    ar_status status = AR_OK;
    AR_TRY(define_coordinates(contents, file, err));
    for (int64_t f = 0; f < count; f++) {
        AR_TRY(define_levels(contents, file, f, err));
    }
    for (int64_t f = 0; f < count; f++) {
        const bool predicted = outline->checkpoint->configuration.fields[f].predicted;
        for (int kind = 0; predicted && kind < kinds; kind++) {
            AR_TRY(define_variable(contents, file, f, (ar_forecast_kind)kind, err));
        }
    }
    AR_TRY(ar_forecast_put_provenance(file, outline->options, outline->checkpoint,
                                      outline->model_hash, outline->dataset, err));
    AR_TRY(write_coordinates(contents, file, err));
cleanup:
    return status;
}

/* ---- times ----------------------------------------------------------------------------------- */

ar_status ar_forecast_contents_write_time(const ar_forecast_contents *contents, ar_writer *file,
                                          int64_t index, ar_error *err)
{
    return ar_forecast_layout_write(&contents->layout, file, index,
                                    contents->outline->valid_times[index],
                                    contents->outline->lead_hours[index], err);
}

static ar_status copy_values(const ar_forecast_place *place, ar_source *source, ar_writer *file,
                             float *values, ar_error *err)
{
    const ar_variable *variable = ar_source_find(source, place->name);
    ar_status status = AR_OK;
    if (!variable) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: has no variable %s; is damaged",
                       ar_source_path(source), place->name);
    }
    AR_TRY(ar_source_read_float(source, variable, place->start, place->extent, values, err));
    AR_TRY(ar_writer_write(file, place->name, place->start, place->extent, values, err));
cleanup:
    return status;
}

ar_status ar_forecast_contents_copy(const ar_forecast_contents *contents, const char *path,
                                    ar_writer *file, ar_error *err)
{
    const ar_forecast_outline *outline = contents->outline;
    const ar_configuration *configuration = &outline->checkpoint->configuration;
    const int kinds = ar_forecast_contents_kinds(contents);
    ar_source *source = NULL;
    float *values = NULL;
    size_t count = 0;
    ar_status status = AR_OK;
    for (int64_t f = 0; f < outline->dataset->field_count; f++) {
        const size_t levels = (size_t)outline->dataset->fields[f].level_count;
        count = levels > count ? levels : count;
    }
    count *= (size_t)(configuration->model.tails * contents->grid->nlat * contents->grid->nlon);
    AR_TRY(ar_allocate(&values, count, sizeof *values, "the members of a time", err));
    AR_TRY(ar_source_open(&source, path, err));
    for (int64_t i = 0; i < outline->time_count; i++) {
        AR_TRY(ar_forecast_contents_write_time(contents, file, i, err));
        for (int64_t f = 0; f < outline->dataset->field_count; f++) {
            for (int kind = 0; configuration->fields[f].predicted && kind < kinds; kind++) {
                const ar_forecast_place place =
                    ar_forecast_contents_find(contents, f, (ar_forecast_kind)kind, i);
                AR_TRY(copy_values(&place, source, file, values, err));
            }
        }
    }
cleanup:
    ar_source_close(&source);
    ar_free(values);
    return status;
}
