/* What is put into the tree of a configuration after its file was read. Private to the
 * configuration. */
#ifndef AR_MODEL_CONFIGURATION_DOCUMENT_H
#define AR_MODEL_CONFIGURATION_DOCUMENT_H

#include "io/yaml_document.h"

/* Put "key.sub=value" into the tree: the value may be any YAML. Keys are those of the schema, list
 * entries are chosen by index or by their `name`. A path that leads nowhere is AR_ERROR_USAGE. */
AR_USE_RESULT ar_status ar_configuration_document_set(ar_yaml_document *document,
                                                      const char *setting, ar_error *err);

/* Add what is missing from the defaults; what is there stays. */
AR_USE_RESULT ar_status ar_configuration_document_complete(ar_yaml_document *document,
                                                           ar_error *err);

#endif
