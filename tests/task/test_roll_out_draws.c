/* States that roll-outs draw: again the same from the same start; of one time, but drawn from
 * several starts, as lagged ensembles have them, as unlike as independent ones. */
#include "task/roll_out.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "field/grids.h"

enum { NLAT = 19, NLON = 36, POINTS = NLAT * NLON, MEMBERS = 2, TIMES = 3, HOUR = 3600 };

static float values[TIMES * POINTS], members[MEMBERS * POINTS];
static int64_t moments[TIMES] = {0, 6 * HOUR, 12 * HOUR};
static ar_field_configuration fields[1] = {{.predicted = true}};
static const ar_configuration configuration = {
    .fields = fields, .field_count = 1, .model.tails = MEMBERS};
static const ar_forecast_times times = {
    .known_before = 1, .masked_steps = 1, .cube_steps = 2, .time_step = 6 * HOUR, .steps = 3};

/* The same noise at all times; members of mean 0 and the same spread everywhere. */
static void make_dataset(ar_dataset *dataset, const ar_grid *grid)
{
    ar_random stream = {.seed = 5, .purpose = AR_RANDOM_TEST};
    for (int i = 0; i < POINTS; i++) {
        values[i] = (float)ar_random_normal(&stream);
        members[i] = 1;
        members[POINTS + i] = -1;
    }
    for (int t = 1; t < TIMES; t++) {
        memcpy(values + t * POINTS, values, POINTS * sizeof(float));
    }
    *dataset = (ar_dataset){.field_count = 1};
    dataset->fields[0] = (ar_field_data){
        .grid = *grid, .level_count = 1, .time_count = TIMES, .times = moments, .values = values};
    dataset->field_pointers[0] = &dataset->fields[0];
    dataset->space = (ar_cube_space){.field_count = 1, .fields = dataset->field_pointers};
}

/* The states that `steps` steps from a start draw in the end, [MEMBERS][POINTS]. */
static void draw(const ar_dataset *dataset, int64_t start, int steps, float *states)
{
    const ar_forecast_options options = {.steps = 3, .feed_draws = true};
    static ar_blend blends[AR_FIELD_MAX];
    ar_roll_out roll;
    blends[0] = (ar_blend){.level_count = 1, .member_count = MEMBERS, .members = members};
    assert_int_equal(ar_roll_out_init(&roll, &options, &configuration, dataset, &times, NULL),
                     AR_OK);
    assert_int_equal(ar_roll_out_begin(&roll, start, NULL), AR_OK);
    for (int step = 0; step < steps; step++) {
        for (int64_t n = 0; n < MEMBERS; n++) {
            assert_int_equal(ar_roll_out_feed(&roll, n, blends, NULL), AR_OK);
            memcpy(states + n * POINTS, roll.members[0] + n * POINTS, POINTS * sizeof(float));
        }
        ar_roll_out_advance(&roll);
    }
    ar_roll_out_release(&roll);
}

/* Weighted by area. The mean of a draw is 0. */
static double correlation(const ar_grid *grid, const float *a, const float *b)
{
    double area[NLAT], ab = 0, aa = 0, bb = 0;
    ar_grid_area_weights(grid, area);
    for (int i = 0; i < POINTS; i++) {
        const double weight = area[i / NLON];
        ab += weight * (double)a[i] * (double)b[i];
        aa += weight * (double)a[i] * (double)a[i];
        bb += weight * (double)b[i] * (double)b[i];
    }
    assert_true(aa > 0 && bb > 0);
    return ab / sqrt(aa * bb);
}

static void starts_draw_apart(void **state)
{
    (void)state;
    /* Random fields with what the mean lacks of noise, at all wavenumbers up to 17, which are 323
     * real numbers; if not all alike, they count as 200 at least. Correlations of independent
     * ones have the standard deviation 200^-1/2 = 0.07, and 6 of these, 0.43, are exceeded with a
     * probability of 2e-9. */
    ar_grid grid = make_grid(90, 10, NLAT, 0, 10, NLON);
    ar_dataset dataset;
    static float late[MEMBERS * POINTS], early[MEMBERS * POINTS], again[MEMBERS * POINTS];
    make_dataset(&dataset, &grid);
    draw(&dataset, 0, 3, early);
    draw(&dataset, 0, 3, again);
    assert_memory_equal(early, again, sizeof early);
    for (int steps = 1; steps < 3; steps++) {
        draw(&dataset, (3 - steps) * 6 * HOUR, steps, late); /* of the same time */
        for (int n = 0; n < MEMBERS; n++) {
            for (int k = 0; k < MEMBERS; k++) {
                assert_true(fabs(correlation(&grid, early + n * POINTS, late + k * POINTS)) < 0.43);
            }
        }
    }
    ar_grid_release(&grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_draw_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
