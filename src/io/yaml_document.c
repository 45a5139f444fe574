#include "io/yaml_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* Far more than any configuration has; a guard against files that expand without end. */
enum { DEEPEST = 24, MOST_NODES = 200000 };

static const size_t line_of_setting = SIZE_MAX;
static const size_t line_of_default = SIZE_MAX - 1;

static ar_status out_of_memory(ar_error *err)
{
    return ar_fail(err, AR_ERROR_MEMORY, "out of memory for a configuration");
}

void ar_yaml_document_place(const ar_yaml_document *document, const yaml_node_t *node, char *text,
                            size_t size)
{
    size_t line = node ? node->start_mark.line : line_of_default;
    if (line == line_of_default) {
        snprintf(text, size, "%s", document->file);
    } else if (line == line_of_setting) {
        snprintf(text, size, "%s (--set)", document->file);
    } else {
        snprintf(text, size, "%s:%zu", document->file, line + 1);
    }
}

void ar_yaml_document_forget_lines(ar_yaml_document *document)
{
    for (yaml_node_t *node = document->yaml.nodes.start; node < document->yaml.nodes.top; node++) {
        node->start_mark.line = line_of_default;
    }
}

typedef struct {
    ar_yaml_document *document;
    yaml_document_t *from;
    ar_node_origin origin;
    ar_error *err;
} node_copy;

static size_t line_in_copy(const node_copy *copy, const yaml_node_t *node)
{
    switch (copy->origin) {
    case AR_NODE_SETTING:
        return line_of_setting;
    case AR_NODE_DEFAULT:
        return line_of_default;
    default:
        return node->start_mark.line;
    }
}

static ar_status copy_node(const node_copy *copy, int from_node, int depth, int *node);

static ar_status copy_children(const node_copy *copy, int from_node, int depth, int node)
{
    yaml_document_t *to = &copy->document->yaml;
    const yaml_node_t *source = yaml_document_get_node(copy->from, from_node);
    ar_status status = AR_OK;
    if (source->type == YAML_SEQUENCE_NODE) {
        for (yaml_node_item_t *item = source->data.sequence.items.start;
             status == AR_OK && item < source->data.sequence.items.top; item++) {
            int entry = 0;
            status = copy_node(copy, *item, depth + 1, &entry);
            if (status == AR_OK && !yaml_document_append_sequence_item(to, node, entry)) {
                status = out_of_memory(copy->err);
            }
        }
    } else if (source->type == YAML_MAPPING_NODE) {
        for (yaml_node_pair_t *pair = source->data.mapping.pairs.start;
             status == AR_OK && pair < source->data.mapping.pairs.top; pair++) {
            int key = 0, value = 0;
            status = copy_node(copy, pair->key, depth + 1, &key);
            if (status == AR_OK) {
                status = copy_node(copy, pair->value, depth + 1, &value);
            }
            if (status == AR_OK && !yaml_document_append_mapping_pair(to, node, key, value)) {
                status = out_of_memory(copy->err);
            }
        }
    }
    return status;
}

static ar_status copy_node(const node_copy *copy, int from_node, int depth, int *node)
{
    yaml_document_t *to = &copy->document->yaml;
    const yaml_node_t *source = yaml_document_get_node(copy->from, from_node);
    if (depth > DEEPEST || to->nodes.top - to->nodes.start > MOST_NODES) {
        char place[512];
        ar_yaml_document_place(copy->document, source, place, sizeof place);
        return ar_fail(copy->err, AR_ERROR_INPUT,
                       "%s: a configuration is at most %d levels deep and has at most %d values; "
                       "this one goes on (does an alias contain itself?)",
                       place, DEEPEST, MOST_NODES);
    }
    if (source->type == YAML_SCALAR_NODE) {
        bool plain = source->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        *node = yaml_document_add_scalar(
            to, NULL, source->data.scalar.value, (int)source->data.scalar.length,
            plain ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
    } else if (source->type == YAML_SEQUENCE_NODE) {
        *node = yaml_document_add_sequence(to, NULL, YAML_ANY_SEQUENCE_STYLE);
    } else {
        *node = yaml_document_add_mapping(to, NULL, YAML_ANY_MAPPING_STYLE);
    }
    if (!*node) {
        return out_of_memory(copy->err);
    }
    yaml_document_get_node(to, *node)->start_mark.line = line_in_copy(copy, source);
    return copy_children(copy, from_node, depth, *node);
}

ar_status ar_yaml_document_copy(ar_yaml_document *document, yaml_document_t *from, int from_node,
                                ar_node_origin origin, int *node, ar_error *err)
{
    const node_copy copy = {document, from, origin, err};
    return copy_node(&copy, from_node, 0, node);
}

static ar_status parser_failure(const yaml_parser_t *parser, const char *file, ar_error *err)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        return out_of_memory(err);
    }
    return ar_fail(err, AR_ERROR_INPUT, "%s:%zu: not YAML: %s%s%s", file,
                   parser->problem_mark.line + 1, parser->problem ? parser->problem : "unreadable",
                   parser->context ? " " : "", parser->context ? parser->context : "");
}

ar_status ar_yaml_text_read(const char *path, size_t largest, char **text, ar_error *err)
{
    size_t bytes = 0;
    ar_status status = ar_file_read_whole(path, largest, text, &bytes, err);
    if (status == AR_OK && strlen(*text) != bytes) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: has a zero byte at %zu; should be a text file of YAML", path,
                         strlen(*text));
        ar_free(*text);
        *text = NULL;
    }
    return status;
}

ar_status ar_yaml_document_load(ar_yaml_document *document, const char *text, const char *file,
                                ar_error *err)
{
    *document = (ar_yaml_document){.file = file};
    ar_status status = AR_OK;
    yaml_parser_t parser;
    yaml_document_t parsed, more;
    bool has_parsed = false;
    if (!yaml_parser_initialize(&parser)) {
        return out_of_memory(err);
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    if (!yaml_parser_load(&parser, &parsed)) {
        status = parser_failure(&parser, file, err);
        goto cleanup;
    }
    has_parsed = true;
    const yaml_node_t *root = yaml_document_get_root_node(&parsed);
    if (!root || root->type != YAML_MAPPING_NODE) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: should be a mapping of keys to values (key: value)", file);
        goto cleanup;
    }
    if (!yaml_document_initialize(&document->yaml, NULL, NULL, NULL, 1, 1)) {
        status = out_of_memory(err);
        goto cleanup;
    }
    document->loaded = true;
    int node = 0;
    AR_TRY(ar_yaml_document_copy(document, &parsed, 1, AR_NODE_FILE, &node, err));
    if (!yaml_parser_load(&parser, &more)) {
        status = parser_failure(&parser, file, err);
        goto cleanup;
    }
    const yaml_node_t *second = yaml_document_get_root_node(&more);
    if (second) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s:%zu: a second document begins; a configuration is one document", file,
                         second->start_mark.line + 1);
    }
    yaml_document_delete(&more);

cleanup:
    if (has_parsed) {
        yaml_document_delete(&parsed);
    }
    yaml_parser_delete(&parser);
    if (status != AR_OK) {
        ar_yaml_document_release(document);
    }
    return status;
}

void ar_yaml_document_release(ar_yaml_document *document)
{
    if (document->loaded) {
        yaml_document_delete(&document->yaml);
    }
    document->loaded = false;
}

int ar_yaml_document_find(ar_yaml_document *document, int mapping, const char *key)
{
    const yaml_node_t *node = yaml_document_get_node(&document->yaml, mapping);
    if (!node || node->type != YAML_MAPPING_NODE) {
        return 0;
    }
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(&document->yaml, pair->key);
        if (name->type == YAML_SCALAR_NODE &&
            strcmp((const char *)name->data.scalar.value, key) == 0) {
            return pair->value;
        }
    }
    return 0;
}

bool ar_yaml_key_next(const char **key, char part[64])
{
    const char *begin = *key + strspn(*key, ".[]");
    size_t length = strcspn(begin, ".[]");
    *key = begin + length;
    snprintf(part, 64, "%.*s", (int)(length < 63 ? length : 63), begin);
    return length > 0;
}

/* The node that the key leads to, or the last one on the way that is there; *whole says which. */
static int follow(ar_yaml_document *document, const char *key, bool *whole)
{
    int at = 1;
    char part[64];
    *whole = true;
    while (ar_yaml_key_next(&key, part)) {
        const yaml_node_t *node = yaml_document_get_node(&document->yaml, at);
        int next = 0;
        if (node->type == YAML_SEQUENCE_NODE) {
            long index = strtol(part, NULL, 10);
            long count = (long)(node->data.sequence.items.top - node->data.sequence.items.start);
            next = index >= 0 && index < count ? node->data.sequence.items.start[index] : 0;
        } else {
            next = ar_yaml_document_find(document, at, part);
        }
        if (!next) {
            *whole = false;
            break;
        }
        at = next;
    }
    return at;
}

int ar_yaml_document_get(ar_yaml_document *document, const char *key)
{
    bool whole;
    int at = follow(document, key, &whole);
    return whole ? at : 0;
}

void ar_yaml_document_locate(ar_yaml_document *document, const char *key, char *text, size_t size)
{
    bool whole;
    int at = follow(document, key, &whole);
    /* What is missing from the whole file has no line of its own. */
    const yaml_node_t *found = at == 1 ? NULL : yaml_document_get_node(&document->yaml, at);
    ar_yaml_document_place(document, found, text, size);
}

/* Text that grows as libyaml writes. */
typedef struct {
    char *text;
    size_t length, capacity;
} growing_text;

static int take_output(void *data, unsigned char *bytes, size_t count)
{
    growing_text *output = data;
    size_t needed = 0;
    ar_error ignored; /* libyaml only wants to know that it failed */
    if (!ar_size_sum(output->length, count, &needed) || !ar_size_sum(needed, 1, &needed) ||
        ar_grow(&output->text, &output->capacity, needed, 1, "a configuration", &ignored) !=
            AR_OK) {
        return 0;
    }
    memcpy(output->text + output->length, bytes, count);
    output->length += count;
    return 1;
}

ar_status ar_yaml_document_emit(ar_yaml_document *document, char **text, size_t *length,
                                ar_error *err)
{
    ar_status status = AR_OK;
    growing_text output = {0};
    yaml_emitter_t emitter;
    ar_yaml_document copy = {.file = document->file};
    int node = 0;
    *text = NULL;
    if (!yaml_emitter_initialize(&emitter)) {
        return out_of_memory(err);
    }
    if (!yaml_document_initialize(&copy.yaml, NULL, NULL, NULL, 1, 1)) {
        status = out_of_memory(err);
        goto cleanup;
    }
    copy.loaded = true;
    AR_TRY(ar_yaml_document_copy(&copy, &document->yaml, 1, AR_NODE_FILE, &node, err));
    yaml_emitter_set_output(&emitter, take_output, &output);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    copy.loaded = false; /* the emitter deletes it, whether it succeeds or not */
    if (!yaml_emitter_open(&emitter) || !yaml_emitter_dump(&emitter, &copy.yaml) ||
        !yaml_emitter_close(&emitter)) {
        status = out_of_memory(err);
        goto cleanup;
    }
    *text = output.text;
    *length = output.length;
    output.text = NULL;

cleanup:
    ar_free(output.text);
    ar_yaml_document_release(&copy);
    yaml_emitter_delete(&emitter);
    return status;
}
