#include "io/grib_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/grib_sections.h"

ar_status ar_grib_file_open(ar_grib_file *file, const char *path, ar_error *err)
{
    struct stat about;
    *file = (ar_grib_file){.path = path, .offset = -1};
    file->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (file->descriptor < 0 || fstat(file->descriptor, &about) != 0) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    }
    file->length = about.st_size;
    return AR_OK;
}

void ar_grib_file_close(ar_grib_file *file)
{
    if (file->descriptor >= 0) {
        close(file->descriptor);
    }
    ar_free(file->message);
    ar_free(file->field);
    *file = (ar_grib_file){.descriptor = -1, .offset = -1};
}

/* Read `count` bytes, which the file had when it was opened. */
static ar_status read_bytes(const ar_grib_file *file, int64_t offset, unsigned char *bytes,
                            int64_t count, ar_error *err)
{
    for (int64_t done = 0; done < count;) {
        ssize_t got = pread(file->descriptor, bytes + done, (size_t)(count - done), offset + done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot read at byte %lld: %s", file->path,
                           (long long)(offset + done),
                           got < 0 ? strerror(errno) : "the file has become shorter");
        }
        done += got;
    }
    return AR_OK;
}

/* The first byte from *offset on that is not zero; the file's length if there is none. */
static ar_status skip_zeros(const ar_grib_file *file, int64_t *offset, ar_error *err)
{
    unsigned char block[4096];
    while (*offset < file->length) {
        int64_t left = file->length - *offset;
        int64_t count = left < (int64_t)sizeof block ? left : (int64_t)sizeof block;
        ar_status status = read_bytes(file, *offset, block, count, err);
        if (status != AR_OK) {
            return status;
        }
        for (int64_t i = 0; i < count; i++, (*offset)++) {
            if (block[i] != 0) {
                return AR_OK;
            }
        }
    }
    return AR_OK;
}

/* Go to the next "GRIB"; *offset is the file's length where there is none. */
static ar_status find_message(const ar_grib_file *file, int64_t *offset, ar_error *err)
{
    unsigned char block[AR_GRIB_STRAY_MAX + 4];
    ar_status status = skip_zeros(file, offset, err);
    if (status != AR_OK) {
        return status;
    }
    int64_t left = file->length - *offset;
    int64_t count = left < (int64_t)sizeof block ? left : (int64_t)sizeof block;
    status = read_bytes(file, *offset, block, count, err);
    if (status != AR_OK) {
        return status;
    }
    const unsigned char *found = memmem(block, (size_t)count, "GRIB", 4);
    if (found) {
        *offset += found - block;
    } else if (left <= AR_GRIB_STRAY_MAX) {
        *offset = file->length;
    } else {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: at byte %lld a message should begin with \"GRIB\"; the file is damaged "
                       "there",
                       file->path, (long long)*offset);
    }
    return AR_OK;
}

static ar_status fail_at(const ar_grib_file *file, const ar_grib_message *message, ar_status code,
                         ar_error *err)
{
    return ar_fail_within(err, code, "%s: GRIB message %lld at byte %lld", file->path,
                          (long long)message->number, (long long)message->offset);
}

/* Messages of edition 1 beyond 8 MiB tell their length in units of 120 bytes, and how much of the
 * last unit is not used as the length of their data section (as ECMWF writes and ecCodes reads it).
 */
static ar_status read_long_length(const ar_grib_file *file, ar_grib_message *message, ar_error *err)
{
    unsigned char head[8];
    int64_t at = message->offset + 8;
    bool present[4] = {true, false, false, true};
    for (int section = 0; section < 4; section++) {
        if (!present[section]) {
            continue;
        }
        if (file->length - at < 8) {
            return ar_fail(err, AR_ERROR_INPUT, "it is cut off");
        }
        ar_status status = read_bytes(file, at, head, 8, err);
        if (status != AR_OK) {
            return status;
        }
        int64_t length = ar_grib_number(head, 3);
        if (section == 0) {
            present[1] = head[7] & 0x80;
            present[2] = head[7] & 0x40;
        }
        if (section == 3 && length < 120) {
            message->length = (message->length & 0x7fffff) * 120 - length + 4;
        }
        at += length;
    }
    return AR_OK;
}

/* Edition and length, by the first 16 bytes. */
static ar_status read_head(const ar_grib_file *file, ar_grib_message *message, ar_error *err)
{
    unsigned char head[16];
    const int64_t left = file->length - message->offset;
    if (left < (int64_t)sizeof head) {
        return ar_fail(err, AR_ERROR_INPUT, "it is cut off after %lld bytes", (long long)left);
    }
    ar_status status = read_bytes(file, message->offset, head, sizeof head, err);
    if (status != AR_OK) {
        return status;
    }
    message->edition = head[7];
    if (message->edition == 1) {
        message->length = ar_grib_number(head + 4, 3);
        if (message->length & 0x800000) {
            status = read_long_length(file, message, err);
        }
    } else if (message->edition == 2) {
        message->length = ar_grib_number(head + 8, 8);
    } else {
        return ar_fail(err, AR_ERROR_INPUT, "its edition is %d; 1 or 2 would be right",
                       message->edition);
    }
    if (status == AR_OK && (message->length > left || message->length < 24)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "it says that it has %lld bytes, and %lld are left in the file; it is cut "
                       "off or damaged",
                       (long long)message->length, (long long)left);
    }
    return status;
}

static ar_status load_message(ar_grib_file *file, const ar_grib_message *message, ar_error *err)
{
    if (file->offset == message->offset) {
        return AR_OK;
    }
    file->offset = -1;
    ar_status status = ar_grow(&file->message, &file->message_capacity, (size_t)message->length, 1,
                               "a GRIB message", err);
    if (status == AR_OK) {
        status = read_bytes(file, message->offset, file->message, message->length, err);
    }
    if (status == AR_OK) {
        file->offset = message->offset;
    }
    return status;
}

ar_status ar_grib_file_next(ar_grib_file *file, ar_grib_message *message, bool *end, ar_error *err)
{
    ar_status status;
    *end = false;
    ar_grib_message next = {.number = message->number + 1,
                            .offset = message->offset + message->length};
    status = find_message(file, &next.offset, err);
    if (status != AR_OK || next.offset == file->length) {
        *end = true;
        return status;
    }
    status = read_head(file, &next, err);
    if (status == AR_OK) {
        status = load_message(file, &next, err);
    }
    if (status == AR_OK) {
        status = ar_grib_sections_check(file->message, (size_t)next.length, next.edition,
                                        &next.field_count, err);
    }
    *message = next;
    return status == AR_OK ? AR_OK : fail_at(file, &next, status, err);
}

ar_status ar_grib_file_read(ar_grib_file *file, const ar_grib_message *message, int index,
                            const unsigned char **bytes, size_t *length, ar_error *err)
{
    ar_status status;
    int field_count = 0;
    AR_TRY(load_message(file, message, err));
    /* the file may have changed since it was opened */
    AR_TRY(ar_grib_sections_check(file->message, (size_t)message->length, message->edition,
                                  &field_count, err));
    if (index >= field_count) {
        status = ar_fail(err, AR_ERROR_INPUT, "it has changed while it was read");
        goto cleanup;
    }
    *bytes = file->message;
    *length = (size_t)message->length;
    if (field_count > 1) {
        AR_TRY(ar_grow(&file->field, &file->field_capacity, (size_t)message->length, 1,
                       "a GRIB field", err));
        *length = ar_grib_sections_cut(file->message, *length, index, file->field);
        *bytes = file->field;
    }
cleanup:
    return status == AR_OK ? AR_OK : fail_at(file, message, status, err);
}
