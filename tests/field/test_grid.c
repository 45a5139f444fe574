/* Grids in every orientation give the same grid and the same values; area weights against exact
 * areas on the sphere and against WeatherBench 2. */
#include "field/grid.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NLAT = 5, NLON = 8, LARGEST_NLON = NLON + 1 };

/* A value that says where it is. */
static float place_value(double latitude, double longitude)
{
    return (float)(1000 * latitude + fmod(longitude + 720, 360));
}

/* Check that the grid is 45° in latitude and longitude, starts at 90 N, 0 E, and that a field in
 * the file's order comes out in the grid's. */
static void check_global(const double *latitude, const double *longitude, int64_t nlon)
{
    ar_grid grid;
    ar_grid_order order;
    ar_error err;
    assert_int_equal(ar_grid_init(&grid, &order, latitude, NLAT, longitude, nlon, "a.nc", &err),
                     AR_OK);
    assert_int_equal(grid.nlat, NLAT);
    assert_int_equal(grid.nlon, NLON);
    assert_int_equal(order.file_nlon, nlon);
    assert_true(grid.wraps);
    float file_values[NLAT * LARGEST_NLON], values[NLAT * NLON];
    for (int64_t i = 0; i < NLAT; i++) {
        for (int64_t j = 0; j < nlon; j++) {
            file_values[i * nlon + j] = place_value(latitude[i], longitude[j]);
        }
    }
    ar_grid_reorder(&grid, &order, file_values, values);
    for (int64_t i = 0; i < NLAT; i++) {
        assert_true(grid.latitude[i] == 90 - 45.0 * (double)i);
        for (int64_t j = 0; j < NLON; j++) {
            assert_true(grid.longitude[j] == 45.0 * (double)j);
            assert_true(values[i * NLON + j] == place_value(grid.latitude[i], grid.longitude[j]));
        }
    }
    ar_grid_release(&grid);
}

static void every_orientation_gives_one_grid(void **state)
{
    (void)state;
    /* west-most longitudes of the file, with and without the repeated meridian, both directions */
    const double starts[] = {0, -180, -135, 45, 315, 360, -360};
    for (int south_first = 0; south_first < 2; south_first++) {
        double latitude[NLAT];
        for (int i = 0; i < NLAT; i++) {
            latitude[i] = (south_first ? -1 : 1) * (90 - 45.0 * i);
        }
        for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
            for (int variant = 0; variant < 8; variant++) {
                bool reversed = variant & 1, repeats = variant & 2, folded = variant & 4;
                double longitude[LARGEST_NLON];
                int64_t nlon = repeats ? NLON + 1 : NLON;
                for (int64_t j = 0; j < nlon; j++) {
                    double value = starts[s] + 45.0 * (double)(reversed ? nlon - 1 - j : j);
                    longitude[j] = folded ? fmod(value + 720, 360) : value;
                }
                check_global(latitude, longitude, nlon);
            }
        }
    }
}

static void regional_grids_do_not_wrap(void **state)
{
    (void)state;
    const double latitude[] = {75, 72.5, 70};
    const struct {
        double longitude[4];
        double first; /* expected */
    } cases[] = {
        {{200, 202.5, 205, 207.5}, 200},     {{-10, -7.5, -5, -2.5}, -10},
        {{355, 357.5, 0, 2.5}, -5},          {{207.5, 205, 202.5, 200}, 200},
        {{177.5, 180, -177.5, -175}, 177.5}, {{2.5, 0, 357.5, 355}, -5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_grid grid;
        ar_grid_order order;
        ar_error err;
        assert_int_equal(
            ar_grid_init(&grid, &order, latitude, 3, cases[i].longitude, 4, "a.nc", &err), AR_OK);
        assert_false(grid.wraps);
        assert_true(grid.longitude_step == 2.5 && grid.latitude_step == 2.5);
        float file_values[12], values[12];
        for (int k = 0; k < 12; k++) {
            file_values[k] = place_value(latitude[k / 4], cases[i].longitude[k % 4]);
        }
        ar_grid_reorder(&grid, &order, file_values, values);
        for (int k = 0; k < 12; k++) {
            assert_true(grid.longitude[k % 4] == cases[i].first + 2.5 * (k % 4));
            assert_true(values[k] == place_value(latitude[k / 4], grid.longitude[k % 4]));
        }
        ar_grid_release(&grid);
    }
}

static void equal_up_to_full_turns(void **state)
{
    (void)state;
    const double latitude[] = {10, 0}, shifted[] = {10.01, 0.01};
    const double west[] = {-10, -5, 0}, east[] = {350, 355, 360}, other[] = {349, 354, 359};
    ar_grid a, b, c, d, e;
    ar_grid_order order;
    assert_int_equal(ar_grid_init(&a, &order, latitude, 2, west, 3, "a", NULL), AR_OK);
    assert_int_equal(ar_grid_init(&b, &order, latitude, 2, east, 3, "b", NULL), AR_OK);
    assert_int_equal(ar_grid_init(&c, &order, latitude, 2, other, 3, "c", NULL), AR_OK);
    assert_int_equal(ar_grid_init(&d, &order, shifted, 2, west, 3, "d", NULL), AR_OK);
    assert_int_equal(ar_grid_copy(&e, &a, NULL), AR_OK);
    assert_true(ar_grid_equal(&a, &b));
    assert_true(ar_grid_equal(&a, &e));
    assert_false(ar_grid_equal(&a, &c));
    assert_false(ar_grid_equal(&a, &d));
    ar_grid_release(&a);
    ar_grid_release(&b);
    ar_grid_release(&c);
    ar_grid_release(&d);
    ar_grid_release(&e);
}

/* Around the date line on the globe; a region ends a step outside of its points. */
static void the_nearest_point_is_found(void **state)
{
    (void)state;
    const struct {
        double step, latitude, longitude;
        bool found;
        int64_t row, column;
    } cases[] = {
        {90, 44, 134, true, 1, 1}, {90, 46, 136, true, 0, 2}, {90, -90, 316, true, 2, 0},
        {90, 0, -46, true, 1, 3},  {90, 0, 719, true, 1, 0},  {1, 0, 0, true, 1, 0},
        {1, 1.9, 3.9, true, 0, 3}, {1, 2.1, 0, false, 0, 0},  {1, 0, 4.1, false, 0, 0},
        {1, NAN, 0, false, 0, 0},  {1, 0, NAN, false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double step = cases[i].step;
        const double latitude[] = {step, 0, -step}, longitude[] = {0, step, 2 * step, 3 * step};
        ar_grid grid;
        ar_grid_order order;
        int64_t row, column;
        assert_int_equal(ar_grid_init(&grid, &order, latitude, 3, longitude, 4, "a", NULL), AR_OK);
        assert_int_equal(
            ar_grid_find_nearest(&grid, cases[i].latitude, cases[i].longitude, &row, &column),
            cases[i].found);
        assert_true(!cases[i].found || (row == cases[i].row && column == cases[i].column));
        ar_grid_release(&grid);
    }
}

static void wrong_coordinates_are_named(void **state)
{
    (void)state;
    const double latitude[] = {10, 5, 0}, longitude[] = {0, 5, 10};
    const struct {
        double latitude[3], longitude[3];
        const char *says;
    } cases[] = {
        {{10, 5, -1}, {0, 5, 10}, "latitude is not regular"},
        {{100, 95, 90}, {0, 5, 10}, "latitude[0]"},
        {{10, NAN, 0}, {0, 5, 10}, "latitude[1]"},
        {{10, 10, 10}, {0, 5, 10}, "latitude[0] and [1]"},
        {{10, 5, 0}, {0, 5, 11}, "longitude is not regular"},
        {{10, 5, 0}, {0, 0, 10}, "longitude"},
        {{10, 5, 0}, {0, INFINITY, 10}, "longitude[1]"},
        {{10, 5, 0}, {0, 170, 340}, "more than once"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_grid grid;
        ar_grid_order order;
        ar_error err;
        assert_int_equal(ar_grid_init(&grid, &order, cases[i].latitude, 3, cases[i].longitude, 3,
                                      "folder/a.nc", &err),
                         AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, "folder/a.nc"));
        assert_non_null(strstr(err.message, cases[i].says));
        assert_null(grid.latitude);
    }
    ar_grid grid;
    ar_grid_order order;
    assert_int_equal(ar_grid_init(&grid, &order, latitude, 3, longitude, 0, "a", NULL),
                     AR_ERROR_INPUT);
}

static void single_precision_coordinates_are_regular(void **state)
{
    (void)state;
    /* 0.1° in single precision: rounding is 3e-5 of 360 at most, far below 1 % of a step */
    static double latitude[1801], longitude[3600];
    for (int i = 0; i < 1801; i++) {
        latitude[i] = (float)(90 - 0.1 * i);
    }
    for (int j = 0; j < 3600; j++) {
        longitude[j] = (float)(-180 + 0.1 * j);
    }
    ar_grid grid;
    ar_grid_order order;
    ar_error err;
    assert_int_equal(ar_grid_init(&grid, &order, latitude, 1801, longitude, 3600, "a", &err),
                     AR_OK);
    assert_true(grid.wraps);
    assert_int_equal(order.longitude_first, 1800);
    assert_true(fabs(grid.longitude[0]) < 1e-5);
    assert_true(grid.longitude[3599] > 359.8);
    ar_grid_release(&grid);
}

/* Weights of a grid with nlat latitudes from `first` southwards by `step`. */
static void find_weights(int64_t nlat, double first, double step, double *weights)
{
    double latitude[128];
    const double longitude[] = {0, 1};
    for (int64_t i = 0; i < nlat; i++) {
        latitude[i] = first - step * (double)i;
    }
    ar_grid grid;
    ar_grid_order order;
    assert_int_equal(ar_grid_init(&grid, &order, latitude, nlat, longitude, 2, "a", NULL), AR_OK);
    ar_grid_area_weights(&grid, weights);
    ar_grid_release(&grid);
}

static void weights_are_areas(void **state)
{
    (void)state;
    const double radian = M_PI / 180;
    double weights[128];
    /* With both poles: a band has area 2 sin(Δ/2) cos φ, a cap 1 − cos(Δ/2), the sphere 2. */
    find_weights(73, 90, 2.5, weights);
    double sum = 0;
    for (int i = 0; i < 73; i++) {
        double area = i == 0 || i == 72 ? 1 - cos(1.25 * radian)
                                        : 2 * sin(1.25 * radian) * cos((90 - 2.5 * i) * radian);
        assert_true(fabs(weights[i] - 73 * area / 2) < 1e-13);
        sum += weights[i];
    }
    assert_true(fabs(sum - 73) < 1e-11);
    /* A region is not stretched to the poles: 10 to 70 N in rows of 5 degrees. */
    find_weights(13, 70, 5, weights);
    double whole = sin(72.5 * radian) - sin(7.5 * radian);
    double row = sin(72.5 * radian) - sin(67.5 * radian);
    assert_true(fabs(weights[0] - 13 * row / whole) < 1e-13);
}

static void weights_are_those_of_weatherbench(void **state)
{
    (void)state;
    /* numpy, the formula of weatherbench2.metrics: differences of sin at the cell bounds, whose
     * outermost are the poles, divided by their mean. */
    const struct {
        int nlat;
        double first, step, north[3], middle;
    } cases[] = {
        {73,
         90,
         2.5,
         {0.0086860115833126139, 0.069463290207656347, 0.13879435309436799},
         1.5924866075229618},
        {72,
         88.75,
         2.5,
         {0.034264023053115267, 0.10272684564404511, 0.17099412184566987},
         1.5702979451520962},
        {5,
         90,
         45,
         {0.19030116872178343, 1.3529902503654923, 1.9134171618254487},
         1.9134171618254487},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double weights[128];
        find_weights(cases[i].nlat, cases[i].first, cases[i].step, weights);
        for (int k = 0; k < 3; k++) {
            assert_true(fabs(weights[k] - cases[i].north[k]) < 1e-12);
        }
        assert_true(fabs(weights[cases[i].nlat / 2] - cases[i].middle) < 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_orientation_gives_one_grid),
        cmocka_unit_test(regional_grids_do_not_wrap),
        cmocka_unit_test(equal_up_to_full_turns),
        cmocka_unit_test(the_nearest_point_is_found),
        cmocka_unit_test(wrong_coordinates_are_named),
        cmocka_unit_test(single_precision_coordinates_are_regular),
        cmocka_unit_test(weights_are_areas),
        cmocka_unit_test(weights_are_those_of_weatherbench),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
