/* What a roll-out feeds back: after any number of steps a trajectory knows the last times before
 * its next cube, each the data's, the mean, or one tail of what was forecast for that time; tails
 * are dealt out so that each is used once a step; its arrays and the number of steps are all it has
 * to be gone on with; no allocation that fails leaks. */
#include "task/roll_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

enum { NLAT = 2, NLON = 3, POINTS = NLAT * NLON, LEVELS = 2, MEMBERS = 4, TIMES = 8, STEPS = 3 };
enum { HOUR = 3600, MOST_FED = 3 };

static float values[TIMES * LEVELS * POINTS], orography[POINTS];
static int64_t moments[TIMES];
static ar_dataset dataset;
static ar_field_configuration fields[2] = {{.predicted = true}, {.is_static = true}};
static const ar_configuration configuration = {
    .fields = fields, .field_count = 2, .model.tails = MEMBERS};

/* The data's value, and tail `tail` of what is forecast in a pass, for an hour. Tails of one hour
 * differ by 2, so that in float their mean is exact. */
static float truth(int64_t hour, int64_t level, int64_t at)
{
    return (float)(1000 * hour + 100 * level + at);
}

static float forecast(int64_t hour, int64_t level, int64_t at, int64_t tail)
{
    return (float)(-1000 * hour - 100 * level - at * 8 - tail * 2);
}

static void make_dataset(void)
{
    dataset = (ar_dataset){.field_count = 2};
    for (int f = 0; f < 2; f++) {
        dataset.fields[f] = (ar_field_data){.grid = {.nlat = NLAT, .nlon = NLON},
                                            .level_count = f == 0 ? LEVELS : 1,
                                            .is_static = f == 1,
                                            .time_count = f == 0 ? TIMES : 1,
                                            .times = moments,
                                            .values = f == 0 ? values : orography};
        dataset.field_pointers[f] = &dataset.fields[f];
    }
    dataset.space = (ar_cube_space){.field_count = 2, .fields = dataset.field_pointers};
    for (int64_t t = 0; t < TIMES; t++) {
        moments[t] = t * HOUR;
        for (int64_t i = 0; i < LEVELS * POINTS; i++) {
            values[t * LEVELS * POINTS + i] = truth(t, i / POINTS, i % POINTS);
        }
    }
}

/* Blends of the hours first, first + 1, …, as if just computed. */
static void fill_blends(ar_blend *blends, float *members, int64_t fed, int64_t first)
{
    for (int64_t s = 0; s < fed; s++) {
        float *own = members + s * LEVELS * MEMBERS * POINTS;
        for (int64_t i = 0; i < LEVELS * MEMBERS * POINTS; i++) {
            own[i] = forecast(first + s, i / (MEMBERS * POINTS), i % POINTS, i / POINTS % MEMBERS);
        }
        blends[s * AR_FIELD_MAX] =
            (ar_blend){.level_count = LEVELS, .member_count = MEMBERS, .members = own};
    }
}

/* The tail of which `value` is, of the forecast of an hour. */
static int64_t tail_of(float value, int64_t hour, int64_t level, int64_t at)
{
    for (int64_t tail = 0; tail < MEMBERS; tail++) {
        if (value == forecast(hour, level, at, tail)) {
            return tail;
        }
    }
    return -1;
}

/* What a trajectory knows before its cube that starts at hour `first`, when all from hour `start`
 * on has been forecast. */
static void check_known(ar_roll_out *roll, int64_t trajectory, int64_t first, int64_t start)
{
    const ar_cube_space *space = ar_roll_out_select(roll, trajectory);
    assert_ptr_equal(space->fields[1], &dataset.fields[1]);
    const ar_field_data *known = space->fields[0];
    assert_int_equal(known->time_count, roll->times->known_before);
    for (int64_t t = 0; t < known->time_count; t++) {
        const int64_t hour = first + t;
        assert_int_equal(ar_field_data_find_time(known, hour * HOUR), t);
        for (int64_t i = 0; i < LEVELS * POINTS; i++) {
            const int64_t level = i / POINTS, at = i % POINTS;
            const float value = ar_field_data_slice(known, t, level)[at];
            if (hour < start) {
                assert_true(value == truth(hour, level, at));
            } else if (roll->trajectory_count == 1) {
                assert_true(value == forecast(hour, level, at, 0) - (float)(MEMBERS - 1));
            } else {
                const int64_t tail = tail_of(value, hour, level, at);
                assert_true(tail >= 0);
                /* the same tail for all that was computed in one pass */
                assert_true(tail == tail_of(ar_field_data_slice(known, t, 0)[0], hour, 0, 0));
            }
        }
    }
}

/* Each tail is somebody's; in the first step everybody has his own. */
static void check_members(const ar_roll_out *roll, int64_t hour, int64_t step)
{
    int64_t used[MEMBERS] = {0};
    for (int64_t n = 0; n < MEMBERS; n++) {
        const int64_t tail = tail_of(roll->members[0][n * POINTS], hour, 0, 0);
        assert_true(tail >= 0 && (step > 0 || tail == n));
        used[tail]++;
    }
    for (int64_t n = 0; n < MEMBERS; n++) {
        assert_int_equal(used[n], 1);
    }
}

/* Begin anew and go on with nothing but the arrays: times, tails and arrays are what they were. */
static void stop_and_go_on(ar_roll_out *roll, int64_t first_time, int64_t steps)
{
    static float kept[MEMBERS * TIMES * LEVELS * POINTS];
    int64_t tails[MEMBERS];
    ar_forecast_array arrays[AR_FIELD_MAX];
    assert_int_equal(ar_roll_out_arrays(roll, arrays), 1);
    assert_int_equal(arrays[0].count,
                     roll->trajectory_count * roll->times->known_before * LEVELS * POINTS);
    memcpy(kept, arrays[0].values, arrays[0].count * sizeof(float));
    memcpy(tails, roll->tails, sizeof tails);
    const int64_t time = roll->known_times[0];
    assert_int_equal(ar_roll_out_go_on(roll, first_time, steps, NULL), AR_OK);
    assert_memory_equal(tails, roll->tails, sizeof tails);
    assert_int_equal(roll->known_times[0], time);
    memcpy(arrays[0].values, kept, arrays[0].count * sizeof(float));
}

static void check_roll_out(int64_t known_before, int64_t fed, bool feed_members)
{
    const ar_forecast_options options = {.steps = STEPS, .feed_members = feed_members};
    const ar_forecast_times times = {.known_before = known_before,
                                     .masked_steps = fed,
                                     .cube_steps = known_before + fed,
                                     .valid_step = fed - 1,
                                     .time_step = HOUR,
                                     .steps = STEPS};
    static float members[MOST_FED * LEVELS * MEMBERS * POINTS];
    static ar_blend blends[MOST_FED * AR_FIELD_MAX];
    ar_roll_out roll;
    assert_int_equal(ar_roll_out_init(&roll, &options, &configuration, &dataset, &times, NULL),
                     AR_OK);
    assert_int_equal(roll.trajectory_count, feed_members ? MEMBERS : 1);
    for (int64_t start = known_before; start < known_before + 2; start++) { /* is used again */
        assert_int_equal(ar_roll_out_begin(&roll, (start - known_before) * HOUR, NULL), AR_OK);
        for (int64_t step = 0; step < STEPS; step++) {
            const int64_t first_forecast = start + step * fed;
            fill_blends(blends, members, fed, first_forecast);
            for (int64_t n = 0; n < roll.trajectory_count; n++) {
                check_known(&roll, n, first_forecast - known_before, start);
                assert_int_equal(ar_roll_out_feed(&roll, n, blends, NULL), AR_OK);
            }
            if (feed_members) {
                check_members(&roll, first_forecast + fed - 1, step);
            }
            ar_roll_out_advance(&roll);
            stop_and_go_on(&roll, (start - known_before) * HOUR, step + 1);
        }
    }
    ar_roll_out_release(&roll);
}

static void trajectories_know_what_was_forecast(void **state)
{
    (void)state;
    make_dataset();
    for (int64_t known = 1; known <= 4; known++) {
        for (int64_t fed = 1; fed <= MOST_FED; fed++) {
            check_roll_out(known, fed, false);
            check_roll_out(known, fed, true);
        }
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    make_dataset();
    const ar_forecast_options options = {.steps = STEPS, .feed_members = true};
    const ar_forecast_times times = {.known_before = 2, .time_step = HOUR, .steps = STEPS};
    ar_status status = AR_ERROR_MEMORY;
    int failures = 0;
    for (; status != AR_OK; failures++) {
        ar_roll_out roll;
        ar_fail_allocation_after(failures);
        status = ar_roll_out_init(&roll, &options, &configuration, &dataset, &times, NULL);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        ar_roll_out_release(&roll);
    }
    assert_int_equal(failures, 5); /* times, tails, known values, members; then none fails */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trajectories_know_what_was_forecast),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
