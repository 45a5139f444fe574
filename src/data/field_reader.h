/* A field found in its files and checked, its times known, its values read when they are asked
 * for: what loads a field, what streams one that does not fit into memory, and what makes a store
 * of one stand on this. */
#ifndef AR_DATA_FIELD_READER_H
#define AR_DATA_FIELD_READER_H

#include "data/field_data.h"

typedef struct ar_field_reader ar_field_reader;

/* Find a field in those of `paths` that hold it, and check all that can be known before values are
 * read, with the errors of ar_field_data_load. `paths` and `request` are needed for the call only.
 * Close with ar_field_reader_close. */
AR_USE_RESULT ar_status ar_field_reader_open(ar_field_reader **reader, const char *const *paths,
                                             int64_t path_count, const ar_field_request *request,
                                             ar_error *err);

/* All of the field but `values`, which is NULL. A static field has one time. Borrowed. */
const ar_field_data *ar_field_reader_field(const ar_field_reader *reader);

/* Path of the file number `index` of those that its times are in; NULL after the last. Borrowed. */
const char *ar_field_reader_file(const ar_field_reader *reader, int64_t index);

/* Read times first … first + count − 1, in the field's order, to
 * values[count][level_count][nlat][nlon], NaN where missing. Files are opened for the call, one
 * after the other, and no chunk is unpacked twice in it, contiguous files and chunks above some
 * 64 MiB that span a whole file aside. Needs some 64 MiB more, or as many of one chunk's times as
 * are wanted. A static field is read at all the times that its files have; two that differ are an
 * error. Several threads may read from one reader at once. */
AR_USE_RESULT ar_status ar_field_reader_read(ar_field_reader *reader, int64_t first, int64_t count,
                                             float *values, ar_error *err);

/* All of the field in memory. Release with ar_field_data_release. */
AR_USE_RESULT ar_status ar_field_reader_load(ar_field_reader *reader, ar_field_data *field,
                                             ar_error *err);

void ar_field_reader_close(ar_field_reader **reader); /* NULL-safe, sets NULL */

#endif
