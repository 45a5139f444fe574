/* Finding the arrays of a Zarr v2 group and their attributes, with or without consolidated metadata
 * (the key "metadata" of .zmetadata holds every metadata file by its name). */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/zarr_private.h"

static const char dimension_key[] = "_ARRAY_DIMENSIONS";

/* `attributes` is the parsed .zattrs or NULL. xarray has _FillValue as the array's fill_value and
 * nowhere else: it marks missing values. */
static ar_status add_array(ar_source *source, const char *name, const cJSON *metadata,
                           const cJSON *attributes, ar_error *err)
{
    const ar_zarr_found found = {.name = name,
                                 .metadata = metadata,
                                 .attributes = attributes,
                                 .dimension_names =
                                     cJSON_GetObjectItemCaseSensitive(attributes, dimension_key),
                                 .dimension_key = dimension_key,
                                 .parse = ar_zarr_array_parse_v2,
                                 .fill_is_missing = true};
    return ar_zarr_add_array(source, &found, err);
}

static ar_status add_consolidated_array(ar_source *source, const cJSON *metadata, const cJSON *item,
                                        size_t name_length, ar_error *err)
{
    ar_status status = AR_OK;
    char *name = NULL, *attributes_name = NULL;
    AR_TRY(ar_copy_string(&name, item->string, err));
    name[name_length] = '\0';
    AR_TRY(ar_path_join(&attributes_name, name, ".zattrs", err));
    AR_TRY(add_array(source, name, item,
                     cJSON_GetObjectItemCaseSensitive(metadata, attributes_name), err));
cleanup:
    ar_free(name);
    ar_free(attributes_name);
    return status;
}

static ar_status open_consolidated(ar_source *source, const cJSON *consolidated, ar_error *err)
{
    ar_status status = AR_OK;
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(consolidated, "metadata");
    if (!cJSON_IsObject(metadata)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s/.zmetadata: has no object \"metadata\"",
                       source->path);
    }
    AR_TRY(ar_zarr_take_attributes(source, cJSON_GetObjectItemCaseSensitive(metadata, ".zattrs"),
                                   err));
    static const char ending[] = "/.zarray";
    const cJSON *item;
    cJSON_ArrayForEach(item, metadata)
    {
        if (ar_text_ends_with(item->string, ending)) {
            AR_TRY(add_consolidated_array(source, metadata, item,
                                          strlen(item->string) - strlen(ending), err));
        }
    }
cleanup:
    return status;
}

static ar_status visit(ar_source *source, const char *name, bool *is_group, ar_error *err)
{
    ar_status status = AR_OK;
    cJSON *metadata = NULL, *attributes = NULL, *group = NULL;
    AR_TRY(ar_zarr_parse_object(source, name, ".zarray", &metadata, err));
    if (metadata) {
        AR_TRY(ar_zarr_parse_object(source, name, ".zattrs", &attributes, err));
        AR_TRY(add_array(source, name, metadata, attributes, err));
    } else {
        AR_TRY(ar_zarr_parse_object(source, name, ".zgroup", &group, err));
        *is_group = group;
    }
cleanup:
    cJSON_Delete(metadata);
    cJSON_Delete(attributes);
    cJSON_Delete(group);
    return status;
}

ar_status ar_zarr_open_v2(ar_source *source, const cJSON *root, ar_error *err)
{
    ar_status status = AR_OK;
    cJSON *attributes = NULL;
    source->format = "Zarr v2";
    if (root) {
        return open_consolidated(source, root, err);
    }
    AR_TRY(ar_zarr_parse_object(source, "", ".zattrs", &attributes, err));
    AR_TRY(ar_zarr_take_attributes(source, attributes, err));
    AR_TRY(ar_zarr_walk(source, visit, err));
cleanup:
    cJSON_Delete(attributes);
    return status;
}
