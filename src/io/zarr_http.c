#include "io/zarr_http.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "io/byte_cache.h"

/* Sources are opened again and again (for each field, and when a month is read), so what was got is
 * kept for the whole program. */
static ar_byte_cache cache = AR_BYTE_CACHE((size_t)256 << 20);

typedef struct {
    ar_zarr_store base;
    const char *url;
    ar_http *http;
} http_store;

/* All but letters, digits, "-._~" (RFC 3986, 2.3) and "/" is escaped. */
static ar_status make_url(char **url, const char *base, const char *key, ar_error *err)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    ar_growing_text text = {.err = err};
    ar_text_add(&text, "%s%s", base, ar_text_ends_with(base, "/") ? "" : "/");
    for (; *key; key++) {
        ar_text_add(&text, strchr(plain, *key) ? "%c" : "%%%02X", (unsigned char)*key);
    }
    *url = text.text;
    return text.status;
}

/* What a part is called in the cache: no URL has a blank. */
static ar_status name_part(char **name, const char *url, ar_zarr_range range, ar_error *err)
{
    ar_growing_text text = {.err = err};
    ar_text_add(&text, range.extent == AR_ZARR_END ? "%s end" : "%s %" PRIu64, url, range.offset);
    ar_text_add(&text, " %zu", range.bytes);
    *name = text.text;
    return text.status;
}

/* Take the range out of a whole object. */
static ar_status cut(char **data, size_t *bytes, ar_zarr_range range, const char *url,
                     ar_error *err)
{
    uint64_t offset;
    size_t length;
    ar_status status = ar_zarr_range_find(range, *bytes, url, &offset, &length, err);
    if (status == AR_OK) {
        memmove(*data, *data + offset, length);
        *bytes = length;
    }
    return status;
}

static ar_status get(http_store *store, const char *url, const char *part, ar_zarr_range range,
                     char **data, size_t *bytes, ar_error *err)
{
    ar_http_answer answer;
    ar_status status = ar_http_get(store->http, url, range, &answer, err);
    if (status == AR_OK) {
        *data = answer.data;
        *bytes = answer.bytes;
        ar_byte_cache_keep(&cache, answer.whole || !answer.data ? url : part, answer.data,
                           answer.bytes);
    }
    return status == AR_OK && answer.whole ? cut(data, bytes, range, url, err) : status;
}

static ar_status read_object(ar_zarr_store *base, const char *key, ar_zarr_range range, char **data,
                             size_t *bytes, ar_error *err)
{
    http_store *store = (http_store *)base;
    ar_status status = AR_OK;
    char *url = NULL, *part = NULL;
    bool found = false;
    *data = NULL;
    *bytes = 0;
    AR_TRY(make_url(&url, store->url, key, err));
    AR_TRY(ar_byte_cache_find(&cache, url, &found, data, bytes, err));
    if (found) {
        AR_TRY(*data ? cut(data, bytes, range, url, err) : AR_OK);
        goto cleanup;
    }
    if (range.extent != AR_ZARR_WHOLE && range.bytes == 0) { /* HTTP has no such range */
        AR_TRY(ar_allocate(data, 1, 1, "nothing", err));
        goto cleanup;
    }
    AR_TRY(name_part(&part, url, range, err));
    if (range.extent != AR_ZARR_WHOLE) {
        AR_TRY(ar_byte_cache_find(&cache, part, &found, data, bytes, err));
    }
    if (!found) {
        AR_TRY(get(store, url, part, range, data, bytes, err));
    }
cleanup:
    if (status != AR_OK) {
        ar_free(*data);
        *data = NULL;
    }
    ar_free(url);
    ar_free(part);
    return status;
}

static void destroy(ar_zarr_store *base)
{
    http_store *store = (http_store *)base;
    ar_http_destroy(&store->http);
    ar_free(store);
}

ar_status ar_zarr_http_create(ar_zarr_store **store, const char *url,
                              const ar_http_settings *settings, ar_error *err)
{
    http_store *created = NULL;
    ar_status status = AR_OK;
    if (strpbrk(url, "?# ")) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: the URL of a store has no \"?\", \"#\" or blank in it", url);
    }
    AR_TRY(ar_allocate(&created, 1, sizeof *created, "a Zarr store", err));
    *created = (http_store){.base = {.read = read_object, .destroy = destroy}, .url = url};
    status = ar_http_create(&created->http, settings, err);
    if (status != AR_OK) {
        status = ar_fail_within(err, status, "%s", url);
        goto cleanup;
    }
    *store = &created->base;
    created = NULL;
cleanup:
    ar_free(created);
    return status;
}
