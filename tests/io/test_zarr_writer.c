/* The Zarr writer, in both versions: what it writes is read back by our reader and by xarray and
 * zarr-python, equal to the bit; a group appears whole or not at all, whatever fails on the way. */
#include "fixtures.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>

#include "io/writer.h"

/* ---- system calls that fail ------------------------------------------------------------------ */

/* These stand before the C library's: the call after the next `calls_until_failure` ones fails as
 * on a full disk; with a negative number none does. */
static long calls_until_failure = -1;
static bool short_writes; /* each takes only the half */
static bool no_exchange;  /* as a file system that cannot exchange two names */

static bool fails(void)
{
    if (calls_until_failure >= 0 && calls_until_failure-- == 0) {
        errno = ENOSPC;
        return true;
    }
    return false;
}

ssize_t write(int descriptor, const void *data, size_t bytes)
{
    static ssize_t (*next)(int, const void *, size_t);
    if (!next) {
        *(void **)&next = dlsym(RTLD_NEXT, "write");
    }
    /* standard output is cmocka's own */
    if (descriptor <= 2) {
        return next(descriptor, data, bytes);
    }
    return fails() ? -1 : next(descriptor, data, short_writes ? (bytes + 1) / 2 : bytes);
}

int mkdir(const char *path, mode_t mode)
{
    static int (*next)(const char *, mode_t);
    if (!next) {
        *(void **)&next = dlsym(RTLD_NEXT, "mkdir");
    }
    return fails() ? -1 : next(path, mode);
}

/* A real flush would only take time. */
int fsync(int descriptor)
{
    (void)descriptor;
    return fails() ? -1 : 0;
}

int rename(const char *from, const char *to)
{
    static int (*next)(const char *, const char *);
    if (!next) {
        *(void **)&next = dlsym(RTLD_NEXT, "rename");
    }
    return fails() ? -1 : next(from, to);
}

int renameat2(int old_folder, const char *from, int new_folder, const char *to, unsigned flags)
{
    static int (*next)(int, const char *, int, const char *, unsigned);
    if (!next) {
        *(void **)&next = dlsym(RTLD_NEXT, "renameat2");
    }
    if (no_exchange) {
        errno = EINVAL;
        return -1;
    }
    return fails() ? -1 : next(old_folder, from, new_folder, to, flags);
}

/* cJSON has its own memory: it fails together with ours. */
static long json_until_failure = -1;

static void *json_allocate(size_t bytes)
{
    if (json_until_failure >= 0 && json_until_failure-- == 0) {
        return NULL;
    }
    return malloc(bytes);
}

static int zarr_format = 2; /* what is written */

/* ---- an example ------------------------------------------------------------------------------ */

enum { TIMES = 3, LEVELS = 2, NLAT = 5, NLON = 7, POINTS = NLAT * NLON };

static float field_value(int64_t i)
{
    return i % 11 == 5 ? NAN : 250 + 0.37f * (float)i;
}

static ar_status define(ar_writer *w, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(ar_writer_put_text(w, NULL, "title", "caf\xc3\xa9 \xf0\x9f\x8c\x80 \"x\"\n\xff", err));
    AR_TRY(ar_writer_put_number(w, NULL, "lead_hours", 6, err));
    AR_TRY(ar_writer_put_number(w, NULL, "tenth", 0.1, err));
    AR_TRY(ar_writer_put_number(w, NULL, "nothing", NAN, err));
    AR_TRY(ar_writer_add_dimension(w, "time", -1, err));
    AR_TRY(ar_writer_add_dimension(w, "level", LEVELS, err));
    AR_TRY(ar_writer_add_dimension(w, "latitude", NLAT, err));
    AR_TRY(ar_writer_add_dimension(w, "longitude", NLON, err));
    const ar_writer_variable variables[] = {
        {.name = "time", .type = AR_WRITER_INT64, .rank = 1, .dimensions = {"time"}},
        {.name = "latitude", .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {"latitude"}},
        {.name = "height", .type = AR_WRITER_DOUBLE},
        {.name = "t",
         .type = AR_WRITER_FLOAT,
         .rank = 4,
         .dimensions = {"time", "level", "latitude", "longitude"},
         .compress = 5,
         .checksum = true},
        /* chunks that divide nothing, and a month that is never written */
        {.name = "packed",
         .type = AR_WRITER_INT16,
         .rank = 3,
         .dimensions = {"time", "latitude", "longitude"},
         .compress = 3,
         .codec = AR_WRITER_ZSTD,
         .chunk = {2, 3, 4},
         .shard = {2, 6, 4}}};
    for (int i = 0; i < 5; i++) {
        AR_TRY(ar_writer_add_variable(w, &variables[i], err));
    }
    AR_TRY(ar_writer_put_text(w, "time", "units", "hours since 2025-12-01 00:00:00", err));
    AR_TRY(ar_writer_put_text(w, "time", "calendar", "proleptic_gregorian", err));
    AR_TRY(ar_writer_put_text(w, "t", "units", "C", err));
    AR_TRY(ar_writer_put_text(w, "t", "units", "K", err));
    AR_TRY(ar_writer_put_number(w, "t", "valid_max", 1000, err));
    AR_TRY(ar_writer_put_number(w, "packed", "scale_factor", 0.5, err));
    AR_TRY(ar_writer_put_number(w, "packed", "_FillValue", -32768, err));
cleanup:
    return status;
}

static ar_status fill(ar_writer *w, ar_error *err)
{
    ar_status status = AR_OK;
    const int64_t zero = 0, nlat = NLAT;
    const double latitude[NLAT] = {80, 40, 0, -40, -80}, height = 2;
    AR_TRY(ar_writer_write(w, "latitude", &zero, &nlat, latitude, err));
    AR_TRY(ar_writer_write(w, "height", NULL, NULL, &height, err));
    for (int64_t t = 0; t < TIMES; t++) {
        float values[LEVELS * POINTS];
        int16_t packed[POINTS];
        for (int64_t i = 0; i < LEVELS * POINTS; i++) {
            values[i] = field_value(t * LEVELS * POINTS + i);
        }
        for (int64_t i = 0; i < POINTS; i++) {
            packed[i] = (int16_t)(100 * t + i);
        }
        const int64_t start[4] = {t}, count[4] = {1, LEVELS, NLAT, NLON}, hour = 6 * t;
        AR_TRY(ar_writer_write(w, "time", start, count, &hour, err));
        AR_TRY(ar_writer_write(w, "t", start, count, values, err));
        AR_TRY(ar_writer_write(w, "packed", start, (int64_t[]){1, NLAT, NLON}, packed, err));
    }
cleanup:
    return status;
}

static ar_status write_example(const char *path, ar_error *err)
{
    ar_writer *w = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_writer_create(&w, path, err));
    AR_TRY(ar_writer_set_zarr_format(w, zarr_format, err));
    AR_TRY(define(w, err));
    AR_TRY(fill(w, err));
    AR_TRY(ar_writer_commit(&w, err));
cleanup:
    ar_writer_abandon(&w);
    return status;
}

static void must_write(const char *path)
{
    ar_error err = {""};
    if (write_example(path, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
}

/* Whether the whole example is at `path`. */
static void check_example(const char *path)
{
    ar_source *source = NULL;
    ar_error err = {""};
    if (ar_source_open(&source, path, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    assert_string_equal(ar_source_format(source), zarr_format == 3 ? "Zarr v3" : "Zarr v2");
    assert_string_equal(ar_source_text(source, NULL, "title"),
                        "caf\xc3\xa9 \xf0\x9f\x8c\x80 \"x\"\n\xef\xbf\xbd");
    double number;
    assert_true(ar_source_number(source, NULL, "tenth", &number) && number == 0.1);
    assert_true(ar_source_number(source, NULL, "nothing", &number) && isnan(number));
    const ar_variable *t = ar_source_find(source, "t");
    assert_non_null(t);
    assert_int_equal(t->shape[0], TIMES);
    assert_int_equal(t->chunk[0], 1);
    assert_int_equal(t->chunk[3], NLON);
    assert_string_equal(t->dimensions[2], "latitude");
    assert_string_equal(ar_source_text(source, t, "units"), "K");
    double values[TIMES * LEVELS * POINTS];
    assert_int_equal(read_whole(source, t, values, &err), AR_OK);
    for (int64_t i = 0; i < TIMES * LEVELS * POINTS; i++) {
        assert_true(same(values[i], field_value(i), 0));
    }
    const ar_variable *packed = ar_source_find(source, "packed");
    assert_int_equal(packed->chunk[0], 2);
    assert_int_equal(packed->chunk[1], 3);
    assert_int_equal(read_whole(source, packed, values, &err), AR_OK);
    for (int64_t i = 0; i < TIMES * POINTS; i++) {
        assert_true(values[i] == 0.5 * (double)(100 * (i / POINTS) + i % POINTS));
    }
    assert_int_equal(read_whole(source, ar_source_find(source, "height"), values, &err), AR_OK);
    assert_true(values[0] == 2);
    ar_source_close(&source);
}

static void our_reader_gives_it_back(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/out.zarr", folder);
    must_write(path);
    check_example(path);
    /* without consolidated metadata the single files say the same */
    assert_int_equal(
        zarr_format == 3
            ? run_command("sed -i s/consolidated_metadata/left_aside/ '%s/zarr.json'", path)
            : run_command("rm '%s/.zmetadata'", path),
        0);
    check_example(path);
    remove_folder(folder);
}

static const char example_check[] =
    "import sys, warnings; warnings.simplefilter('error', RuntimeWarning)\n"
    "import numpy as np, xarray as xr, zarr\n"
    "d = xr.open_zarr(sys.argv[1], consolidated=True)\n"
    "assert d.sizes == dict(time=3, level=2, latitude=5, longitude=7), d.sizes\n"
    "assert str(d.time.values[2])[:13] == '2025-12-01T12', d.time.values\n"
    "i = np.arange(210, dtype='f4'); w = np.float32(250) + np.float32(0.37) * i\n"
    "w[i % 11 == 5] = np.nan\n"
    "assert d.t.dtype == 'f4' and d.t.attrs['units'] == 'K' and d.t.attrs['valid_max'] == 1000\n"
    "np.testing.assert_array_equal(d.t.values.ravel(), w)\n"
    "p = 100 * np.arange(3)[:, None] + np.arange(35)\n"
    "np.testing.assert_array_equal(d.packed.values.reshape(3, 35), 0.5 * p)\n"
    "assert d.latitude.values.tolist() == [80, 40, 0, -40, -80] and float(d.height) == 2\n"
    "assert d.attrs['title'] == 'caf\\u00e9 \\U0001f300 \"x\"\\n\\ufffd' and d.attrs['tenth'] == "
    "0.1\n"
    "assert type(d.attrs['lead_hours']) is float and np.isnan(d.attrs['nothing'])\n"
    "z = zarr.open_consolidated(sys.argv[1])\n"
    "assert z['t'].chunks == (1, 2, 5, 7) and z['t'].compressor.cname == 'lz4'\n"
    "assert z['t'].compressor.shuffle == 1 and z['packed'].compressor.codec_id == 'zstd'\n"
    "assert z['packed'].chunks == (2, 3, 4) and z['packed'].dtype == 'i2'\n"
    "assert np.isnan(z['t'].fill_value) and z['packed'].fill_value == -32768\n"
    "assert z['time'].fill_value is None and z['time'].dtype == 'i8'\n"
    "xr.testing.assert_identical(d, xr.open_zarr(sys.argv[1], consolidated=False))\n";

/* Run Python code with one argument, where its modules are installed. */
static void run_python(const char *folder, const char *code, const char *argument)
{
    const char *python = access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
    if (run_command("%s -W ignore -c 'import xarray, zarr' 2>/dev/null", python) != 0) {
        print_message("skipped: python3 with xarray and zarr is not there\n");
        return;
    }
    char script[128];
    ar_error err;
    snprintf(script, sizeof script, "%s/check.py", folder);
    assert_int_equal(ar_file_write_whole(script, code, strlen(code), &err), AR_OK);
    assert_int_equal(run_command("%s '%s' '%s'", python, script, argument), 0);
}

static void xarray_reads_it(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/out.zarr", folder);
    must_write(path);
    run_python(folder, example_check, path);
    remove_folder(folder);
}

/* ---- round trips ----------------------------------------------------------------------------- */

/* Element `i` of a test array: exact in every type, so that types can be compared as doubles. */
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

/* Variables of every type, rank 0 to 4 and codec, [t, 3, 4, 2] with t growing to 5, written in
 * slabs of `step` times whose second dimension is cut in two, in chunks that divide nothing. */
static const int64_t lengths[4] = {5, 3, 4, 2};
static const char *const names[4] = {"time", "a", "b", "c"};

static void variable_name(char name[32], int type, int rank, int codec)
{
    snprintf(name, 32, "v%d%d%d", type, rank, codec);
}

static void write_slab(ar_writer *w, const char *name, ar_writer_type type, int rank,
                       const int64_t *start, const int64_t *count)
{
    double values[120];
    char converted[120 * 8];
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
    if (ar_writer_write(w, name, start, count, converted, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
}

static void write_every(const char *path, int64_t step)
{
    ar_writer *w = NULL;
    ar_error err = {""};
    assert_int_equal(ar_writer_create(&w, path, &err), AR_OK);
    for (int d = 0; d < 4; d++) {
        assert_int_equal(ar_writer_add_dimension(w, names[d], d ? lengths[d] : -1, &err), AR_OK);
    }
    for (int at = 0; at < 5 * 5 * 4; at++) {
        int type = at / 20, rank = at / 4 % 5, codec = at % 4;
        char name[32];
        variable_name(name, type, rank, codec);
        const ar_writer_variable variable = {.name = name,
                                             .type = (ar_writer_type)type,
                                             .rank = rank,
                                             .dimensions = {"time", "a", "b", "c"},
                                             .compress = codec < 3 ? 1 + 4 * (rank % 3) : 0,
                                             .codec = (ar_writer_codec)(codec % 3),
                                             .chunk = {2, 2, 3, 0}};
        if (ar_writer_add_variable(w, &variable, &err) != AR_OK) {
            fail_msg("%s", err.message);
        }
        for (int64_t t = 0; t < lengths[0]; t += step) {
            int64_t times = t + step > lengths[0] ? lengths[0] - t : step;
            if (rank < 2) {
                write_slab(w, name, (ar_writer_type)type, rank, &t, &times);
                continue;
            }
            write_slab(w, name, (ar_writer_type)type, rank, (int64_t[]){t, 1, 0, 0},
                       (int64_t[]){times, 2, 4, 2});
            write_slab(w, name, (ar_writer_type)type, rank, (int64_t[]){t, 0, 0, 0},
                       (int64_t[]){times, 1, 4, 2});
        }
    }
    assert_int_equal(ar_writer_commit(&w, &err), AR_OK);
}

static void check_every(const char *path)
{
    ar_source *source = NULL;
    ar_error err = {""};
    assert_int_equal(ar_source_open(&source, path, &err), AR_OK);
    for (int at = 0; at < 5 * 5 * 4; at++) {
        char name[32];
        double values[120];
        variable_name(name, at / 20, at / 4 % 5, at % 4);
        const ar_variable *variable = ar_source_find(source, name);
        assert_non_null(variable);
        assert_int_equal(variable->rank, at / 4 % 5);
        if (read_whole(source, variable, values, &err) != AR_OK) {
            fail_msg("%s", err.message);
        }
        for (int64_t i = 0; i < element_count(variable); i++) {
            assert_true(values[i] == element(i));
        }
    }
    ar_source_close(&source);
}

static const char every_check[] =
    "import sys, numpy as np, zarr\n"
    "z = zarr.open_consolidated(sys.argv[1]); n = (5, 3, 4, 2)\n"
    "types = ['<f4', '<f8', '<i8', '<i4', '<i2']\n"
    "codecs = ['lz4', 'zstd', 'Zstd', None]\n"
    "for t in range(5):\n"
    " for r in range(5):\n"
    "  for c in range(4):\n"
    "   a = z['v%d%d%d' % (t, r, c)]; w = np.arange(np.prod(n[:r], dtype=int)) * 37 % 1009 - "
    "500.0\n"
    "   assert a.dtype == types[t] and a.shape == n[:r], a.info\n"
    "   k = a.compressor; k = getattr(k, 'cname', type(k).__name__) if k else None\n"
    "   assert k == codecs[c], k\n"
    "   np.testing.assert_array_equal(a[...].ravel(), w)\n";

static void every_type_rank_and_codec(void **state)
{
    (void)state;
    for (int64_t step = 1; step <= 5; step += 2) {
        char folder[64], path[128];
        make_folder(folder);
        snprintf(path, sizeof path, "%s/every.zarr", folder);
        write_every(path, step);
        check_every(path);
        if (step == 1) {
            run_python(folder, every_check, path);
        }
        remove_folder(folder);
    }
}

/* What is never written is missing where floats can say so, the _FillValue where one is given, and
 * 0 otherwise; one variable alone makes time grow for all. Whole numbers beyond 2^53 keep their
 * last digit. */
static void what_is_not_written(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/gaps.zarr/", folder);
    ar_writer *w = NULL;
    ar_error err = {""};
    assert_int_equal(ar_writer_create(&w, path, &err), AR_OK);
    assert_int_equal(ar_writer_add_dimension(w, "time", -1, &err), AR_OK);
    assert_int_equal(ar_writer_add_dimension(w, "never", -1, &err), AR_OK);
    const char *const variables[] = {"f", "i", "filled", "none"};
    for (int v = 0; v < 4; v++) {
        const ar_writer_variable variable = {.name = variables[v],
                                             .type = v == 0 ? AR_WRITER_FLOAT : AR_WRITER_INT64,
                                             .rank = 1,
                                             .dimensions = {v == 3 ? "never" : "time"},
                                             .chunk = {2}};
        assert_int_equal(ar_writer_add_variable(w, &variable, &err), AR_OK);
    }
    assert_int_equal(ar_writer_put_number(w, "filled", "_FillValue", -9, &err), AR_OK);
    const int64_t start = 6, one = 1, large = INT64_C(9007199254740993), zero = 0;
    assert_int_equal(ar_writer_write(w, "filled", &start, &one, &large, &err), AR_OK);
    assert_int_equal(ar_writer_write(w, "i", &zero, &one, &large, &err), AR_OK);
    assert_int_equal(ar_writer_write(w, "none", &large, &zero, &large, &err), AR_ERROR_USAGE);
    assert_int_equal(ar_writer_write(w, "none", &start, &zero, &large, &err), AR_OK);
    assert_int_equal(ar_writer_commit(&w, &err), AR_OK);
    run_python(folder,
               "import sys, numpy as np, zarr, xarray as xr\n"
               "z = zarr.open_consolidated(sys.argv[1])\n"
               "assert np.isnan(z['f'][:]).all() and z['f'].shape == (7,)\n"
               "assert z['i'][:].tolist() == [2**53 + 1, 0, 0, 0, 0, 0, 0]\n"
               "assert z['filled'][:].tolist() == [-9] * 6 + [2**53 + 1]\n"
               "assert z['none'].shape == (0,) and xr.open_zarr(sys.argv[1]).sizes['time'] == 7\n",
               path);
    ar_source *source = NULL;
    double values[7];
    assert_int_equal(ar_source_open(&source, path, &err), AR_OK);
    assert_int_equal(read_whole(source, ar_source_find(source, "filled"), values, &err), AR_OK);
    assert_true(isnan(values[5]) && values[6] == 0x1p53);
    assert_int_equal(read_whole(source, ar_source_find(source, "f"), values, &err), AR_OK);
    assert_true(isnan(values[0]) && isnan(values[6]));
    ar_source_close(&source);
    remove_folder(folder);
}

/* ---- wrong calls ----------------------------------------------------------------------------- */

static void wrong_names_and_bounds(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    ar_writer *w = NULL;
    ar_error err;
    const char *const wrong[] = {"out.zip", "out", "zarr", ".zarr", "", "out.nc/"};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(ar_writer_create(&w, wrong[i], &err), AR_ERROR_USAGE);
        assert_non_null(strstr(err.message, ".nc"));
        assert_non_null(strstr(err.message, ".zarr"));
        assert_null(w);
    }
    snprintf(path, sizeof path, "%s/absent/out.zarr", folder);
    assert_int_equal(ar_writer_create(&w, path, &err), AR_ERROR_SYSTEM);
    assert_non_null(strstr(err.message, path));
    snprintf(path, sizeof path, "%s/out.zarr", folder);
    assert_int_equal(ar_writer_create(&w, path, &err), AR_OK);
    assert_int_equal(ar_writer_add_dimension(w, "x", 0, &err), AR_ERROR_USAGE);
    assert_int_equal(ar_writer_add_dimension(w, "x", INT64_MAX, &err), AR_ERROR_USAGE);
    assert_int_equal(ar_writer_add_dimension(w, "x", 2, &err), AR_OK);
    assert_int_equal(ar_writer_add_dimension(w, "x", 2, &err), AR_ERROR_USAGE);
    assert_int_equal(ar_writer_add_dimension(w, "long", (int64_t)1 << 40, &err), AR_OK);
    const ar_writer_variable variables[] = {
        {.name = "v", .rank = 9},
        {.name = "v", .rank = 1, .dimensions = {"x"}, .compress = 10},
        {.name = "v", .rank = 1, .dimensions = {"x"}, .chunk = {-1}},
        {.name = "v", .rank = 1, .dimensions = {"y"}},
        {.name = "v", .rank = 2, .dimensions = {"long", "long"}, .chunk = {0, 0}},
        {.name = "v", .rank = 1, .dimensions = {"long"}, .chunk = {1 << 29}},
        {.name = "../v"},
        {.name = ".zgroup"},
        {.name = ""},
        {.name = "\xff"}};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ar_writer_add_variable(w, &variables[i], &err), AR_ERROR_USAGE);
        assert_non_null(strstr(err.message, path));
    }
    const ar_writer_variable right = {
        .name = "v", .type = AR_WRITER_INT16, .rank = 1, .dimensions = {"x"}, .chunk = {9}};
    assert_int_equal(ar_writer_add_variable(w, &right, &err), AR_OK);
    assert_int_equal(ar_writer_add_variable(w, &right, &err), AR_ERROR_USAGE);
    assert_int_equal(ar_writer_put_text(w, "u", "units", "K", &err), AR_ERROR_USAGE);
    assert_int_equal(ar_writer_put_text(w, "v", "_ARRAY_DIMENSIONS", "K", &err), AR_ERROR_USAGE);
    const double unfit[] = {32768, -32769, 0.5, NAN};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ar_writer_put_number(w, "v", "_FillValue", unfit[i], &err),
                         AR_ERROR_USAGE);
    }
    const int16_t values[4] = {1, 2, 3, 4};
    static const int64_t bounds[][2] = {{-1, 1}, {0, -1}, {1, 2}, {3, 0}, {INT64_MAX, INT64_MAX}};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ar_writer_write(w, "v", &bounds[i][0], &bounds[i][1], values, &err),
                         AR_ERROR_USAGE);
        assert_non_null(strstr(err.message, "variable v"));
    }
    assert_int_equal(ar_writer_write(w, "u", &bounds[0][0], &bounds[0][1], values, &err),
                     AR_ERROR_USAGE);
    assert_int_equal(ar_writer_write(w, "v", (int64_t[]){0}, (int64_t[]){2}, values, &err), AR_OK);
    assert_int_equal(ar_writer_put_number(w, "v", "_FillValue", 1, &err), AR_ERROR_USAGE);
    ar_writer_abandon(&w);
    assert_null(w);
    ar_writer_abandon(&w);
    /* one value so far away that 2^40 chunks of whole numbers would come before it */
    const ar_writer_variable far = {
        .name = "v", .type = AR_WRITER_INT16, .rank = 1, .dimensions = {"time"}};
    assert_int_equal(ar_writer_create(&w, path, &err), AR_OK);
    assert_int_equal(ar_writer_add_dimension(w, "time", -1, &err), AR_OK);
    assert_int_equal(ar_writer_add_variable(w, &far, &err), AR_OK);
    assert_int_equal(
        ar_writer_write(w, "v", (int64_t[]){(int64_t)1 << 50}, (int64_t[]){1}, values, &err),
        AR_OK);
    assert_int_equal(ar_writer_commit(&w, &err), AR_ERROR_USAGE);
    assert_non_null(strstr(err.message, "variable v"));
    assert_int_equal(rmdir(folder), 0); /* nothing was left behind */
}

/* ---- whole or not at all --------------------------------------------------------------------- */

/* Whether as many files and folders as that are in the folder, no temporary one among them. */
static void check_only(const char *folder, int entries)
{
    DIR *listed = opendir(folder);
    assert_non_null(listed);
    for (struct dirent *entry; (entry = readdir(listed));) {
        entries -= strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(listed);
    assert_int_equal(entries, 0);
}

static void nothing_before_the_end(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/out.zarr", folder);
    /* killed when all is written but the end: nothing, or what was there */
    for (int existing = 0; existing < 2; existing++) {
        pid_t child = fork();
        if (child == 0) {
            ar_writer *w = NULL;
            ar_error err;
            if (ar_writer_create(&w, path, &err) == AR_OK &&
                ar_writer_set_zarr_format(w, zarr_format, &err) == AR_OK &&
                define(w, &err) == AR_OK && fill(w, &err) == AR_OK) {
                kill(getpid(), SIGKILL);
            }
            _exit(1);
        }
        int code;
        assert_int_equal(waitpid(child, &code, 0), child);
        assert_true(WIFSIGNALED(code));
        if (existing) {
            check_example(path);
        } else {
            assert_false(ar_path_exists(path));
            must_write(path);
        }
    }
    check_only(folder, 3); /* the finished one and what two killed processes left */
    remove_folder(folder);
}

/* An old group has other files than the new one: of a mixture they would be seen. */
static void make_old(const char *path)
{
    assert_int_equal(run_command("rm -rf '%s' && mkdir -p '%s/t' && echo '{\"zarr_format\": 2}' > "
                                 "'%s/.zgroup' && echo x > '%s/t/9.9.9.9'",
                                 path, path, path, path),
                     0);
}

static bool is_old(const char *path)
{
    static const char *const others[] = {".zmetadata", ".zattrs",   "time",       "t/.zarray",
                                         "t/0.0.0.0",  "zarr.json", "t/zarr.json"};
    char name[256];
    snprintf(name, sizeof name, "%s/t/9.9.9.9", path);
    bool old = ar_path_exists(name);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(name, sizeof name, "%s/%s", path, others[i]);
        old &= !ar_path_exists(name);
    }
    return old;
}

static void what_exists_is_replaced_as_a_whole(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/out.zarr", folder);
    for (int i = 0; i < 2; i++) {
        no_exchange = i;
        make_old(path);
        must_write(path);
        check_example(path);
        assert_int_equal(run_command("test -e '%s/t/9.9.9.9'", path), 1);
        check_only(folder, 1);
        /* an old file, an empty folder, a link to a folder, which stays as it is */
        assert_int_equal(run_command("rm -r '%s' && echo x > '%s'", path, path), 0);
        must_write(path);
        assert_int_equal(run_command("rm -r '%s' && mkdir '%s'", path, path), 0);
        must_write(path);
        assert_int_equal(run_command("rm -r '%s' && mkdir '%s/kept' && touch '%s/kept/.zgroup' && "
                                     "ln -s '%s/kept' '%s'",
                                     path, folder, folder, folder, path),
                         0);
        must_write(path);
        check_example(path);
        check_only(folder, 2);
        assert_int_equal(
            run_command("test -e '%s/kept/.zgroup' && rm -r '%s/kept'", folder, folder), 0);
    }
    no_exchange = false;
    short_writes = true;
    must_write(path);
    short_writes = false;
    check_example(path);
    /* a folder of something else is not replaced, neither at the beginning nor at the end */
    ar_writer *w = NULL;
    ar_error err;
    assert_int_equal(run_command("rm -r '%s' && mkdir '%s' && touch '%s/thesis'", path, path, path),
                     0);
    assert_int_equal(ar_writer_create(&w, path, &err), AR_ERROR_USAGE);
    assert_non_null(strstr(err.message, "no Zarr group"));
    assert_int_equal(run_command("rm -r '%s'", path), 0);
    assert_int_equal(ar_writer_create(&w, path, &err), AR_OK);
    assert_int_equal(run_command("mkdir '%s' && touch '%s/thesis'", path, path), 0);
    assert_int_equal(ar_writer_commit(&w, &err), AR_ERROR_USAGE);
    assert_null(w);
    assert_int_equal(run_command("test -e '%s/thesis'", path), 0);
    check_only(folder, 1);
    remove_folder(folder);
}

/* Every write, folder made, flush and rename fails once, as on a full disk. The group is the new
 * one where all but the last flush had succeeded, else the old one, and there is nothing else. */
static void every_system_call_fails(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/out.zarr", folder);
    for (int two_steps = 0; two_steps < 2; two_steps++) {
        no_exchange = two_steps;
        make_old(path);
        bool done = false;
        long failures = 0;
        for (long n = 0; !done; n++) {
            ar_error err = {""};
            calls_until_failure = n;
            ar_status status = write_example(path, &err);
            done = calls_until_failure >= 0;
            calls_until_failure = -1;
            check_only(folder, 1);
            if (status == AR_OK) {
                check_example(path);
                assert_true(done);
                continue;
            }
            failures++;
            assert_int_equal(status, AR_ERROR_SYSTEM);
            assert_non_null(strstr(err.message, path));
            assert_non_null(strstr(err.message, strerror(ENOSPC)));
            if (strstr(err.message, "folder above")) {
                check_example(path);
                make_old(path);
            } else {
                assert_true(is_old(path));
            }
        }
        /* 5 folders of variables, 31 files (v3: 20), and each of them flushed */
        assert_true(failures > (zarr_format == 3 ? 40 : 60));
    }
    no_exchange = false;
    remove_folder(folder);
}

static void every_allocation_fails(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/out.zarr", folder);
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = json_allocate, .free_fn = free});
    for (int json = 0; json < 2; json++) {
        int64_t failures = 0;
        make_old(path);
        for (long n = 0;; n++) {
            ar_error err = {""};
            if (json) {
                json_until_failure = n;
            } else {
                ar_fail_allocation_after(n);
            }
            ar_status status = write_example(path, &err);
            ar_fail_allocation_after(-1);
            json_until_failure = -1;
            check_only(folder, 1);
            if (status == AR_OK) {
                check_example(path);
                break;
            }
            assert_int_equal(status, AR_ERROR_MEMORY);
            assert_true(err.message[0] != '\0');
            assert_true(is_old(path));
            failures++;
        }
        assert_true(failures > 60);
    }
    cJSON_InitHooks(NULL);
    remove_folder(folder);
}

static int version_3(void **state)
{
    (void)state;
    zarr_format = 3;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_reader_gives_it_back),
        cmocka_unit_test(xarray_reads_it),
        cmocka_unit_test(every_type_rank_and_codec),
        cmocka_unit_test(what_is_not_written),
        cmocka_unit_test(wrong_names_and_bounds),
        cmocka_unit_test(nothing_before_the_end),
        cmocka_unit_test(what_exists_is_replaced_as_a_whole),
        cmocka_unit_test(every_system_call_fails),
        cmocka_unit_test(every_allocation_fails),
    };
    const struct CMUnitTest tests_v3[] = {
        cmocka_unit_test(our_reader_gives_it_back),
        cmocka_unit_test(nothing_before_the_end),
        cmocka_unit_test(what_exists_is_replaced_as_a_whole),
        cmocka_unit_test(every_system_call_fails),
        cmocka_unit_test(every_allocation_fails),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + cmocka_run_group_tests(tests_v3, version_3, NULL);
}
