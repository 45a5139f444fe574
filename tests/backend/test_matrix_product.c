/* Matrix products of all paths that this processor can run, in both precisions, by each kind of
 * kernels, against a plain double loop. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "backend/cpu/onednn/onednn_product.h"
#include "backend/product_paths.h"
#include "base/memory.h"
#include "base/random.h"

typedef struct {
    int64_t m, n, k;
} shape;

/* Single rows and columns, parts of a register tile and one more than whole ones for each path's
 * tile (14×32, 6×16, 6×8), more than one block of the inner dimension (512 units, 1024 values as
 * pairs), and nothing at all. */
static const shape shapes[] = {{1, 1, 1},   {3, 5, 7},     {14, 32, 16}, {15, 33, 17}, {6, 16, 8},
                               {7, 17, 31}, {29, 70, 90},  {1, 257, 64}, {130, 1, 33}, {40, 9, 513},
                               {5, 6, 0},   {9, 40, 1025}, {0, 5, 3},    {4, 0, 3}};

/* More than one block of rows, and of columns, that stay packed. */
static const shape large_shapes[] = {{258, 290, 512}, {290, 270, 512}};

/* What a test multiplies: matrices with gaps between rows, in memory that ends with the last
 * element, so that the sanitizers see a step too far. */
typedef struct {
    float *a, *b, *c, *expected, *bound, *bias, *residual, *before, *workspace;
    matrix_product product;
} trial;

enum { GAP = 3 };
static const float untouched = 12345.0f;

static float *allocate(int64_t count)
{
    float *values = NULL;
    ar_error err;
    if (ar_allocate(&values, (size_t)(count > 0 ? count : 1), sizeof *values, "a matrix", &err)) {
        fail_msg("%s", err.message);
    }
    return values;
}

static int64_t size_of(int64_t rows, int64_t columns)
{
    return rows > 0 ? rows * (columns + GAP) - GAP : 0;
}

/* Normal random numbers, or what should stay untouched. */
static float *matrix(int64_t rows, int64_t columns, ar_random *random)
{
    float *values = allocate(size_of(rows, columns));
    for (int64_t i = 0; i < size_of(rows, columns); i++) {
        values[i] = random ? (float)ar_random_normal(random) : untouched;
    }
    return values;
}

static float operand(float value, ar_type precision)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (precision == AR_TYPE_BFLOAT16) {
        /* Half a unit of the last place less one, and one where the last bit kept is odd. */
        bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* `rows` vectors along the inner dimension, as the product takes them. */
static float *operands(const matrix_product *p, const float *from, int64_t rows, int64_t row_stride,
                       int64_t inner_stride)
{
    float *values = allocate(rows * p->k);
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t k = 0; k < p->k; k++) {
            values[i * p->k + k] = operand(from[i * row_stride + k * inner_stride], p->precision);
        }
    }
    return values;
}

/* The product, and to what rounding errors are held: each of k additions errs by at most 2⁻²⁴ of a
 * partial sum, which is below Σ|a||b|, with random signs. (4 + √k)·2⁻²³·Σ|a||b| is many standard
 * deviations of that, and less than 1/10 of what an operand's rounding to bfloat16 (2⁻⁹ of it)
 * that is forgotten, or done twice in another way, changes for every k here. */
static void multiply_plainly(trial *t)
{
    const matrix_product *p = &t->product;
    float *a =
        operands(p, p->a, p->m, p->transpose_a ? 1 : p->a_stride, p->transpose_a ? p->a_stride : 1);
    float *b =
        operands(p, p->b, p->n, p->transpose_b ? p->b_stride : 1, p->transpose_b ? 1 : p->b_stride);
    for (int64_t i = 0; i < p->m; i++) {
        for (int64_t j = 0; j < p->n; j++) {
            double sum = p->accumulate ? (double)p->c[i * p->c_stride + j] : 0, size = fabs(sum);
            for (int64_t k = 0; k < p->k; k++) {
                double term = (double)a[i * p->k + k] * (double)b[j * p->k + k];
                sum += term;
                size += fabs(term);
            }
            t->expected[i * p->n + j] = (float)sum;
            t->bound[i * p->n + j] = (float)((4 + sqrt((double)p->k)) * ldexp(size, -23));
        }
    }
    ar_free(a);
    ar_free(b);
}

/* What a check is run for. */
typedef struct {
    size_t path;
    shape shape;
    bool transpose_a, transpose_b;
    ar_type precision;
    product_kernels kernels;
} setting;

static void trial_init(trial *t, setting s, int threads)
{
    ar_random random = {.seed = 7, .purpose = AR_RANDOM_TEST};
    const int64_t m = s.shape.m, n = s.shape.n, k = s.shape.k;
    const int64_t a_rows = s.transpose_a ? k : m, a_columns = s.transpose_a ? m : k;
    const int64_t b_rows = s.transpose_b ? n : k, b_columns = s.transpose_b ? k : n;
    *t = (trial){.a = matrix(a_rows, a_columns, &random),
                 .b = matrix(b_rows, b_columns, &random),
                 .c = matrix(m, n, NULL),
                 .expected = allocate(m * n),
                 .bound = allocate(m * n),
                 .bias = matrix(1, n, &random),
                 .residual = matrix(m, n, &random),
                 .before = matrix(m, n, NULL),
                 .workspace = allocate((int64_t)product_paths[s.path].workspace(threads) / 4)};
    t->product = (matrix_product){.a = t->a,
                                  .b = t->b,
                                  .c = t->c,
                                  .transpose_a = s.transpose_a,
                                  .transpose_b = s.transpose_b,
                                  .m = m,
                                  .n = n,
                                  .k = k,
                                  .a_stride = a_columns + GAP,
                                  .b_stride = b_columns + GAP,
                                  .c_stride = n + GAP,
                                  .precision = s.precision,
                                  .kernels = s.kernels,
                                  .threads = threads,
                                  .workspace = t->workspace};
}

static void trial_release(trial *t)
{
    float *const matrices[] = {t->a,    t->b,        t->c,      t->expected, t->bound,
                               t->bias, t->residual, t->before, t->workspace};
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++) {
        ar_free(matrices[i]);
    }
}

/* Matrix [m, n] with the product's stride is as expected, and nothing was written between rows. */
static void compare(const trial *t, setting s, const float *values)
{
    const matrix_product *p = &t->product;
    for (int64_t i = 0; i < p->m; i++) {
        for (int64_t j = 0; j < p->n; j++) {
            float error = fabsf(values[i * p->c_stride + j] - t->expected[i * p->n + j]);
            if (!(error <= t->bound[i * p->n + j])) {
                fail_msg("%s: kernels %d, precision %d, %s%s, %d threads, %d x %d x %d: element "
                         "%d, %d is off by %.2e, allowed %.2e",
                         product_paths[s.path].backend, p->kernels, p->precision,
                         p->transpose_a ? "T" : "N", p->transpose_b ? "T" : "N", p->threads,
                         (int)p->m, (int)p->n, (int)p->k, (int)i, (int)j, (double)error,
                         (double)t->bound[i * p->n + j]);
            }
        }
        for (int64_t j = p->n; j < p->c_stride && i + 1 < p->m; j++) {
            assert_true(values[i * p->c_stride + j] == untouched);
        }
    }
}

typedef void (*check)(setting s);

/* All paths, kernels and precisions there are. */
static void for_all_kernels(check each, setting s)
{
    for (s.path = 0; s.path < PRODUCT_PATHS; s.path++) {
        if (!ar_backend_find(product_paths[s.path].backend)) {
            continue;
        }
        for (int kernels = PRODUCT_BY_CHOICE; kernels <= PRODUCT_BY_ONEDNN; kernels++) {
            for (int rounded = 0; rounded < 2; rounded++) {
                s.kernels = (product_kernels)kernels;
                s.precision = rounded ? AR_TYPE_BFLOAT16 : AR_TYPE_FLOAT32;
                if (kernels != PRODUCT_BY_PAIRS || (rounded && product_paths[s.path].pairs)) {
                    each(s);
                }
            }
        }
    }
}

/* And all small shapes, with all transposes or one in turn. */
static void for_all(check each, bool all_transposes)
{
    for (int i = 0; i < (int)(sizeof shapes / sizeof *shapes); i++) {
        for (int kind = all_transposes ? 0 : i % 4; kind < 4; kind += all_transposes ? 1 : 4) {
            for_all_kernels(
                each,
                (setting){.shape = shapes[i], .transpose_a = kind & 1, .transpose_b = kind & 2});
        }
    }
}

/* C = A·B, and C += A·B on top of it. */
static void check_product(setting s)
{
    for (int threads = 1; threads <= 3; threads += 2) {
        trial t;
        trial_init(&t, s, threads);
        for (int again = 0; again < 2; again++) {
            t.product.accumulate = again > 0;
            multiply_plainly(&t);
            product_paths[s.path].multiply(&t.product);
            compare(&t, s, t.c);
        }
        trial_release(&t);
    }
}

static void check_alone(setting s)
{
    trial t;
    trial_init(&t, s, 1);
    multiply_plainly(&t);
    product_paths[s.path].multiply(&t.product);
    compare(&t, s, t.c);
    trial_release(&t);
}

static void products_are_sums(void **state)
{
    (void)state;
    for_all(check_product, true);
    for_all_kernels(check_alone, (setting){.shape = large_shapes[0], .transpose_b = true});
    for_all_kernels(check_alone, (setting){.shape = large_shapes[1], .transpose_a = true});
}

/* z = A·B + bias is kept, y = gelu(z) + residual, where the GELU is z·Φ(z) by the C library's erfc.
 * Ours is within 5e-7·max(1, |z|) of it (elementary.h); the GELU's slope is at most 1.13. */
static void check_finish(setting s)
{
    trial t;
    trial_init(&t, s, 3);
    matrix_product *p = &t.product;
    p->finish = (product_finish){.bias = t.bias,
                                 .gelu = true,
                                 .before_gelu = t.before,
                                 .before_stride = p->c_stride,
                                 .residual = t.residual,
                                 .residual_stride = p->c_stride};
    multiply_plainly(&t);
    product_paths[s.path].multiply(p);
    for (int64_t i = 0; i < p->m * p->n; i++) {
        t.expected[i] += t.bias[i % p->n];
        t.bound[i] += 1e-6f;
    }
    compare(&t, s, t.before);
    for (int64_t i = 0; i < p->m * p->n; i++) {
        double z = (double)t.expected[i], size = fmax(1.0, fabs(z));
        double residual = (double)t.residual[i / p->n * p->c_stride + i % p->n];
        t.expected[i] = (float)(z * 0.5 * erfc(-z / sqrt(2.0)) + residual);
        t.bound[i] = 1.2f * t.bound[i] + (float)(5e-7 * size);
    }
    compare(&t, s, t.c);
    trial_release(&t);
}

static void products_are_finished(void **state)
{
    (void)state;
    for_all(check_finish, false);
}

/* The same bits twice and, of our own kernels, for any number of threads. */
static void check_repeat(setting s)
{
    trial once, again, alone;
    trial_init(&once, s, 3);
    trial_init(&again, s, 3);
    trial_init(&alone, s, 1);
    product_paths[s.path].multiply(&once.product);
    product_paths[s.path].multiply(&again.product);
    product_paths[s.path].multiply(&alone.product);
    const size_t bytes = (size_t)size_of(s.shape.m, s.shape.n) * sizeof(float);
    assert_memory_equal(once.c, again.c, bytes);
    if (s.kernels == PRODUCT_BY_FMA || s.kernels == PRODUCT_BY_PAIRS) {
        assert_memory_equal(once.c, alone.c, bytes);
    }
    trial_release(&once);
    trial_release(&again);
    trial_release(&alone);
}

static void products_repeat(void **state)
{
    (void)state;
    for_all(check_repeat, false);
}

/* A NaN, whatever its bits, and an infinity are not lost when they are rounded. */
static void check_bad_value(setting s)
{
    static const uint32_t bad[] = {0x7fffffff, 0xffffffff, 0x7f800001, 0xff800000, 0x7f800000};
    const bool nothing = s.shape.m == 0 || s.shape.n == 0 || s.shape.k == 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad && !nothing; i++) {
        trial t;
        trial_init(&t, s, 1);
        memcpy(t.a, &bad[i], sizeof bad[i]);
        product_paths[s.path].multiply(&t.product);
        /* Element (0, 0) of A is in all sums of the first row. */
        for (int64_t j = 0; j < s.shape.n; j++) {
            assert_false(isfinite(t.c[j]));
        }
        trial_release(&t);
    }
}

static void bad_values_show(void **state)
{
    (void)state;
    for_all(check_bad_value, false);
}

/* Rounding errs by at most 2⁻⁹ an operand, so by 4e-3 of a product, and by less in the norm of
 * sums with random signs. By nothing at all only if it is not done. */
static void check_rounding(setting s)
{
    trial exact, rounded;
    trial_init(&exact, s, 2);
    trial_init(&rounded, s, 2);
    exact.product.precision = AR_TYPE_FLOAT32;
    rounded.product.precision = AR_TYPE_BFLOAT16;
    product_paths[s.path].multiply(&exact.product);
    product_paths[s.path].multiply(&rounded.product);
    double difference = 0, norm = 0;
    for (int64_t i = 0; i < s.shape.m * s.shape.n; i++) {
        const int64_t at = i / s.shape.n * exact.product.c_stride + i % s.shape.n;
        double e = (double)exact.c[at], r = (double)rounded.c[at];
        difference += (e - r) * (e - r);
        norm += e * e;
    }
    const double error = sqrt(difference / norm);
    assert_true(error < 1e-2);
    assert_true(error > 1e-4);
    trial_release(&exact);
    trial_release(&rounded);
}

static void bf16_is_close_to_float32(void **state)
{
    (void)state;
    for_all_kernels(check_rounding, (setting){.shape = {50, 60, 700}, .transpose_b = true});
}

/* A B that was packed beforehand, by another number of threads, gives the same bits, also for fewer
 * rows of A. */
static void check_packed(setting s)
{
    trial plain, packed;
    if (s.kernels == PRODUCT_BY_ONEDNN) {
        return;
    }
    trial_init(&plain, s, 2);
    trial_init(&packed, s, 3);
    float *b = allocate((int64_t)product_paths[s.path].packed_floats(&packed.product));
    product_paths[s.path].pack(&packed.product, b);
    packed.product.packed_b = b;
    packed.product.threads = 2;
    for (int64_t rows = s.shape.m; rows > 0; rows /= 3) {
        plain.product.m = packed.product.m = rows;
        product_paths[s.path].multiply(&plain.product);
        product_paths[s.path].multiply(&packed.product);
        assert_memory_equal(plain.c, packed.c, (size_t)size_of(rows, s.shape.n) * sizeof(float));
    }
    ar_free(b);
    trial_release(&plain);
    trial_release(&packed);
}

static void packing_beforehand_changes_nothing(void **state)
{
    (void)state;
    for_all(check_packed, true);
    for_all_kernels(check_packed, (setting){.shape = large_shapes[0], .transpose_b = true});
}

/* The comparisons above would pass without oneDNN too, as the own kernels step in for it. */
static void onednn_computes(void **state)
{
    (void)state;
#ifdef ATMOREP_ONEDNN
    for (int kind = 0; kind < 4; kind++) {
        trial t;
        const setting s = {.shape = {40, 33, 70},
                           .transpose_a = kind & 1,
                           .transpose_b = kind & 2,
                           .kernels = PRODUCT_BY_ONEDNN};
        trial_init(&t, s, 2);
        multiply_plainly(&t);
        assert_true(onednn_multiply(&t.product));
        compare(&t, s, t.c);
        trial_release(&t);
    }
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_sums),
        cmocka_unit_test(products_are_finished),
        cmocka_unit_test(products_repeat),
        cmocka_unit_test(bad_values_show),
        cmocka_unit_test(bf16_is_close_to_float32),
        cmocka_unit_test(packing_beforehand_changes_nothing),
        cmocka_unit_test(onednn_computes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
