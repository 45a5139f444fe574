/* The metadata files of a Zarr v2 group (https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html),
 * and all of them again in .zmetadata, as zarr-python's consolidate_metadata writes it. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/zarr_writer_private.h"

/* cJSON_Add… and cJSON_Create… say that memory is short by NULL or false, and take NULL without
 * harm: a chain of them is looked at once, at its end. */

static bool add_compressor(cJSON *object, const ar_zarr_written *variable)
{
    if (variable->level == 0) {
        return cJSON_AddNullToObject(object, "compressor");
    }
    cJSON *codec = cJSON_AddObjectToObject(object, "compressor");
    if (variable->codec == AR_WRITER_ZSTD) {
        return cJSON_AddStringToObject(codec, "id", "zstd") &&
               cJSON_AddNumberToObject(codec, "level", variable->level);
    }
    return cJSON_AddStringToObject(codec, "id", "blosc") &&
           cJSON_AddStringToObject(codec, "cname", ar_zarr_codec_name(variable->codec)) &&
           cJSON_AddNumberToObject(codec, "clevel", variable->level) &&
           cJSON_AddNumberToObject(codec, "shuffle", 1) &&
           cJSON_AddNumberToObject(codec, "blocksize", 0);
}

static bool fill_array(cJSON *object, const ar_zarr_written *variable)
{
    const ar_zarr_array *array = &variable->array;
    return cJSON_AddNumberToObject(object, "zarr_format", 2) &&
           ar_zarr_json_add_lengths(object, "shape", array->shape, array->rank) &&
           ar_zarr_json_add_lengths(object, "chunks", array->chunk, array->rank) &&
           cJSON_AddStringToObject(object, "dtype", array->type_name) &&
           add_compressor(object, variable) && ar_zarr_json_add_fill(object, array) &&
           cJSON_AddStringToObject(object, "order", "C") &&
           cJSON_AddNullToObject(object, "filters");
}

static bool fill_attributes(cJSON *object, const ar_zarr_writer *writer,
                            const ar_zarr_written *variable)
{
    cJSON *names = cJSON_AddArrayToObject(object, "_ARRAY_DIMENSIONS");
    bool added = names;
    for (int d = 0; d < variable->array.rank && added; d++) {
        const char *name = writer->dimensions[variable->dimension[d]].name;
        added = cJSON_AddItemToArray(names, cJSON_CreateString(name));
    }
    for (const cJSON *item = variable->attributes->child; item && added; item = item->next) {
        added = ar_zarr_json_add(object, item->string, cJSON_Duplicate(item, true));
    }
    return added;
}

/* Write one metadata file and put it into the consolidated ones. `filled` says whether it is
 * complete. */
static ar_status describe_one(ar_zarr_writer *writer, const ar_zarr_written *variable,
                              const char *name, cJSON *json, bool filled, cJSON *all, ar_error *err)
{
    char *key = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&key, variable ? variable->name : "", name, err));
    if (!filled) {
        status = ar_fail(err, AR_ERROR_MEMORY, "out of memory for %s/%s", writer->base.path, key);
        goto cleanup;
    }
    AR_TRY(ar_zarr_writer_store_json(writer, variable, name, json, err));
    bool added = ar_zarr_json_add(all, key, json);
    json = NULL;
    if (!added) {
        status = ar_fail(err, AR_ERROR_MEMORY, "out of memory for %s/%s", writer->base.path, key);
    }
cleanup:
    cJSON_Delete(json);
    ar_free(key);
    return status;
}

static ar_status describe_variable(ar_zarr_writer *writer, const ar_zarr_written *variable,
                                   cJSON *all, ar_error *err)
{
    cJSON *array = cJSON_CreateObject();
    bool filled = fill_array(array, variable);
    ar_status status = describe_one(writer, variable, ".zarray", array, filled, all, err);
    if (status != AR_OK) {
        return status;
    }
    cJSON *attributes = cJSON_CreateObject();
    filled = fill_attributes(attributes, writer, variable);
    return describe_one(writer, variable, ".zattrs", attributes, filled, all, err);
}

ar_status ar_zarr_writer_describe_v2(ar_zarr_writer *writer, ar_error *err)
{
    ar_status status = AR_OK;
    cJSON *consolidated = cJSON_CreateObject();
    bool filled = cJSON_AddNumberToObject(consolidated, "zarr_consolidated_format", 1);
    cJSON *all = cJSON_AddObjectToObject(consolidated, "metadata");
    if (!filled || !all) {
        status = ar_fail(err, AR_ERROR_MEMORY, "out of memory for %s", writer->base.path);
        goto cleanup;
    }
    cJSON *group = cJSON_CreateObject();
    filled = cJSON_AddNumberToObject(group, "zarr_format", 2);
    AR_TRY(describe_one(writer, NULL, ".zgroup", group, filled, all, err));
    cJSON *attributes = cJSON_Duplicate(writer->attributes, true);
    AR_TRY(describe_one(writer, NULL, ".zattrs", attributes, attributes != NULL, all, err));
    for (size_t v = 0; v < writer->variable_count; v++) {
        AR_TRY(describe_variable(writer, &writer->variables[v], all, err));
    }
    AR_TRY(ar_zarr_writer_store_json(writer, NULL, ".zmetadata", consolidated, err));
cleanup:
    cJSON_Delete(consolidated);
    return status;
}
