/* Getting objects by HTTP and HTTPS (libcurl), again and again where a server is busy or a
 * connection breaks. Proxies are taken from the environment (http_proxy, https_proxy, no_proxy).
 * Private to the io room. */
#ifndef AR_IO_HTTP_H
#define AR_IO_HTTP_H

#include <stdbool.h>

#include "io/zarr_store.h"

typedef struct {
    int tries;
    double first_wait;  /* seconds before the second try; each wait is twice the one before, or what
                         * the server asks for (Retry-After), a minute at most */
    long stall_seconds; /* without a byte, after which a try is given up; also to connect */
} ar_http_settings;

/* 6 tries within half a minute (3 where nobody is there), 30 seconds without a byte. */
extern const ar_http_settings ar_http_usual_settings;

typedef struct ar_http ar_http; /* of one thread at a time; a build without HTTP makes none */

AR_USE_RESULT ar_status ar_http_create(ar_http **http, const ar_http_settings *settings,
                                       ar_error *err);
void ar_http_destroy(ar_http **http); /* NULL-safe, sets NULL */

typedef struct {
    char *data; /* the caller's to ar_free; NULL: the server says that there is no such object */
    size_t bytes;
    bool whole; /* all of the object: a server may take no notice of a range */
} ar_http_answer;

/* Get `range` of the object at `url`. An answer that is neither the object nor its absence (404,
 * 410), connections that fail at every try, and ranges outside of the object are errors that begin
 * with the URL and tell what the server said. Whole objects of more than 512 MiB are not taken for
 * a part of them. */
AR_USE_RESULT ar_status ar_http_get(ar_http *http, const char *url, ar_zarr_range range,
                                    ar_http_answer *answer, ar_error *err);

#endif
