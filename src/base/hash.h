/* Checksums for provenance and file integrity: XXH3, 64 bit (xxHash library, Y. Collet). */
#ifndef AR_BASE_HASH_H
#define AR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Hash `bytes` bytes, chained from `seed` (0 for the first piece). Thread-safe. */
uint64_t ar_hash(const void *data, size_t bytes, uint64_t seed);

#endif
