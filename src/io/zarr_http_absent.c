/* A build without libcurl: URLs are recognised and refused. */
#include "io/zarr_http.h"

const ar_http_settings ar_http_usual_settings = {0};

ar_status ar_zarr_http_create(ar_zarr_store **store, const char *url,
                              const ar_http_settings *settings, ar_error *err)
{
    (void)settings;
    *store = NULL;
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: is a URL, and this program was built without HTTP; build it with "
                   "-DATMOREP_HTTP=ON and libcurl",
                   url);
}
