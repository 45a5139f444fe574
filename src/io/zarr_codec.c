#include "io/zarr_codec.h"

#include <string.h>

#include <blosc.h>
#include <zlib.h>
#include <zstd.h>

#include "base/memory.h"
#include "io/zarr_part.h"

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

static ar_status decompress(ar_zarr_codec_kind kind, const void *encoded, size_t bytes, void *plain,
                            size_t size, const char *where, ar_error *err)
{
    switch (kind) {
    case AR_ZARR_BLOSC:
        return decode_blosc(encoded, bytes, plain, size, where, err);
    case AR_ZARR_ZLIB:
        return decode_zlib(15, encoded, bytes, plain, size, where, err);
    case AR_ZARR_GZIP:
        return decode_zlib(15 + 16, encoded, bytes, plain, size, where, err);
    case AR_ZARR_ZSTD:
        return decode_zstd(encoded, bytes, plain, size, where, err);
    default:
        return ar_fail(err, AR_ERROR_INPUT, "%s: unknown compressor", where);
    }
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

/* Put the elements of a stored chunk, whose dimension d is the array's order[d], into the array's
 * order. */
static void transpose(const ar_zarr_array *array, const char *stored, char *out)
{
    const size_t size = (size_t)array->type.bytes;
    int64_t lengths[AR_RANK_MAX], strides[AR_RANK_MAX], place[AR_RANK_MAX] = {0}, stride = 1;
    for (int d = array->rank - 1; d >= 0; d--) {
        strides[d] = stride;
        stride *= array->chunk[d];
    }
    for (int d = 0; d < array->rank; d++) {
        lengths[d] = array->chunk[array->order[d]];
    }
    do {
        int64_t to = 0;
        for (int d = 0; d < array->rank; d++) {
            to += place[d] * strides[array->order[d]];
        }
        memcpy(out + (size_t)to * size, stored, size);
        stored += size;
    } while (ar_zarr_advance(place, lengths, array->rank));
}

/* How many bytes codec number `codec` was given, unless a compressor is before it. */
static size_t bytes_before(const ar_zarr_array *array, int codec)
{
    size_t bytes = array->chunk_bytes;
    for (int c = 0; c < codec; c++) {
        bytes += array->codecs[c].kind == AR_ZARR_CRC32C ? AR_ZARR_CRC32C_BYTES : 0;
    }
    return bytes;
}

/* What a codec makes goes into one of two buffers by turns. */
typedef struct {
    char *buffers[2];
    int next;
} workspace;

static ar_status take_buffer(workspace *work, size_t bytes, char **buffer, ar_error *err)
{
    ar_free(work->buffers[work->next]);
    ar_status status = ar_allocate(&work->buffers[work->next], bytes, 1, "a chunk", err);
    *buffer = work->buffers[work->next];
    work->next = 1 - work->next;
    return status;
}

ar_status ar_zarr_decode(const ar_zarr_array *array, const void *encoded, size_t bytes, void *chunk,
                         const char *where, ar_error *err)
{
    ar_status status = AR_OK;
    workspace work = {{NULL, NULL}, 0};
    const char *at = encoded;
    if (bytes > ar_zarr_largest_encoded(array)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: has %zu bytes, at most %zu can be right", where,
                       bytes, ar_zarr_largest_encoded(array));
    }
    for (int c = array->codec_count - 1; c >= 0; c--) {
        const ar_zarr_codec *codec = &array->codecs[c];
        size_t size = bytes_before(array, c);
        bool last = c == 0 && !array->transposed;
        char *made = chunk;
        if (codec->kind == AR_ZARR_CRC32C) {
            AR_TRY(ar_zarr_check_crc32c(at, &bytes, where, err));
            continue;
        }
        if (codec->kind == AR_ZARR_SHUFFLE && codec->element <= 1) {
            continue;
        }
        if (!last) {
            AR_TRY(take_buffer(&work, size, &made, err));
        }
        if (codec->kind == AR_ZARR_SHUFFLE) {
            if (bytes != size) {
                status = wrong_size(where, bytes, size, err);
                goto cleanup;
            }
            unshuffle((const unsigned char *)at, bytes, (size_t)codec->element,
                      (unsigned char *)made);
        } else {
            AR_TRY(decompress(codec->kind, at, bytes, made, size, where, err));
            bytes = size;
        }
        at = made;
    }
    if (bytes != array->chunk_bytes) {
        status = wrong_size(where, bytes, array->chunk_bytes, err);
    } else if (array->transposed) {
        transpose(array, at, chunk);
    } else if (at != chunk) {
        memcpy(chunk, at, bytes);
    }
cleanup:
    ar_free(work.buffers[0]);
    ar_free(work.buffers[1]);
    return status;
}
