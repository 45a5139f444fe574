/* Text of files (names, units, attributes) inside of HTML and SVG. */
#ifndef AR_PICTURE_MARKUP_H
#define AR_PICTURE_MARKUP_H

#include <stddef.h>

#include "base/text.h"

/* Append `text` so that it is text, between tags and in quoted attributes alike: the five letters
 * that mean something to XML as references, bytes that XML 1.0 does not allow or that are no UTF-8
 * as U+FFFD. */
void ar_markup_add(ar_growing_text *out, const char *text);

/* Append bytes in base 64 (RFC 4648, section 4), as data URLs have them. */
void ar_markup_add_base64(ar_growing_text *out, const void *data, size_t bytes);

#endif
