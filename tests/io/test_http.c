/* Zarr behind URLs: what comes through a server on the loopback interface is what lies on the disk,
 * to the bit, also where the server fails, cuts and delays; where it does so for ever, the error
 * names the URL and what the server said. The server is Python's (http_server.py). */
#include "fixtures.h"

#include "io/byte_cache.h"
#include "io/writer.h"
#include "io/zarr_http.h"
#include "io/zarr_private.h"

enum { TIMES = 6, POINTS = 20000, PARTS = 4 };

static char folder[64];
static int port;
static FILE *server;

/* Waits are short: that they grow is the code's to show, not the clock's. */
static const ar_http_settings hasty = {.tries = 6, .first_wait = 0.001, .stall_seconds = 20};

static void must(ar_status status, const ar_error *err)
{
    if (status != AR_OK) {
        fail_msg("%s", err->message);
    }
}

static float value_at(int64_t i)
{
    return (float)((i * 7919) % 100003);
}

/* Of v3 all times are one shard of many chunks, of 1.3 MB compressed; the last time is missing. */
static void write_store(const char *name, int format)
{
    char path[128];
    ar_writer *w = NULL;
    ar_error err = {""};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    must(ar_writer_create(&w, path, &err), &err);
    must(ar_writer_set_zarr_format(w, format, &err), &err);
    must(ar_writer_add_dimension(w, "time", TIMES, &err), &err);
    must(ar_writer_add_dimension(w, "point", POINTS, &err), &err);
    const ar_writer_variable variable = {.name = "a b%",
                                         .type = AR_WRITER_FLOAT,
                                         .rank = 2,
                                         .dimensions = {"time", "point"},
                                         .chunk = {1, POINTS / PARTS},
                                         .shard = {TIMES, POINTS},
                                         .codec = AR_WRITER_ZSTD,
                                         .compress = 1,
                                         .checksum = true};
    must(ar_writer_add_variable(w, &variable, &err), &err);
    static float values[POINTS];
    for (int64_t t = 0; t < TIMES - 1; t++) {
        const int64_t start[2] = {t, 0}, count[2] = {1, POINTS};
        for (int64_t i = 0; i < POINTS; i++) {
            values[i] = value_at(t * POINTS + i);
        }
        must(ar_writer_write(w, variable.name, start, count, values, &err), &err);
    }
    must(ar_writer_commit(&w, &err), &err);
}

static int start(void **state)
{
    (void)state;
    char command[256], path[128];
    make_folder(folder);
    write_store("v2.zarr", 2);
    write_store("v3.zarr", 3);
    int failed = run_command("cp -r %s/v2.zarr %s/bare2.zarr && rm %s/bare2.zarr/.zmetadata && "
                             "cp -r %s/v3.zarr %s/bare3.zarr && "
                             "sed -i s/consolidated_metadata/left_aside/ %s/bare3.zarr/zarr.json",
                             folder, folder, folder, folder, folder, folder);
    snprintf(command, sizeof command, "/usr/bin/python3 tests/io/http_server.py '%s'", folder);
    snprintf(path, sizeof path, "%s/port", folder);
    server = failed || access("/usr/bin/python3", X_OK) != 0 ? NULL : popen(command, "w");
    for (int i = 0; server && i < 1000 && !ar_path_exists(path); i++) {
        usleep(20000);
    }
    FILE *file = fopen(path, "r");
    if (file) {
        failed |= fscanf(file, "%d", &port) != 1;
        fclose(file);
    }
    return failed;
}

static int stop(void **state)
{
    (void)state;
    if (server) {
        pclose(server);
    }
    remove_folder(folder);
    return 0;
}

/* The store NAME, served in this way, at a URL of its own, which no cache knows. */
static ar_status open_url(ar_source **source, const char *way, const char *name,
                          const ar_http_settings *settings, ar_error *err)
{
    static int count = 0;
    char url[128];
    ar_zarr_store *store = NULL;
    ar_status status = AR_OK;
    *source = NULL;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/%s/%.*s%s", port, way, 2 * count++ % 100,
             "././././././././././././././././././././././././././././././././././././././././././"
             "./././././././././././././././",
             name);
    AR_TRY(ar_allocate(source, 1, sizeof **source, "a source", err));
    AR_TRY(ar_copy_string(&(*source)->path, url, err));
    AR_TRY(ar_zarr_http_create(&store, (*source)->path, settings, err));
    AR_TRY(ar_zarr_open_store(*source, store, err));
cleanup:
    if (status != AR_OK) {
        ar_source_close(source);
    }
    return status;
}

static void need_server(void)
{
    ar_error err = {""};
    ar_zarr_store *store = NULL;
    if (port == 0) {
        print_message("skipped: /usr/bin/python3 is not there\n");
        skip();
    }
    if (ar_zarr_http_create(&store, "http://127.0.0.1", &hasty, &err) != AR_OK) {
        print_message("skipped: %s\n", err.message);
        skip();
    }
    store->destroy(store);
}

/* Requests and bytes since the last call. */
static void count_traffic(long *requests, long *bytes)
{
    char url[64];
    ar_error err = {""};
    ar_http *http = NULL;
    ar_http_answer answer;
    must(ar_http_create(&http, &hasty, &err), &err);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/count", port);
    must(ar_http_get(http, url, (ar_zarr_range){AR_ZARR_WHOLE, 0, 100}, &answer, &err), &err);
    assert_int_equal(sscanf(answer.data, "%ld %ld", requests, bytes), 2);
    ar_free(answer.data);
    ar_http_destroy(&http);
}

static void check_all(ar_source *source)
{
    static double values[TIMES * POINTS];
    ar_error err = {""};
    const ar_variable *variable = ar_source_find(source, "a b%");
    assert_non_null(variable);
    must(read_whole(source, variable, values, &err), &err);
    for (int64_t i = 0; i < TIMES * POINTS; i++) {
        assert_true(same(values[i], i / POINTS < TIMES - 1 ? value_at(i) : NAN, 0));
    }
}

static void as_from_the_disk(void **state)
{
    (void)state;
    need_server();
    static const char *const ways[] = {"plain", "range", "slow", "moved", "flaky"};
    for (int i = 0; i < 5; i++) {
        for (int format = 2; format <= 3; format++) {
            ar_source *source = NULL;
            ar_error err = {""};
            long requests, bytes;
            count_traffic(&requests, &bytes);
            must(open_url(&source, ways[i], format == 2 ? "v2.zarr" : "v3.zarr", &hasty, &err),
                 &err);
            assert_string_equal(ar_source_format(source), format == 2 ? "Zarr v2" : "Zarr v3");
            check_all(source);
            ar_source_close(&source);
            count_traffic(&requests, &bytes);
            /* a server without ranges sends a shard once, not for every chunk of it */
            assert_true(i != 0 || format == 2 || requests == 2);
            /* the flaky one needs five tries of each that is there */
            assert_true(i != 4 || requests % 5 == (format == 2 ? (PARTS + 1) % 5 : 0));
        }
    }
}

static void only_what_is_needed(void **state)
{
    (void)state;
    need_server();
    ar_source *source = NULL;
    ar_error err = {""};
    long requests, bytes;
    double value;
    char url[64];
    const int64_t start[2] = {3, 7}, one[2] = {1, 1};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/range/v3.zarr", port);
    count_traffic(&requests, &bytes);
    for (int repeat = 0; repeat < 2; repeat++) {
        must(ar_source_open(&source, url, &err), &err);
        must(
            ar_source_read_double(source, ar_source_find(source, "a b%"), start, one, &value, &err),
            &err);
        assert_true(value == value_at(3 * POINTS + 7));
        ar_source_close(&source);
        /* metadata, index and chunk, of a shard of twenty chunks; then what is known already */
        count_traffic(&requests, &bytes);
        assert_int_equal(requests, repeat ? 0 : 3);
        assert_true(bytes < 2 * POINTS / PARTS * 4);
    }
}

static void refused(const char *way, const char *name, const ar_http_settings *settings,
                    const char *first, const char *second)
{
    ar_source *source = NULL;
    ar_error err = {""};
    ar_status status = open_url(&source, way, name, settings, &err);
    if (status == AR_OK) {
        static double values[TIMES * POINTS];
        status = read_whole(source, ar_source_find(source, "a b%"), values, &err);
    }
    ar_source_close(&source);
    assert_true(status == AR_ERROR_INPUT || status == AR_ERROR_SYSTEM);
    if (!strstr(err.message, first) || !strstr(err.message, second) ||
        !strstr(err.message, "http://127.0.0.1:") || !strstr(err.message, name)) {
        fail_msg("%s: \"%s\" and \"%s\" are wanted", err.message, first, second);
    }
}

static void what_the_server_said(void **state)
{
    (void)state;
    need_server();
    const ar_http_settings impatient = {.tries = 2, .first_wait = 0.001, .stall_seconds = 1};
    long requests, bytes;
    refused("forbidden", "v2.zarr", &hasty, "403 Forbidden", "/zarr.json");
    count_traffic(&requests, &bytes);
    refused("failing", "v2.zarr", &hasty, "500 Internal Server Error", "after 6 tries");
    count_traffic(&requests, &bytes);
    assert_int_equal(requests, 6);
    refused("busy", "v2.zarr", &impatient, "429 Too Many Requests", "after 2 tries");
    refused("cut", "v2.zarr", &impatient, "transfer closed", "after 2 tries");
    refused("stall", "v3.zarr", &impatient, "too slow", "after 2 tries");
    refused("other", "v3.zarr", &hasty, "another range", "c.0.0");
    refused("range", "absent.zarr", &hasty, "no Zarr group", "zarr.json");
    refused("range", "v2.zarr/a b%", &hasty, "blank", "URL");
    refused("range", "bare2.zarr", &hasty, "no consolidated metadata", "cannot be listed");
    refused("range", "bare3.zarr", &hasty, "no consolidated metadata", "cannot be listed");
    const int right = port;
    port = 1; /* nobody listens there */
    refused("range", "v2.zarr", &impatient, "onnect", "after 2 tries");
    port = right;
}

/* A shard that is cut on the server: its index is found nowhere. */
static void damaged_on_the_server(void **state)
{
    (void)state;
    need_server();
    assert_int_equal(run_command("cp -r %s/v3.zarr %s/damaged.zarr && truncate -s 20 "
                                 "%s/damaged.zarr/a*/c.0.0",
                                 folder, folder, folder),
                     0);
    refused("range", "damaged.zarr", &hasty, "has 20 bytes", "truncated");
    refused("plain", "damaged.zarr", &hasty, "has 20 bytes", "truncated");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    need_server();
    ar_status status = AR_ERROR_MEMORY;
    for (int64_t failed = 0; status != AR_OK; failed++) {
        ar_source *source = NULL;
        ar_error err = {""};
        double value;
        const int64_t start[2] = {3, 7}, one[2] = {1, 1};
        ar_fail_allocation_after(failed);
        status = open_url(&source, "range", "v3.zarr", &hasty, &err);
        if (status == AR_OK) {
            status = ar_source_read_double(source, ar_source_find(source, "a b%"), start, one,
                                           &value, &err);
        }
        ar_source_close(&source);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        assert_true(status == AR_OK || strlen(err.message) > 0);
        assert_true(failed < 1000);
    }
}

static void the_cache_forgets_the_oldest(void **state)
{
    (void)state;
    enum { NAMES = 100, BYTES = 1000 };
    ar_byte_cache cache = AR_BYTE_CACHE(20 * BYTES);
    char name[32], bytes[6 * BYTES], *data;
    size_t size;
    bool found;
    ar_error err = {""};
    for (int n = 0; n < NAMES; n++) {
        memset(bytes, n, BYTES);
        snprintf(name, sizeof name, "name %d", n);
        ar_byte_cache_keep(&cache, name, n % 10 == 3 ? NULL : bytes, n % 10 == 3 ? 0 : BYTES);
        assert_true(cache.bytes <= 20 * BYTES);
        /* what is used stays */
        must(ar_byte_cache_find(&cache, "name 0", &found, &data, &size, &err), &err);
        assert_true(found && size == BYTES && data[BYTES - 1] == 0 && data[BYTES] == 0);
        ar_free(data);
    }
    int kept = 0;
    for (int n = 1; n < NAMES; n++) {
        snprintf(name, sizeof name, "name %d", n);
        must(ar_byte_cache_find(&cache, name, &found, &data, &size, &err), &err);
        assert_true(!found || (n % 10 == 3 ? !data : size == BYTES && data[5] == n));
        assert_true(found || kept == 0); /* the newest are there, without a gap */
        kept += found;
        ar_free(data);
    }
    assert_true(kept > 15 && kept < 21);
    ar_byte_cache_keep(&cache, "too large", bytes, sizeof bytes);
    must(ar_byte_cache_find(&cache, "too large", &found, &data, &size, &err), &err);
    assert_false(found);
    ar_byte_cache_release(&cache);
    assert_int_equal(cache.bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_from_the_disk),          cmocka_unit_test(only_what_is_needed),
        cmocka_unit_test(what_the_server_said),      cmocka_unit_test(damaged_on_the_server),
        cmocka_unit_test(every_allocation_may_fail), cmocka_unit_test(the_cache_forgets_the_oldest),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
