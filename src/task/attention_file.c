#include "task/attention_file.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "field/units.h"
#include "graph/attention_reach.h"
#include "io/writer.h"

enum { NAME_SIZE = 192 };

/* Names of the dimensions of a field's tokens, in the order of the axes. */
static const char *const axis_names[AR_AXIS_COUNT] = {"level", "time", "latitude", "longitude"};

static const ar_field_configuration *field_of(const ar_attention_file *content, int64_t field)
{
    return &content->checkpoint->configuration.fields[field];
}

static int64_t extent_of(const ar_attention_file *content, int64_t field, int axis)
{
    const ar_field_configuration *f = field_of(content, field);
    return axis == AR_AXIS_LEVEL ? f->level_count : f->tokens.tokens[axis - AR_AXIS_TIME];
}

/* "latitude_msl" */
static void name_axis(const ar_attention_file *content, int64_t field, int axis,
                      char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%s_%s", axis_names[axis], field_of(content, field)->name);
}

/* "encoder_coupling_vorticity_msl" */
static void name_map(const ar_attention_file *content, const ar_attention_map *map,
                     char name[NAME_SIZE])
{
    static const char *const parts[] = {
        [AR_ATTENTION_ENCODER_SELF] = "encoder_self",
        [AR_ATTENTION_ENCODER_COUPLING] = "encoder_coupling",
        [AR_ATTENTION_DECODER_SELF] = "decoder_self",
        [AR_ATTENTION_DECODER_CROSS] = "decoder_cross",
    };
    const bool coupling = map->part == AR_ATTENTION_ENCODER_COUPLING;
    snprintf(name, NAME_SIZE, "%s_%s%s%s", parts[map->part],
             field_of(content, map->query_field)->name, coupling ? "_" : "",
             coupling ? field_of(content, map->key_field)->name : "");
}

static const char *layers_of(const ar_attention_map *map)
{
    bool encoder =
        map->part == AR_ATTENTION_ENCODER_SELF || map->part == AR_ATTENTION_ENCODER_COUPLING;
    return encoder ? "encoder_layer" : "decoder_layer";
}

/* ---- coordinates ----------------------------------------------------------------------------- */

/* Middle of token `index` along an axis: of the levels the level itself, of the times in hours. */
static double coordinate(const ar_attention_file *content, int64_t field, int axis, int64_t index)
{
    const ar_field_data *data = &content->dataset->fields[field];
    const ar_field_configuration *f = field_of(content, field);
    if (axis == AR_AXIS_LEVEL) {
        return data->levels[index];
    }
    const int64_t size = f->tokens.token_size[axis - AR_AXIS_TIME], first = index * size;
    const int64_t stride = ar_cube_space_stride(&content->dataset->space);
    const double middle = (double)(size - 1) / 2;
    if (axis == AR_AXIS_TIME) {
        return ((double)content->cube.first_time / 3600) +
               ((double)first + middle) *
                   (double)content->checkpoint->configuration.time_step_hours;
    }
    if (axis == AR_AXIS_LATITUDE) {
        const double *rows = data->grid.latitude + content->cube.first_row + first * stride;
        return (rows[0] + rows[(size - 1) * stride]) / 2;
    }
    /* A cube that passes the end of the grid begins below zero, so that longitudes increase. */
    const int64_t columns = f->tokens.tokens[2] * size * stride;
    const double west = data->grid.longitude[content->cube.first_column];
    const double turns = content->cube.first_column + columns > data->grid.nlon ? 360 : 0;
    return west - turns + ((double)first + middle) * (double)stride * data->grid.longitude_step;
}

/* Of a token along time, latitude or longitude, in the unit of the coordinate. */
static double token_extent(const ar_attention_file *content, int64_t field, int axis)
{
    const ar_grid *grid = &content->dataset->fields[field].grid;
    const double points = (double)field_of(content, field)->tokens.token_size[axis - AR_AXIS_TIME];
    if (axis == AR_AXIS_TIME) {
        return points * (double)content->checkpoint->configuration.time_step_hours;
    }
    return points * (double)ar_cube_space_stride(&content->dataset->space) *
           (axis == AR_AXIS_LATITUDE ? grid->latitude_step : grid->longitude_step);
}

static ar_status define_axis(ar_writer *file, const ar_attention_file *content, int64_t field,
                             int axis, ar_error *err)
{
    static const char *const standard_names[AR_AXIS_COUNT] = {NULL, "time", "latitude",
                                                              "longitude"};
    static const char *const letters[AR_AXIS_COUNT] = {"Z", "T", "Y", "X"};
    const ar_field_data *data = &content->dataset->fields[field];
    const char *const units[AR_AXIS_COUNT] = {data->level_units, "hours since 1970-01-01 00:00:00",
                                              "degrees_north", "degrees_east"};
    char name[NAME_SIZE];
    ar_status status = AR_OK;
    name_axis(content, field, axis, name);
    AR_TRY(ar_writer_add_dimension(file, name, extent_of(content, field, axis), err));
    AR_TRY(ar_writer_add_variable(
        file,
        &(ar_writer_variable){
            .name = name, .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {name}},
        err));
    if (units[axis][0]) {
        AR_TRY(ar_writer_put_text(file, name, "units", units[axis], err));
    }
    AR_TRY(ar_writer_put_text(file, name, "axis", letters[axis], err));
    if (standard_names[axis]) {
        AR_TRY(ar_writer_put_text(file, name, "standard_name", standard_names[axis], err));
    }
    if (axis == AR_AXIS_TIME) {
        AR_TRY(ar_writer_put_text(file, name, "calendar", ar_calendar_name(data->calendar), err));
    }
    if (axis == AR_AXIS_LEVEL) {
        double scale, offset;
        bool height = ar_units_conversion(data->level_units, "m", &scale, &offset, NULL) == AR_OK;
        AR_TRY(ar_writer_put_text(file, name, "positive", height ? "up" : "down", err));
    } else {
        AR_TRY(ar_writer_put_text(file, name, "long_name", "middle of a token", err));
        AR_TRY(ar_writer_put_number(file, name, "token_extent", token_extent(content, field, axis),
                                    err));
    }
cleanup:
    return status;
}

static ar_status write_axis(ar_writer *file, const ar_attention_file *content, int64_t field,
                            int axis, ar_error *err)
{
    const int64_t count = extent_of(content, field, axis), start = 0;
    char name[NAME_SIZE];
    double *values = NULL;
    ar_status status = AR_OK;
    name_axis(content, field, axis, name);
    AR_TRY(ar_allocate(&values, (size_t)count, sizeof *values, "coordinates of tokens", err));
    for (int64_t i = 0; i < count; i++) {
        values[i] = coordinate(content, field, axis, i);
    }
    AR_TRY(ar_writer_write(file, name, &start, &count, values, err));
cleanup:
    ar_free(values);
    return status;
}

/* ---- maps ------------------------------------------------------------------------------------ */

/* Where the query is, as attributes: level and place in the units of the coordinates. */
static ar_status put_query(ar_writer *file, const ar_attention_file *content, int64_t field,
                           const char *name, ar_error *err)
{
    int64_t token = content->queries[field];
    ar_status status = AR_OK;
    for (int axis = AR_AXIS_COUNT; axis-- > 0;) {
        const int64_t extent = extent_of(content, field, axis);
        char key[32];
        snprintf(key, sizeof key, "query_%s", axis_names[axis]);
        AR_TRY(ar_writer_put_number(file, name, key,
                                    coordinate(content, field, axis, token % extent), err));
        token /= extent;
    }
cleanup:
    return status;
}

static ar_status define_map(ar_writer *file, const ar_attention_file *content,
                            const ar_attention_map *map, ar_error *err)
{
    char name[NAME_SIZE], heads[NAME_SIZE + 8], axes[AR_AXIS_COUNT][NAME_SIZE], text[256];
    ar_status status = AR_OK;
    name_map(content, map, name);
    snprintf(heads, sizeof heads, "head_%s", name);
    ar_writer_variable variable = {.name = name,
                                   .type = AR_WRITER_FLOAT,
                                   .compress = 1,
                                   .rank = 2 + AR_AXIS_COUNT,
                                   .dimensions = {layers_of(map), heads}};
    for (int axis = 0; axis < AR_AXIS_COUNT; axis++) {
        name_axis(content, map->key_field, axis, axes[axis]);
        variable.dimensions[2 + axis] = axes[axis];
    }
    AR_TRY(ar_writer_add_dimension(file, heads, map->heads, err));
    AR_TRY(ar_writer_add_variable(file, &variable, err));
    snprintf(text, sizeof text, "attention of a token of %s to the tokens of %s",
             field_of(content, map->query_field)->name, field_of(content, map->key_field)->name);
    AR_TRY(ar_writer_put_text(file, name, "long_name", text, err));
    AR_TRY(ar_writer_put_text(file, name, "units", "1", err));
    AR_TRY(ar_writer_put_text(file, name, "query_field", field_of(content, map->query_field)->name,
                              err));
    AR_TRY(
        ar_writer_put_text(file, name, "key_field", field_of(content, map->key_field)->name, err));
    AR_TRY(put_query(file, content, map->query_field, name, err));
cleanup:
    return status;
}

static ar_status write_map(ar_writer *file, const ar_attention_file *content,
                           const ar_attention_map *map, ar_error *err)
{
    char name[NAME_SIZE];
    const int64_t start[2 + AR_AXIS_COUNT] = {0};
    int64_t count[2 + AR_AXIS_COUNT] = {map->layers, map->heads};
    for (int axis = 0; axis < AR_AXIS_COUNT; axis++) {
        count[2 + axis] = extent_of(content, map->key_field, axis);
    }
    name_map(content, map, name);
    return ar_writer_write(file, name, start, count, map->weights, err);
}

static ar_status define(ar_writer *file, const ar_attention_file *content, ar_error *err)
{
    const ar_configuration *configuration = &content->checkpoint->configuration;
    char model[96];
    ar_status status = AR_OK;
    snprintf(model, sizeof model, "step %lld", (long long)content->checkpoint->step);
    AR_TRY(ar_writer_put_text(file, NULL, "Conventions", "CF-1.8", err));
    AR_TRY(ar_writer_put_text(file, NULL, "title", "Attention of an AtmoRep model", err));
    AR_TRY(ar_writer_put_text(file, NULL, "source", "atmorep " ATMOREP_VERSION, err));
    AR_TRY(ar_writer_put_text(file, NULL, "model", model, err));
    AR_TRY(
        ar_writer_add_dimension(file, "encoder_layer", configuration->model.encoder_layers, err));
    if (configuration->model.decoder_layers > 0) {
        AR_TRY(ar_writer_add_dimension(file, "decoder_layer", configuration->model.decoder_layers,
                                       err));
    }
    for (int64_t f = 0; f < configuration->field_count; f++) {
        for (int axis = 0; axis < AR_AXIS_COUNT; axis++) {
            AR_TRY(define_axis(file, content, f, axis, err));
        }
    }
    for (int64_t m = 0; m < content->map_count; m++) {
        AR_TRY(define_map(file, content, &content->maps[m], err));
    }
cleanup:
    return status;
}

ar_status ar_attention_file_write(const ar_attention_file *content, const char *path, ar_error *err)
{
    ar_writer *file = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_writer_create(&file, path, err));
    AR_TRY(define(file, content, err));
    for (int64_t f = 0; f < content->checkpoint->configuration.field_count; f++) {
        for (int axis = 0; axis < AR_AXIS_COUNT; axis++) {
            AR_TRY(write_axis(file, content, f, axis, err));
        }
    }
    for (int64_t m = 0; m < content->map_count; m++) {
        AR_TRY(write_map(file, content, &content->maps[m], err));
    }
    AR_TRY(ar_writer_commit(&file, err));
cleanup:
    ar_writer_abandon(&file);
    return status;
}
