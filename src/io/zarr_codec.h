/* Decoding one chunk: its codecs backwards. Private to the io room.
 * Sources: numcodecs 0.11 (blosc, zlib, gzip, zstd, shuffle), C-Blosc 1.21, RFC 1950–1952, RFC
 * 8878, the codecs of Zarr v3 (https://zarr-specs.readthedocs.io/en/latest/v3/codecs/index.html).
 */
#ifndef AR_IO_ZARR_CODEC_H
#define AR_IO_ZARR_CODEC_H

#include "io/zarr_metadata.h"

/* Decode `bytes` bytes at `encoded` into chunk[array->chunk_bytes]. A chunk that is corrupt, or
 * whose decoded size is another one, is an error that starts with `where`. Thread-safe. */
AR_USE_RESULT ar_status ar_zarr_decode(const ar_zarr_array *array, const void *encoded,
                                       size_t bytes, void *chunk, const char *where, ar_error *err);

/* The most bytes an encoded chunk can reasonably have: what does not compress grows a little. */
size_t ar_zarr_largest_encoded(const ar_zarr_array *array);

/* Check the checksum, little-endian, in the last four of *bytes bytes, and take it off. */
AR_USE_RESULT ar_status ar_zarr_check_crc32c(const char *encoded, size_t *bytes, const char *where,
                                             ar_error *err);
/* Append the checksum of `bytes` bytes at `data`, for which there must be four bytes of room. */
void ar_zarr_append_crc32c(char *data, size_t bytes);
enum { AR_ZARR_CRC32C_BYTES = 4 };

#endif
