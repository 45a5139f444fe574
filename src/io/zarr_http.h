/* A Zarr store behind a URL. Private to the io room. */
#ifndef AR_IO_ZARR_HTTP_H
#define AR_IO_ZARR_HTTP_H

#include "io/http.h"
#include "io/zarr_store.h"

/* The store at `url`, which is borrowed. Objects of at most 64 MiB are kept in memory, 256 MiB of
 * them for the whole program, by their URL and range; also that there is none. A build without HTTP
 * gives an error. */
AR_USE_RESULT ar_status ar_zarr_http_create(ar_zarr_store **store, const char *url,
                                            const ar_http_settings *settings, ar_error *err);

#endif
