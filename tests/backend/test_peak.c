/* The yardstick of profiles: every path that this processor can run has one in both precisions,
 * and it counts what it does. How fast that is no test can know. */
#include "backend/cpu/peak.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void every_path_has_a_peak(void **state)
{
    static const char *const paths[] = {"cpu", "cpu-portable", "cpu-avx2", "cpu-avx512",
                                        "cpu-avx512_bf16"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const ar_backend *backend = ar_backend_find(paths[i]);
        for (int threads = 1; backend && threads <= 2; threads++) {
            const double single = backend->peak(AR_TYPE_FLOAT32, threads, 1e-3);
            const double half = backend->peak(AR_TYPE_BFLOAT16, threads, 1e-3);
            assert_true(isfinite(single) && single > 0);
            assert_true(isfinite(half) && half > 0);
        }
    }
    const double bytes = ar_backend_find("cpu")->bandwidth(2);
    assert_true(isfinite(bytes) && bytes > 0);
}

/* A round of the portable path: 8 times 12 chains of 4 lanes, two operations each. */
static void operations_are_counted(void **state)
{
    (void)state;
    assert_true(cpu_peak_burst(AR_TYPE_FLOAT32, 1) == 8 * 12 * 4 * 2);
    assert_true(cpu_peak_burst(AR_TYPE_FLOAT32, 1000) == 1000.0 * 8 * 12 * 4 * 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_path_has_a_peak),
                                       cmocka_unit_test(operations_are_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
