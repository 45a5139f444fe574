/* Files that appear whole or not at all: everything is written to a temporary name beside the
 * target, flushed to the disk, and renamed; the folder is flushed too. */
#ifndef AR_BASE_FILE_H
#define AR_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "atmorep/status.h"

typedef struct {
    char *path;           /* final name */
    char *temporary_path; /* name while it is being written */
    FILE *stream;         /* NULL when a library writes the temporary file itself */
} ar_atomic_file;

/* Open a temporary file beside `path` for writing. */
AR_USE_RESULT ar_status ar_atomic_file_open(ar_atomic_file *file, const char *path, ar_error *err);
/* Only choose the temporary name; a library (netCDF) creates the file. */
AR_USE_RESULT ar_status ar_atomic_file_reserve(ar_atomic_file *file, const char *path,
                                               ar_error *err);
/* Write `bytes` bytes; a full disk is an error that names the file. */
AR_USE_RESULT ar_status ar_atomic_file_write(ar_atomic_file *file, const void *data, size_t bytes,
                                             ar_error *err);
/* Flush, fsync, rename to the final name, fsync the folder. Releases `file` in any case; on failure
 * the temporary file is removed and the old file, if any, is untouched (only when the very last
 * step, the flush of the folder, fails is the new file in place already). */
AR_USE_RESULT ar_status ar_atomic_file_commit(ar_atomic_file *file, ar_error *err);
/* Give up: remove the temporary file. Safe on a zeroed or already committed file. */
void ar_atomic_file_abandon(ar_atomic_file *file);

/* Write a whole buffer as the file `path`, atomically. */
AR_USE_RESULT ar_status ar_file_write_whole(const char *path, const void *data, size_t bytes,
                                            ar_error *err);
/* Read a whole file of at most `largest` bytes; *data gets a zero byte after the end and is the
 * caller's to ar_free. */
AR_USE_RESULT ar_status ar_file_read_whole(const char *path, size_t largest, char **data,
                                           size_t *bytes, ar_error *err);
/* Make a folder and its parents; an existing folder is fine. */
AR_USE_RESULT ar_status ar_folder_make(const char *path, ar_error *err);
/* Open the folder that holds `path` for fsync, once a name in it has changed; the caller closes it.
 */
AR_USE_RESULT ar_status ar_folder_open_above(const char *path, int *descriptor, ar_error *err);
bool ar_path_exists(const char *path);
bool ar_path_is_folder(const char *path);
/* Its length without slashes at the end, with which a shell completes a folder's name. */
size_t ar_path_length(const char *path);
/* The part behind the last slash; the whole path where nothing is. Borrows. */
const char *ar_path_file_name(const char *path);
/* The folder that a path lies in, "." for a bare name; *folder is the caller's to ar_free. */
AR_USE_RESULT ar_status ar_path_folder(char **folder, const char *path, ar_error *err);
/* "folder/name" into a new string, the caller's to ar_free. */
AR_USE_RESULT ar_status ar_path_join(char **out, const char *folder, const char *name,
                                     ar_error *err);

#endif
