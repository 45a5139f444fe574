#include "io/yaml_text.h"

#include <stdio.h>
#include <stdlib.h>

void ar_yaml_add_integer(ar_growing_text *out, const char *key, int64_t value)
{
    ar_text_add(out, "%s: %lld", key, (long long)value);
}

void ar_yaml_add_value(ar_growing_text *out, double value)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) { /* 17 always do */
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    ar_text_add(out, "%s", text);
}

void ar_yaml_add_number(ar_growing_text *out, const char *key, double value)
{
    ar_text_add(out, "%s: ", key);
    ar_yaml_add_value(out, value);
}

void ar_yaml_add_truth(ar_growing_text *out, const char *key, bool value)
{
    ar_text_add(out, "%s: %s", key, value ? "true" : "false");
}

void ar_yaml_add_quoted(ar_growing_text *out, const char *text)
{
    ar_text_add(out, "\"");
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\') {
            ar_text_add(out, "\\%c", *c);
        } else if ((unsigned char)*c < ' ' || *c == 0x7f) {
            ar_text_add(out, "\\x%02x", (unsigned)(unsigned char)*c);
        } else {
            ar_text_add(out, "%c", *c);
        }
    }
    ar_text_add(out, "\"");
}

void ar_yaml_add_values(ar_growing_text *out, const char *key, const double *values, int64_t count)
{
    ar_text_add(out, "%s: [", key);
    for (int64_t i = 0; i < count; i++) {
        ar_text_add(out, "%s", i ? ", " : "");
        ar_yaml_add_value(out, values[i]);
    }
    ar_text_add(out, "]\n");
}

void ar_yaml_add_texts(ar_growing_text *out, const char *key, const char *const *texts,
                       int64_t count)
{
    ar_text_add(out, "%s: [", key);
    for (int64_t i = 0; i < count; i++) {
        ar_text_add(out, "%s", i ? ", " : "");
        ar_yaml_add_quoted(out, texts[i]);
    }
    ar_text_add(out, "]\n");
}
