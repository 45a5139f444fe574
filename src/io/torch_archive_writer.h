/* Writing the zip archive of a torch checkpoint: stored members whose data begin at multiples of 64
 * bytes, as torch's own writer places them; zip64 where sizes or places need it. Private to the io
 * room. */
#ifndef AR_IO_TORCH_ARCHIVE_WRITER_H
#define AR_IO_TORCH_ARCHIVE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/file.h"

/* Bytes that grow. Release with ar_free(data). */
typedef struct {
    uint8_t *data; /* [count] */
    size_t count, capacity;
} ar_torch_bytes;

AR_USE_RESULT ar_status ar_torch_bytes_add(ar_torch_bytes *bytes, const void *data, size_t count,
                                           ar_error *err);
/* A little-endian number of `size` bytes, up to 8. */
AR_USE_RESULT ar_status ar_torch_bytes_add_number(ar_torch_bytes *bytes, uint64_t number,
                                                  size_t size, ar_error *err);

typedef struct {
    ar_atomic_file file;
    uint64_t position, member_count;
    ar_torch_bytes directory;
} ar_torch_archive_writer;

/* Begin with writer = {0} and ar_atomic_file_open(&writer.file, path, err). */

/* Add a member; `name` has at most 65535 bytes. */
AR_USE_RESULT ar_status ar_torch_archive_add(ar_torch_archive_writer *writer, const char *name,
                                             const void *data, size_t bytes, ar_error *err);
/* Write the directory and let the file appear. */
AR_USE_RESULT ar_status ar_torch_archive_commit(ar_torch_archive_writer *writer, ar_error *err);
/* Release; what was not committed is removed. */
void ar_torch_archive_release(ar_torch_archive_writer *writer);

#endif
