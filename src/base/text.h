/* Questions that are asked of texts everywhere. Pure, thread-safe. */
#ifndef AR_BASE_TEXT_H
#define AR_BASE_TEXT_H

#include <stdbool.h>

/* Is `start` the beginning, or `end` the end, of `text`? The empty text is both of every one. */
bool ar_text_begins_with(const char *text, const char *start);
bool ar_text_ends_with(const char *text, const char *end);

#endif
