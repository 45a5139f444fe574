/* Encoding one chunk, so that numcodecs and ar_zarr_decode read it. */
#include <blosc.h>
#include <zstd.h>

#include "base/memory.h"
#include "io/zarr_writer_private.h"

const char *ar_zarr_codec_name(ar_writer_codec codec)
{
    return codec == AR_WRITER_BLOSC_LZ4 ? BLOSC_LZ4_COMPNAME : BLOSC_ZSTD_COMPNAME;
}

size_t ar_zarr_encoded_bound(size_t bytes)
{
    if (bytes > BLOSC_MAX_BUFFERSIZE) {
        return 0;
    }
    size_t bound = ZSTD_compressBound(bytes);
    return bound > bytes + BLOSC_MAX_OVERHEAD ? bound : bytes + BLOSC_MAX_OVERHEAD;
}

ar_status ar_zarr_encode(ar_writer_codec codec, int level, size_t element, const void *chunk,
                         size_t bytes, void *encoded, size_t capacity, size_t *size,
                         const char *where, ar_error *err)
{
    *size = 0;
    if (codec == AR_WRITER_ZSTD) {
        size_t result = ZSTD_compress(encoded, capacity, chunk, bytes, level);
        if (ZSTD_isError(result)) {
            return ar_fail(err, AR_ERROR_MEMORY, "%s: zstd cannot compress a chunk: %s", where,
                           ZSTD_getErrorName(result));
        }
        *size = result;
        return AR_OK;
    }
    const char *name = ar_zarr_codec_name(codec);
    if (blosc_compname_to_compcode(name) < 0) {
        return ar_fail(err, AR_ERROR_SYSTEM,
                       "%s: this Blosc library does not have the codec %s (it has %s)", where, name,
                       blosc_list_compressors());
    }
    int result = blosc_compress_ctx(level, BLOSC_SHUFFLE, element, bytes, chunk, encoded, capacity,
                                    name, 0, 1);
    if (result <= 0) {
        return ar_fail(err, AR_ERROR_MEMORY, "%s: Blosc cannot compress a chunk (code %d)", where,
                       result);
    }
    *size = (size_t)result;
    return AR_OK;
}

ar_status ar_writer_encoded_size(ar_writer_codec codec, int level, size_t element,
                                 const void *chunk, size_t bytes, size_t *size, ar_error *err)
{
    const size_t bound = ar_zarr_encoded_bound(bytes);
    void *encoded = NULL;
    ar_status status = ar_allocate(&encoded, bound, 1, "an encoded chunk", err);
    if (status == AR_OK) {
        status = ar_zarr_encode(codec, level, element, chunk, bytes, encoded, bound, size,
                                "a chunk to be measured", err);
    }
    ar_free(encoded);
    return status;
}
