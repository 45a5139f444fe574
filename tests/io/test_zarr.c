/* The Zarr reader against arrays written by zarr-python and numcodecs and read by xarray: every
 * type, byte order, compressor and filter, missing chunks, fill values, packing; and what is wrong.
 * Values are equal to the bit where nothing is computed; make_fixtures.py says where xarray
 * computes in float32. */
#include "fixtures.h"

#include "base/random.h"

static void types_compressors_fills_and_errors(void **state)
{
    (void)state;
    char folder[64];
    make_folder(folder);
    make_fixtures("zarr", folder, "");
    /* 21 types × 12 compressors × 2 stores are 504 arrays; special and wrong ones follow */
    assert_true(check_manifest(folder) > 550);

    char path[128];
    ar_error err;
    ar_source *source = NULL;
    for (int consolidated = 0; consolidated < 2; consolidated++) {
        snprintf(path, sizeof path, "%s/%s.zarr", folder, consolidated ? "consolidated" : "nested");
        assert_int_equal(ar_source_open(&source, path, &err), AR_OK);
        assert_string_equal(ar_source_format(source), "Zarr v2");
        assert_string_equal(ar_source_text(source, NULL, "title"), "every type and compressor");
        assert_string_equal(ar_source_text(source, NULL, "mixed"), "[1,\"a\"]");
        assert_string_equal(ar_source_text(source, NULL, "quoted"), "a \\ \"NaN\" -Infinity");
        double number;
        assert_true(ar_source_number(source, NULL, "version", &number) && number == 2.5);
        assert_true(ar_source_number(source, NULL, "nan", &number) && isnan(number));
        assert_true(ar_source_number(source, NULL, "truth", &number) && number == 1);
        assert_false(ar_source_number(source, NULL, "title", &number));
        assert_null(ar_source_text(source, NULL, "version"));
        const ar_variable *variable = ar_source_find(source, "none-f4be");
        assert_string_equal(variable->type, ">f4");
        assert_int_equal(variable->chunk[1], 4);
        assert_string_equal(variable->dimensions[1], "x");
        ar_source_close(&source);
    }
    remove_folder(folder);
}

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[256];
    ar_error err;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    *strrchr(path, '/') = '\0';
    assert_int_equal(ar_folder_make(path, &err), AR_OK);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(ar_file_write_whole(path, text, strlen(text), &err), AR_OK);
}

/* A group with one uncompressed array `a` [6][5] of chunks [2][5], a[i][j] = 5 i + j + 1, written
 * here by hand from the specification. */
static void write_by_hand(const char *folder)
{
    write_text(folder, ".zgroup", "{\"zarr_format\": 2}");
    write_text(folder, "a/.zarray",
               "{\"zarr_format\": 2, \"shape\": [6, 5], \"chunks\": [2, 5], \"dtype\": \"<f8\","
               "\"compressor\": null, \"filters\": null, \"fill_value\": null, \"order\": \"C\"}");
    for (int c = 0; c < 3; c++) {
        double values[10];
        char path[128];
        ar_error err;
        for (int i = 0; i < 10; i++) {
            values[i] = 10 * c + i + 1;
        }
        snprintf(path, sizeof path, "%s/a/%d.0", folder, c);
        assert_int_equal(ar_file_write_whole(path, values, sizeof values, &err), AR_OK);
    }
}

static void any_hyperslab_is_part_of_the_whole(void **state)
{
    (void)state;
    char folder[64];
    make_folder(folder);
    write_by_hand(folder);
    ar_source *source = NULL;
    ar_error err;
    assert_int_equal(ar_source_open(&source, folder, &err), AR_OK);
    const ar_variable *variable = ar_source_find(source, "a");
    assert_string_equal(variable->dimensions[0], "");
    ar_random stream = {.seed = 1, .purpose = AR_RANDOM_TEST};
    for (int repeat = 0; repeat < 500; repeat++) {
        int64_t start[2], count[2];
        for (int d = 0; d < 2; d++) {
            start[d] = ar_random_below(&stream, variable->shape[d] + 1);
            count[d] = ar_random_below(&stream, variable->shape[d] - start[d] + 1);
        }
        double values[31];
        values[count[0] * count[1]] = -5;
        assert_int_equal(ar_source_read_double(source, variable, start, count, values, &err),
                         AR_OK);
        for (int64_t i = 0; i < count[0] * count[1]; i++) {
            int64_t row = start[0] + i / count[1], column = start[1] + i % count[1];
            assert_true(values[i] == 5 * row + column + 1);
        }
        assert_true(values[count[0] * count[1]] == -5);
    }
    ar_source_close(&source);
    remove_folder(folder);
}

static void hyperslabs_outside_are_errors(void **state)
{
    (void)state;
    char folder[64];
    make_folder(folder);
    write_by_hand(folder);
    ar_source *source = NULL, *other = NULL;
    ar_error err;
    double values[30];
    assert_int_equal(ar_source_open(&source, folder, &err), AR_OK);
    assert_int_equal(ar_source_open(&other, folder, &err), AR_OK);
    const ar_variable *variable = ar_source_find(source, "a");
    const int64_t wrong[][4] = {{-1, 0, 1, 1}, {0, 0, 7, 1},  {6, 0, 1, 1},
                                {0, 1, 1, 5},  {0, 0, -1, 1}, {1, 0, INT64_MAX, 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(
            ar_source_read_double(source, variable, wrong[i], wrong[i] + 2, values, &err),
            AR_ERROR_USAGE);
    }
    const int64_t start[2] = {0, 0}, count[2] = {1, 1};
    assert_int_equal(ar_source_read_double(other, variable, start, count, values, &err),
                     AR_ERROR_USAGE);
    ar_source_close(&source);
    ar_source_close(&other);
    remove_folder(folder);
}

static void slabs_of_a_chunk_decode_it_once(void **state)
{
    (void)state;
    /* The second row of a chunk is there even when the file no longer is: it comes from memory. */
    char folder[64], path[128];
    make_folder(folder);
    write_by_hand(folder);
    ar_source *source = NULL;
    ar_error err;
    double row[5];
    assert_int_equal(ar_source_open(&source, folder, &err), AR_OK);
    const ar_variable *variable = ar_source_find(source, "a");
    int64_t start[2] = {2, 0}, count[2] = {1, 5};
    assert_int_equal(ar_source_read_double(source, variable, start, count, row, &err), AR_OK);
    snprintf(path, sizeof path, "%s/a/1.0", folder);
    assert_int_equal(unlink(path), 0);
    start[0] = 3;
    assert_int_equal(ar_source_read_double(source, variable, start, count, row, &err), AR_OK);
    assert_true(row[0] == 16);
    ar_source_close(&source);
    remove_folder(folder);
}

static void more_chunks_than_the_cache_holds(void **state)
{
    (void)state;
    /* 300 chunks through 128 places, forwards and backwards: whatever is thrown out is read again.
     */
    enum { COUNT = 300 };
    char folder[64];
    make_folder(folder);
    write_text(folder, ".zgroup", "{\"zarr_format\": 2}");
    write_text(folder, "a/.zarray",
               "{\"zarr_format\": 2, \"shape\": [300], \"chunks\": [1], \"dtype\": \"|u1\","
               "\"compressor\": null, \"filters\": null, \"fill_value\": 0, \"order\": \"C\"}");
    for (int c = 0; c < COUNT; c++) {
        char path[128];
        ar_error err;
        unsigned char value = (unsigned char)(c % 250 + 1);
        snprintf(path, sizeof path, "%s/a/%d", folder, c);
        assert_int_equal(ar_file_write_whole(path, &value, 1, &err), AR_OK);
    }
    ar_source *source = NULL;
    ar_error err;
    assert_int_equal(ar_source_open(&source, folder, &err), AR_OK);
    const ar_variable *variable = ar_source_find(source, "a");
    for (int i = 0; i < 2 * COUNT; i++) {
        int64_t start = i < COUNT ? i : 2 * COUNT - 1 - i, count = 1;
        float value;
        assert_int_equal(ar_source_read_float(source, variable, &start, &count, &value, &err),
                         AR_OK);
        assert_true(value == (float)(start % 250 + 1));
    }
    ar_source_close(&source);
    remove_folder(folder);
}

static void wrong_folders(void **state)
{
    (void)state;
    static const char head[] = "{\"zarr_format\": 2, \"compressor\": null, \"filters\": null, "
                               "\"order\": \"C\", ";
    static const struct {
        const char *file, *text, *word; /* `text` starting with + goes behind `head` */
    } cases[] = {
        {"x", "", "no Zarr group"},
        {".zarray", "{}", "one above"},
        {".zmetadata", "{", "not valid JSON"},
        {".zmetadata", "{}", "no object \"metadata\""},
        {".zmetadata", "{\"metadata\": {\"../a/.zarray\": {}}}", "leads out"},
        {".zmetadata", "{\"metadata\": {\"/a/.zarray\": {}}}", "leads out"},
        {".zmetadata", "{\"metadata\": {\"/.zarray\": {}}}", "leads out"},
        {".zmetadata", "{\"metadata\": {\"a//b/.zarray\": {}}}", "leads out"},
        {".zmetadata", "{\"metadata\": {\".zattrs\": [1]}}", "object"},
        {"a/.zarray", "[]", "zarr_format"},
        {"a/.zarray", "{\"zarr_format\": 3}", "zarr_format"},
        {"a/.zarray", "+\"shape\": [1], \"chunks\": [1, 1], \"dtype\": \"<f4\"}", "same length"},
        {"a/.zarray", "+\"shape\": [-1], \"chunks\": [1], \"dtype\": \"<f4\"}", "shape"},
        {"a/.zarray", "+\"shape\": [1.5], \"chunks\": [1], \"dtype\": \"<f4\"}", "shape"},
        {"a/.zarray", "+\"shape\": [1e300], \"chunks\": [1], \"dtype\": \"<f4\"}", "shape"},
        {"a/.zarray", "+\"shape\": [1], \"chunks\": [0], \"dtype\": \"<f4\"}", "chunks"},
        {"a/.zarray", "+\"shape\": [9e9, 9e9, 9], \"chunks\": [1, 1, 1], \"dtype\": \"<f4\"}",
         "2^63"},
        {"a/.zarray", "+\"shape\": [1], \"chunks\": [1e15], \"dtype\": \"<f4\"}", "more than"},
        {"a/.zarray", "+\"shape\": [1], \"chunks\": [1]}", "dtype"},
        {"a/.zarray",
         "+\"shape\": [1,1,1,1,1,1,1,1,1], \"chunks\": [1,1,1,1,1,1,1,1,1], \"dtype\": \"<f4\"}",
         "at most 8"},
        {"a/.zarray",
         "+\"shape\": [1], \"chunks\": [1], \"dtype\": \"<f4\", \"fill_value\": \"x\"}",
         "fill_value"},
        {"a/.zarray",
         "+\"shape\": [1], \"chunks\": [1], \"dtype\": \"<f4\", \"dimension_separator\": \"-\"}",
         "dimension_separator"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char folder[64], text[512];
        make_folder(folder);
        bool array = cases[i].file[0] == 'a';
        if (array) {
            write_text(folder, ".zgroup", "{\"zarr_format\": 2}");
        }
        bool behind = cases[i].text[0] == '+';
        snprintf(text, sizeof text, "%s%s", behind ? head : "", cases[i].text + behind);
        write_text(folder, cases[i].file, text);
        ar_source *source = NULL;
        ar_error err = {""};
        assert_int_equal(ar_source_open(&source, folder, &err), AR_ERROR_INPUT);
        assert_null(source);
        if (!strstr(err.message, cases[i].word)) {
            fail_msg("case %zu: \"%s\" lacks \"%s\"", i, err.message, cases[i].word);
        }
        remove_folder(folder);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char folder[64];
    make_folder(folder);
    write_by_hand(folder);
    write_text(folder, "a/.zattrs",
               "{\"_ARRAY_DIMENSIONS\": [\"y\", \"x\"], \"units\": \"m\", "
               "\"list\": [1, 2]}");
    ar_status status = AR_ERROR_MEMORY;
    int64_t failed = 0;
    for (; status != AR_OK; failed++) {
        ar_source *source = NULL;
        ar_error err = {""};
        double values[30];
        ar_fail_allocation_after(failed);
        status = ar_source_open(&source, folder, &err);
        if (status == AR_OK) {
            status = read_whole(source, ar_source_find(source, "a"), values, &err);
        }
        ar_source_close(&source);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        assert_true(status == AR_OK || strlen(err.message) > 0);
        assert_true(failed < 1000);
    }
    assert_true(failed > 20);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_compressors_fills_and_errors),
        cmocka_unit_test(any_hyperslab_is_part_of_the_whole),
        cmocka_unit_test(hyperslabs_outside_are_errors),
        cmocka_unit_test(slabs_of_a_chunk_decode_it_once),
        cmocka_unit_test(more_chunks_than_the_cache_holds),
        cmocka_unit_test(wrong_folders),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
