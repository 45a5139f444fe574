/* Cut and damaged GRIB files end in an error that names the file, or in values; never in a crash,
 * an access outside of the buffers (the sanitizer build sees those), or a word of ecCodes on
 * stderr. */
#ifdef ATMOREP_GRIB
#include "grib_fixtures.h"

#include "base/random.h"

/* What ecCodes has allocated when one of its assertions fails is given up (grib_library.h). */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libeccodes\n";
}

static const grib_field fields[] = {{.level = 500, .missing = 3},
                                    {.edition = 2, .level = 500, .missing = 5},
                                    {.edition = 2, .level = 850, .by_meridian = true},
                                    {.level_type = "surface", .short_name = "sp"}};

/* Open, and read all variables; how many could not be read is of no matter. */
static ar_status read_all(const char *path, ar_error *err)
{
    ar_source *source = NULL;
    ar_status status = ar_source_open(&source, path, err);
    for (int64_t i = 0; status == AR_OK && i < ar_source_variable_count(source); i++) {
        const ar_variable *variable = ar_source_variable(source, i);
        const int64_t count = element_count(variable);
        ar_error found = {""};
        if (count < 1 << 20) {
            double *values = malloc((size_t)count * sizeof *values + 1);
            ar_status read = read_whole(source, variable, values, &found);
            assert_true(read == AR_OK || read == AR_ERROR_INPUT || read == AR_ERROR_MEMORY);
            assert_true(read == AR_OK || strstr(found.message, path));
            free(values);
        }
    }
    ar_source_close(&source);
    return status;
}

static char *make_file(const char *path, size_t *length)
{
    char *content = NULL;
    ar_error err = {""};
    write_grib(path, fields, sizeof fields / sizeof *fields);
    assert_int_equal(read_all(path, &err), AR_OK);
    assert_int_equal(ar_file_read_whole(path, 1 << 20, &content, length, &err), AR_OK);
    return content;
}

static void write_bytes(const char *path, const void *bytes, size_t length)
{
    FILE *stream = fopen(path, "wb");
    assert_int_equal(fwrite(bytes, 1, length, stream), length);
    assert_int_equal(fclose(stream), 0);
}

/* Send stderr to a file, and back; what was printed meanwhile has to be nothing. */
static int catch_stderr(const char *path)
{
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    assert_non_null(freopen(path, "w", stderr));
    return kept;
}

static void check_silence(const char *path, int kept)
{
    char *text = NULL;
    size_t bytes;
    ar_error err = {""};
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    assert_int_equal(ar_file_read_whole(path, 1 << 24, &text, &bytes, &err), AR_OK);
    assert_string_equal(text, "");
    ar_free(text);
}

/* Every length: whole messages are values, else it is an error. What is left of a message may be
 * taken for bytes that mean nothing while it is too short to say "GRIB". */
static void cut_files(void **state)
{
    (void)state;
    char folder[64], path[128], printed[128];
    size_t length;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/cut.grib", folder);
    snprintf(printed, sizeof printed, "%s/printed", folder);
    char *content = make_file(path, &length);
    int kept = catch_stderr(printed), right = 0;
    for (size_t cut = 0; cut < length; cut++) {
        ar_error err = {""};
        write_bytes(path, content, cut);
        ar_status status = read_all(path, &err);
        assert_true(status == AR_OK || status == AR_ERROR_INPUT);
        assert_true(status == AR_OK || strstr(err.message, path));
        right += status == AR_OK;
    }
    check_silence(printed, kept);
    /* after each of three messages, and with up to three bytes of the next */
    assert_int_equal(right, 3 * 4);
    ar_free(content);
    remove_folder(folder);
}

static void flipped_bytes(void **state)
{
    (void)state;
    char folder[64], path[128], printed[128];
    size_t length;
    ar_random stream = {.seed = 11, .purpose = AR_RANDOM_TEST};
    make_folder(folder);
    snprintf(path, sizeof path, "%s/damaged.grib", folder);
    snprintf(printed, sizeof printed, "%s/printed", folder);
    char *content = make_file(path, &length);
    int kept = catch_stderr(printed);
    const char *repeats = getenv("ATMOREP_TEST_REPEATS");
    for (int repeat = 0; repeat < (repeats ? atoi(repeats) : 1); repeat++) {
        for (size_t at = 0; at < length; at++) {
            ar_error err = {""};
            const char flip = (char)(1 + ar_random_below(&stream, 255));
            content[at] ^= flip;
            write_bytes(path, content, length);
            ar_status status = read_all(path, &err);
            assert_true(status == AR_OK || strstr(err.message, path));
            content[at] ^= flip;
        }
    }
    check_silence(printed, kept);
    ar_free(content);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_files),
        cmocka_unit_test(flipped_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
    return 77; /* a build without ecCodes: test_grib says what it does with such files */
}
#endif
