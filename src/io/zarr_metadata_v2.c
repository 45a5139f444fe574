#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "io/json.h"
#include "io/zarr_metadata.h"

static ar_status parse_type(ar_zarr_array *array, const cJSON *metadata, const char *where,
                            ar_error *err)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(metadata, "dtype");
    if (cJSON_IsArray(type)) {
        snprintf(array->type_name, sizeof array->type_name, "|V");
        return AR_OK;
    }
    if (!cJSON_IsString(type)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: \"dtype\" must be a text such as \"<f4\"", where);
    }
    snprintf(array->type_name, sizeof array->type_name, "%s", type->valuestring);
    array->is_number = ar_number_type_parse(&array->type, type->valuestring);
    return AR_OK;
}

static const char *codec_name(const cJSON *codec)
{
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(codec, "id");
    return cJSON_IsString(id) ? id->valuestring : NULL;
}

static ar_status parse_compressor(ar_zarr_array *array, const cJSON *metadata, const char *where,
                                  ar_error *err)
{
    static const struct {
        const char *name;
        ar_zarr_codec_kind kind;
    } known[] = {{"blosc", AR_ZARR_BLOSC},
                 {"zlib", AR_ZARR_ZLIB},
                 {"gzip", AR_ZARR_GZIP},
                 {"zstd", AR_ZARR_ZSTD}};
    const cJSON *codec = cJSON_GetObjectItemCaseSensitive(metadata, "compressor");
    if (!codec || cJSON_IsNull(codec)) {
        return AR_OK;
    }
    const char *name = codec_name(codec);
    if (!name) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: \"compressor\" must be null or have an \"id\"",
                       where);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(name, known[i].name) == 0) {
            ar_zarr_add_codec(array, (ar_zarr_codec){.kind = known[i].kind});
            return AR_OK;
        }
    }
    ar_zarr_set_problem(
        array, "has the compressor \"%.40s\"; read are blosc, zlib, gzip, zstd and none", name);
    return AR_OK;
}

static ar_status parse_filter(ar_zarr_array *array, const cJSON *filter, const char *where,
                              ar_error *err)
{
    const char *name = codec_name(filter);
    if (!name) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: a filter must have an \"id\"", where);
    }
    if (strcmp(name, "shuffle") != 0) {
        ar_zarr_set_problem(array, "has the filter \"%.40s\"; read are shuffle and none", name);
        return AR_OK;
    }
    int64_t size = 4; /* numcodecs' default */
    const cJSON *element = cJSON_GetObjectItemCaseSensitive(filter, "elementsize");
    if (element && (!ar_json_integer(element, 0, &size) || size > INT_MAX)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: \"elementsize\" of the shuffle filter must be a whole number", where);
    }
    if (array->is_number && size > 1 && array->chunk_bytes % (size_t)size != 0) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: chunks of %zu bytes cannot be shuffled in elements of %lld bytes",
                       where, array->chunk_bytes, (long long)size);
    }
    ar_zarr_add_codec(array, (ar_zarr_codec){.kind = AR_ZARR_SHUFFLE, .element = size});
    return AR_OK;
}

static ar_status parse_filters(ar_zarr_array *array, const cJSON *metadata, const char *where,
                               ar_error *err)
{
    const cJSON *filters = cJSON_GetObjectItemCaseSensitive(metadata, "filters");
    if (!filters || cJSON_IsNull(filters)) {
        return AR_OK;
    }
    if (!cJSON_IsArray(filters)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: \"filters\" must be null or a list", where);
    }
    const cJSON *filter;
    cJSON_ArrayForEach(filter, filters)
    {
        ar_status status = parse_filter(array, filter, where, err);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

static ar_status parse_fill(ar_zarr_array *array, const cJSON *metadata, const char *where,
                            ar_error *err)
{
    const cJSON *fill = cJSON_GetObjectItemCaseSensitive(metadata, "fill_value");
    if (!array->is_number || !fill || cJSON_IsNull(fill)) {
        return AR_OK;
    }
    array->has_fill = true;
    if (ar_json_number(fill, &array->fill)) {
        array->fill = ar_number_round(array->type, array->fill);
        return AR_OK;
    }
    if (cJSON_IsBool(fill)) {
        array->fill = cJSON_IsTrue(fill);
        return AR_OK;
    }
    if (ar_zarr_parse_word(fill, &array->fill)) {
        return AR_OK;
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: \"fill_value\" must be a number, \"NaN\", \"Infinity\", \"-Infinity\" or "
                   "null",
                   where);
}

static ar_status parse_order(ar_zarr_array *array, const cJSON *metadata, const char *where,
                             ar_error *err)
{
    const cJSON *order = cJSON_GetObjectItemCaseSensitive(metadata, "order");
    const cJSON *separator = cJSON_GetObjectItemCaseSensitive(metadata, "dimension_separator");
    if (!cJSON_IsString(order) ||
        (strcmp(order->valuestring, "C") != 0 && strcmp(order->valuestring, "F") != 0)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: \"order\" must be \"C\" or \"F\"", where);
    }
    /* with one dimension the two orders are the same */
    array->transposed = order->valuestring[0] == 'F' && array->rank > 1;
    for (int d = 0; d < array->rank; d++) {
        array->order[d] = array->rank - 1 - d;
    }
    array->separator = '.';
    if (separator && !cJSON_IsNull(separator)) {
        if (!cJSON_IsString(separator) || (strcmp(separator->valuestring, ".") != 0 &&
                                           strcmp(separator->valuestring, "/") != 0)) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: \"dimension_separator\" must be \".\" or \"/\"", where);
        }
        array->separator = separator->valuestring[0];
    }
    return AR_OK;
}

ar_status ar_zarr_array_parse_v2(ar_zarr_array *array, const cJSON *metadata, const char *where,
                                 ar_error *err)
{
    ar_status status = AR_OK;
    *array = (ar_zarr_array){0};
    int64_t format;
    if (!ar_json_integer(cJSON_GetObjectItemCaseSensitive(metadata, "zarr_format"), 0, &format) ||
        format != 2) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: \"zarr_format\" must be 2", where);
    }
    AR_TRY(ar_zarr_parse_grid(array, cJSON_GetObjectItemCaseSensitive(metadata, "shape"),
                              cJSON_GetObjectItemCaseSensitive(metadata, "chunks"), "chunks", where,
                              err));
    AR_TRY(parse_type(array, metadata, where, err));
    AR_TRY(ar_zarr_check_sizes(array, where, err));
    AR_TRY(parse_order(array, metadata, where, err));
    AR_TRY(parse_filters(array, metadata, where, err));
    AR_TRY(parse_compressor(array, metadata, where, err));
    AR_TRY(parse_fill(array, metadata, where, err));
cleanup:
    return status;
}
