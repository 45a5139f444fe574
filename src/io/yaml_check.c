/* Every key of a document against a schema: known, there, once, and of the right type. */
#include "io/yaml_document.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A node, its schema and the keys that led to it. */
typedef struct {
    ar_yaml_document *document;
    const cyaml_schema_value_t *schema;
    int node;
    char path[AR_YAML_KEY_SIZE];
} typed_node;

static ar_status check_node(const typed_node *at, ar_error *err);

static const yaml_node_t *node_of(const typed_node *at)
{
    return yaml_document_get_node(&at->document->yaml, at->node);
}

/* "is 'x'" for a value, as a message needs it. */
static void describe_found(const yaml_node_t *node, char *text, size_t size)
{
    if (node->type == YAML_SEQUENCE_NODE) {
        snprintf(text, size, "is a list");
    } else if (node->type == YAML_MAPPING_NODE) {
        snprintf(text, size, "is a mapping of keys");
    } else if (node->data.scalar.length == 0) {
        snprintf(text, size, "is empty");
    } else {
        snprintf(text, size, "is '%.80s'", (const char *)node->data.scalar.value);
    }
}

static ar_status wrong_value(const typed_node *at, const char *right, ar_error *err)
{
    char place[512], found[128];
    ar_yaml_document_place(at->document, node_of(at), place, sizeof place);
    describe_found(node_of(at), found, sizeof found);
    return ar_fail(err, AR_ERROR_INPUT, "%s: %s %s; should be %s", place, at->path, found, right);
}

static ar_status wrong_type(const typed_node *at, ar_error *err)
{
    char right[512];
    ar_yaml_schema_describe(at->schema, right, sizeof right);
    return wrong_value(at, right, err);
}

/* Decimal digits with a sign at most: libcyaml would read 010 as 8. */
static bool is_whole_number(const char *text)
{
    const char *digits = text + (*text == '-');
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0' ||
        (digits[0] == '0' && digits[1] != '\0')) {
        return false;
    }
    errno = 0;
    (void)strtoll(text, NULL, 10);
    return errno == 0;
}

static bool is_number(const char *text)
{
    char *end = NULL;
    errno = 0;
    double value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(value) && errno == 0 &&
           text[strspn(text, "+-.0123456789eE")] == '\0';
}

/* libcyaml takes any text that is not "false" or "no" for true. */
static bool is_truth(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_word(const cyaml_schema_value_t *schema, const char *text)
{
    for (uint32_t i = 0; i < schema->enumeration.count; i++) {
        if (strcmp(schema->enumeration.strings[i].str, text) == 0) {
            return true;
        }
    }
    return false;
}

static ar_status check_scalar(const typed_node *at, ar_error *err)
{
    const yaml_node_t *node = node_of(at);
    if (node->type != YAML_SCALAR_NODE) {
        return wrong_type(at, err);
    }
    const char *text = (const char *)node->data.scalar.value;
    bool fits = strlen(text) == node->data.scalar.length && text[0] != '\0';
    switch (at->schema->type) {
    case CYAML_INT:
        fits = fits && is_whole_number(text);
        break;
    case CYAML_FLOAT:
        fits = fits && is_number(text);
        break;
    case CYAML_BOOL:
        fits = fits && is_truth(text);
        break;
    case CYAML_ENUM:
        fits = fits && is_word(at->schema, text);
        break;
    default:
        break;
    }
    return fits ? AR_OK : wrong_type(at, err);
}

static ar_status check_list(const typed_node *at, ar_error *err)
{
    const yaml_node_t *node = node_of(at);
    if (node->type != YAML_SEQUENCE_NODE) {
        return wrong_type(at, err);
    }
    long count = (long)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (count < (long)at->schema->sequence.min || count > (long)at->schema->sequence.max) {
        char place[512], right[256];
        ar_yaml_document_place(at->document, node, place, sizeof place);
        if (at->schema->type == CYAML_SEQUENCE_FIXED) {
            ar_yaml_schema_describe(at->schema, right, sizeof right);
        } else {
            bool few = count < (long)at->schema->sequence.min;
            snprintf(right, sizeof right, "at %s %u", few ? "least" : "most",
                     few ? at->schema->sequence.min : at->schema->sequence.max);
        }
        return ar_fail(err, AR_ERROR_INPUT, "%s: %s has %ld entries; should be %s", place, at->path,
                       count, right);
    }
    for (long i = 0; i < count; i++) {
        typed_node entry = {at->document, at->schema->sequence.entry,
                            node->data.sequence.items.start[i], ""};
        snprintf(entry.path, sizeof entry.path, "%.200s[%ld]", at->path, i);
        ar_status status = check_node(&entry, err);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

static ar_status unknown_key(const typed_node *at, const yaml_node_t *key, ar_error *err)
{
    char place[512], hint[512];
    const char *name =
        key->type == YAML_SCALAR_NODE ? (const char *)key->data.scalar.value : "(not a text)";
    ar_yaml_document_place(at->document, key, place, sizeof place);
    ar_yaml_schema_suggest(at->schema, name, hint, sizeof hint);
    return ar_fail(err, AR_ERROR_INPUT, "%s: unknown key '%s%s%.80s'; %s", place, at->path,
                   at->path[0] ? "." : "", name, hint);
}

static ar_status check_keys(const typed_node *at, ar_error *err)
{
    const yaml_node_t *node = node_of(at);
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&at->document->yaml, pair->key);
        const char *name =
            key->type == YAML_SCALAR_NODE ? (const char *)key->data.scalar.value : "";
        const cyaml_schema_field_t *field = ar_yaml_schema_find(at->schema, name);
        if (!field) {
            return unknown_key(at, key, err);
        }
        typed_node value = {at->document, &field->value, pair->value, ""};
        snprintf(value.path, sizeof value.path, "%.200s%s%.50s", at->path, at->path[0] ? "." : "",
                 name);
        if (ar_yaml_document_find(at->document, at->node, name) != pair->value) {
            char place[512];
            ar_yaml_document_place(at->document, key, place, sizeof place);
            return ar_fail(err, AR_ERROR_INPUT, "%s: %s is there twice; should be there once",
                           place, value.path);
        }
        ar_status status = check_node(&value, err);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

static ar_status check_mapping(const typed_node *at, ar_error *err)
{
    if (node_of(at)->type != YAML_MAPPING_NODE) {
        return wrong_type(at, err);
    }
    ar_status status = check_keys(at, err);
    for (const cyaml_schema_field_t *field = at->schema->mapping.fields;
         status == AR_OK && field->key; field++) {
        if ((field->value.flags & CYAML_FLAG_OPTIONAL) ||
            ar_yaml_document_find(at->document, at->node, field->key)) {
            continue;
        }
        char place[512], right[512];
        ar_yaml_document_locate(at->document, at->path, place, sizeof place);
        ar_yaml_schema_describe(&field->value, right, sizeof right);
        status = ar_fail(err, AR_ERROR_INPUT, "%s: %s%s%s is missing; should be %s", place,
                         at->path, at->path[0] ? "." : "", field->key, right);
    }
    return status;
}

static ar_status check_node(const typed_node *at, ar_error *err)
{
    switch (at->schema->type) {
    case CYAML_MAPPING:
        return check_mapping(at, err);
    case CYAML_SEQUENCE:
    case CYAML_SEQUENCE_FIXED:
        return check_list(at, err);
    case CYAML_IGNORE:
        return AR_OK;
    default:
        return check_scalar(at, err);
    }
}

ar_status ar_yaml_document_check(ar_yaml_document *document, const cyaml_schema_value_t *schema,
                                 ar_error *err)
{
    const typed_node root = {document, schema, 1, ""};
    return check_node(&root, err);
}

ar_status ar_yaml_document_refuse(ar_yaml_document *document, const char *key, const char *right,
                                  ar_error *err)
{
    typed_node at = {document, NULL, ar_yaml_document_get(document, key), ""};
    snprintf(at.path, sizeof at.path, "%s", key);
    return wrong_value(&at, right, err);
}
