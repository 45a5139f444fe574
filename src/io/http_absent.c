/* A build without libcurl: no connection can be made. */
#include "io/http.h"

const ar_http_settings ar_http_usual_settings = {0};

static ar_status refuse(ar_error *err)
{
    return ar_fail(err, AR_ERROR_INPUT,
                   "this program was built without HTTP; build it with -DATMOREP_HTTP=ON and "
                   "libcurl");
}

ar_status ar_http_create(ar_http **http, const ar_http_settings *settings, ar_error *err)
{
    (void)settings;
    *http = NULL;
    return refuse(err);
}

void ar_http_destroy(ar_http **http)
{
    (void)http;
}

ar_status ar_http_get(ar_http *http, const char *url, ar_zarr_range range, ar_http_answer *answer,
                      ar_error *err)
{
    (void)http;
    (void)url;
    (void)range;
    (void)answer;
    return refuse(err);
}
