/* Which keys a query sees: against the definition by overlapping intervals, in real numbers; and
 * that the order in which the cpu backend works meets every pair of a query and a key it sees once,
 * and no other. */
#include "graph/attention_reach.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "backend/cpu/attention_order.h"
#include "base/random.h"

/* Do (a, b) and (c, d) overlap? Ends of tokens are multiples of 1/(queries·keys), so 1e-9 tells
 * touching from overlapping. */
static bool overlap(double a, double b, double c, double d)
{
    return a < d - 1e-9 && c < b - 1e-9;
}

static void ranges_are_those_of_the_definition(void **state)
{
    (void)state;
    for (int64_t queries = 1; queries <= 9; queries++) {
        for (int64_t keys = 1; keys <= 9; keys++) {
            for (int64_t distance = 0; distance <= 10; distance++) {
                const ar_attention_reach reach = {.queries = {1, queries, 1, 1},
                                                  .keys = {1, keys, 1, 1},
                                                  .limited = {false, true, false, false},
                                                  .distance = {0, distance, 0, 0}};
                int64_t pairs = 0;
                for (int64_t p = 0; p < queries; p++) {
                    for (int64_t r = 0; r < keys; r++) {
                        const double n = (double)queries, m = (double)keys;
                        bool sees =
                            overlap((double)(p - distance) / n, (double)(p + 1 + distance) / n,
                                    (double)r / m, (double)(r + 1) / m);
                        assert_int_equal(ar_attention_sees(&reach, p, r), sees);
                        pairs += sees;
                    }
                }
                assert_true(ar_attention_pairs(&reach) == (double)pairs);
            }
        }
    }
}

/* By hand: three tokens against two share the cube as [0, 1/3), … and [0, 1/2), …, so the middle
 * one lies over both. Levels of one token are seen from everywhere. */
static void examples(void **state)
{
    (void)state;
    const ar_attention_reach reach = {.queries = {1, 1, 3, 4},
                                      .keys = {5, 1, 2, 4},
                                      .limited = {true, true, true, true},
                                      .distance = {0, 0, 0, 1}};
    const int64_t latitudes[3][2] = {{0, 1}, {0, 2}, {1, 2}};
    const int64_t longitudes[4][2] = {{0, 2}, {0, 3}, {1, 4}, {2, 4}};
    for (int64_t p = 0; p < 3; p++) {
        ar_key_range range = ar_attention_range(&reach, AR_AXIS_LATITUDE, p);
        assert_int_equal(range.first, latitudes[p][0]);
        assert_int_equal(range.end, latitudes[p][1]);
    }
    for (int64_t p = 0; p < 4; p++) {
        ar_key_range range = ar_attention_range(&reach, AR_AXIS_LONGITUDE, p);
        assert_int_equal(range.first, longitudes[p][0]);
        assert_int_equal(range.end, longitudes[p][1]);
    }
    assert_int_equal(ar_attention_range(&reach, AR_AXIS_LEVEL, 0).end, 5);
    assert_true(ar_attention_pairs(&reach) == 5 * 4 * 10);
}

enum { MOST = 7 * 7 * 7 * 7 };

static ar_attention_reach random_reach(ar_random *random)
{
    ar_attention_reach reach = {.queries = {0}};
    for (int axis = 0; axis < AR_AXIS_COUNT; axis++) {
        reach.queries[axis] = 1 + (int64_t)(7 * ar_random_uniform(random));
        bool same = ar_random_uniform(random) < 0.5;
        reach.keys[axis] =
            same ? reach.queries[axis] : 1 + (int64_t)(7 * ar_random_uniform(random));
        reach.limited[axis] = ar_random_uniform(random) < 0.5;
        reach.distance[axis] = (int64_t)(4 * ar_random_uniform(random));
    }
    return reach;
}

static void order_meets_what_is_seen(void **state)
{
    (void)state;
    static int32_t queries[MOST], keys[MOST];
    static unsigned char met[MOST]; /* by the query at work */
    ar_random random = {.seed = 11, .purpose = AR_RANDOM_TEST};
    for (int trial = 0; trial < 60; trial++) {
        const ar_attention_reach reach = random_reach(&random);
        const cpu_attention_order order = cpu_attention_order_of(&reach);
        int64_t worked = 0;
        double pairs = 0;
        cpu_attention_order_tokens(&order, order.reach.queries, queries);
        cpu_attention_order_tokens(&order, order.reach.keys, keys);
        for (int64_t b = 0; b < order.block_count; b++) {
            const cpu_attention_block block = cpu_attention_block_of(&order, b);
            for (int64_t i = 0; i < block.rows; i++, worked++) {
                assert_int_equal(block.first + i, worked);
                memset(met, 0, sizeof met);
                for (int64_t r = 0; r < block.run_count; r++) {
                    const int64_t run = cpu_attention_run(&order, &block, r);
                    assert_true(block.low[i] >= 0 && block.high[i] <= block.run_length);
                    for (int64_t k = block.low[i]; k < block.high[i]; k++) {
                        const int32_t key = keys[run + k];
                        assert_true(ar_attention_sees(&reach, queries[worked], key));
                        assert_int_equal(met[key]++, 0);
                        pairs++;
                    }
                }
            }
        }
        const int64_t *q = reach.queries;
        assert_int_equal(worked, q[0] * q[1] * q[2] * q[3]);
        assert_true(pairs == ar_attention_pairs(&reach));
    }
}

/* The work of axial attention: 4,320 tokens, keys of one line each, and no other is touched. */
static void axial_work_is_that_of_the_axis(void **state)
{
    (void)state;
    const ar_attention_reach reach = {
        .queries = {5, 12, 6, 12}, .keys = {5, 12, 6, 12}, .limited = {true, false, true, true}};
    const cpu_attention_order order = cpu_attention_order_of(&reach);
    int64_t touched = 0;
    for (int64_t b = 0; b < order.block_count; b++) {
        const cpu_attention_block block = cpu_attention_block_of(&order, b);
        touched += block.rows * block.run_count * block.run_length;
    }
    assert_int_equal(touched, 4320 * 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_those_of_the_definition),
        cmocka_unit_test(examples),
        cmocka_unit_test(order_meets_what_is_seen),
        cmocka_unit_test(axial_work_is_that_of_the_axis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
