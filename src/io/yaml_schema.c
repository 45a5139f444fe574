#include "io/yaml_schema.h"

#include <stdio.h>
#include <string.h>

const cyaml_schema_field_t *ar_yaml_schema_find(const cyaml_schema_value_t *mapping,
                                                const char *key)
{
    for (const cyaml_schema_field_t *field = mapping->mapping.fields; field->key; field++) {
        if (strcmp(field->key, key) == 0) {
            return field;
        }
    }
    return NULL;
}

/* Append to a text of `size` bytes; what does not fit is cut off. */
static void append(char *text, size_t size, const char *more)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", more);
}

static const char *plural(const cyaml_schema_value_t *entry)
{
    switch (entry->type) {
    case CYAML_INT:
        return "whole numbers";
    case CYAML_FLOAT:
        return "numbers";
    case CYAML_MAPPING:
        return "entries of keys and values";
    default:
        return "texts";
    }
}

void ar_yaml_schema_describe(const cyaml_schema_value_t *schema, char *text, size_t size)
{
    switch (schema->type) {
    case CYAML_INT:
        snprintf(text, size, "a whole number");
        break;
    case CYAML_FLOAT:
        snprintf(text, size, "a number");
        break;
    case CYAML_BOOL:
        snprintf(text, size, "true or false");
        break;
    case CYAML_ENUM:
        snprintf(text, size, "one of ");
        for (uint32_t i = 0; i < schema->enumeration.count; i++) {
            append(text, size, i ? ", " : "");
            append(text, size, schema->enumeration.strings[i].str);
        }
        break;
    case CYAML_SEQUENCE:
        snprintf(text, size, "a list of %s: [...]", plural(schema->sequence.entry));
        break;
    case CYAML_SEQUENCE_FIXED:
        snprintf(text, size, "a list of %u %s: [...]", schema->sequence.min,
                 plural(schema->sequence.entry));
        break;
    case CYAML_MAPPING:
        snprintf(text, size, "keys with values: ");
        for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; field++) {
            append(text, size, field == schema->mapping.fields ? "" : ", ");
            append(text, size, field->key);
        }
        break;
    default:
        snprintf(text, size, "a text");
        break;
    }
}

/* Levenshtein's distance: fewest letters to insert, delete or replace to make b of a. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    size_t row[LONGEST + 1];
    size_t length_a = strlen(a), length_b = strlen(b);
    if (length_a > LONGEST || length_b > LONGEST) {
        return LONGEST;
    }
    for (size_t j = 0; j <= length_b; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= length_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            size_t shifted = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < shifted ? replaced : shifted;
        }
    }
    return row[length_b];
}

void ar_yaml_schema_suggest(const cyaml_schema_value_t *mapping, const char *key, char *text,
                            size_t size)
{
    const char *closest = NULL;
    size_t least = 0;
    for (const cyaml_schema_field_t *field = mapping->mapping.fields; field->key; field++) {
        size_t distance = edit_distance(key, field->key);
        /* `step` for `steps_per_epoch` counts as close too: one begins as the other does. */
        size_t shared = strlen(key) < strlen(field->key) ? strlen(key) : strlen(field->key);
        if (shared >= 3 && strncmp(key, field->key, shared) == 0) {
            distance = 1;
        }
        if (!closest || distance < least) {
            closest = field->key;
            least = distance;
        }
    }
    if (closest && least <= 2 + strlen(key) / 4 && least < strlen(key)) {
        snprintf(text, size, "did you mean '%s'?", closest);
        return;
    }
    snprintf(text, size, "should be one of: ");
    for (const cyaml_schema_field_t *field = mapping->mapping.fields; field->key; field++) {
        append(text, size, field == mapping->mapping.fields ? "" : ", ");
        append(text, size, field->key);
    }
}
