/* Shards of Zarr v3: several chunks under one key, with an index that says where each lies
 * (https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html). Private to
 * the io room. */
#ifndef AR_IO_ZARR_SHARD_H
#define AR_IO_ZARR_SHARD_H

#include "io/zarr_metadata.h"

/* Where a chunk lies in its shard. Both are AR_ZARR_NO_CHUNK when it is not there: then it is the
 * fill value. */
typedef struct {
    uint64_t offset, bytes;
} ar_zarr_shard_entry;
#define AR_ZARR_NO_CHUNK UINT64_MAX

/* Chunks in a shard, and along each dimension. */
size_t ar_zarr_shard_chunks(const ar_zarr_array *array, int64_t along[AR_RANK_MAX]);
/* Bytes of the index as it is stored, its checksum included. */
size_t ar_zarr_shard_index_bytes(const ar_zarr_array *array);
/* Turn a stored index of ar_zarr_shard_index_bytes bytes into entries[chunks], row-major. A wrong
 * checksum is an error that begins with `where`; where the entries lie is not looked at. */
AR_USE_RESULT ar_status ar_zarr_shard_index_decode(const ar_zarr_array *array, const char *stored,
                                                   ar_zarr_shard_entry *entries, const char *where,
                                                   ar_error *err);
/* The other way round. */
void ar_zarr_shard_index_encode(const ar_zarr_array *array, const ar_zarr_shard_entry *entries,
                                char *stored);

#endif
