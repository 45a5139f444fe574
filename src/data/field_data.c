#include "data/field_data.h"

#include "base/memory.h"

void ar_field_data_release(ar_field_data *field)
{
    ar_grid_release(&field->grid);
    ar_free(field->levels);
    ar_free(field->times);
    ar_free(field->values);
    *field = (ar_field_data){0};
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
    return field->values +
           (time_index * field->level_count + level_index) * field->grid.nlat * field->grid.nlon;
}
