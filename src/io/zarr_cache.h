/* Decoded chunks, and indexes of shards, kept so that reading slab by slab decodes each once: at
 * most AR_ZARR_CACHE_PLACES, and 128 MiB unless a single one is larger; those not used for longest
 * go first. Private to the io room. */
#ifndef AR_IO_ZARR_CACHE_H
#define AR_IO_ZARR_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AR_ZARR_CACHE_PLACES = 128 };

typedef struct {
    int64_t array;  /* index of the variable */
    bool is_index;  /* of a shard, else a chunk */
    int64_t number; /* row-major, of the shard or chunk */
} ar_zarr_cache_key;

typedef struct {
    ar_zarr_cache_key key;
    uint64_t last_use; /* larger is later; 0: never used or cleared */
    void *data;        /* NULL: the place is free */
    size_t bytes;
} ar_zarr_cached;

typedef struct {
    ar_zarr_cached places[AR_ZARR_CACHE_PLACES];
    uint64_t uses;
    size_t bytes;
} ar_zarr_cache; /* zeroed: empty */

/* Borrowed until the next ar_zarr_cache_take; NULL when it is not there. */
const void *ar_zarr_cache_find(ar_zarr_cache *cache, ar_zarr_cache_key key);
/* Keep `data`, of ar_allocate, which belongs to the cache from now on. */
void ar_zarr_cache_take(ar_zarr_cache *cache, ar_zarr_cache_key key, void *data, size_t bytes);
/* Take out the oldest chunk, to be written over, if it has so many bytes and would have to go
 * anyway when as many are taken in: fresh memory of large chunks costs as much as decoding them.
 * NULL: none; else the caller's to ar_free. */
void *ar_zarr_cache_recycle(ar_zarr_cache *cache, size_t bytes);
void ar_zarr_cache_release(ar_zarr_cache *cache);

#endif
