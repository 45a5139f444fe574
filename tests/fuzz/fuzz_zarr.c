/* Zarr: the input is a .zarray up to the first zero byte, then the bytes of a chunk. */
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "io/json.h"
#include "io/source_private.h"
#include "io/zarr_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Metadata may rightly ask for chunks of up to 2 GiB: not here. */
static const size_t largest_chunk = 1 << 20;

static void decode(const ar_zarr_array *array, const uint8_t *encoded, size_t bytes)
{
    ar_error err;
    void *chunk = NULL, *copy = NULL;
    /* exact copies, so that a byte read or written beside them is seen */
    if (ar_allocate(&chunk, array->chunk_bytes, 1, "a chunk", &err) == AR_OK &&
        ar_allocate(&copy, bytes, 1, "an encoded chunk", &err) == AR_OK) {
        memcpy(copy, encoded, bytes);
        if (ar_zarr_decode(array, copy, bytes, chunk, "fuzz", &err) == AR_OK) {
            double value;
            ar_number_widen(array->type, chunk, 1, &value);
        }
    }
    ar_free(chunk);
    ar_free(copy);
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
    ar_zarr_array array;
    ar_error err;
    if (ar_json_parse(&json, (const char *)data, length, "fuzz", &err) == AR_OK) {
        take_attributes(json);
        if (ar_zarr_array_parse(&array, json, "fuzz", &err) == AR_OK && zero && array.is_number &&
            !array.problem[0] && array.chunk_bytes <= largest_chunk) {
            decode(&array, zero + 1, size - length - 1);
        }
    }
    cJSON_Delete(json);
    return 0;
}
