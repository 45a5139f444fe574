/* What is known of work that is done, in a file of records of one size that outlives a kill. A
 * record is put there once what it tells of is safe on the disk. */
#ifndef AR_DATA_STORE_RECORDS_H
#define AR_DATA_STORE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef struct {
    char *path;
    int descriptor; /* −1: not open */
    void *records;  /* [count], those of the file; zeros where nothing was put */
    int64_t count;
    size_t size;
} ar_store_records;

/* Open `name` in `folder`, or make it of zeros. Release in any case. */
AR_USE_RESULT ar_status ar_store_records_open(ar_store_records *records, const char *folder,
                                              const char *name, int64_t count, size_t size,
                                              ar_error *err);
/* Put records [first, first + count) of memory into the file. Threads may put others at once. */
AR_USE_RESULT ar_status ar_store_records_put(const ar_store_records *records, int64_t first,
                                             int64_t count, ar_error *err);
/* Put all that was put onto the disk. */
AR_USE_RESULT ar_status ar_store_records_flush(const ar_store_records *records, ar_error *err);
void ar_store_records_release(ar_store_records *records);

#endif
