/* Sizes that never overflow silently, memory that is zero and aligned, and failures on demand. */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void sizes_do_not_overflow(void **state)
{
    (void)state;
    size_t result;
    assert_true(ar_size_product(SIZE_MAX / 3, 3, &result) && result == SIZE_MAX / 3 * 3);
    assert_false(ar_size_product(SIZE_MAX / 2 + 1, 2, &result));
    assert_true(ar_size_product(0, SIZE_MAX, &result) && result == 0);
    assert_true(ar_size_sum(SIZE_MAX - 1, 1, &result) && result == SIZE_MAX);
    assert_false(ar_size_sum(SIZE_MAX, 1, &result));
}

static void allocations_are_zero_and_aligned(void **state)
{
    (void)state;
    const size_t counts[] = {0, 1, 7, 64, 1000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        double *values = NULL;
        assert_int_equal(ar_allocate(&values, counts[i], sizeof *values, "values", NULL), AR_OK);
        assert_non_null(values);
        assert_int_equal((uintptr_t)values % 64, 0);
        for (size_t k = 0; k < counts[i]; k++) {
            assert_true(values[k] == 0);
        }
        memset(values, 255, counts[i] * sizeof *values);
        ar_free(values);
    }
    ar_free(NULL);
}

/* Large blocks too, also those smaller than a page, and beside each other. */
static void large_blocks_are_zero_and_aligned(void **state)
{
    (void)state;
    const size_t counts[] = {0, 1, 1000, 1 << 20, (5 << 20) + 3};
    enum { BLOCKS = sizeof counts / sizeof *counts };
    float *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        assert_int_equal(ar_allocate_large(&blocks[i], counts[i], sizeof **blocks, "a block", NULL),
                         AR_OK);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        for (size_t k = 0; k < counts[i]; k++) {
            if (blocks[i][k] != 0) {
                fail_msg("value %zu of a fresh block is not zero", k);
            }
            blocks[i][k] = (float)(i + 1);
        }
    }
    for (int i = 0; i < BLOCKS; i++) {
        for (size_t k = 0; k < counts[i]; k++) {
            if (blocks[i][k] != (float)(i + 1)) {
                fail_msg("value %zu of block %d was overwritten", k, i);
            }
        }
        ar_free_large(blocks[i]);
    }
    ar_free_large(NULL);
}

/* Memory in use by this process, in bytes. */
static int64_t resident(void)
{
    long long size = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lld %lld", &size, &pages), 2);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* 256 MiB that nobody touches take less than a tenth of that, and what is given back is back. (The
 * sanitizer's allocator has them written.) */
static void large_blocks_take_what_is_touched(void **state)
{
    (void)state;
    const int64_t bytes = 256 << 20, before = resident();
    char *block = NULL;
    assert_int_equal(ar_allocate_large(&block, (size_t)bytes, 1, "a block", NULL), AR_OK);
    const int64_t untouched = resident() - before;
    memset(block, 1, (size_t)bytes);
    const int64_t touched = resident() - before;
    assert_true(touched >= bytes);
    ar_free_large(block);
    if (untouched >= bytes) {
        skip();
    }
    assert_true(untouched < bytes / 10);
    assert_true(resident() - before < bytes / 10);
}

static void large_blocks_that_cannot_be_are_errors(void **state)
{
    (void)state;
    ar_error err = {""};
    char *block = (char *)&err;
    assert_int_equal(ar_allocate_large(&block, SIZE_MAX / 2, 3, "the arena", &err),
                     AR_ERROR_MEMORY);
    assert_null(block);
    assert_int_equal(ar_allocate_large(&block, SIZE_MAX, 1, "the arena", &err), AR_ERROR_MEMORY);
    assert_non_null(strstr(err.message, "the arena"));
#ifndef __SANITIZE_ADDRESS__ /* which ends the program */
    /* more than addresses have bits for */
    assert_int_equal(ar_allocate_large(&block, (size_t)1 << 60, 1, "the arena", &err),
                     AR_ERROR_MEMORY);
#endif
    ar_fail_allocation_after(0);
    assert_int_equal(ar_allocate_large(&block, 10, 1, "the arena", &err), AR_ERROR_MEMORY);
    ar_fail_allocation_after(-1);
}

static void impossible_sizes_are_errors(void **state)
{
    (void)state;
    ar_error err = {""};
    char *values = (char *)&err;
    assert_int_equal(ar_allocate(&values, SIZE_MAX / 2, 3, "the cubes", &err), AR_ERROR_MEMORY);
    assert_null(values);
    assert_non_null(strstr(err.message, "the cubes"));
    /* fits a size, but not rounded up to the alignment */
    assert_int_equal(ar_allocate(&values, SIZE_MAX, 1, "bytes", &err), AR_ERROR_MEMORY);
    size_t capacity = 0;
    assert_int_equal(ar_grow(&values, &capacity, SIZE_MAX, 1, "a list", &err), AR_ERROR_MEMORY);
    assert_int_equal(capacity, 0);
}

static void growing_keeps_what_is_there(void **state)
{
    (void)state;
    int64_t *list = NULL;
    size_t capacity = 0;
    int64_t before = ar_allocation_count();
    for (int64_t i = 0; i < 1000; i++) {
        assert_int_equal(ar_grow(&list, &capacity, (size_t)i + 1, sizeof *list, "a list", NULL),
                         AR_OK);
        assert_true(capacity > (size_t)i);
        assert_true(list[i] == 0);
        list[i] = i + 1;
    }
    for (int64_t i = 0; i < 1000; i++) {
        assert_true(list[i] == i + 1);
    }
    /* doubling: 8, 16, …, 1024 */
    assert_int_equal(ar_allocation_count() - before, 8);
    ar_free(list);
}

static void a_failed_growth_keeps_the_list(void **state)
{
    (void)state;
    int *list = NULL;
    size_t capacity = 0;
    assert_int_equal(ar_grow(&list, &capacity, 3, sizeof *list, "a list", NULL), AR_OK);
    list[2] = 5;
    ar_fail_allocation_after(0);
    ar_error err;
    assert_int_equal(ar_grow(&list, &capacity, 100, sizeof *list, "a list", &err), AR_ERROR_MEMORY);
    ar_fail_allocation_after(-1);
    assert_int_equal(capacity, 8);
    assert_int_equal(list[2], 5);
    ar_free(list);
}

static void the_nth_allocation_fails(void **state)
{
    (void)state;
    for (int n = 0; n < 4; n++) {
        char *text[5] = {NULL};
        ar_fail_allocation_after(n);
        for (int i = 0; i < 5; i++) {
            ar_status status = ar_copy_string(&text[i], "text", NULL);
            assert_int_equal(status, i == n ? AR_ERROR_MEMORY : AR_OK);
            assert_true(i == n ? text[i] == NULL : strcmp(text[i], "text") == 0);
        }
        assert_int_equal(ar_fail_allocation_after(-1), 5);
        for (int i = 0; i < 5; i++) {
            ar_free(text[i]);
        }
    }
}

/* The peak stays when memory is freed, and is what is held when it starts anew. */
static void the_peak_is_of_what_is_held_at_once(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    char *first = NULL, *second = NULL, *large = NULL;
    ar_memory_peak(true);
    const int64_t before = ar_memory_peak(false);
    assert_int_equal(ar_allocate(&first, BYTES, 1, "", NULL), AR_OK);
    ar_free(first);
    assert_int_equal(ar_allocate(&second, BYTES, 1, "", NULL), AR_OK);
    const int64_t one = ar_memory_peak(true) - before;
    /* An allocator may round up; it does not by as much as another of these. */
    assert_true(one >= BYTES && one < 2 * BYTES);
    ar_free(second);
    const int64_t other = ar_memory_peak(true) - before;
    assert_true(other >= BYTES && other < 2 * BYTES);
    assert_int_equal(ar_memory_peak(false), before);
    assert_int_equal(ar_allocate_large(&large, BYTES, 8, "", NULL), AR_OK);
    ar_free_large(large);
    assert_true(ar_memory_peak(true) - before >= 8 * BYTES);
    assert_int_equal(ar_memory_peak(false), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_do_not_overflow),
        cmocka_unit_test(allocations_are_zero_and_aligned),
        cmocka_unit_test(large_blocks_are_zero_and_aligned),
        cmocka_unit_test(large_blocks_take_what_is_touched),
        cmocka_unit_test(large_blocks_that_cannot_be_are_errors),
        cmocka_unit_test(impossible_sizes_are_errors),
        cmocka_unit_test(growing_keeps_what_is_there),
        cmocka_unit_test(a_failed_growth_keeps_the_list),
        cmocka_unit_test(the_nth_allocation_fails),
        cmocka_unit_test(the_peak_is_of_what_is_held_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
