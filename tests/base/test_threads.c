/* The number of threads: what is asked for is what OpenMP then uses, and what no machine can start
 * is refused before anything is started. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>
#include <omp.h>

#include "base/threads.h"

static void what_is_asked_for_is_used(void **state)
{
    (void)state;
    int threads = 0;
    const int before = omp_get_max_threads();
    assert_int_equal(ar_threads_set(0, &threads, NULL), AR_OK);
    assert_int_equal(threads, before);
    assert_int_equal(ar_threads_set(3, &threads, NULL), AR_OK);
    assert_int_equal(threads, 3);
    assert_int_equal(omp_get_max_threads(), 3);
}

static void impossible_numbers_are_refused(void **state)
{
    (void)state;
    const int64_t wrong[] = {-1, AR_THREADS_MOST + 1, ((int64_t)1 << 32) + 1, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int threads = 7;
        ar_error err = {""};
        assert_int_equal(ar_threads_set(wrong[i], &threads, &err), AR_ERROR_USAGE);
        assert_int_equal(threads, 7);
        assert_non_null(strstr(err.message, "1 to 1024"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_used),
        cmocka_unit_test(impossible_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
