/* The zip archive that a torch checkpoint is since torch 1.6: <name>/data.pkl and one member
 * <name>/data/<key> a storage, all stored, not compressed. The directory is read as PKWARE's
 * APPNOTE.TXT 6.3.10 describes it, zip64 included; every length and offset is checked against the
 * file before it is used. Private to the io room. */
#ifndef AR_IO_TORCH_ARCHIVE_H
#define AR_IO_TORCH_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

/* All pointers look into the mapped file. */
typedef struct ar_torch_member {
    const char *name; /* [name_length], not ended by a zero */
    size_t name_length;
    const uint8_t *data; /* [bytes] */
    uint64_t bytes;
    uint32_t checksum; /* CRC-32 of the data */
    bool checked;      /* and it was found to be right */
} ar_torch_member;

typedef struct {
    char *path;
    const uint8_t *file; /* mapped, read-only; [bytes] */
    uint64_t bytes;
    ar_torch_member *members; /* [member_count], by name */
    size_t member_count;
    ar_torch_member *pickle; /* <name>/data.pkl */
    size_t root_length;      /* of <name>/ */
} ar_torch_archive;

/* Map `path` and read its directory. Members must be stored, lie in the file, not overlap, and have
 * different names. A checkpoint of torch before 1.6, which is no archive, is an error that says how
 * to write it again. The file must not be changed while it is open. */
AR_USE_RESULT ar_status ar_torch_archive_open(ar_torch_archive *archive, const char *path,
                                              ar_error *err);
void ar_torch_archive_close(ar_torch_archive *archive); /* safe on zeroed */

/* The member <name>/<directory><key>, or NULL. `key` has `key_length` bytes. */
ar_torch_member *ar_torch_archive_find(const ar_torch_archive *archive, const char *directory,
                                       const char *key, size_t key_length);

/* Check the member's data against its checksum; once it was right this costs nothing. Not
 * thread-safe. */
AR_USE_RESULT ar_status ar_torch_archive_check(const ar_torch_archive *archive,
                                               ar_torch_member *member, ar_error *err);

#endif
