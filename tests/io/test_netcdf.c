/* The netCDF reader against files written by netCDF4-python and read by xarray, in all five
 * formats; truncated and foreign files; and reanalysis as it is delivered. */
#include "fixtures.h"

#include <pthread.h>

#include "io/netcdf_private.h"
#include "io/writer.h"

static void all_formats(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    make_fixtures("netcdf", folder, "");
    assert_true(check_manifest(folder) > 40);
    ar_source *source = NULL;
    ar_error err;
    static const char *const names[][2] = {{"NETCDF3_CLASSIC", "netCDF-3"},
                                           {"NETCDF3_64BIT_OFFSET", "netCDF-3"},
                                           {"NETCDF3_64BIT_DATA", "netCDF-3"},
                                           {"NETCDF4_CLASSIC", "netCDF-4"},
                                           {"NETCDF4", "netCDF-4"}};
    for (size_t i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s/%s.nc", folder, names[i][0]);
        assert_int_equal(ar_source_open(&source, path, &err), AR_OK);
        assert_string_equal(ar_source_format(source), names[i][1]);
        assert_string_equal(ar_source_text(source, NULL, "title"), "a file");
        double number;
        const ar_variable *packed = ar_source_find(source, "packed");
        assert_true(ar_source_number(source, packed, "scale_factor", &number) && number == 0.01);
        assert_string_equal(packed->type, "<i2");
        assert_string_equal(packed->dimensions[0], "time");
        if (i == 4) {
            assert_int_equal(ar_source_find(source, "v_big")->chunk[2], 4);
            assert_string_equal(ar_source_text(source, NULL, "text"), "a string");
        }
        ar_source_close(&source);
    }
    remove_folder(folder);
}

/* Every length of a netCDF file shorter than itself is an error (the end may be padding: the last
 * three bytes may be missing from a netCDF-3 file). */
static void truncated_files(void **state)
{
    (void)state;
    char folder[64], path[128], cut[128];
    make_folder(folder);
    make_fixtures("netcdf", folder, "");
    static const char *const names[] = {"NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET",
                                        "NETCDF3_64BIT_DATA", "NETCDF4"};
    snprintf(cut, sizeof cut, "%s/cut.nc", folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *content = NULL;
        size_t bytes;
        ar_error err;
        snprintf(path, sizeof path, "%s/%s.nc", folder, names[i]);
        assert_int_equal(ar_file_read_whole(path, 1 << 24, &content, &bytes, &err), AR_OK);
        assert_int_equal(ar_netcdf_check_length(path, &err), AR_OK);
        /* all lengths of the header, then a sample */
        for (size_t length = 0; length < bytes - 3; length += length < 200 ? 1 : 97) {
            FILE *stream = fopen(cut, "wb");
            assert_int_equal(fwrite(content, 1, length, stream), length);
            fclose(stream);
            ar_source *source = NULL;
            assert_int_equal(ar_source_open(&source, cut, &err), AR_ERROR_INPUT);
            assert_non_null(strstr(err.message, "cut.nc"));
        }
        ar_free(content);
    }
    remove_folder(folder);
}

static void foreign_files(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        size_t bytes;
        const char *word;
    } cases[] = {{"", 0, "is empty"},
                 {"GRIB....", 8, "GRIB"},
                 {"PK\x03\x04", 4, "\"P K 0x03 0x04\""},
                 {"CDF\x07", 4, "starts with"},
                 {"\x89HDF\r\n\x1a\n", 8, "superblock"},
                 {"CDF\x01", 4, "cut off"}};
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/file", folder);
    ar_error err;
    ar_source *source = NULL;
    assert_int_equal(ar_source_open(&source, path, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "No such file"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(ar_file_write_whole(path, cases[i].content, cases[i].bytes, &err), AR_OK);
        assert_int_equal(ar_source_open(&source, path, &err), AR_ERROR_INPUT);
        if (!strstr(err.message, cases[i].word)) {
            fail_msg("%s lacks %s", err.message, cases[i].word);
        }
    }
    remove_folder(folder);
}

/* ERA5 and NCEP as Zarr, packed netCDF-3 and packed netCDF-4, against xarray. */
static void reanalysis(void **state)
{
    (void)state;
    if (!have_data("../shared/data")) {
        skip();
    }
    char folder[64];
    make_folder(folder);
    make_fixtures("real", folder, "../shared/data");
    assert_true(check_manifest(folder) > 0);
    remove_folder(folder);
}

typedef struct {
    const char *path;
    bool right;
} thread_work;

/* Open, read and close a file again and again; every value must be 1. */
static void *read_again_and_again(void *work)
{
    thread_work *mine = work;
    mine->right = true;
    for (int repeat = 0; repeat < 100; repeat++) {
        ar_source *source = NULL;
        float values[600];
        const int64_t start[2] = {0, 0}, count[2] = {20, 30};
        mine->right &= ar_source_open(&source, mine->path, NULL) == AR_OK &&
                       ar_source_read_float(source, ar_source_find(source, "v"), start, count,
                                            values, NULL) == AR_OK;
        for (int i = 0; i < 600 && mine->right; i++) {
            mine->right = values[i] == 1;
        }
        ar_source_close(&source);
    }
    return NULL;
}

/* netCDF-C and HDF5 are not made for threads; sources are. (A missing lock shows in some runs
 * only.) And nothing but the program prints: HDF5 likes to, in every thread anew; that shows in
 * every run. */
static void threads_with_their_own_sources(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    char folder[64], path[128], printed[128];
    ar_error err;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/threads.nc", folder);
    float values[600];
    for (int i = 0; i < 600; i++) {
        values[i] = 1;
    }
    ar_writer *writer = NULL;
    const ar_writer_variable variable = {
        .name = "v", .type = AR_WRITER_FLOAT, .rank = 2, .dimensions = {"y", "x"}, .compress = 1};
    const int64_t start[2] = {0, 0}, count[2] = {20, 30};
    assert_int_equal(ar_writer_create(&writer, path, &err), AR_OK);
    assert_int_equal(ar_writer_add_dimension(writer, "y", 20, &err), AR_OK);
    assert_int_equal(ar_writer_add_dimension(writer, "x", 30, &err), AR_OK);
    assert_int_equal(ar_writer_add_variable(writer, &variable, &err), AR_OK);
    assert_int_equal(ar_writer_write(writer, "v", start, count, values, &err), AR_OK);
    assert_int_equal(ar_writer_commit(&writer, &err), AR_OK);
    pthread_t threads[THREADS];
    thread_work work[THREADS];
    snprintf(printed, sizeof printed, "%s/printed", folder);
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    assert_non_null(freopen(printed, "w", stderr));
    for (int i = 0; i < THREADS; i++) {
        work[i].path = path;
        assert_int_equal(pthread_create(&threads[i], NULL, read_again_and_again, &work[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    for (int i = 0; i < THREADS; i++) {
        assert_true(work[i].right);
    }
    char *text = NULL;
    size_t bytes;
    assert_int_equal(ar_file_read_whole(printed, 1 << 24, &text, &bytes, &err), AR_OK);
    assert_string_equal(text, "");
    ar_free(text);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_formats),
        cmocka_unit_test(truncated_files),
        cmocka_unit_test(foreign_files),
        cmocka_unit_test(reanalysis),
        cmocka_unit_test(threads_with_their_own_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
