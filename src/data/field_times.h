/* The times of a field that are wanted, and which of its files has each. */
#ifndef AR_DATA_FIELD_TIMES_H
#define AR_DATA_FIELD_TIMES_H

#include "data/field_find.h"

typedef struct {
    int64_t time;
    size_t file;
    int64_t index; /* in the file */
} ar_field_time;

/* All times of all files within the period of their request, ascending; of a static field all that
 * there is, numbered. *times is the caller's to ar_free. AR_ERROR_INPUT, naming the files, where
 * a time is there twice or none is in the period. */
AR_USE_RESULT ar_status ar_field_times_find(const ar_field_files *files, ar_field_time **times,
                                            int64_t *count, ar_error *err);

#endif
