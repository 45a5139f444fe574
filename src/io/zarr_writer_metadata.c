/* What the metadata files of both versions of Zarr share when they are written. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "io/zarr_writer_private.h"

bool ar_zarr_json_add(cJSON *object, const char *name, cJSON *item)
{
    bool added = item && cJSON_AddItemToObject(object, name, item);
    if (!added) {
        cJSON_Delete(item);
    }
    return added;
}

bool ar_zarr_json_add_lengths(cJSON *object, const char *name, const int64_t *lengths, int rank)
{
    cJSON *list = cJSON_AddArrayToObject(object, name);
    bool added = list;
    for (int d = 0; d < rank && added; d++) {
        added = cJSON_AddItemToArray(list, ar_zarr_json_number((double)lengths[d], true));
    }
    return added;
}

/* The specification has NaN and the infinities as texts here. */
bool ar_zarr_json_add_fill(cJSON *object, const ar_zarr_array *array)
{
    static const char key[] = "fill_value";
    if (!array->has_fill) {
        return cJSON_AddNullToObject(object, key);
    }
    if (isnan(array->fill)) {
        return cJSON_AddStringToObject(object, key, "NaN");
    }
    if (isinf(array->fill)) {
        return cJSON_AddStringToObject(object, key, array->fill < 0 ? "-Infinity" : "Infinity");
    }
    bool integer = array->type.kind != AR_NUMBER_FLOATING;
    return ar_zarr_json_add(object, key, ar_zarr_json_number(array->fill, integer));
}

ar_status ar_zarr_writer_store_json(ar_zarr_writer *writer, const ar_zarr_written *variable,
                                    const char *name, const cJSON *json, ar_error *err)
{
    ar_status status = AR_OK;
    char *ascii = NULL;
    char *text = cJSON_Print(json);
    size_t size;
    if (!text || !ar_size_product(strlen(text), 6, &size)) {
        status = ar_fail(err, AR_ERROR_MEMORY, "out of memory for %s/%s", writer->base.path, name);
        goto cleanup;
    }
    AR_TRY(ar_allocate(&ascii, size + 1, 1, name, err));
    AR_TRY(ar_zarr_writer_store(writer, variable, name, ascii, ar_zarr_json_to_ascii(text, ascii),
                                err));
cleanup:
    cJSON_free(text);
    ar_free(ascii);
    return status;
}
