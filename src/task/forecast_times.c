#include "task/forecast_times.h"

#include "base/log.h"
#include "base/memory.h"

enum { HOURS_MOST = 24 * 366 * 100 };

static ar_status check_period(const ar_forecast_options *o, int64_t start, int64_t end,
                              ar_error *err)
{
    if (end < start || o->every_hours < 1 || o->every_hours > HOURS_MOST) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--start %s --end %s --every %lld: no time; the end must not lie before the "
                       "start, and the step be 1 to %d hours",
                       o->start, o->end, (long long)o->every_hours, HOURS_MOST);
    }
    return AR_OK;
}

/* The same before the data, and with it the calendar, is known; nothing where the texts are no
 * dates of the standard one. */
static ar_status check_period_early(const ar_forecast_options *o, ar_error *err)
{
    int64_t start, end;
    bool standard = ar_time_parse(&start, o->start, AR_CALENDAR_STANDARD, NULL) == AR_OK &&
                    ar_time_parse(&end, o->end, AR_CALENDAR_STANDARD, NULL) == AR_OK;
    return standard ? check_period(o, start, end, err) : AR_OK;
}

ar_status ar_forecast_times_lead(ar_forecast_times *times, const ar_forecast_options *o,
                                 const ar_checkpoint *checkpoint, ar_error *err)
{
    const ar_configuration *c = &checkpoint->configuration;
    if (o->lead_hours < 1 || o->lead_hours > HOURS_MOST ||
        o->lead_hours % c->time_step_hours != 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--lead-hours %lld: the model steps by %lld hours, so a multiple of that",
                       (long long)o->lead_hours, (long long)c->time_step_hours);
    }
    times->lead_steps = o->lead_hours / c->time_step_hours;
    /* Static fields are known at all times, however their tokens lie; streams know what their
     * fields do. */
    const ar_field_configuration *first = &c->fields[c->prediction_order[0]];
    const int64_t size = first->tokens.token_size[0];
    const int64_t tokens = (times->lead_steps - 1) / size + 1;
    for (int64_t f = 0; f < c->field_count; f++) {
        const ar_field_configuration *field = &c->fields[f];
        if (field->is_static || field->stream_of) {
            continue;
        }
        if (field->tokens.token_size[0] != size) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: tokens of %s span %lld times, those of %s %lld; a forecast needs "
                           "equal ones",
                           checkpoint->path, field->name, (long long)field->tokens.token_size[0],
                           first->name, (long long)size);
        }
        if (tokens >= field->tokens.tokens[0]) {
            return ar_fail(
                err, AR_ERROR_USAGE,
                "--lead-hours %lld: the model sees %lld hours in all; at most %lld hours "
                "can be forecast at once",
                (long long)o->lead_hours,
                (long long)(field->tokens.tokens[0] * size * c->time_step_hours),
                (long long)((field->tokens.tokens[0] - 1) * size * c->time_step_hours));
        }
    }
    if (c->masking.strategy == AR_MASK_FORECAST && tokens > c->masking.forecast_tokens) {
        ar_log(AR_LOG_WARNING,
               "--lead-hours %lld: masks the last %lld tokens in time, and the model was trained "
               "with %lld",
               (long long)o->lead_hours, (long long)tokens, (long long)c->masking.forecast_tokens);
    }
    times->masking = (ar_masking){.strategy = AR_MASK_FORECAST, .forecast_tokens = tokens};
    times->known_steps = (first->tokens.tokens[0] - tokens) * size;
    times->time_step = 3600 * c->time_step_hours;
    return check_period_early(o, err);
}

int64_t ar_forecast_times_first(const ar_forecast_times *times, int64_t valid)
{
    return valid - (times->lead_steps + times->known_steps - 1) * times->time_step;
}

static bool is_known(const ar_forecast_times *times, const ar_dataset *dataset, int64_t valid)
{
    const int64_t step = times->time_step, last = valid - times->lead_steps * step;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        for (int64_t t = ar_forecast_times_first(times, valid); t <= last; t += step) {
            if (ar_field_data_find_time(&dataset->fields[f], t) < 0) {
                return false;
            }
        }
    }
    return true;
}

/* Say once that months are forecast, or forecast from, that training never saw. */
static void warn_of_months(const ar_forecast_times *times, const ar_dataset *dataset)
{
    for (int64_t t = 0; t < times->count; t++) {
        const int64_t valid = times->valid[t];
        if (ar_dataset_warn_of_months(dataset, ar_forecast_times_first(times, valid), valid,
                                      "forecast")) {
            return;
        }
    }
}

/* Say that times which training saw are forecast: nobody should score them. */
static void warn_of_training_times(const ar_forecast_times *times, const ar_dataset *dataset)
{
    int64_t seen = 0;
    for (int64_t t = 0; t < times->count; t++) {
        seen +=
            times->valid[t] >= dataset->training_first && times->valid[t] <= dataset->training_last;
    }
    if (seen > 0) {
        char first[32], last[32];
        ar_time_format(dataset->training_first, dataset->fields[0].calendar, first);
        ar_time_format(dataset->training_last, dataset->fields[0].calendar, last);
        ar_log(AR_LOG_WARNING,
               "%lld of %lld valid times lie in the training period (%s to %s); 'atmorep verify' "
               "will not score them",
               (long long)seen, (long long)times->count, first, last);
    }
}

ar_status ar_forecast_times_choose(ar_forecast_times *times, const ar_forecast_options *o,
                                   const ar_dataset *dataset, ar_error *err)
{
    const ar_calendar calendar = dataset->fields[0].calendar;
    int64_t start, end, wanted = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_time_parse(&start, o->start, calendar, err));
    AR_TRY(ar_time_parse(&end, o->end, calendar, err));
    AR_TRY(check_period(o, start, end, err));
    const int64_t every = 3600 * o->every_hours;
    const int64_t most = (end - start) / every + 1;
    AR_TRY(ar_allocate(&times->valid, (size_t)most, sizeof(int64_t), "times", err));
    for (int64_t valid = start; valid <= end; valid += every, wanted++) {
        if (is_known(times, dataset, valid)) {
            times->valid[times->count++] = valid;
        }
    }
    if (times->count == 0) {
        const ar_field_data *field = &dataset->fields[dataset->timed_field];
        char first[32], last[32];
        ar_time_format(field->times[0], calendar, first);
        ar_time_format(field->times[field->time_count - 1], calendar, last);
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s to %s: the data has none of the times that such forecasts start from; "
                       "it goes from %s to %s",
                       o->start, o->end, first, last);
    }
    if (times->count < wanted) {
        ar_log(AR_LOG_WARNING, "%lld of %lld times left out: the data they start from is not there",
               (long long)(wanted - times->count), (long long)wanted);
    }
    warn_of_months(times, dataset);
    warn_of_training_times(times, dataset);
cleanup:
    return status;
}

void ar_forecast_times_release(ar_forecast_times *times)
{
    ar_free(times->valid);
    *times = (ar_forecast_times){0};
}
