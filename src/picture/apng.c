#include "picture/apng.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "base/memory.h"

enum {
    SIGNATURE = 8,
    AROUND = 12, /* bytes of a chunk besides its data: length, type, CRC */
    HEADER = 13, /* of IHDR's data */
    PALETTE = 3, /* kind of colour */
    LARGEST_FRAME = 1 << 26,
};

static const unsigned char signature[SIGNATURE] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

typedef struct {
    ar_atomic_file file;
    unsigned char header[HEADER]; /* of the first frame */
    uint32_t sequence;            /* number of the next fcTL or fdAT */
} animation;

static void put_number(unsigned char *to, uint32_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        to[i] = (unsigned char)(number >> 8 * (bytes - 1 - i));
    }
}

static uint32_t get_number(const unsigned char *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

/* A chunk whose data are `first`[first_bytes], if there are any, and data[bytes]. */
static ar_status put_chunk(animation *it, const char *type, const void *first, size_t first_bytes,
                           const void *data, size_t bytes, ar_error *err)
{
    unsigned char head[8], tail[4];
    put_number(head, (uint32_t)(first_bytes + bytes), 4);
    memcpy(head + 4, type, 4);
    uLong crc = crc32(0, head + 4, 4);
    crc = first_bytes > 0 ? crc32(crc, first, (uInt)first_bytes) : crc;
    crc = bytes > 0 ? crc32(crc, data, (uInt)bytes) : crc;
    put_number(tail, (uint32_t)crc, 4);
    ar_status status = AR_OK;
    AR_TRY(ar_atomic_file_write(&it->file, head, sizeof head, err));
    AR_TRY(ar_atomic_file_write(&it->file, first, first_bytes, err));
    AR_TRY(ar_atomic_file_write(&it->file, data, bytes, err));
    AR_TRY(ar_atomic_file_write(&it->file, tail, sizeof tail, err));
cleanup:
    return status;
}

/* fcTL: the whole of the picture, instead of what was there. */
static ar_status put_control(animation *it, int milliseconds, ar_error *err)
{
    unsigned char control[26] = {0};
    put_number(control, it->sequence++, 4);
    memcpy(control + 4, it->header, 8); /* width and height */
    put_number(control + 20, (uint32_t)milliseconds, 2);
    put_number(control + 22, 1000, 2);
    return put_chunk(it, "fcTL", NULL, 0, control, sizeof control, err);
}

/* The data of a frame: IDAT of the first, fdAT, which are numbered, of the others. */
static ar_status put_data(animation *it, const unsigned char *png, size_t bytes, bool first,
                          const char *path, ar_error *err)
{
    bool ended = false;
    ar_status status = AR_OK;
    for (size_t at = SIGNATURE; !ended && bytes - at >= AROUND;) {
        const size_t length = get_number(png + at);
        if (length > bytes - at - AROUND) {
            break;
        }
        const unsigned char *type = png + at + 4, *data = png + at + 8;
        if (memcmp(type, "IDAT", 4) == 0 && first) {
            AR_TRY(put_chunk(it, "IDAT", NULL, 0, data, length, err));
        } else if (memcmp(type, "IDAT", 4) == 0) {
            unsigned char number[4];
            put_number(number, it->sequence++, 4);
            AR_TRY(put_chunk(it, "fdAT", number, sizeof number, data, length, err));
        }
        ended = memcmp(type, "IEND", 4) == 0;
        at += length + AROUND;
    }
    if (!ended) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: is cut short", path);
    }
cleanup:
    return status;
}

static ar_status put_frame(animation *it, const char *path, int64_t index, int64_t count,
                           int milliseconds, ar_error *err)
{
    char *text = NULL;
    size_t bytes = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_file_read_whole(path, LARGEST_FRAME, &text, &bytes, err));
    const unsigned char *png = (const unsigned char *)text;
    const unsigned char *header = png + SIGNATURE + 8;
    if (bytes < SIGNATURE + AROUND + HEADER || memcmp(png, signature, SIGNATURE) != 0 ||
        memcmp(png + SIGNATURE, "\0\0\0\rIHDR", 8) != 0 || header[9] == PALETTE) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: should be a PNG without a palette", path);
        goto cleanup;
    }
    if (index == 0) {
        unsigned char control[8] = {0}; /* acTL: frames, and 0 for a loop without an end */
        put_number(control, (uint32_t)count, 4);
        memcpy(it->header, header, HEADER);
        AR_TRY(ar_atomic_file_write(&it->file, signature, SIGNATURE, err));
        AR_TRY(put_chunk(it, "IHDR", NULL, 0, header, HEADER, err));
        AR_TRY(put_chunk(it, "acTL", NULL, 0, control, sizeof control, err));
    } else if (memcmp(header, it->header, HEADER) != 0) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: is %u x %u, the first frame is %u x %u", path,
                         get_number(header), get_number(header + 4), get_number(it->header),
                         get_number(it->header + 4));
        goto cleanup;
    }
    AR_TRY(put_control(it, index == count - 1 ? 3 * milliseconds : milliseconds, err));
    AR_TRY(put_data(it, png, bytes, index == 0, path, err));
cleanup:
    ar_free(text);
    return status;
}

ar_status ar_apng_write(const char *path, const char *const *frames, int64_t count,
                        int milliseconds, ar_error *err)
{
    animation it = {0};
    ar_status status = AR_OK;
    AR_TRY(ar_atomic_file_open(&it.file, path, err));
    for (int64_t i = 0; i < count; i++) {
        AR_TRY(put_frame(&it, frames[i], i, count, milliseconds, err));
    }
    AR_TRY(put_chunk(&it, "IEND", NULL, 0, NULL, 0, err));
    AR_TRY(ar_atomic_file_commit(&it.file, err));
cleanup:
    ar_atomic_file_abandon(&it.file);
    return status;
}
