/* Matrix products of every path that is compiled in, for tests and timings; the program itself
 * reaches them through its backend only. */
#ifndef TESTS_BACKEND_PRODUCT_PATHS_H
#define TESTS_BACKEND_PRODUCT_PATHS_H

#include "backend/cpu/matrix_product.h"

#define DECLARE_PRODUCTS(path)                                                                     \
    void CPU_JOIN(cpu_multiply, path)(const matrix_product *product);                              \
    size_t CPU_JOIN(cpu_multiply_workspace, path)(int threads);                                    \
    size_t CPU_JOIN(cpu_multiply_packed_floats, path)(const matrix_product *product);              \
    void CPU_JOIN(cpu_multiply_pack, path)(const matrix_product *product, float *packed);
#define PRODUCTS_OF(path, dots)                                                                    \
    {                                                                                              \
        "cpu-" #path, CPU_JOIN(cpu_multiply, path), CPU_JOIN(cpu_multiply_workspace, path),        \
            CPU_JOIN(cpu_multiply_packed_floats, path), CPU_JOIN(cpu_multiply_pack, path), dots    \
    }

#undef cpu_multiply
#undef cpu_multiply_workspace
#undef cpu_multiply_packed_floats
#undef cpu_multiply_pack
DECLARE_PRODUCTS(portable)
#if defined(__x86_64__)
DECLARE_PRODUCTS(avx2)
DECLARE_PRODUCTS(avx512)
DECLARE_PRODUCTS(avx512_bf16)
#endif

static const struct {
    const char *backend; /* runs here if ar_backend_find() knows it */
    void (*multiply)(const matrix_product *product);
    size_t (*workspace)(int threads);
    size_t (*packed_floats)(const matrix_product *product);
    void (*pack)(const matrix_product *product, float *packed);
    bool pairs; /* has dot products of bfloat16 pairs */
} product_paths[] = {
    PRODUCTS_OF(portable, false),
#if defined(__x86_64__)
    PRODUCTS_OF(avx2, false),
    PRODUCTS_OF(avx512, false),
    PRODUCTS_OF(avx512_bf16, true),
#endif
};
enum { PRODUCT_PATHS = sizeof product_paths / sizeof *product_paths };

#endif
