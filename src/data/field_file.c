#include "data/field_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "field/units.h"

void ar_field_file_release(ar_field_file *file)
{
    ar_free(file->path);
    ar_grid_release(&file->grid);
    ar_file_grid_release(&file->file_grid);
    ar_free(file->levels);
    ar_free(file->times);
    *file = (ar_field_file){0};
}

static void copy_text(char *copy, size_t size, const char *text)
{
    snprintf(copy, size, "%s", text ? text : "");
}

/* The one-dimensional variable of a dimension, its values in a new array; the caller's to ar_free.
 */
static ar_status read_line(ar_source *source, const ar_variable *line, double **values,
                           ar_error *err)
{
    ar_status status;
    int64_t start = 0, count = line->rank == 0 ? 1 : line->shape[0];
    double *result = NULL;
    AR_TRY(ar_allocate(&result, (size_t)count, sizeof(double), "a coordinate", err));
    AR_TRY(ar_source_read_double(source, line, &start, &count, result, err));
    *values = result;
    return AR_OK;
cleanup:
    ar_free(result);
    return status;
}

/* The coordinate variable of dimension `at`: it has the dimension's name. */
static ar_status find_coordinate(const ar_source *source, const ar_variable *variable, int at,
                                 const ar_variable **coordinate, ar_error *err)
{
    const char *dimension = variable->dimensions[at];
    *coordinate = ar_source_find(source, dimension);
    if (!*coordinate || (*coordinate)->rank != 1 ||
        (*coordinate)->shape[0] != variable->shape[at]) {
        return ar_fail(
            err, AR_ERROR_INPUT,
            "%s: dimension %s of variable %s (length %lld) has no coordinate variable of "
            "that name and length",
            ar_source_path(source), dimension, variable->name, (long long)variable->shape[at]);
    }
    return AR_OK;
}

static ar_status read_coordinates(ar_source *source, const ar_variable *variable,
                                  ar_field_file *file, ar_error *err)
{
    ar_status status;
    const ar_variable *coordinate;
    double *latitude = NULL, *longitude = NULL;
    AR_TRY(find_coordinate(source, variable, file->latitude_at, &coordinate, err));
    AR_TRY(read_line(source, coordinate, &latitude, err));
    AR_TRY(find_coordinate(source, variable, file->longitude_at, &coordinate, err));
    AR_TRY(read_line(source, coordinate, &longitude, err));
    AR_TRY(ar_file_grid_init(&file->file_grid, latitude, variable->shape[file->latitude_at],
                             longitude, variable->shape[file->longitude_at], file->path, err));
cleanup:
    ar_free(latitude);
    ar_free(longitude);
    return status;
}

/* The file's grid, and the field's. */
static ar_status read_grid(ar_source *source, const ar_variable *variable, ar_field_file *file,
                           ar_error *err)
{
    ar_status status;
    if (file->values_at >= 0) {
        AR_TRY(ar_file_grid_init_linear(&file->file_grid, source, variable,
                                        variable->shape[file->values_at], err));
    } else {
        AR_TRY(read_coordinates(source, variable, file, err));
    }
    AR_TRY(ar_file_grid_choose(&file->file_grid, &file->regridding, file->path, variable->name,
                               &file->grid, err));
cleanup:
    return status;
}

/* Is `text` one of the words of `list`? */
static bool list_has(const char *list, const char *text)
{
    size_t length = strlen(text);
    while (list && *list) {
        size_t word = strcspn(list, " ");
        if (word == length && strncmp(list, text, length) == 0) {
            return true;
        }
        list += word + strspn(list + word, " ");
    }
    return false;
}

/* A variable without dimensions that the field names among its coordinates and that is of a role.
 */
static const ar_variable *find_scalar(const ar_source *source, const ar_variable *variable,
                                      ar_dimension_role role)
{
    const char *list = ar_source_text(source, variable, "coordinates");
    for (int64_t i = 0; i < ar_source_variable_count(source); i++) {
        const ar_variable *scalar = ar_source_variable(source, i);
        bool named = list_has(list, scalar->name) || role == AR_ROLE_TIME;
        if (scalar->rank == 0 && named && ar_dimension_find_role(source, scalar->name) == role) {
            const char *standard = ar_source_text(source, scalar, "standard_name");
            if (!standard || strcmp(standard, "forecast_reference_time") != 0) {
                return scalar;
            }
        }
    }
    return NULL;
}

/* Times are those of validity: of a dimension of analysis times cfgrib tells them in a second
 * variable, which has the standard name "time". */
static ar_status find_time_variable(const ar_source *source, const ar_variable *variable, int at,
                                    const ar_variable **result, ar_error *err)
{
    if (at < 0) {
        *result = find_scalar(source, variable, AR_ROLE_TIME);
        return *result ? AR_OK
                       : ar_fail(err, AR_ERROR_INPUT,
                                 "%s: variable %s has no dimension and no coordinate of time; a "
                                 "field that is the same at all times should be static: true",
                                 ar_source_path(source), variable->name);
    }
    for (int64_t i = 0; i < ar_source_variable_count(source); i++) {
        const ar_variable *candidate = ar_source_variable(source, i);
        const char *standard = ar_source_text(source, candidate, "standard_name");
        if (candidate->rank == 1 && standard && strcmp(standard, "time") == 0 &&
            strcmp(candidate->dimensions[0], variable->dimensions[at]) == 0 &&
            candidate->shape[0] == variable->shape[at]) {
            *result = candidate;
            return AR_OK;
        }
    }
    return find_coordinate(source, variable, at, result, err);
}

/* A variable that has no time is at one time, which means nothing. */
static ar_status read_no_time(ar_field_file *file, ar_error *err)
{
    file->calendar = AR_CALENDAR_STANDARD;
    file->time_count = 1;
    return ar_allocate(&file->times, 1, sizeof(int64_t), "times", err);
}

static ar_status read_times(ar_source *source, const ar_variable *variable, bool is_static,
                            ar_field_file *file, ar_error *err)
{
    if (is_static && file->time_at < 0) {
        return read_no_time(file, err);
    }
    ar_status status;
    const ar_variable *line;
    double *values = NULL;
    ar_time_unit unit;
    AR_TRY(find_time_variable(source, variable, file->time_at, &line, err));
    const char *units = ar_source_text(source, line, "units");
    if (!units) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: variable %s has no units; \"hours since 1900-01-01\" would be right",
                       file->path, line->name);
    }
    status = ar_time_unit_parse(&unit, units, ar_source_text(source, line, "calendar"), err);
    if (status != AR_OK) {
        return ar_fail_within(err, status, "%s: variable %s", file->path, line->name);
    }
    AR_TRY(read_line(source, line, &values, err));
    file->calendar = unit.calendar;
    file->time_count = line->rank == 0 ? 1 : line->shape[0];
    AR_TRY(ar_allocate(&file->times, (size_t)file->time_count, sizeof(int64_t), "times", err));
    for (int64_t i = 0; i < file->time_count; i++) {
        status = ar_time_unit_decode(&unit, values[i], &file->times[i], err);
        if (status != AR_OK) {
            status =
                ar_fail_within(err, status, "%s: %s[%lld]", file->path, line->name, (long long)i);
            goto cleanup;
        }
    }
cleanup:
    ar_free(values);
    return status;
}

/* Pressure to hPa; whatever is no pressure stays as it is, and a number without a unit has "1". */
static void convert_levels(ar_field_file *file, const char *units)
{
    double scale, offset;
    copy_text(file->level_units, sizeof file->level_units, units && *units ? units : "1");
    if (!units || ar_units_conversion(units, "hPa", &scale, &offset, NULL) != AR_OK) {
        return;
    }
    copy_text(file->level_units, sizeof file->level_units, "hPa");
    for (int64_t i = 0; i < file->level_count; i++) {
        /* 850 rather than 850.0000000000001 */
        file->levels[i] = round((scale * file->levels[i] + offset) * 1e6) / 1e6;
    }
}

static ar_status read_levels(ar_source *source, const ar_variable *variable, ar_field_file *file,
                             ar_error *err)
{
    ar_status status;
    const ar_variable *line = NULL;
    double scale, offset;
    if (file->level_at >= 0) {
        AR_TRY(find_coordinate(source, variable, file->level_at, &line, err));
        file->level_count = line->shape[0];
    } else {
        file->level_count = 1;
        line = find_scalar(source, variable, AR_ROLE_LEVEL);
        const char *units = line ? ar_source_text(source, line, "units") : NULL;
        if (!units || ar_units_conversion(units, "hPa", &scale, &offset, NULL) != AR_OK) {
            return ar_allocate(&file->levels, 1, sizeof(double), "levels", err);
        }
    }
    AR_TRY(read_line(source, line, &file->levels, err));
    for (int64_t i = 0; i < file->level_count; i++) {
        if (!isfinite(file->levels[i])) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: %s[%lld] is %g; a number would be right",
                           file->path, line->name, (long long)i, file->levels[i]);
        }
    }
    convert_levels(file, ar_source_text(source, line, "units"));
    for (int64_t i = 0; i < file->level_count; i++) {
        for (int64_t k = 0; k < i; k++) {
            if (file->levels[k] == file->levels[i]) {
                return ar_fail(err, AR_ERROR_INPUT, "%s: %s has the level %g twice", file->path,
                               line->name, file->levels[i]);
            }
        }
    }
cleanup:
    return status;
}

static bool is_member_dimension(const ar_source *source, const char *dimension)
{
    static const char *const names[] = {"number", "member", "realization", "ensemble"};
    const ar_variable *coordinate = *dimension ? ar_source_find(source, dimension) : NULL;
    const char *standard = coordinate ? ar_source_text(source, coordinate, "standard_name") : NULL;
    bool is_member = standard && strcmp(standard, "realization") == 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        is_member = is_member || strcmp(dimension, names[i]) == 0;
    }
    return is_member;
}

/* ERA5 is 1, its preliminary version 5. */
static ar_status order_versions(ar_source *source, int at, const ar_variable *variable,
                                ar_field_file *file, ar_error *err)
{
    ar_status status = AR_OK;
    double *numbers = NULL;
    const ar_variable *line = ar_source_find(source, variable->dimensions[at]);
    file->version_at = at;
    if (line && line->rank == 1 && line->readable && line->shape[0] == variable->shape[at]) {
        AR_TRY(read_line(source, line, &numbers, err));
        file->versions_reversed = numbers[0] > numbers[line->shape[0] - 1];
    }
cleanup:
    ar_free(numbers);
    return status;
}

/* Which one of the members along dimension `at` is wanted: by their numbers, if they have any, else
 * counted from 0. */
static ar_status choose_member(ar_source *source, const ar_variable *variable, int at,
                               const int64_t *wanted, ar_field_file *file, ar_error *err)
{
    ar_status status = AR_OK;
    double *numbers = NULL;
    const int64_t count = variable->shape[at];
    const char *dimension = variable->dimensions[at];
    const ar_variable *line = ar_source_find(source, dimension);
    const bool has_numbers = line && line->rank == 1 && line->shape[0] == count && line->readable;
    if (!wanted) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: variable %s has %lld members (dimension %s); data.member should be the "
                       "number of one of them",
                       file->path, variable->name, (long long)count, dimension);
    }
    if (has_numbers) {
        AR_TRY(read_line(source, line, &numbers, err));
    }
    file->member_at = -1;
    for (int64_t i = 0; i < count; i++) {
        if ((numbers ? numbers[i] : (double)i) == (double)*wanted) {
            file->member_at = at;
            file->member_index = i;
        }
    }
    if (file->member_at < 0) {
        status =
            ar_fail(err, AR_ERROR_INPUT,
                    "%s: variable %s has no member %lld; its %lld members go from %g to %g",
                    file->path, variable->name, (long long)*wanted, (long long)count,
                    numbers ? numbers[0] : 0, numbers ? numbers[count - 1] : (double)(count - 1));
    }
cleanup:
    ar_free(numbers);
    return status;
}

/* Every dimension has to be one of the four, each once, or expver, or members of which one is
 * wanted, or of length 1. */
static ar_status find_dimensions(ar_source *source, const ar_variable *variable,
                                 const int64_t *member, ar_field_file *file, ar_error *err)
{
    int *const places[] = {[AR_ROLE_TIME] = &file->time_at,
                           [AR_ROLE_LEVEL] = &file->level_at,
                           [AR_ROLE_LATITUDE] = &file->latitude_at,
                           [AR_ROLE_LONGITUDE] = &file->longitude_at};
    file->time_at = file->level_at = file->latitude_at = file->longitude_at = -1;
    file->version_at = file->values_at = file->member_at = -1;
    if (ar_file_grid_is_linear(source, variable)) {
        file->values_at = variable->rank - 1;
    }
    for (int i = 0; i < variable->rank; i++) {
        ar_dimension_role role = ar_dimension_find_role(source, variable->dimensions[i]);
        if (role != AR_ROLE_OTHER && *places[role] < 0) {
            *places[role] = i;
        } else if (i == file->values_at) {
            continue;
        } else if (strcmp(variable->dimensions[i], "expver") == 0 && variable->shape[i] > 0 &&
                   file->version_at < 0) {
            ar_status status = order_versions(source, i, variable, file, err);
            if (status != AR_OK) {
                return status;
            }
        } else if ((variable->shape[i] > 1 || (member && variable->shape[i] == 1)) &&
                   file->member_at < 0 && is_member_dimension(source, variable->dimensions[i])) {
            ar_status status = choose_member(source, variable, i, member, file, err);
            if (status != AR_OK) {
                return status;
            }
        } else if (variable->shape[i] != 1) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: variable %s has a dimension %s of length %lld; only one time, one "
                           "level, one latitude and one longitude dimension are understood",
                           file->path, variable->name, variable->dimensions[i],
                           (long long)variable->shape[i]);
        }
        if (variable->shape[i] < 1) {
            return ar_fail(
                err, AR_ERROR_INPUT,
                "%s: dimension %s of variable %s is empty; at least one element would be "
                "right",
                file->path, variable->dimensions[i], variable->name);
        }
    }
    return AR_OK;
}

ar_status ar_field_file_inspect(ar_field_file *file, const char *path,
                                const ar_field_request *request, char *found, size_t found_size,
                                ar_error *err)
{
    ar_status status;
    ar_source *source = NULL;
    const ar_variable *variable;
    *file = (ar_field_file){0};
    AR_TRY(ar_copy_string(&file->path, path, err));
    AR_TRY(ar_source_open(&source, path, err));
    AR_TRY(ar_field_find_variable(source, request, &variable, &file->match, err));
    if (!variable) {
        ar_field_list_variables(source, found, found_size);
        goto cleanup;
    }
    copy_text(file->variable, sizeof file->variable, variable->name);
    copy_text(file->units, sizeof file->units, ar_source_text(source, variable, "units"));
    const char *standard = ar_source_text(source, variable, "standard_name");
    copy_text(file->standard_name, sizeof file->standard_name,
              standard ? standard : ar_source_text(source, variable, "GRIB_cfName"));
    file->regridding = request->grid;
    AR_TRY(find_dimensions(source, variable, request->member, file, err));
    AR_TRY(read_grid(source, variable, file, err));
    AR_TRY(read_levels(source, variable, file, err));
    AR_TRY(read_times(source, variable, request->is_static, file, err));
cleanup:
    ar_source_close(&source);
    if (status != AR_OK) {
        ar_field_file_release(file);
    }
    return status;
}
