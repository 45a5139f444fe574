/* GRIB files behind ar_source: opening indexes all fields, reading decodes one at a time. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/grib_grid.h"
#include "io/grib_variables.h"

static ar_status decode(ar_source *source, const ar_grib_group *group, const ar_grib_record *record,
                        ar_error *err)
{
    ar_status status;
    ar_grib_source *grib = source->state;
    const ar_grib_message *message = &record->message;
    const int64_t points = group->keys.grid.value_count;
    const unsigned char *bytes;
    size_t length;
    if (grib->decoded == record) {
        return AR_OK;
    }
    grib->decoded = NULL;
    AR_TRY(ar_grow(&grib->values, &grib->value_capacity, (size_t)points, sizeof(double),
                   "values of a GRIB field", err));
    AR_TRY(ar_grow(&grib->file_values, &grib->file_value_capacity, (size_t)points, sizeof(double),
                   "values of a GRIB field", err));
    AR_TRY(ar_grib_file_read(&grib->file, message, record->field, &bytes, &length, err));
    status = ar_grib_values_read(grib->file_values, points, bytes, length, err);
    if (status != AR_OK) {
        return ar_fail_within(err, status, "%s: GRIB message %lld at byte %lld (%s)", source->path,
                              (long long)message->number, (long long)message->offset,
                              group->keys.short_name);
    }
    if (ar_grib_grid_find_kind(&group->keys.grid) == AR_GRIB_REGULAR) {
        ar_grib_grid_arrange(&group->keys.grid, grib->file_values, grib->values);
    } else {
        memcpy(grib->values, grib->file_values, (size_t)points * sizeof *grib->values);
    }
    grib->decoded = record;
cleanup:
    return status;
}

/* A rectangle of the decoded field to element `at` and following of `values`. */
static void copy_window(const double *field, int64_t nlon, const int64_t *start,
                        const int64_t *count, ar_values values, int64_t at)
{
    for (int64_t i = 0; i < count[0]; i++) {
        const double *row = field + (start[0] + i) * nlon + start[1];
        for (int64_t j = 0; j < count[1]; j++, at++) {
            if (values.floats) {
                values.floats[at] = (float)row[j];
            } else {
                values.doubles[at] = row[j];
            }
        }
    }
}

/* Where a hyperslab of a variable lies along members, times and levels, whichever of them are its
 * dimensions. */
typedef struct {
    int64_t start[3], count[3];
} outer_window;

static outer_window find_outer(const ar_grib_entry *entry, const int64_t *start,
                               const int64_t *count)
{
    outer_window outer = {.count = {1, 1, 1}};
    const bool present[] = {entry->has_member, true, entry->has_level};
    for (int i = 0, d = 0; i < 3; i++) {
        if (present[i]) {
            outer.start[i] = start[d];
            outer.count[i] = count[d];
            d++;
        }
    }
    return outer;
}

static ar_status find_record(const ar_source *source, int64_t index, const int64_t *at,
                             const ar_grib_record **record, ar_error *err)
{
    const ar_grib_source *grib = source->state;
    const ar_grib_group *group = &grib->index.groups[grib->entries[index].group];
    const double member = group->members.values[at[0]], time = group->times.values[at[1]];
    const double level = group->levels.values[at[2]];
    *record = ar_grib_index_find(&grib->index, group, member, time, level);
    if (*record) {
        return AR_OK;
    }
    char place[160];
    ar_grib_index_describe(group, (int64_t)member, level, (int64_t)time, place, sizeof place);
    return ar_fail(err, AR_ERROR_INPUT, "%s: variable %s has no message for %s, only for others",
                   source->path, source->variables[index].name, place);
}

static ar_status read_group(ar_source *source, int64_t index, const int64_t *start,
                            const int64_t *count, ar_values values, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_grib_source *grib = source->state;
    const ar_grib_entry *entry = &grib->entries[index];
    const ar_grib_group *group = &grib->index.groups[entry->group];
    const bool regular = ar_grib_grid_find_kind(&group->keys.grid) == AR_GRIB_REGULAR;
    const int rank = source->variables[index].rank;
    const int64_t from[2] = {regular ? start[rank - 2] : 0, start[rank - 1]};
    const int64_t size[2] = {regular ? count[rank - 2] : 1, count[rank - 1]};
    const int64_t nlon = regular ? group->keys.grid.nlon : group->keys.grid.value_count;
    const int64_t points = size[0] * size[1];
    const outer_window outer = find_outer(entry, start, count);
    const int64_t fields = outer.count[0] * outer.count[1] * outer.count[2];
    for (int64_t i = 0; i < fields; i++) {
        const int64_t at[3] = {outer.start[0] + i / (outer.count[1] * outer.count[2]),
                               outer.start[1] + i / outer.count[2] % outer.count[1],
                               outer.start[2] + i % outer.count[2]};
        const ar_grib_record *record;
        AR_TRY(find_record(source, index, at, &record, err));
        AR_TRY(decode(source, group, record, err));
        copy_window(grib->values, nlon, from, size, values, i * points);
    }
cleanup:
    return status;
}

static ar_status read_grib(ar_source *source, int64_t index, const int64_t *start,
                           const int64_t *count, ar_values values, ar_error *err)
{
    const ar_grib_source *grib = source->state;
    const int64_t axis = grib->entries[index].axis;
    if (axis < 0) {
        return read_group(source, index, start, count, values, err);
    }
    copy_window(grib->axes[axis].values, 1, (int64_t[]){start[0], 0}, (int64_t[]){count[0], 1},
                values, 0);
    return AR_OK;
}

static void close_grib(ar_source *source)
{
    ar_grib_source *grib = source->state;
    if (!grib) {
        return;
    }
    for (size_t i = 0; i < grib->axis_count; i++) {
        ar_free(grib->axes[i].values);
    }
    ar_free(grib->axes);
    ar_free(grib->entries);
    ar_free(grib->values);
    ar_free(grib->file_values);
    ar_grib_index_release(&grib->index);
    ar_grib_file_close(&grib->file);
    ar_free(grib);
    source->state = NULL;
}

ar_status ar_grib_open(ar_source *source, ar_error *err)
{
    static const ar_source_reader reader = {.read = read_grib, .close = close_grib};
    ar_status status;
    ar_grib_source *grib = NULL;
    AR_TRY(ar_allocate(&grib, 1, sizeof *grib, "a GRIB file", err));
    grib->file.descriptor = -1;
    source->state = grib;
    source->reader = &reader;
    AR_TRY(ar_grib_file_open(&grib->file, source->path, err));
    AR_TRY(ar_grib_index_init(&grib->index, &grib->file, err));
    const bool *editions = grib->index.editions;
    source->format = !editions[2] ? "GRIB 1" : !editions[1] ? "GRIB 2" : "GRIB 1 and 2";
    AR_TRY(ar_grib_variables_add(source, err));
cleanup:
    return status;
}
