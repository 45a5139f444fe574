#include "base/threads.h"

#include <omp.h>

ar_status ar_threads_set(int64_t wanted, int *threads, ar_error *err)
{
    if (wanted < 0 || wanted > AR_THREADS_MOST) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%lld threads: should be 1 to %d, or 0 for one on every core",
                       (long long)wanted, AR_THREADS_MOST);
    }
    *threads = wanted > 0 ? (int)wanted : omp_get_max_threads();
    omp_set_num_threads(*threads);
    return AR_OK;
}
