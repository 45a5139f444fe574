/* Finding the arrays of a Zarr v3 group: in the "consolidated_metadata" that zarr-python and xarray
 * write into the root's zarr.json, or folder by folder. */
#include <string.h>

#include "io/json.h"
#include "io/zarr_fill_text.h"
#include "io/zarr_private.h"

/* The attributes with a _FillValue that is a number, the caller's to delete; NULL when nothing has
 * to be changed. */
static ar_status decode_attributes(cJSON **changed, const cJSON *attributes, ar_error *err)
{
    static const char key[] = "_FillValue";
    const cJSON *fill = cJSON_GetObjectItemCaseSensitive(attributes, key);
    double number;
    *changed = NULL;
    if (!cJSON_IsString(fill) || !ar_zarr_fill_parse(fill->valuestring, &number)) {
        return AR_OK;
    }
    *changed = cJSON_Duplicate(attributes, true);
    cJSON *item = cJSON_CreateNumber(number);
    if (!*changed || !item || !cJSON_ReplaceItemInObjectCaseSensitive(*changed, key, item)) {
        cJSON_Delete(item);
        return ar_fail(err, AR_ERROR_MEMORY, "out of memory for attributes");
    }
    return AR_OK;
}

static ar_status add_array(ar_source *source, const char *name, const cJSON *metadata,
                           ar_error *err)
{
    ar_status status = AR_OK;
    static const char dimension_key[] = "dimension_names";
    const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(metadata, "attributes");
    const cJSON *names = cJSON_GetObjectItemCaseSensitive(metadata, dimension_key);
    cJSON *changed = NULL;
    AR_TRY(decode_attributes(&changed, attributes, err));
    const ar_zarr_found found = {.name = name,
                                 .metadata = metadata,
                                 .attributes = changed ? changed : attributes,
                                 .dimension_names = cJSON_IsNull(names) ? NULL : names,
                                 .dimension_key = dimension_key,
                                 .parse = ar_zarr_array_parse_v3};
    AR_TRY(ar_zarr_add_array(source, &found, err));
cleanup:
    cJSON_Delete(changed);
    return status;
}

/* "array" or "group"; NULL for anything else. */
static const char *node_type(const cJSON *metadata)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(metadata, "node_type");
    bool known = cJSON_IsString(type) && (strcmp(type->valuestring, "array") == 0 ||
                                          strcmp(type->valuestring, "group") == 0);
    return known ? type->valuestring : NULL;
}

static ar_status add_node(ar_source *source, const char *name, const cJSON *metadata,
                          bool *is_group, ar_error *err)
{
    const char *type = node_type(metadata);
    *is_group = type && type[0] == 'g';
    if (!type) {
        return ar_fail(err, AR_ERROR_INPUT, "%s/%s: \"node_type\" must be \"array\" or \"group\"",
                       source->path, name);
    }
    return *is_group ? AR_OK : add_array(source, name, metadata, err);
}

static ar_status visit(ar_source *source, const char *name, bool *is_group, ar_error *err)
{
    cJSON *metadata = NULL;
    ar_status status = ar_zarr_parse_object(source, name, "zarr.json", &metadata, err);
    if (metadata) {
        status = add_node(source, name, metadata, is_group, err);
    }
    cJSON_Delete(metadata);
    return status;
}

ar_status ar_zarr_open_v3(ar_source *source, const cJSON *root, ar_error *err)
{
    ar_status status = AR_OK;
    const char *type = node_type(root);
    int64_t format;
    source->format = "Zarr v3";
    if (!ar_json_integer(cJSON_GetObjectItemCaseSensitive(root, "zarr_format"), 0, &format) ||
        format != 3 || !type) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s/zarr.json: \"zarr_format\" must be 3 and \"node_type\" \"group\"",
                       source->path);
    }
    if (type[0] == 'a') {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: is a Zarr array; give the folder of its group, one above",
                       source->path);
    }
    AR_TRY(
        ar_zarr_take_attributes(source, cJSON_GetObjectItemCaseSensitive(root, "attributes"), err));
    const cJSON *consolidated = cJSON_GetObjectItemCaseSensitive(root, "consolidated_metadata");
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(consolidated, "metadata");
    if (!cJSON_IsObject(all)) {
        return ar_zarr_walk(source, visit, err);
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, all)
    {
        bool is_group;
        AR_TRY(add_node(source, item->string, item, &is_group, err));
    }
cleanup:
    return status;
}
