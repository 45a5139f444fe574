/* Torch checkpoints: round trips, views of storages, the bytes of a pickle against Python's
 * specification of the opcodes (pickletools), and archives and pickles that lie. Reading and
 * writing compute nothing: all equalities are exact. */
#include "fixtures.h"

#include "io/torch_archive_writer.h"
#include "io/torch_file.h"

static const float floats[6] = {1.5f, -0.0f, 3e38f, 1e-45f, 5, 6};
static const double doubles[2] = {0.1, -1e300};
static const int64_t longs[3] = {-3, 0, 1 << 20};
static const int32_t ints[1] = {-7};
static const uint8_t bytes[3] = {0, 127, 255};

static const ar_safetensor examples[] = {
    {.name = "bytes", .dtype = AR_DTYPE_U8, .rank = 1, .shape = {3}, .data = bytes},
    {.name = "a b.c", .dtype = AR_DTYPE_F32, .rank = 3, .shape = {1, 2, 3}, .data = floats},
    {.name = "same", .dtype = AR_DTYPE_F32, .rank = 1, .shape = {6}, .data = floats},
    {.name = "longs", .dtype = AR_DTYPE_I64, .rank = 1, .shape = {3}, .data = longs},
    {.name = "none", .dtype = AR_DTYPE_F32, .rank = 2, .shape = {0, 4}, .data = NULL},
    {.name = "ints", .dtype = AR_DTYPE_I32, .rank = 0, .data = ints},
    {.name = "doubles", .dtype = AR_DTYPE_F64, .rank = 2, .shape = {2, 1}, .data = doubles},
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

static const ar_torch_tensor *find(const ar_torch_file *file, const char *name)
{
    for (int64_t i = 0; i < ar_torch_count(file); i++) {
        if (strcmp(ar_torch_get(file, i)->name, name) == 0) {
            return ar_torch_get(file, i);
        }
    }
    fail_msg("no tensor %s", name);
    return NULL;
}

static void round_trip(void **state)
{
    (void)state;
    char folder[64], path[128];
    ar_error err = {""};
    ar_torch_file *file = NULL;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/m.mod", folder);
    assert_int_equal(ar_torch_write(path, examples, EXAMPLES, &err), AR_OK);
    assert_int_equal(ar_torch_open(&file, path, &err), AR_OK);
    assert_string_equal(ar_torch_path(file), path);
    assert_int_equal(ar_torch_count(file), EXAMPLES);
    for (int i = 0; i < EXAMPLES; i++) {
        const ar_torch_tensor *tensor = ar_torch_get(file, i);
        assert_string_equal(tensor->name, examples[i].name);
        assert_int_equal(tensor->dtype, examples[i].dtype);
        assert_int_equal(tensor->rank, examples[i].rank);
        assert_memory_equal(tensor->shape, examples[i].shape, sizeof tensor->shape);
    }
    float f[6];
    const float *borrowed;
    assert_int_equal(ar_torch_read_float(file, find(file, "a b.c"), f, &err), AR_OK);
    assert_memory_equal(f, floats, sizeof f);
    assert_int_equal(ar_torch_borrow_float(file, find(file, "a b.c"), &borrowed, &err), AR_OK);
    assert_memory_equal(borrowed, floats, sizeof floats);
    assert_ptr_equal(find(file, "a b.c")->storage, find(file, "same")->storage);
    assert_int_equal(ar_torch_borrow_float(file, find(file, "longs"), &borrowed, &err), AR_OK);
    assert_null(borrowed);
    assert_int_equal(ar_torch_read_float(file, find(file, "longs"), f, &err), AR_OK);
    assert_true(f[0] == -3 && f[1] == 0 && f[2] == 1 << 20);
    assert_int_equal(ar_torch_read_float(file, find(file, "doubles"), f, &err), AR_OK);
    assert_true(f[0] == 0.1f && isinf(f[1]));
    assert_int_equal(ar_torch_read_float(file, find(file, "ints"), f, &err), AR_OK);
    assert_true(f[0] == -7);
    assert_int_equal(ar_torch_read_float(file, find(file, "bytes"), f, &err), AR_OK);
    assert_true(f[2] == 255);
    assert_int_equal(ar_torch_read_float(file, find(file, "none"), f, &err), AR_OK);
    ar_torch_close(&file);
    remove_folder(folder);
}

static void same_input_same_bytes(void **state)
{
    (void)state;
    char folder[64], path[128], *content[2];
    size_t length[2];
    ar_error err;
    make_folder(folder);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%d.mod", folder, i);
        assert_int_equal(ar_torch_write(path, examples, EXAMPLES, &err), AR_OK);
        assert_int_equal(ar_file_read_whole(path, 1 << 20, &content[i], &length[i], &err), AR_OK);
    }
    assert_int_equal(length[0], length[1]);
    assert_memory_equal(content[0], content[1], length[0]);
    ar_free(content[0]);
    ar_free(content[1]);
    remove_folder(folder);
}

static void wrong_calls_write_nothing(void **state)
{
    (void)state;
    char folder[64], path[128];
    ar_error err;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/w.mod", folder);
    const ar_safetensor twice[2] = {{.name = "t", .dtype = AR_DTYPE_I32, .data = ints},
                                    {.name = "t", .dtype = AR_DTYPE_I32, .data = ints}};
    const ar_safetensor wrong[] = {
        {.name = "t", .dtype = AR_DTYPE_BF16},
        {.name = "t", .dtype = AR_DTYPE_I32, .rank = 9},
        {.name = "t", .dtype = AR_DTYPE_I32, .rank = 1, .shape = {-1}},
        {.name = "t", .dtype = AR_DTYPE_I32, .rank = 3, .shape = {0, INT64_MAX, INT64_MAX}},
        {.name = "t", .dtype = AR_DTYPE_I32, .rank = 2, .shape = {INT64_MAX, INT64_MAX}}};
    assert_int_equal(ar_torch_write(path, twice, 2, &err), AR_ERROR_USAGE);
    assert_non_null(strstr(err.message, "t would be there twice"));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(ar_torch_write(path, &wrong[i], 1, &err), AR_ERROR_USAGE);
    }
    assert_false(ar_path_exists(path));
    remove_folder(folder);
}

/* ---- pickles by hand ------------------------------------------------------------------------- */

/* An archive with this pickle and the storage data/0 of the six floats. */
static ar_status open_pickle(const char *path, const char *pickle, size_t length,
                             ar_torch_file **file, ar_error *err)
{
    ar_torch_archive_writer writer = {0};
    assert_int_equal(ar_atomic_file_open(&writer.file, path, err), AR_OK);
    assert_int_equal(ar_torch_archive_add(&writer, "m/data.pkl", pickle, length, err), AR_OK);
    assert_int_equal(ar_torch_archive_add(&writer, "m/data/0", floats, sizeof floats, err), AR_OK);
    assert_int_equal(ar_torch_archive_commit(&writer, err), AR_OK);
    ar_torch_archive_release(&writer);
    return ar_torch_open(file, path, err);
}

/* The parts of a state dict's pickle, spelled by the opcodes' letters. */
#define TEXT(length, text) "X" length "\0\0\0" text
#define DICT "ccollections\nOrderedDict\n)R"
#define STORAGE_OF(type, key, count)                                                               \
    "(" TEXT("\7", "storage") "ctorch\n" type "\n" TEXT("\1", key) TEXT("\3", "cpu") count "tQ"
#define STORAGE STORAGE_OF("FloatStorage", "0", "K\6")
#define TENSOR_OF(storage, offset, shape, stride)                                                  \
    "ctorch._utils\n_rebuild_tensor_v2\n(" storage offset shape stride "\x89" DICT "tR"
#define STATE(tensor) "\x80\2" DICT "(" TEXT("\1", "t") tensor "u."
#define STATE_OF(offset, shape, stride) STATE(TENSOR_OF(STORAGE, offset, shape, stride))
#define CASE(text) text, sizeof text - 1

static void views_of_a_storage(void **state)
{
    (void)state;
    static const struct {
        const char *pickle;
        size_t length;
        int64_t count;
        float values[6];
    } cases[] = {
        {CASE(STATE_OF("K\0", "(K\2K\3t", "(K\3K\1t")), 6, {1.5f, -0.0f, 3e38f, 1e-45f, 5, 6}},
        {CASE(STATE_OF("K\0", "K\3K\2\x86", "K\1K\3\x86")), 6, {1.5f, 1e-45f, -0.0f, 5, 3e38f, 6}},
        {CASE(STATE_OF("K\1", "K\2K\2\x86", "K\3K\1\x86")), 4, {-0.0f, 3e38f, 5, 6}},
        {CASE(STATE_OF("K\5", ")", ")")), 1, {6}},
        {CASE(STATE_OF("K\4", "K\2K\1\x86", "K\0K\377\x86")), 2, {5, 5}},
        {CASE(STATE_OF("K\4", "K\0\x85", "K\1\x85")), 0, {0}},
        {CASE(STATE_OF("M\2\0", "J\2\0\0\0\x85", "\x8a\1\2\x85")), 2, {3e38f, 5}},
        {CASE("\x80\2}q\0" TEXT("\1", "t")
                  TENSOR_OF(STORAGE, "K\5", ")", ")") "s}" TEXT("\1", "m") "Nsb."),
         1,
         {6}},
    };
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/v.mod", folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_torch_file *file = NULL;
        ar_error err = {""};
        float values[6] = {0};
        if (open_pickle(path, cases[i].pickle, cases[i].length, &file, &err) != AR_OK) {
            fail_msg("case %zu: %s", i, err.message);
        }
        assert_int_equal(ar_torch_get(file, 0)->count, cases[i].count);
        assert_int_equal(ar_torch_read_float(file, ar_torch_get(file, 0), values, &err), AR_OK);
        assert_memory_equal(values, cases[i].values, sizeof values);
        ar_torch_close(&file);
    }
    remove_folder(folder);
}

static void pickles_that_lie(void **state)
{
    (void)state;
    static const struct {
        const char *pickle;
        size_t length;
        const char *words;
    } cases[] = {
        {CASE(""), "ends without STOP"},
        {CASE("\x80\4."), "protocol 4"},
        {CASE("\x80\2."), "too little"},
        {CASE("\x80\2K\1."), "is no dict"},
        {CASE("\x80\2X\xff\xff\xff\xff."), "ends within this opcode"},
        {CASE("\x80\2cos\nsystem\n."), "byte 2: asks for os.system"},
        {CASE("\x80\2cos\nsys\33[2Jtem\n."), "os.sys?[2Jtem"},
        {CASE("\x80\2ctorch\nComplexFloatStorage\n."), "torch.ComplexFloatStorage"},
        {CASE("\x80\2c__builtin__\neval\n."), "__builtin__.eval"},
        {CASE("\x80\2ccollections\n"), "ends within this opcode"},
        {CASE("\x80\2(ios\nsystem\n."), "byte 3: opcode INST (0x69)"},
        {CASE("\x80\2\x93."), "opcode STACK_GLOBAL (0x93)"},
        {CASE("\x80\2\xff."), "opcode unknown (0xff)"},
        {CASE("\x80\2h\0."), "holds nothing"},
        {CASE("\x80\2}r\377\377\377\377."), "far behind its end"},
        {CASE("\x80\2t."), "no mark"},
        {CASE("\x80\2(\x85."), "too little"},
        {CASE("\x80\2K\1K\1K\1s."), "no dict for these"},
        {CASE("\x80\2}(K\1u."), "without a value"},
        {CASE("\x80\2s."), "no key and value"},
        {CASE("\x80\2)K\1R."), "no known name"},
        {CASE("\x80\2ctorch\nFloatStorage\n)R."), "storage's type"},
        {CASE("\x80\2ccollections\nOrderedDict\nK\1\x85R."), "with arguments"},
        {CASE("\x80\2ctorch._utils\n_rebuild_tensor_v2\n)R."), "a tensor is not"},
        {CASE("\x80\2ctorch._utils\n_rebuild_parameter\n)R."), "without a tensor"},
        {CASE("\x80\2K\1Q."), "a storage is not"},
        {CASE("\x80\2)}b."), "what is no dict"},
        {CASE("\x80\2\x8a\11xxxxxxxxx."), "64 bits"},
        {CASE(STATE(TENSOR_OF(STORAGE_OF("FloatStorage", "1", "K\6"), "K\0", ")", ")"))),
         "no storage data/1"},
        {CASE(STATE(TENSOR_OF(STORAGE_OF("FloatStorage", "0", "K\5"), "K\0", ")", ")"))),
         "data/0 has 24 bytes, the pickle says 5 elements"},
        {CASE(STATE(TENSOR_OF(STORAGE_OF("FloatStorage", "0", "\x8a\1\xff"), "K\0", ")", ")"))),
         "says -1 elements"},
        {CASE(STATE_OF("K\6", ")", ")")), "tensor t: its shape"},
        {CASE(STATE_OF("\x8a\1\xff", ")", ")")), "tensor t: its shape"},
        {CASE(STATE_OF("K\0", "K\7\x85", "K\1\x85")), "tensor t: its shape"},
        {CASE(STATE_OF("K\0", "K\7\x85", "K\0\x85")), "tensor t: its shape"},
        {CASE(STATE_OF("K\0", "K\2\x85", "K\6\x85")), "tensor t: its shape"},
        {CASE(STATE_OF("K\0", "K\2\x85", "K\1K\1\x86")), "tensor t: its shape"},
        {CASE(STATE_OF("K\0", "N\x85", "K\1\x85")), "tensor t: its shape"},
        {CASE(STATE_OF("K\0", "J\xff\xff\xff\xff\x85", "K\1\x85")), "tensor t: its shape"},
        {CASE(STATE_OF("K\0", "\x8a\10\0\0\0\0\0\0\0\x40K\4\x86", "K\0K\0\x86")),
         "tensor t: its shape"},
        {CASE(STATE_OF("K\0", "K\3\x85", "\x8a\10\0\0\0\0\0\0\0\x40\x85")), "tensor t: its shape"},
        {CASE(STATE_OF("K\0", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t")),
         "more than 8 dimensions"},
        {CASE(STATE("K\1")), "t is no tensor"},
        {CASE("\x80\2}K\1K\2s."), "a key of its dict is no text"},
        {CASE("\x80\2}" TEXT("\0", "") "K\2s."), "no name of a tensor"},
        {CASE("\x80\2}" TEXT("\3", "a\nb") "K\2s."), "\"a?b\" is no name"},
        {CASE("\x80\2}q\0" TEXT("\1", "t")
                  TENSOR_OF(STORAGE, "K\0", ")", ")") "q\1s" TEXT("\1", "t") "h\1s."),
         "t is there twice"},
    };
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/l.mod", folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_torch_file *file = NULL;
        ar_error err = {""};
        ar_status status = open_pickle(path, cases[i].pickle, cases[i].length, &file, &err);
        if (status != AR_ERROR_INPUT || !strstr(err.message, cases[i].words) ||
            strncmp(err.message, path, strlen(path)) != 0) {
            fail_msg("case %zu, wanted \"%s\": status %d, %s", i, cases[i].words, (int)status,
                     err.message);
        }
        assert_null(file);
    }
    remove_folder(folder);
}

/* ---- archives -------------------------------------------------------------------------------- */

/* Whatever a byte is changed to, the file is refused, or reads as tensors within its storages: the
 * checksums cover names' and sizes' consequences only through the data, so either may happen. A
 * checkpoint that is cut anywhere is refused. */
static void damaged_archives(void **state)
{
    (void)state;
    char folder[64], path[128], *content;
    size_t length;
    ar_error err = {""};
    int refused = 0;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/d.mod", folder);
    assert_int_equal(ar_torch_write(path, examples, 2, &err), AR_OK);
    assert_int_equal(ar_file_read_whole(path, 1 << 20, &content, &length, &err), AR_OK);
    for (size_t i = 0; i < 2 * length; i++) {
        ar_torch_file *file = NULL;
        FILE *stream = fopen(path, "wb");
        const bool cut = i >= length;
        content[i % length] ^= cut ? 0 : (char)(1 << i % 8);
        fwrite(content, 1, cut ? i - length : length, stream);
        fclose(stream);
        content[i % length] ^= cut ? 0 : (char)(1 << i % 8);
        ar_status status = ar_torch_open(&file, path, &err);
        float values[6];
        for (int64_t t = 0; status == AR_OK && t < ar_torch_count(file); t++) {
            assert_true(ar_torch_get(file, t)->count <= 6);
            status = ar_torch_read_float(file, ar_torch_get(file, t), values, &err);
        }
        assert_true(status == AR_ERROR_INPUT || (status == AR_OK && !cut));
        refused += status != AR_OK;
        ar_torch_close(&file);
    }
    assert_true(refused > (int)length + 500);
    ar_free(content);
    remove_folder(folder);
}

static void archives_that_are_none(void **state)
{
    (void)state;
    char folder[64], path[128];
    ar_error err = {""};
    ar_torch_file *file = NULL;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/n.mod", folder);
    assert_int_equal(ar_torch_open(&file, path, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "cannot open"));
    assert_int_equal(ar_torch_open(&file, folder, &err), AR_ERROR_INPUT);
    assert_int_equal(ar_file_write_whole(path, "", 0, &err), AR_OK);
    assert_int_equal(ar_torch_open(&file, path, &err), AR_ERROR_INPUT);
    static const struct {
        const char *names[2], *words;
    } cases[] = {{{"m/data/0", "data.pkl"}, "without <name>/data.pkl"},
                 {{"m/data.pkl", "n/data.pkl"}, "two members are <name>/data.pkl"},
                 {{"m/data.pkl", "m/data.pkl"}, "two members have one name"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_torch_archive_writer writer = {0};
        assert_int_equal(ar_atomic_file_open(&writer.file, path, &err), AR_OK);
        for (int n = 0; n < 2; n++) {
            assert_int_equal(ar_torch_archive_add(&writer, cases[i].names[n], "x", 1, &err), AR_OK);
        }
        assert_int_equal(ar_torch_archive_commit(&writer, &err), AR_OK);
        ar_torch_archive_release(&writer);
        assert_int_equal(ar_torch_open(&file, path, &err), AR_ERROR_INPUT);
        if (!strstr(err.message, cases[i].words)) {
            fail_msg("case %zu: %s", i, err.message);
        }
    }
    remove_folder(folder);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char folder[64], path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/m.mod", folder);
    ar_status status = AR_ERROR_MEMORY;
    int64_t failed = 0;
    for (; status != AR_OK; failed++) {
        ar_torch_file *file = NULL;
        ar_error err = {""};
        ar_fail_allocation_after(failed);
        status = ar_torch_write(path, examples, EXAMPLES, &err);
        assert_true(status == AR_OK || !ar_path_exists(path));
        if (status == AR_OK) {
            status = ar_torch_open(&file, path, &err);
            unlink(path);
        }
        ar_torch_close(&file);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        assert_true(failed < 1000);
    }
    assert_true(failed > 30);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(same_input_same_bytes),
        cmocka_unit_test(wrong_calls_write_nothing),
        cmocka_unit_test(views_of_a_storage),
        cmocka_unit_test(pickles_that_lie),
        cmocka_unit_test(damaged_archives),
        cmocka_unit_test(archives_that_are_none),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
