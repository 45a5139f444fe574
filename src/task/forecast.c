#include "atmorep/atmorep.h"

#include <math.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "task/forecast_state.h"

/* Add the tiles of the batch that was just computed, at a step of their cubes. */
static void blend_batch(ar_forecast_state *state, ar_blend *blends, int64_t first, int64_t step)
{
    const ar_configuration *c = &state->checkpoint.configuration;
    for (int64_t f = 0; f < c->field_count; f++) {
        for (int64_t l = 0; c->fields[f].predicted && l < c->fields[f].level_count; l++) {
            for (int64_t s = 0; s < state->batch.sample_count; s++) {
                ar_predictions_read(&state->predictions, state->plan, f, s, l, step, state->tile);
                ar_blend_add(&blends[f], l, state->wanted[first + s], state->tile);
            }
        }
    }
}

/* The same at the valid time, and in a roll-out at those before it. */
static void blend_times(ar_forecast_state *state, int64_t first, int64_t valid_step)
{
    ar_predictions_index(&state->predictions);
    for (int64_t i = 0; i < state->blend_steps; i++) {
        blend_batch(state, state->blends + i * AR_FIELD_MAX, first,
                    valid_step - (state->blend_steps - 1 - i));
    }
}

static ar_status finish_blends(ar_forecast_state *state, int64_t valid, ar_error *err)
{
    const ar_configuration *c = &state->checkpoint.configuration;
    for (int64_t b = 0; b < state->blend_steps * AR_FIELD_MAX; b++) {
        ar_blend *blend = &state->blends[b];
        if (!blend->members) {
            continue;
        }
        ar_blend_finish(blend);
        const int64_t count =
            blend->level_count * blend->member_count * blend->grid->nlat * blend->grid->nlon;
        for (int64_t i = 0; i < count; i++) {
            if (!isfinite(blend->members[i])) {
                return ar_fail(err, AR_ERROR_NUMERIC, "%s: the forecast of %s is not finite",
                               state->checkpoint.path, c->fields[b % AR_FIELD_MAX].name);
            }
        }
        if (state->options->gaps) {
            ar_gaps_restore(&state->gaps, b % AR_FIELD_MAX, valid, blend);
        }
    }
    return AR_OK;
}

/* All tiles, or those that have gaps to be filled. */
static void choose_tiles(ar_forecast_state *state, int64_t valid)
{
    state->wanted_count = 0;
    for (int64_t t = 0; t < state->tiles.count; t++) {
        if (!state->options->gaps || ar_gaps_in_tile(&state->gaps, &state->tiles, t, valid)) {
            state->wanted[state->wanted_count++] = t;
        }
    }
}

/* One pass over the tiles of `space`, into the blends. */
static ar_status forecast_time(ar_forecast_state *state, const ar_cube_space *space, int64_t valid,
                               ar_error *err)
{
    const ar_forecast_options *o = state->options;
    ar_profile *profile = o->profile;
    for (int64_t b = 0; b < state->blend_steps * AR_FIELD_MAX; b++) {
        if (state->blends[b].members) {
            ar_blend_clear(&state->blends[b]);
        }
    }
    choose_tiles(state, valid);
    const int64_t first_time = ar_forecast_times_first(&state->times, valid);
    char time_text[32];
    ar_time_format(valid, state->dataset.fields[0].calendar, time_text);
    for (int64_t first = 0; first < state->wanted_count; first += state->tiles_at_once) {
        const int64_t left = state->wanted_count - first;
        const int64_t count = left < state->tiles_at_once ? left : state->tiles_at_once;
        if (o->interrupt && *o->interrupt) {
            return ar_fail(err, AR_ERROR_INTERRUPTED, "%s: interrupted",
                           o->out ? o->out : o->model);
        }
        for (int64_t i = 0; i < count; i++) {
            const int64_t tile = state->wanted[first + i];
            state->cubes[i] = ar_wanted_output_cube(
                &state->output, state->pass, &state->dataset.fields[0].grid, state->span,
                first_time, state->tiles.first_row[tile], state->tiles.first_column[tile]);
        }
        ar_profile_begin_step(profile);
        ar_profile_begin(profile);
        ar_batch_fill(&state->batch, space, state->cubes, count, &state->times.masking,
                      &(ar_draw){0}, true);
        ar_profile_end(profile, "filling the batch", 0);
        ar_profile_begin(profile);
        ar_model_feed(state->model, state->plan, &state->batch);
        ar_profile_end(profile, "feeding the model", 0);
        ar_plan_forward(state->plan);
        ar_profile_begin(profile);
        blend_times(state, first,
                    (valid - state->times.displaced - first_time) / state->times.time_step);
        ar_profile_end(profile, "blending tiles", 0);
        ar_profile_end_step(profile);
        ar_progress_update(&state->progress, state->tiles_done + first + count, time_text);
    }
    state->tiles_done += state->tiles.count;
    return finish_blends(state, valid, err);
}

/* All passes that the output takes, of the data. */
static ar_status forecast_passes(ar_forecast_state *state, int64_t valid, ar_error *err)
{
    ar_status status = AR_OK;
    for (state->pass = 0; state->pass < ar_wanted_output_passes(&state->output); state->pass++) {
        AR_TRY(forecast_time(state, &state->dataset.space, valid, err));
        for (int f = 0; f < AR_FIELD_MAX; f++) {
            const ar_blend *blend = &state->blends[f];
            if (state->interleaved[f]) {
                ar_wanted_output_interleave(&state->output, state->pass, blend->members,
                                            blend->level_count * blend->member_count,
                                            state->interleaved[f]);
            }
        }
    }
cleanup:
    state->pass = 0;
    return status;
}

/* Write what was just computed, in a later step of members that go on from themselves theirs. */
static ar_status write_time(ar_forecast_state *state, int64_t index, ar_error *err)
{
    const float *members[AR_FIELD_MAX];
    const ar_blend *newest = state->blends + (state->blend_steps - 1) * AR_FIELD_MAX;
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        const float *own = state->roll_out.members[f];
        members[f] = own ? own : state->interleaved[f] ? state->interleaved[f] : newest[f].members;
    }
    ar_profile *profile = state->options->profile;
    ar_status status = AR_OK;
    ar_profile_begin(profile);
    for (int64_t i = 0; status == AR_OK && i < state->sink_count; i++) {
        const ar_forecast_sink *sink = &state->sinks[i];
        status = sink->write(sink->context, &state->outline, index, members, err);
    }
    ar_profile_end(profile, "writing the forecast", 0);
    return status;
}

/* One step; the first is from the data, whatever is fed back later. */
static ar_status forecast_step(ar_forecast_state *state, int64_t valid, int64_t step, ar_error *err)
{
    ar_roll_out *roll_out = &state->roll_out;
    ar_status status = AR_OK;
    if (step == 0) {
        AR_TRY(forecast_passes(state, valid, err));
        if (state->times.steps > 1) {
            AR_TRY(ar_roll_out_begin(roll_out, ar_forecast_times_first(&state->times, valid), err));
        }
    }
    for (int64_t n = 0; n < roll_out->trajectory_count; n++) {
        if (step > 0) {
            AR_TRY(forecast_time(state, ar_roll_out_select(roll_out, n), valid, err));
        }
        AR_TRY(ar_roll_out_feed(roll_out, n, state->blends, err));
    }
    if (roll_out->trajectory_count > 0) {
        ar_roll_out_advance(roll_out);
    }
cleanup:
    return status;
}

/* To the sinks that take it. */
static ar_status write_difference(ar_forecast_state *state, int64_t index, int f, ar_error *err)
{
    const ar_counterfactual *other = &state->counterfactual;
    ar_status status = AR_OK;
    for (int64_t i = 0; status == AR_OK && i < state->sink_count; i++) {
        const ar_forecast_sink *sink = &state->sinks[i];
        if (sink->write_difference) {
            status = sink->write_difference(sink->context, index, f, other->difference,
                                            other->p_value, err);
        }
    }
    return status;
}

/* The same again with another α, and how it differs. */
static ar_status forecast_counterfactual(ar_forecast_state *state, int64_t index, int64_t valid,
                                         ar_error *err)
{
    ar_counterfactual *other = &state->counterfactual;
    ar_status status = AR_OK;
    ar_counterfactual_keep(other, state->blends);
    AR_TRY(forecast_time(state, ar_counterfactual_space(other, valid), valid, err));
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        if (state->blends[f].members) {
            ar_counterfactual_compare(other, f, &state->blends[f]);
            AR_TRY(write_difference(state, index, f, err));
        }
    }
cleanup:
    return status;
}

static ar_status begin_sinks(ar_forecast_state *state, ar_error *err)
{
    ar_forecast_outline *outline = &state->outline;
    *outline = (ar_forecast_outline){
        .options = state->options,
        .checkpoint = &state->checkpoint,
        .model_hash = ar_hash(state->parameters,
                              (size_t)state->model->graph->parameter_values * sizeof(float), 0),
        .dataset = &state->dataset,
        .grid = &state->output.grid};
    ar_status status = ar_forecast_outline_times(outline, &state->times, err);
    for (int64_t i = 0; status == AR_OK && i < state->sink_count; i++) {
        status = state->sinks[i].begin(state->sinks[i].context, outline, err);
    }
    return status;
}

/* The first time that some sink has not. */
static int64_t first_to_forecast(const ar_forecast_state *state)
{
    int64_t first = state->outline.time_count;
    for (int64_t i = 0; i < state->sink_count; i++) {
        const ar_forecast_sink *sink = &state->sinks[i];
        const int64_t complete = sink->complete ? sink->complete(sink->context) : 0;
        first = complete < first ? complete : first;
    }
    return first;
}

/* Go on with time number `first`, which may lie in the middle of a roll-out. */
static ar_status restore_times(ar_forecast_state *state, int64_t first, ar_error *err)
{
    const ar_forecast_times *times = &state->times;
    const int64_t start = first / times->steps, step = first % times->steps;
    ar_forecast_array arrays[AR_FIELD_MAX];
    int count = 0;
    ar_status status = AR_OK;
    if (step > 0) {
        AR_TRY(ar_roll_out_go_on(&state->roll_out,
                                 ar_forecast_times_first(times, times->valid[start]), step, err));
        count = ar_roll_out_arrays(&state->roll_out, arrays);
    }
    for (int64_t i = 0; i < state->sink_count; i++) {
        const ar_forecast_sink *sink = &state->sinks[i];
        if (sink->complete && sink->complete(sink->context) == first) {
            return sink->restore(sink->context, arrays, count, err);
        }
    }
cleanup:
    return status;
}

/* The first `complete` times are whole. */
static ar_status keep_times(ar_forecast_state *state, int64_t complete, ar_error *err)
{
    ar_forecast_array arrays[AR_FIELD_MAX];
    const bool within = complete % state->times.steps > 0;
    const int count = within ? ar_roll_out_arrays(&state->roll_out, arrays) : 0;
    ar_status status = AR_OK;
    for (int64_t i = 0; status == AR_OK && i < state->sink_count; i++) {
        const ar_forecast_sink *sink = &state->sinks[i];
        if (sink->keep) {
            status = sink->keep(sink->context, complete, arrays, count, err);
        }
    }
    return status;
}

/* Tiles of all passes over the grid that the first `steps` times from one start take. */
static int64_t tiles_of_steps(const ar_forecast_state *state, int64_t steps)
{
    const int64_t later = (steps - 1) * state->roll_out.trajectory_count;
    const int64_t first = ar_wanted_output_passes(&state->output);
    return steps == 0 ? 0 : (first + later + (state->options->alpha ? 1 : 0)) * state->tiles.count;
}

static ar_status forecast_all(ar_forecast_state *state, ar_error *err)
{
    const ar_forecast_options *o = state->options;
    const ar_forecast_times *times = &state->times;
    ar_status status = AR_OK;
    AR_TRY(begin_sinks(state, err));
    const int64_t first = first_to_forecast(state);
    const int64_t of_a_start = tiles_of_steps(state, times->steps);
    state->tiles_done =
        first / times->steps * of_a_start + tiles_of_steps(state, first % times->steps);
    if (first > 0) {
        AR_TRY(restore_times(state, first, err));
    }
    ar_progress_begin(&state->progress, "forecasting, tile", state->tiles_done,
                      times->count * of_a_start);
    for (int64_t i = first; i < times->count * times->steps; i++) {
        const int64_t valid = state->outline.valid_times[i];
        AR_TRY(forecast_step(state, valid, i % times->steps, err));
        AR_TRY(write_time(state, i, err));
        if (o->alpha) {
            AR_TRY(forecast_counterfactual(state, i, valid, err));
        }
        if (i + 1 < state->outline.time_count) {
            AR_TRY(keep_times(state, i + 1, err));
        }
    }
    ar_profile_begin(o->profile);
    for (int64_t i = 0; i < state->sink_count; i++) {
        AR_TRY(state->sinks[i].commit(state->sinks[i].context, err));
    }
    ar_profile_end(o->profile, "writing the forecast", 0);
    ar_progress_end(&state->progress, o->out ? o->out : "");
cleanup:
    return status;
}

ar_status ar_forecast_into(const ar_forecast_options *options, const ar_forecast_sink *sinks,
                           int64_t sink_count, ar_error *err)
{
    ar_status status = AR_OK;
    ar_forecast_state *state = NULL;
    AR_TRY(ar_allocate(&state, 1, sizeof *state, "a forecast", err));
    state->options = options;
    state->sinks = sinks;
    state->sink_count = sink_count;
    AR_TRY(ar_threads_set(options->threads, &state->threads, err));
    AR_TRY(ar_backend_choose(&state->backend, options->backend, err));
    AR_TRY(ar_precision_of_name(&state->precision,
                                options->precision ? options->precision : "float32", err));
    ar_profile_start(options->profile, state->backend, state->precision, state->threads);
    ar_profile_begin(options->profile);
    AR_TRY(ar_forecast_state_load(state, err));
    ar_profile_end(options->profile, "loading the data", 0);
    ar_profile_begin(options->profile);
    AR_TRY(ar_forecast_state_build(state, err));
    ar_profile_end(options->profile, "building the model", 0);
    AR_TRY(forecast_all(state, err));
cleanup:
    ar_profile_stop(options->profile);
    ar_threads_release();
    if (state) {
        ar_forecast_state_release(state);
    }
    ar_free(state);
    return status;
}
