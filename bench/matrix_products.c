/* Times the matrix products of linear layers on a path of the cpu backend, in alternation with a
 * loop of nothing but fused multiply-adds in registers, and prints GFLOP/s and the share of that
 * loop's speed in the same round, median over rounds:
 *
 *     bench-matrix_products [THREADS [PATH [KERNELS [ROUNDS]]]]
 *
 * PATH is portable, avx2, avx512 or avx512_bf16, KERNELS fma, pairs or onednn. With one thread
 * times are those of the thread, so that other work on the machine disturbs little. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/product_paths.h"
#include "base/log.h"
#include "base/memory.h"

enum { ROUNDS_MAX = 99 };

#undef cpu_peak_burst
double CPU_JOIN(cpu_peak_burst, portable)(ar_type precision, int64_t rounds);
#if defined(__x86_64__)
double CPU_JOIN(cpu_peak_burst, avx2)(ar_type precision, int64_t rounds);
double CPU_JOIN(cpu_peak_burst, avx512)(ar_type precision, int64_t rounds);
double CPU_JOIN(cpu_peak_burst, avx512_bf16)(ar_type precision, int64_t rounds);
#endif
static double (*const bursts[PRODUCT_PATHS])(ar_type precision, int64_t rounds) = {
    CPU_JOIN(cpu_peak_burst, portable),
#if defined(__x86_64__)
    CPU_JOIN(cpu_peak_burst, avx2),
    CPU_JOIN(cpu_peak_burst, avx512),
    CPU_JOIN(cpu_peak_burst, avx512_bf16),
#endif
};

/* A layer x [rows, in] → y [rows, out]. */
typedef struct {
    int64_t rows, in, out;
} layer;

static const layer layers[] = {
    {216, 256, 256},   {216, 256, 512},    {216, 512, 256},   {216, 512, 512},   {216, 512, 1024},
    {216, 1024, 512},  {216, 512, 1536},   {216, 1024, 1024}, {216, 256, 3888},  {120, 512, 15552},
    {648, 256, 256},   {648, 512, 512},    {648, 512, 1024},  {648, 1024, 512},  {648, 512, 15552},
    {4320, 256, 256},  {4320, 256, 512},   {4320, 512, 512},  {4320, 512, 1024}, {4320, 1024, 512},
    {4320, 512, 1536}, {4320, 1024, 1024}, {4320, 256, 3888}, {20, 512, 1024},
};

static const char *const kernel_names[] = {"", "fma", "pairs", "onednn"};
static const char *const kinds[] = {"y = x W'", "dx = dz W", "dW = dz' x"};

static double seconds(int threads)
{
    struct timespec now;
    clock_gettime(threads > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* GFLOP/s of all threads together. */
static double peak(size_t path, ar_type precision, int threads)
{
    double operations = 0, start = seconds(threads);
#pragma omp parallel num_threads(threads) reduction(+ : operations)
    operations += bursts[path](precision, 40000);
    return 1e-9 * operations / (seconds(threads) - start);
}

/* What is timed: one of the three products of a layer. */
static matrix_product product_of(layer l, int kind, float *const m[3])
{
    matrix_product p = {.a = m[0], .b = m[1], .c = m[2]};
    if (kind == 0) {
        p.m = l.rows, p.n = l.out, p.k = l.in, p.transpose_b = true;
    } else if (kind == 1) {
        p.m = l.rows, p.n = l.in, p.k = l.out;
    } else {
        p.m = l.out, p.n = l.in, p.k = l.rows, p.transpose_a = true;
    }
    p.a_stride = p.transpose_a ? p.m : p.k;
    p.b_stride = p.transpose_b ? p.k : p.n;
    p.c_stride = p.n;
    p.accumulate = kind == 2;
    return p;
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* Median GFLOP/s, and into `share` the median share of the peak. */
static double time_product(size_t path, matrix_product p, int rounds, double *share)
{
    const double operations = 2e-9 * (double)p.m * (double)p.n * (double)p.k;
    double speed[ROUNDS_MAX], ratio[ROUNDS_MAX];
    for (int round = -1; round < rounds; round++) {
        double now = peak(path, p.precision, p.threads), start = seconds(p.threads), end;
        int64_t times = 0;
        do {
            product_paths[path].multiply(&p);
            end = seconds(p.threads);
            times++;
        } while (end - start < 0.005);
        if (round >= 0) {
            speed[round] = operations * (double)times / (end - start);
            ratio[round] = speed[round] / now;
        }
    }
    qsort(speed, (size_t)rounds, sizeof *speed, ascending);
    qsort(ratio, (size_t)rounds, sizeof *ratio, ascending);
    *share = ratio[rounds / 2];
    return speed[rounds / 2];
}

static void print_layer(size_t path, layer l, matrix_product common, float *const m[3], int rounds)
{
    printf("%5d x %5d -> %5d", (int)l.rows, (int)l.in, (int)l.out);
    for (int precision = 0; precision < 2; precision++) {
        for (int kind = 0; kind < 3; kind++) {
            matrix_product p = product_of(l, kind, m);
            p.precision = precision ? AR_TYPE_BFLOAT16 : AR_TYPE_FLOAT32;
            p.threads = common.threads;
            p.kernels = common.kernels;
            p.workspace = common.workspace;
            double share, speed = time_product(path, p, rounds, &share);
            printf("  %6.1f %4.0f %%", speed, 100 * share);
        }
    }
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const int threads = argc > 1 ? atoi(argv[1]) : 1, rounds = argc > 4 ? atoi(argv[4]) : 9;
    const char *wanted = argc > 2 ? argv[2] : "avx512_bf16";
    matrix_product common = {.threads = threads};
    for (int k = 0; k < 4 && argc > 3; k++) {
        common.kernels =
            strcmp(argv[3], kernel_names[k]) == 0 ? (product_kernels)k : common.kernels;
    }
    size_t path = 0;
    while (path < PRODUCT_PATHS && strcmp(product_paths[path].backend + 4, wanted) != 0) {
        path++;
    }
    if (path == PRODUCT_PATHS || !ar_backend_find(product_paths[path].backend) || threads < 1 ||
        rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: %s [THREADS [PATH [KERNELS [ROUNDS]]]]\n", argv[0]);
        return 1;
    }
    float *m[3];
    const size_t largest = (size_t)4320 * 15552;
    ar_error err;
    for (int i = 0; i < 3; i++) {
        if (ar_allocate(&m[i], largest, sizeof(float), "a matrix", &err) != AR_OK) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        for (size_t j = 0; j < largest; j++) {
            m[i][j] = (float)(j % 97) * 0.01f - 0.5f;
        }
    }
    if (ar_allocate((char **)&common.workspace, product_paths[path].workspace(threads), 1,
                    "workspace", &err) != AR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("%s, %d threads; GFLOP/s and share of the multiply-add loop's %.0f\n%22s",
           product_paths[path].backend, threads, peak(path, AR_TYPE_FLOAT32, threads),
           "rows x in -> out");
    for (int i = 0; i < 6; i++) {
        printf("  %11s", kinds[i % 3]);
    }
    printf("\n%22s  %11s%42s\n", "", "float32", "bf16");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        print_layer(path, layers[i], common, m, rounds);
    }
    ar_free(common.workspace);
    for (int i = 0; i < 3; i++) {
        ar_free(m[i]);
    }
    return 0;
}
