/* The writer of Zarr v3: every type, rank, codec, with shards and checksums and without, written in
 * pieces; read back by our reader and by a reader in Python that follows the specification alone
 * (zarr_v3.py), equal to the bit. What was flushed outlives a kill at any write. */
#include "fixtures.h"

#include <dlfcn.h>
#include <signal.h>

#include "io/writer.h"

static void must(ar_status status, const ar_error *err)
{
    if (status != AR_OK) {
        fail_msg("%s", err->message);
    }
}

/* Run Python code that may import zarr_v3, with one argument, where its modules are installed. */
static void run_python(const char *folder, const char *code, const char *argument)
{
    const char *python = access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
    if (run_command("%s -c 'import numpy, numcodecs' 2>/dev/null", python) != 0) {
        print_message("skipped: python3 with numpy and numcodecs is not there\n");
        return;
    }
    char script[128];
    ar_error err;
    snprintf(script, sizeof script, "%s/check.py", folder);
    assert_int_equal(ar_file_write_whole(script, code, strlen(code), &err), AR_OK);
    assert_int_equal(run_command("PYTHONPATH=tests/io %s -B '%s' '%s'", python, script, argument),
                     0);
}

/* ---- every type ------------------------------------------------------------------------------ */

enum { TYPES = 5, RANKS = 5, CODECS = 4, LAYOUTS = 3, MOST = 120 };

static const int64_t lengths[4] = {5, 3, 4, 2};

static double element(int64_t i)
{
    return (double)((i * 37) % 1009) - 500;
}

static void convert(ar_writer_type type, const double *values, int64_t count, void *out)
{
    for (int64_t i = 0; i < count; i++) {
        switch (type) {
        case AR_WRITER_FLOAT:
            ((float *)out)[i] = (float)values[i];
            break;
        case AR_WRITER_DOUBLE:
            ((double *)out)[i] = values[i];
            break;
        case AR_WRITER_INT64:
            ((int64_t *)out)[i] = (int64_t)values[i];
            break;
        case AR_WRITER_INT32:
            ((int32_t *)out)[i] = (int32_t)values[i];
            break;
        case AR_WRITER_INT16:
            ((int16_t *)out)[i] = (int16_t)values[i];
            break;
        }
    }
}

/* Write the times `first` to `end` of all else, or, of rank 2 and more, of one place of dimension
 * 1, so that chunks are changed again and again. */
static void write_slab(ar_writer *w, const char *name, ar_writer_type type, int rank,
                       int64_t first_time, int64_t times, int64_t row)
{
    double values[MOST];
    char converted[MOST * 8];
    int64_t start[4] = {first_time, row}, count[4] = {times, 1, lengths[2], lengths[3]};
    int64_t total = 1, place[4] = {0};
    for (int d = 0; d < rank; d++) {
        total *= count[d];
    }
    for (int64_t n = 0; n < total; n++) {
        int64_t at = 0, left = n;
        for (int d = rank - 1; d >= 0; d--) {
            place[d] = left % count[d];
            left /= count[d];
        }
        for (int d = 0; d < rank; d++) {
            at = at * lengths[d] + start[d] + place[d];
        }
        values[n] = element(at);
    }
    convert(type, values, total, converted);
    ar_error err = {""};
    must(ar_writer_write(w, name, start, count, converted, &err), &err);
}

static void define_variable(ar_writer *w, const char *name, int type, int rank, int codec,
                            int layout)
{
    ar_writer_variable variable = {.name = name,
                                   .type = (ar_writer_type)type,
                                   .rank = rank,
                                   .dimensions = {"time", "a", "b", "c"},
                                   .compress = codec < 3 ? 1 + 4 * (rank % 3) : 0,
                                   .codec = (ar_writer_codec)(codec % 3),
                                   .chunk = {2, 2, 3, 0},
                                   .checksum = layout % 2};
    static const int64_t shards[4] = {4, 20, 0, 2};
    ar_error err = {""};
    if (layout > 0) {
        memcpy(variable.shard, shards, sizeof shards);
    }
    must(ar_writer_add_variable(w, &variable, &err), &err);
}

static void write_every(const char *path, int64_t step)
{
    ar_writer *w = NULL;
    ar_error err = {""};
    static const char *const names[4] = {"time", "a", "b", "c"};
    must(ar_writer_create(&w, path, &err), &err);
    must(ar_writer_set_zarr_format(w, 3, &err), &err);
    for (int d = 0; d < 4; d++) {
        must(ar_writer_add_dimension(w, names[d], d ? lengths[d] : -1, &err), &err);
    }
    for (int at = 0; at < TYPES * RANKS * CODECS * LAYOUTS; at++) {
        int type = at % TYPES, rank = at / TYPES % RANKS, codec = at / TYPES / RANKS % CODECS;
        int layout = at / TYPES / RANKS / CODECS;
        char name[32];
        snprintf(name, sizeof name, "v%d%d%d%d", type, rank, codec, layout);
        define_variable(w, name, type, rank, codec, layout);
        for (int64_t t = 0; t < lengths[0]; t += step) {
            int64_t times = t + step > lengths[0] ? lengths[0] - t : step;
            for (int64_t row = rank < 2 ? 0 : lengths[1] - 1; row >= 0; row--) {
                write_slab(w, name, (ar_writer_type)type, rank, t, times, row);
            }
        }
    }
    must(ar_writer_commit(&w, &err), &err);
}

static void check_every(const char *path)
{
    ar_source *source = NULL;
    ar_error err = {""};
    must(ar_source_open(&source, path, &err), &err);
    assert_string_equal(ar_source_format(source), "Zarr v3");
    assert_int_equal(ar_source_variable_count(source), TYPES * RANKS * CODECS * LAYOUTS);
    for (int64_t v = 0; v < ar_source_variable_count(source); v++) {
        double values[MOST];
        const ar_variable *variable = ar_source_variable(source, v);
        assert_int_equal(variable->rank, variable->name[2] - '0');
        must(read_whole(source, variable, values, &err), &err);
        for (int64_t i = 0; i < element_count(variable); i++) {
            assert_true(values[i] == element(i));
        }
    }
    ar_source_close(&source);
}

static const char every_check[] =
    "import sys, numpy as np, zarr_v3\n"
    "n = (5, 3, 4, 2); count = 0\n"
    "types = ['float32', 'float64', 'int64', 'int32', 'int16']\n"
    "codecs = ['blosc', 'blosc', 'zstd', None]\n"
    "for t, r, c, l in np.ndindex(5, 5, 4, 3):\n"
    "    v, m, files = zarr_v3.read_array(sys.argv[1], f'v{t}{r}{c}{l}')\n"
    "    w = np.arange(np.prod(n[:r], dtype=int)) * 37 % 1009 - 500.0\n"
    "    np.testing.assert_array_equal(v.ravel(), w)\n"
    "    assert m['data_type'] == types[t] and v.shape == n[:r]\n"
    "    assert m['dimension_names'] == ['time', 'a', 'b', 'c'][:r]\n"
    "    k = m['codecs']\n"
    "    if l and r:\n"
    "        assert [one['name'] for one in k] == ['sharding_indexed']\n"
    "        assert m['chunk_grid']['configuration']['chunk_shape'] == [4, 4, 3, 2][:r]\n"
    "        assert k[0]['configuration']['chunk_shape'] == [2, 2, 3, 2][:r]\n"
    "        k = k[0]['configuration']['codecs']\n"
    "    names = ['bytes'] + [codecs[c]] * (c < 3) + ['crc32c'] * (l % 2)\n"
    "    assert [one['name'] for one in k] == names, k\n"
    "    assert c > 1 or k[1]['configuration']['cname'] == ['lz4', 'zstd'][c]\n"
    "    count += 1\n"
    "assert count == 300\n";

static void every_type_rank_codec_and_layout(void **state)
{
    (void)state;
    for (int64_t step = 1; step <= 3; step += 2) {
        char folder[64], path[128];
        make_folder(folder);
        snprintf(path, sizeof path, "%s/every.zarr", folder);
        write_every(path, step);
        check_every(path);
        if (step == 3) {
            run_python(folder, every_check, path);
        }
        remove_folder(folder);
    }
}

/* What is never written is the fill value, and not stored; _FillValue is also an attribute, which
 * marks what is missing. Whole numbers beyond 2^53 keep their last digit. */
static void what_is_not_written(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/gaps.zarr", folder);
    ar_writer *w = NULL;
    ar_error err = {""};
    must(ar_writer_create(&w, path, &err), &err);
    must(ar_writer_set_zarr_format(w, 3, &err), &err);
    must(ar_writer_add_dimension(w, "time", -1, &err), &err);
    static const char *const names[] = {"f", "i", "filled", "d"};
    static const ar_writer_type types[] = {AR_WRITER_FLOAT, AR_WRITER_INT64, AR_WRITER_INT64,
                                           AR_WRITER_DOUBLE};
    for (int v = 0; v < 4; v++) {
        const ar_writer_variable variable = {.name = names[v],
                                             .type = types[v],
                                             .rank = 1,
                                             .dimensions = {"time"},
                                             .chunk = {2},
                                             .shard = {4},
                                             .compress = v};
        must(ar_writer_add_variable(w, &variable, &err), &err);
    }
    must(ar_writer_put_number(w, "filled", "_FillValue", -9, &err), &err);
    must(ar_writer_put_number(w, "d", "_FillValue", -999.5, &err), &err);
    const int64_t start = 6, one = 1, large = INT64_C(9007199254740993), zero = 0;
    must(ar_writer_write(w, "filled", &start, &one, &large, &err), &err);
    must(ar_writer_write(w, "i", &zero, &one, &large, &err), &err);
    must(ar_writer_commit(&w, &err), &err);
    run_python(
        folder,
        "import sys, numpy as np, zarr_v3\n"
        "read = lambda name: zarr_v3.read_array(sys.argv[1], name)\n"
        "v, m, files = read('f'); assert np.isnan(v).all() and v.shape == (7,) and not files\n"
        "v, m, files = read('i'); assert v.tolist() == [2**53 + 1, 0, 0, 0, 0, 0, 0]\n"
        "assert files == ['c.0'] and '_FillValue' not in m['attributes']\n"
        "v, m, files = read('filled'); assert v.tolist() == [-9] * 6 + [2**53 + 1]\n"
        "assert files == ['c.1'] and m['attributes']['_FillValue'] == -9\n"
        "v, m, files = read('d'); assert v.tolist() == [-999.5] * 7\n"
        /* base64.b64encode(struct.pack('<d', -999.5)) */
        "assert m['attributes']['_FillValue'] == 'AAAAAAA8j8A='\n",
        path);
    ar_source *source = NULL;
    double values[7];
    must(ar_source_open(&source, path, &err), &err);
    must(read_whole(source, ar_source_find(source, "filled"), values, &err), &err);
    assert_true(isnan(values[5]) && values[6] == 0x1p53);
    must(read_whole(source, ar_source_find(source, "d"), values, &err), &err);
    assert_true(isnan(values[0]) && isnan(values[6]));
    must(read_whole(source, ar_source_find(source, "i"), values, &err), &err);
    assert_true(values[0] == 0x1p53 && values[1] == 0);
    ar_source_close(&source);
    remove_folder(folder);
}

static void wrong_calls(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    ar_writer *w = NULL;
    ar_error err = {""};
    snprintf(path, sizeof path, "%s/out.nc", folder);
    must(ar_writer_create(&w, path, &err), &err);
    must(ar_writer_set_zarr_format(w, 2, &err), &err);
    assert_int_equal(ar_writer_set_zarr_format(w, 3, &err), AR_ERROR_USAGE);
    assert_non_null(strstr(err.message, ".zarr"));
    ar_writer_abandon(&w);
    snprintf(path, sizeof path, "%s/out.zarr", folder);
    must(ar_writer_create(&w, path, &err), &err);
    assert_int_equal(ar_writer_set_zarr_format(w, 1, &err), AR_ERROR_USAGE);
    assert_non_null(strstr(err.message, "2 or 3"));
    must(ar_writer_set_zarr_format(w, 3, &err), &err);
    must(ar_writer_add_dimension(w, "x", 10, &err), &err);
    assert_int_equal(ar_writer_set_zarr_format(w, 2, &err), AR_ERROR_USAGE);
    must(ar_writer_add_dimension(w, "long", (int64_t)1 << 40, &err), &err);
    static const struct {
        const char *dimension;
        int64_t chunk, shard;
        const char *word;
    } wrong[] = {{"x", 4, -1, "shard"},
                 {"x", 4, 6, "multiple"},
                 {"x", 4, 2, "multiple"},
                 {"long", 1 << 20, 1 << 30, "2 GiB"}};
    for (int i = 0; i < 4; i++) {
        const ar_writer_variable variable = {.name = "v",
                                             .rank = 1,
                                             .dimensions = {wrong[i].dimension},
                                             .chunk = {wrong[i].chunk},
                                             .shard = {wrong[i].shard}};
        assert_int_equal(ar_writer_add_variable(w, &variable, &err), AR_ERROR_USAGE);
        assert_non_null(strstr(err.message, wrong[i].word));
    }
    ar_writer_abandon(&w);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- in several goes ------------------------------------------------------------------------- */

/* The process ends at the write after the next `writes_until_kill` ones; negative: never. */
static long writes_until_kill = -1;

ssize_t write(int descriptor, const void *data, size_t bytes)
{
    static ssize_t (*next)(int, const void *, size_t);
    if (!next) {
        *(void **)&next = dlsym(RTLD_NEXT, "write");
    }
    if (descriptor > 2 && writes_until_kill >= 0 && writes_until_kill-- == 0) {
        ssize_t half = next(descriptor, data, bytes / 2); /* it is cut on the disk */
        kill(getpid(), half < 0 ? SIGTERM : SIGKILL);
    }
    return next(descriptor, data, bytes);
}

/* A real flush would only take time. */
int fsync(int descriptor)
{
    (void)descriptor;
    return 0;
}

enum { TIMES = 6, PLACES = 3 };

static ar_status begin(ar_writer **w, const char *path, const char *unfinished, int format,
                       ar_error *err)
{
    ar_status status = AR_OK;
    const ar_writer_variable x = {.name = "x",
                                  .type = AR_WRITER_DOUBLE,
                                  .rank = 2,
                                  .dimensions = {"time", "place"},
                                  .compress = 1,
                                  .chunk = {1},
                                  .shard = {4},
                                  .checksum = true};
    AR_TRY(ar_writer_open_unfinished(w, path, unfinished, err));
    AR_TRY(ar_writer_set_zarr_format(*w, format, err));
    AR_TRY(ar_writer_add_dimension(*w, "time", TIMES, err));
    AR_TRY(ar_writer_add_dimension(*w, "place", PLACES, err));
    AR_TRY(ar_writer_add_variable(*w, &x, err));
cleanup:
    return status;
}

static ar_status write_times(ar_writer *w, int64_t first, int64_t end, ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t t = first; t < end && status == AR_OK; t++) {
        const double values[PLACES] = {10.0 * t, 10.0 * t + 1, 10.0 * t + 2};
        const int64_t start[2] = {t, 0}, count[2] = {1, PLACES};
        status = ar_writer_write(w, "x", start, count, values, err);
    }
    return status;
}

/* The times before `end` are there; those after may be there or missing. */
static void check_times(const char *path, int64_t end)
{
    ar_source *source = NULL;
    ar_error err = {""};
    double values[TIMES * PLACES];
    must(ar_source_open(&source, path, &err), &err);
    must(read_whole(source, ar_source_find(source, "x"), values, &err), &err);
    for (int64_t i = 0; i < TIMES * PLACES; i++) {
        int64_t t = i / PLACES;
        assert_true(values[i] == 10.0 * t + i % PLACES || (t >= end && isnan(values[i])));
    }
    ar_source_close(&source);
}

/* Three times are flushed into a shard of four. A go that writes on, one time after the other, is
 * killed at every write that it makes: what was flushed is there, and another go ends the work. */
static void killed_at_every_write(void **state)
{
    (void)state;
    char folder[64], path[96], unfinished[96];
    bool killed = true;
    int kills = 0;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/whole.zarr", folder);
    snprintf(unfinished, sizeof unfinished, "%s/unfinished", folder);
    for (long n = 0; killed; n++) {
        ar_writer *w = NULL;
        ar_error err = {""};
        must(begin(&w, path, unfinished, 3, &err), &err);
        must(write_times(w, 0, 3, &err), &err);
        must(ar_writer_flush(w, &err), &err);
        ar_writer_abandon(&w);
        pid_t child = fork();
        if (child == 0) {
            writes_until_kill = n;
            bool done = begin(&w, path, unfinished, 3, &err) == AR_OK;
            for (int64_t t = 3; t < TIMES && done; t++) {
                done = write_times(w, t, t + 1, &err) == AR_OK && ar_writer_flush(w, &err) == AR_OK;
            }
            _exit(done ? 0 : 1);
        }
        int code;
        assert_int_equal(waitpid(child, &code, 0), child);
        killed = WIFSIGNALED(code);
        kills += killed;
        assert_true(killed ? WTERMSIG(code) == SIGKILL : WEXITSTATUS(code) == 0);
        check_times(unfinished, killed ? 3 : TIMES);
        must(begin(&w, path, unfinished, 3, &err), &err);
        must(write_times(w, 3, TIMES, &err), &err);
        must(ar_writer_commit(&w, &err), &err);
        check_times(path, TIMES);
        assert_false(ar_path_exists(unfinished));
    }
    /* three flushes of a shard and two files of metadata each */
    assert_int_equal(kills, 9);
    remove_folder(folder);
}

static void begun_in_another_version(void **state)
{
    (void)state;
    char folder[64], path[96], unfinished[96];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/whole.zarr", folder);
    snprintf(unfinished, sizeof unfinished, "%s/unfinished", folder);
    for (int format = 2; format <= 3; format++) {
        ar_writer *w = NULL;
        ar_error err = {""};
        must(begin(&w, path, unfinished, format, &err), &err);
        must(write_times(w, 0, 3, &err), &err);
        must(ar_writer_flush(w, &err), &err);
        ar_writer_abandon(&w);
        assert_int_equal(begin(&w, path, unfinished, 5 - format, &err), AR_ERROR_USAGE);
        assert_non_null(strstr(err.message, format == 2 ? "Zarr v2" : "Zarr v3"));
        ar_writer_abandon(&w);
        must(begin(&w, path, unfinished, format, &err), &err);
        must(write_times(w, 3, TIMES, &err), &err);
        must(ar_writer_commit(&w, &err), &err);
        check_times(path, TIMES);
    }
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_rank_codec_and_layout),
        cmocka_unit_test(what_is_not_written),
        cmocka_unit_test(wrong_calls),
        cmocka_unit_test(killed_at_every_write),
        cmocka_unit_test(begun_in_another_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
