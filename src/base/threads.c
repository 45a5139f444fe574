#include "base/threads.h"

#include <errno.h>
#include <omp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- where threads may run ------------------------------------------------------------------- */

static cpu_set_t allowed; /* what the program could use when it began; empty if unknown */
static int pinned;        /* so many of OpenMP's threads are, the first ones */
static pthread_once_t allowed_is_read = PTHREAD_ONCE_INIT;

/* A machine with more processors than the set has bits for is left to the system. */
static void read_allowed(void)
{
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        CPU_ZERO(&allowed);
    }
}

static bool user_decides(void)
{
    static const char *const names[] = {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY",
                                        "KMP_AFFINITY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (getenv(names[i])) {
            return true;
        }
    }
    return false;
}

/* The allowed processor number `index`, counted from 0. */
static cpu_set_t processor(int index)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && index-- == 0) {
            CPU_SET(cpu, &one);
        }
    }
    return one;
}

/* Each thread of the pool to its processor, or all of them to all. What the system refuses stays as
 * it was: threads then run where it likes, slower at worst. */
static void place(int threads, bool pin)
{
#pragma omp parallel num_threads(threads)
    {
        const cpu_set_t where = pin ? processor(omp_get_thread_num()) : allowed;
        (void)sched_setaffinity(0, sizeof where, &where);
    }
    pinned = pin ? threads : 0;
}

ar_status ar_threads_set(int64_t wanted, int *threads, ar_error *err)
{
    if (wanted < 0 || wanted > AR_THREADS_MOST) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%lld threads: should be 1 to %d, or 0 for one on every core",
                       (long long)wanted, AR_THREADS_MOST);
    }
    *threads = wanted > 0 ? (int)wanted : omp_get_max_threads();
    omp_set_num_threads(*threads);
    pthread_once(&allowed_is_read, read_allowed);
    if (pinned == 0) {
        read_allowed();
    }
    const bool pin = *threads > 1 && *threads == CPU_COUNT(&allowed) && !user_decides();
    if (pin || pinned > 0) {
        place(pin || *threads > pinned ? *threads : pinned, pin);
    }
    return AR_OK;
}

void ar_threads_release(void)
{
    if (pinned > 0) {
        place(pinned, false);
    }
}

/* ---- threads beside them --------------------------------------------------------------------- */

ar_status ar_thread_start(pthread_t *thread, void *(*run)(void *), void *argument, const char *what,
                          ar_error *err)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_once(&allowed_is_read, read_allowed);
    int code = pthread_attr_init(&attributes);
    if (code == 0) {
        if (CPU_COUNT(&allowed) > 0) {
            (void)pthread_attr_setaffinity_np(&attributes, sizeof allowed, &allowed);
        }
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        code = pthread_create(thread, &attributes, run, argument);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
    }
    if (code != 0) {
        return ar_fail(err, AR_ERROR_MEMORY, "%s: no thread can be started for it: %s", what,
                       strerror(code));
    }
    return AR_OK;
}
