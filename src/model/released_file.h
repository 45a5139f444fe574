/* A released model's JSON file while it is read: what its readers share. Private to the reading. */
#ifndef AR_MODEL_RELEASED_FILE_H
#define AR_MODEL_RELEASED_FILE_H

#include <cjson/cJSON.h>

#include "model/configuration.h"

/* One file being read. */
typedef struct {
    ar_configuration *configuration;
    const cJSON *root;
    const char *path;
    ar_error *err;
} ar_released_file;

/* "key: what was found" about the value of a key. */
ar_status ar_released_wrong(const ar_released_file *file, const char *key, const cJSON *value,
                            const char *right);
bool ar_released_is_whole(const cJSON *value);
/* The value of a key that is there and not null, or NULL. */
const cJSON *ar_released_value(const ar_released_file *file, const char *key);

/* `fields`, into the configuration. */
AR_USE_RESULT ar_status ar_released_fields(const ar_released_file *file);
/* [[name, weight], …]: which fields are predicted, in the order that decoders and tails are
 * numbered. */
AR_USE_RESULT ar_status ar_released_prediction(const ar_released_file *file);

#endif
