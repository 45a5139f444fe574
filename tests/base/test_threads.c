/* The number of threads: what is asked for is what OpenMP then uses, and what no machine can start
 * is refused before anything is started. Where they run: one on each processor only when they have
 * all that the program may use. */
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
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

static cpu_set_t allowed; /* before anybody was pinned */

/* Where OpenMP's threads may run, as the system tells: their sets, and the sum of their sizes. */
static int look(int threads, cpu_set_t *together)
{
    int size = 0;
    CPU_ZERO(together);
#pragma omp parallel num_threads(threads)
    {
        cpu_set_t mine;
        CPU_ZERO(&mine);
        sched_getaffinity(0, sizeof mine, &mine);
#pragma omp critical
        {
            CPU_OR(together, together, &mine);
            size += CPU_COUNT(&mine);
        }
    }
    return size;
}

static void expect_pinned(int64_t wanted, bool pinned)
{
    cpu_set_t together;
    int threads = 0;
    assert_int_equal(ar_threads_set(wanted, &threads, NULL), AR_OK);
    const int size = look(threads, &together);
    assert_true(CPU_EQUAL(&together, &allowed) || (pinned && CPU_COUNT(&together) == threads));
    assert_int_equal(size, pinned ? threads : threads * CPU_COUNT(&allowed));
}

static void *look_beside(void *result)
{
    sigset_t blocked;
    sched_getaffinity(0, sizeof(cpu_set_t), result);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    return (void *)(intptr_t)(sigismember(&blocked, SIGINT) == 1);
}

/* As many threads as processors have one each; fewer or more, or with a wish of the user, may run
 * anywhere, also after they were pinned. A thread beside them is neither pinned nor interrupted. */
static void threads_are_pinned_where_each_has_a_processor(void **state)
{
    (void)state;
    const int processors = CPU_COUNT(&allowed);
    if (processors < 2) {
        skip();
    }
    expect_pinned(processors, true);
    pthread_t thread;
    cpu_set_t seen;
    void *blind = NULL;
    assert_int_equal(ar_thread_start(&thread, look_beside, &seen, "a look", NULL), AR_OK);
    assert_int_equal(pthread_join(thread, &blind), 0);
    assert_true(CPU_EQUAL(&seen, &allowed) && blind);
    expect_pinned(1, false);
    expect_pinned(processors, true);
    expect_pinned(processors + 1, false);
    assert_int_equal(setenv("OMP_PROC_BIND", "false", 1), 0);
    expect_pinned(processors, false);
    unsetenv("OMP_PROC_BIND");
}

int main(void)
{
    sched_getaffinity(0, sizeof allowed, &allowed);
    unsetenv("OMP_PROC_BIND");
    unsetenv("OMP_PLACES");
    unsetenv("GOMP_CPU_AFFINITY");
    unsetenv("KMP_AFFINITY");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_used),
        cmocka_unit_test(impossible_numbers_are_refused),
        cmocka_unit_test(threads_are_pinned_where_each_has_a_processor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
