#include "data/field_reader.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/field_derived.h"
#include "data/field_find.h"
#include "field/units.h"

/* A wanted time, and where it is. */
typedef struct {
    int64_t time;
    size_t file;
    int64_t index; /* in the file */
} moment;

/* What of a file is wanted. */
typedef struct {
    int64_t *levels;    /* [level_count] of the file, in the order of the field's */
    int64_t first, end; /* its moments are among these, [first, end) */
} file_part;

struct ar_field_reader {
    ar_field_data field;
    ar_field_files files;
    file_part *parts; /* [files.file_count] */
    moment *moments;  /* [moment_count] ascending: the times of the field; of a static one all times
                       * of its files, to be compared */
    int64_t moment_count;
    ar_field_derived *derived; /* what gives the values, instead of all of the above but `field` */
};

static ar_status fail_by_difference(const ar_field_file *a, const ar_field_file *b,
                                    const char *what, const char *in_a, const char *in_b,
                                    ar_error *err)
{
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s of variable %s in %s and of %s in %s differ: %s and %s; one field needs one",
                   what, a->variable, a->path, b->variable, b->path, in_a, in_b);
}

/* "m s-1" is "m s**-1". */
static bool same_units(const char *a, const char *b)
{
    double scale, offset;
    return strcmp(a, b) == 0 ||
           (ar_units_conversion(a, b, &scale, &offset, NULL) == AR_OK && scale == 1 && offset == 0);
}

static ar_status check_same(const ar_field_file *a, const ar_field_file *b, bool is_static,
                            ar_error *err)
{
    if (!ar_grid_equal(&a->grid, &b->grid)) {
        char in_a[96], in_b[96];
        ar_grid_describe(&a->grid, in_a);
        ar_grid_describe(&b->grid, in_b);
        return fail_by_difference(a, b, "grids", in_a, in_b, err);
    }
    if (!same_units(a->units, b->units)) {
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
        if (status == AR_OK && __builtin_add_overflow(*end, request->seconds_after, end)) {
            *end = INT64_MAX;
        }
    }
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "field %s", request->name);
}

/* No time is wanted of those there are: say which there are. */
static ar_status fail_without_time(const ar_field_files *files, ar_error *err)
{
    const ar_field_request *request = files->request;
    int64_t first = INT64_MAX, last = INT64_MIN;
    char texts[2][32] = {"nothing", "nothing"};
    for (size_t f = 0; f < files->file_count; f++) {
        for (int64_t i = 0; i < files->files[f].time_count; i++) {
            int64_t time = files->files[f].times[i];
            first = time < first ? time : first;
            last = time > last ? time : last;
        }
    }
    if (first <= last) {
        ar_time_format(first, files->files[0].calendar, texts[0]);
        ar_time_format(last, files->files[0].calendar, texts[1]);
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "field %s has no time between %s and %s in %s%s; it goes from %s to %s",
                   request->name, request->start ? request->start : "its beginning",
                   request->end ? request->end : "its end", files->files[0].path,
                   files->file_count > 1 ? " and the other files that hold it" : "", texts[0],
                   texts[1]);
}

static ar_status check_moments(const ar_field_files *files, const moment *moments, int64_t count,
                               ar_error *err)
{
    const ar_field_request *request = files->request;
    for (int64_t i = 1; i < count; i++) {
        if (moments[i].time == moments[i - 1].time) {
            char text[32];
            ar_time_format(moments[i].time, files->files[0].calendar, text);
            const char *a = files->files[moments[i - 1].file].path;
            const char *b = files->files[moments[i].file].path;
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
    return count > 0 ? AR_OK : fail_without_time(files, err);
}

/* All wanted times of all files in ascending order; the caller's to ar_free. */
static ar_status collect_moments(const ar_field_files *files, moment **result, int64_t *count,
                                 ar_error *err)
{
    ar_status status;
    moment *moments = NULL;
    int64_t start, end, total = 0;
    for (size_t f = 0; f < files->file_count; f++) {
        total += files->files[f].time_count;
    }
    AR_TRY(read_period(files->request, files->files[0].calendar, &start, &end, err));
    AR_TRY(ar_allocate(&moments, (size_t)total, sizeof *moments, "times", err));
    *count = 0;
    for (size_t f = 0; f < files->file_count; f++) {
        for (int64_t i = 0; i < files->files[f].time_count; i++) {
            /* All that there is of a static field is wanted, to be compared. */
            int64_t time = files->request->is_static ? *count : files->files[f].times[i];
            if (files->request->is_static || (time >= start && time <= end)) {
                moments[(*count)++] = (moment){.time = time, .file = f, .index = i};
            }
        }
    }
    qsort(moments, (size_t)*count, sizeof *moments, compare_moments);
    AR_TRY(check_moments(files, moments, *count, err));
    *result = moments;
    return AR_OK;
cleanup:
    ar_free(moments);
    return status;
}

static int64_t time_bytes(const ar_field_data *field)
{
    return field->level_count * field->grid.nlat * field->grid.nlon * (int64_t)sizeof(float);
}

/* What every file has of the field's levels, and where its moments are. */
static ar_status divide_among_files(ar_field_reader *reader, ar_error *err)
{
    ar_status status = AR_OK;
    const size_t levels = (size_t)reader->field.level_count;
    AR_TRY(
        ar_allocate(&reader->parts, reader->files.file_count, sizeof *reader->parts, "files", err));
    for (size_t f = 0; f < reader->files.file_count; f++) {
        file_part *part = &reader->parts[f];
        AR_TRY(ar_allocate(&part->levels, levels, sizeof *part->levels, "levels", err));
        AR_TRY(find_levels(&reader->field, &reader->files.files[f], part->levels, err));
    }
    for (int64_t i = 0; i < reader->moment_count; i++) {
        file_part *part = &reader->parts[reader->moments[i].file];
        part->first = part->end == 0 ? i : part->first;
        part->end = i + 1;
    }
cleanup:
    return status;
}

/* Does the grid of every file come to the field's? Weights take a while to make for large grids, so
 * that files which are like the one before them are not asked again. */
static ar_status check_regridding(const ar_field_files *files, ar_error *err)
{
    ar_status status = AR_OK;
    for (size_t f = 0; f < files->file_count && status == AR_OK; f++) {
        const ar_field_file *file = &files->files[f];
        ar_regrid *regrid = NULL;
        if (f == 0 || !ar_file_grid_equal(&file->file_grid, &files->files[f - 1].file_grid)) {
            status = ar_file_grid_make_regrid(&file->file_grid, &file->grid, &file->regridding,
                                              file->path, &regrid, err);
        }
        ar_regrid_destroy(&regrid);
    }
    return status;
}

static ar_status describe_field(ar_field_reader *reader, ar_error *err)
{
    ar_status status;
    ar_field_data *field = &reader->field;
    const ar_field_files *files = &reader->files;
    const ar_field_request *request = files->request;
    const ar_field_file *first = &files->files[0];
    snprintf(field->name, sizeof field->name, "%s", request->name);
    snprintf(field->standard_name, sizeof field->standard_name, "%s", first->standard_name);
    snprintf(field->units, sizeof field->units, "%s", first->units);
    snprintf(field->variable, sizeof field->variable, "%s", first->variable);
    snprintf(field->level_units, sizeof field->level_units, "%s", first->level_units);
    field->calendar = first->calendar;
    field->is_static = request->is_static;
    for (size_t f = 1; f < files->file_count; f++) {
        AR_TRY(check_same(first, &files->files[f], request->is_static, err));
    }
    AR_TRY(check_regridding(files, err));
    AR_TRY(ar_grid_copy(&field->grid, &first->grid, err));
    AR_TRY(choose_levels(field, request, first, err));
    AR_TRY(collect_moments(files, &reader->moments, &reader->moment_count, err));
    field->time_count = field->is_static ? 1 : reader->moment_count;
    AR_TRY(ar_allocate(&field->times, (size_t)field->time_count, sizeof(int64_t), "times", err));
    for (int64_t i = 0; i < field->time_count; i++) {
        field->times[i] = reader->moments[i].time;
    }
    AR_TRY(divide_among_files(reader, err));
cleanup:
    return status;
}

ar_status ar_field_reader_open(ar_field_reader **out, const char *const *paths, int64_t path_count,
                               const ar_field_request *request, ar_error *err)
{
    ar_status status;
    ar_field_reader *reader = NULL;
    AR_TRY(ar_allocate(&reader, 1, sizeof *reader, "a reader", err));
    AR_TRY(ar_field_files_find(&reader->files, paths, path_count, request, err));
    if (reader->files.file_count == 0) {
        AR_TRY(ar_field_derived_open(&reader->derived, &reader->field, paths, path_count, request,
                                     err));
    } else {
        if (request->from[0]) {
            ar_log(AR_LOG_INFO, "field %s is taken from %s, which holds it, and not derived",
                   request->name, reader->files.files[0].path);
        }
        AR_TRY(describe_field(reader, err));
    }
    reader->files.request = NULL; /* is the caller's, and may go */
    *out = reader;
    return AR_OK;
cleanup:
    ar_field_reader_close(&reader);
    return status;
}

const ar_field_data *ar_field_reader_field(const ar_field_reader *reader)
{
    return &reader->field;
}

const char *ar_field_reader_file(const ar_field_reader *reader, int64_t index)
{
    if (reader->derived) {
        return ar_field_derived_file(reader->derived, index);
    }
    for (size_t f = 0; f < reader->files.file_count; f++) {
        const bool has_times = reader->parts[f].first < reader->parts[f].end;
        if (has_times && index-- == 0) {
            return reader->files.files[f].path;
        }
    }
    return NULL;
}

void ar_field_reader_close(ar_field_reader **out)
{
    ar_field_reader *reader = *out;
    if (!reader) {
        return;
    }
    for (size_t f = 0; reader->parts && f < reader->files.file_count; f++) {
        ar_free(reader->parts[f].levels);
    }
    ar_free(reader->parts);
    ar_free(reader->moments);
    ar_field_files_release(&reader->files);
    ar_field_data_release(&reader->field);
    ar_field_derived_close(&reader->derived);
    ar_free(reader);
    *out = NULL;
}

/* Those of moments [first, end) that are in file f, to their places in `values`. */
static ar_status read_file(const ar_field_reader *reader, size_t f, int64_t first, int64_t end,
                           float *values, ar_error *err)
{
    ar_status status;
    const ar_field_file *file = &reader->files.files[f];
    int64_t *targets = NULL;
    AR_TRY(ar_allocate(&targets, (size_t)file->time_count, sizeof *targets, "times", err));
    for (int64_t i = 0; i < file->time_count; i++) {
        targets[i] = -1;
    }
    for (int64_t i = first; i < end; i++) {
        if (reader->moments[i].file == f) {
            targets[reader->moments[i].index] = i - first;
        }
    }
    const ar_field_placement placement = {.time_targets = targets,
                                          .level_indices = reader->parts[f].levels,
                                          .level_count = reader->field.level_count,
                                          .values = values};
    AR_TRY(ar_field_file_read(file, &placement, err));
cleanup:
    ar_free(targets);
    return status;
}

static ar_status read_moments(const ar_field_reader *reader, int64_t first, int64_t end,
                              float *values, ar_error *err)
{
    ar_status status = AR_OK;
    for (size_t f = 0; status == AR_OK && f < reader->files.file_count; f++) {
        if (reader->parts[f].first < end && first < reader->parts[f].end) {
            status = read_file(reader, f, first, end, values, err);
        }
    }
    return status;
}

/* A static field keeps one time; the others have to be equal to it. */
static ar_status read_static(const ar_field_reader *reader, float *values, ar_error *err)
{
    ar_status status;
    const ar_field_data *field = &reader->field;
    const moment *moments = reader->moments;
    const ar_field_file *files = reader->files.files;
    const size_t bytes = (size_t)time_bytes(field);
    char *all = NULL;
    AR_TRY(ar_allocate(&all, (size_t)reader->moment_count, bytes, "the values", err));
    AR_TRY(read_moments(reader, 0, reader->moment_count, (float *)all, err));
    for (int64_t t = 1; t < reader->moment_count; t++) {
        if (memcmp(all + (size_t)t * bytes, all, bytes) != 0) {
            status =
                ar_fail(err, AR_ERROR_INPUT,
                        "%s: field %s is said to be static, but its time number %lld has other "
                        "values than number 1 of %s",
                        files[moments[t].file].path, field->name, (long long)moments[t].index + 1,
                        files[moments[0].file].path);
            goto cleanup;
        }
    }
    memcpy(values, all, bytes);
cleanup:
    ar_free(all);
    return status == AR_ERROR_MEMORY ? ar_fail_within(err, status, "field %s", field->name)
                                     : status;
}

ar_status ar_field_reader_read(ar_field_reader *reader, int64_t first, int64_t count, float *values,
                               ar_error *err)
{
    assert(first >= 0 && count >= 0 && count <= reader->field.time_count - first);
    if (reader->derived) {
        return ar_field_derived_read(reader->derived, first, count, values, err);
    }
    return reader->field.is_static ? read_static(reader, values, err)
                                   : read_moments(reader, first, first + count, values, err);
}
