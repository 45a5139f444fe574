#include "io/zarr_cache.h"

#include "base/memory.h"

static const size_t largest_cache = (size_t)128 << 20;

const void *ar_zarr_cache_find(ar_zarr_cache *cache, ar_zarr_cache_key key)
{
    for (int i = 0; i < AR_ZARR_CACHE_PLACES; i++) {
        ar_zarr_cached *cached = &cache->places[i];
        if (cached->data && cached->key.array == key.array &&
            cached->key.is_index == key.is_index && cached->key.number == key.number) {
            cached->last_use = ++cache->uses;
            return cached->data;
        }
    }
    return NULL;
}

static void drop(ar_zarr_cache *cache, ar_zarr_cached *cached)
{
    if (cached->data) {
        cache->bytes -= cached->bytes;
    }
    ar_free(cached->data);
    *cached = (ar_zarr_cached){0};
}

void ar_zarr_cache_release(ar_zarr_cache *cache)
{
    for (int i = 0; i < AR_ZARR_CACHE_PLACES; i++) {
        drop(cache, &cache->places[i]);
    }
}

static ar_zarr_cached *find_oldest(ar_zarr_cache *cache, bool used)
{
    ar_zarr_cached *found = NULL;
    for (int i = 0; i < AR_ZARR_CACHE_PLACES; i++) {
        ar_zarr_cached *cached = &cache->places[i];
        if (used && !cached->data) {
            continue;
        }
        if (!found || cached->last_use < found->last_use) {
            found = cached;
        }
    }
    return found;
}

static bool has_room(const ar_zarr_cache *cache, size_t bytes)
{
    return cache->bytes <= largest_cache && bytes <= largest_cache - cache->bytes;
}

void *ar_zarr_cache_recycle(ar_zarr_cache *cache, size_t bytes)
{
    ar_zarr_cached *oldest = find_oldest(cache, true);
    if (!oldest || has_room(cache, bytes) || oldest->bytes != bytes || oldest->key.is_index) {
        return NULL;
    }
    void *data = oldest->data;
    *oldest = (ar_zarr_cached){0};
    cache->bytes -= bytes;
    return data;
}

void ar_zarr_cache_take(ar_zarr_cache *cache, ar_zarr_cache_key key, void *data, size_t bytes)
{
    while (cache->bytes > 0 && !has_room(cache, bytes)) {
        drop(cache, find_oldest(cache, true));
    }
    ar_zarr_cached *place = find_oldest(cache, false);
    drop(cache, place);
    *place = (ar_zarr_cached){.key = key, .last_use = ++cache->uses, .data = data, .bytes = bytes};
    cache->bytes += bytes;
}
