/* What the metadata of Zarr arrays of both versions share. */
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

void ar_zarr_set_problem(ar_zarr_array *array, const char *format, ...)
{
    if (!array->problem[0]) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(array->problem, sizeof array->problem, format, arguments);
        va_end(arguments);
    }
}

ar_status ar_zarr_parse_grid(ar_zarr_array *array, const cJSON *shape, const cJSON *chunks,
                             const char *chunks_name, const char *where, ar_error *err)
{
    if (!cJSON_IsArray(shape) || !cJSON_IsArray(chunks) ||
        cJSON_GetArraySize(shape) != cJSON_GetArraySize(chunks)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: \"shape\" and \"%s\" must be two lists of the same length", where,
                       chunks_name);
    }
    if (cJSON_GetArraySize(shape) > AR_RANK_MAX) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: has %d dimensions, at most %d are read", where,
                       cJSON_GetArraySize(shape), AR_RANK_MAX);
    }
    array->rank = cJSON_GetArraySize(shape);
    const cJSON *length = shape->child, *chunk = chunks->child;
    for (int d = 0; d < array->rank; d++, length = length->next, chunk = chunk->next) {
        if (!ar_json_integer(length, 0, &array->shape[d])) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: \"shape\" must be of whole numbers from 0 on",
                           where);
        }
        /* an empty dimension may come with chunks of 0: there is none to read */
        if (!ar_json_integer(chunk, array->shape[d] == 0 ? 0 : 1, &array->object[d])) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: \"%s\" must be of whole numbers from 1 on",
                           where, chunks_name);
        }
        array->object[d] += array->object[d] == 0;
    }
    memcpy(array->chunk, array->object, sizeof array->chunk);
    return AR_OK;
}

ar_status ar_zarr_check_sizes(ar_zarr_array *array, const char *where, ar_error *err)
{
    size_t chunk_count = 1;
    array->chunk_bytes = array->is_number ? (size_t)array->type.bytes : 0;
    for (int d = 0; d < array->rank; d++) {
        size_t along = (size_t)((array->shape[d] - 1) / array->chunk[d] + 1);
        if (!ar_size_product(chunk_count, along, &chunk_count) || chunk_count > INT64_MAX) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: has more than 2^63 chunks", where);
        }
        if (!ar_size_product(array->chunk_bytes, (size_t)array->chunk[d], &array->chunk_bytes) ||
            array->chunk_bytes > largest_chunk) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: a chunk has more than %zu bytes", where,
                           largest_chunk);
        }
    }
    return AR_OK;
}

static bool compresses(ar_zarr_codec_kind kind)
{
    return kind != AR_ZARR_SHUFFLE && kind != AR_ZARR_CRC32C;
}

void ar_zarr_add_codec(ar_zarr_array *array, ar_zarr_codec codec)
{
    if (array->codec_count == AR_ZARR_CODECS_MAX) {
        ar_zarr_set_problem(array, "has more than %d codecs", AR_ZARR_CODECS_MAX);
        return;
    }
    for (int c = 0; c < array->codec_count && compresses(codec.kind); c++) {
        if (compresses(array->codecs[c].kind)) {
            ar_zarr_set_problem(array, "is compressed twice; only one compressor is read");
            return;
        }
    }
    array->codecs[array->codec_count++] = codec;
}

bool ar_zarr_parse_word(const cJSON *item, double *number)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"NaN", NAN}, {"Infinity", INFINITY}, {"-Infinity", -INFINITY}};
    for (int i = 0; i < 3 && cJSON_IsString(item); i++) {
        if (strcmp(item->valuestring, words[i].word) == 0) {
            *number = words[i].value;
            return true;
        }
    }
    return false;
}
