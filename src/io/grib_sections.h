/* The sections of one GRIB message in memory. Pure functions, thread-safe. Private to the io room.
 */
#ifndef AR_IO_GRIB_SECTIONS_H
#define AR_IO_GRIB_SECTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

/* An unsigned number of `count` bytes (up to 8), most significant first; what does not fit into 63
 * bits is the largest that does. */
int64_t ar_grib_number(const unsigned char *bytes, int count);

/* Check that a message of edition 1 or 2 ends with "7777" and that its sections follow each other
 * in order and fill it; *field_count becomes the number of fields in it. */
AR_USE_RESULT ar_status ar_grib_sections_check(const unsigned char *message, size_t length,
                                               int edition, int *field_count, ar_error *err);

/* Write field `index` of a checked message of edition 2 to `field`, which has room for `length`
 * bytes, as a message with this field alone: with the latest of each section before it, and the
 * bitmap that section 6 refers to where it says "as before" (indicator 254). Returns its length. */
size_t ar_grib_sections_cut(const unsigned char *message, size_t length, int index,
                            unsigned char *field);

#endif
