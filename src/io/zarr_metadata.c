#include "io/zarr_metadata.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/json.h"

/* The largest chunk that Zarr's own codecs can make (numcodecs: INT_MAX bytes). */
static const size_t largest_chunk = INT_MAX;

static void set_problem(ar_zarr_array *array, const char *format, ...) AR_PRINTF(2, 3);

/* The first problem is kept. */
static void set_problem(ar_zarr_array *array, const char *format, ...)
{
    if (!array->problem[0]) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(array->problem, sizeof array->problem, format, arguments);
        va_end(arguments);
    }
}

static ar_status parse_shape(ar_zarr_array *array, const cJSON *metadata, const char *where,
                             ar_error *err)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(metadata, "shape");
    const cJSON *chunks = cJSON_GetObjectItemCaseSensitive(metadata, "chunks");
    if (!cJSON_IsArray(shape) || !cJSON_IsArray(chunks) ||
        cJSON_GetArraySize(shape) != cJSON_GetArraySize(chunks)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: \"shape\" and \"chunks\" must be two lists of the same length", where);
    }
    if (cJSON_GetArraySize(shape) > AR_RANK_MAX) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: has %d dimensions, at most %d are read", where,
                       cJSON_GetArraySize(shape), AR_RANK_MAX);
    }
    array->rank = cJSON_GetArraySize(shape);
    size_t chunk_count = 1;
    const cJSON *length = shape->child, *chunk = chunks->child;
    for (int d = 0; d < array->rank; d++, length = length->next, chunk = chunk->next) {
        if (!ar_json_integer(length, 0, &array->shape[d])) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: \"shape\" must be of whole numbers from 0 on",
                           where);
        }
        /* an empty dimension may come with chunks of 0: there is none to read */
        if (!ar_json_integer(chunk, array->shape[d] == 0 ? 0 : 1, &array->chunk[d])) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: \"chunks\" must be of whole numbers from 1 on",
                           where);
        }
        array->chunk[d] += array->chunk[d] == 0;
        size_t chunks_along = (size_t)((array->shape[d] - 1) / array->chunk[d] + 1);
        if (!ar_size_product(chunk_count, chunks_along, &chunk_count) || chunk_count > INT64_MAX) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: has more than 2^63 chunks", where);
        }
    }
    return AR_OK;
}

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
    if (!array->is_number) {
        return AR_OK;
    }
    array->chunk_bytes = (size_t)array->type.bytes;
    for (int d = 0; d < array->rank; d++) {
        if (!ar_size_product(array->chunk_bytes, (size_t)array->chunk[d], &array->chunk_bytes) ||
            array->chunk_bytes > largest_chunk) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: a chunk has more than %zu bytes", where,
                           largest_chunk);
        }
    }
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
        ar_zarr_compressor compressor;
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
            array->compressor = known[i].compressor;
            return AR_OK;
        }
    }
    set_problem(array, "has the compressor \"%.40s\"; read are blosc, zlib, gzip, zstd and none",
                name);
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
        const char *name = codec_name(filter);
        if (!name) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: a filter must have an \"id\"", where);
        }
        if (strcmp(name, "shuffle") != 0) {
            set_problem(array, "has the filter \"%.40s\"; read are shuffle and none", name);
            return AR_OK;
        }
        if (array->filter_count == AR_ZARR_FILTERS_MAX) {
            set_problem(array, "has more filters than are read");
            return AR_OK;
        }
        int64_t size = 4; /* numcodecs' default */
        const cJSON *element = cJSON_GetObjectItemCaseSensitive(filter, "elementsize");
        if (element && (!ar_json_integer(element, 0, &size) || size > INT_MAX)) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: \"elementsize\" of the shuffle filter must be a whole number",
                           where);
        }
        if (array->is_number && size > 1 && array->chunk_bytes % (size_t)size != 0) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: chunks of %zu bytes cannot be shuffled in elements of %lld bytes",
                           where, array->chunk_bytes, (long long)size);
        }
        array->shuffle_size[array->filter_count++] = size;
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
    static const struct {
        const char *word;
        double value;
    } words[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};
    for (int i = 0; i < 3 && cJSON_IsString(fill); i++) {
        if (strcmp(fill->valuestring, words[i].word) == 0) {
            array->fill = words[i].value;
            return AR_OK;
        }
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
    if (order->valuestring[0] == 'F' && array->rank > 1) {
        set_problem(array, "has its chunks in order F (column-major); only order C is read");
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

ar_status ar_zarr_array_parse(ar_zarr_array *array, const cJSON *metadata, const char *where,
                              ar_error *err)
{
    ar_status status = AR_OK;
    *array = (ar_zarr_array){0};
    int64_t format;
    if (!ar_json_integer(cJSON_GetObjectItemCaseSensitive(metadata, "zarr_format"), 0, &format) ||
        format != 2) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: \"zarr_format\" must be 2", where);
    }
    AR_TRY(parse_shape(array, metadata, where, err));
    AR_TRY(parse_type(array, metadata, where, err));
    AR_TRY(parse_order(array, metadata, where, err));
    AR_TRY(parse_compressor(array, metadata, where, err));
    AR_TRY(parse_filters(array, metadata, where, err));
    AR_TRY(parse_fill(array, metadata, where, err));
cleanup:
    return status;
}
