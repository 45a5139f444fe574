/* How many threads work. */
#ifndef AR_BASE_THREADS_H
#define AR_BASE_THREADS_H

#include <stdint.h>

#include "atmorep/status.h"

enum { AR_THREADS_MOST = 1024 };

/* Let OpenMP use `wanted` threads from here on, 0: as many as it would anyway; *threads receives
 * how many. Fewer than 0 or more than AR_THREADS_MOST are AR_ERROR_USAGE: a system that cannot
 * start them ends the program without a word. */
AR_USE_RESULT ar_status ar_threads_set(int64_t wanted, int *threads, ar_error *err);

#endif
