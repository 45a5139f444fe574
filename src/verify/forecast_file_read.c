/* Values of a forecast file, and what its levels are called. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "verify/forecast_file.h"

/* Where a time and level lie in the variable of a field, all members and the whole grid of it. */
static void choose_part(const ar_forecast_file *file, const ar_forecast_field *field, int64_t time,
                        int64_t level, int64_t start[AR_RANK_MAX], int64_t count[AR_RANK_MAX])
{
    const int64_t steps = file->step_count > 0 ? file->step_count : 1;
    const int64_t at[] = {
        [AR_AXIS_TIME] = time / steps, [AR_AXIS_STEP] = time % steps, [AR_AXIS_LEVEL] = level};
    for (int axis = 0; axis < field->values->rank; axis++) {
        start[axis] = 0;
        count[axis] = field->values->shape[axis];
    }
    for (int role = AR_AXIS_TIME; role <= AR_AXIS_LEVEL; role++) {
        if (field->axes[role] >= 0) {
            start[field->axes[role]] = at[role];
            count[field->axes[role]] = 1;
        }
    }
}

/* From one value of an axis to the next, in what was read; 0 without the axis. */
static int64_t stride_of(const ar_forecast_field *field, ar_forecast_axis role,
                         const int64_t count[AR_RANK_MAX])
{
    int64_t stride = field->axes[role] >= 0 ? 1 : 0;
    for (int axis = field->axes[role] + 1; stride > 0 && axis < field->values->rank; axis++) {
        stride *= count[axis];
    }
    return stride;
}

ar_status ar_forecast_file_read(ar_forecast_file *file, const ar_forecast_field *field,
                                int64_t time_index, int64_t level_index, float *members,
                                ar_error *err)
{
    const int64_t nlat = file->grid.nlat, file_nlon = file->order.file_nlon;
    const int64_t points = nlat * file->grid.nlon, file_points = nlat * file_nlon;
    int64_t start[AR_RANK_MAX], count[AR_RANK_MAX];
    float *read = NULL, *turned = NULL;
    ar_status status = AR_OK;
    choose_part(file, field, time_index, level_index, start, count);
    const int64_t along_member = stride_of(field, AR_AXIS_MEMBER, count);
    const int64_t along_latitude = stride_of(field, AR_AXIS_LATITUDE, count);
    const int64_t along_longitude = stride_of(field, AR_AXIS_LONGITUDE, count);
    AR_TRY(ar_allocate(&read, (size_t)(field->member_count * file_points), sizeof(float),
                       "the members of a forecast", err));
    AR_TRY(ar_source_read_float(file->source, field->values, start, count, read, err));
    if (along_latitude != file_nlon || along_longitude != 1) {
        AR_TRY(ar_allocate(&turned, (size_t)file_points, sizeof(float), "a member", err));
    }
    for (int64_t k = 0; k < field->member_count; k++) {
        const float *member = read + k * along_member;
        for (int64_t i = 0; turned && i < file_points; i++) {
            turned[i] = member[i / file_nlon * along_latitude + i % file_nlon * along_longitude];
        }
        ar_grid_reorder(&file->grid, &file->order, turned ? turned : member, members + k * points);
    }
cleanup:
    ar_free(read);
    ar_free(turned);
    return status;
}

const char *ar_forecast_field_name(const ar_forecast_field *field)
{
    return field->long_name[0]       ? field->long_name
           : field->standard_name[0] ? field->standard_name
                                     : field->variable;
}

void ar_forecast_field_describe_level(const ar_forecast_field *field, int64_t level, char key[32],
                                      char text[48])
{
    if (!field->levels) {
        snprintf(key, 32, "surface");
        snprintf(text, 48, "surface");
        return;
    }
    snprintf(key, 32, "%.10g", field->levels[level]);
    bool has_unit = field->level_units[0] && strcmp(field->level_units, "1") != 0;
    snprintf(text, 48, "%s%s%s", key, has_unit ? " " : "", has_unit ? field->level_units : "");
}
