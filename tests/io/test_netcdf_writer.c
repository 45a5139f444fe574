/* The netCDF writer: its files are read back by our reader, by ncdump, cdo and xarray, and they
 * appear whole or not at all. */
#include "fixtures.h"

#include <signal.h>
#include <sys/resource.h>

#include "io/writer.h"

enum { TIMES = 3, NLAT = 4, NLON = 6 };

static float field_value(int64_t i)
{
    return i == 5 ? NAN : 250 + 0.37f * (float)i;
}

static ar_status write_definitions(ar_writer *w, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(ar_writer_put_text(w, NULL, "Conventions", "CF-1.8", err));
    AR_TRY(ar_writer_put_number(w, NULL, "version", 1.5, err));
    AR_TRY(ar_writer_add_dimension(w, "time", -1, err));
    AR_TRY(ar_writer_add_dimension(w, "latitude", NLAT, err));
    AR_TRY(ar_writer_add_dimension(w, "longitude", NLON, err));
    static const struct {
        const char *name;
        ar_writer_type type;
        const char *units;
    } axes[] = {{"time", AR_WRITER_INT32, "hours since 2025-12-01 00:00:00"},
                {"latitude", AR_WRITER_DOUBLE, "degrees_north"},
                {"longitude", AR_WRITER_DOUBLE, "degrees_east"}};
    for (int i = 0; i < 3; i++) {
        const ar_writer_variable axis = {
            .name = axes[i].name, .type = axes[i].type, .rank = 1, .dimensions = {axes[i].name}};
        AR_TRY(ar_writer_add_variable(w, &axis, err));
        AR_TRY(ar_writer_put_text(w, axes[i].name, "standard_name", axes[i].name, err));
        AR_TRY(ar_writer_put_text(w, axes[i].name, "units", axes[i].units, err));
    }
    const ar_writer_variable field = {.name = "t2m",
                                      .type = AR_WRITER_FLOAT,
                                      .rank = 3,
                                      .dimensions = {"time", "latitude", "longitude"},
                                      .compress = 4};
    AR_TRY(ar_writer_add_variable(w, &field, err));
    AR_TRY(ar_writer_put_text(w, "t2m", "standard_name", "air_temperature", err));
    AR_TRY(ar_writer_put_text(w, "t2m", "units", "K", err));
    AR_TRY(ar_writer_put_number(w, "t2m", "valid_max", 1000, err));
    const ar_writer_variable scalar = {.name = "height", .type = AR_WRITER_DOUBLE};
    AR_TRY(ar_writer_add_variable(w, &scalar, err));
cleanup:
    return status;
}

static ar_status write_values(ar_writer *w, ar_error *err)
{
    ar_status status = AR_OK;
    double latitude[NLAT], longitude[NLON], height = 2;
    for (int i = 0; i < NLAT; i++) {
        latitude[i] = 45 - 30 * i;
    }
    for (int i = 0; i < NLON; i++) {
        longitude[i] = 60 * i;
    }
    const int64_t zero = 0, nlat = NLAT, nlon = NLON;
    AR_TRY(ar_writer_write(w, "latitude", &zero, &nlat, latitude, err));
    AR_TRY(ar_writer_write(w, "longitude", &zero, &nlon, longitude, err));
    AR_TRY(ar_writer_write(w, "height", NULL, NULL, &height, err));
    for (int64_t t = 0; t < TIMES; t++) {
        float values[NLAT * NLON];
        for (int64_t i = 0; i < NLAT * NLON; i++) {
            values[i] = field_value(t * NLAT * NLON + i);
        }
        const int64_t start[3] = {t, 0, 0}, count[3] = {1, NLAT, NLON};
        const int32_t hour = 6 * (int32_t)t;
        AR_TRY(ar_writer_write(w, "t2m", start, count, values, err));
        AR_TRY(ar_writer_write(w, "time", start, count, &hour, err));
    }
cleanup:
    return status;
}

static void write_example(const char *path)
{
    ar_writer *w = NULL;
    ar_error err = {""};
    assert_int_equal(ar_writer_create(&w, path, &err), AR_OK);
    if (write_definitions(w, &err) != AR_OK || write_values(w, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    assert_false(ar_path_exists(path)); /* nothing under the final name before the end */
    assert_int_equal(ar_writer_commit(&w, &err), AR_OK);
    assert_null(w);
}

static void read_back(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/out.nc", folder);
    write_example(path);
    ar_source *source = NULL;
    ar_error err;
    assert_int_equal(ar_source_open(&source, path, &err), AR_OK);
    const ar_variable *field = ar_source_find(source, "t2m");
    assert_int_equal(field->shape[0], TIMES);
    assert_int_equal(field->chunk[0], 1);
    assert_int_equal(field->chunk[1], NLAT);
    double number;
    assert_true(ar_source_number(source, field, "_FillValue", &number) && isnan(number));
    assert_true(ar_source_number(source, NULL, "version", &number) && number == 1.5);
    float values[TIMES * NLAT * NLON];
    const int64_t start[3] = {0, 0, 0};
    assert_int_equal(ar_source_read_float(source, field, start, field->shape, values, &err), AR_OK);
    for (int64_t i = 0; i < TIMES * NLAT * NLON; i++) {
        assert_true(same(values[i], field_value(i), 0));
    }
    ar_source_close(&source);
    remove_folder(folder);
}

/* A program that reads the file where it is installed: what it prints must hold `word`. */
static void check_program(const char *program, const char *arguments, const char *path,
                          const char *word)
{
    if (run_command("command -v %s >/dev/null 2>&1", program) != 0) {
        print_message("skipped: %s is not installed\n", program);
        return;
    }
    if (run_command("%s %s %s 2>&1 | grep -qF '%s'", program, arguments, path, word) != 0) {
        fail_msg("%s %s does not print \"%s\"", program, arguments, word);
    }
}

static void other_programs_read_it(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/out.nc", folder);
    write_example(path);
    check_program("ncdump", "-h", path, "float t2m(time, latitude, longitude)");
    check_program("ncdump", "-hs", path, "t2m:_DeflateLevel = 4");
    check_program("ncdump", "-v t2m", path, "250, 250.37, 250.74");
    check_program("cdo", "-s sinfo", path, "lonlat");
    check_program("cdo", "-s showtimestamp", path, "2025-12-01T12:00:00");
    /* the sum 250·72 + 0.37·71·72/2 without element 5, in float32 */
    const char *python = access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
    if (run_command("%s -c 'import xarray' 2>/dev/null", python) != 0) {
        print_message("skipped: python3 with xarray is not there\n");
    } else {
        assert_int_equal(
            run_command("%s -W ignore -c \"import xarray, numpy; d = xarray.open_dataset('%s'); "
                        "v = d.t2m.values.ravel(); assert v.dtype == 'f4'; "
                        "w = 250 + numpy.float32(0.37) * numpy.arange(72, dtype='f4'); "
                        "w[5] = numpy.nan; numpy.testing.assert_array_equal(v, w); "
                        "assert str(d.time.values[2])[:13] == '2025-12-01T12'\"",
                        python, path),
            0);
    }
    remove_folder(folder);
}

/* Whole numbers of every size, in chunks that are given, one of them longer than its dimension. */
static void given_chunks_and_types(void **state)
{
    (void)state;
    static const ar_writer_type types[] = {AR_WRITER_INT64, AR_WRITER_INT32, AR_WRITER_INT16};
    static const char *const names[] = {"<i8", "<i4", "<i2"};
    const int64_t start[2] = {0, 0}, count[2] = {3, NLAT};
    int64_t wide[3 * NLAT];
    int32_t middle[3 * NLAT];
    int16_t narrow[3 * NLAT];
    const void *const values[] = {wide, middle, narrow};
    for (int i = 0; i < 3 * NLAT; i++) {
        wide[i] = middle[i] = narrow[i] = (int16_t)(i - 5);
    }
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/out.nc", folder);
    ar_writer *w = NULL;
    ar_source *source = NULL;
    ar_error err;
    assert_int_equal(ar_writer_create(&w, path, &err), AR_OK);
    assert_int_equal(ar_writer_add_dimension(w, "time", -1, &err), AR_OK);
    assert_int_equal(ar_writer_add_dimension(w, "latitude", NLAT, &err), AR_OK);
    for (int i = 0; i < 3; i++) {
        const ar_writer_variable variable = {.name = names[i] + 1,
                                             .type = types[i],
                                             .rank = 2,
                                             .dimensions = {"time", "latitude"},
                                             .chunk = {2, i == 1 ? 100 : 3}};
        assert_int_equal(ar_writer_add_variable(w, &variable, &err), AR_OK);
        assert_int_equal(ar_writer_write(w, variable.name, start, count, values[i], &err), AR_OK);
    }
    assert_int_equal(ar_writer_commit(&w, &err), AR_OK);
    assert_int_equal(ar_source_open(&source, path, &err), AR_OK);
    for (int i = 0; i < 3; i++) {
        double read[3 * NLAT];
        const ar_variable *variable = ar_source_find(source, names[i] + 1);
        assert_string_equal(variable->type, names[i]);
        assert_int_equal(variable->chunk[0], 2);
        assert_int_equal(variable->chunk[1], i == 1 ? NLAT : 3);
        assert_int_equal(read_whole(source, variable, read, &err), AR_OK);
        for (int at = 0; at < 3 * NLAT; at++) {
            assert_true(read[at] == at - 5);
        }
    }
    ar_source_close(&source);
    remove_folder(folder);
}

static void wrong_calls(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/absent/out.nc", folder);
    ar_writer *w = NULL;
    ar_error err;
    assert_int_equal(ar_writer_create(&w, path, &err), AR_ERROR_SYSTEM);
    assert_null(w);
    snprintf(path, sizeof path, "%s/out.nc", folder);
    assert_int_equal(ar_writer_create(&w, path, &err), AR_OK);
    assert_int_equal(ar_writer_add_dimension(w, "x", 0, &err), AR_ERROR_USAGE);
    assert_int_equal(ar_writer_add_dimension(w, "x", 2, &err), AR_OK);
    const ar_writer_variable wrong[] = {
        {.name = "v", .rank = 9}, {.name = "v", .rank = 1, .dimensions = {"x"}, .compress = 10}};
    assert_int_equal(ar_writer_add_variable(w, &wrong[0], &err), AR_ERROR_USAGE);
    assert_int_equal(ar_writer_add_variable(w, &wrong[1], &err), AR_ERROR_USAGE);
    const ar_writer_variable unknown = {.name = "v", .rank = 1, .dimensions = {"y"}};
    assert_int_not_equal(ar_writer_add_variable(w, &unknown, &err), AR_OK);
    assert_non_null(strstr(err.message, "variable v"));
    const int64_t start = 1, count = 2;
    const float values[2] = {0};
    assert_int_not_equal(ar_writer_write(w, "v", &start, &count, values, &err), AR_OK);
    ar_writer_abandon(&w);
    assert_null(w);
    ar_writer_abandon(&w);
    assert_int_equal(rmdir(folder), 0); /* nothing was left behind */
}

/* A file that may not grow beyond 64 KiB stands for a full disk: some write, or the close, fails
 * with the file's name, and nothing is left under either name. In a child, for the limit is the
 * process's. */
static int write_on_full_disk(const char *path)
{
    struct rlimit limit = {1 << 16, 1 << 16};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        return SKIP;
    }
    enum { COUNT = 1 << 18 };
    ar_writer *w = NULL;
    ar_error err = {""};
    float *values = calloc(COUNT, sizeof *values);
    const ar_writer_variable variable = {
        .name = "v", .type = AR_WRITER_FLOAT, .rank = 2, .dimensions = {"time", "x"}};
    const int64_t start[2] = {0, 0}, count[2] = {1, COUNT};
    ar_status status = ar_writer_create(&w, path, &err);
    if (status == AR_OK) {
        status = ar_writer_add_dimension(w, "time", 1, &err);
    }
    if (status == AR_OK) {
        status = ar_writer_add_dimension(w, "x", COUNT, &err);
    }
    if (status == AR_OK) {
        status = ar_writer_add_variable(w, &variable, &err);
    }
    if (status == AR_OK) {
        status = ar_writer_write(w, "v", start, count, values, &err);
    }
    if (status == AR_OK) {
        status = ar_writer_commit(&w, &err);
    }
    ar_writer_abandon(&w);
    free(values);
    return status == AR_ERROR_SYSTEM && strstr(err.message, path) ? 0 : 1;
}

static void full_disk(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/out.nc", folder);
    pid_t child = fork();
    if (child == 0) {
        /* through the exit handlers, where HDF5's would crash on the file it could not close */
        exit(write_on_full_disk(path));
    }
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    if (WEXITSTATUS(code) == SKIP) {
        remove_folder(folder);
        skip();
    }
    assert_int_equal(WEXITSTATUS(code), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing is left */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_back),
        cmocka_unit_test(other_programs_read_it),
        cmocka_unit_test(given_chunks_and_types),
        cmocka_unit_test(wrong_calls),
        cmocka_unit_test(full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
