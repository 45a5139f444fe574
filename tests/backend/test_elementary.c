/* The elementary functions of the cpu backend against the C library's double ones: on every path
 * through the ops that are made of them, and the functions themselves over all of their range. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "atmorep/backend.h"
#include "backend/cpu/elementary.h"

static const char *const paths[] = {"cpu-portable", "cpu-avx2", "cpu-avx512", "cpu-avx512_bf16"};

/* Every so many-th float there is, of both signs; the step is odd, so that all last bits occur. */
enum { STEP = 1009 };

static bool next_float(uint32_t *bits, float *value)
{
    do {
        if (*bits > UINT32_MAX - STEP) {
            return false;
        }
        *bits += STEP;
        memcpy(value, bits, sizeof *value);
    } while (!isfinite(*value));
    return true;
}

static void exponential_is_as_accurate_as_stated(void **state)
{
    (void)state;
    double largest = 0;
    float x;
    for (uint32_t bits = 0; next_float(&bits, &x);) {
        if (x >= -87 && x <= 88) {
            largest = fmax(largest, fabs((double)fast_exp(x) / exp((double)x) - 1));
        } else {
            assert_true(fast_exp(x) == fast_exp(x < 0 ? -87.0f : 88.0f));
        }
    }
    assert_true(largest < 2e-7);
    assert_true(fast_exp(0) == 1);
    assert_true(isnan(fast_exp(NAN)));
}

static void normal_distribution_is_as_accurate_as_stated(void **state)
{
    (void)state;
    double tail = 0, bell = 0, cumulative = 0, within = 0;
    float x, b;
    for (uint32_t bits = 0; next_float(&bits, &x);) {
        const double y = (double)x / sqrt(2);
        tail = fmax(tail, fabs((double)fast_normal_tail(x, &b) - 0.5 * erfc(fabs(y))));
        bell = fmax(bell, fabs((double)b - exp(-y * y)));
        cumulative = fmax(cumulative, fabs((double)fast_normal_cumulative(x, &b) - 0.5 * erfc(-y)));
        within = fmax(within, fabs((double)fast_normal_within(x, &b) - erf(y)));
        assert_true(fast_normal_tail(x, &b) >= 0);
    }
    assert_true(tail < 1e-7 && bell < 2e-7 && cumulative < 1.3e-7 && within < 2e-7);
    assert_true(isnan(fast_normal_cumulative(NAN, &b)) && isnan(b));
}

/* With σ = 1, μ = 0 and y = z the slopes of the Gaussian CRPS are −erf(z/√2) and 2φ(z) − 1/√π at
 * every value (Gneiting et al. 2005): what each path's vectors make of the functions. The odd
 * number of values has both whole registers and a rest. */
enum { ROWS = 3, VALUES = 21467 };

static float zeros[ROWS * VALUES], ones[ROWS * VALUES], truths[ROWS * VALUES];
static float to_mean[ROWS * VALUES], to_deviation[ROWS * VALUES];

static void slopes_of_crps(const ar_backend *backend)
{
    float seed = ROWS * VALUES;
    const ar_matrix shape = {.rows = ROWS, .columns = VALUES, .stride = VALUES};
    ar_matrix inputs[3] = {shape, shape, shape}, gradients[3] = {shape, shape, {0}};
    ar_matrix outputs[1] = {{0}}, given[1] = {{.data = &seed, .rows = 1, .columns = 1}};
    inputs[0].data = zeros;
    inputs[1].data = ones;
    inputs[2].data = truths;
    gradients[0].data = to_mean;
    gradients[1].data = to_deviation;
    const ar_op_attributes attributes = {0};
    backend->adjoint[AR_OP_LOSS_CRPS](&(ar_op_call){.attributes = &attributes,
                                                    .input_count = 3,
                                                    .output_count = 1,
                                                    .inputs = inputs,
                                                    .outputs = outputs,
                                                    .input_gradients = gradients,
                                                    .output_gradients = given,
                                                    .accumulate = (const bool[3]){false},
                                                    .threads = 2});
}

/* Errors of the functions as stated, and a rounding of the sum: 6e-8 of at most 0.6. */
static void every_path_has_the_same_functions(void **state)
{
    (void)state;
    for (int i = 0; i < ROWS * VALUES; i++) {
        ones[i] = 1;
        truths[i] = 16.0f * ((float)i / (ROWS * VALUES) - 0.5f);
    }
    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        const ar_backend *backend = ar_backend_find(paths[p]);
        if (!backend) {
            continue;
        }
        slopes_of_crps(backend);
        for (int i = 0; i < ROWS * VALUES; i++) {
            const double z = (double)truths[i], bell = exp(-0.5 * z * z);
            const double error = (double)to_mean[i] + erf(z / sqrt(2));
            const double other =
                (double)to_deviation[i] - (2 * bell / sqrt(2 * M_PI) - 1 / sqrt(M_PI));
            if (!(fabs(error) < 2.1e-7 && fabs(other) < 2.1e-7)) {
                fail_msg("%s: at %g off by %.2e and %.2e", paths[p], z, error, other);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_is_as_accurate_as_stated),
        cmocka_unit_test(normal_distribution_is_as_accurate_as_stated),
        cmocka_unit_test(every_path_has_the_same_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
