/* An ensemble put together from tiles keeps its members where tiles agree, and the spread that the
 * tiles stated where their members come in another order. */
#include "task/blend.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"

enum { NLAT = 19, NLON = 36, POINTS = NLAT * NLON, LEVELS = 2, MEMBERS = 5, ROWS = 6, COLUMNS = 9 };

static ar_grid grid;
static ar_tiles tiles;

static int make_tiles(void **state)
{
    (void)state;
    double latitude[NLAT], longitude[NLON];
    ar_grid_order order;
    for (int i = 0; i < NLAT; i++) {
        latitude[i] = 90 - 10 * i;
    }
    for (int j = 0; j < NLON; j++) {
        longitude[j] = 10 * j;
    }
    return ar_grid_init(&grid, &order, latitude, NLAT, longitude, NLON, "test", NULL) == AR_OK &&
                   ar_tiles_init(&tiles, &grid, ROWS, COLUMNS, 0.5, NULL) == AR_OK
               ? 0
               : -1;
}

static int release_tiles(void **state)
{
    (void)state;
    ar_tiles_release(&tiles);
    ar_grid_release(&grid);
    return 0;
}

/* Member `member` of a tile at a point of the grid. */
typedef double (*tile_formula)(int64_t tile, int64_t level, int64_t member, int64_t at);

static int64_t point_of(int64_t tile, int64_t i, int64_t j)
{
    return (tiles.first_row[tile] + i) * NLON + (tiles.first_column[tile] + j) % NLON;
}

static void blend_all(ar_blend *blend, tile_formula formula, int64_t members)
{
    static float values[MEMBERS * ROWS * COLUMNS];
    assert_int_equal(ar_blend_init(blend, &tiles, &grid, LEVELS, members, NULL), AR_OK);
    /* What was blended before is forgotten. */
    blend->members[7] = blend->variances[7] = 1e30f;
    ar_blend_clear(blend);
    for (int64_t level = 0; level < LEVELS; level++) {
        for (int64_t t = 0; t < tiles.count; t++) {
            for (int64_t k = 0; k < members * ROWS * COLUMNS; k++) {
                int64_t in_tile = k % (ROWS * COLUMNS);
                int64_t at = point_of(t, in_tile / COLUMNS, in_tile % COLUMNS);
                values[k] = (float)formula(t, level, k / (ROWS * COLUMNS), at);
            }
            ar_blend_add(blend, level, t, values);
        }
    }
    ar_blend_finish(blend);
}

static double member_of(const ar_blend *blend, int64_t level, int64_t member, int64_t at)
{
    return (double)blend->members[(level * blend->member_count + member) * POINTS + at];
}

static void moments(const double *values, int64_t count, double *mean, double *variance)
{
    *mean = *variance = 0;
    for (int64_t n = 0; n < count; n++) {
        *mean += values[n] / (double)count;
    }
    for (int64_t n = 0; n < count; n++) {
        *variance += pow(values[n] - *mean, 2) / (double)(count - 1);
    }
}

static double of_place(int64_t tile, int64_t level, int64_t member, int64_t at)
{
    (void)tile;
    return 50 + 20 * level + sin(0.1 * (double)at) +
           cos(1.3 * (double)(member * at)) * (double)member;
}

/* Where all tiles say the same, so does the blend: to a rounding of float32 for each of up to 9
 * tiles, and of the variance. */
static void members_that_agree_come_back(void **state)
{
    (void)state;
    ar_blend blend;
    blend_all(&blend, of_place, MEMBERS);
    for (int64_t k = 0; k < LEVELS * MEMBERS * POINTS; k++) {
        int64_t level = k / (MEMBERS * POINTS), member = k / POINTS % MEMBERS, at = k % POINTS;
        double error = member_of(&blend, level, member, at) - of_place(0, level, member, at);
        assert_true(fabs(error) < 1e-4);
    }
    ar_blend_release(&blend);
}

static double of_tile(int64_t tile, int64_t level, int64_t member, int64_t at)
{
    ar_random random = {.seed = 4,
                        .step = (uint32_t)(tile * LEVELS + level),
                        .sample = (uint32_t)(member * POINTS + at),
                        .purpose = AR_RANDOM_TEST};
    return 10 + (double)(tile % 3) + (1 + 0.5 * level) * ar_random_normal(&random);
}

/* Mean and variance of the blend are the weighted means of those of the tiles, although the members
 * of neighbouring tiles have nothing to do with each other. Plain averaging would leave about a
 * quarter of the variance where four tiles meet. */
static void mean_and_variance_are_those_of_the_tiles(void **state)
{
    (void)state;
    static double means[LEVELS][POINTS], variances[LEVELS][POINTS];
    ar_blend blend;
    blend_all(&blend, of_tile, MEMBERS);
    for (int64_t level = 0; level < LEVELS; level++) {
        for (int64_t t = 0; t < tiles.count; t++) {
            for (int64_t k = 0; k < ROWS * COLUMNS; k++) {
                const int64_t i = k / COLUMNS, j = k % COLUMNS, at = point_of(t, i, j);
                double values[MEMBERS], mean, variance;
                for (int64_t n = 0; n < MEMBERS; n++) {
                    values[n] = (double)(float)of_tile(t, level, n, at);
                }
                moments(values, MEMBERS, &mean, &variance);
                double share = tiles.row_weight[i] * tiles.column_weight[j] / tiles.weight_sum[at];
                means[level][at] += share * mean;
                variances[level][at] += share * variance;
            }
        }
        for (int64_t at = 0; at < POINTS; at++) {
            double values[MEMBERS], mean, variance;
            for (int64_t n = 0; n < MEMBERS; n++) {
                values[n] = member_of(&blend, level, n, at);
            }
            moments(values, MEMBERS, &mean, &variance);
            assert_true(fabs(mean - means[level][at]) < 2e-5);
            assert_true(fabs(variance / variances[level][at] - 1) < 1e-4);
        }
    }
    ar_blend_release(&blend);
}

static double without_spread(int64_t tile, int64_t level, int64_t member, int64_t at)
{
    (void)member;
    return of_place(tile, level, 1, at);
}

static void no_spread_and_one_member_stay_finite(void **state)
{
    (void)state;
    ar_blend blend;
    for (int64_t members = 1; members <= MEMBERS; members += MEMBERS - 1) {
        blend_all(&blend, without_spread, members);
        for (int64_t k = 0; k < LEVELS * members * POINTS; k++) {
            int64_t level = k / (members * POINTS), at = k % POINTS;
            assert_true(fabs((double)blend.members[k] - of_place(0, level, 1, at)) < 1e-4);
        }
        ar_blend_release(&blend);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    ar_status status = AR_ERROR_MEMORY;
    for (int64_t failed = 0; status != AR_OK; failed++) {
        ar_blend blend;
        ar_fail_allocation_after(failed);
        status = ar_blend_init(&blend, &tiles, &grid, LEVELS, MEMBERS, NULL);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        ar_blend_release(&blend);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_that_agree_come_back),
        cmocka_unit_test(mean_and_variance_are_those_of_the_tiles),
        cmocka_unit_test(no_spread_and_one_member_stay_finite),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, make_tiles, release_tiles);
}
