#include "data/field_data.h"

#include <string.h>

#include "base/memory.h"

void ar_field_data_release(ar_field_data *field)
{
    ar_grid_release(&field->grid);
    ar_free(field->levels);
    ar_free(field->times);
    ar_free(field->values);
    *field = (ar_field_data){0};
}

ar_status ar_field_data_describe(ar_field_data *copy, const ar_field_data *field, ar_error *err)
{
    ar_status status;
    const size_t levels = (size_t)field->level_count, times = (size_t)field->time_count;
    *copy = *field;
    copy->grid = (ar_grid){0};
    copy->levels = NULL;
    copy->times = NULL;
    copy->values = NULL;
    copy->resident = NULL;
    copy->resident_count = 0;
    AR_TRY(ar_grid_copy(&copy->grid, &field->grid, err));
    AR_TRY(ar_allocate(&copy->levels, levels, sizeof *copy->levels, "levels", err));
    AR_TRY(ar_allocate(&copy->times, times, sizeof *copy->times, "times", err));
    memcpy(copy->levels, field->levels, levels * sizeof *copy->levels);
    memcpy(copy->times, field->times, times * sizeof *copy->times);
cleanup:
    if (status != AR_OK) {
        ar_field_data_release(copy);
    }
    return status;
}

int64_t ar_field_data_find_time(const ar_field_data *field, int64_t time)
{
    if (field->is_static) {
        return 0;
    }
    int64_t low = 0, high = field->time_count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (field->times[middle] < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < field->time_count && field->times[low] == time ? low : -1;
}

const float *ar_field_data_slice(const ar_field_data *field, int64_t time_index,
                                 int64_t level_index)
{
    const int64_t points = field->grid.nlat * field->grid.nlon;
    if (field->values) {
        return field->values + (time_index * field->level_count + level_index) * points;
    }
    for (int64_t i = 0; i < field->resident_count; i++) {
        const ar_resident_times *part = &field->resident[i];
        const int64_t time = time_index - part->first;
        if (time >= 0 && time < part->count) {
            return part->values + (time * field->level_count + level_index) * points;
        }
    }
    return NULL;
}
