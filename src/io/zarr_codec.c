#include "io/zarr_codec.h"

#include <string.h>

#include <blosc.h>
#include <zlib.h>
#include <zstd.h>

#include "base/memory.h"

size_t ar_zarr_largest_encoded(const ar_zarr_array *array)
{
    return array->chunk_bytes + array->chunk_bytes / 8 + 4096;
}

static ar_status wrong_size(const char *where, size_t found, size_t right, ar_error *err)
{
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: the chunk decodes to %zu bytes, %zu are right: it is corrupt or belongs to "
                   "another array",
                   where, found, right);
}

static ar_status decode_uncompressed(const void *encoded, size_t bytes, void *chunk, size_t size,
                                     const char *where, ar_error *err)
{
    if (bytes != size) {
        return wrong_size(where, bytes, size, err);
    }
    memcpy(chunk, encoded, size);
    return AR_OK;
}

/* Whether the library was built with this inner codec. */
static bool blosc_has(const char *name)
{
    return blosc_compname_to_compcode(name) >= 0;
}

static ar_status decode_blosc(const void *encoded, size_t bytes, void *chunk, size_t size,
                              const char *where, ar_error *err)
{
    /* Inner formats by the three high bits of the header's flags (C-Blosc README_HEADER). */
    static const char *const inner[] = {"blosclz", "lz4", "snappy", "zlib", "zstd"};
    size_t decoded = 0;
    if (blosc_cbuffer_validate(encoded, bytes, &decoded) != 0) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: has %zu bytes and no valid Blosc header: it is corrupt or truncated",
                       where, bytes);
    }
    if (decoded != size) {
        return wrong_size(where, decoded, size, err);
    }
    unsigned format = ((const unsigned char *)encoded)[2] >> 5;
    if (format >= sizeof inner / sizeof *inner || !blosc_has(inner[format])) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: is compressed by Blosc's inner codec %s, which this Blosc library does "
                       "not have (it has %s)",
                       where, format < sizeof inner / sizeof *inner ? inner[format] : "(unknown)",
                       blosc_list_compressors());
    }
    int result = blosc_decompress_ctx(encoded, chunk, size, 1);
    if (result < 0 || (size_t)result != size) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: Blosc cannot decode the chunk (code %d): it is corrupt", where, result);
    }
    return AR_OK;
}

/* window_bits: 15 is a zlib stream, 31 a gzip one. A gzip file may have several members. */
static ar_status inflate_all(z_stream *stream, bool members, size_t size, const char *where,
                             ar_error *err)
{
    for (;;) {
        int code = inflate(stream, Z_FINISH);
        if (code == Z_STREAM_END && members && stream->avail_in > 0) {
            if (inflateReset(stream) != Z_OK) {
                return ar_fail(err, AR_ERROR_MEMORY, "%s: zlib has no memory", where);
            }
            continue;
        }
        if (code == Z_STREAM_END) {
            break;
        }
        if (code == Z_BUF_ERROR && stream->avail_out == 0 && stream->avail_in > 0) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: the chunk decodes to more than the %zu bytes that are right", where,
                           size);
        }
        return ar_fail(err, AR_ERROR_INPUT, "%s: zlib cannot decode the chunk: %s", where,
                       stream->msg ? stream->msg : "it is truncated");
    }
    if (stream->avail_in > 0) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: %u bytes follow the compressed chunk", where,
                       stream->avail_in);
    }
    return stream->avail_out == 0 ? AR_OK : wrong_size(where, size - stream->avail_out, size, err);
}

static ar_status decode_zlib(int window_bits, const void *encoded, size_t bytes, void *chunk,
                             size_t size, const char *where, ar_error *err)
{
    /* both sizes are below 2^32: a chunk is at most INT_MAX, its encoding at most an eighth more */
    z_stream stream = {.next_in = (Bytef *)encoded,
                       .avail_in = (uInt)bytes,
                       .next_out = chunk,
                       .avail_out = (uInt)size};
    if (inflateInit2(&stream, window_bits) != Z_OK) {
        return ar_fail(err, AR_ERROR_MEMORY, "%s: zlib has no memory", where);
    }
    ar_status status = inflate_all(&stream, window_bits > 15, size, where, err);
    inflateEnd(&stream);
    return status;
}

static ar_status decode_zstd(const void *encoded, size_t bytes, void *chunk, size_t size,
                             const char *where, ar_error *err)
{
    size_t result = ZSTD_decompress(chunk, size, encoded, bytes);
    if (ZSTD_isError(result)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: zstd cannot decode the chunk to %zu bytes: %s",
                       where, size, ZSTD_getErrorName(result));
    }
    return result == size ? AR_OK : wrong_size(where, result, size, err);
}

static ar_status decompress(const ar_zarr_array *array, const void *encoded, size_t bytes,
                            void *chunk, const char *where, ar_error *err)
{
    size_t size = array->chunk_bytes;
    switch (array->compressor) {
    case AR_ZARR_UNCOMPRESSED:
        return decode_uncompressed(encoded, bytes, chunk, size, where, err);
    case AR_ZARR_BLOSC:
        return decode_blosc(encoded, bytes, chunk, size, where, err);
    case AR_ZARR_ZLIB:
        return decode_zlib(15, encoded, bytes, chunk, size, where, err);
    case AR_ZARR_GZIP:
        return decode_zlib(15 + 16, encoded, bytes, chunk, size, where, err);
    case AR_ZARR_ZSTD:
        return decode_zstd(encoded, bytes, chunk, size, where, err);
    }
    return ar_fail(err, AR_ERROR_INPUT, "%s: unknown compressor", where);
}

/* Byte b of element i lies at b·count + i. */
static void unshuffle(const unsigned char *shuffled, size_t bytes, size_t element,
                      unsigned char *out)
{
    size_t count = bytes / element;
    for (size_t b = 0; b < element; b++) {
        for (size_t i = 0; i < count; i++) {
            out[i * element + b] = shuffled[b * count + i];
        }
    }
}

ar_status ar_zarr_decode(const ar_zarr_array *array, const void *encoded, size_t bytes, void *chunk,
                         const char *where, ar_error *err)
{
    ar_status status = AR_OK;
    unsigned char *shuffled = NULL;
    if (bytes > ar_zarr_largest_encoded(array)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: has %zu bytes, at most %zu can be right", where,
                       bytes, ar_zarr_largest_encoded(array));
    }
    AR_TRY(decompress(array, encoded, bytes, chunk, where, err));
    for (int f = array->filter_count - 1; f >= 0; f--) {
        size_t element = (size_t)array->shuffle_size[f];
        if (element <= 1) {
            continue;
        }
        if (!shuffled) {
            AR_TRY(ar_allocate(&shuffled, array->chunk_bytes, 1, "a chunk", err));
        }
        memcpy(shuffled, chunk, array->chunk_bytes);
        unshuffle(shuffled, array->chunk_bytes, element, chunk);
    }
cleanup:
    ar_free(shuffled);
    return status;
}
