/* How many threads work, and where. */
#ifndef AR_BASE_THREADS_H
#define AR_BASE_THREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

enum { AR_THREADS_MOST = 1024 };

/* Let OpenMP use `wanted` threads from here on, 0: as many as it would anyway; *threads receives
 * how many. Fewer than 0 or more than AR_THREADS_MOST are AR_ERROR_USAGE: a system that cannot
 * start them ends the program without a word.
 *
 * With as many threads as there are processors that this program may use, each is pinned to one, so
 * that what a thread wrote stays in its caches and on its NUMA node. With fewer threads none is,
 * since two programs would choose the same processors; nor where the user decides, by
 * OMP_PROC_BIND, OMP_PLACES, GOMP_CPU_AFFINITY or KMP_AFFINITY. To be called by the thread that
 * computes, before others are started: a thread inherits where its maker may run. One computing
 * thread a program: the pools of two would be pinned to the same processors. */
AR_USE_RESULT ar_status ar_threads_set(int64_t wanted, int *threads, ar_error *err);

/* Let them run anywhere again; before a call of the library ends, so that threads which its caller
 * starts later are not bound to the processor of the one that computed. */
void ar_threads_release(void);

/* Start a thread beside those that compute: on any processor that the program may use, blind to
 * signals, which would run handlers on its stack. `what` names it in the error. */
AR_USE_RESULT ar_status ar_thread_start(pthread_t *thread, void *(*run)(void *), void *argument,
                                        const char *what, ar_error *err);

#endif
