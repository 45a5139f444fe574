/* Pieces of YAML, added to a growing text. */
#ifndef AR_IO_YAML_TEXT_H
#define AR_IO_YAML_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* "key: value" without an end of line. */
void ar_yaml_add_integer(ar_growing_text *out, const char *key, int64_t value);
void ar_yaml_add_number(ar_growing_text *out, const char *key, double value);
void ar_yaml_add_truth(ar_growing_text *out, const char *key, bool value);
/* The shortest digits that read back as the same number. */
void ar_yaml_add_value(ar_growing_text *out, double value);
/* In quotes: a text such as `no` stays a text for every YAML reader. */
void ar_yaml_add_quoted(ar_growing_text *out, const char *text);
/* "key: [a, b]\n" */
void ar_yaml_add_values(ar_growing_text *out, const char *key, const double *values, int64_t count);
void ar_yaml_add_texts(ar_growing_text *out, const char *key, const char *const *texts,
                       int64_t count);

#endif
