/* Layer norm of rows whose mean is far larger than their spread, as geopotential has them: what the
 * difference of two large squares would get wrong. Every path against the definition in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "atmorep/backend.h"
#include "base/random.h"

enum { ROWS = 5, COLUMNS = 2048 };
static float x[ROWS * COLUMNS], y[ROWS * COLUMNS], statistics[2 * ROWS];

static void run(const ar_backend *backend, int64_t columns)
{
    const ar_matrix inputs[3] = {
        {.data = x, .rows = ROWS, .columns = columns, .stride = COLUMNS}, {0}, {0}};
    const ar_matrix outputs[2] = {{.data = y, .rows = ROWS, .columns = columns, .stride = COLUMNS},
                                  {.data = statistics, .rows = ROWS, .columns = 2, .stride = 2}};
    const ar_op_attributes attributes = {.epsilon = 1e-5};
    backend->forward[AR_OP_LAYER_NORM](&(ar_op_call){.attributes = &attributes,
                                                     .input_count = 3,
                                                     .output_count = 2,
                                                     .inputs = inputs,
                                                     .outputs = outputs,
                                                     .threads = 2});
}

/* float32 knows a mean of 5e4 to 4e-3 and a few such roundings add up: 2e-4 of the spread of 100.
 * Squares of 2.5e9 would be known to 150, more than the variance's hundredth. */
static void a_large_mean_does_no_harm(void **state)
{
    (void)state;
    static const char *const paths[] = {"ref", "cpu-portable", "cpu-avx2", "cpu-avx512",
                                        "cpu-avx512_bf16"};
    static const int64_t widths[] = {16, 75, 256, 2048};
    ar_random random = {.seed = 4, .purpose = AR_RANDOM_TEST};
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        x[i] = (float)(5e4 + 100 * ar_random_normal(&random));
    }
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        const ar_backend *backend = ar_backend_find(paths[p]);
        for (size_t w = 0; backend && w < sizeof widths / sizeof *widths; w++) {
            run(backend, widths[w]);
            for (int r = 0; r < ROWS; r++) {
                const float *row = x + r * COLUMNS;
                double mean = 0, square = 0, largest = 0;
                for (int64_t c = 0; c < widths[w]; c++) {
                    mean += (double)row[c] / (double)widths[w];
                }
                for (int64_t c = 0; c < widths[w]; c++) {
                    square += ((double)row[c] - mean) * ((double)row[c] - mean);
                }
                const double inverse = 1 / sqrt(square / (double)widths[w] + 1e-5);
                for (int64_t c = 0; c < widths[w]; c++) {
                    const double wanted = ((double)row[c] - mean) * inverse;
                    largest = fmax(largest, fabs((double)y[r * COLUMNS + c] - wanted));
                }
                if (!(largest < 2e-4)) {
                    fail_msg("%s, %d columns: off by %.2e", paths[p], (int)widths[w], largest);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_large_mean_does_no_harm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
