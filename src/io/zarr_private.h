/* An open Zarr group of version 2 or 3. Private to the files zarr*.c. */
#ifndef AR_IO_ZARR_PRIVATE_H
#define AR_IO_ZARR_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "io/source_private.h"
#include "io/zarr_cache.h"
#include "io/zarr_metadata.h"
#include "io/zarr_store.h"

typedef struct {
    ar_zarr_store *store;
    ar_zarr_array *arrays; /* beside the source's variables */
    size_t array_capacity;
    ar_zarr_cache cache;
} ar_zarr_group;

/* Open the group at the root of a store, which is taken in any case; source->path names it. */
AR_USE_RESULT ar_status ar_zarr_open_store(ar_source *source, ar_zarr_store *store, ar_error *err);

/* The read function of the reader: hyperslab of variable `index`, chunk by chunk. */
ar_status ar_zarr_read(ar_source *source, int64_t index, const int64_t *start, const int64_t *count,
                       ar_values values, ar_error *err);

/* ---- opening -------------------------------------------------------------------------------- */

/* Parse the object `folder`/`name` of the store; *json stays NULL where it is not. */
AR_USE_RESULT ar_status ar_zarr_parse_object(ar_source *source, const char *folder,
                                             const char *name, cJSON **json, ar_error *err);

/* Take the attributes of the root; NULL: it has none. */
AR_USE_RESULT ar_status ar_zarr_take_attributes(ar_source *source, const cJSON *attributes,
                                                ar_error *err);

/* Add the groups and arrays of each version: all that the root's metadata hold of them, or what is
 * found by walking. `root` is the root's zarr.json, or its .zmetadata (NULL: there is none). */
AR_USE_RESULT ar_status ar_zarr_open_v2(ar_source *source, const cJSON *root, ar_error *err);
AR_USE_RESULT ar_status ar_zarr_open_v3(ar_source *source, const cJSON *root, ar_error *err);

/* What the folder `name` of the store is: an array, which is added, a group, or neither; *is_group
 * says whether it is to be looked into. */
typedef ar_status (*ar_zarr_visit)(ar_source *source, const char *name, bool *is_group,
                                   ar_error *err);
/* Visit all folders of the group at the root, and those within groups. */
AR_USE_RESULT ar_status ar_zarr_walk(ar_source *source, ar_zarr_visit visit, ar_error *err);

typedef struct {
    const char *name;
    const cJSON *metadata;        /* its .zarray or zarr.json */
    const cJSON *attributes;      /* NULL: none */
    const cJSON *dimension_names; /* a list of texts or nulls; NULL: none */
    const char *dimension_key;    /* what that list is called */
    ar_status (*parse)(ar_zarr_array *array, const cJSON *metadata, const char *where,
                       ar_error *err);
    bool fill_is_missing; /* the fill value marks missing values */
} ar_zarr_found;

/* Add an array as a variable. A name that leads out of the group is an error. */
AR_USE_RESULT ar_status ar_zarr_add_array(ar_source *source, const ar_zarr_found *found,
                                          ar_error *err);

#endif
