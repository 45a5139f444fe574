#include "data/months.h"

#include "base/memory.h"

/* Are both in the same part of so many days of the same month? */
static bool same_part(int64_t a, int64_t b, int days, ar_calendar calendar)
{
    const ar_date x = ar_time_date(a, calendar), y = ar_time_date(b, calendar);
    return x.year == y.year && x.month == y.month && (x.day - 1) / days == (y.day - 1) / days;
}

ar_status ar_month_schedule_init(ar_month_schedule *schedule, const ar_sampler *sampler, int days,
                                 ar_error *err)
{
    *schedule = (ar_month_schedule){.sampler = sampler, .slot_count = 1, .stay = 1};
    const ar_calendar calendar = sampler->space->fields[0]->calendar;
    ar_status status = ar_allocate(&schedule->first_window, (size_t)sampler->window_count + 1,
                                   sizeof *schedule->first_window, "months", err);
    if (status != AR_OK) {
        return status;
    }
    const int64_t *times = sampler->window_times;
    for (int64_t w = 0; w < sampler->window_count; w++) {
        if (w == 0 || (days > 0 && !same_part(times[w - 1], times[w], days, calendar))) {
            schedule->first_window[schedule->month_count++] = w;
        }
    }
    schedule->first_window[schedule->month_count] = sampler->window_count;
    return AR_OK;
}

void ar_month_schedule_release(ar_month_schedule *schedule)
{
    ar_free(schedule->first_window);
    *schedule = (ar_month_schedule){0};
}

int64_t ar_month_schedule_generation(const ar_month_schedule *schedule, int64_t slot, int64_t step)
{
    const int64_t ahead =
        (int64_t)((double)schedule->stay * (double)slot / (double)schedule->slot_count);
    return (step + ahead) / schedule->stay;
}

int64_t ar_month_schedule_month(const ar_month_schedule *schedule, int64_t slot, int64_t generation)
{
    ar_random stream = {.seed = schedule->seed,
                        .step = (uint32_t)generation,
                        .sample = (uint32_t)slot,
                        .purpose =
                            AR_RANDOM_MONTH + (schedule->validation ? AR_RANDOM_VALIDATION : 0)};
    /* That of any window: so the probability of a month is its share of the windows. */
    const int64_t window = ar_random_below(&stream, schedule->sampler->window_count);
    int64_t low = 0, high = schedule->month_count - 1;
    while (low < high) {
        const int64_t middle = low + (high - low + 1) / 2;
        if (schedule->first_window[middle] <= window) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

int64_t ar_month_schedule_draw(const ar_month_schedule *schedule, const ar_draw *draw,
                               ar_random *stream)
{
    const int64_t slot = ar_random_below(stream, schedule->slot_count);
    const int64_t generation = ar_month_schedule_generation(schedule, slot, draw->step);
    const int64_t month = ar_month_schedule_month(schedule, slot, generation);
    const int64_t first = schedule->first_window[month];
    return first + ar_random_below(stream, schedule->first_window[month + 1] - first);
}

/* Index of the field's first time that is not before `time`. */
static int64_t lower_bound(const ar_field_data *field, int64_t time)
{
    int64_t low = 0, high = field->time_count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (field->times[middle] < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void ar_month_schedule_times(const ar_month_schedule *schedule, const ar_field_data *field,
                             int64_t month, int64_t *first, int64_t *count)
{
    const ar_cube_space *space = schedule->sampler->space;
    const int64_t *windows = schedule->sampler->window_times;
    int64_t extent[3];
    ar_cube_extent(&space->tokens[0], extent);
    const int64_t last = windows[schedule->first_window[month + 1] - 1];
    int64_t before, after;
    ar_tau_reach(space->tau, &before, &after);
    *first = lower_bound(field, windows[schedule->first_window[month]] - before);
    *count = lower_bound(field, last + (extent[0] - 1) * space->time_step + after + 1) - *first;
}

int64_t ar_month_schedule_most_times(const ar_month_schedule *schedule, const ar_field_data *field)
{
    int64_t most = 0;
    for (int64_t month = 0; month < schedule->month_count; month++) {
        int64_t first, count;
        ar_month_schedule_times(schedule, field, month, &first, &count);
        most = count > most ? count : most;
    }
    return most;
}
