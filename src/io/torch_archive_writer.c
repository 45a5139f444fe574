#include "io/torch_archive_writer.h"

#include <string.h>

#include <zlib.h>

#include "base/memory.h"

ar_status ar_torch_bytes_add(ar_torch_bytes *bytes, const void *data, size_t count, ar_error *err)
{
    size_t wanted;
    if (!ar_size_sum(bytes->count, count, &wanted)) {
        return ar_fail(err, AR_ERROR_MEMORY, "out of memory for a torch checkpoint");
    }
    ar_status status =
        ar_grow(&bytes->data, &bytes->capacity, wanted, 1, "a torch checkpoint", err);
    if (status == AR_OK && count > 0) {
        memcpy(bytes->data + bytes->count, data, count);
        bytes->count = wanted;
    }
    return status;
}

ar_status ar_torch_bytes_add_number(ar_torch_bytes *bytes, uint64_t number, size_t size,
                                    ar_error *err)
{
    return ar_torch_bytes_add(bytes, &number, size, err);
}

/* One number of a record and how many bytes it takes there. */
typedef struct {
    uint64_t number;
    size_t size;
} part;

static ar_status add_parts(ar_torch_bytes *bytes, const part *parts, size_t count, ar_error *err)
{
    for (size_t i = 0; i < count; i++) {
        ar_status status = ar_torch_bytes_add_number(bytes, parts[i].number, parts[i].size, err);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}
#define ADD_PARTS(bytes, err, ...)                                                                 \
    add_parts(bytes, (const part[]){__VA_ARGS__},                                                  \
              sizeof((const part[]){__VA_ARGS__}) / sizeof(part), err)

enum { ALIGNMENT = 64, LOCAL_SIZE = 30, VERSION = 20, VERSION64 = 45, ZIP64_FIELD = 1 };
enum { PADDING_FIELD = 0x4246 };           /* as torch names it */
enum { DATE = 1 << 5 | 1 };                /* 1980-01-01: the same input gives the same bytes */
static const uint64_t most32 = UINT32_MAX; /* stands for a number in the zip64 field */

static uint64_t or_most(uint64_t number)
{
    return number < most32 ? number : most32;
}

/* The header before the data, with a field of padding that lets them begin at the alignment. */
static ar_status add_local_header(ar_torch_bytes *header, uint64_t position, const char *name,
                                  uint64_t bytes, uint32_t checksum, ar_error *err)
{
    ar_status status = AR_OK;
    static const uint8_t zeros[ALIGNMENT] = {0};
    const bool large = bytes >= most32;
    const size_t length = strlen(name), fields = (large ? 20 : 0) + 4;
    const size_t padding =
        (ALIGNMENT - (size_t)((position + LOCAL_SIZE + length + fields) % ALIGNMENT)) % ALIGNMENT;
    AR_TRY(ADD_PARTS(header, err, {0x04034b50, 4}, {large ? VERSION64 : VERSION, 2}, {0, 2}, {0, 2},
                     {0, 2}, {DATE, 2}, {checksum, 4}, {or_most(bytes), 4}, {or_most(bytes), 4},
                     {length, 2}, {fields + padding, 2}));
    AR_TRY(ar_torch_bytes_add(header, name, length, err));
    if (large) {
        AR_TRY(ADD_PARTS(header, err, {ZIP64_FIELD, 2}, {16, 2}, {bytes, 8}, {bytes, 8}));
    }
    AR_TRY(ADD_PARTS(header, err, {PADDING_FIELD, 2}, {padding, 2}));
    AR_TRY(ar_torch_bytes_add(header, zeros, padding, err));
cleanup:
    return status;
}

static ar_status add_entry(ar_torch_bytes *directory, uint64_t position, const char *name,
                           uint64_t bytes, uint32_t checksum, ar_error *err)
{
    ar_status status = AR_OK;
    const bool large = bytes >= most32, far = position >= most32;
    const size_t length = strlen(name), fields = (large ? 16 : 0) + (far ? 8 : 0);
    AR_TRY(ADD_PARTS(directory, err, {0x02014b50, 4}, {VERSION64, 2},
                     {large || far ? VERSION64 : VERSION, 2}, {0, 2}, {0, 2}, {0, 2}, {DATE, 2},
                     {checksum, 4}, {or_most(bytes), 4}, {or_most(bytes), 4}, {length, 2},
                     {fields > 0 ? fields + 4 : 0, 2}, {0, 2}, {0, 2}, {0, 2}, {0, 4},
                     {or_most(position), 4}));
    AR_TRY(ar_torch_bytes_add(directory, name, length, err));
    if (fields > 0) {
        AR_TRY(ADD_PARTS(directory, err, {ZIP64_FIELD, 2}, {fields, 2}));
    }
    if (large) {
        AR_TRY(ADD_PARTS(directory, err, {bytes, 8}, {bytes, 8}));
    }
    if (far) {
        AR_TRY(ar_torch_bytes_add_number(directory, position, 8, err));
    }
cleanup:
    return status;
}

ar_status ar_torch_archive_add(ar_torch_archive_writer *writer, const char *name, const void *data,
                               size_t bytes, ar_error *err)
{
    ar_status status = AR_OK;
    ar_torch_bytes header = {0};
    const uint32_t checksum = (uint32_t)crc32_z(0, bytes > 0 ? data : (const void *)"", bytes);
    AR_TRY(add_local_header(&header, writer->position, name, bytes, checksum, err));
    AR_TRY(add_entry(&writer->directory, writer->position, name, bytes, checksum, err));
    AR_TRY(ar_atomic_file_write(&writer->file, header.data, header.count, err));
    AR_TRY(ar_atomic_file_write(&writer->file, data, bytes, err));
    writer->position += header.count + bytes;
    writer->member_count++;
cleanup:
    ar_free(header.data);
    return status;
}

/* The records at the end: where the directory is. */
static ar_status add_end(ar_torch_bytes *end, uint64_t members, uint64_t bytes, uint64_t position,
                         ar_error *err)
{
    ar_status status = AR_OK;
    const uint64_t record = position + bytes, most16 = UINT16_MAX;
    if (members >= most16 || bytes >= most32 || position >= most32) {
        AR_TRY(ADD_PARTS(end, err, {0x06064b50, 4}, {44, 8}, {VERSION64, 2}, {VERSION64, 2}, {0, 4},
                         {0, 4}, {members, 8}, {members, 8}, {bytes, 8}, {position, 8}));
        AR_TRY(ADD_PARTS(end, err, {0x07064b50, 4}, {0, 4}, {record, 8}, {1, 4}));
    }
    const uint64_t count = members < most16 ? members : most16;
    AR_TRY(ADD_PARTS(end, err, {0x06054b50, 4}, {0, 2}, {0, 2}, {count, 2}, {count, 2},
                     {or_most(bytes), 4}, {or_most(position), 4}, {0, 2}));
cleanup:
    return status;
}

ar_status ar_torch_archive_commit(ar_torch_archive_writer *writer, ar_error *err)
{
    ar_status status = AR_OK;
    ar_torch_bytes *directory = &writer->directory;
    AR_TRY(add_end(directory, writer->member_count, directory->count, writer->position, err));
    AR_TRY(ar_atomic_file_write(&writer->file, directory->data, directory->count, err));
    AR_TRY(ar_atomic_file_commit(&writer->file, err));
cleanup:
    return status;
}

void ar_torch_archive_release(ar_torch_archive_writer *writer)
{
    ar_atomic_file_abandon(&writer->file);
    ar_free(writer->directory.data);
    *writer = (ar_torch_archive_writer){0};
}
