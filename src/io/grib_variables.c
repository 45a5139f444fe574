#include "io/grib_variables.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/grib_grid.h"
#include "io/grib_names.h"

enum { ATTRIBUTES_MAX = 10 };

static const ar_grib_coordinate member_kind = {
    .name = "number", .standard_name = "realization", .long_name = "ensemble member", .units = "1"};
static const ar_grib_coordinate time_kind = {.name = "time",
                                             .standard_name = "time",
                                             .long_name = "time of validity",
                                             .units = "seconds since 1970-01-01",
                                             .axis = "T"};
static const ar_grib_coordinate latitude_kind = {
    .name = "latitude", .standard_name = "latitude", .units = "degrees_north", .axis = "Y"};
static const ar_grib_coordinate longitude_kind = {
    .name = "longitude", .standard_name = "longitude", .units = "degrees_east", .axis = "X"};

static const struct {
    const char *level_type;
    bool always; /* one level is a dimension too */
    ar_grib_coordinate kind;
} level_kinds[] = {
    {"isobaricInhPa", true, {"pressure_level", "air_pressure", "pressure", "hPa", "down", "Z"}},
    {"hybrid", true, {"model_level", "model_level_number", "model level", "1", "down", "Z"}},
    {"heightAboveGround", false, {"height", "height", "height above ground", "m", "up", "Z"}},
};

/* Of levels that nothing more is known of than that they are levels. */
static ar_grib_coordinate find_level_kind(const ar_grib_keys *keys, bool *always)
{
    for (size_t i = 0; i < sizeof level_kinds / sizeof *level_kinds; i++) {
        if (strcmp(keys->level_type, level_kinds[i].level_type) == 0) {
            *always = level_kinds[i].always;
            return level_kinds[i].kind;
        }
    }
    *always = false;
    return (ar_grib_coordinate){.name = keys->level_type[0] ? keys->level_type : "level",
                                .axis = "Z"};
}

/* The axis with these values, which is made where there is none; its name gets a number where other
 * values have it already. */
static ar_status find_axis(ar_grib_source *grib, const ar_grib_coordinate *kind,
                           const double *values, int64_t count, int64_t *axis, ar_error *err)
{
    int same_names = 0;
    for (size_t i = 0; i < grib->axis_count; i++) {
        const ar_grib_axis *other = &grib->axes[i];
        if (strcmp(other->kind.name, kind->name) != 0) {
            continue;
        }
        same_names++;
        if (other->count == count &&
            memcmp(other->values, values, (size_t)count * sizeof *values) == 0) {
            *axis = (int64_t)i;
            return AR_OK;
        }
    }
    ar_status status;
    AR_TRY(ar_grow(&grib->axes, &grib->axis_capacity, grib->axis_count + 1, sizeof *grib->axes,
                   "coordinates", err));
    ar_grib_axis *made = &grib->axes[grib->axis_count];
    made->kind = *kind;
    AR_TRY(ar_allocate(&made->values, (size_t)count, sizeof *values, "a coordinate", err));
    *axis = (int64_t)grib->axis_count++;
    made->count = count;
    memcpy(made->values, values, (size_t)count * sizeof *values);
    if (same_names == 0) {
        snprintf(made->name, sizeof made->name, "%s", kind->name);
    } else {
        snprintf(made->name, sizeof made->name, "%s_%d", kind->name, same_names + 1);
    }
cleanup:
    return status;
}

/* The dimensions of one group: indices of axes. */
typedef struct {
    int64_t axes[AR_GRIB_RANK_MAX];
    int rank;
    bool has_member, has_level, on_grid;
} dimensions;

static ar_status add_line(ar_grib_source *grib, const ar_grib_coordinate *kind,
                          const ar_grib_line *line, dimensions *to, ar_error *err)
{
    return find_axis(grib, kind, line->values, line->count, &to->axes[to->rank++], err);
}

static ar_status add_horizontal(ar_grib_source *grib, const ar_grib_grid *grid, dimensions *to,
                                ar_error *err)
{
    ar_status status;
    double *latitudes = NULL, *longitudes = NULL;
    AR_TRY(ar_allocate(&latitudes, (size_t)grid->nlat, sizeof(double), "latitudes", err));
    AR_TRY(ar_allocate(&longitudes, (size_t)grid->nlon, sizeof(double), "longitudes", err));
    AR_TRY(ar_grib_grid_latitudes(grid, latitudes, err));
    AR_TRY(ar_grib_grid_longitudes(grid, longitudes, err));
    const int rank = to->rank;
    AR_TRY(find_axis(grib, &latitude_kind, latitudes, grid->nlat, &to->axes[rank], err));
    AR_TRY(find_axis(grib, &longitude_kind, longitudes, grid->nlon, &to->axes[rank + 1], err));
    to->rank += 2;
    to->on_grid = true;
cleanup:
    ar_free(latitudes);
    ar_free(longitudes);
    return status;
}

/* A regular grid whose numbers cannot be becomes the problem of the group. */
static ar_status place_on_grid(ar_grib_source *grib, ar_grib_group *group, dimensions *made,
                               ar_error *err)
{
    ar_error found;
    if (ar_grib_grid_find_kind(&group->keys.grid) != AR_GRIB_REGULAR) {
        return AR_OK;
    }
    ar_status status = ar_grib_grid_check(&group->keys.grid, &found);
    if (status == AR_OK) {
        status = add_horizontal(grib, &group->keys.grid, made, &found);
    }
    if (status != AR_ERROR_INPUT) {
        return status == AR_OK ? AR_OK : ar_fail(err, status, "%s", found.message);
    }
    return group->problem ? AR_OK : ar_copy_string(&group->problem, found.message, err);
}

static ar_status make_dimensions(ar_grib_source *grib, ar_grib_group *group, dimensions *made,
                                 ar_error *err)
{
    ar_status status = AR_OK;
    bool always;
    const ar_grib_coordinate level_kind = find_level_kind(&group->keys, &always);
    made->has_member = group->members.count > 1;
    made->has_level = always || group->levels.count > 1;
    if (made->has_member) {
        AR_TRY(add_line(grib, &member_kind, &group->members, made, err));
    }
    AR_TRY(add_line(grib, &time_kind, &group->times, made, err));
    if (made->has_level) {
        AR_TRY(add_line(grib, &level_kind, &group->levels, made, err));
    }
    AR_TRY(place_on_grid(grib, group, made, err));
cleanup:
    return status;
}

static ar_status put_text(ar_variable *variable, const char *name, const char *text, ar_error *err)
{
    if (!text || !text[0]) {
        return AR_OK;
    }
    return ar_attribute_set_text(&variable->attributes[variable->attribute_count++], name, text,
                                 err);
}

static ar_status put_number(ar_variable *variable, const char *name, int64_t number, ar_error *err)
{
    ar_attribute *attribute = &variable->attributes[variable->attribute_count++];
    ar_status status = ar_attribute_set_numbers(attribute, name, 1, true, err);
    if (status == AR_OK) {
        attribute->number = attribute->numbers[0] = (double)number;
    }
    return status;
}

/* What tells where the values of a grid without coordinates are, as cfgrib names it. */
static ar_status put_grid(ar_variable *variable, const ar_grib_group *group, ar_error *err)
{
    ar_status status;
    const ar_grib_grid *grid = &group->keys.grid;
    AR_TRY(put_text(variable, "GRIB_gridType", grid->type, err));
    if (grid->gaussian > 0) {
        AR_TRY(put_number(variable, "GRIB_N", grid->gaussian, err));
    }
    if (grid->truncation >= 0) {
        AR_TRY(put_number(variable, "GRIB_J", grid->truncation, err));
    }
    if (group->row_points) {
        ar_attribute *attribute = &variable->attributes[variable->attribute_count++];
        AR_TRY(ar_attribute_set_numbers(attribute, "GRIB_pl", grid->nlat, true, err));
        for (int64_t i = 0; i < grid->nlat; i++) {
            attribute->numbers[i] = (double)group->row_points[i];
        }
        attribute->number = attribute->numbers[0];
    }
cleanup:
    return status;
}

static ar_status add_variable(ar_source *source, const char *name, ar_grib_entry entry,
                              ar_variable **variable, ar_error *err)
{
    ar_status status;
    ar_grib_source *grib = source->state;
    AR_TRY(ar_grow(&grib->entries, &grib->entry_capacity, (size_t)source->variable_count + 1,
                   sizeof *grib->entries, "variables", err));
    grib->entries[source->variable_count] = entry;
    AR_TRY(ar_source_add_variable(source, name, variable, err));
    AR_TRY(ar_allocate(&(*variable)->attributes, ATTRIBUTES_MAX, sizeof *(*variable)->attributes,
                       "attributes", err));
    (*variable)->readable = true;
    snprintf((*variable)->type, sizeof(*variable)->type, "%cf8",
             __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? '<' : '>');
cleanup:
    return status;
}

static ar_status add_coordinate(ar_source *source, int64_t axis, ar_error *err)
{
    ar_status status;
    ar_variable *variable;
    const ar_grib_source *grib = source->state;
    const ar_grib_axis *made = &grib->axes[axis];
    const ar_grib_entry entry = {.axis = axis, .group = -1};
    AR_TRY(add_variable(source, made->name, entry, &variable, err));
    variable->rank = 1;
    variable->shape[0] = variable->chunk[0] = made->count;
    AR_TRY(ar_copy_string(&variable->dimensions[0], made->name, err));
    AR_TRY(put_text(variable, "standard_name", made->kind.standard_name, err));
    AR_TRY(put_text(variable, "long_name", made->kind.long_name, err));
    AR_TRY(put_text(variable, "units", made->kind.units, err));
    AR_TRY(put_text(variable, "positive", made->kind.positive, err));
    AR_TRY(put_text(variable, "axis", made->kind.axis, err));
    if (made->kind.name == time_kind.name) {
        AR_TRY(put_text(variable, "calendar", "proleptic_gregorian", err));
    }
cleanup:
    return status;
}

static ar_status set_shape(const ar_grib_source *grib, const dimensions *made, int64_t value_count,
                           ar_variable *variable, ar_error *err)
{
    ar_status status = AR_OK;
    for (int d = 0; d < made->rank; d++) {
        const ar_grib_axis *axis = &grib->axes[made->axes[d]];
        variable->shape[d] = axis->count;
        variable->chunk[d] = made->on_grid && d >= made->rank - 2 ? axis->count : 1;
        AR_TRY(ar_copy_string(&variable->dimensions[d], axis->name, err));
    }
    variable->rank = made->rank;
    if (!made->on_grid) {
        variable->shape[made->rank] = variable->chunk[made->rank] = value_count;
        AR_TRY(ar_copy_string(&variable->dimensions[made->rank], "values", err));
        variable->rank++;
    }
cleanup:
    return status;
}

static ar_status add_group(ar_source *source, int64_t which, const dimensions *made, ar_error *err)
{
    ar_status status;
    ar_variable *variable;
    char name[256], text[sizeof(ar_error)];
    const ar_grib_source *grib = source->state;
    const ar_grib_group *group = &grib->index.groups[which];
    const ar_grib_keys *keys = &group->keys;
    const ar_grib_entry entry = {
        .axis = -1, .group = which, .has_member = made->has_member, .has_level = made->has_level};
    ar_grib_name_group(&grib->index, which, name, sizeof name);
    AR_TRY(add_variable(source, name, entry, &variable, err));
    AR_TRY(set_shape(grib, made, keys->grid.value_count, variable, err));
    AR_TRY(put_text(variable, "standard_name", keys->standard_name, err));
    AR_TRY(put_text(variable, "long_name", keys->long_name, err));
    AR_TRY(put_text(variable, "units", keys->units, err));
    AR_TRY(put_number(variable, "GRIB_paramId", keys->parameter, err));
    AR_TRY(put_text(variable, "GRIB_shortName", keys->short_name, err));
    AR_TRY(put_text(variable, "GRIB_typeOfLevel", keys->level_type, err));
    AR_TRY(put_grid(variable, group, err));
    AR_TRY(put_text(variable, "GRIB_stepType", keys->step_type, err));
    if (group->problem) {
        snprintf(text, sizeof text, "variable %s: %s", name, group->problem);
        AR_TRY(ar_source_set_problem(source, text, err));
    }
cleanup:
    return status;
}

ar_status ar_grib_variables_add(ar_source *source, ar_error *err)
{
    ar_status status;
    ar_grib_source *grib = source->state;
    dimensions *made = NULL;
    AR_TRY(ar_allocate(&made, grib->index.group_count, sizeof *made, "GRIB variables", err));
    for (size_t i = 0; i < grib->index.group_count; i++) {
        AR_TRY(make_dimensions(grib, &grib->index.groups[i], &made[i], err));
    }
    for (size_t i = 0; i < grib->axis_count; i++) {
        AR_TRY(add_coordinate(source, (int64_t)i, err));
    }
    for (size_t i = 0; i < grib->index.group_count; i++) {
        AR_TRY(add_group(source, (int64_t)i, &made[i], err));
    }
cleanup:
    ar_free(made);
    return status;
}
