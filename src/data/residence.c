#include "data/residence.h"

#include <omp.h>
#include <pthread.h>

#include "base/memory.h"
#include "base/threads.h"

/* A place in the list of months to read: those of all slots at the first step, then, step by step,
 * those of slots that are replaced. The same list for every thread, which each walk on their own.
 */
typedef struct {
    int64_t number; /* in the list */
    int64_t step, slot;
} place;

typedef struct {
    ar_residence *residence;
    ar_field_data *field;
    ar_field_reader *reader;
    ar_resident_times *months; /* [slot_count + 1]: the last is being read, and nobody's */
    pthread_t thread;
    bool started;
    int64_t read; /* months of the list that have been read */
} resident_field;

struct ar_residence {
    ar_residence_options options;
    resident_field *fields; /* [field_count] */
    int64_t bytes;
    place next;           /* month to be handed over; the caller's */
    pthread_mutex_t lock; /* of what follows, and of `read` */
    pthread_cond_t changed;
    int64_t handed_over; /* months of the list */
    bool stop;
    ar_status status;
    ar_error error;
};

static bool has_replacements(const ar_month_schedule *schedule)
{
    return schedule->month_count > 1;
}

/* Go to where a slot is replaced; false at the end of the list. */
static bool find_place(const ar_residence_options *options, place *at)
{
    const ar_month_schedule *schedule = options->schedule;
    if (at->step == options->first_step && at->slot < schedule->slot_count) {
        return true;
    }
    for (; has_replacements(schedule) && at->step <= options->last_step; at->step++, at->slot = 0) {
        for (; at->slot < schedule->slot_count && at->step > options->first_step; at->slot++) {
            if (ar_month_schedule_generation(schedule, at->slot, at->step) !=
                ar_month_schedule_generation(schedule, at->slot, at->step - 1)) {
                return true;
            }
        }
    }
    return false;
}

static void step_on(place *at)
{
    at->number++;
    at->slot++;
}

/* Where the month of a place is read to: the slots are free at first, later only the spare. */
static ar_resident_times *buffer_of(const resident_field *it, const place *at)
{
    const int64_t slots = it->residence->options.schedule->slot_count;
    return &it->months[at->number < slots ? at->number : slots];
}

static ar_status read_month(resident_field *it, const place *at, ar_error *err)
{
    const ar_month_schedule *schedule = it->residence->options.schedule;
    ar_resident_times *buffer = buffer_of(it, at);
    const int64_t generation = ar_month_schedule_generation(schedule, at->slot, at->step);
    const int64_t month = ar_month_schedule_month(schedule, at->slot, generation);
    ar_month_schedule_times(schedule, it->field, month, &buffer->first, &buffer->count);
    return ar_field_reader_read(it->reader, buffer->first, buffer->count, buffer->values, err);
}

/* A field's thread. Where reading computes it does so on this one alone: the others belong to
 * steps.
 */
static void *read_months(void *argument)
{
    resident_field *it = argument;
    ar_residence *residence = it->residence;
    const int64_t slots = residence->options.schedule->slot_count;
    place at = {.step = residence->options.first_step};
    omp_set_num_threads(1);
    pthread_mutex_lock(&residence->lock);
    while (!residence->stop && residence->status == AR_OK && find_place(&residence->options, &at)) {
        if (at.number > slots && at.number > residence->handed_over) {
            pthread_cond_wait(&residence->changed, &residence->lock); /* the spare is not free */
            continue;
        }
        pthread_mutex_unlock(&residence->lock);
        ar_error error = {""};
        const ar_status status = read_month(it, &at, &error);
        pthread_mutex_lock(&residence->lock);
        if (status != AR_OK && residence->status == AR_OK) {
            residence->status = status;
            residence->error = error;
        }
        it->read++;
        step_on(&at);
        pthread_cond_broadcast(&residence->changed);
    }
    pthread_mutex_unlock(&residence->lock);
    return NULL;
}

static int64_t slice_values(const ar_field_data *field)
{
    return field->level_count * field->grid.nlat * field->grid.nlon;
}

static ar_status start_field(resident_field *it, ar_error *err)
{
    ar_status status;
    ar_residence *residence = it->residence;
    const ar_month_schedule *schedule = residence->options.schedule;
    const int64_t most = ar_month_schedule_most_times(schedule, it->field);
    const int64_t buffers = schedule->slot_count + has_replacements(schedule);
    size_t count;
    AR_TRY(ar_allocate(&it->months, (size_t)schedule->slot_count + 1, sizeof *it->months, "months",
                       err));
    if (!ar_size_product((size_t)most, (size_t)slice_values(it->field), &count)) {
        count = SIZE_MAX; /* is refused by ar_allocate_large */
    }
    for (int64_t i = 0; i < buffers; i++) {
        AR_TRY(ar_allocate_large(&it->months[i].values, count, sizeof(float), "a month of a field",
                                 err));
        residence->bytes += (int64_t)(count * sizeof(float));
    }
    it->field->resident = it->months;
    AR_TRY(ar_thread_start(&it->thread, read_months, it, "reading months", err));
    it->started = true;
cleanup:
    return status;
}

ar_status ar_residence_start(ar_residence **out, const ar_residence_options *options, ar_error *err)
{
    ar_residence *residence = NULL;
    ar_status status = ar_allocate(&residence, 1, sizeof *residence, "months in memory", err);
    if (status != AR_OK) {
        return status;
    }
    residence->options = *options;
    residence->options.fields = NULL; /* read here alone */
    residence->options.readers = NULL;
    residence->next.step = options->first_step;
    pthread_mutex_init(&residence->lock, NULL);
    pthread_cond_init(&residence->changed, NULL);
    AR_TRY(ar_allocate(&residence->fields, (size_t)options->field_count, sizeof *residence->fields,
                       "fields in memory", err));
    for (int64_t f = 0; f < options->field_count; f++) {
        resident_field *it = &residence->fields[f];
        *it = (resident_field){
            .residence = residence, .field = options->fields[f], .reader = options->readers[f]};
        AR_TRY(start_field(it, err));
    }
    *out = residence;
    return AR_OK;
cleanup:
    ar_residence_stop(&residence);
    return status;
}

static bool all_have_read(const ar_residence *residence, int64_t count)
{
    bool all = true;
    for (int64_t f = 0; f < residence->options.field_count; f++) {
        all = all && residence->fields[f].read >= count;
    }
    return all;
}

/* The month of a place becomes that of its slot, whose buffer is the spare one from now on. */
static void hand_over(ar_residence *residence, const place *at)
{
    const int64_t slots = residence->options.schedule->slot_count;
    for (int64_t f = 0; f < residence->options.field_count; f++) {
        resident_field *it = &residence->fields[f];
        if (at->number >= slots) {
            const ar_resident_times old = it->months[at->slot];
            it->months[at->slot] = it->months[slots];
            it->months[slots] = old;
        }
        it->field->resident_count = at->number < slots ? at->number + 1 : slots;
    }
}

ar_status ar_residence_wait(ar_residence *residence, int64_t step, ar_error *err)
{
    pthread_mutex_lock(&residence->lock);
    place *next = &residence->next;
    while (residence->status == AR_OK && find_place(&residence->options, next) &&
           next->step <= step) {
        if (!all_have_read(residence, next->number + 1)) {
            pthread_cond_wait(&residence->changed, &residence->lock);
            continue;
        }
        hand_over(residence, next);
        step_on(next);
        residence->handed_over++;
        pthread_cond_broadcast(&residence->changed);
    }
    const ar_status status = residence->status;
    if (status != AR_OK && err) {
        *err = residence->error;
    }
    pthread_mutex_unlock(&residence->lock);
    return status;
}

int64_t ar_residence_bytes(const ar_residence *residence)
{
    return residence->bytes;
}

void ar_residence_stop(ar_residence **out)
{
    ar_residence *residence = *out;
    if (!residence) {
        return;
    }
    pthread_mutex_lock(&residence->lock);
    residence->stop = true;
    pthread_cond_broadcast(&residence->changed);
    pthread_mutex_unlock(&residence->lock);
    const int64_t slots = residence->options.schedule->slot_count;
    for (int64_t f = 0; residence->fields && f < residence->options.field_count; f++) {
        resident_field *it = &residence->fields[f];
        if (it->started) {
            pthread_join(it->thread, NULL);
        }
        for (int64_t i = 0; it->months && i <= slots; i++) {
            ar_free_large(it->months[i].values);
        }
        if (it->field) {
            it->field->resident = NULL;
            it->field->resident_count = 0;
        }
        ar_free(it->months);
    }
    pthread_cond_destroy(&residence->changed);
    pthread_mutex_destroy(&residence->lock);
    ar_free(residence->fields);
    ar_free(residence);
    *out = NULL;
}
