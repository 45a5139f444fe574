/* A Zarr store that is written in several goes: what one writer has put there another goes on with,
 * the store is readable in between, and it replaces an older one only when it is complete. */
#include "fixtures.h"

#include "io/writer.h"

enum { TIMES = 4, PLACES = 3 };

static void begin(ar_writer **writer, const char *path, const char *unfinished)
{
    const ar_writer_variable x = {.name = "x",
                                  .type = AR_WRITER_DOUBLE,
                                  .rank = 2,
                                  .dimensions = {"time", "place"},
                                  .compress = 1};
    assert_int_equal(ar_writer_open_unfinished(writer, path, unfinished, NULL), AR_OK);
    assert_int_equal(ar_writer_add_dimension(*writer, "time", TIMES, NULL), AR_OK);
    assert_int_equal(ar_writer_add_dimension(*writer, "place", PLACES, NULL), AR_OK);
    assert_int_equal(ar_writer_add_variable(*writer, &x, NULL), AR_OK);
}

static void write_times(ar_writer *writer, int64_t first, int64_t end)
{
    for (int64_t t = first; t < end; t++) {
        const double values[PLACES] = {10.0 * t, 10.0 * t + 1, 10.0 * t + 2};
        const int64_t start[2] = {t, 0}, count[2] = {1, PLACES};
        assert_int_equal(ar_writer_write(writer, "x", start, count, values, NULL), AR_OK);
    }
}

/* The times before `end` are there, the others are missing. */
static void check_times(const char *path, int64_t end)
{
    ar_source *source = NULL;
    double values[TIMES * PLACES];
    const int64_t start[2] = {0, 0}, count[2] = {TIMES, PLACES};
    assert_int_equal(ar_source_open(&source, path, NULL), AR_OK);
    assert_int_equal(
        ar_source_read_double(source, ar_source_find(source, "x"), start, count, values, NULL),
        AR_OK);
    for (int64_t i = 0; i < TIMES * PLACES; i++) {
        int64_t t = i / PLACES;
        assert_true(t < end ? values[i] == 10.0 * t + i % PLACES : isnan(values[i]));
    }
    ar_source_close(&source);
}

static void several_goes(void **state)
{
    (void)state;
    char folder[64], path[96], unfinished[96];
    ar_writer *writer = NULL;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/whole.zarr", folder);
    snprintf(unfinished, sizeof unfinished, "%s/unfinished", folder);
    for (int round = 0; round < 2; round++) { /* the second replaces what the first made */
        begin(&writer, path, unfinished);
        write_times(writer, 0, 1);
        assert_int_equal(ar_writer_flush(writer, NULL), AR_OK);
        check_times(unfinished, 1);
        write_times(writer, 1, 2);
        ar_writer_abandon(&writer); /* time 1 was not flushed: it may be there or not */
        assert_int_equal(ar_path_exists(path), round > 0);
        begin(&writer, path, unfinished);
        write_times(writer, 1, TIMES);
        assert_int_equal(ar_writer_commit(&writer, NULL), AR_OK);
        check_times(path, TIMES);
        assert_false(ar_path_exists(unfinished));
        assert_int_equal(run_command("test \"$(ls -A '%s')\" = whole.zarr", folder), 0);
    }
    remove_folder(folder);
}

/* A chunk cut short, as a kill leaves it, is written anew; the ones that stay are not touched. */
static void cut_chunk(void **state)
{
    (void)state;
    char folder[64], path[96], unfinished[96];
    ar_writer *writer = NULL;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/whole.zarr", folder);
    snprintf(unfinished, sizeof unfinished, "%s/unfinished", folder);
    begin(&writer, path, unfinished);
    write_times(writer, 0, 3);
    assert_int_equal(ar_writer_flush(writer, NULL), AR_OK);
    ar_writer_abandon(&writer);
    assert_int_equal(
        run_command("truncate -s 5 '%s/x/2.0' '%s/.zmetadata'", unfinished, unfinished), 0);
    begin(&writer, path, unfinished);
    write_times(writer, 2, TIMES);
    assert_int_equal(ar_writer_commit(&writer, NULL), AR_OK);
    check_times(path, TIMES);
    remove_folder(folder);
}

/* So is one that reaches beyond the end of the array, when all of it that lies within is written.
 */
static void cut_last_chunk(void **state)
{
    (void)state;
    const ar_writer_variable x = {.name = "x",
                                  .type = AR_WRITER_DOUBLE,
                                  .rank = 2,
                                  .dimensions = {"time", "place"},
                                  .compress = 1,
                                  .chunk = {3, 2}};
    const int64_t start[2] = {3, 2}, count[2] = {1, 1};
    char folder[64], path[96], unfinished[96];
    ar_writer *writer = NULL;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/whole.zarr", folder);
    snprintf(unfinished, sizeof unfinished, "%s/unfinished", folder);
    for (int round = 0; round < 2; round++) {
        const double value = 7 + round;
        assert_int_equal(ar_writer_open_unfinished(&writer, path, unfinished, NULL), AR_OK);
        assert_int_equal(ar_writer_add_dimension(writer, "time", TIMES, NULL), AR_OK);
        assert_int_equal(ar_writer_add_dimension(writer, "place", PLACES, NULL), AR_OK);
        assert_int_equal(ar_writer_add_variable(writer, &x, NULL), AR_OK);
        assert_int_equal(ar_writer_write(writer, "x", start, count, &value, NULL), AR_OK);
        if (round == 0) {
            assert_int_equal(ar_writer_flush(writer, NULL), AR_OK);
            ar_writer_abandon(&writer);
            assert_int_equal(run_command("truncate -s 5 '%s/x/1.1'", unfinished), 0);
        }
    }
    assert_int_equal(ar_writer_commit(&writer, NULL), AR_OK);
    ar_source *source = NULL;
    double value;
    assert_int_equal(ar_source_open(&source, path, NULL), AR_OK);
    assert_int_equal(
        ar_source_read_double(source, ar_source_find(source, "x"), start, count, &value, NULL),
        AR_OK);
    assert_true(value == 8);
    ar_source_close(&source);
    remove_folder(folder);
}

static void only_where_begun_so(void **state)
{
    (void)state;
    char folder[64], path[96];
    ar_writer *writer = NULL;
    ar_error err = {""};
    make_folder(folder);
    snprintf(path, sizeof path, "%s/a.nc", folder);
    assert_int_equal(ar_writer_open_unfinished(&writer, path, folder, &err), AR_ERROR_USAGE);
    assert_non_null(strstr(err.message, "only a .zarr"));
    assert_int_equal(ar_writer_create(&writer, path, NULL), AR_OK);
    assert_int_equal(ar_writer_flush(writer, &err), AR_ERROR_USAGE);
    ar_writer_abandon(&writer);
    snprintf(path, sizeof path, "%s/a.zarr", folder);
    assert_int_equal(ar_writer_create(&writer, path, NULL), AR_OK);
    assert_int_equal(ar_writer_flush(writer, &err), AR_ERROR_USAGE);
    assert_non_null(strstr(err.message, "several goes"));
    ar_writer_abandon(&writer);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(several_goes), cmocka_unit_test(cut_chunk),
                                       cmocka_unit_test(cut_last_chunk),
                                       cmocka_unit_test(only_where_begun_so)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
