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

/* Is the time in the months and at the hours that are asked for? */
static bool is_wanted(const ar_sampling *sampling, int64_t time, ar_calendar calendar)
{
    const ar_date date = ar_time_date(time, calendar);
    return (sampling->months == 0 || (sampling->months >> date.month & 1)) &&
           (sampling->hours == 0 || (sampling->hours >> date.hour & 1));
}

static ar_status find_windows(ar_sampler *sampler, const ar_sampling *sampling, int64_t steps,
                              int64_t first_time, int64_t last_time, ar_error *err)
{
    int64_t all = 0;
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
            all++;
            if (is_wanted(sampling, start, field->calendar)) {
                sampler->window_times[sampler->window_count++] = start;
            }
        }
    }
    if (all > 0 && sampler->window_count == 0) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "of %lld times at which a cube of field %s could begin none is of "
                       "sampling.months and sampling.hours",
                       (long long)all, field->name);
    }
    if (all == 0) {
        return fail_without_window(space, steps, first_time, last_time, err);
    }
    return AR_OK;
}

/* Degrees eastward from `from` to `to`, 0 up to 360; what is just west of `from` is at it. */
static double degrees_east(double from, double to, double tolerance)
{
    double degrees = fmod(to - from, 360);
    degrees += degrees < 0 ? 360 : 0;
    return degrees > 360 - tolerance ? 0 : degrees;
}

/* Does a cube of so many rows from `row` on lie where it may, as far as latitudes go? */
static bool row_is_wanted(const ar_sampling *sampling, const ar_grid *grid, int64_t row,
                          int64_t rows)
{
    const double tolerance = 1e-4 * grid->latitude_step;
    const double first = grid->latitude[row], last = grid->latitude[row + rows - 1];
    const double away = fabs((first + last) / 2 - sampling->latitude);
    return (!sampling->has_region ||
            (first <= sampling->north + tolerance && last >= sampling->south - tolerance)) &&
           (!sampling->has_location || away <= grid->latitude_step / 2 + tolerance);
}

static bool column_is_wanted(const ar_sampling *sampling, const ar_grid *grid, int64_t column,
                             int64_t columns)
{
    const double step = grid->longitude_step, tolerance = 1e-4 * step;
    const double first = grid->longitude[column], extent = (double)(columns - 1) * step;
    const double width = sampling->east - sampling->west;
    const double arc = width > 0 ? width : width + 360;
    const double into = degrees_east(sampling->west, first, tolerance);
    const double away = fabs(remainder(first + extent / 2 - sampling->longitude, 360));
    return (!sampling->has_region || arc >= 360 - tolerance || into + extent <= arc + tolerance) &&
           (!sampling->has_location || away <= step / 2 + tolerance);
}

static ar_status fail_without_place(const ar_sampling *sampling, const ar_grid *grid,
                                    const int64_t span[3], ar_error *err)
{
    char cube[64], globe[96];
    snprintf(cube, sizeof cube, "%g x %g degrees", (double)(span[1] - 1) * grid->latitude_step,
             (double)(span[2] - 1) * grid->longitude_step);
    snprintf(globe, sizeof globe, "%g to %g N, %g to %g E", grid->latitude[grid->nlat - 1],
             grid->latitude[0], grid->longitude[0], grid->longitude[grid->nlon - 1]);
    if (sampling->has_location) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "sampling.location is [%g, %g], where no cube (%s) of the data (%s) has its "
                       "centre; should be farther from its edges and poles",
                       sampling->latitude, sampling->longitude, cube, globe);
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "sampling.region is [%g, %g, %g, %g], and no cube (%s) of the data (%s) lies in "
                   "it; should be larger",
                   sampling->north, sampling->west, sampling->south, sampling->east, cube, globe);
}

/* Possible first columns. */
static ar_status find_columns(ar_sampler *sampler, const ar_sampling *sampling, int64_t columns,
                              ar_error *err)
{
    const ar_grid *grid = &sampler->space->fields[0]->grid;
    const int64_t count = grid->wraps ? grid->nlon : grid->nlon - columns + 1;
    ar_status status = ar_allocate(&sampler->columns, (size_t)count, sizeof *sampler->columns,
                                   "possible longitudes of cubes", err);
    for (int64_t j = 0; status == AR_OK && j < count; j++) {
        if (column_is_wanted(sampling, grid, j, columns)) {
            sampler->columns[sampler->column_count++] = j;
        }
    }
    return status;
}

/* Probability of a first row: the area of the band one step high around the cube's centre, which is
 * ∝ cos φ away from the poles and a cap where a cube of one row lies on a pole; 0 where it may not
 * lie. Returns the area of all. */
static double weigh_rows(ar_sampler *sampler, const ar_sampling *sampling, const ar_grid *grid,
                         int64_t rows)
{
    const double radian = M_PI / 180, half = grid->latitude_step / 2;
    double sum = 0;
    for (int64_t i = 0; i < sampler->row_count; i++) {
        double centre = (grid->latitude[i] + grid->latitude[i + rows - 1]) / 2;
        if (row_is_wanted(sampling, grid, i, rows)) {
            sum += sin(fmin(90, centre + half) * radian) - sin(fmax(-90, centre - half) * radian);
        }
        sampler->row_cumulative[i] = sum;
    }
    for (int64_t i = 0; sum > 0 && i < sampler->row_count; i++) {
        sampler->row_cumulative[i] /= sum;
    }
    return sum;
}

ar_status ar_sampler_init(ar_sampler *sampler, const ar_cube_space *space,
                          const ar_sampling *sampling, int64_t first_time, int64_t last_time,
                          ar_error *err)
{
    static const ar_sampling all = {0};
    ar_status status;
    *sampler = (ar_sampler){.space = space};
    const ar_grid *grid = &space->fields[0]->grid;
    int64_t extent[3];
    AR_TRY(ar_cube_space_check(space, err));
    ar_cube_extent(&space->tokens[0], extent);
    const int64_t span[3] = {extent[0], ar_cube_span(space, extent[1]),
                             ar_cube_span(space, extent[2])};
    sampler->row_count = grid->nlat - span[1] + 1;
    sampling = sampling ? sampling : &all;
    AR_TRY(find_windows(sampler, sampling, extent[0], first_time, last_time, err));
    AR_TRY(find_columns(sampler, sampling, span[2], err));
    AR_TRY(ar_allocate(&sampler->row_cumulative, (size_t)sampler->row_count, sizeof(double),
                       "probabilities of latitudes", err));
    if (!(weigh_rows(sampler, sampling, grid, span[1]) > 0) || sampler->column_count == 0) {
        status = fail_without_place(sampling, grid, span, err);
    }
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
    ar_free(sampler->columns);
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
        cubes[k].first_column = sampler->columns[ar_random_below(&place, sampler->column_count)];
        ar_random displacement = ar_draw_stream(draw, k, AR_RANDOM_DISPLACEMENT, 0);
        cubes[k].wanted =
            ar_tau_draw(sampler->space->tau, sampler->space->token_doublings, &displacement);
    }
}
