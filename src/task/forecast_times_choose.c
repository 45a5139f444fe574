#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "task/forecast_times.h"
#include "task/wanted_times.h"

/* What keeps a valid time from being forecast. */
typedef struct {
    const ar_field_data *field; /* that is not there, */
    int64_t time;               /* at this time */
} missing_time;

/* Does each field have a time of the cube around this one? */
static bool is_near_data(const ar_forecast_times *times, const ar_dataset *dataset, int64_t valid,
                         missing_time *missing)
{
    const int64_t first = ar_forecast_times_first(times, valid);
    for (int64_t f = 0; f < dataset->field_count; f++) {
        bool found = false;
        for (int64_t step = 0; step < times->cube_steps; step++) {
            const int64_t time = first + step * times->time_step;
            found |= ar_field_data_find_time(&dataset->fields[f], time) >= 0;
        }
        if (!found) {
            *missing = (missing_time){&dataset->fields[f], valid};
            return false;
        }
    }
    return true;
}

/* Are all times there that must be known? `missing` is the one that is nearest to the valid time.
 */
static bool is_known(const ar_forecast_times *times, const ar_dataset *dataset, int64_t valid,
                     missing_time *missing)
{
    const int64_t first = ar_forecast_times_first(times, valid);
    bool known = true;
    if (times->masking.strategy == AR_MASK_GAPS) {
        return is_near_data(times, dataset, valid, missing);
    }
    for (int64_t step = 0; step < times->cube_steps; step++) {
        const int64_t time = first + step * times->time_step;
        const bool hidden =
            step >= times->known_before && step < times->known_before + times->masked_steps;
        for (int64_t f = 0; !hidden && f < dataset->field_count; f++) {
            const bool there = ar_field_data_find_time(&dataset->fields[f], time) >= 0;
            if (!there && (known || llabs(time - valid) < llabs(missing->time - valid))) {
                *missing = (missing_time){&dataset->fields[f], time};
            }
            known = known && there;
        }
    }
    return known;
}

/* What is loaded are the times around those that are wanted, so that those of it which are nearest
 * are the data's. */
static ar_status fail_by_missing(const missing_time *missing, int64_t valid, ar_error *err)
{
    const ar_field_data *field = missing->field;
    char valid_text[32], missing_text[32], before[32] = "", after[32] = "";
    int64_t next = 0;
    while (next < field->time_count && field->times[next] < missing->time) {
        next++;
    }
    ar_time_format(valid, field->calendar, valid_text);
    ar_time_format(missing->time, field->calendar, missing_text);
    if (next > 0) {
        ar_time_format(field->times[next - 1], field->calendar, before);
    }
    if (next < field->time_count) {
        ar_time_format(field->times[next], field->calendar, after);
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: needs %s at %s, which is no time of the data; nearest to it %s %s%s%s",
                   valid_text, field->name, missing_text, before[0] && after[0] ? "are" : "is",
                   before, before[0] && after[0] ? " and " : "", after);
}

/* Say once that months are forecast, or forecast from, that training never saw. */
static void warn_of_months(const ar_forecast_times *times, const ar_dataset *dataset)
{
    for (int64_t t = 0; t < times->count; t++) {
        const int64_t first = ar_forecast_times_first(times, times->valid[t]);
        const int64_t last = first + (times->cube_steps - 1) * times->time_step;
        const int64_t valid = ar_forecast_times_step(times, times->valid[t], times->steps - 1);
        const bool later = times->masking.known_after || times->masking.strategy == AR_MASK_GAPS;
        if (ar_dataset_warn_of_months(dataset, first, later ? last : valid, "forecast")) {
            return;
        }
    }
}

/* Say that times which training saw are forecast: nobody should score them. */
static void warn_of_training_times(const ar_forecast_times *times, const ar_dataset *dataset)
{
    int64_t seen = 0;
    for (int64_t t = 0; t < times->count; t++) {
        for (int64_t s = 0; s < times->steps; s++) {
            const int64_t valid = ar_forecast_times_step(times, times->valid[t], s);
            seen += valid >= dataset->training_first && valid <= dataset->training_last;
        }
    }
    if (seen > 0) {
        char first[32], last[32];
        ar_time_format(dataset->training_first, dataset->fields[0].calendar, first);
        ar_time_format(dataset->training_last, dataset->fields[0].calendar, last);
        ar_log(AR_LOG_WARNING,
               "%lld of %lld valid times lie in the training period (%s to %s); 'atmorep verify' "
               "will not score them",
               (long long)seen, (long long)(times->count * times->steps), first, last);
    }
}

/* Fields that are not predicted have to be in the data at all times that become known. */
static ar_status check_inputs(const ar_forecast_times *times, const ar_configuration *c,
                              const ar_dataset *dataset, ar_error *err)
{
    for (int64_t f = 0; f < c->field_count; f++) {
        const ar_field_data *field = &dataset->fields[f];
        if (c->fields[f].predicted || c->fields[f].stream_of || field->is_static) {
            continue;
        }
        for (int64_t t = 0; t < times->count; t++) {
            const int64_t valid = times->valid[t], step = times->time_step;
            const int64_t last = ar_forecast_times_step(times, valid, times->steps - 2);
            for (int64_t time = valid - times->valid_step * step; time <= last; time += step) {
                if (ar_field_data_find_time(field, time) < 0) {
                    char text[32];
                    ar_time_format(time, field->calendar, text);
                    return ar_fail(err, AR_ERROR_INPUT,
                                   "--steps %lld: needs %s at %s, which the data does not have; "
                                   "the model does not predict it",
                                   (long long)times->steps, field->name, text);
                }
            }
        }
    }
    return AR_OK;
}

ar_status ar_forecast_times_choose(ar_forecast_times *times, const ar_forecast_options *o,
                                   const ar_configuration *configuration, const ar_dataset *dataset,
                                   ar_error *err)
{
    const ar_calendar calendar = dataset->fields[0].calendar;
    int64_t *wanted = NULL, wanted_count = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_wanted_times_list(o, calendar, &wanted, &wanted_count, err));
    const ar_field_data *timed = &dataset->fields[dataset->timed_field];
    times->data_first = timed->times[0];
    times->data_last = timed->times[timed->time_count - 1];
    AR_TRY(ar_allocate(&times->valid, (size_t)wanted_count, sizeof(int64_t), "times", err));
    missing_time missing = {0}, first_missing = {0};
    for (int64_t i = 0; i < wanted_count; i++) {
        if (is_known(times, dataset, wanted[i], &missing)) {
            times->valid[times->count++] = wanted[i];
        } else if (!first_missing.field) {
            first_missing = missing;
        }
    }
    if (times->count == 0) {
        status = fail_by_missing(&first_missing, wanted[0], err);
        goto cleanup;
    }
    if (times->count < wanted_count) {
        ar_log(AR_LOG_WARNING,
               "%lld of %lld times left out: the known times that they need are not there",
               (long long)(wanted_count - times->count), (long long)wanted_count);
    }
    if (times->steps > 1) {
        AR_TRY(check_inputs(times, configuration, dataset, err));
    }
    warn_of_months(times, dataset);
    warn_of_training_times(times, dataset);
cleanup:
    ar_free(wanted);
    return status;
}
