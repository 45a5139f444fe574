/* The bytes of a GRIB file, edition 1 or 2: where its messages lie, and the bytes of each field as
 * a message of its own. Every length that the file tells is checked against the message, and this
 * against the file, before anything else looks at it. Layout: WMO Manual on Codes (WMO-No. 306),
 * volume I.2, FM 92 GRIB, and for edition 1 FM 92-VIII Ext. Private to the io room. */
#ifndef AR_IO_GRIB_FILE_H
#define AR_IO_GRIB_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

/* Of what is neither zero nor a message, such as headings of bulletins, so many bytes may lie
 * before a message or at the end of a file. */
enum { AR_GRIB_STRAY_MAX = 64 };

typedef struct {
    int64_t number; /* from 1 */
    int64_t offset, length;
    int edition;
    int field_count; /* more than 1: a message of edition 2 that repeats sections */
} ar_grib_message;

typedef struct {
    const char *path; /* borrowed */
    int descriptor;   /* −1: closed */
    int64_t length;
    unsigned char *message; /* bytes of the message at `offset`; offset −1: none */
    size_t message_capacity;
    int64_t offset;
    unsigned char *field; /* a field cut out of a message of several */
    size_t field_capacity;
} ar_grib_file;

AR_USE_RESULT ar_status ar_grib_file_open(ar_grib_file *file, const char *path, ar_error *err);
void ar_grib_file_close(ar_grib_file *file);

/* Go from `message` (all zero: the begin of the file) to the next one; *end: there is none. A
 * message that is cut off, does not end where it says, or whose sections do not fit into it is an
 * error that tells its number and offset, and so are bytes between messages that are no message. */
AR_USE_RESULT ar_status ar_grib_file_next(ar_grib_file *file, ar_grib_message *message, bool *end,
                                          ar_error *err);
/* The bytes of field `index` of a message that ar_grib_file_next found, as one complete message;
 * borrowed until the next call. */
AR_USE_RESULT ar_status ar_grib_file_read(ar_grib_file *file, const ar_grib_message *message,
                                          int index, const unsigned char **bytes, size_t *length,
                                          ar_error *err);

#endif
