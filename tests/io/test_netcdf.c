/* The netCDF reader against files written by netCDF4-python and read by xarray, in all five
 * formats; truncated and foreign files; and reanalysis as it is delivered. */
#include "fixtures.h"

#include "io/netcdf_private.h"

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
                 {"GRIB....", 8, "later version"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_formats),
        cmocka_unit_test(truncated_files),
        cmocka_unit_test(foreign_files),
        cmocka_unit_test(reanalysis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
