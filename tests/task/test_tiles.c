/* Tiles cover every point, and what is put together from them has no seams. */
#include "task/tiles.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"

typedef struct {
    int64_t nlat, nlon; /* of the grid */
    bool global;
    int64_t rows, columns; /* of a tile */
    double overlap;
} tiling;

static const tiling tilings[] = {
    {73, 144, true, 12, 18, 0.5}, /* ERA5 at 2.5° */
    {73, 144, true, 12, 18, 0},   {73, 144, true, 12, 18, 0.9}, {19, 36, true, 6, 9, 0.5},
    {19, 36, true, 19, 36, 0.5},  {19, 36, true, 19, 36, 0},    {19, 36, true, 5, 7, 0.3},
    {19, 36, true, 1, 1, 0.5},    {19, 36, true, 1, 36, 0.25},  {19, 36, true, 18, 35, 0},
    {10, 20, true, 3, 20, 0.99},  {25, 53, false, 6, 9, 0.5},   {25, 53, false, 6, 9, 0},
    {25, 53, false, 25, 53, 0},   {25, 53, false, 25, 53, 0.5}, {25, 53, false, 24, 52, 0},
    {25, 53, false, 2, 3, 0.7},   {2, 2, false, 1, 1, 0},
};
enum { TILING_COUNT = sizeof tilings / sizeof *tilings, MOST_POINTS = 73 * 144 };

static void make_grid(ar_grid *grid, const tiling *t)
{
    double latitude[256], longitude[256];
    ar_grid_order order;
    const double step = t->global ? 360.0 / (double)t->nlon : 1.5;
    const double down = t->global ? 180.0 / (double)(t->nlat - 1) : 1.5;
    for (int64_t i = 0; i < t->nlat; i++) {
        latitude[i] = (t->global ? 90 : 60) - down * (double)i;
    }
    for (int64_t j = 0; j < t->nlon; j++) {
        longitude[j] = (t->global ? 0 : 10) + step * (double)j;
    }
    ar_error err = {""};
    if (ar_grid_init(grid, &order, latitude, t->nlat, longitude, t->nlon, "test", &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    assert_true(grid->wraps == t->global);
}

static void make_tiles(ar_tiles *tiles, const ar_grid *grid, const tiling *t)
{
    ar_error err = {""};
    if (ar_tiles_init(tiles, grid, t->rows, t->columns, t->overlap, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
}

static void release(ar_tiles *tiles, ar_grid *grid)
{
    ar_tiles_release(tiles);
    ar_grid_release(grid);
}

/* Every tile lies within the grid (around the date line where this is one circle), and every point
 * in a tile. weight_sum is what the tiles' weights add up to. */
static void every_point_is_covered(void **state)
{
    (void)state;
    for (int k = 0; k < TILING_COUNT; k++) {
        const tiling *t = &tilings[k];
        ar_grid grid;
        ar_tiles tiles;
        double sum[MOST_POINTS] = {0};
        make_grid(&grid, t);
        make_tiles(&tiles, &grid, t);
        for (int64_t n = 0; n < tiles.count; n++) {
            const int64_t row = tiles.first_row[n], column = tiles.first_column[n];
            assert_true(row >= 0 && row + t->rows <= t->nlat);
            assert_true(column >= 0 && column < t->nlon);
            assert_true(t->global || column + t->columns <= t->nlon);
            for (int64_t i = 0; i < t->rows; i++) {
                for (int64_t j = 0; j < t->columns; j++) {
                    double weight = tiles.row_weight[i] * tiles.column_weight[j];
                    assert_true(weight > 0);
                    sum[(row + i) * t->nlon + (column + j) % t->nlon] += weight;
                }
            }
        }
        for (int64_t at = 0; at < t->nlat * t->nlon; at++) {
            assert_true(sum[at] > 0);
            assert_true(fabs(sum[at] - tiles.weight_sum[at]) < 1e-12 * sum[at]);
        }
        release(&tiles, &grid);
    }
}

/* Successive tiles share at least the asked share of a tile, to a point. */
static void tiles_overlap_as_asked(void **state)
{
    (void)state;
    for (int k = 0; k < TILING_COUNT; k++) {
        const tiling *t = &tilings[k];
        ar_grid grid;
        ar_tiles tiles;
        make_grid(&grid, t);
        make_tiles(&tiles, &grid, t);
        for (int64_t n = 1; n < tiles.count; n++) {
            int64_t down = tiles.first_row[n] - tiles.first_row[n - 1];
            int64_t right = tiles.first_column[n] - tiles.first_column[n - 1];
            if (down == 0) {
                assert_true((double)right <= fmax(1, (double)t->columns * (1 - t->overlap)));
            } else {
                assert_true((double)down <= fmax(1, (double)t->rows * (1 - t->overlap)));
                /* the last tile of a row of tiles ends at the edge, or meets the first one */
                int64_t last = tiles.first_column[n - 1];
                double gap = (double)(t->nlon - last);
                assert_true(t->global ? gap <= fmax(1, (double)t->columns * (1 - t->overlap))
                                      : gap == (double)t->columns);
            }
        }
        assert_int_equal(tiles.first_row[tiles.count - 1] + t->rows, t->nlat);
        release(&tiles, &grid);
    }
}

static double bumpy(const ar_grid *grid, int64_t row, int64_t column)
{
    const double phi = grid->latitude[row] * M_PI / 180,
                 lambda = grid->longitude[column] * M_PI / 180;
    return 1000 + 300 * sin(phi) + 40 * cos(phi) * sin(3 * lambda) + 7 * cos(11 * lambda + 2 * phi);
}

/* Put a field of place (plus `noise` of each tile's own) together from all tiles. */
static void blend(const ar_tiles *tiles, const ar_grid *grid, double noise, float *sum)
{
    float *values = NULL;
    assert_int_equal(ar_allocate(&values, (size_t)(tiles->rows * tiles->columns), sizeof *values,
                                 "a tile", NULL),
                     AR_OK);
    memset(sum, 0, (size_t)(grid->nlat * grid->nlon) * sizeof *sum);
    for (int64_t n = 0; n < tiles->count; n++) {
        ar_random random = {.seed = 2, .sample = (uint32_t)n, .purpose = AR_RANDOM_TEST};
        double own = noise * ar_random_normal(&random);
        for (int64_t i = 0; i < tiles->rows; i++) {
            for (int64_t j = 0; j < tiles->columns; j++) {
                double value =
                    bumpy(grid, tiles->first_row[n] + i, (tiles->first_column[n] + j) % grid->nlon);
                values[i * tiles->columns + j] = (float)(value + own);
            }
        }
        ar_tiles_add(tiles, grid, n, values, sum);
    }
    ar_free(values);
}

/* A field of place comes back whatever the overlap. The sum over up to some hundred overlapping
 * tiles rounds once a tile at 6e-8 of the value. */
static void a_field_of_place_comes_back(void **state)
{
    (void)state;
    static float sum[MOST_POINTS];
    for (int k = 0; k < TILING_COUNT; k++) {
        ar_grid grid;
        ar_tiles tiles;
        make_grid(&grid, &tilings[k]);
        make_tiles(&tiles, &grid, &tilings[k]);
        blend(&tiles, &grid, 0, sum);
        for (int64_t at = 0; at < grid.nlat * grid.nlon; at++) {
            double wanted = bumpy(&grid, at / grid.nlon, at % grid.nlon);
            assert_true(fabs((double)sum[at] - wanted) < 3e-6 * fabs(wanted));
        }
        release(&tiles, &grid);
    }
}

static double blended_offset(const ar_grid *grid, const float *sum, int64_t row, int64_t column)
{
    return (double)sum[row * grid->nlon + column] - bumpy(grid, row, column);
}

/* Tiles that each err by their own constant meet without a step: from one point to the next the
 * blend changes by no more than a share of their difference, which falls with the size of the
 * tiles. Weights fall to 1/size at a tile's edge and those at a point add up to at least 1/4 in a
 * direction for a half overlap, so a tile that begins brings a share of at most 4/size, and one
 * that goes on changes its own as slowly; without blending the step would be the whole difference.
 */
static void there_are_no_seams(void **state)
{
    (void)state;
    static float sum[MOST_POINTS];
    const tiling t = {73, 144, true, 12, 18, 0.5};
    ar_grid grid;
    ar_tiles tiles;
    make_grid(&grid, &t);
    make_tiles(&tiles, &grid, &t);
    blend(&tiles, &grid, 10, sum);
    double largest_down = 0, largest_right = 0, largest = 0;
    for (int64_t i = 0; i < t.nlat; i++) {
        for (int64_t j = 0; j < t.nlon; j++) {
            double here = blended_offset(&grid, sum, i, j);
            double right = blended_offset(&grid, sum, i, (j + 1) % t.nlon);
            largest = fmax(largest, fabs(here));
            largest_right = fmax(largest_right, fabs(right - here));
            if (i + 1 < t.nlat) {
                double below = blended_offset(&grid, sum, i + 1, j);
                largest_down = fmax(largest_down, fabs(below - here));
            }
        }
    }
    /* Of 10·N(0, 1) among several hundred tiles neighbours differ by up to 60. */
    assert_true(largest > 10);
    assert_true(largest_down < 60 * 4.0 / 12);
    assert_true(largest_right < 60 * 4.0 / 18);
    release(&tiles, &grid);
}

/* The date line and the poles are places like others: turned by any angle the tiles weigh the same
 * way as far as the tiling itself is periodic, and rows near both poles mirror each other. */
static void weights_are_symmetric(void **state)
{
    (void)state;
    const tiling t = {73, 144, true, 13, 18, 0.5}; /* 9 columns apart, 60 rows in 10 steps */
    ar_grid grid;
    ar_tiles tiles;
    make_grid(&grid, &t);
    make_tiles(&tiles, &grid, &t);
    for (int64_t i = 0; i < t.nlat; i++) {
        for (int64_t j = 0; j < t.nlon; j++) {
            double here = tiles.weight_sum[i * t.nlon + j];
            assert_true(fabs(tiles.weight_sum[i * t.nlon + (j + 9) % t.nlon] - here) < 1e-12);
            assert_true(fabs(tiles.weight_sum[(t.nlat - 1 - i) * t.nlon + j] - here) < 1e-12);
        }
    }
    release(&tiles, &grid);
}

static void what_cannot_be_tiled_is_refused(void **state)
{
    (void)state;
    ar_grid grid;
    ar_tiles tiles;
    make_grid(&grid, &tilings[3]);
    const int64_t sizes[][2] = {{20, 9}, {6, 37}};
    for (int s = 0; s < 2; s++) {
        ar_error err = {""};
        assert_int_equal(ar_tiles_init(&tiles, &grid, sizes[s][0], sizes[s][1], 0.5, &err),
                         AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, "19 x 36"));
        ar_tiles_release(&tiles);
    }
    ar_status status = AR_ERROR_MEMORY;
    for (int64_t failed = 0; status != AR_OK; failed++) {
        ar_fail_allocation_after(failed);
        status = ar_tiles_init(&tiles, &grid, 6, 9, 0.5, NULL);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        ar_tiles_release(&tiles);
    }
    ar_grid_release(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_point_is_covered),
        cmocka_unit_test(tiles_overlap_as_asked),
        cmocka_unit_test(a_field_of_place_comes_back),
        cmocka_unit_test(there_are_no_seams),
        cmocka_unit_test(weights_are_symmetric),
        cmocka_unit_test(what_cannot_be_tiled_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
