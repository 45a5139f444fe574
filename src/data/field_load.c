/* Loading a field: find the files that hold it, agree on grid, levels and times, read. */
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/field_file.h"

typedef struct {
    const ar_field_request *request;
    char **paths; /* globs expanded */
    size_t path_count, path_capacity;
    ar_field_file *files; /* those that hold the field */
    size_t file_count, file_capacity;
    char found[768]; /* "a.nc has u, v; b.nc has t" of the others */
} loader;

static ar_status add_path(loader *load, const char *path, ar_error *err)
{
    for (size_t i = 0; i < load->path_count; i++) {
        if (strcmp(load->paths[i], path) == 0) {
            return AR_OK;
        }
    }
    ar_status status = ar_grow(&load->paths, &load->path_capacity, load->path_count + 1,
                               sizeof *load->paths, "paths", err);
    if (status != AR_OK) {
        return status;
    }
    return ar_copy_string(&load->paths[load->path_count++], path, err);
}

static ar_status expand_path(loader *load, const char *pattern, ar_error *err)
{
    if (ar_path_exists(pattern)) {
        return add_path(load, pattern, err);
    }
    glob_t matches = {0};
    ar_status status = AR_OK;
    int result = glob(pattern, 0, NULL, &matches);
    if (result == GLOB_NOSPACE) {
        status = ar_fail(err, AR_ERROR_MEMORY, "out of memory for the files of %s", pattern);
    } else if (result != 0) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: there is no such file%s", pattern,
                         strpbrk(pattern, "*?[") ? ", and nothing matches the pattern" : "");
    }
    for (size_t i = 0; status == AR_OK && i < matches.gl_pathc; i++) {
        status = add_path(load, matches.gl_pathv[i], err);
    }
    globfree(&matches);
    return status;
}

static ar_status inspect_file(loader *load, const char *path, ar_error *err)
{
    char found[256] = "";
    ar_status status = ar_grow(&load->files, &load->file_capacity, load->file_count + 1,
                               sizeof *load->files, "files", err);
    if (status != AR_OK) {
        return status;
    }
    ar_field_file *file = &load->files[load->file_count];
    status = ar_field_file_inspect(file, path, load->request, found, sizeof found, err);
    if (status != AR_OK) {
        return status;
    }
    if (file->match != AR_MATCH_NONE) {
        load->file_count++;
        return AR_OK;
    }
    ar_field_file_release(file);
    size_t used = strlen(load->found);
    snprintf(load->found + used, sizeof load->found - used, "%s%s has %s", used > 0 ? "; " : "",
             path, found);
    return AR_OK;
}

/* Where one file is surer than another to hold the field, the other does not count. */
static void keep_best_matches(loader *load)
{
    ar_name_match best = AR_MATCH_NONE;
    for (size_t i = 0; i < load->file_count; i++) {
        best = load->files[i].match < best ? load->files[i].match : best;
    }
    size_t kept = 0;
    for (size_t i = 0; i < load->file_count; i++) {
        if (load->files[i].match == best) {
            ar_field_file file = load->files[i];
            load->files[i] = (ar_field_file){0};
            load->files[kept++] = file;
        } else {
            ar_field_file_release(&load->files[i]);
        }
    }
    load->file_count = kept;
}

static ar_status find_files(loader *load, const char *const *paths, int64_t path_count,
                            ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t i = 0; status == AR_OK && i < path_count; i++) {
        status = expand_path(load, paths[i], err);
    }
    for (size_t i = 0; status == AR_OK && i < load->path_count; i++) {
        status = inspect_file(load, load->paths[i], err);
    }
    if (status != AR_OK) {
        return status;
    }
    if (load->file_count == 0) {
        const char *variable = load->request->variable;
        return ar_fail(err, AR_ERROR_INPUT, "no file holds field %s%s%s%s: %s", load->request->name,
                       variable ? " (variable " : "", variable ? variable : "", variable ? ")" : "",
                       load->path_count > 0 ? load->found : "no file was given");
    }
    keep_best_matches(load);
    return AR_OK;
}

static ar_status fail_by_difference(const ar_field_file *a, const ar_field_file *b,
                                    const char *what, const char *in_a, const char *in_b,
                                    ar_error *err)
{
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s of variable %s in %s and of %s in %s differ: %s and %s; one field needs one",
                   what, a->variable, a->path, b->variable, b->path, in_a, in_b);
}

static void describe_grid(const ar_grid *grid, char text[96])
{
    snprintf(text, 96, "%lld x %lld from %g N, %g E", (long long)grid->nlat, (long long)grid->nlon,
             grid->latitude[0], grid->longitude[0]);
}

static ar_status check_same(const ar_field_file *a, const ar_field_file *b, bool is_static,
                            ar_error *err)
{
    if (!ar_grid_equal(&a->grid, &b->grid)) {
        char in_a[96], in_b[96];
        describe_grid(&a->grid, in_a);
        describe_grid(&b->grid, in_b);
        return fail_by_difference(a, b, "grids", in_a, in_b, err);
    }
    if (strcmp(a->units, b->units) != 0) {
        return fail_by_difference(a, b, "units", a->units, b->units, err);
    }
    if (!is_static && a->calendar != b->calendar) {
        return fail_by_difference(a, b, "calendars", ar_calendar_name(a->calendar),
                                  ar_calendar_name(b->calendar), err);
    }
    if (strcmp(a->level_units, b->level_units) != 0) {
        return fail_by_difference(a, b, "level units", a->level_units, b->level_units, err);
    }
    return AR_OK;
}

static bool same_level(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fmax(1, fabs(a));
}

static void list_levels(const ar_field_file *file, char *text, size_t size)
{
    if (!file->level_units[0]) {
        snprintf(text, size, "none");
        return;
    }
    for (int64_t i = 0; i < file->level_count; i++) {
        size_t used = strlen(text);
        if (used + 1 < size) {
            snprintf(text + used, size - used, "%s%g", i > 0 ? ", " : "", file->levels[i]);
        }
    }
}

/* File levels in the order of the field's. */
static ar_status find_levels(const ar_field_data *field, const ar_field_file *file,
                             int64_t *indices, ar_error *err)
{
    for (int64_t l = 0; l < field->level_count; l++) {
        indices[l] = -1;
        for (int64_t i = 0; i < file->level_count && indices[l] < 0; i++) {
            indices[l] = same_level(field->levels[l], file->levels[i]) ? i : -1;
        }
        if (indices[l] < 0) {
            char levels[400] = "";
            bool has_unit = file->level_units[0] && strcmp(file->level_units, "1") != 0;
            list_levels(file, levels, sizeof levels);
            return ar_fail(err, AR_ERROR_INPUT, "%s: variable %s has no level %g; it has %s%s%s",
                           file->path, file->variable, field->levels[l], levels,
                           has_unit ? " " : "", has_unit ? file->level_units : "");
        }
    }
    return AR_OK;
}

static ar_status choose_levels(ar_field_data *field, const ar_field_request *request,
                               const ar_field_file *file, ar_error *err)
{
    const double *levels = request->levels ? request->levels : file->levels;
    field->level_count = request->levels ? request->level_count : file->level_count;
    if (field->level_count < 1) {
        return ar_fail(err, AR_ERROR_USAGE, "field %s: no level is asked for", request->name);
    }
    ar_status status =
        ar_allocate(&field->levels, (size_t)field->level_count, sizeof(double), "levels", err);
    if (status == AR_OK) {
        memcpy(field->levels, levels, (size_t)field->level_count * sizeof(double));
    }
    return status;
}

/* A wanted time, and where it is. */
typedef struct {
    int64_t time;
    size_t file;
    int64_t index; /* in the file */
} moment;

static int compare_moments(const void *a, const void *b)
{
    const moment *x = a, *y = b;
    if (x->time != y->time) {
        return x->time < y->time ? -1 : 1;
    }
    return (x->file > y->file) - (x->file < y->file);
}

static ar_status read_period(const ar_field_request *request, ar_calendar calendar, int64_t *start,
                             int64_t *end, ar_error *err)
{
    ar_status status = AR_OK;
    *start = INT64_MIN;
    *end = INT64_MAX;
    if (request->start) {
        status = ar_time_parse(start, request->start, calendar, err);
        if (status == AR_OK && __builtin_sub_overflow(*start, request->seconds_before, start)) {
            *start = INT64_MIN;
        }
    }
    if (status == AR_OK && request->end) {
        status = ar_time_parse(end, request->end, calendar, err);
    }
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "field %s", request->name);
}

/* No time is wanted of those there are: say which there are. */
static ar_status fail_without_time(const loader *load, ar_error *err)
{
    const ar_field_request *request = load->request;
    int64_t first = INT64_MAX, last = INT64_MIN;
    char texts[2][32] = {"nothing", "nothing"};
    for (size_t f = 0; f < load->file_count; f++) {
        for (int64_t i = 0; i < load->files[f].time_count; i++) {
            int64_t time = load->files[f].times[i];
            first = time < first ? time : first;
            last = time > last ? time : last;
        }
    }
    if (first <= last) {
        ar_time_format(first, load->files[0].calendar, texts[0]);
        ar_time_format(last, load->files[0].calendar, texts[1]);
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "field %s has no time between %s and %s in %s%s; it goes from %s to %s",
                   request->name, request->start ? request->start : "its beginning",
                   request->end ? request->end : "its end", load->files[0].path,
                   load->file_count > 1 ? " and the other files that hold it" : "", texts[0],
                   texts[1]);
}

static ar_status check_moments(const loader *load, const moment *moments, int64_t count,
                               ar_error *err)
{
    const ar_field_request *request = load->request;
    for (int64_t i = 1; i < count; i++) {
        if (moments[i].time == moments[i - 1].time) {
            char text[32];
            ar_time_format(moments[i].time, load->files[0].calendar, text);
            const char *a = load->files[moments[i - 1].file].path;
            const char *b = load->files[moments[i].file].path;
            if (moments[i].file == moments[i - 1].file) {
                return ar_fail(err, AR_ERROR_INPUT, "%s: field %s has the time %s twice", a,
                               request->name, text);
            }
            return ar_fail(err, AR_ERROR_INPUT,
                           "field %s has the time %s in two files, %s and %s; each time once would "
                           "be right",
                           request->name, text, a, b);
        }
    }
    return count > 0 ? AR_OK : fail_without_time(load, err);
}

/* All wanted times of all files in ascending order; the caller's to ar_free. */
static ar_status collect_moments(const loader *load, moment **result, int64_t *count, ar_error *err)
{
    ar_status status;
    moment *moments = NULL;
    int64_t start, end, total = 0;
    for (size_t f = 0; f < load->file_count; f++) {
        total += load->files[f].time_count;
    }
    AR_TRY(read_period(load->request, load->files[0].calendar, &start, &end, err));
    AR_TRY(ar_allocate(&moments, (size_t)total, sizeof *moments, "times", err));
    *count = 0;
    for (size_t f = 0; f < load->file_count; f++) {
        for (int64_t i = 0; i < load->files[f].time_count; i++) {
            /* All that there is of a static field is wanted, to be compared. */
            int64_t time = load->request->is_static ? *count : load->files[f].times[i];
            if (load->request->is_static || (time >= start && time <= end)) {
                moments[(*count)++] = (moment){.time = time, .file = f, .index = i};
            }
        }
    }
    qsort(moments, (size_t)*count, sizeof *moments, compare_moments);
    AR_TRY(check_moments(load, moments, *count, err));
    *result = moments;
    return AR_OK;
cleanup:
    ar_free(moments);
    return status;
}

static ar_status allocate_values(ar_field_data *field, ar_error *err)
{
    size_t count;
    if (!ar_size_product((size_t)field->time_count, (size_t)field->level_count, &count) ||
        !ar_size_product(count, (size_t)field->grid.nlat, &count) ||
        !ar_size_product(count, (size_t)field->grid.nlon, &count)) {
        count = SIZE_MAX; /* is refused by ar_allocate */
    }
    ar_status status = ar_allocate(&field->values, count, sizeof(float), "the values", err);
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "field %s", field->name);
}

static ar_status read_files(const loader *load, ar_field_data *field, const moment *moments,
                            ar_error *err)
{
    ar_status status;
    int64_t *levels = NULL, *targets = NULL;
    AR_TRY(ar_allocate(&levels, (size_t)field->level_count, sizeof *levels, "levels", err));
    for (size_t f = 0; f < load->file_count; f++) {
        const ar_field_file *file = &load->files[f];
        AR_TRY(find_levels(field, file, levels, err));
        AR_TRY(ar_allocate(&targets, (size_t)file->time_count, sizeof *targets, "times", err));
        for (int64_t i = 0; i < file->time_count; i++) {
            targets[i] = -1;
        }
        for (int64_t i = 0; i < field->time_count; i++) {
            if (moments[i].file == f) {
                targets[moments[i].index] = i;
            }
        }
        const ar_field_placement placement = {.time_targets = targets,
                                              .level_indices = levels,
                                              .level_count = field->level_count,
                                              .values = field->values};
        AR_TRY(ar_field_file_read(file, &placement, err));
        ar_free(targets);
        targets = NULL;
    }
cleanup:
    ar_free(levels);
    ar_free(targets);
    return status;
}

/* A static field keeps one time; the others have to be equal to it. */
static ar_status keep_one_time(const loader *load, ar_field_data *field, const moment *moments,
                               ar_error *err)
{
    const size_t bytes =
        (size_t)(field->level_count * field->grid.nlat * field->grid.nlon) * sizeof(float);
    for (int64_t t = 1; t < field->time_count; t++) {
        const float *values = ar_field_data_slice(field, t, 0);
        if (memcmp(values, field->values, bytes) != 0) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: field %s is said to be static, but its time number %lld has other "
                           "values than number 1 of %s",
                           load->files[moments[t].file].path, field->name,
                           (long long)moments[t].index + 1, load->files[moments[0].file].path);
        }
    }
    float *one = NULL;
    ar_status status = ar_allocate(&one, bytes / sizeof *one, sizeof *one, "the values", err);
    if (status == AR_OK) {
        memcpy(one, field->values, bytes);
        ar_free(field->values);
        field->values = one;
        field->is_static = true;
        field->time_count = 1;
    }
    return status;
}

static ar_status fill_field(const loader *load, ar_field_data *field, ar_error *err)
{
    ar_status status;
    moment *moments = NULL;
    const ar_field_file *first = &load->files[0];
    snprintf(field->name, sizeof field->name, "%s", load->request->name);
    snprintf(field->standard_name, sizeof field->standard_name, "%s", first->standard_name);
    snprintf(field->units, sizeof field->units, "%s", first->units);
    snprintf(field->variable, sizeof field->variable, "%s", first->variable);
    snprintf(field->level_units, sizeof field->level_units, "%s", first->level_units);
    field->calendar = first->calendar;
    for (size_t f = 1; f < load->file_count; f++) {
        AR_TRY(check_same(first, &load->files[f], load->request->is_static, err));
    }
    AR_TRY(ar_grid_copy(&field->grid, &first->grid, err));
    AR_TRY(choose_levels(field, load->request, first, err));
    AR_TRY(collect_moments(load, &moments, &field->time_count, err));
    AR_TRY(ar_allocate(&field->times, (size_t)field->time_count, sizeof(int64_t), "times", err));
    for (int64_t i = 0; i < field->time_count; i++) {
        field->times[i] = moments[i].time;
    }
    AR_TRY(allocate_values(field, err));
    AR_TRY(read_files(load, field, moments, err));
    if (load->request->is_static) {
        AR_TRY(keep_one_time(load, field, moments, err));
    }
cleanup:
    ar_free(moments);
    return status;
}

ar_status ar_field_data_load(ar_field_data *field, const char *const *paths, int64_t path_count,
                             const ar_field_request *request, ar_error *err)
{
    ar_status status;
    loader load = {.request = request};
    *field = (ar_field_data){0};
    AR_TRY(find_files(&load, paths, path_count, err));
    AR_TRY(fill_field(&load, field, err));
cleanup:
    for (size_t i = 0; i < load.path_count; i++) {
        ar_free(load.paths[i]);
    }
    for (size_t i = 0; i < load.file_count; i++) {
        ar_field_file_release(&load.files[i]);
    }
    ar_free(load.paths);
    ar_free(load.files);
    if (status != AR_OK) {
        ar_field_data_release(field);
    }
    return status;
}
