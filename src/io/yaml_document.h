/* A YAML file as a tree of nodes, before it becomes values: it can be changed and completed, and
 * every key is checked against a schema of libcyaml's, with the line it stands on. libcyaml would
 * refuse the same mistakes, but names neither the full key nor what would be right. */
#ifndef AR_IO_YAML_DOCUMENT_H
#define AR_IO_YAML_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

#include "atmorep/status.h"
#include "io/yaml_schema.h"

enum { AR_YAML_KEY_SIZE = 256 };

typedef struct {
    const char *file; /* borrowed; for messages */
    bool loaded;
    yaml_document_t yaml; /* aliases are expanded: a node has one parent, and there are no cycles */
} ar_yaml_document;

/* The text of a YAML file of at most `largest` bytes into *text, the caller's to ar_free. A zero
 * byte in it is AR_ERROR_INPUT. */
AR_USE_RESULT ar_status ar_yaml_text_read(const char *path, size_t largest, char **text,
                                          ar_error *err);

/* Parse `text` into a tree with a mapping at its root. Text that is not YAML, several documents,
 * and trees too deep or too large for a configuration are errors with the line. */
AR_USE_RESULT ar_status ar_yaml_document_load(ar_yaml_document *document, const char *text,
                                              const char *file, ar_error *err);
void ar_yaml_document_release(ar_yaml_document *document); /* safe on zeroed */

/* Check keys and types of the whole tree against the schema. Values of type CYAML_IGNORE may be
 * anything: who reads them checks them. */
AR_USE_RESULT ar_status ar_yaml_document_check(ar_yaml_document *document,
                                               const cyaml_schema_value_t *schema, ar_error *err);
/* AR_ERROR_INPUT: the value of the key, which is there, should be `right`. */
AR_USE_RESULT ar_status ar_yaml_document_refuse(ar_yaml_document *document, const char *key,
                                                const char *right, ar_error *err);
/* Store the scalar values that are there in `data` as the schema says (the offsets of mappings are
 * counted from the whole; texts are borrowed from the document); all else stays as it is. The
 * document is checked. Lists are left to the caller. */
void ar_yaml_document_read(ar_yaml_document *document, const cyaml_schema_value_t *schema,
                           void *data);

/* Node of the key (such as fields[1].coupled[0]), 0 if it is not there. */
int ar_yaml_document_get(ar_yaml_document *document, const char *key);
/* Write "file:line" of the node that the key leads to, or of the last one on the way that is there;
 * "file (--set)" or "file" where it did not come from a line. */
void ar_yaml_document_locate(ar_yaml_document *document, const char *key, char *text, size_t size);
void ar_yaml_document_place(const ar_yaml_document *document, const yaml_node_t *node, char *text,
                            size_t size);

/* The text was not a file of the user's: messages name no lines of it. */
void ar_yaml_document_forget_lines(ar_yaml_document *document);

/* The tree as YAML text; the caller's to ar_free. */
AR_USE_RESULT ar_status ar_yaml_document_emit(ar_yaml_document *document, char **text,
                                              size_t *length, ar_error *err);

/* Value node of a key in a mapping node, 0 if it is not there. */
int ar_yaml_document_find(ar_yaml_document *document, int mapping, const char *key);
/* Copy a tree of nodes into the document; nodes of a setting or of the defaults say so in messages.
 */
typedef enum { AR_NODE_FILE, AR_NODE_SETTING, AR_NODE_DEFAULT } ar_node_origin;
AR_USE_RESULT ar_status ar_yaml_document_copy(ar_yaml_document *document, yaml_document_t *from,
                                              int from_node, ar_node_origin origin, int *node,
                                              ar_error *err);
/* Next part of a key: a name between dots or an index in brackets. False at the end. */
bool ar_yaml_key_next(const char **key, char part[64]);

#endif
