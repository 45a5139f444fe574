/* Zarr: the input is a .zarray or zarr.json up to the first zero byte, then the bytes of a chunk or
 * shard, which lie under every key. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/json.h"
#include "io/zarr_private.h"
#include "io/zarr_shard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Metadata may rightly ask for chunks and indexes of up to 2 GiB: not here. */
static const size_t largest_chunk = 1 << 20;

/* A store of one array, `a`, whose metadata and chunks are parts of the input. */
typedef struct {
    ar_zarr_store base;
    const char *root, *name; /* of the root's and the array's metadata */
    const uint8_t *metadata, *chunk;
    size_t metadata_bytes, chunk_bytes;
} input_store;

static ar_status read_object(ar_zarr_store *store, const char *key, ar_zarr_range range,
                             char **data, size_t *bytes, ar_error *err)
{
    const input_store *input = (input_store *)store;
    const uint8_t *object = input->chunk;
    size_t size = input->chunk_bytes;
    uint64_t offset;
    *data = NULL;
    if (strcmp(key, input->root) == 0) {
        object = (const uint8_t *)"{\"zarr_format\": 3, \"node_type\": \"group\"}";
        size = strlen((const char *)object);
    } else if (strcmp(key, input->name) == 0) {
        object = input->metadata;
        size = input->metadata_bytes;
    } else if (strncmp(key, "a/", 2) != 0 || key[2] == '.') {
        return AR_OK;
    }
    ar_status status = ar_zarr_range_find(range, size, key, &offset, bytes, err);
    /* an exact copy, so that a byte read or written beside it is seen */
    if (status == AR_OK) {
        status = ar_allocate(data, *bytes, 1, key, err);
    }
    if (status == AR_OK && *bytes > 0) {
        memcpy(*data, object + offset, *bytes);
    }
    return status;
}

static ar_status list(ar_zarr_store *store, const char *prefix, char ***names, size_t *count,
                      ar_error *err)
{
    (void)store;
    (void)prefix;
    *count = 0;
    ar_status status = ar_allocate(names, 1, sizeof **names, "names", err);
    if (status == AR_OK) {
        status = ar_copy_string(&(*names)[0], "a", err);
        *count = status == AR_OK;
    }
    return status;
}

static void destroy(ar_zarr_store *store)
{
    ar_free(store);
}

/* Read the first and the last value of what the store holds. */
static void read_values(ar_source *source)
{
    ar_error err;
    const ar_variable *variable = ar_source_find(source, "a");
    const ar_zarr_array *array = ((ar_zarr_group *)source->state)->arrays;
    if (!variable || !variable->readable || array->chunk_bytes > largest_chunk ||
        (array->sharded && ar_zarr_shard_index_bytes(array) > largest_chunk)) {
        return;
    }
    for (int last = 0; last < 2; last++) {
        int64_t start[AR_RANK_MAX] = {0}, count[AR_RANK_MAX];
        double value;
        for (int d = 0; d < variable->rank; d++) {
            count[d] = variable->shape[d] > 0;
            start[d] = last && count[d] ? variable->shape[d] - 1 : 0;
        }
        if (ar_source_read_double(source, variable, start, count, &value, &err) != AR_OK) {
            return;
        }
    }
}

static void read_store(bool version_3, const uint8_t *metadata, size_t metadata_bytes,
                       const uint8_t *chunk, size_t chunk_bytes)
{
    ar_error err;
    input_store *store = NULL;
    ar_source *source = NULL;
    if (ar_allocate(&store, 1, sizeof *store, "a store", &err) != AR_OK ||
        ar_allocate(&source, 1, sizeof *source, "a source", &err) != AR_OK ||
        ar_copy_string(&source->path, "fuzz", &err) != AR_OK) {
        abort();
    }
    *store = (input_store){.base = {.read = read_object, .list = list, .destroy = destroy},
                           .root = version_3 ? "zarr.json" : ".zgroup",
                           .name = version_3 ? "a/zarr.json" : "a/.zarray",
                           .metadata = metadata,
                           .metadata_bytes = metadata_bytes,
                           .chunk = chunk,
                           .chunk_bytes = chunk_bytes};
    if (ar_zarr_open_store(source, &store->base, &err) == AR_OK) {
        read_values(source);
    }
    ar_source_close(&source);
}

static void take_attributes(const cJSON *json)
{
    ar_error err;
    ar_variable variable = {.name = "fuzz"};
    ar_packing packing;
    const ar_number_type type = {.kind = AR_NUMBER_SIGNED, .bytes = 2};
    if (ar_json_attributes(&variable.attributes, &variable.attribute_count, json, NULL, &err) ==
            AR_OK &&
        ar_packing_init(&packing, type, &variable, &err) == AR_OK) {
        float value;
        ar_unpack(&packing, "\1\2", 1, (ar_values){.floats = &value}, 0);
    }
    for (int64_t i = 0; i < variable.attribute_count; i++) {
        ar_free(variable.attributes[i].name);
        ar_free(variable.attributes[i].text);
        ar_free(variable.attributes[i].numbers);
    }
    ar_free(variable.attributes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = memchr(data, 0, size);
    size_t length = zero ? (size_t)(zero - data) : size;
    cJSON *json = NULL;
    ar_error err;
    if (ar_json_parse(&json, (const char *)data, length, "fuzz", &err) == AR_OK) {
        take_attributes(json);
    }
    cJSON_Delete(json);
    for (int version_3 = 0; version_3 < 2; version_3++) {
        read_store(version_3, data, length, zero ? zero + 1 : data, zero ? size - length - 1 : 0);
    }
    return 0;
}
