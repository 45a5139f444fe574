/* How long a netCDF file has to be. Sources: the netCDF classic format specification (NetCDF User's
 * Guide, "File Format Specifications") and the HDF5 File Format Specification 3.0, section II.A. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "io/netcdf_private.h"

/* A reader of a header: after the first failure everything gives 0. */
typedef struct {
    FILE *stream;
    uint64_t file_size, position;
    int version; /* of CDF */
    bool failed;
} header;

static uint64_t read_big_endian(header *h, int bytes)
{
    unsigned char raw[8];
    if (h->failed || fread(raw, 1, (size_t)bytes, h->stream) != (size_t)bytes) {
        h->failed = true;
        return 0;
    }
    h->position += (uint64_t)bytes;
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value = value << 8 | raw[i];
    }
    return value;
}

/* Counts and sizes have 8 bytes in CDF-5, file offsets in CDF-2 as well. */
static uint64_t read_count(header *h)
{
    return read_big_endian(h, h->version == 5 ? 8 : 4);
}

static void skip(header *h, uint64_t bytes)
{
    if (h->failed || bytes > h->file_size - h->position ||
        fseeko(h->stream, (off_t)bytes, SEEK_CUR) != 0) {
        h->failed = true;
        return;
    }
    h->position += bytes;
}

/* Bytes are padded to a multiple of four. */
static void skip_padded(header *h, uint64_t count, uint64_t size)
{
    size_t bytes, padded;
    if (!ar_size_product((size_t)count, (size_t)size, &bytes) || !ar_size_sum(bytes, 3, &padded)) {
        h->failed = true;
        return;
    }
    skip(h, padded / 4 * 4);
}

static uint64_t type_size(uint64_t type)
{
    static const unsigned char sizes[] = {0, 1, 1, 2, 4, 4, 8, 1, 2, 4, 8, 8};
    return type < sizeof sizes ? sizes[type] : 0;
}

/* A list starts with its tag and its length, both zero when it is absent. */
static uint64_t read_list(header *h, uint64_t tag)
{
    uint64_t found = read_big_endian(h, 4);
    uint64_t count = read_count(h);
    if ((found != tag && (found != 0 || count != 0)) || count > h->file_size) {
        h->failed = true;
        return 0;
    }
    return count;
}

static void skip_attributes(header *h)
{
    uint64_t count = read_list(h, 12);
    for (uint64_t i = 0; i < count && !h->failed; i++) {
        skip_padded(h, read_count(h), 1);
        uint64_t size = type_size(read_big_endian(h, 4));
        h->failed |= size == 0;
        skip_padded(h, read_count(h), size);
    }
}

/* Where the values of one variable start, how long they are (one record of them if by records). */
typedef struct {
    uint64_t begin, bytes, padded;
    bool by_records;
} extent;

static extent read_variable(header *h, const uint64_t *dimensions, uint64_t dimension_count)
{
    extent e = {0};
    skip_padded(h, read_count(h), 1);
    uint64_t rank = read_count(h);
    uint64_t elements = 1;
    for (uint64_t d = 0; d < rank && !h->failed; d++) {
        uint64_t id = read_count(h);
        if (id >= dimension_count) {
            h->failed = true;
            break;
        }
        e.by_records |= d == 0 && dimensions[id] == 0;
        uint64_t length = d == 0 && dimensions[id] == 0 ? 1 : dimensions[id];
        h->failed |= __builtin_mul_overflow(elements, length, &elements);
    }
    skip_attributes(h);
    uint64_t size = type_size(read_big_endian(h, 4));
    read_count(h); /* vsize: redundant, and wrong for variables beyond 4 GiB */
    e.begin = read_big_endian(h, h->version == 1 ? 4 : 8);
    h->failed |= size == 0 || __builtin_mul_overflow(elements, size, &e.bytes) ||
                 __builtin_add_overflow(e.bytes, 3, &e.padded);
    e.padded = e.padded / 4 * 4;
    return e;
}

/* The end of the last value of any variable. */
static uint64_t needed_length(header *h, const extent *extents, uint64_t count, uint64_t records)
{
    uint64_t needed = h->position, record_bytes = 0, by_records = 0;
    for (uint64_t i = 0; i < count; i++) {
        by_records += extents[i].by_records;
        if (extents[i].by_records) {
            h->failed |= __builtin_add_overflow(record_bytes, extents[i].padded, &record_bytes);
        }
    }
    for (uint64_t i = 0; i < count; i++) {
        const extent *e = &extents[i];
        /* records of a single record variable are not padded */
        uint64_t step = by_records == 1 ? e->bytes : record_bytes;
        uint64_t before = 0, end;
        if (e->by_records && records == 0) {
            continue;
        }
        if (e->by_records) {
            h->failed |= __builtin_mul_overflow(step, records - 1, &before);
        }
        h->failed |= __builtin_add_overflow(e->begin, before, &end) ||
                     __builtin_add_overflow(end, e->bytes, &end);
        needed = !h->failed && end > needed ? end : needed;
    }
    return needed;
}

static ar_status check_classic(header *h, const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    uint64_t *dimensions = NULL;
    extent *extents = NULL;
    uint64_t records = read_count(h);
    /* all bits set: written as a stream, and the file's length tells */
    bool streaming = records == (h->version == 5 ? UINT64_MAX : UINT32_MAX);
    uint64_t dimension_count = read_list(h, 10);
    AR_TRY(ar_allocate(&dimensions, dimension_count / 4 + 1, 4 * sizeof *dimensions, path, err));
    for (uint64_t i = 0; i < dimension_count && !h->failed; i++) {
        skip_padded(h, read_count(h), 1);
        dimensions[i] = read_count(h);
    }
    skip_attributes(h);
    uint64_t variable_count = h->failed ? 0 : read_list(h, 11);
    AR_TRY(ar_allocate(&extents, variable_count / 16 + 1, 16 * sizeof *extents, path, err));
    for (uint64_t i = 0; i < variable_count && !h->failed; i++) {
        extents[i] = read_variable(h, dimensions, dimension_count);
    }
    uint64_t needed =
        h->failed ? 0 : needed_length(h, extents, variable_count, streaming ? 0 : records);
    if (h->failed) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: the netCDF-3 header is malformed or cut off; the file has %llu bytes",
                         path, (unsigned long long)h->file_size);
    } else if (needed > h->file_size) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: is truncated: it has %llu bytes, its header says %llu", path,
                         (unsigned long long)h->file_size, (unsigned long long)needed);
    }
cleanup:
    ar_free(dimensions);
    ar_free(extents);
    return status;
}

static ar_status check_hdf5(header *h, const char *path, ar_error *err)
{
    unsigned char block[64] = {0};
    rewind(h->stream);
    size_t count = fread(block, 1, sizeof block, h->stream);
    /* place of the end-of-file address, by superblock version; offsets of 8 bytes are what netCDF
     * and practically every other program writes */
    static const size_t places[] = {40, 44, 28, 28};
    size_t version = block[8];
    size_t offset_size = version < 2 ? block[13] : block[9];
    if (count < 16 || version >= sizeof places / sizeof *places) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: the HDF5 superblock is malformed or cut off; the file has %llu bytes",
                       path, (unsigned long long)h->file_size);
    }
    if (offset_size != 8) {
        return AR_OK;
    }
    uint64_t end = 0;
    for (size_t i = 8; i-- > 0;) {
        end = end << 8 | block[places[version] + i];
    }
    if (count < places[version] + 8 || end > h->file_size) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: is truncated: it has %llu bytes, its HDF5 superblock says %llu", path,
                       (unsigned long long)h->file_size, (unsigned long long)end);
    }
    return AR_OK;
}

ar_status ar_netcdf_check_length(const char *path, ar_error *err)
{
    ar_status status = AR_OK;
    header h = {.stream = fopen(path, "rb")};
    struct stat information;
    if (!h.stream || fstat(fileno(h.stream), &information) != 0) {
        status = ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot open: %s", path, strerror(errno));
        goto cleanup;
    }
    h.file_size = (uint64_t)information.st_size;
    uint64_t magic = read_big_endian(&h, 4);
    if (magic >> 8 == ('C' << 16 | 'D' << 8 | 'F')) {
        h.version = (int)(magic & 255);
        status = check_classic(&h, path, err);
    } else {
        status = check_hdf5(&h, path, err);
    }
cleanup:
    if (h.stream) {
        fclose(h.stream);
    }
    return status;
}
