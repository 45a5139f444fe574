/* The list "codecs" of a Zarr v3 array: transpose, then bytes or sharding_indexed, then what works
 * on bytes (https://zarr-specs.readthedocs.io/en/latest/v3/codecs/index.html). */
#include <limits.h>
#include <string.h>

#include "base/memory.h"
#include "io/json.h"
#include "io/zarr_metadata.h"

/* Where a list of codecs is read: the array's own, or that inside of its shards. */
typedef struct {
    ar_zarr_array *array;
    const char *where;
    bool inner, has_bytes;
} codec_list;

static ar_status take_transpose(codec_list *list, const cJSON *configuration, ar_error *err)
{
    ar_zarr_array *array = list->array;
    const cJSON *order = cJSON_GetObjectItemCaseSensitive(configuration, "order");
    bool right = cJSON_IsArray(order) && cJSON_GetArraySize(order) == array->rank;
    bool seen[AR_RANK_MAX] = {false};
    const cJSON *item = right ? order->child : NULL;
    if (array->transposed) {
        ar_zarr_set_problem(array, "is transposed twice, which is not read");
    }
    for (int d = 0; d < array->rank && right; d++, item = item->next) {
        int64_t from;
        right = ar_json_integer(item, 0, &from) && from < array->rank && !seen[from];
        if (right) {
            seen[from] = true;
            array->order[d] = (int)from;
        }
    }
    array->transposed = true;
    return right ? AR_OK
                 : ar_fail(err, AR_ERROR_INPUT,
                           "%s: \"order\" of transpose must be the %d numbers of the dimensions, "
                           "each once",
                           list->where, array->rank);
}

/* *is_big says what the codec's configuration does. */
static ar_status parse_endian(const cJSON *configuration, int element, bool *is_big,
                              const char *where, ar_error *err)
{
    const cJSON *endian = cJSON_GetObjectItemCaseSensitive(configuration, "endian");
    const char *text = cJSON_IsString(endian) ? endian->valuestring : "";
    *is_big = strcmp(text, "big") == 0;
    bool needed = endian || element > 1;
    return !needed || *is_big || strcmp(text, "little") == 0
               ? AR_OK
               : ar_fail(err, AR_ERROR_INPUT,
                         "%s: \"endian\" of the codec bytes must be \"little\" or \"big\"", where);
}

static ar_status take_bytes(codec_list *list, const cJSON *configuration, ar_error *err)
{
    ar_zarr_array *array = list->array;
    bool is_big = false;
    ar_status status = parse_endian(configuration, array->type.bytes, &is_big, list->where, err);
    if (status == AR_OK && array->type.bytes > 1) {
        array->type_name[0] = is_big ? '>' : '<';
        ar_number_type_parse(&array->type, array->type_name);
    }
    list->has_bytes = true;
    return status;
}

/* Only indexes whose size is known beforehand can be found at the end of a shard. */
static ar_status take_index_codecs(codec_list *list, const cJSON *codecs, ar_error *err)
{
    ar_zarr_array *array = list->array;
    const cJSON *configuration, *none;
    const cJSON *first = cJSON_IsArray(codecs) ? codecs->child : NULL;
    const cJSON *second = first ? first->next : NULL;
    const char *bytes = ar_zarr_parse_extension(first, &configuration);
    const char *checksum = ar_zarr_parse_extension(second, &none);
    array->index_has_checksum = second;
    if (!bytes || (second && !checksum)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: \"index_codecs\" must be a list of codecs",
                       list->where);
    }
    if (strcmp(bytes, "bytes") != 0 || (second && strcmp(checksum, "crc32c") != 0) ||
        (second && second->next)) {
        ar_zarr_set_problem(array, "has index codecs other than bytes and crc32c in its shards");
        return AR_OK;
    }
    return parse_endian(configuration, 8, &array->index_is_big_endian, list->where, err);
}

static ar_status take_inner_shape(codec_list *list, const cJSON *shape, ar_error *err)
{
    ar_zarr_array *array = list->array;
    bool right = cJSON_IsArray(shape) && cJSON_GetArraySize(shape) == array->rank;
    const cJSON *item = right ? shape->child : NULL;
    size_t index_bytes = 2 * sizeof(uint64_t);
    for (int d = 0; d < array->rank && right; d++, item = item->next) {
        right =
            ar_json_integer(item, 1, &array->chunk[d]) && array->object[d] % array->chunk[d] == 0;
        if (right && (!ar_size_product(index_bytes, (size_t)(array->object[d] / array->chunk[d]),
                                       &index_bytes) ||
                      index_bytes > INT_MAX)) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: a shard's index has 2 GiB or more",
                           list->where);
        }
    }
    return right ? AR_OK
                 : ar_fail(err, AR_ERROR_INPUT,
                           "%s: \"chunk_shape\" of sharding_indexed must be %d lengths that divide "
                           "those of the chunk grid",
                           list->where, array->rank);
}

static ar_status parse_list(codec_list *list, const cJSON *codecs, ar_error *err);

static ar_status take_sharding(codec_list *list, const cJSON *configuration, ar_error *err)
{
    ar_zarr_array *array = list->array;
    ar_status status = AR_OK;
    codec_list inner = {.array = array, .where = list->where, .inner = true};
    const cJSON *location = cJSON_GetObjectItemCaseSensitive(configuration, "index_location");
    if (list->inner || array->transposed) {
        ar_zarr_set_problem(array, "has shards within shards or transposed ones, which are not "
                                   "read");
        return AR_OK;
    }
    const char *place = !location ? "end" : cJSON_IsString(location) ? location->valuestring : "";
    array->index_at_start = strcmp(place, "start") == 0;
    if (!array->index_at_start && strcmp(place, "end") != 0) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: \"index_location\" must be \"start\" or \"end\"",
                       list->where);
    }
    array->sharded = true;
    AR_TRY(take_inner_shape(list, cJSON_GetObjectItemCaseSensitive(configuration, "chunk_shape"),
                            err));
    AR_TRY(take_index_codecs(list, cJSON_GetObjectItemCaseSensitive(configuration, "index_codecs"),
                             err));
    AR_TRY(parse_list(&inner, cJSON_GetObjectItemCaseSensitive(configuration, "codecs"), err));
    list->has_bytes = true;
cleanup:
    return status;
}

static ar_status take_codec(codec_list *list, const char *name, const cJSON *configuration,
                            ar_error *err)
{
    static const struct {
        const char *name;
        ar_zarr_codec_kind kind;
    } of_bytes[] = {{"blosc", AR_ZARR_BLOSC},
                    {"gzip", AR_ZARR_GZIP},
                    {"zstd", AR_ZARR_ZSTD},
                    {"crc32c", AR_ZARR_CRC32C}};
    static const struct {
        const char *name;
        ar_status (*take)(codec_list *, const cJSON *configuration, ar_error *err);
    } of_arrays[] = {
        {"transpose", take_transpose}, {"bytes", take_bytes}, {"sharding_indexed", take_sharding}};
    for (size_t i = 0; i < sizeof of_arrays / sizeof *of_arrays; i++) {
        if (strcmp(name, of_arrays[i].name) == 0) {
            return !list->has_bytes ? of_arrays[i].take(list, configuration, err)
                                    : ar_fail(err, AR_ERROR_INPUT,
                                              "%s: the codec %s comes after the array became bytes",
                                              list->where, name);
        }
    }
    for (size_t i = 0; i < sizeof of_bytes / sizeof *of_bytes; i++) {
        if (strcmp(name, of_bytes[i].name) != 0) {
            continue;
        }
        if (!list->has_bytes) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: the codec %s comes before the array became bytes by \"bytes\"",
                           list->where, name);
        }
        if (list->array->sharded && !list->inner) {
            ar_zarr_set_problem(list->array,
                                "has the codec %s around its shards, which is not read", name);
        } else {
            ar_zarr_add_codec(list->array, (ar_zarr_codec){.kind = of_bytes[i].kind});
        }
        return AR_OK;
    }
    ar_zarr_set_problem(list->array,
                        "has the codec \"%.40s\"; read are bytes, transpose, sharding_indexed, "
                        "blosc, gzip, zstd and crc32c",
                        name);
    return AR_OK;
}

static ar_status parse_list(codec_list *list, const cJSON *codecs, ar_error *err)
{
    const cJSON *codec;
    if (!cJSON_IsArray(codecs)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: \"codecs\" must be a list", list->where);
    }
    cJSON_ArrayForEach(codec, codecs)
    {
        const cJSON *configuration;
        const char *name = ar_zarr_parse_extension(codec, &configuration);
        if (!name) {
            return ar_fail(err, AR_ERROR_INPUT, "%s: a codec must have a \"name\"", list->where);
        }
        ar_status status = take_codec(list, name, configuration, err);
        if (status != AR_OK || list->array->problem[0]) {
            return status; /* what follows the unknown cannot be judged */
        }
    }
    return list->has_bytes
               ? AR_OK
               : ar_fail(err, AR_ERROR_INPUT,
                         "%s: \"codecs\" must have \"bytes\" or \"sharding_indexed\"", list->where);
}

ar_status ar_zarr_parse_codecs_v3(ar_zarr_array *array, const cJSON *codecs, const char *where,
                                  ar_error *err)
{
    codec_list list = {.array = array, .where = where};
    return parse_list(&list, codecs, err);
}
