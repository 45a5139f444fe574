/* Philox 4x32-10 against the known-answer vectors of its authors' Random123 distribution, and the
 * streams built on it. */
#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void known_answers(void **state)
{
    (void)state;
    const uint32_t counters[3][4] = {{0, 0, 0, 0},
                                     {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                                     {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}};
    const uint32_t keys[3][2] = {{0, 0}, {0xffffffff, 0xffffffff}, {0xa4093822, 0x299f31d0}};
    const uint32_t answers[3][4] = {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
                                    {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
                                    {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};
    for (int i = 0; i < 3; i++) {
        uint32_t words[4];
        ar_philox(counters[i], keys[i], words);
        assert_memory_equal(words, answers[i], sizeof words);
    }
}

static void uniform_and_normal_moments(void **state)
{
    (void)state;
    /* With n = 2^18 the bounds are 6 standard errors: a false alarm has probability below 1e-8. */
    const int n = 1 << 18;
    ar_random stream = {.seed = 3, .purpose = AR_RANDOM_TEST};
    double uniform = 0, normal = 0, square = 0;
    for (int i = 0; i < n; i++) {
        uniform += ar_random_uniform(&stream);
        double z = ar_random_normal(&stream);
        normal += z;
        square += z * z;
    }
    assert_true(fabs(uniform / n - 0.5) < 6 * sqrt(1.0 / 12 / n));
    assert_true(fabs(normal / n) < 6 * sqrt(1.0 / n));
    assert_true(fabs(square / n - 1) < 6 * sqrt(2.0 / n));
}

static void below_is_uniform(void **state)
{
    (void)state;
    /* χ² with 6 degrees of freedom exceeds 38.3 with probability 1e-6. */
    const int n = 70000;
    int counts[7] = {0};
    ar_random stream = {.seed = 11, .purpose = AR_RANDOM_TEST};
    for (int i = 0; i < n; i++) {
        counts[ar_random_below(&stream, 7)]++;
    }
    double chi = 0;
    for (int i = 0; i < 7; i++) {
        double d = counts[i] - n / 7.0;
        chi += d * d / (n / 7.0);
    }
    assert_true(chi < 38.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(uniform_and_normal_moments),
        cmocka_unit_test(below_is_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
