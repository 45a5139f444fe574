/* A field read range by range is the field loaded whole, to the bit, whatever files and chunks the
 * ranges lie across, and however many threads read at once. */
#include "data/field_reader.h"

#include <pthread.h>

#include "synthetic_file.h"

enum { NLAT = 7, NLON = 12, LEVELS = 2, TIMES = 23 };

static const synthetic_shape shape = {.name = "temperature",
                                      .nlat = NLAT,
                                      .nlon = NLON,
                                      .north = 90,
                                      .step = 30,
                                      .level_count = LEVELS,
                                      .time_count = TIMES,
                                      .first_time = 1766188800, /* 2025-12-20 */
                                      .time_step = 21600,
                                      .formula = scrambled_value};

static int make_files(void **state)
{
    int failed = make_folder(state);
    synthetic_file("c.nc", &shape, 0, 9, 4);
    synthetic_file("a.zarr", &shape, 9, 10, 3);
    synthetic_file("b.nc", &shape, 19, 4, 1);
    return failed;
}

static ar_status open_reader(ar_field_reader **reader, ar_error *err)
{
    char path[SYNTHETIC_PATH];
    const char *const paths[] = {path};
    const ar_field_request request = {.name = "temperature"};
    synthetic_path(path, "*");
    return ar_field_reader_open(reader, paths, 1, &request, err);
}

static void check_range(ar_field_reader *reader, int64_t first, int64_t count)
{
    static _Thread_local float values[TIMES * LEVELS * NLAT * NLON];
    ar_error err = {""};
    values[count * LEVELS * NLAT * NLON % (TIMES * LEVELS * NLAT * NLON)] = -1;
    must(ar_field_reader_read(reader, first, count, values, &err), &err);
    const float *value = values;
    for (int64_t i = 0; i < count * LEVELS * NLAT * NLON; i++) {
        const int64_t time = first + i / (LEVELS * NLAT * NLON);
        assert_true(*value++ ==
                    scrambled_value(time, i / (NLAT * NLON) % LEVELS, i / NLON % NLAT, i % NLON));
    }
    if (count < TIMES) {
        assert_true(*value == -1); /* and nothing behind it */
    }
}

static void every_range_is_read(void **state)
{
    (void)state;
    ar_field_reader *reader = NULL;
    ar_error err = {""};
    must(open_reader(&reader, &err), &err);
    const ar_field_data *field = ar_field_reader_field(reader);
    assert_null(field->values);
    assert_int_equal(field->time_count, TIMES);
    assert_int_equal(field->level_count, LEVELS);
    for (int64_t t = 0; t < TIMES; t++) {
        assert_int_equal(field->times[t], shape.first_time + t * shape.time_step);
    }
    for (int64_t first = 0; first < TIMES; first++) {
        for (int64_t count = 0; count <= TIMES - first; count++) {
            check_range(reader, first, count);
        }
    }
    ar_field_reader_close(&reader);
    assert_null(reader);
    ar_field_reader_close(&reader);
}

static void *read_ranges(void *reader)
{
    for (int64_t first = 0; first < TIMES; first++) {
        check_range(reader, first, (first * 5) % (TIMES - first));
    }
    return NULL;
}

static void threads_read_at_once(void **state)
{
    (void)state;
    ar_field_reader *reader = NULL;
    ar_error err = {""};
    pthread_t threads[3];
    must(open_reader(&reader, &err), &err);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, read_ranges, reader), 0);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    ar_field_reader_close(&reader);
}

/* Whichever allocation fails, the error says so and nothing is left behind (under the sanitizers).
 */
static void memory_may_be_short(void **state)
{
    (void)state;
    static float values[TIMES * LEVELS * NLAT * NLON];
    ar_status status = AR_ERROR_MEMORY;
    int64_t failed = 0;
    for (; status != AR_OK; failed++) {
        ar_field_reader *reader = NULL;
        ar_error err = {""};
        ar_fail_allocation_after(failed);
        status = open_reader(&reader, &err);
        if (status == AR_OK) {
            status = ar_field_reader_read(reader, 5, 12, values, &err);
        }
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || err.message[0]);
        ar_field_reader_close(&reader);
        assert_true(failed < 10000);
    }
    assert_true(failed > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_range_is_read),
                                       cmocka_unit_test(threads_read_at_once),
                                       cmocka_unit_test(memory_may_be_short)};
    return cmocka_run_group_tests(tests, make_files, remove_folder);
}
