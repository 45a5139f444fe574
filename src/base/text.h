/* Texts: questions that are asked of them everywhere, and one that grows piece by piece. */
#ifndef AR_BASE_TEXT_H
#define AR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "atmorep/status.h"

/* Is `start` the beginning, or `end` the end, of `text`? The empty text is both of every one. Pure,
 * thread-safe. */
bool ar_text_begins_with(const char *text, const char *start);
bool ar_text_ends_with(const char *text, const char *end);

/* Begin with {.err = err}; the text is the caller's to ar_free. */
typedef struct {
    char *text; /* [length] and a zero; NULL before the first piece */
    size_t length, capacity;
    ar_status status; /* the first failure; nothing is added after it */
    ar_error *err;
} ar_growing_text;

void ar_text_add(ar_growing_text *out, const char *format, ...) AR_PRINTF(2, 3);

#endif
