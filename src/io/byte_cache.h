/* Bytes kept by name, up to a number of bytes: what was not used for longest goes first. Its
 * functions may be called by several threads. Private to the io room. */
#ifndef AR_IO_BYTE_CACHE_H
#define AR_IO_BYTE_CACHE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef struct {
    char *name;
    uint64_t hash, last_use;
    char *data; /* NULL: it is known that there is nothing of this name */
    size_t bytes;
} ar_byte_cache_entry;

typedef struct {
    size_t most_bytes; /* names included */
    pthread_mutex_t lock;
    ar_byte_cache_entry *entries;
    size_t count, capacity;
    size_t bytes;
    uint64_t uses;
} ar_byte_cache;

/* A static one; it may also be released at the end of a program, or never. */
#define AR_BYTE_CACHE(most)                                                                        \
    {                                                                                              \
        .most_bytes = (most), .lock = PTHREAD_MUTEX_INITIALIZER                                    \
    }

/* Copy what `name` is known to be: *found is false where nothing is known; *data is NULL where it
 * is known that there is nothing, else the caller's to ar_free. */
AR_USE_RESULT ar_status ar_byte_cache_find(ar_byte_cache *cache, const char *name, bool *found,
                                           char **data, size_t *bytes, ar_error *err);
/* Keep a copy of data[bytes], or that there is nothing (NULL). What is larger than a quarter of the
 * cache is not kept; nor is anything where memory is short, which is no error. */
void ar_byte_cache_keep(ar_byte_cache *cache, const char *name, const char *data, size_t bytes);
void ar_byte_cache_release(ar_byte_cache *cache);

#endif
