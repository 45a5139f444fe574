#include "data/store_records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

static ar_status fail(const ar_store_records *records, const char *what, ar_error *err)
{
    return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot %s: %s", records->path, what, strerror(errno));
}

/* Read or write all of `bytes`, however many calls that takes; false at an error or a short file.
 */
static bool transfer(int descriptor, char *data, size_t bytes, size_t at, bool writing)
{
    while (bytes > 0) {
        ssize_t count = writing ? pwrite(descriptor, data, bytes, (off_t)at)
                                : pread(descriptor, data, bytes, (off_t)at);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        data += count;
        bytes -= (size_t)count;
        at += (size_t)count;
    }
    return true;
}

ar_status ar_store_records_open(ar_store_records *records, const char *folder, const char *name,
                                int64_t count, size_t size, ar_error *err)
{
    ar_status status;
    *records = (ar_store_records){.descriptor = -1, .count = count, .size = size};
    AR_TRY(ar_path_join(&records->path, folder, name, err));
    AR_TRY(ar_allocate(&records->records, (size_t)count, size, "records", err));
    const size_t bytes = (size_t)count * size;
    records->descriptor = open(records->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    /* a hole reads as zeros */
    if (records->descriptor < 0 || ftruncate(records->descriptor, (off_t)bytes) != 0 ||
        !transfer(records->descriptor, records->records, bytes, 0, false)) {
        status = fail(records, "open this file", err);
    }
cleanup:
    return status;
}

ar_status ar_store_records_put(const ar_store_records *records, int64_t first, int64_t count,
                               ar_error *err)
{
    const size_t at = (size_t)first * records->size;
    return transfer(records->descriptor, (char *)records->records + at,
                    (size_t)count * records->size, at, true)
               ? AR_OK
               : fail(records, "write", err);
}

ar_status ar_store_records_flush(const ar_store_records *records, ar_error *err)
{
    return fdatasync(records->descriptor) == 0 ? AR_OK : fail(records, "flush to the disk", err);
}

void ar_store_records_release(ar_store_records *records)
{
    if (records->descriptor >= 0) {
        close(records->descriptor);
    }
    ar_free(records->path);
    ar_free(records->records);
    *records = (ar_store_records){.descriptor = -1};
}
