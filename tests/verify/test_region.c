/* Which points of a grid a region has. */
#include "verify/region.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

static ar_grid grid;

static int prepare(void **state)
{
    (void)state;
    ar_error err;
    return ar_grid_init_global(&grid, 10, &err) == AR_OK ? 0 : -1; /* 19 x 36 */
}

static int clean(void **state)
{
    (void)state;
    ar_grid_release(&grid);
    return 0;
}

/* Points and weights of the region, and whether a column counts. */
static void expect(const char *text, int64_t rows, int64_t columns, double share)
{
    ar_error err = {""};
    ar_region region;
    if (ar_region_init(&region, text, &grid, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    int64_t row_count = 0, column_count = 0;
    double sum = 0, all = 0, weights[19];
    ar_grid_area_weights(&grid, weights);
    for (int64_t i = 0; i < grid.nlat; i++) {
        row_count += ar_score_area_weight(&region.area, i, 0) > 0 || region.weights[i] > 0;
        for (int64_t j = 0; j < grid.nlon; j++) {
            sum += ar_score_area_weight(&region.area, i, j);
            all += weights[i];
        }
    }
    for (int64_t j = 0; j < grid.nlon; j++) {
        column_count += region.columns[j];
    }
    assert_int_equal(row_count, rows);
    assert_int_equal(column_count, columns);
    /* The weights are areas of bands, so that their sum is the area between sines of latitudes. */
    assert_true(fabs(sum / all - share) < 1e-12);
    ar_region_release(&region);
}

static double band(double south, double north)
{
    return (sin(north * M_PI / 180) - sin(south * M_PI / 180)) / 2;
}

static void points_by_hand(void **state)
{
    (void)state;
    /* Rows of 10 degrees stand for 5 degrees on either side, those at the poles for a cap. */
    expect("", 19, 36, 1);
    expect("globe", 19, 36, 1);
    expect("tropics", 5, 36, band(-25, 25));
    expect("northern-hemisphere", 8, 36, band(15, 90));
    expect("southern-hemisphere", 8, 36, band(-90, -15));
    /* 40 … 70 N; 10 W, 0 … 40 E. */
    expect("europe", 4, 6, band(35, 75) / 6);
    /* Over the date line: 150 E … 130 W. */
    expect("north-pacific", 4, 9, band(25, 65) / 4);
    /* Bounds are included, in any convention of longitudes; a meridian is a region. */
    expect("box=10,350,-10,10", 3, 3, band(-15, 15) / 12);
    expect("box=10,-10,-10,10", 3, 3, band(-15, 15) / 12);
    expect("meridian=90,20,-90,20", 19, 1, 1.0 / 36);
    expect("all=90,-180,-90,180", 19, 36, 1);
}

static void refused(const char *text, ar_status wanted, const char *message)
{
    ar_error err = {""};
    ar_region region;
    assert_int_equal(ar_region_init(&region, text, &grid, &err), wanted);
    if (!strstr(err.message, message)) {
        fail_msg("%s: %s", text, err.message);
    }
    assert_null(region.weights);
}

static void refusals(void **state)
{
    (void)state;
    refused("tropic", AR_ERROR_USAGE, "nor one of globe, northern-hemisphere");
    refused("a=1,2,3", AR_ERROR_USAGE, "NAME=NORTH,WEST,SOUTH,EAST");
    refused("a=1,2,-3,4,5", AR_ERROR_USAGE, "region a=");
    refused("a=nan,2,-3,4", AR_ERROR_USAGE, "region a=");
    refused("a=91,2,-3,4", AR_ERROR_USAGE, "region a=");
    refused("a=-3,2,1,4", AR_ERROR_USAGE, "region a=");
    refused("=1,2,-3,4", AR_ERROR_USAGE, "1 to 31 characters");
    refused("a-name-of-more-than-thirty-one-characters", AR_ERROR_USAGE, "1 to 31 characters");
    refused("a=9,1,1,9", AR_ERROR_INPUT, "no grid point lies in 1 to 9 N, 1 to 9 E");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_by_hand),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
