/* Defaults and --set: what is put into the tree of a configuration after the file was read. */
#include "model/configuration_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "model/configuration_schema.h"

/* Put `from_node` of another document under a key of a mapping, in place of what is there. */
static ar_status put_under_key(ar_yaml_document *document, int mapping, const char *key,
                               yaml_document_t *from, int from_node, ar_node_origin origin,
                               ar_error *err)
{
    int value = 0;
    ar_status status = ar_yaml_document_copy(document, from, from_node, origin, &value, err);
    if (status != AR_OK) {
        return status;
    }
    yaml_document_t *yaml = &document->yaml;
    const yaml_node_t *node = yaml_document_get_node(yaml, mapping);
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(yaml, pair->key);
        if (name->type == YAML_SCALAR_NODE &&
            strcmp((const char *)name->data.scalar.value, key) == 0) {
            pair->value = value;
            return AR_OK;
        }
    }
    int line_from = value;
    int name = yaml_document_add_scalar(yaml, NULL, (const unsigned char *)key, (int)strlen(key),
                                        YAML_PLAIN_SCALAR_STYLE);
    if (!name || !yaml_document_append_mapping_pair(yaml, mapping, name, value)) {
        return ar_fail(err, AR_ERROR_MEMORY, "out of memory for a configuration");
    }
    yaml_document_get_node(yaml, name)->start_mark =
        yaml_document_get_node(yaml, line_from)->start_mark;
    return AR_OK;
}

/* A key with nothing behind it, as in "model:" alone. */
static bool is_empty(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0 &&
           node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static ar_status merge(ar_yaml_document *document, int mapping, yaml_document_t *defaults,
                       int default_mapping, ar_error *err)
{
    const yaml_node_t *source = yaml_document_get_node(defaults, default_mapping);
    for (const yaml_node_pair_t *pair = source->data.mapping.pairs.start;
         pair < source->data.mapping.pairs.top; pair++) {
        const char *key =
            (const char *)yaml_document_get_node(defaults, pair->key)->data.scalar.value;
        const yaml_node_t *value = yaml_document_get_node(defaults, pair->value);
        int present = ar_yaml_document_find(document, mapping, key);
        const yaml_node_t *node = present ? yaml_document_get_node(&document->yaml, present) : NULL;
        ar_status status = AR_OK;
        if (!node || (is_empty(node) && value->type == YAML_MAPPING_NODE)) {
            status =
                put_under_key(document, mapping, key, defaults, pair->value, AR_NODE_DEFAULT, err);
        } else if (value->type == YAML_MAPPING_NODE && node->type == YAML_MAPPING_NODE &&
                   strcmp(key, "losses") != 0) {
            /* Losses that are named replace the default ones, they do not join them. */
            status = merge(document, present, defaults, pair->value, err);
        }
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

/* Is a truth of a mapping given as this one? */
static bool is_given(ar_yaml_document *document, int mapping, const char *key, bool truth)
{
    const char *const words[2] = {truth ? "true" : "false", truth ? "yes" : "no"};
    const int value = ar_yaml_document_find(document, mapping, key);
    const yaml_node_t *node = value ? yaml_document_get_node(&document->yaml, value) : NULL;
    const char *text =
        node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
    return strcasecmp(text, words[0]) == 0 || strcasecmp(text, words[1]) == 0;
}

static ar_status merge_text(ar_yaml_document *document, int mapping, const char *defaults,
                            ar_error *err)
{
    ar_yaml_document tree = {0};
    ar_status status = ar_yaml_document_load(&tree, defaults, "defaults", err);
    if (status == AR_OK) {
        status = merge(document, mapping, &tree.yaml, 1, err);
    }
    ar_yaml_document_release(&tree);
    return status;
}

/* What an entry of `fields` leaves open depends on what kind of field it is. */
static ar_status complete_field(ar_yaml_document *document, int entry, ar_error *err)
{
    ar_status status = AR_OK;
    if (is_given(document, entry, "static", true) ||
        ar_yaml_document_find(document, entry, "stream_of")) {
        AR_TRY(merge_text(document, entry, ar_configuration_static_defaults, err));
    }
    if (is_given(document, entry, "predicted", false)) {
        AR_TRY(merge_text(document, entry, ar_configuration_input_defaults, err));
    }
    AR_TRY(merge_text(document, entry, ar_configuration_field_defaults, err));
cleanup:
    return status;
}

ar_status ar_configuration_document_complete(ar_yaml_document *document, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(merge_text(document, 1, ar_configuration_defaults, err));
    int fields = ar_yaml_document_find(document, 1, "fields");
    for (int i = 0;; i++) {
        /* Merging adds nodes, which may move them all: look the list up again. */
        const yaml_node_t *list = yaml_document_get_node(&document->yaml, fields);
        if (!list || list->type != YAML_SEQUENCE_NODE ||
            i >= list->data.sequence.items.top - list->data.sequence.items.start) {
            break;
        }
        int entry = list->data.sequence.items.start[i];
        if (yaml_document_get_node(&document->yaml, entry)->type == YAML_MAPPING_NODE) {
            AR_TRY(complete_field(document, entry, err));
        }
    }

cleanup:
    return status;
}

/* Where a setting's path has come to. */
typedef struct {
    ar_yaml_document *document;
    const char *setting;
    const cyaml_schema_value_t *schema;
    int node;
    char path[AR_YAML_KEY_SIZE]; /* the keys passed so far, "" at the root */
} setting_walk;

static const char *path_so_far(const setting_walk *walk)
{
    return walk->path[0] ? walk->path : "the configuration";
}

/* Index of the list entry that `part` means by number or by its key `name`, −1 if there is none. */
static int list_entry(setting_walk *walk, const char *part)
{
    yaml_document_t *yaml = &walk->document->yaml;
    const yaml_node_t *list = yaml_document_get_node(yaml, walk->node);
    int count = (int)(list->data.sequence.items.top - list->data.sequence.items.start);
    if (part[strspn(part, "0123456789")] == '\0') {
        long index = strtol(part, NULL, 10);
        return index < count ? (int)index : -1;
    }
    for (int i = 0; i < count; i++) {
        int name =
            ar_yaml_document_find(walk->document, list->data.sequence.items.start[i], "name");
        const yaml_node_t *node = name ? yaml_document_get_node(yaml, name) : NULL;
        if (node && node->type == YAML_SCALAR_NODE &&
            strcmp((const char *)node->data.scalar.value, part) == 0) {
            return i;
        }
    }
    return -1;
}

static ar_status unknown_part(const setting_walk *walk, const char *part, ar_error *err)
{
    char hint[512] = "";
    if (walk->schema->type == CYAML_MAPPING) {
        ar_yaml_schema_suggest(walk->schema, part, hint, sizeof hint);
        return ar_fail(err, AR_ERROR_USAGE, "--set %s: %s has no key '%s'; %s", walk->setting,
                       path_so_far(walk), part, hint);
    }
    if (walk->schema->type == CYAML_SEQUENCE || walk->schema->type == CYAML_SEQUENCE_FIXED) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--set %s: %s has no entry '%s'; should be an index from 0 or the name of "
                       "an entry",
                       walk->setting, path_so_far(walk), part);
    }
    return ar_fail(err, AR_ERROR_USAGE, "--set %s: %s is a single value and has no key '%s'",
                   walk->setting, path_so_far(walk), part);
}

/* Check that the node the walk stands on has the kind that the schema says. */
static ar_status check_kind(const setting_walk *walk, ar_error *err)
{
    const yaml_node_t *node = yaml_document_get_node(&walk->document->yaml, walk->node);
    bool fits = walk->schema->type == CYAML_MAPPING ? node->type == YAML_MAPPING_NODE
                                                    : node->type == YAML_SEQUENCE_NODE;
    if (fits) {
        return AR_OK;
    }
    char right[512];
    ar_yaml_schema_describe(walk->schema, right, sizeof right);
    return ar_fail(err, AR_ERROR_INPUT, "--set %s: %s in %s should be %s", walk->setting,
                   path_so_far(walk), walk->document->file, right);
}

/* Go on to a key of a mapping, which is made (empty) where the file does not have it. */
static ar_status enter_key(setting_walk *walk, const char *part, const cyaml_schema_field_t *field,
                           yaml_document_t *empty, ar_error *err)
{
    int next = ar_yaml_document_find(walk->document, walk->node, part);
    if (!next || is_empty(yaml_document_get_node(&walk->document->yaml, next))) {
        if (field->value.type != CYAML_MAPPING) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "--set %s: %s has no '%s' in %s yet; set it as a whole: %s%s%s=[...]",
                           walk->setting, path_so_far(walk), part, walk->document->file, walk->path,
                           walk->path[0] ? "." : "", part);
        }
        ar_status status =
            put_under_key(walk->document, walk->node, part, empty, 1, AR_NODE_SETTING, err);
        if (status != AR_OK) {
            return status;
        }
        next = ar_yaml_document_find(walk->document, walk->node, part);
    }
    walk->node = next;
    return AR_OK;
}

/* Take one part of the path; at the last part put the value there. */
static ar_status take_part(setting_walk *walk, const char *part, bool last, yaml_document_t *value,
                           yaml_document_t *empty, ar_error *err)
{
    yaml_document_t *yaml = &walk->document->yaml;
    const cyaml_schema_value_t *schema = walk->schema;
    size_t used = strlen(walk->path);
    ar_status status = AR_OK;
    if (schema->type == CYAML_MAPPING) {
        const cyaml_schema_field_t *field = ar_yaml_schema_find(schema, part);
        if (!field) {
            return unknown_part(walk, part, err);
        }
        AR_TRY(check_kind(walk, err));
        if (last) {
            status =
                put_under_key(walk->document, walk->node, part, value, 1, AR_NODE_SETTING, err);
        } else {
            status = enter_key(walk, part, field, empty, err);
        }
        snprintf(walk->path + used, sizeof walk->path - used, "%s%s", used ? "." : "", part);
        walk->schema = &field->value;
    } else if (schema->type == CYAML_SEQUENCE || schema->type == CYAML_SEQUENCE_FIXED) {
        AR_TRY(check_kind(walk, err));
        int index = list_entry(walk, part);
        if (index < 0) {
            return unknown_part(walk, part, err);
        }
        if (last) {
            int node = 0;
            AR_TRY(ar_yaml_document_copy(walk->document, value, 1, AR_NODE_SETTING, &node, err));
            yaml_document_get_node(yaml, walk->node)->data.sequence.items.start[index] = node;
        } else {
            walk->node = yaml_document_get_node(yaml, walk->node)->data.sequence.items.start[index];
        }
        snprintf(walk->path + used, sizeof walk->path - used, "[%d]", index);
        walk->schema = schema->sequence.entry;
    } else {
        return unknown_part(walk, part, err);
    }

cleanup:
    return status;
}

/* Parse the value of a setting. An empty value is an empty text. */
static ar_status parse_value(yaml_document_t *value, const char *text, const char *setting,
                             ar_error *err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return ar_fail(err, AR_ERROR_MEMORY, "out of memory for a configuration");
    }
    ar_status status = AR_OK;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    if (!yaml_parser_load(&parser, value)) {
        status = ar_fail(err, AR_ERROR_USAGE, "--set %s: the value is not YAML: %s", setting,
                         parser.problem ? parser.problem : "unreadable");
    } else if (!yaml_document_get_root_node(value)) {
        yaml_document_delete(value);
        status = ar_fail(err, AR_ERROR_USAGE, "--set %s: there is no value after '='", setting);
    }
    yaml_parser_delete(&parser);
    return status;
}

ar_status ar_configuration_document_set(ar_yaml_document *document, const char *setting,
                                        ar_error *err)
{
    const char *equals = strchr(setting, '=');
    size_t length = equals ? (size_t)(equals - setting) : 0;
    char key[AR_YAML_KEY_SIZE], part[64], next[64];
    if (length == 0 || length >= sizeof key) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--set %s: should be key=value, such as training.steps=100", setting);
    }
    snprintf(key, sizeof key, "%.*s", (int)length, setting);
    ar_status status = AR_OK;
    yaml_document_t value;
    ar_yaml_document empty = {0};
    status = parse_value(&value, equals + 1, setting, err);
    if (status != AR_OK) {
        return status;
    }
    AR_TRY(ar_yaml_document_load(&empty, "{}", "--set", err));
    setting_walk walk = {
        .document = document, .setting = setting, .schema = &ar_configuration_schema, .node = 1};
    const char *rest = key;
    bool more = ar_yaml_key_next(&rest, part);
    if (!more) {
        status = unknown_part(&walk, key, err);
    }
    while (more) {
        more = ar_yaml_key_next(&rest, next);
        AR_TRY(take_part(&walk, part, !more, &value, &empty.yaml, err));
        memcpy(part, next, sizeof part);
    }

cleanup:
    ar_yaml_document_release(&empty);
    yaml_document_delete(&value);
    return status;
}
