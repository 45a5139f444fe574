/* Places in the arena, for random lives: what lives at the same time never overlaps, and the arena
 * is no larger than the sum of all blocks and no smaller than what lives at once. */
#include "graph/memory_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"

enum { MOST = 60, MOMENTS = 40 };

static int64_t draw_blocks(ar_memory_block *blocks, uint32_t trial)
{
    ar_random random = {.seed = 3, .step = trial, .purpose = AR_RANDOM_TEST};
    int64_t count = ar_random_below(&random, MOST + 1);
    for (int64_t i = 0; i < count; i++) {
        int64_t born = ar_random_below(&random, MOMENTS);
        int64_t life = ar_random_below(&random, MOMENTS - born);
        bool none = ar_random_below(&random, 8) == 0;
        blocks[i] =
            (ar_memory_block){.bytes = none ? 0 : (size_t)ar_random_below(&random, 5000) + 1,
                              .born = born,
                              .dies = born + life};
    }
    return count;
}

static bool live_together(const ar_memory_block *a, const ar_memory_block *b)
{
    return a->bytes && b->bytes && a->born <= b->dies && b->born <= a->dies;
}

static size_t rounded(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Bytes that live at the fullest moment: no plan can do with less. */
static size_t fullest_moment(const ar_memory_block *blocks, int64_t count)
{
    size_t fullest = 0;
    for (int64_t moment = 0; moment < MOMENTS; moment++) {
        size_t alive = 0;
        for (int64_t i = 0; i < count; i++) {
            bool lives = blocks[i].born <= moment && moment <= blocks[i].dies;
            alive += lives ? rounded(blocks[i].bytes) : 0;
        }
        fullest = alive > fullest ? alive : fullest;
    }
    return fullest;
}

static void random_lives_never_overlap(void **state)
{
    (void)state;
    for (uint32_t trial = 0; trial < 500; trial++) {
        ar_memory_block wanted[MOST], blocks[MOST];
        int64_t count = draw_blocks(wanted, trial);
        memcpy(blocks, wanted, sizeof blocks);
        size_t total, sum = 0, end = 0;
        assert_int_equal(ar_memory_plan(blocks, count, &total, NULL), AR_OK);
        for (int64_t i = 0; i < count; i++) {
            const ar_memory_block *a = &blocks[i];
            assert_int_equal(a->offset % 64, 0);
            assert_true(a->bytes >= wanted[i].bytes);
            sum += rounded(wanted[i].bytes);
            end = a->offset + a->bytes > end ? a->offset + a->bytes : end;
            for (int64_t j = 0; j < i; j++) {
                const ar_memory_block *b = &blocks[j];
                if (live_together(a, b)) {
                    assert_true(a->offset + a->bytes <= b->offset ||
                                b->offset + b->bytes <= a->offset);
                }
            }
        }
        assert_true(total == end || count == 0);
        assert_true(total <= sum);
        assert_true(total >= fullest_moment(wanted, count));
    }
}

static void the_same_lives_get_the_same_places(void **state)
{
    (void)state;
    for (uint32_t trial = 0; trial < 50; trial++) {
        ar_memory_block first[MOST], second[MOST];
        size_t total[2];
        int64_t count = draw_blocks(first, trial);
        assert_int_equal(draw_blocks(second, trial), count);
        assert_int_equal(ar_memory_plan(first, count, &total[0], NULL), AR_OK);
        assert_int_equal(ar_memory_plan(second, count, &total[1], NULL), AR_OK);
        assert_int_equal(total[0], total[1]);
        for (int64_t i = 0; i < count; i++) {
            assert_int_equal(first[i].offset, second[i].offset);
        }
    }
}

/* A chain in which each block lives with the next one only needs the two largest neighbours: the
 * point of the plan. */
static void a_chain_needs_two_places(void **state)
{
    (void)state;
    ar_memory_block blocks[20];
    for (int64_t i = 0; i < 20; i++) {
        blocks[i] = (ar_memory_block){.bytes = 640, .born = i, .dies = i + 1};
    }
    size_t total;
    assert_int_equal(ar_memory_plan(blocks, 20, &total, NULL), AR_OK);
    assert_int_equal(total, 2 * 640);
}

static void sizes_beyond_all_memory_are_refused(void **state)
{
    (void)state;
    const size_t sizes[][2] = {{SIZE_MAX, 1},
                               {SIZE_MAX - 62, 64},
                               {SIZE_MAX - 128, 256},
                               {SIZE_MAX / 2, SIZE_MAX / 2 + 99}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ar_memory_block blocks[2] = {{.bytes = sizes[i][0]}, {.bytes = sizes[i][1]}};
        size_t total;
        ar_error err = {""};
        assert_int_equal(ar_memory_plan(blocks, 2, &total, &err), AR_ERROR_MEMORY);
        assert_non_null(strstr(err.message, "memory"));
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    ar_status status = AR_ERROR_MEMORY;
    for (int64_t failed = 0; status != AR_OK; failed++) {
        ar_memory_block blocks[2] = {{.bytes = 100}, {.bytes = 200}};
        size_t total;
        ar_fail_allocation_after(failed);
        status = ar_memory_plan(blocks, 2, &total, NULL);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        assert_true(failed < 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_lives_never_overlap),
        cmocka_unit_test(the_same_lives_get_the_same_places),
        cmocka_unit_test(a_chain_needs_two_places),
        cmocka_unit_test(sizes_beyond_all_memory_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
