/* What lies in memory of a variable that is being written, a chunk or a shard, becomes the bytes of
 * a file and back. */
#include <string.h>

#include "base/memory.h"
#include "io/zarr_codec.h"
#include "io/zarr_part.h"
#include "io/zarr_shard.h"
#include "io/zarr_store.h"
#include "io/zarr_writer_private.h"

typedef union {
    float f4;
    double f8;
    int64_t i8;
    int32_t i4;
    int16_t i2;
} element;

static element fill_element(const ar_zarr_written *variable)
{
    double fill = variable->array.has_fill ? variable->array.fill : 0;
    element value = {0};
    switch (variable->type) {
    case AR_WRITER_FLOAT:
        value.f4 = (float)fill;
        break;
    case AR_WRITER_DOUBLE:
        value.f8 = fill;
        break;
    case AR_WRITER_INT64:
        value.i8 = (int64_t)fill;
        break;
    case AR_WRITER_INT32:
        value.i4 = (int32_t)fill;
        break;
    case AR_WRITER_INT16:
        value.i2 = (int16_t)fill;
        break;
    }
    return value;
}

void ar_zarr_written_fill(const ar_zarr_written *variable)
{
    const element value = fill_element(variable);
    size_t size = (size_t)variable->array.type.bytes;
    char *object = variable->object;
    memcpy(object, &value, size);
    for (size_t done = size; done < variable->object_bytes; done *= 2) {
        size_t left = variable->object_bytes - done;
        memcpy(object + done, object, done < left ? done : left);
    }
}

static bool is_fill(const ar_zarr_written *variable, const char *chunk)
{
    const element value = fill_element(variable);
    size_t size = (size_t)variable->array.type.bytes;
    return memcmp(chunk, &value, size) == 0 &&
           memcmp(chunk, chunk + size, variable->array.chunk_bytes - size) == 0;
}

/* ---- one chunk ------------------------------------------------------------------------------- */

/* Encode a chunk to the end of writer->encoded[*used]. */
static ar_status append_chunk(ar_zarr_writer *writer, const ar_zarr_written *variable,
                              const char *chunk, size_t *used, ar_error *err)
{
    const ar_zarr_array *array = &variable->array;
    ar_status status = AR_OK;
    size_t bound = ar_zarr_encoded_bound(array->chunk_bytes), bytes = array->chunk_bytes;
    AR_TRY(ar_grow(&writer->encoded, &writer->encoded_capacity,
                   *used + bound + AR_ZARR_CRC32C_BYTES, 1, "an encoded chunk", err));
    char *at = writer->encoded + *used;
    if (variable->level > 0) {
        AR_TRY(ar_zarr_encode(variable->codec, variable->level, (size_t)array->type.bytes, chunk,
                              array->chunk_bytes, at, bound, &bytes, writer->base.path, err));
    } else {
        memcpy(at, chunk, bytes);
    }
    if (variable->checksum) {
        ar_zarr_append_crc32c(at, bytes);
        bytes += AR_ZARR_CRC32C_BYTES;
    }
    *used += bytes;
cleanup:
    return status;
}

/* ---- shards ---------------------------------------------------------------------------------- */

/* Copy between the shard in memory and one of its chunks. */
static void copy_chunk(const ar_zarr_written *variable, const int64_t *place, char *chunk,
                       bool into_shard)
{
    const ar_zarr_array *array = &variable->array;
    int64_t first[AR_RANK_MAX];
    for (int d = 0; d < array->rank; d++) {
        first[d] = place[d] * array->chunk[d];
    }
    const ar_zarr_box in_shard = {variable->object, array->object, first};
    const ar_zarr_box alone = {chunk, array->chunk, NULL};
    ar_zarr_box_copy(into_shard ? in_shard : alone, into_shard ? alone : in_shard, array->chunk,
                     array->rank, (size_t)array->type.bytes);
}

/* Chunks of nothing but the fill value are not there. */
static ar_status encode_shard(ar_zarr_writer *writer, const ar_zarr_written *variable, size_t *used,
                              ar_error *err)
{
    const ar_zarr_array *array = &variable->array;
    ar_status status = AR_OK;
    ar_zarr_shard_entry *index = NULL;
    char *chunk = NULL;
    int64_t along[AR_RANK_MAX], place[AR_RANK_MAX] = {0};
    size_t chunks = ar_zarr_shard_chunks(array, along), number = 0;
    AR_TRY(ar_allocate(&index, chunks, sizeof *index, "a shard's index", err));
    AR_TRY(ar_allocate(&chunk, array->chunk_bytes, 1, "a chunk", err));
    do {
        size_t begin = *used;
        index[number] = (ar_zarr_shard_entry){AR_ZARR_NO_CHUNK, AR_ZARR_NO_CHUNK};
        copy_chunk(variable, place, chunk, false);
        if (!is_fill(variable, chunk)) {
            AR_TRY(append_chunk(writer, variable, chunk, used, err));
            index[number] = (ar_zarr_shard_entry){begin, *used - begin};
        }
        number++;
    } while (ar_zarr_advance(place, along, array->rank));
    size_t index_bytes = ar_zarr_shard_index_bytes(array);
    AR_TRY(ar_grow(&writer->encoded, &writer->encoded_capacity, *used + index_bytes, 1,
                   "an encoded shard", err));
    ar_zarr_shard_index_encode(array, index, writer->encoded + *used);
    *used += index_bytes;
cleanup:
    ar_free(index);
    ar_free(chunk);
    return status;
}

static ar_status decode_shard(const ar_zarr_written *variable, const char *encoded, size_t bytes,
                              const char *where, ar_error *err)
{
    const ar_zarr_array *array = &variable->array;
    ar_status status = AR_OK;
    ar_zarr_shard_entry *index = NULL;
    char *chunk = NULL;
    int64_t along[AR_RANK_MAX], place[AR_RANK_MAX] = {0};
    size_t chunks = ar_zarr_shard_chunks(array, along), number = 0;
    const ar_zarr_range tail = {AR_ZARR_END, 0, ar_zarr_shard_index_bytes(array)};
    uint64_t offset;
    size_t size;
    AR_TRY(ar_zarr_range_find(tail, bytes, where, &offset, &size, err));
    AR_TRY(ar_allocate(&index, chunks, sizeof *index, "a shard's index", err));
    AR_TRY(ar_allocate(&chunk, array->chunk_bytes, 1, "a chunk", err));
    AR_TRY(ar_zarr_shard_index_decode(array, encoded + offset, index, where, err));
    ar_zarr_written_fill(variable);
    do {
        ar_zarr_shard_entry entry = index[number++];
        const ar_zarr_range range = {AR_ZARR_PART, entry.offset, (size_t)entry.bytes};
        if (entry.offset == AR_ZARR_NO_CHUNK && entry.bytes == AR_ZARR_NO_CHUNK) {
            continue;
        }
        AR_TRY(ar_zarr_range_find(range, bytes, where, &offset, &size, err));
        AR_TRY(ar_zarr_decode(array, encoded + offset, size, chunk, where, err));
        copy_chunk(variable, place, chunk, true);
    } while (ar_zarr_advance(place, along, array->rank));
cleanup:
    ar_free(index);
    ar_free(chunk);
    return status;
}

/* ---- objects --------------------------------------------------------------------------------- */

ar_status ar_zarr_written_encode(ar_zarr_writer *writer, const ar_zarr_written *variable,
                                 const void **data, size_t *bytes, ar_error *err)
{
    *bytes = 0;
    if (!variable->array.sharded && variable->array.codec_count == 0) {
        *data = variable->object;
        *bytes = variable->object_bytes;
        return AR_OK;
    }
    ar_status status = variable->array.sharded
                           ? encode_shard(writer, variable, bytes, err)
                           : append_chunk(writer, variable, variable->object, bytes, err);
    *data = writer->encoded;
    return status;
}

ar_status ar_zarr_written_decode(const ar_zarr_written *variable, const char *encoded, size_t bytes,
                                 const char *where, ar_error *err)
{
    return variable->array.sharded
               ? decode_shard(variable, encoded, bytes, where, err)
               : ar_zarr_decode(&variable->array, encoded, bytes, variable->object, where, err);
}

size_t ar_zarr_written_largest(const ar_zarr_written *variable)
{
    const ar_zarr_array *array = &variable->array;
    int64_t along[AR_RANK_MAX];
    size_t chunk = ar_zarr_largest_encoded(array);
    return array->sharded
               ? ar_zarr_shard_chunks(array, along) * chunk + ar_zarr_shard_index_bytes(array)
               : chunk;
}
