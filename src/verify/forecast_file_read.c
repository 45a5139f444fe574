/* Values of a forecast file, and what its levels are called. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "verify/forecast_file.h"

ar_status ar_forecast_file_read(ar_forecast_file *file, const ar_forecast_field *field,
                                int64_t time_index, int64_t level_index, float *members,
                                ar_error *err)
{
    int64_t start[AR_RANK_MAX] = {0}, count[AR_RANK_MAX] = {0};
    int rank = field->values->rank;
    int64_t points = file->grid.nlat * file->grid.nlon;
    int64_t file_points = file->grid.nlat * file->order.file_nlon;
    for (int axis = 0; axis < rank; axis++) {
        count[axis] = field->values->shape[axis];
    }
    start[0] = time_index;
    count[0] = 1;
    if (field->levels) {
        start[1] = level_index;
        count[1] = 1;
    }
    float *in_file_order = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&in_file_order, (size_t)(field->member_count * file_points), sizeof(float),
                       "the members of a forecast", err));
    AR_TRY(ar_source_read_float(file->source, field->values, start, count, in_file_order, err));
    for (int64_t k = 0; k < field->member_count; k++) {
        ar_grid_reorder(&file->grid, &file->order, in_file_order + k * file_points,
                        members + k * points);
    }
cleanup:
    ar_free(in_file_order);
    return status;
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
