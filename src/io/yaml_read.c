#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io/yaml_document.h"

static int64_t find_word(const cyaml_schema_value_t *schema, const char *text)
{
    for (uint32_t i = 0; i < schema->enumeration.count; i++) {
        if (strcmp(schema->enumeration.strings[i].str, text) == 0) {
            return schema->enumeration.strings[i].val;
        }
    }
    return 0; /* the check refused it */
}

/* A whole number into a member of its own size. */
static void store_integer(void *target, size_t bytes, int64_t value)
{
    if (bytes == sizeof(int64_t)) {
        *(int64_t *)target = value;
    } else if (bytes == sizeof(int)) {
        *(int *)target = (int)value;
    } else {
        *(bool *)target = value != 0;
    }
}

static void store_scalar(const cyaml_schema_value_t *schema, const yaml_node_t *node, void *target)
{
    const char *text = (const char *)node->data.scalar.value;
    switch (schema->type) {
    case CYAML_INT:
        store_integer(target, schema->data_size, strtoll(text, NULL, 10));
        break;
    case CYAML_ENUM:
        store_integer(target, schema->data_size, find_word(schema, text));
        break;
    case CYAML_FLOAT:
        *(double *)target = strtod(text, NULL);
        break;
    case CYAML_BOOL:
        *(bool *)target = strcasecmp(text, "true") == 0 || strcasecmp(text, "yes") == 0;
        break;
    case CYAML_STRING:
        *(const char **)target = text;
        break;
    default:
        break;
    }
}

static void read_mapping(ar_yaml_document *document, const cyaml_schema_value_t *schema,
                         int mapping, void *data)
{
    for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; field++) {
        int value = ar_yaml_document_find(document, mapping, field->key);
        const yaml_node_t *node = value ? yaml_document_get_node(&document->yaml, value) : NULL;
        if (node && node->type == YAML_MAPPING_NODE && field->value.type == CYAML_MAPPING) {
            read_mapping(document, &field->value, value, data);
        } else if (node && node->type == YAML_SCALAR_NODE) {
            store_scalar(&field->value, node, (char *)data + field->data_offset);
        }
    }
}

void ar_yaml_document_read(ar_yaml_document *document, const cyaml_schema_value_t *schema,
                           void *data)
{
    read_mapping(document, schema, 1, data);
}
