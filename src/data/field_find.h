/* Which of the files given hold a field. Private to the room. */
#ifndef AR_DATA_FIELD_FIND_H
#define AR_DATA_FIELD_FIND_H

#include "data/field_file.h"

typedef struct {
    const ar_field_request *request; /* borrowed */
    char **paths;                    /* globs expanded */
    size_t path_count, path_capacity;
    ar_field_file *files; /* those that hold the field */
    size_t file_count, file_capacity;
    char others[768]; /* "a.nc has u, v; b.nc has t" of those that do not */
} ar_field_files;

/* Expand glob patterns, look into every file once, and keep those that hold the field most surely.
 * None is an error that says what they hold, unless the field may be derived. Release with
 * ar_field_files_release in any case. */
AR_USE_RESULT ar_status ar_field_files_find(ar_field_files *files, const char *const *paths,
                                            int64_t path_count, const ar_field_request *request,
                                            ar_error *err);
void ar_field_files_release(ar_field_files *files);

#endif
