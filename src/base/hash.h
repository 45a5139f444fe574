/* Checksums for provenance and file integrity: XXH3, 64 bit (xxHash library, Y. Collet). */
#ifndef AR_BASE_HASH_H
#define AR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

/* Hash `bytes` bytes, chained from `seed` (0 for the first piece). Thread-safe. */
uint64_t ar_hash(const void *data, size_t bytes, uint64_t seed);

/* Hash the content of a file, as `xxhsum -H3` does, or of a folder: that of all files in it, one
 * after the other, each folder's sorted by the bytes of their names. Symbolic links in it are
 * followed. *size (may be NULL) receives how many bytes that are. Thread-safe. */
AR_USE_RESULT ar_status ar_hash_path(const char *path, uint64_t *hash, int64_t *size,
                                     ar_error *err);
/* Only how many bytes. */
AR_USE_RESULT ar_status ar_path_size(const char *path, int64_t *size, ar_error *err);

#endif
