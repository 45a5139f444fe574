#include "io/http.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#include "base/log.h"
#include "base/memory.h"

enum { LARGEST_FOR_A_PART = 512 << 20, LONGEST_WAIT = 60, TRIES_TO_CONNECT = 3, STATUS_TEXT = 80 };

const ar_http_settings ar_http_usual_settings = {.tries = 6, .first_wait = 1, .stall_seconds = 30};

struct ar_http {
    CURL *curl;
    ar_http_settings settings;
    char problem[CURL_ERROR_SIZE]; /* of libcurl */
    /* the answer that is coming in */
    char *body;
    size_t bytes, capacity, most_bytes;
    bool too_large, no_memory;
    char status_text[STATUS_TEXT]; /* "503 Service Unavailable" */
    bool range_known;              /* the header Content-Range was there: */
    uint64_t range_first, range_size;
};

/* ---- what libcurl calls ---------------------------------------------------------------------- */

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    ar_http *http = context;
    size_t bytes = size * count;
    long code = 0;
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code != 200 && code != 206) {
        return bytes; /* a page for people */
    }
    http->too_large = bytes > http->most_bytes - http->bytes;
    if (http->too_large) {
        return 0;
    }
    /* one byte more, so that a text can be ended */
    http->no_memory = ar_grow(&http->body, &http->capacity, http->bytes + bytes + 1, 1, "an answer",
                              NULL) != AR_OK;
    if (http->no_memory) {
        return 0;
    }
    memcpy(http->body + http->bytes, data, bytes);
    http->bytes += bytes;
    return bytes;
}

/* "HTTP/1.1 503 Service Unavailable", and "Content-Range: bytes 5-9/100" or "bytes 5-9" followed by
 * an unknown size. */
static size_t take_header(char *data, size_t size, size_t count, void *context)
{
    static const char name[] = "content-range:";
    ar_http *http = context;
    size_t bytes = size * count;
    char line[256];
    snprintf(line, sizeof line, "%.*s", bytes < 255 ? (int)bytes : 255, data);
    line[strcspn(line, "\r\n")] = '\0';
    if (strncmp(line, "HTTP/", 5) == 0) {
        const char *status = strchr(line, ' ');
        snprintf(http->status_text, STATUS_TEXT, "%.*s", STATUS_TEXT - 1, status ? status + 1 : "");
        http->range_known = false;
    } else if (strncasecmp(line, name, strlen(name)) == 0) {
        const char *value = line + strlen(name);
        uint64_t last;
        http->range_known = sscanf(value, " bytes %" SCNu64 "-%" SCNu64 "/%" SCNu64,
                                   &http->range_first, &last, &http->range_size) == 3;
        if (!http->range_known && sscanf(value, " bytes */%" SCNu64, &http->range_size) == 1) {
            http->range_first = UINT64_MAX;
            http->range_known = true;
        }
    }
    return bytes;
}

/* ---- one try --------------------------------------------------------------------------------- */

typedef enum { DONE, AGAIN, FAILED } outcome;

static bool is_passing_trouble(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    default:
        return false;
    }
}

/* Of a whole object as much as can be right, and one byte more that tells that it is too much. */
static void set_range(ar_http *http, ar_zarr_range range)
{
    char text[64];
    bool whole = range.extent == AR_ZARR_WHOLE;
    if (range.extent == AR_ZARR_PART) {
        snprintf(text, sizeof text, "%" PRIu64 "-%" PRIu64, range.offset,
                 range.offset + range.bytes - 1);
    } else {
        snprintf(text, sizeof text, "-%zu", range.bytes);
    }
    curl_easy_setopt(http->curl, CURLOPT_RANGE, whole ? NULL : text);
    http->most_bytes = whole || range.bytes > LARGEST_FOR_A_PART ? range.bytes : LARGEST_FOR_A_PART;
    http->bytes = 0;
    http->too_large = http->no_memory = http->range_known = false;
    http->status_text[0] = http->problem[0] = '\0';
}

static outcome judge_transfer(const ar_http *http, const char *url, ar_zarr_range range,
                              CURLcode code, ar_error *err)
{
    if (http->no_memory) {
        ar_fail(err, AR_ERROR_MEMORY, "%s: out of memory for what the server sends", url);
        return FAILED;
    }
    if (http->too_large) {
        ar_fail(err, AR_ERROR_INPUT, "%s: has more than the %zu bytes that %s", url,
                http->most_bytes,
                range.extent == AR_ZARR_WHOLE
                    ? "can be right"
                    : "are taken from a server that does not send parts of an object");
        return FAILED;
    }
    ar_fail(err, AR_ERROR_SYSTEM, "%s: %s", url,
            http->problem[0] ? http->problem : curl_easy_strerror(code));
    return is_passing_trouble(code) ? AGAIN : FAILED;
}

/* The part that came must be the one that was asked for. */
static outcome judge_part(const ar_http *http, const char *url, ar_zarr_range range, ar_error *err)
{
    uint64_t offset;
    size_t bytes;
    if (http->range_known &&
        ar_zarr_range_find(range, http->range_size, url, &offset, &bytes, err) != AR_OK) {
        return FAILED;
    }
    if (!http->range_known || offset != http->range_first) {
        ar_fail(err, AR_ERROR_SYSTEM, "%s: the server answered another range than was asked for",
                url);
        return FAILED;
    }
    if (http->bytes != bytes) {
        ar_fail(err, AR_ERROR_SYSTEM, "%s: the server sent %zu bytes instead of %zu", url,
                http->bytes, bytes);
        return AGAIN;
    }
    return DONE;
}

static outcome judge_answer(ar_http *http, const char *url, ar_zarr_range range,
                            ar_http_answer *answer, ar_error *err)
{
    long code = 0;
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &code);
    outcome result = DONE;
    if (code == 404 || code == 410) {
        return DONE;
    }
    if (code == 206 || code == 416) {
        result = judge_part(http, url, range, err);
    } else if (code != 200) {
        ar_fail(err, AR_ERROR_SYSTEM, "%s: the server says \"%s\"", url, http->status_text);
        return code == 408 || code == 429 || code >= 500 ? AGAIN : FAILED;
    }
    /* one byte more, also of an empty object */
    http->no_memory = result == DONE && ar_grow(&http->body, &http->capacity, http->bytes + 1, 1,
                                                "an answer", err) != AR_OK;
    if (http->no_memory) {
        return FAILED;
    }
    if (result == DONE) {
        http->body[http->bytes] = '\0';
        *answer = (ar_http_answer){.data = http->body, .bytes = http->bytes, .whole = code == 200};
        http->body = NULL;
        http->capacity = 0;
    }
    return result;
}

/* ---- several tries --------------------------------------------------------------------------- */

static void wait_before(const ar_http *http, int try)
{
    curl_off_t asked = 0;
    double seconds = http->settings.first_wait * (double)(1u << (try < 20 ? try : 20));
    curl_easy_getinfo(http->curl, CURLINFO_RETRY_AFTER, &asked);
    seconds = (double)asked > seconds ? (double)asked : seconds;
    seconds = seconds < LONGEST_WAIT ? seconds : LONGEST_WAIT;
    const struct timespec pause = {.tv_sec = (time_t)seconds,
                                   .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
}

ar_status ar_http_get(ar_http *http, const char *url, ar_zarr_range range, ar_http_answer *answer,
                      ar_error *err)
{
    ar_error local;
    ar_error *reason = err ? err : &local;
    *answer = (ar_http_answer){0};
    if (curl_easy_setopt(http->curl, CURLOPT_URL, url) != CURLE_OK) {
        return ar_fail(err, AR_ERROR_MEMORY, "%s: out of memory for a request", url);
    }
    for (int try = 0;; try++) {
        set_range(http, range);
        CURLcode code = curl_easy_perform(http->curl);
        outcome result = code == CURLE_OK ? judge_answer(http, url, range, answer, reason)
                                          : judge_transfer(http, url, range, code, reason);
        if (result == DONE) {
            return AR_OK;
        }
        if (result == FAILED) {
            return http->no_memory ? AR_ERROR_MEMORY : AR_ERROR_INPUT;
        }
        /* a server that is not there is rather a wrong name than a short trouble */
        bool absent = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST;
        if (try + 1 >= http->settings.tries || (absent && try + 1 >= TRIES_TO_CONNECT)) {
            return ar_fail_within(err, AR_ERROR_SYSTEM, "after %d tries", try + 1);
        }
        ar_log(AR_LOG_DETAIL, "%s; trying again", reason->message);
        wait_before(http, try);
    }
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static void set_up_library(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

ar_status ar_http_create(ar_http **http, const ar_http_settings *settings, ar_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    ar_http *created = NULL;
    ar_status status = AR_OK;
    pthread_once(&once, set_up_library);
    AR_TRY(ar_allocate(&created, 1, sizeof *created, "a connection", err));
    created->settings = *settings;
    created->curl = curl_easy_init();
    if (!created->curl) {
        status = ar_fail(err, AR_ERROR_MEMORY, "out of memory for a connection");
        goto cleanup;
    }
    curl_easy_setopt(created->curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(created->curl, CURLOPT_WRITEDATA, created);
    curl_easy_setopt(created->curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(created->curl, CURLOPT_HEADERDATA, created);
    curl_easy_setopt(created->curl, CURLOPT_ERRORBUFFER, created->problem);
    curl_easy_setopt(created->curl, CURLOPT_USERAGENT, "atmorep/" ATMOREP_VERSION);
    curl_easy_setopt(created->curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(created->curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(created->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(created->curl, CURLOPT_CONNECTTIMEOUT, settings->stall_seconds);
    curl_easy_setopt(created->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(created->curl, CURLOPT_LOW_SPEED_TIME, settings->stall_seconds);
    *http = created;
    created = NULL;
cleanup:
    ar_http_destroy(&created);
    return status;
}

void ar_http_destroy(ar_http **http)
{
    if (*http) {
        if ((*http)->curl) {
            curl_easy_cleanup((*http)->curl);
        }
        ar_free((*http)->body);
        ar_free(*http);
        *http = NULL;
    }
}
