/* The codec crc32c of Zarr v3: four bytes of checksum, little-endian, after the data. */
#include "io/crc32c.h"
#include "io/zarr_codec.h"

ar_status ar_zarr_check_crc32c(const char *encoded, size_t *bytes, const char *where, ar_error *err)
{
    if (*bytes < AR_ZARR_CRC32C_BYTES) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: has %zu bytes, too few for its checksum: it is truncated", where,
                       *bytes);
    }
    *bytes -= AR_ZARR_CRC32C_BYTES;
    uint32_t stored = 0;
    for (int b = 0; b < AR_ZARR_CRC32C_BYTES; b++) {
        stored |= (uint32_t)(unsigned char)encoded[*bytes + (size_t)b] << 8 * b;
    }
    uint32_t found = ar_crc32c(encoded, *bytes);
    return stored == found
               ? AR_OK
               : ar_fail(err, AR_ERROR_INPUT,
                         "%s: its checksum (CRC-32C) is %08x, %08x is stored: it is corrupt", where,
                         found, stored);
}

void ar_zarr_append_crc32c(char *data, size_t bytes)
{
    uint32_t checksum = ar_crc32c(data, bytes);
    for (int b = 0; b < AR_ZARR_CRC32C_BYTES; b++) {
        data[bytes + (size_t)b] = (char)(checksum >> 8 * b);
    }
}
