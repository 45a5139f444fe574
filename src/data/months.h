/* Hierarchical Monte Carlo sampling (Lessig et al. 2023): which months of the data are in memory at
 * which step, and which times are drawn from them. There are M slots. Each holds one month of one
 * year, drawn with a probability proportional to the number of possible first times of cubes in it,
 * independently of all others, and keeps it for a set number of steps. A sample takes any slot,
 * then any first time of its month. So every first time has the same probability at every step, as
 * if it were drawn from all of them, and the expected gradient is the same; only what is drawn
 * within one stay of a month is alike. Slots are replaced one after the other. All of it follows
 * from (seed, step), so that a resumed run sees the same. */
#ifndef AR_DATA_MONTHS_H
#define AR_DATA_MONTHS_H

#include "base/random.h"
#include "data/batch.h"

struct ar_month_schedule {
    const ar_sampler *sampler; /* borrowed: of its windows */
    int64_t month_count;       /* months in which windows begin, in ascending order */
    int64_t *first_window;     /* [month_count + 1] month m has first_window[m] … [m + 1] − 1 */
    /* What follows is the caller's to set. */
    int64_t slot_count; /* M, at least 1 */
    int64_t stay;       /* steps that a slot keeps its month, at least 1 */
    uint64_t seed;
    bool validation; /* draws from streams of its own */
};

/* Group the windows of a sampler: by their months (AR_WHOLE_MONTHS days), by parts of months of so
 * many days, which are then what is called a month here, or all as one (0 days). Release with
 * ar_month_schedule_release. */
enum { AR_WHOLE_MONTHS = 31 };
AR_USE_RESULT ar_status ar_month_schedule_init(ar_month_schedule *schedule,
                                               const ar_sampler *sampler, int days, ar_error *err);
void ar_month_schedule_release(ar_month_schedule *schedule);

/* How often the slot has been replaced before a step ≥ 0; the stays of slots begin
 * stay / slot_count steps apart. */
int64_t ar_month_schedule_generation(const ar_month_schedule *schedule, int64_t slot, int64_t step);

/* The month that a slot holds in a generation. */
int64_t ar_month_schedule_month(const ar_month_schedule *schedule, int64_t slot,
                                int64_t generation);

/* Draw a window for a sample of draw->step. `stream` is of purpose AR_RANDOM_CUBE_TIME. */
int64_t ar_month_schedule_draw(const ar_month_schedule *schedule, const ar_draw *draw,
                               ar_random *stream);

/* The times of a field that the cubes of a month need, those after its end and those of displaced
 * targets included: first … first + count − 1. */
void ar_month_schedule_times(const ar_month_schedule *schedule, const ar_field_data *field,
                             int64_t month, int64_t *first, int64_t *count);

/* How many they are in the month in which they are most. */
int64_t ar_month_schedule_most_times(const ar_month_schedule *schedule, const ar_field_data *field);

#endif
