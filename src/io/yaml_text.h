/* YAML as text that grows piece by piece. */
#ifndef AR_IO_YAML_TEXT_H
#define AR_IO_YAML_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

/* Begin with {.err = err}; the text is the caller's to ar_free. */
typedef struct {
    char *text;
    size_t length, capacity;
    ar_status status; /* the first failure; nothing is added after it */
    ar_error *err;
} ar_yaml_text;

void ar_yaml_add(ar_yaml_text *out, const char *format, ...) AR_PRINTF(2, 3);
/* "key: value" without an end of line. */
void ar_yaml_add_integer(ar_yaml_text *out, const char *key, int64_t value);
void ar_yaml_add_number(ar_yaml_text *out, const char *key, double value);
void ar_yaml_add_truth(ar_yaml_text *out, const char *key, bool value);
/* The shortest digits that read back as the same number. */
void ar_yaml_add_value(ar_yaml_text *out, double value);
/* In quotes: a text such as `no` stays a text for every YAML reader. */
void ar_yaml_add_quoted(ar_yaml_text *out, const char *text);
/* "key: [a, b]\n" */
void ar_yaml_add_values(ar_yaml_text *out, const char *key, const double *values, int64_t count);
void ar_yaml_add_texts(ar_yaml_text *out, const char *key, const char *const *texts, int64_t count);

#endif
