/* The months of a schedule in memory: read ahead of the steps that need them, by one thread a
 * field, into a fixed set of buffers: one a slot and one for the month that comes next. */
#ifndef AR_DATA_RESIDENCE_H
#define AR_DATA_RESIDENCE_H

#include "data/field_reader.h"
#include "data/months.h"

typedef struct ar_residence ar_residence;

typedef struct {
    const ar_month_schedule *schedule; /* borrowed, as its sampler */
    int64_t field_count;
    ar_field_data *const *fields;    /* [field_count] get their `resident` times; borrowed */
    ar_field_reader *const *readers; /* [field_count] of the same; borrowed */
    int64_t first_step, last_step;   /* no month is read that begins beyond */
} ar_residence_options;

/* Begin to read what the first step needs. The schedule, the fields and
 * the readers must outlive it, lists of them need not. */
AR_USE_RESULT ar_status ar_residence_start(ar_residence **residence,
                                           const ar_residence_options *options, ar_error *err);

/* Wait until the months of a step are in memory, and let go of those before it. Steps do not go
 * back. Until the next call the fields hold still. What failed on a reading thread is the error. */
AR_USE_RESULT ar_status ar_residence_wait(ar_residence *residence, int64_t step, ar_error *err);

int64_t ar_residence_bytes(const ar_residence *residence); /* that its buffers have */

/* End the threads, after what they are reading now, and free the months. NULL-safe, sets NULL. */
void ar_residence_stop(ar_residence **residence);

#endif
