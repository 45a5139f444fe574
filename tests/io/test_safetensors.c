/* safetensors: released models as numpy reads them, round trips, the bytes of a file against the
 * specification, and headers that lie. Reading converts without computing: all equalities are
 * exact. */
#include "fixtures.h"

#include "io/safetensors.h"

static void released_models_as_numpy_reads_them(void **state)
{
    (void)state;
    if (!have_data("../shared/parity")) {
        skip();
    }
    char folder[64], path[128], line[LINE];
    make_folder(folder);
    make_fixtures("safetensors", folder, "../shared/parity");
    snprintf(path, sizeof path, "%s/manifest.txt", folder);
    FILE *manifest = fopen(path, "r");
    assert_non_null(manifest);
    int lines = 0;
    for (; fgets(line, sizeof line, manifest); lines++) {
        char name[256], dump[LINE], where[LINE];
        ar_safetensors *file = NULL;
        ar_error err = {""};
        assert_int_equal(sscanf(line, "value %2047s %255s %2047s", where, name, dump), 3);
        assert_int_equal(ar_safetensors_open(&file, where, &err), AR_OK);
        const ar_safetensor *tensor = ar_safetensors_find(file, name);
        assert_non_null(tensor);
        double *right = read_dump(dump, tensor->count);
        double *values = malloc((size_t)tensor->count * sizeof *values + 1);
        assert_int_equal(ar_safetensors_read_double(file, tensor, values, &err), AR_OK);
        for (int64_t i = 0; i < tensor->count; i++) {
            assert_true(same(values[i], right[i], 0));
        }
        free(values);
        ar_free(right);
        ar_safetensors_close(&file);
    }
    fclose(manifest);
    assert_true(lines > 0);
    remove_folder(folder);
}

static const float floats[6] = {1.5f, -0.0f, 3e38f, 1e-45f, 5, 6};
static const double doubles[2] = {0.1, -1e300};
static const int64_t longs[3] = {INT64_MIN, 0, INT64_MAX};
static const int32_t ints[1] = {-7};
static const uint8_t bytes[3] = {0, 127, 255};

static const ar_safetensor examples[] = {
    {.name = "bytes", .dtype = AR_DTYPE_U8, .rank = 1, .shape = {3}, .data = bytes},
    {.name = "a \"quoted\"\tname é",
     .dtype = AR_DTYPE_F32,
     .rank = 3,
     .shape = {1, 2, 3},
     .data = floats},
    {.name = "longs", .dtype = AR_DTYPE_I64, .rank = 1, .shape = {3}, .data = longs},
    {.name = "none", .dtype = AR_DTYPE_F32, .rank = 2, .shape = {0, 4}, .data = NULL},
    {.name = "ints", .dtype = AR_DTYPE_I32, .rank = 0, .data = ints},
    {.name = "doubles", .dtype = AR_DTYPE_F64, .rank = 2, .shape = {2, 1}, .data = doubles},
};
static const ar_metadata metadata[] = {{"format", "atmorep"}, {"line", "one\ntwo"}};

static void round_trip(void **state)
{
    (void)state;
    char folder[64], path[128];
    ar_error err = {""};
    make_folder(folder);
    snprintf(path, sizeof path, "%s/m.safetensors", folder);
    assert_int_equal(ar_safetensors_write(path, examples, 6, metadata, 2, &err), AR_OK);
    ar_safetensors *file = NULL;
    assert_int_equal(ar_safetensors_open(&file, path, &err), AR_OK);
    assert_string_equal(ar_safetensors_path(file), path);
    assert_int_equal(ar_safetensors_count(file), 6);
    assert_string_equal(ar_safetensors_metadata(file, "line"), "one\ntwo");
    assert_null(ar_safetensors_metadata(file, "absent"));
    assert_null(ar_safetensors_find(file, "absent"));
    assert_null(ar_safetensors_get(file, 6));
    float f[6];
    const ar_safetensor *tensor = ar_safetensors_find(file, "a \"quoted\"\tname é");
    assert_int_equal(tensor->rank, 3);
    assert_int_equal(ar_safetensors_read_float(file, tensor, f, &err), AR_OK);
    assert_memory_equal(f, floats, sizeof f);
    int64_t l[3];
    assert_int_equal(ar_safetensors_read_int64(file, tensor, l, &err), AR_ERROR_INPUT);
    assert_int_equal(ar_safetensors_read_int64(file, ar_safetensors_find(file, "longs"), l, &err),
                     AR_OK);
    assert_memory_equal(l, longs, sizeof l);
    assert_int_equal(ar_safetensors_read_int64(file, ar_safetensors_find(file, "bytes"), l, &err),
                     AR_OK);
    assert_true(l[0] == 0 && l[1] == 127 && l[2] == 255);
    assert_int_equal(ar_safetensors_read_int64(file, ar_safetensors_find(file, "ints"), l, &err),
                     AR_OK);
    assert_true(l[0] == -7);
    double d[3];
    assert_int_equal(
        ar_safetensors_read_double(file, ar_safetensors_find(file, "doubles"), d, &err), AR_OK);
    assert_memory_equal(d, doubles, sizeof doubles);
    assert_int_equal(ar_safetensors_read_float(file, ar_safetensors_find(file, "bytes"), f, &err),
                     AR_OK);
    assert_true(f[2] == 255);
    for (int64_t i = 0; i < 6; i++) {
        tensor = ar_safetensors_get(file, i);
        assert_int_equal(tensor->offset % (tensor->count ? tensor->bytes / tensor->count : 1), 0);
    }
    ar_safetensors_close(&file);
    remove_folder(folder);
}

/* What is in memory reads as what was written and opened; it lies there, nothing is copied. */
static void memory_is_read_like_a_file(void **state)
{
    (void)state;
    ar_safetensor tensors[6];
    ar_safetensors *file = NULL;
    ar_error err = {""};
    float some[6];
    double all[6];
    int64_t whole[3];
    memcpy(tensors, examples, sizeof tensors);
    for (int i = 0; i < 6; i++) {
        tensors[i].count = 1;
        for (int d = 0; d < tensors[i].rank; d++) {
            tensors[i].count *= tensors[i].shape[d];
        }
    }
    assert_int_equal(ar_safetensors_of_memory(&file, "memory", tensors, 6, &err), AR_OK);
    assert_string_equal(ar_safetensors_path(file), "memory");
    assert_int_equal(ar_safetensors_count(file), 6);
    assert_null(ar_safetensors_metadata(file, "anything"));
    const ar_safetensor *found = ar_safetensors_find(file, examples[1].name);
    assert_true(found && found->name != examples[1].name && found->data == floats);
    assert_int_equal(ar_safetensors_read_float(file, found, some, &err), AR_OK);
    assert_memory_equal(some, floats, sizeof floats);
    found = ar_safetensors_find(file, "doubles");
    assert_int_equal(ar_safetensors_read_double(file, found, all, &err), AR_OK);
    assert_memory_equal(all, doubles, sizeof doubles);
    found = ar_safetensors_find(file, "longs");
    assert_int_equal(ar_safetensors_read_int64(file, found, whole, &err), AR_OK);
    assert_memory_equal(whole, longs, sizeof longs);
    found = ar_safetensors_find(file, "none");
    assert_int_equal(ar_safetensors_read_float(file, found, some, &err), AR_OK);
    ar_safetensors_close(&file);
}

static void same_input_same_bytes(void **state)
{
    (void)state;
    char folder[64], path[128];
    char *content[2];
    size_t length[2];
    ar_error err;
    make_folder(folder);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%d.safetensors", folder, i);
        assert_int_equal(ar_safetensors_write(path, examples, 6, metadata, 2, &err), AR_OK);
        assert_int_equal(ar_file_read_whole(path, 1 << 20, &content[i], &length[i], &err), AR_OK);
    }
    assert_int_equal(length[0], length[1]);
    assert_memory_equal(content[0], content[1], length[0]);
    ar_free(content[0]);
    ar_free(content[1]);
    remove_folder(folder);
}

static void bytes_of_the_specification(void **state)
{
    (void)state;
    /* What the format's specification makes of one tensor, spelled out. */
    static const char header[] =
        "{\"t\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[0,4]}}        ";
    char folder[64], path[128], *content;
    size_t length;
    ar_error err;
    const ar_safetensor tensor = {.name = "t", .dtype = AR_DTYPE_I32, .data = ints};
    make_folder(folder);
    snprintf(path, sizeof path, "%s/t.safetensors", folder);
    assert_int_equal(ar_safetensors_write(path, &tensor, 1, NULL, 0, &err), AR_OK);
    assert_int_equal(ar_file_read_whole(path, 1 << 20, &content, &length, &err), AR_OK);
    size_t header_length = (unsigned char)content[0];
    assert_int_equal(header_length, 56);
    assert_int_equal(length, 8 + header_length + 4);
    assert_memory_equal(content + 1, "\0\0\0\0\0\0\0", 7);
    assert_memory_equal(content + 8, header, header_length);
    assert_memory_equal(content + 8 + header_length, "\xf9\xff\xff\xff", 4);
    ar_free(content);
    remove_folder(folder);
}

static void wrong_calls_write_nothing(void **state)
{
    (void)state;
    char folder[64], path[128];
    ar_error err;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/w.safetensors", folder);
    const ar_safetensor twice[2] = {{.name = "t", .dtype = AR_DTYPE_I32, .data = ints},
                                    {.name = "t", .dtype = AR_DTYPE_I32, .data = ints}};
    const ar_safetensor wrong[] = {
        {.name = "t", .dtype = AR_DTYPE_BF16},
        {.name = "t", .dtype = AR_DTYPE_I32, .rank = 9},
        {.name = "t", .dtype = AR_DTYPE_I32, .rank = 1, .shape = {-1}},
        {.name = "t", .dtype = AR_DTYPE_I32, .rank = 2, .shape = {INT64_MAX, INT64_MAX}},
        {.name = "__metadata__", .dtype = AR_DTYPE_I32, .data = ints}};
    const ar_metadata same_key[2] = {{"a", "1"}, {"a", "2"}};
    assert_int_equal(ar_safetensors_write(path, twice, 2, NULL, 0, &err), AR_ERROR_USAGE);
    assert_non_null(strstr(err.message, "t would be there twice"));
    assert_int_equal(ar_safetensors_write(path, twice, 1, same_key, 2, &err), AR_ERROR_USAGE);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(ar_safetensors_write(path, &wrong[i], 1, NULL, 0, &err), AR_ERROR_USAGE);
    }
    assert_false(ar_path_exists(path));
    remove_folder(folder);
}

/* Write a file with this header and `data_bytes` bytes of data, and open it. */
static ar_status open_header(const char *path, const char *header, size_t data_bytes,
                             ar_safetensors **file, ar_error *err)
{
    char content[1024] = {0};
    uint64_t length = strlen(header);
    memcpy(content, &length, 8);
    memcpy(content + 8, header, length);
    assert_int_equal(ar_file_write_whole(path, content, 8 + length + data_bytes, err), AR_OK);
    return ar_safetensors_open(file, path, err);
}

static void halves_are_read(void **state)
{
    (void)state;
    char folder[64], path[128];
    ar_error err;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/h.safetensors", folder);
    /* IEEE 754-2008 binary16: 1, −2, smallest subnormal, infinity; bfloat16: 1, −2 */
    static const uint16_t halves[] = {0x3c00, 0xc000, 0x0001, 0x7c00, 0x3f80, 0xc000};
    static const char header[] =
        "{\"h\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[0,8]},"
        "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[8,12]}}";
    ar_safetensors *file = NULL;
    assert_int_equal(open_header(path, header, 12, &file, &err), AR_OK);
    ar_safetensors_close(&file);
    FILE *stream = fopen(path, "r+b");
    fseek(stream, -12, SEEK_END);
    assert_int_equal(fwrite(halves, 1, 12, stream), 12);
    fclose(stream);
    float values[4];
    assert_int_equal(ar_safetensors_open(&file, path, &err), AR_OK);
    assert_int_equal(ar_safetensors_read_float(file, ar_safetensors_find(file, "h"), values, &err),
                     AR_OK);
    assert_true(values[0] == 1 && values[1] == -2 && values[2] == 0x1p-24f && isinf(values[3]));
    assert_int_equal(ar_safetensors_read_float(file, ar_safetensors_find(file, "b"), values, &err),
                     AR_OK);
    assert_true(values[0] == 1 && values[1] == -2);
    ar_safetensors_close(&file);
    remove_folder(folder);
}

static void headers_that_lie(void **state)
{
    (void)state;
#define TENSOR(name, type, shape, offsets)                                                         \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
    static const struct {
        const char *header;
        size_t data_bytes;
        const char *word;
    } cases[] = {
        {"", 0, "not valid JSON"},
        {"[]", 0, "not a JSON object"},
        {"{\"t\": 3}", 0, "dtype"},
        {"{" TENSOR("t", "F8_E4M3", "[4]", "[0,4]") "}", 4, "F8_E4M3"},
        {"{" TENSOR("t", "F32", "[1]", "[0,8]") "}", 8, "shape and dtype"},
        {"{" TENSOR("t", "F32", "[1]", "[0,4]") "}", 3, "truncated"},
        {"{" TENSOR("t", "F32", "[1]", "[0,4]") "}", 5, "its tensors have 4"},
        {"{" TENSOR("t", "F32", "[1]", "[4,8]") "}", 8, "ends at 0"},
        {"{" TENSOR("t", "F32", "[1]", "[4,0]") "}", 8, "begin <= end"},
        {"{" TENSOR("t", "F32", "[1]", "[0,1e300]") "}", 8, "data_offsets"},
        {"{" TENSOR("t", "F32", "[1]", "[-4,0]") "}", 8, "data_offsets"},
        {"{" TENSOR("t", "F32", "[-1]", "[0,4]") "}", 4, "shape"},
        {"{" TENSOR("t", "F32", "[0.5]", "[0,4]") "}", 4, "shape"},
        {"{" TENSOR("t", "F32", "[4294967296,4294967296]", "[0,0]") "}", 0, "too large"},
        {"{" TENSOR("t", "F64", "[2305843009213693952]", "[0,0]") "}", 0, "shape"},
        {"{" TENSOR("t", "F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, "at most 8"},
        {"{" TENSOR("t", "F32", "[1]", "[0,4]") "," TENSOR("t", "F32", "[1]", "[4,8]") "}", 8,
         "twice"},
        {"{" TENSOR("t", "F32", "[1]", "[0,4]") "," TENSOR("u", "F32", "[1]", "[0,4]") "}", 4,
         "ends at 4"},
    };
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/l.safetensors", folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_safetensors *file = NULL;
        ar_error err = {""};
        assert_int_equal(open_header(path, cases[i].header, cases[i].data_bytes, &file, &err),
                         AR_ERROR_INPUT);
        assert_null(file);
        assert_non_null(strstr(err.message, path));
        if (!strstr(err.message, cases[i].word)) {
            fail_msg("case %zu: %s", i, err.message);
        }
    }
    ar_safetensors *file = NULL;
    ar_error err;
    const uint64_t lengths[] = {9, 100000001, UINT64_MAX};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ar_file_write_whole(path, &lengths[i], 8, &err), AR_OK);
        assert_int_equal(ar_safetensors_open(&file, path, &err), AR_ERROR_INPUT);
    }
    assert_int_equal(ar_file_write_whole(path, "1234567", 7, &err), AR_OK);
    assert_int_equal(ar_safetensors_open(&file, path, &err), AR_ERROR_INPUT);
    assert_int_equal(ar_safetensors_open(&file, folder, &err), AR_ERROR_INPUT);
    remove_folder(folder);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/m.safetensors", folder);
    ar_status status = AR_ERROR_MEMORY;
    int64_t failed = 0;
    for (; status != AR_OK; failed++) {
        ar_safetensors *file = NULL;
        ar_error err = {""};
        ar_fail_allocation_after(failed);
        status = ar_safetensors_write(path, examples, 6, metadata, 2, &err);
        assert_true(status == AR_OK || !ar_path_exists(path));
        if (status == AR_OK) {
            status = ar_safetensors_open(&file, path, &err);
            unlink(path);
        }
        ar_safetensors_close(&file);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        assert_true(failed < 1000);
    }
    assert_true(failed > 15);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(released_models_as_numpy_reads_them),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(memory_is_read_like_a_file),
        cmocka_unit_test(same_input_same_bytes),
        cmocka_unit_test(bytes_of_the_specification),
        cmocka_unit_test(wrong_calls_write_nothing),
        cmocka_unit_test(halves_are_read),
        cmocka_unit_test(headers_that_lie),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
