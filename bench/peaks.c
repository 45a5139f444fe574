/* What this machine could do at most, as one line of JSON: the rates of multiply-adds and of the
 * memory that bench/run.sh measures shares of.
 *
 *     build/release/bin/bench-peaks [THREADS]
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "atmorep/backend.h"

int main(int argc, char **argv)
{
    const double seconds = 1.0, giga = 1e-9;
    const ar_backend *backend = ar_backend_find("cpu");
    const int threads = argc > 1 ? atoi(argv[1]) : omp_get_max_threads();
    if (threads < 1 || argc > 2) {
        fputs("usage: bench-peaks [THREADS]\n", stderr);
        return 2;
    }
    printf("{\"threads\":%d,\"float32_gflops\":%.1f,\"bf16_gflops\":%.1f,\"memory_gb_s\":%.1f}\n",
           threads, giga * backend->peak(AR_TYPE_FLOAT32, threads, seconds),
           giga * backend->peak(AR_TYPE_BFLOAT16, threads, seconds),
           giga * backend->bandwidth(threads));
    return 0;
}
