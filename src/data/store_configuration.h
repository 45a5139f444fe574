/* What a configuration says of a store to be prepared: its data and fields, as for training, and
 * how they are to be stored. Keys that only training has mean nothing here. */
#ifndef AR_DATA_STORE_CONFIGURATION_H
#define AR_DATA_STORE_CONFIGURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"
#include "data/field_data.h"
#include "data/store_pack.h"

enum { AR_STORE_FIELDS_MOST = 256, AR_STORE_LEVELS_MOST = 1024 };

typedef struct {
    const char *name, *variable; /* variable NULL: found by name */
    double *levels;              /* [level_count]; NULL: all that the data has */
    int64_t level_count;
    const char *from[2]; /* the fields it is derived from; NULL: the files hold it */
    int64_t from_count;  /* 0 or 2 */
    bool is_static;
} ar_store_field;

typedef struct ar_store_configuration ar_store_configuration;

/* What is asked for; texts and arrays belong to the configuration. */
typedef struct {
    const char *const *paths; /* data.paths */
    int64_t path_count;
    const char *start, *end; /* from the first to the last time of training and validation; NULL:
                              * open */
    const ar_store_field *fields; /* without those that show the values of another (`stream_of`) */
    int64_t field_count;
    ar_field_regridding grid; /* that all fields are brought to */
    int64_t member;           /* of an ensemble; −1: the data is none */
    ar_store_type type;
    bool compress;
    int64_t compression_level; /* 1–9 */
    int64_t chunk_times;       /* 0: to be chosen */
    int64_t zarr_format;       /* 2 or 3 */
} ar_store_request;

/* Read a YAML file (docs/data.md). AR_ERROR_INPUT names line, key and what would be right. */
AR_USE_RESULT ar_status ar_store_configuration_read(ar_store_configuration **configuration,
                                                    const char *path, ar_error *err);
ar_store_request ar_store_configuration_request(const ar_store_configuration *configuration);
void ar_store_configuration_destroy(ar_store_configuration **configuration); /* NULL-safe */

#endif
