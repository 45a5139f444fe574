/* An open Zarr v2 group. Private to the files zarr*.c. */
#ifndef AR_IO_ZARR_PRIVATE_H
#define AR_IO_ZARR_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "io/source_private.h"
#include "io/zarr_metadata.h"

/* Decoded chunks kept so that reading slab by slab decodes each chunk once: at most this many, and
 * as many bytes, unless a single chunk is larger. */
enum { AR_ZARR_CACHE_CHUNKS = 128 };
static const size_t ar_zarr_cache_bytes = (size_t)128 << 20;

typedef struct {
    int64_t array;     /* index of the variable */
    int64_t chunk;     /* row-major number of the chunk */
    uint64_t last_use; /* larger is later */
    void *data;        /* decoded, host order not yet applied; NULL: the place is free */
    size_t bytes;
} ar_zarr_cached;

typedef struct {
    ar_zarr_array *arrays; /* beside the source's variables */
    size_t array_capacity;
    ar_zarr_cached cache[AR_ZARR_CACHE_CHUNKS];
    uint64_t uses;
    size_t cached_bytes;
} ar_zarr_group;

/* The read function of the reader: hyperslab of variable `index`, chunk by chunk. */
ar_status ar_zarr_read(ar_source *source, int64_t index, const int64_t *start, const int64_t *count,
                       ar_values values, ar_error *err);
void ar_zarr_cache_release(ar_zarr_group *group);

#endif
