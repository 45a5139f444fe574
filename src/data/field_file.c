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

static ar_status read_grid(ar_source *source, const ar_variable *variable, ar_field_file *file,
                           ar_error *err)
{
    ar_status status;
    const ar_variable *coordinate;
    double *latitude = NULL, *longitude = NULL;
    AR_TRY(find_coordinate(source, variable, file->latitude_at, &coordinate, err));
    AR_TRY(read_line(source, coordinate, &latitude, err));
    AR_TRY(find_coordinate(source, variable, file->longitude_at, &coordinate, err));
    AR_TRY(read_line(source, coordinate, &longitude, err));
    AR_TRY(ar_grid_init(&file->grid, &file->order, latitude, variable->shape[file->latitude_at],
                        longitude, variable->shape[file->longitude_at], file->path, err));
cleanup:
    ar_free(latitude);
    ar_free(longitude);
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
cleanup:
    return status;
}

/* Every dimension has to be one of the four, each once, or expver, or of length 1. */
static ar_status find_dimensions(const ar_source *source, const ar_variable *variable,
                                 ar_field_file *file, ar_error *err)
{
    int *const places[] = {[AR_ROLE_TIME] = &file->time_at,
                           [AR_ROLE_LEVEL] = &file->level_at,
                           [AR_ROLE_LATITUDE] = &file->latitude_at,
                           [AR_ROLE_LONGITUDE] = &file->longitude_at};
    file->time_at = file->level_at = file->latitude_at = file->longitude_at = -1;
    file->version_at = -1;
    for (int i = 0; i < variable->rank; i++) {
        ar_dimension_role role = ar_dimension_find_role(source, variable->dimensions[i]);
        if (role != AR_ROLE_OTHER && *places[role] < 0) {
            *places[role] = i;
        } else if (strcmp(variable->dimensions[i], "expver") == 0 && file->version_at < 0) {
            file->version_at = i;
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
    AR_TRY(find_dimensions(source, variable, file, err));
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

/* A part of the variable on its way: all of latitude and longitude of some times and levels. */
typedef struct {
    int64_t start[AR_RANK_MAX], count[AR_RANK_MAX];
    int64_t stride[AR_RANK_MAX]; /* of the values read */
    float *values;               /* as read */
    float *slice;                /* [nlat][file_nlon] of one time and level */
    int64_t times, levels;       /* that fit into `values` */
} block;

static void set_extent(block *part, const ar_variable *variable, int at, int64_t start,
                       int64_t count)
{
    if (at >= 0) {
        part->start[at] = start;
        part->count[at] = count;
    }
    int64_t stride = 1;
    for (int i = variable->rank - 1; i >= 0; i--) {
        part->stride[i] = stride;
        stride *= part->count[i];
    }
}

static int64_t stride_of(const block *part, int at)
{
    return at < 0 ? 0 : part->stride[at];
}

/* The first version of a value that is not missing. */
static float choose_version(const float *value, int64_t versions, int64_t stride)
{
    float chosen = *value;
    for (int64_t k = 1; k < versions && isnan(chosen); k++) {
        chosen = value[k * stride];
    }
    return chosen;
}

/* Put one time and level of the block where it belongs. */
static void place_slice(const ar_field_file *file, const block *part, int64_t time, int64_t level,
                        float *out)
{
    const float *values = part->values + time * stride_of(part, file->time_at) +
                          level * stride_of(part, file->level_at);
    const int64_t along = part->stride[file->longitude_at], down = part->stride[file->latitude_at];
    const int64_t versions = file->version_at < 0 ? 1 : part->count[file->version_at];
    const int64_t nlon = file->order.file_nlon;
    for (int64_t i = 0; i < file->grid.nlat; i++) {
        for (int64_t j = 0; j < nlon; j++) {
            part->slice[i * nlon + j] = choose_version(values + i * down + j * along, versions,
                                                       stride_of(part, file->version_at));
        }
    }
    ar_grid_reorder(&file->grid, &file->order, part->slice, out);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A variable that is stored as one piece, which can be read anywhere. */
static bool is_contiguous(const ar_variable *variable)
{
    bool whole = true;
    for (int i = 0; i < variable->rank; i++) {
        whole = whole && variable->chunk[i] >= variable->shape[i];
    }
    return whole;
}

/* Choose how much to read at once: whole chunks in time, so that none is unpacked twice, but no
 * more than some 64 MiB or one chunk; one level where levels are stored apart, else the range of
 * the wanted ones. No more than `span` times are ever asked for. */
static ar_status init_block(block *part, const ar_field_file *file, const ar_variable *variable,
                            int64_t level_range, int64_t span, ar_error *err)
{
    ar_status status;
    const int64_t largest = 1 << 24;
    size_t slice, size;
    for (int i = 0; i < variable->rank; i++) {
        part->count[i] = 1;
    }
    part->count[file->latitude_at] = file->grid.nlat;
    part->count[file->longitude_at] = file->order.file_nlon;
    const int64_t versions = file->version_at < 0 ? 1 : variable->shape[file->version_at];
    if (file->version_at >= 0) {
        part->count[file->version_at] = versions;
    }
    bool apart = file->level_at >= 0 && variable->chunk[file->level_at] == 1;
    part->levels = apart ? 1 : level_range;
    if (!ar_size_product((size_t)file->grid.nlat, (size_t)file->order.file_nlon, &slice) ||
        !ar_size_product(slice, (size_t)part->levels, &size) ||
        !ar_size_product(size, (size_t)versions, &size)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: variable %s is too large", file->path,
                       variable->name);
    }
    part->times = 1;
    if (file->time_at >= 0) {
        int64_t chunk = variable->chunk[file->time_at] < 1 ? 1 : variable->chunk[file->time_at];
        int64_t fit = largest / (int64_t)size;
        int64_t cut = !is_contiguous(variable) ? chunk : (fit < 1 ? 1 : fit);
        part->times = smaller(fit >= chunk ? fit / chunk * chunk : cut, file->time_count);
    }
    if (!ar_size_product(size, (size_t)smaller(part->times, span), &size)) {
        size = SIZE_MAX; /* is refused by ar_allocate */
    }
    AR_TRY(ar_allocate(&part->values, size, sizeof(float), "a part of a file", err));
    AR_TRY(ar_allocate(&part->slice, slice, sizeof(float), "a horizontal field", err));
cleanup:
    return status;
}

/* Read times [first, first + count) of file levels [level, level + part->levels) to their places.
 */
static ar_status read_block(ar_source *source, const ar_variable *variable,
                            const ar_field_file *file, const ar_field_placement *placement,
                            block *part, int64_t first, int64_t count, int64_t level, ar_error *err)
{
    int64_t points = file->grid.nlat * file->grid.nlon;
    set_extent(part, variable, file->level_at, level, part->levels);
    set_extent(part, variable, file->time_at, first, count);
    ar_status status =
        ar_source_read_float(source, variable, part->start, part->count, part->values, err);
    for (int64_t t = 0; status == AR_OK && t < count; t++) {
        int64_t target = placement->time_targets[first + t];
        for (int64_t l = 0; target >= 0 && l < placement->level_count; l++) {
            int64_t within = placement->level_indices[l] - level;
            if (within >= 0 && within < part->levels) {
                float *out = placement->values + (target * placement->level_count + l) * points;
                place_slice(file, part, t, within, out);
            }
        }
    }
    return status;
}

/* From the first to the last time that is wanted. */
static int64_t span_of(const ar_field_file *file, const ar_field_placement *placement)
{
    int64_t first = 0, end = file->time_count;
    while (first < end && placement->time_targets[first] < 0) {
        first++;
    }
    while (end > first && placement->time_targets[end - 1] < 0) {
        end--;
    }
    return end - first;
}

/* The next block of times with a wanted one in it: [*first, *first + *count). Blocks begin at
 * multiples of their length, where chunks begin. */
static bool find_times(const ar_field_file *file, const ar_field_placement *placement,
                       int64_t block_times, int64_t *first, int64_t *count)
{
    while (*first < file->time_count && placement->time_targets[*first] < 0) {
        (*first)++;
    }
    if (*first >= file->time_count) {
        return false;
    }
    int64_t end = smaller((*first / block_times + 1) * block_times, file->time_count);
    while (placement->time_targets[end - 1] < 0) {
        end--;
    }
    *count = end - *first;
    return true;
}

ar_status ar_field_file_read(const ar_field_file *file, const ar_field_placement *placement,
                             ar_error *err)
{
    ar_status status;
    ar_source *source = NULL;
    block part = {0};
    int64_t lowest = file->level_count, highest = -1;
    for (int64_t l = 0; l < placement->level_count; l++) {
        int64_t level = placement->level_indices[l];
        lowest = level < lowest ? level : lowest;
        highest = level > highest ? level : highest;
    }
    AR_TRY(ar_source_open(&source, file->path, err));
    const ar_variable *variable = ar_source_find(source, file->variable);
    if (!variable || variable->rank < 2) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: variable %s has gone while it was read",
                         file->path, file->variable);
        goto cleanup;
    }
    AR_TRY(init_block(&part, file, variable, highest - lowest + 1, span_of(file, placement), err));
    int64_t first = 0, count;
    while (find_times(file, placement, part.times, &first, &count)) {
        if (part.levels == 1) {
            for (int64_t l = 0; l < placement->level_count; l++) {
                AR_TRY(read_block(source, variable, file, placement, &part, first, count,
                                  placement->level_indices[l], err));
            }
        } else {
            AR_TRY(read_block(source, variable, file, placement, &part, first, count, lowest, err));
        }
        first += count;
    }
cleanup:
    ar_free(part.values);
    ar_free(part.slice);
    ar_source_close(&source);
    return status;
}
