/* Floats that are taken as they are stored are those that are widened, unpacked and rounded one by
 * one, to the bit (NaN aside, which is any), whatever means missing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "io/unpack.h"

enum { COUNT = 1500 };

static void floats_are_unpacked_as_all_numbers_are(void **state)
{
    (void)state;
    const ar_number_type single = {AR_NUMBER_FLOATING, 4, false};
    const double tenth = (double)0.1f;
    const ar_packing cases[] = {
        {.type = single, .scale = 1, .smallest = -INFINITY, .largest = INFINITY},
        {.type = single,
         .scale = 1,
         .smallest = -INFINITY,
         .largest = INFINITY,
         .missing_count = 2,
         .missing = {tenth, 0}},
        {.type = single, .scale = 1, .smallest = -tenth, .largest = INFINITY},
        {.type = single, .scale = 1, .smallest = -INFINITY, .largest = tenth},
        {.type = single,
         .scale = 1,
         .smallest = -tenth,
         .largest = tenth,
         .missing_count = 1,
         .missing = {-tenth}}};
    char raw[COUNT * sizeof(float) + 1]; /* unaligned */
    float stored[COUNT], values[COUNT];
    ar_random random = {.seed = 5, .purpose = AR_RANDOM_TEST};
    const float special[] = {0, -0.0f, 0.1f, -0.1f, NAN, INFINITY, -INFINITY, 1e-45f, 3.4e38f};
    for (int i = 0; i < COUNT; i++) {
        const uint32_t bits = ar_random_bits(&random);
        memcpy(&stored[i], &bits, sizeof bits);
        stored[i] = i % 3 == 0   ? special[i / 3 % 9]
                    : i % 3 == 1 ? fmodf(stored[i], 0.3f)
                                 : stored[i];
    }
    memcpy(raw + 1, stored, sizeof stored);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        values[0] = values[COUNT - 1] = 42;
        ar_unpack(&cases[c], raw + 1 + sizeof(float), COUNT - 2, (ar_values){values, NULL}, 1);
        assert_true(values[0] == 42 && values[COUNT - 1] == 42);
        for (int i = 1; i < COUNT - 1; i++) {
            const float expected = (float)ar_unpack_number(&cases[c], (double)stored[i]);
            assert_int_equal(isnan(values[i]), isnan(expected));
            if (!isnan(expected)) {
                assert_memory_equal(&values[i], &expected, sizeof expected);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(floats_are_unpacked_as_all_numbers_are)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
