#include "io/grib_index.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "field/time.h"
#include "io/grib_cache.h"
#include "io/grib_grid.h"

static bool is_of_group(const ar_grib_group *group, const ar_grib_keys *keys)
{
    const ar_grib_keys *own = &group->keys;
    return own->parameter == keys->parameter && strcmp(own->short_name, keys->short_name) == 0 &&
           strcmp(own->level_type, keys->level_type) == 0 &&
           strcmp(own->step_type, keys->step_type) == 0 && strcmp(own->units, keys->units) == 0 &&
           ar_grib_grid_equal(&own->grid, &keys->grid);
}

static ar_status find_group(ar_grib_index *index, const ar_grib_keys *keys, int64_t *group,
                            ar_error *err)
{
    for (size_t i = 0; i < index->group_count; i++) {
        if (is_of_group(&index->groups[i], keys)) {
            *group = (int64_t)i;
            return AR_OK;
        }
    }
    ar_status status = ar_grow(&index->groups, &index->group_capacity, index->group_count + 1,
                               sizeof *index->groups, "GRIB variables", err);
    if (status == AR_OK) {
        *group = (int64_t)index->group_count;
        index->groups[index->group_count++].keys = *keys;
    }
    return status;
}

static ar_status add_field(ar_grib_index *index, ar_grib_file *file, const ar_grib_message *message,
                           int field, ar_error *err)
{
    ar_status status;
    ar_grib_keys keys;
    const unsigned char *bytes;
    size_t length;
    int64_t group;
    AR_TRY(ar_grib_file_read(file, message, field, &bytes, &length, err));
    status = ar_grib_keys_read(&keys, bytes, length, err);
    if (status != AR_OK) {
        return ar_fail_within(err, status, "%s: GRIB message %lld at byte %lld", file->path,
                              (long long)message->number, (long long)message->offset);
    }
    AR_TRY(find_group(index, &keys, &group, err));
    AR_TRY(ar_grow(&index->records, &index->record_capacity, index->record_count + 1,
                   sizeof *index->records, "GRIB fields", err));
    index->records[index->record_count++] = (ar_grib_record){.message = *message,
                                                             .field = field,
                                                             .group = group,
                                                             .member = keys.member,
                                                             .time = keys.time,
                                                             .reference = keys.reference,
                                                             .level = keys.level};
cleanup:
    return status;
}

static ar_status read_messages(ar_grib_index *index, ar_grib_file *file, ar_error *err)
{
    ar_status status;
    ar_grib_message message = {0};
    bool end = false;
    for (;;) {
        AR_TRY(ar_grib_file_next(file, &message, &end, err));
        if (end) {
            break;
        }
        index->message_count++;
        index->editions[message.edition] = true;
        for (int field = 0; field < message.field_count; field++) {
            AR_TRY(add_field(index, file, &message, field, err));
        }
    }
    if (index->record_count == 0) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: holds no GRIB message", file->path);
    }
cleanup:
    return status;
}

static int compare(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare_places(const ar_grib_record *a, const ar_grib_record *b)
{
    int order = compare((double)a->member, (double)b->member);
    order = order ? order : compare((double)a->time, (double)b->time);
    return order ? order : compare(a->level, b->level);
}

static int compare_records(const void *first, const void *second)
{
    const ar_grib_record *a = first, *b = second;
    int order = compare((double)a->group, (double)b->group);
    order = order ? order : compare_places(a, b);
    order = order ? order : compare((double)a->message.number, (double)b->message.number);
    return order ? order : compare(a->field, b->field);
}

static int compare_values(const void *first, const void *second)
{
    const double *a = first, *b = second;
    return compare(*a, *b);
}

static double member_of(const ar_grib_record *record)
{
    return (double)record->member;
}

static double time_of(const ar_grib_record *record)
{
    return (double)record->time;
}

static double level_of(const ar_grib_record *record)
{
    return record->level;
}

static ar_status make_line(ar_grib_line *line, const ar_grib_record *records, int64_t count,
                           double (*value)(const ar_grib_record *), ar_error *err)
{
    ar_status status =
        ar_allocate(&line->values, (size_t)count, sizeof(double), "a GRIB coordinate", err);
    if (status != AR_OK) {
        return status;
    }
    for (int64_t i = 0; i < count; i++) {
        line->values[i] = value(&records[i]);
    }
    qsort(line->values, (size_t)count, sizeof(double), compare_values);
    for (int64_t i = 0; i < count; i++) {
        if (i == 0 || line->values[i] != line->values[i - 1]) {
            line->values[line->count++] = line->values[i];
        }
    }
    return status;
}

void ar_grib_index_describe(const ar_grib_group *group, int64_t member, double level, int64_t time,
                            char *text, size_t size)
{
    char member_text[48] = "", level_text[64] = "", time_text[32];
    if (group->members.count > 1) {
        snprintf(member_text, sizeof member_text, "member %lld, ", (long long)member);
    }
    if (group->levels.count > 1) {
        snprintf(level_text, sizeof level_text, "level %g, ", level);
    }
    ar_time_format(time, AR_CALENDAR_PROLEPTIC_GREGORIAN, time_text);
    snprintf(text, size, "%s%stime %s", member_text, level_text, time_text);
}

/* Two fields of one place that differ in any byte make the variable unreadable. */
static ar_status check_twins(ar_grib_group *group, ar_grib_file *file, const ar_grib_record *a,
                             const ar_grib_record *b, ar_error *err)
{
    ar_status status;
    unsigned char *copy = NULL;
    const unsigned char *bytes;
    size_t length, other_length;
    AR_TRY(ar_grib_file_read(file, &a->message, a->field, &bytes, &length, err));
    AR_TRY(ar_allocate(&copy, length, 1, "a GRIB field", err));
    memcpy(copy, bytes, length);
    AR_TRY(ar_grib_file_read(file, &b->message, b->field, &bytes, &other_length, err));
    if (length == other_length && memcmp(copy, bytes, length) == 0) {
        goto cleanup;
    }
    char place[160], begin_a[32], begin_b[32], problem[512];
    ar_grib_index_describe(group, a->member, a->level, a->time, place, sizeof place);
    ar_time_format(a->reference, AR_CALENDAR_PROLEPTIC_GREGORIAN, begin_a);
    ar_time_format(b->reference, AR_CALENDAR_PROLEPTIC_GREGORIAN, begin_b);
    snprintf(problem, sizeof problem,
             "messages %lld (begun at %s) and %lld (begun at %s) are both %s of %s, and they "
             "differ; one for each time would be right",
             (long long)a->message.number, begin_a, (long long)b->message.number, begin_b,
             group->keys.short_name, place);
    AR_TRY(ar_copy_string(&group->problem, problem, err));
cleanup:
    ar_free(copy);
    return status;
}

/* The points of a reduced grid's parallels; what is wrong with them is `found`, not an error. */
static ar_status read_rows(ar_grib_group *group, ar_grib_file *file, const ar_grib_record *record,
                           ar_error *found, ar_error *err)
{
    ar_status status;
    const unsigned char *bytes;
    size_t length;
    const ar_grib_grid *grid = &group->keys.grid;
    AR_TRY(ar_allocate(&group->row_points, (size_t)grid->nlat, sizeof *group->row_points,
                       "points of parallels", err));
    AR_TRY(ar_grib_file_read(file, &record->message, record->field, &bytes, &length, err));
    status = ar_grib_row_points_read(group->row_points, grid->nlat, bytes, length, found);
    if (status == AR_OK) {
        status = ar_grib_grid_check_rows(grid, group->row_points, found);
    }
    if (status != AR_OK && status != AR_ERROR_INPUT) {
        return ar_fail(err, status, "%s", found->message);
    }
    status = AR_OK;
cleanup:
    return status;
}

static ar_status check_grid(ar_grib_group *group, ar_grib_file *file, const ar_grib_record *record,
                            ar_error *err)
{
    ar_status status;
    char problem[sizeof(ar_error) + 64];
    ar_error found = {""};
    const ar_grib_grid *grid = &group->keys.grid;
    const ar_grib_grid_kind kind = ar_grib_grid_find_kind(grid);
    if (kind == AR_GRIB_UNREADABLE) {
        snprintf(problem, sizeof problem,
                 "field %s is on a grid of type %s that cannot be read; regular_ll, global "
                 "reduced_gg or triangular sh would be right (for example by `cdo remapbil`)",
                 group->keys.short_name, grid->type);
        return ar_copy_string(&group->problem, problem, err);
    }
    status = ar_grib_grid_check(grid, &found);
    if (status == AR_OK && kind == AR_GRIB_REDUCED) {
        AR_TRY(read_rows(group, file, record, &found, err));
    }
    if (!found.message[0]) {
        return AR_OK;
    }
    snprintf(problem, sizeof problem, "GRIB message %lld at byte %lld: %s",
             (long long)record->message.number, (long long)record->message.offset, found.message);
    status = ar_copy_string(&group->problem, problem, err);
cleanup:
    return status;
}

static ar_status finish_group(ar_grib_index *index, ar_grib_group *group, ar_grib_file *file,
                              ar_error *err)
{
    ar_status status;
    const ar_grib_record *records = index->records + group->first;
    AR_TRY(make_line(&group->members, records, group->count, member_of, err));
    AR_TRY(make_line(&group->times, records, group->count, time_of, err));
    AR_TRY(make_line(&group->levels, records, group->count, level_of, err));
    AR_TRY(check_grid(group, file, records, err));
    for (int64_t i = 1; i < group->count && !group->problem; i++) {
        if (compare_places(&records[i - 1], &records[i]) == 0) {
            AR_TRY(check_twins(group, file, &records[i - 1], &records[i], err));
        }
    }
cleanup:
    return status;
}

ar_status ar_grib_index_init(ar_grib_index *index, ar_grib_file *file, ar_error *err)
{
    ar_status status;
    bool found;
    *index = (ar_grib_index){0};
    AR_TRY(ar_grib_cache_read(index, file, &found, err));
    if (!found) {
        AR_TRY(read_messages(index, file, err));
        ar_grib_cache_write(index, file);
    }
    qsort(index->records, index->record_count, sizeof *index->records, compare_records);
    for (size_t i = 0; i < index->record_count; i++) {
        ar_grib_group *group = &index->groups[index->records[i].group];
        group->first = group->count++ ? group->first : (int64_t)i;
    }
    for (size_t i = 0; i < index->group_count; i++) {
        AR_TRY(finish_group(index, &index->groups[i], file, err));
    }
cleanup:
    return status;
}

void ar_grib_index_release(ar_grib_index *index)
{
    for (size_t i = 0; i < index->group_count; i++) {
        ar_grib_group *group = &index->groups[i];
        ar_free(group->members.values);
        ar_free(group->times.values);
        ar_free(group->levels.values);
        ar_free(group->row_points);
        ar_free(group->problem);
    }
    ar_free(index->records);
    ar_free(index->groups);
    *index = (ar_grib_index){0};
}

const ar_grib_record *ar_grib_index_find(const ar_grib_index *index, const ar_grib_group *group,
                                         double member, double time, double level)
{
    const ar_grib_record wanted = {
        .member = (int64_t)member, .time = (int64_t)time, .level = level};
    int64_t low = 0, high = group->count - 1;
    while (low <= high) {
        const int64_t middle = low + (high - low) / 2;
        const ar_grib_record *record = &index->records[group->first + middle];
        const int order = compare_places(record, &wanted);
        if (order == 0) {
            return record;
        }
        low = order < 0 ? middle + 1 : low;
        high = order > 0 ? middle - 1 : high;
    }
    return NULL;
}
