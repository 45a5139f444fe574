/* Drawing cubes without bias: hierarchical Monte Carlo over time, latitude and longitude. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/memory.h"
#include "data/batch_parts.h"
#include "data/months.h"

/* The first field whose times mean something; where all are static, the first. */
static const ar_field_data *timed_field(const ar_cube_space *space)
{
    for (int64_t f = 0; f < space->field_count; f++) {
        if (!space->fields[f]->is_static) {
            return space->fields[f];
        }
    }
    return space->fields[0];
}

static bool window_is_whole(const ar_cube_space *space, int64_t first_time, int64_t steps)
{
    for (int64_t f = 0; f < space->field_count; f++) {
        for (int64_t t = 0; t < steps; t++) {
            if (ar_field_data_find_time(space->fields[f], first_time + t * space->time_step) < 0) {
                return false;
            }
        }
    }
    return true;
}

static void describe_times(const ar_field_data *field, char text[96])
{
    char first[32] = "-", last[32] = "-";
    if (field->time_count > 0) {
        ar_time_format(field->times[0], field->calendar, first);
        ar_time_format(field->times[field->time_count - 1], field->calendar, last);
    }
    snprintf(text, 96, "%s to %s", first, last);
}

/* No window: say what was looked for, and the shortest field's times. */
static ar_status fail_without_window(const ar_cube_space *space, int64_t steps, int64_t first_time,
                                     int64_t last_time, ar_error *err)
{
    const ar_field_data *shortest = timed_field(space);
    for (int64_t f = 0; f < space->field_count; f++) {
        if (!space->fields[f]->is_static && space->fields[f]->time_count < shortest->time_count) {
            shortest = space->fields[f];
        }
    }
    char first[32], last[32], has[96];
    ar_time_format(first_time, shortest->calendar, first);
    ar_time_format(last_time, shortest->calendar, last);
    describe_times(shortest, has);
    return ar_fail(err, AR_ERROR_INPUT,
                   "no cube of %lld times, %g hours apart, fits between %s and %s without a gap in "
                   "any field; field %s has %lld times, %s",
                   (long long)steps, (double)space->time_step / 3600, first, last, shortest->name,
                   (long long)shortest->time_count, has);
}

static ar_status find_windows(ar_sampler *sampler, int64_t steps, int64_t first_time,
                              int64_t last_time, ar_error *err)
{
    const ar_cube_space *space = sampler->space;
    const ar_field_data *field = timed_field(space);
    ar_status status = ar_allocate(&sampler->window_times, (size_t)field->time_count,
                                   sizeof(int64_t), "possible times of cubes", err);
    if (status != AR_OK) {
        return status;
    }
    for (int64_t i = 0; i < field->time_count; i++) {
        int64_t start = field->times[i];
        if (start >= first_time && start + (steps - 1) * space->time_step <= last_time &&
            window_is_whole(space, start, steps)) {
            sampler->window_times[sampler->window_count++] = start;
        }
    }
    if (sampler->window_count == 0) {
        return fail_without_window(space, steps, first_time, last_time, err);
    }
    return AR_OK;
}

/* Probability of a first row: the area of the band one step high around the cube's centre, which is
 * ∝ cos φ away from the poles and a cap where a cube of one row lies on a pole. */
static void weigh_rows(ar_sampler *sampler, const ar_grid *grid, int64_t rows)
{
    const double radian = M_PI / 180, half = grid->latitude_step / 2;
    double sum = 0;
    for (int64_t i = 0; i < sampler->row_count; i++) {
        double centre = (grid->latitude[i] + grid->latitude[i + rows - 1]) / 2;
        sum += sin(fmin(90, centre + half) * radian) - sin(fmax(-90, centre - half) * radian);
        sampler->row_cumulative[i] = sum;
    }
    for (int64_t i = 0; i < sampler->row_count; i++) {
        sampler->row_cumulative[i] /= sum;
    }
}

ar_status ar_sampler_init(ar_sampler *sampler, const ar_cube_space *space, int64_t first_time,
                          int64_t last_time, ar_error *err)
{
    ar_status status;
    *sampler = (ar_sampler){.space = space};
    const ar_grid *grid = &space->fields[0]->grid;
    int64_t extent[3];
    AR_TRY(ar_cube_space_check(space, err));
    ar_cube_extent(&space->tokens[0], extent);
    sampler->row_count = grid->nlat - extent[1] + 1;
    sampler->column_count = grid->wraps ? grid->nlon : grid->nlon - extent[2] + 1;
    AR_TRY(find_windows(sampler, extent[0], first_time, last_time, err));
    AR_TRY(ar_allocate(&sampler->row_cumulative, (size_t)sampler->row_count, sizeof(double),
                       "probabilities of latitudes", err));
    weigh_rows(sampler, grid, extent[1]);
cleanup:
    if (status != AR_OK) {
        ar_sampler_release(sampler);
    }
    return status;
}

void ar_sampler_release(ar_sampler *sampler)
{
    ar_free(sampler->window_times);
    ar_free(sampler->row_cumulative);
    *sampler = (ar_sampler){0};
}

/* The first row whose cumulative probability is above `uniform`. */
static int64_t find_row(const ar_sampler *sampler, double uniform)
{
    int64_t low = 0, high = sampler->row_count - 1;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (sampler->row_cumulative[middle] > uniform) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

void ar_sampler_draw(const ar_sampler *sampler, const ar_draw *draw, ar_cube *cubes, int64_t count)
{
    for (int64_t k = 0; k < count; k++) {
        ar_random time = ar_draw_stream(draw, k, AR_RANDOM_CUBE_TIME, 0);
        ar_random place = ar_draw_stream(draw, k, AR_RANDOM_CUBE_PLACE, 0);
        const int64_t window = sampler->months
                                   ? ar_month_schedule_draw(sampler->months, draw, &time)
                                   : ar_random_below(&time, sampler->window_count);
        cubes[k].first_time = sampler->window_times[window];
        cubes[k].first_row = find_row(sampler, ar_random_uniform(&place));
        cubes[k].first_column = ar_random_below(&place, sampler->column_count);
    }
}
