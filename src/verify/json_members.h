/* Members of JSON objects that reports are made of. A number that is not finite is null. Each tells
 * whether there was memory for it. */
#ifndef AR_VERIFY_JSON_MEMBERS_H
#define AR_VERIFY_JSON_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

typedef struct {
    const char *name;
    double value;
} ar_named_number;

bool ar_json_add_numbers(cJSON *object, const ar_named_number *numbers, size_t count);
bool ar_json_add_array(cJSON *object, const char *name, const double *values, int64_t count);
/* The same to so many decimals, for what is long and need not be exact. */
bool ar_json_add_rounded(cJSON *object, const char *name, const double *values, int64_t count,
                         int decimals);
/* The object under `key`, made when it is not there yet. NULL when memory is short. */
cJSON *ar_json_object_at(cJSON *parent, const char *key);

#endif
