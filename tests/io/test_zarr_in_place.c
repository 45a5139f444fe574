/* Chunks of plain floats are read right to their places where they can be: the same numbers as by
 * way of a chunk in memory, which is how they come as doubles. */
#include "fixtures.h"

#include "base/random.h"

/* Rows of 40 × 60 floats are long enough to be read in place; the last chunk in time reaches beyond
 * the array, and one is not there. */
enum { TIMES = 5, LEVELS = 3, NLAT = 40, NLON = 60, CHUNK = 2 * NLAT * NLON, TRIALS = 300 };

static float stored(int64_t time, int64_t level, int64_t i)
{
    return i % 977 == 5 ? -99 : (float)(1000 * time + 100 * level) + 0.01f * (float)i;
}

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(ar_file_write_whole(path, text, strlen(text), NULL), AR_OK);
}

/* An array of chunks of two times of one level. */
static void write_store(const char *folder)
{
    write_text(folder, ".zgroup", "{\"zarr_format\": 2}");
    assert_int_equal(run_command("mkdir -p %s/t", folder), 0);
    write_text(folder, "t/.zarray",
               "{\"zarr_format\": 2, \"shape\": [5, 3, 40, 60], \"chunks\": [2, 1, 40, 60], "
               "\"dtype\": \"<f4\", \"compressor\": null, \"filters\": null, \"order\": \"C\", "
               "\"fill_value\": 7.0}");
    write_text(folder, "t/.zattrs",
               "{\"_ARRAY_DIMENSIONS\": [\"time\", \"level\", \"lat\", \"lon\"], "
               "\"_FillValue\": -99.0, \"valid_max\": 4000.0}");
    for (int64_t time = 0; time < TIMES; time += 2) {
        for (int64_t level = 0; level < LEVELS; level++) {
            static float chunk[CHUNK];
            char path[128];
            for (int64_t i = 0; i < CHUNK; i++) {
                chunk[i] = stored(time + i / (NLAT * NLON), level, i % (NLAT * NLON));
            }
            snprintf(path, sizeof path, "%s/t/%d.%d.0.0", folder, (int)time / 2, (int)level);
            if (time != 2 || level != 1) {
                assert_int_equal(ar_file_write_whole(path, chunk, sizeof chunk, NULL), AR_OK);
            }
        }
    }
}

static void any_part_is_the_same(void **state)
{
    (void)state;
    char folder[64];
    ar_source *source = NULL;
    ar_error err = {""};
    static const int64_t shape[4] = {TIMES, LEVELS, NLAT, NLON};
    static float floats[TIMES * LEVELS * NLAT * NLON];
    static double doubles[TIMES * LEVELS * NLAT * NLON];
    make_folder(folder);
    write_store(folder);
    assert_int_equal(ar_source_open(&source, folder, &err), AR_OK);
    const ar_variable *t = ar_source_find(source, "t");
    ar_random random = {.seed = 3, .purpose = AR_RANDOM_TEST};
    int64_t missing = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        int64_t start[4], count[4], size = 1;
        for (int d = 0; d < 4; d++) {
            /* every second time whole rows, and whole fields */
            const bool whole = trial == 0 || (d >= 2 && ar_random_below(&random, 2) == 0);
            start[d] = whole ? 0 : ar_random_below(&random, shape[d]);
            count[d] = whole ? shape[d] : 1 + ar_random_below(&random, shape[d] - start[d]);
            size *= count[d];
        }
        memset(floats, 0x55, sizeof floats);
        if (ar_source_read_float(source, t, start, count, floats, &err) != AR_OK ||
            ar_source_read_double(source, t, start, count, doubles, &err) != AR_OK) {
            fail_msg("%s", err.message);
        }
        for (int64_t i = 0; i < size; i++) {
            missing += isnan(floats[i]) != 0;
            if (isnan(floats[i]) ? !isnan(doubles[i]) : floats[i] != (float)doubles[i]) {
                fail_msg("trial %d: value %lld is %g, by way of memory %g", trial, (long long)i,
                         (double)floats[i], doubles[i]);
            }
        }
    }
    assert_true(missing > 0);
    /* against what was written */
    const int64_t start[4] = {3, 2, 0, 0}, count[4] = {1, 1, NLAT, NLON};
    assert_int_equal(ar_source_read_float(source, t, start, count, floats, &err), AR_OK);
    for (int64_t i = 0; i < NLAT * NLON; i++) {
        assert_true(i % 977 == 5 ? isnan(floats[i]) : floats[i] == stored(3, 2, i));
    }
    ar_source_close(&source);
    remove_folder(folder);
}

static void a_chunk_of_another_length_is_refused(void **state)
{
    (void)state;
    static const char *const damages[] = {"truncate -s -4", "truncate -s +4", "ln -sfn /"};
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        char folder[64];
        ar_source *source = NULL;
        ar_error err = {""};
        static float values[NLAT * NLON];
        const int64_t start[4] = {0}, count[4] = {1, 1, NLAT, NLON};
        make_folder(folder);
        write_store(folder);
        assert_int_equal(run_command("%s %s/t/0.0.0.0", damages[i], folder), 0);
        assert_int_equal(ar_source_open(&source, folder, &err), AR_OK);
        assert_int_equal(
            ar_source_read_float(source, ar_source_find(source, "t"), start, count, values, &err),
            AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, "t/0.0.0.0"));
        ar_source_close(&source);
        remove_folder(folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_part_is_the_same),
        cmocka_unit_test(a_chunk_of_another_length_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
