#include "task/forecast_times.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "task/wanted_times.h"

/* The options that say how far known times lie. */
static void name_hours(const ar_forecast_options *o, char text[80])
{
    const bool both = o->lead_hours != 0 && o->next_hours != 0;
    text[0] = '\0';
    if (o->lead_hours != 0 || o->next_hours == 0) {
        snprintf(text, 80, "--lead-hours %lld%s", (long long)o->lead_hours, both ? " " : "");
    }
    if (o->next_hours != 0) {
        const size_t length = strlen(text);
        snprintf(text + length, 80 - length, "--next-hours %lld", (long long)o->next_hours);
    }
}

static ar_status check_hours(const ar_forecast_options *o, int64_t time_step_hours, ar_error *err)
{
    const int64_t hours[] = {o->lead_hours, o->next_hours};
    bool right = o->lead_hours != 0 || o->next_hours != 0;
    for (int i = 0; i < 2; i++) {
        right =
            right && hours[i] >= 0 && hours[i] <= AR_HOURS_MOST && hours[i] % time_step_hours == 0;
    }
    if (!right) {
        char option[80];
        name_hours(o, option);
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s: the model steps by %lld hours, so a multiple of that", option,
                       (long long)time_step_hours);
    }
    return AR_OK;
}

static ar_status check_steps(const ar_forecast_options *o, ar_error *err)
{
    if (o->steps > 1 && o->next_hours > 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--steps %lld with --next-hours %lld: only forecasts go on from themselves",
                       (long long)o->steps, (long long)o->next_hours);
    }
    if (o->until_hours != 0 && o->steps > 1) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--until %lld h with --steps %lld: should be one of them",
                       (long long)o->until_hours, (long long)o->steps);
    }
    if (o->until_hours > AR_HOURS_MOST) {
        return ar_fail(err, AR_ERROR_USAGE, "--until %lld h: should be %d hours at most",
                       (long long)o->until_hours, AR_HOURS_MOST);
    }
    if (o->until_hours < 0 ||
        (o->until_hours > 0 && (o->lead_hours < 1 || o->until_hours % o->lead_hours != 0))) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--until %lld h: should be a multiple of the lead time of a step, %lld h",
                       (long long)o->until_hours, (long long)o->lead_hours);
    }
    if (o->steps < 0 || o->steps > AR_HOURS_MOST / (o->lead_hours > 0 ? o->lead_hours : 1)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--steps %lld of %lld hours: should be at least 1, and %d hours at most",
                       (long long)o->steps, (long long)o->lead_hours, AR_HOURS_MOST);
    }
    if (o->feed_members && o->feed_draws) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--feed-members and --feed-draws are both given; should be one of them");
    }
    if ((o->feed_members || o->feed_draws) && ar_forecast_steps(o) <= 1) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s is for roll-outs; should come with --steps N or --until LEAD",
                       o->feed_draws ? "--feed-draws" : "--feed-members");
    }
    if (o->feed_draws && o->place) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--at %g,%g with --feed-draws: states are drawn of the whole globe, and a "
                       "place is computed by one cube; --feed-members would be right",
                       o->place[0], o->place[1]);
    }
    return AR_OK;
}

/* Static fields are known at all times, however their tokens lie; streams know what their fields
 * do. All others hide the same stretch of time. */
static ar_status check_fields(const ar_forecast_times *times, const ar_forecast_options *o,
                              const ar_checkpoint *checkpoint, ar_error *err)
{
    const ar_configuration *c = &checkpoint->configuration;
    const ar_field_configuration *first = &c->fields[c->prediction_order[0]];
    const int64_t size = first->tokens.token_size[0], token_hours = size * c->time_step_hours;
    const int64_t ends = o->lead_hours > 0 && o->next_hours > 0 ? 2 : 1;
    char option[80];
    name_hours(o, option);
    for (int64_t f = 0; f < c->field_count; f++) {
        const ar_field_configuration *field = &c->fields[f];
        const int64_t tokens = field->tokens.tokens[0];
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
        if (times->masking.forecast_tokens > tokens - ends) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "%s: hides %lld hours, and the model sees %lld in all; at most %lld "
                           "hours can be hidden at once",
                           option, (long long)(times->masking.forecast_tokens * token_hours),
                           (long long)(tokens * token_hours),
                           (long long)((tokens - ends) * token_hours));
        }
    }
    return AR_OK;
}

static void warn_of_training(const ar_masking *masking, const ar_forecast_options *o,
                             const ar_configuration *c)
{
    char option[80];
    name_hours(o, option);
    if (c->masking.strategy != AR_MASK_FORECAST) {
        return;
    }
    if (o->next_hours > 0) {
        ar_log(AR_LOG_WARNING, "%s: the model was trained to forecast only (masking.strategy)",
               option);
    } else if (masking->forecast_tokens > c->masking.forecast_tokens) {
        ar_log(AR_LOG_WARNING,
               "%s: masks the last %lld tokens in time, and the model was trained with %lld",
               option, (long long)masking->forecast_tokens, (long long)c->masking.forecast_tokens);
    }
}

int64_t ar_forecast_steps(const ar_forecast_options *o)
{
    const bool until = o->until_hours > 0 && o->lead_hours > 0;
    return until ? o->until_hours / o->lead_hours : o->steps > 1 ? o->steps : 1;
}

ar_status ar_forecast_times_lead(ar_forecast_times *times, const ar_forecast_options *o,
                                 const ar_checkpoint *checkpoint, ar_error *err)
{
    const ar_configuration *c = &checkpoint->configuration;
    const ar_field_tokens *shape = &c->fields[c->prediction_order[0]].tokens;
    const int64_t size = shape->token_size[0];
    ar_status status = AR_OK;
    AR_TRY(check_hours(o, c->time_step_hours, err));
    AR_TRY(check_steps(o, err));
    const int64_t lead = o->lead_hours / c->time_step_hours;
    const int64_t next = o->next_hours / c->time_step_hours;
    const bool between = lead > 0 && next > 0;
    if (between && (lead + next - 1) % size != 0) {
        char option[80];
        name_hours(o, option);
        return ar_fail(
            err, AR_ERROR_USAGE,
            "%s: %lld unknown times in between, and the model's tokens span %lld; should "
            "be a multiple of that",
            option, (long long)(lead + next - 1), (long long)size);
    }
    /* Of a forecast or a hindcast the far end of the last token is unknown too. */
    int64_t tokens = (lead + next - (between ? 1 : 0) + size - 1) / size;
    if (next == 0 && c->masking.strategy == AR_MASK_FORECAST &&
        tokens < c->masking.forecast_tokens) {
        tokens = c->masking.forecast_tokens; /* it never saw fewer hidden */
    }
    times->masking = (ar_masking){.strategy = AR_MASK_FORECAST, .forecast_tokens = tokens};
    AR_TRY(check_fields(times, o, checkpoint, err));
    if (next > 0) { /* the odd token in between is one of the past */
        times->masking.known_after = (shape->tokens[0] - tokens) / (between ? 2 : 1);
    }
    warn_of_training(&times->masking, o, c);
    times->cube_steps = shape->tokens[0] * size;
    times->masked_steps = tokens * size;
    times->known_before =
        times->cube_steps - times->masked_steps - times->masking.known_after * size;
    times->valid_step = lead > 0 ? lead - 1 : times->masked_steps - next;
    times->time_step = 3600 * c->time_step_hours;
    times->steps = ar_forecast_steps(o);
    const int64_t displaced = times->displaced / 3600;
    const int64_t from_last = o->lead_hours + displaced, to_next = o->next_hours - displaced;
    times->lead_hours = lead > 0 && (next == 0 || from_last <= to_next) ? from_last : -to_next;
    if ((lead > 0 && from_last < 0) || (next > 0 && to_next < 0)) {
        char option[80];
        name_hours(o, option);
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s --tau time=%lldh: lies beyond the nearest known time; should be %s%lldh",
                       option, (long long)displaced, from_last < 0 ? "at least -" : "at most ",
                       (long long)(from_last < 0 ? o->lead_hours : o->next_hours));
    }
cleanup:
    return status;
}

int64_t ar_forecast_times_step(const ar_forecast_times *times, int64_t valid, int64_t step)
{
    return valid + step * 3600 * times->lead_hours;
}

void ar_forecast_times_gaps(ar_forecast_times *times, const ar_forecast_options *o,
                            const ar_checkpoint *checkpoint)
{
    const ar_configuration *c = &checkpoint->configuration;
    const ar_field_tokens *shape = &c->fields[c->prediction_order[0]].tokens;
    times->masking = (ar_masking){.strategy = AR_MASK_GAPS};
    times->cube_steps = shape->tokens[0] * shape->token_size[0];
    times->time_step = 3600 * c->time_step_hours;
    times->steps = 1;
    if (c->masking.strategy == AR_MASK_FORECAST) {
        ar_log(AR_LOG_WARNING,
               "--gaps %s: the model was trained to forecast only "
               "(masking.strategy)",
               o->gaps);
    }
}

/* The middle of the cube is the valid time, unless the data begins or ends too near to it. */
static int64_t first_around(const ar_forecast_times *times, int64_t valid)
{
    const int64_t step = times->time_step, most = times->cube_steps - 1;
    const int64_t after = (times->data_last - valid) / step;
    const int64_t before = (valid - times->data_first) / step;
    int64_t back = times->cube_steps / 2;
    back = back < most - after ? most - after : back;
    back = back > before ? before : back;
    return valid - step * (back < 0 ? 0 : back > most ? most : back);
}

int64_t ar_forecast_times_before(const ar_forecast_times *times)
{
    return times->cube_steps * times->time_step + (times->displaced > 0 ? times->displaced : 0);
}

int64_t ar_forecast_times_after(const ar_forecast_times *times,
                                const ar_configuration *configuration)
{
    bool inputs = false;
    for (int64_t f = 0; f < configuration->field_count; f++) {
        const ar_field_configuration *field = &configuration->fields[f];
        inputs |= !field->predicted && !field->stream_of && !field->is_static;
    }
    const bool later = times->masking.known_after > 0 || times->masking.strategy == AR_MASK_GAPS;
    const int64_t after = later    ? times->cube_steps * times->time_step
                          : inputs ? ar_forecast_times_step(times, 0, times->steps - 1)
                                   : 0;
    return after + (times->displaced < 0 ? -times->displaced : 0);
}

int64_t ar_forecast_times_first(const ar_forecast_times *times, int64_t valid)
{
    if (times->masking.strategy == AR_MASK_GAPS) {
        return first_around(times, valid);
    }
    return valid - times->displaced - (times->known_before + times->valid_step) * times->time_step;
}

void ar_forecast_times_release(ar_forecast_times *times)
{
    ar_free(times->valid);
    *times = (ar_forecast_times){0};
}
