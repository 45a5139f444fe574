/* Where the objects of a Zarr store lie, each under a key such as "t/zarr.json" or "t/c/0/3": all
 * that the reader gets goes through here. Private to the io room. */
#ifndef AR_IO_ZARR_STORE_H
#define AR_IO_ZARR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef enum {
    AR_ZARR_WHOLE, /* all, of at most `bytes` bytes; more is an error */
    AR_ZARR_PART,  /* exactly `bytes` bytes from `offset` on */
    AR_ZARR_END,   /* exactly the last `bytes` bytes */
} ar_zarr_extent;

typedef struct {
    ar_zarr_extent extent;
    uint64_t offset;
    size_t bytes;
} ar_zarr_range;

/* The first member of each kind of store. */
typedef struct ar_zarr_store ar_zarr_store;
struct ar_zarr_store {
    /* Read of the object `key` what `range` says. Absent (there is no such object) is no error:
     * *data is NULL then. Bytes that the object does not have are an error. *data is the caller's
     * to ar_free. Used by one thread at a time. */
    ar_status (*read)(ar_zarr_store *store, const char *key, ar_zarr_range range, char **data,
                      size_t *bytes, ar_error *err);
    /* Read `bytes` bytes from `offset` on of an object, which has to have `whole` of them, to
     * `data`; *there: false if there is no such object. NULL: this store reads by `read` alone. */
    ar_status (*read_to)(ar_zarr_store *store, const char *key, size_t whole, size_t offset,
                         size_t bytes, void *data, bool *there, ar_error *err);
    /* Names of the folders in `prefix` ("": the root), sorted, without those that begin with ".".
     * The caller frees each and the list, also after a failure. NULL: this store cannot list. */
    ar_status (*list)(ar_zarr_store *store, const char *prefix, char ***names, size_t *count,
                      ar_error *err);
    void (*destroy)(ar_zarr_store *store);
};

/* Find where a range lies within an object of `size` bytes; outside is an error that begins with
 * `where`. */
AR_USE_RESULT ar_status ar_zarr_range_find(ar_zarr_range range, uint64_t size, const char *where,
                                           uint64_t *offset, size_t *bytes, ar_error *err);

/* The folder `path`, which is borrowed. */
AR_USE_RESULT ar_status ar_zarr_folder_create(ar_zarr_store **store, const char *path,
                                              ar_error *err);

#endif
