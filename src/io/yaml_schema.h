/* What a schema of libcyaml's says, in words for messages. */
#ifndef AR_IO_YAML_SCHEMA_H
#define AR_IO_YAML_SCHEMA_H

#include <stddef.h>

#include <cyaml/cyaml.h>

/* The entry of a mapping's schema with this key, or NULL. */
const cyaml_schema_field_t *ar_yaml_schema_find(const cyaml_schema_value_t *mapping,
                                                const char *key);

/* What a value of this schema should look like ("a whole number", "one of global, latitude,
 * point"). */
void ar_yaml_schema_describe(const cyaml_schema_value_t *schema, char *text, size_t size);

/* What to say of a key that the mapping does not know: the closest known one, or all of them. */
void ar_yaml_schema_suggest(const cyaml_schema_value_t *mapping, const char *key, char *text,
                            size_t size);

#endif
