#include "io/byte_cache.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

static size_t entry_bytes(const ar_byte_cache_entry *entry)
{
    return sizeof *entry + strlen(entry->name) + entry->bytes;
}

static void drop(ar_byte_cache *cache, size_t i)
{
    ar_byte_cache_entry *entry = &cache->entries[i];
    cache->bytes -= entry_bytes(entry);
    ar_free(entry->name);
    ar_free(entry->data);
    *entry = cache->entries[--cache->count];
}

static ar_byte_cache_entry *find(const ar_byte_cache *cache, const char *name, uint64_t hash)
{
    for (size_t i = 0; i < cache->count; i++) {
        if (cache->entries[i].hash == hash && strcmp(cache->entries[i].name, name) == 0) {
            return &cache->entries[i];
        }
    }
    return NULL;
}

static size_t find_oldest(const ar_byte_cache *cache)
{
    size_t oldest = 0;
    for (size_t i = 1; i < cache->count; i++) {
        if (cache->entries[i].last_use < cache->entries[oldest].last_use) {
            oldest = i;
        }
    }
    return oldest;
}

/* A zero byte is put after the end, as ar_file_read_whole does. */
static ar_status copy_bytes(char **copy, const char *data, size_t bytes, ar_error *err)
{
    ar_status status = ar_allocate(copy, bytes + 1, 1, "bytes of a store", err);
    if (status == AR_OK && bytes > 0) {
        memcpy(*copy, data, bytes);
    }
    return status;
}

ar_status ar_byte_cache_find(ar_byte_cache *cache, const char *name, bool *found, char **data,
                             size_t *bytes, ar_error *err)
{
    uint64_t hash = ar_hash(name, strlen(name), 0);
    ar_status status = AR_OK;
    *data = NULL;
    *bytes = 0;
    pthread_mutex_lock(&cache->lock);
    ar_byte_cache_entry *entry = find(cache, name, hash);
    *found = entry;
    if (entry) {
        entry->last_use = ++cache->uses;
    }
    if (entry && entry->data) {
        *bytes = entry->bytes;
        status = copy_bytes(data, entry->data, entry->bytes, err);
    }
    pthread_mutex_unlock(&cache->lock);
    return status;
}

static void add(ar_byte_cache *cache, ar_byte_cache_entry *entry)
{
    while (cache->count > 0 && cache->bytes + entry_bytes(entry) > cache->most_bytes) {
        drop(cache, find_oldest(cache));
    }
    if (ar_grow(&cache->entries, &cache->capacity, cache->count + 1, sizeof *entry, "a cache",
                NULL) != AR_OK) {
        return;
    }
    cache->bytes += entry_bytes(entry);
    cache->entries[cache->count++] = *entry;
    *entry = (ar_byte_cache_entry){0};
}

void ar_byte_cache_keep(ar_byte_cache *cache, const char *name, const char *data, size_t bytes)
{
    ar_byte_cache_entry entry = {.hash = ar_hash(name, strlen(name), 0), .bytes = bytes};
    if (bytes > cache->most_bytes / 4 || ar_copy_string(&entry.name, name, NULL) != AR_OK) {
        return;
    }
    pthread_mutex_lock(&cache->lock);
    entry.last_use = ++cache->uses;
    if (!find(cache, name, entry.hash) &&
        (!data || copy_bytes(&entry.data, data, bytes, NULL) == AR_OK)) {
        add(cache, &entry);
    }
    pthread_mutex_unlock(&cache->lock);
    ar_free(entry.name);
    ar_free(entry.data);
}

void ar_byte_cache_release(ar_byte_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    while (cache->count > 0) {
        drop(cache, cache->count - 1);
    }
    ar_free(cache->entries);
    cache->entries = NULL;
    cache->capacity = 0;
    pthread_mutex_unlock(&cache->lock);
}
