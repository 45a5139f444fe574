/* JSON as Python programs write it: cJSON, which knows no NaN or Infinity, with these three added.
 * Private to the io room. */
#ifndef AR_IO_JSON_H
#define AR_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "atmorep/status.h"
#include "io/source.h"

/* Parse `text` (length bytes); `where` names the file in the error. The caller deletes *json with
 * cJSON_Delete. */
AR_USE_RESULT ar_status ar_json_parse(cJSON **json, const char *text, size_t length,
                                      const char *where, ar_error *err);
/* Parse a whole file of at most 64 MiB. */
AR_USE_RESULT ar_status ar_json_parse_file(cJSON **json, const char *path, ar_error *err);

/* A number, NaN and ±Infinity included (bare); false for anything else. */
bool ar_json_number(const cJSON *item, double *number);
/* A whole number in [smallest, 2^53]; false for anything else. */
bool ar_json_integer(const cJSON *item, int64_t smallest, int64_t *number);

/* Turn the members of an object into attributes, without the member `except` (may be NULL). Lists
 * of numbers stay numbers; truth values become 0 or 1; what is neither text nor number becomes its
 * JSON text. *attributes, *count are released with the source even on failure. */
AR_USE_RESULT ar_status ar_json_attributes(ar_attribute **attributes, int64_t *count,
                                           const cJSON *object, const char *except, ar_error *err);

#endif
