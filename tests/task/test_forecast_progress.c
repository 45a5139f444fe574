/* How far a forecast is comes back from its file as it was written, the arrays to the bit. A file
 * that is cut short anywhere, is longer, has another byte anywhere, or belongs to other arrays, is
 * refused: each length and each byte of a small one are tried. */
#include "task/forecast_progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "temporary_folder.h"

enum { FIRST = 3, SECOND = 5, TIMES = 99 };

static char path[128];

static void write_file(const char *file, size_t bytes)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(file, 1, bytes, stream), bytes);
    assert_int_equal(fclose(stream), 0);
}

static ar_status read_values(float *first, float *second, size_t of_second)
{
    const ar_forecast_array arrays[] = {{first, FIRST}, {second, of_second}};
    return ar_forecast_progress_read(path, arrays, 2, NULL);
}

/* As `bytes` bytes: is anything refused that is read before values are used? */
static bool is_refused(const char *file, size_t bytes)
{
    float first[FIRST], second[SECOND];
    int64_t complete;
    write_file(file, bytes);
    const ar_status status = ar_forecast_progress_count(path, TIMES, &complete, NULL);
    assert_true(status == AR_OK || status == AR_ERROR_INPUT);
    assert_true(status != AR_OK || (complete >= 0 && complete <= TIMES));
    const ar_status read = read_values(first, second, SECOND);
    assert_true(read == AR_OK || read == AR_ERROR_INPUT);
    return status != AR_OK || read != AR_OK;
}

static void comes_back_or_is_refused(void **state)
{
    (void)state;
    float first[FIRST] = {1, -2.5f, 3e-30f}, second[SECOND] = {5, 6, 7, 8, 9};
    float other[FIRST + SECOND];
    const ar_forecast_array arrays[] = {{first, FIRST}, {second, SECOND}};
    int64_t complete = 0;
    char *file = NULL, *longer = NULL;
    size_t bytes;
    assert_int_equal(ar_forecast_progress_write(path, 17, arrays, 2, NULL), AR_OK);
    assert_int_equal(ar_forecast_progress_count(path, TIMES, &complete, NULL), AR_OK);
    assert_int_equal(complete, 17);
    assert_int_equal(read_values(other, other + FIRST, SECOND), AR_OK);
    assert_memory_equal(other, first, sizeof first);
    assert_memory_equal(other + FIRST, second, sizeof second);

    assert_int_equal(ar_forecast_progress_count(path, 16, &complete, NULL), AR_ERROR_INPUT);
    assert_int_equal(read_values(other, other + FIRST, SECOND - 1), AR_ERROR_INPUT);
    assert_int_equal(ar_forecast_progress_read(path, NULL, 0, NULL), AR_ERROR_INPUT);

    assert_int_equal(ar_file_read_whole(path, 1 << 20, &file, &bytes, NULL), AR_OK);
    assert_int_equal(bytes, strlen("17\n") + (FIRST + SECOND) * sizeof(float) + sizeof(uint64_t));
    assert_false(is_refused(file, bytes));
    for (size_t length = 0; length < bytes; length++) {
        assert_true(is_refused(file, length));
    }
    for (size_t at = 0; at < bytes; at++) {
        for (int bit = 0; bit < 8; bit++) {
            file[at] ^= (char)(1 << bit);
            assert_true(is_refused(file, bytes));
            file[at] ^= (char)(1 << bit);
        }
    }
    assert_int_equal(ar_allocate(&longer, bytes + 1, 1, "a longer file", NULL), AR_OK);
    memcpy(longer, file, bytes);
    assert_true(is_refused(longer, bytes + 1));
    ar_free(longer);
    ar_free(file);
}

static void a_start_has_no_arrays(void **state)
{
    (void)state;
    int64_t complete = 0;
    assert_int_equal(ar_forecast_progress_write(path, 4, NULL, 0, NULL), AR_OK);
    assert_int_equal(ar_forecast_progress_count(path, TIMES, &complete, NULL), AR_OK);
    assert_int_equal(complete, 4);
    assert_int_equal(ar_forecast_progress_read(path, NULL, 0, NULL), AR_OK);
}

static int set_up(void **state)
{
    const int failed = make_folder(state);
    snprintf(path, sizeof path, "%s/complete", folder);
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_or_is_refused),
        cmocka_unit_test(a_start_has_no_arrays),
    };
    return cmocka_run_group_tests(tests, set_up, remove_folder);
}
