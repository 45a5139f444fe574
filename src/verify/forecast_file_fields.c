/* The fields of a forecast file: which variables they are, and what their dimensions mean. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/field_data.h"
#include "field/units.h"
#include "verify/forecast_file_parts.h"

/* ---- dimensions ------------------------------------------------------------------------------ */

/* Every name is that of one role; a dimension with none of them is one of levels. */
static const struct {
    const char *name;
    ar_forecast_axis axis;
} dimension_names[] = {
    {"time", AR_AXIS_TIME},           {"prediction_timedelta", AR_AXIS_STEP},
    {"member", AR_AXIS_MEMBER},       {"number", AR_AXIS_MEMBER},
    {"realization", AR_AXIS_MEMBER},  {"latitude", AR_AXIS_LATITUDE},
    {"longitude", AR_AXIS_LONGITUDE},
};

static ar_forecast_axis axis_of(const char *dimension)
{
    const int count = sizeof dimension_names / sizeof dimension_names[0];
    for (int i = 0; i < count; i++) {
        if (strcmp(dimension, dimension_names[i].name) == 0) {
            return dimension_names[i].axis;
        }
    }
    return AR_AXIS_LEVEL;
}

/* Where each lies, −1: it is not there. False when two have the same meaning, or when time (with
 * its steps, where the file has them), latitude or longitude is missing. */
static bool find_axes(int axes[AR_AXIS_COUNT], const ar_forecast_file *file,
                      const ar_variable *variable)
{
    for (int role = 0; role < AR_AXIS_COUNT; role++) {
        axes[role] = -1;
    }
    for (int axis = 0; axis < variable->rank; axis++) {
        const ar_forecast_axis role = axis_of(variable->dimensions[axis]);
        if (axes[role] >= 0) {
            return false;
        }
        axes[role] = axis;
    }
    return axes[AR_AXIS_TIME] >= 0 && axes[AR_AXIS_LATITUDE] >= 0 && axes[AR_AXIS_LONGITUDE] >= 0 &&
           (axes[AR_AXIS_STEP] >= 0) == (file->step_count > 0);
}

/* ---- which variables ------------------------------------------------------------------------- */

/* Is it told of another variable: its members or spread, what a counterfactual
 * changes, and how surely? */
static bool is_of_another(const ar_source *source, const ar_variable *variable)
{
    static const char *const suffixes[] = {"_members", "_spread", "_difference", "_p_value"};
    const int count = sizeof suffixes / sizeof suffixes[0];
    for (int i = 0; i < count; i++) {
        char stem[128];
        if (ar_text_ends_with(variable->name, suffixes[i])) {
            const size_t length = strlen(variable->name) - strlen(suffixes[i]);
            snprintf(stem, sizeof stem, "%.*s", (int)length, variable->name);
            return length > 0 && ar_source_find(source, stem) != NULL;
        }
    }
    return false;
}

static void copy_text(char *copy, size_t size, const char *text)
{
    snprintf(copy, size, "%s", text ? text : "");
}

static ar_status read_levels(ar_forecast_field *field, const ar_forecast_file *file,
                             const char *dimension, ar_error *err)
{
    ar_status status = ar_forecast_file_read_coordinate(&field->levels, &field->level_count, file,
                                                        dimension, dimension, err);
    if (status != AR_OK) {
        return status;
    }
    const ar_variable *coordinate = ar_source_find(file->source, dimension);
    copy_text(field->level_units, sizeof field->level_units,
              ar_source_text(file->source, coordinate, "units"));
    if (!field->level_units[0] && file->step_count > 0) {
        copy_text(field->level_units, sizeof field->level_units, "hPa"); /* WeatherBench 2's */
    }
    double scale = 1, offset = 0;
    if (field->level_units[0] &&
        ar_units_conversion(field->level_units, "hPa", &scale, &offset, NULL) == AR_OK) {
        for (int64_t l = 0; l < field->level_count; l++) {
            field->levels[l] = scale * field->levels[l] + offset;
        }
        copy_text(field->level_units, sizeof field->level_units, "hPa");
    }
    return AR_OK;
}

/* <variable>_members, where there is one; else what the variable itself has is all. */
static ar_status find_members(ar_forecast_field *field, const ar_forecast_file *file,
                              const ar_variable *mean, ar_error *err)
{
    char name[80];
    snprintf(name, sizeof name, "%s_members", mean->name);
    const ar_variable *members = ar_source_find(file->source, name);
    field->values = mean;
    if (members) {
        const int level = field->axes[AR_AXIS_LEVEL];
        const bool fits =
            members->readable && find_axes(field->axes, file, members) &&
            field->axes[AR_AXIS_MEMBER] >= 0 && (field->axes[AR_AXIS_LEVEL] >= 0) == (level >= 0) &&
            (level < 0 ||
             strcmp(members->dimensions[field->axes[AR_AXIS_LEVEL]], mean->dimensions[level]) == 0);
        if (!fits) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: the dimensions of %s are not those of %s and member (or number)",
                           file->path, name, mean->name);
        }
        field->values = members;
    }
    const int axis = field->axes[AR_AXIS_MEMBER];
    field->member_count = axis >= 0 ? field->values->shape[axis] : 1;
    return field->member_count >= 1 ? AR_OK
                                    : ar_fail(err, AR_ERROR_INPUT, "%s: %s has no members",
                                              file->path, field->values->name);
}

/* Lengths must be those of the coordinates, as a store can say otherwise, and the product small
 * enough to count. */
static ar_status check_shape(const ar_forecast_field *field, const ar_forecast_file *file,
                             ar_error *err)
{
    const ar_variable *values = field->values;
    const int64_t steps = file->step_count > 0 ? file->step_count : 1;
    const int64_t wanted[AR_AXIS_COUNT] = {
        [AR_AXIS_TIME] = file->time_count / steps, [AR_AXIS_STEP] = steps,
        [AR_AXIS_LEVEL] = field->level_count,      [AR_AXIS_MEMBER] = field->member_count,
        [AR_AXIS_LATITUDE] = file->grid.nlat,      [AR_AXIS_LONGITUDE] = file->order.file_nlon,
    };
    for (int role = 0; role < AR_AXIS_COUNT; role++) {
        const int axis = field->axes[role];
        if (axis >= 0 && values->shape[axis] != wanted[role]) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: the shape of %s is not that of its coordinates", file->path,
                           values->name);
        }
    }
    size_t size = 0;
    if (!ar_size_product((size_t)field->member_count, (size_t)file->grid.nlat, &size) ||
        !ar_size_product(size, (size_t)file->order.file_nlon, &size) ||
        size > INT64_MAX / sizeof(double)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: %s is too large", file->path, values->name);
    }
    return AR_OK;
}

/* The field of a variable whose axes are found. */
static ar_status read_field(ar_forecast_field *field, const ar_forecast_file *file,
                            const ar_variable *mean, ar_error *err)
{
    const ar_source *source = file->source;
    if (strlen(mean->name) >= sizeof field->variable) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: the variable name %s is too long", file->path,
                       mean->name);
    }
    const char *standard_name = ar_source_text(source, mean, "standard_name");
    if (!standard_name && file->step_count > 0) {
        standard_name = ar_field_standard_name(mean->name); /* WeatherBench 2 goes by names */
    }
    copy_text(field->variable, sizeof field->variable, mean->name);
    copy_text(field->standard_name, sizeof field->standard_name, standard_name);
    copy_text(field->long_name, sizeof field->long_name, ar_source_text(source, mean, "long_name"));
    copy_text(field->units, sizeof field->units, ar_source_text(source, mean, "units"));
    field->level_count = 1;
    ar_status status = AR_OK;
    if (field->axes[AR_AXIS_LEVEL] >= 0) {
        AR_TRY(read_levels(field, file, mean->dimensions[field->axes[AR_AXIS_LEVEL]], err));
    }
    AR_TRY(find_members(field, file, mean, err));
    AR_TRY(check_shape(field, file, err));
cleanup:
    return status;
}

ar_status ar_forecast_file_read_fields(ar_forecast_file *file, ar_error *err)
{
    int64_t count = ar_source_variable_count(file->source);
    ar_status status =
        ar_allocate(&file->fields, (size_t)count, sizeof *file->fields, "the fields", err);
    for (int64_t i = 0; status == AR_OK && i < count; i++) {
        const ar_variable *variable = ar_source_variable(file->source, i);
        ar_forecast_field *field = &file->fields[file->field_count];
        if (variable->readable && find_axes(field->axes, file, variable) &&
            !is_of_another(file->source, variable)) {
            file->field_count++;
            status = read_field(field, file, variable, err);
        }
    }
    if (status == AR_OK && file->field_count == 0) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: no variable has the dimensions time%s[, level], latitude, longitude; "
                       "is it a forecast file?",
                       file->path, file->step_count > 0 ? ", prediction_timedelta" : "");
    }
    return status;
}
