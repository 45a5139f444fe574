#include "data/field_reader.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/field_derived.h"
#include "data/field_find.h"
#include "data/field_times.h"
#include "field/units.h"

/* What of a file is wanted. */
typedef struct {
    int64_t *levels;    /* [level_count] of the file, in the order of the field's */
    int64_t first, end; /* its times are among the wanted ones [first, end) */
} file_part;

struct ar_field_reader {
    ar_field_data field;
    ar_field_files files;
    file_part *parts;     /* [files.file_count] */
    ar_field_time *times; /* [time_count] ascending: the times of the field; of a static one
                           * all times of its files, to be compared */
    int64_t time_count;
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

static int64_t time_bytes(const ar_field_data *field)
{
    return field->level_count * field->grid.nlat * field->grid.nlon * (int64_t)sizeof(float);
}

/* What every file has of the field's levels, and where its times are. */
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
    for (int64_t i = 0; i < reader->time_count; i++) {
        file_part *part = &reader->parts[reader->times[i].file];
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
    AR_TRY(ar_field_times_find(files, &reader->times, &reader->time_count, err));
    field->time_count = field->is_static ? 1 : reader->time_count;
    AR_TRY(ar_allocate(&field->times, (size_t)field->time_count, sizeof(int64_t), "times", err));
    for (int64_t i = 0; i < field->time_count; i++) {
        field->times[i] = reader->times[i].time;
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
    ar_free(reader->times);
    ar_field_files_release(&reader->files);
    ar_field_data_release(&reader->field);
    ar_field_derived_close(&reader->derived);
    ar_free(reader);
    *out = NULL;
}

/* Those of times [first, end) that are in file f, to their places in `values`. */
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
        if (reader->times[i].file == f) {
            targets[reader->times[i].index] = i - first;
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

static ar_status read_times(const ar_field_reader *reader, int64_t first, int64_t end,
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
    const ar_field_time *times = reader->times;
    const ar_field_file *files = reader->files.files;
    const size_t bytes = (size_t)time_bytes(field);
    char *all = NULL;
    AR_TRY(ar_allocate(&all, (size_t)reader->time_count, bytes, "the values", err));
    AR_TRY(read_times(reader, 0, reader->time_count, (float *)all, err));
    for (int64_t t = 1; t < reader->time_count; t++) {
        if (memcmp(all + (size_t)t * bytes, all, bytes) != 0) {
            status =
                ar_fail(err, AR_ERROR_INPUT,
                        "%s: field %s is said to be static, but its time number %lld has other "
                        "values than number 1 of %s",
                        files[times[t].file].path, field->name, (long long)times[t].index + 1,
                        files[times[0].file].path);
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
                                   : read_times(reader, first, first + count, values, err);
}
