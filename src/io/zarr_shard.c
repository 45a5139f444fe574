#include "io/zarr_shard.h"

#include "io/zarr_codec.h"

enum { NUMBER_BYTES = 8, ENTRY_BYTES = 2 * NUMBER_BYTES };

size_t ar_zarr_shard_chunks(const ar_zarr_array *array, int64_t along[AR_RANK_MAX])
{
    size_t chunks = 1;
    for (int d = 0; d < array->rank; d++) {
        along[d] = array->object[d] / array->chunk[d];
        chunks *= (size_t)along[d];
    }
    return chunks;
}

size_t ar_zarr_shard_index_bytes(const ar_zarr_array *array)
{
    int64_t along[AR_RANK_MAX];
    return ar_zarr_shard_chunks(array, along) * ENTRY_BYTES +
           (array->index_has_checksum ? AR_ZARR_CRC32C_BYTES : 0);
}

static int byte_shift(const ar_zarr_array *array, int byte)
{
    return 8 * (array->index_is_big_endian ? NUMBER_BYTES - 1 - byte : byte);
}

static uint64_t load(const ar_zarr_array *array, const char *stored)
{
    uint64_t number = 0;
    for (int b = 0; b < NUMBER_BYTES; b++) {
        number |= (uint64_t)(unsigned char)stored[b] << byte_shift(array, b);
    }
    return number;
}

static void store(const ar_zarr_array *array, uint64_t number, char *stored)
{
    for (int b = 0; b < NUMBER_BYTES; b++) {
        stored[b] = (char)(number >> byte_shift(array, b));
    }
}

ar_status ar_zarr_shard_index_decode(const ar_zarr_array *array, const char *stored,
                                     ar_zarr_shard_entry *entries, const char *where, ar_error *err)
{
    size_t bytes = ar_zarr_shard_index_bytes(array);
    if (array->index_has_checksum) {
        ar_status status = ar_zarr_check_crc32c(stored, &bytes, where, err);
        if (status != AR_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < bytes / ENTRY_BYTES; i++) {
        entries[i] =
            (ar_zarr_shard_entry){.offset = load(array, stored + i * ENTRY_BYTES),
                                  .bytes = load(array, stored + i * ENTRY_BYTES + NUMBER_BYTES)};
    }
    return AR_OK;
}

void ar_zarr_shard_index_encode(const ar_zarr_array *array, const ar_zarr_shard_entry *entries,
                                char *stored)
{
    int64_t along[AR_RANK_MAX];
    size_t chunks = ar_zarr_shard_chunks(array, along);
    for (size_t i = 0; i < chunks; i++) {
        store(array, entries[i].offset, stored + i * ENTRY_BYTES);
        store(array, entries[i].bytes, stored + i * ENTRY_BYTES + NUMBER_BYTES);
    }
    if (array->index_has_checksum) {
        ar_zarr_append_crc32c(stored, chunks * ENTRY_BYTES);
    }
}
