#include "base/memory.h"
#include "data/field_reader.h"

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

ar_status ar_field_reader_load(ar_field_reader *reader, ar_field_data *field, ar_error *err)
{
    ar_status status;
    AR_TRY(ar_field_data_describe(field, ar_field_reader_field(reader), err));
    AR_TRY(allocate_values(field, err));
    AR_TRY(ar_field_reader_read(reader, 0, field->time_count, field->values, err));
cleanup:
    if (status != AR_OK) {
        ar_field_data_release(field);
    }
    return status;
}

ar_status ar_field_data_load(ar_field_data *field, const char *const *paths, int64_t path_count,
                             const ar_field_request *request, ar_error *err)
{
    ar_status status;
    ar_field_reader *reader = NULL;
    *field = (ar_field_data){0};
    AR_TRY(ar_field_reader_open(&reader, paths, path_count, request, err));
    AR_TRY(ar_field_reader_load(reader, field, err));
cleanup:
    ar_field_reader_close(&reader);
    return status;
}
