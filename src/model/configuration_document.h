/* A configuration as a tree of YAML nodes, before it becomes values: defaults and --set are put
 * into it, and every key is checked against the schema, with the line it stands on. Private to the
 * configuration. libcyaml would refuse the same mistakes, but names neither the full key nor what
 * would be right. */
#ifndef AR_MODEL_CONFIGURATION_DOCUMENT_H
#define AR_MODEL_CONFIGURATION_DOCUMENT_H

#include <yaml.h>

#include "model/configuration_schema.h"

typedef struct {
    const char *file; /* borrowed; for messages */
    bool loaded;
    yaml_document_t yaml; /* aliases are expanded: a node has one parent, and there are no cycles */
} ar_configuration_document;

/* Parse `text` into a tree with a mapping at its root. Text that is not YAML, several documents,
 * and trees too deep or too large for a configuration are errors with the line. */
AR_USE_RESULT ar_status ar_configuration_document_load(ar_configuration_document *document,
                                                       const char *text, const char *file,
                                                       ar_error *err);
void ar_configuration_document_release(ar_configuration_document *document); /* safe on zeroed */

/* Put "key.sub=value" into the tree: the value may be any YAML. Keys are those of the schema, list
 * entries are chosen by index or by their `name`. A path that leads nowhere is AR_ERROR_USAGE. */
AR_USE_RESULT ar_status ar_configuration_document_set(ar_configuration_document *document,
                                                      const char *setting, ar_error *err);

/* Add what is missing from the defaults; what is there stays. */
AR_USE_RESULT ar_status ar_configuration_document_complete(ar_configuration_document *document,
                                                           ar_error *err);

/* Check keys and types of the whole tree against the schema. */
AR_USE_RESULT ar_status ar_configuration_document_check(ar_configuration_document *document,
                                                        ar_error *err);

/* Write "file:line" of the node that the key (such as fields[1].coupled[0]) leads to, or of the
 * last one on the way that is there; "file (--set)" or "file" where it did not come from a line. */
void ar_configuration_document_locate(ar_configuration_document *document, const char *key,
                                      char *text, size_t size);

/* The tree as YAML text; the caller's to ar_free. */
AR_USE_RESULT ar_status ar_configuration_document_emit(ar_configuration_document *document,
                                                       char **text, size_t *length, ar_error *err);

/* Used among the files of the document. */
enum { AR_CONFIGURATION_KEY_SIZE = 256 };
/* Value node of a key in a mapping node, 0 if it is not there. */
int ar_configuration_document_find(ar_configuration_document *document, int mapping,
                                   const char *key);
void ar_configuration_document_place(const ar_configuration_document *document,
                                     const yaml_node_t *node, char *text, size_t size);
/* Copy a tree of nodes into the document; nodes of a setting or of the defaults say so in messages.
 */
typedef enum { AR_NODE_FILE, AR_NODE_SETTING, AR_NODE_DEFAULT } ar_node_origin;
AR_USE_RESULT ar_status ar_configuration_document_copy(ar_configuration_document *document,
                                                       yaml_document_t *from, int from_node,
                                                       ar_node_origin origin, int *node,
                                                       ar_error *err);
/* Next part of a key: a name between dots or an index in brackets. False at the end. */
bool ar_configuration_key_next(const char **key, char part[64]);

#endif
