#include "atmorep/atmorep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "task/blend.h"
#include "task/counterfactual.h"
#include "task/forecast_model.h"
#include "task/forecast_times.h"
#include "task/forecast_writer.h"
#include "task/gaps.h"
#include "task/predictions.h"
#include "task/roll_out.h"
#include "task/tiles.h"
#include "task/wanted_output.h"
#include "task/wanted_times.h"
#include "train/checkpoint.h"

/* Of a pass through the network: enough rows to keep matrix products busy; more take memory only.
 */
enum { MOST_TILES_AT_ONCE = 48, TOKENS_AT_ONCE = 8192 };

typedef struct {
    const ar_forecast_options *options;
    const ar_backend *backend;
    ar_type precision;
    int threads;
    ar_checkpoint checkpoint;
    ar_dataset dataset;
    ar_forecast_times times;
    ar_wanted_output output;
    int64_t extent[3]; /* points of a cube */
    ar_gaps gaps;      /* that are filled in; empty otherwise */
    ar_tiles tiles;
    int64_t *wanted, wanted_count; /* tiles that are computed */
    int64_t tiles_at_once;
    ar_batch batch;
    ar_cube *cubes; /* [tiles_at_once] */
    ar_model *model;
    ar_plan *plan;
    float *parameters;
    ar_predictions predictions;
    int64_t blend_steps; /* the valid time, and in a roll-out those before it that are fed back */
    ar_blend *blends;    /* [blend_steps][AR_FIELD_MAX] of predicted fields */
    ar_roll_out roll_out;
    ar_counterfactual counterfactual; /* of options->alpha; empty otherwise */
    float *tile;                      /* [member][rows][columns] */
    ar_forecast_writer writer;
} forecast_state;

static const ar_configuration *configuration_of(const forecast_state *state)
{
    return &state->checkpoint.configuration;
}

/* ---- setting up ------------------------------------------------------------------------------ */

static ar_status init_blends(forecast_state *state, ar_error *err)
{
    const ar_configuration *c = configuration_of(state);
    const ar_dataset *dataset = &state->dataset;
    ar_status status = AR_OK;
    const int64_t steps = state->times.steps > 1 ? state->times.valid_step + 1 : 1;
    AR_TRY(ar_allocate(&state->blends, (size_t)(steps * AR_FIELD_MAX), sizeof *state->blends,
                       "blends", err));
    state->blend_steps = steps;
    for (int64_t i = 0; i < steps * AR_FIELD_MAX; i++) {
        const int64_t f = i % AR_FIELD_MAX;
        if (f < dataset->field_count && c->fields[f].predicted) {
            AR_TRY(ar_blend_init(&state->blends[i], &state->tiles, &state->output.grid,
                                 dataset->fields[f].level_count, c->model.tails, err));
        }
    }
cleanup:
    return status;
}

static int64_t tiles_at_once(const ar_cube_space *space)
{
    int64_t most = 1;
    for (int64_t f = 0; f < space->field_count; f++) {
        const int64_t *tokens = space->tokens[f].tokens;
        const int64_t count = space->fields[f]->level_count * tokens[0] * tokens[1] * tokens[2];
        most = count > most ? count : most;
    }
    const int64_t tiles = TOKENS_AT_ONCE / most;
    return tiles < 1 ? 1 : tiles < MOST_TILES_AT_ONCE ? tiles : MOST_TILES_AT_ONCE;
}

/* Around the wanted place, or over the whole grid. */
static ar_status init_tiles(forecast_state *state, ar_error *err)
{
    const ar_grid *grid = &state->output.grid;
    const int64_t rows = ar_wanted_output_points(&state->output, state->extent[1]);
    const int64_t columns = ar_wanted_output_points(&state->output, state->extent[2]);
    const double *place = state->options->place;
    int64_t row, column;
    if (!place) {
        return ar_tiles_init(&state->tiles, grid, rows, columns, state->options->overlap, err);
    }
    if (!ar_grid_find_nearest(grid, place[0], place[1], &row, &column)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "--at %g,%g: lies outside of the data, which goes from %g to %g N and %g to "
                       "%g E",
                       place[0], place[1], grid->latitude[grid->nlat - 1], grid->latitude[0],
                       grid->longitude[0], grid->longitude[grid->nlon - 1]);
    }
    return ar_tiles_init_around(&state->tiles, grid, rows, columns, row, column, err);
}

static ar_status load(forecast_state *state, ar_error *err)
{
    const ar_forecast_options *o = state->options;
    ar_configuration *c = &state->checkpoint.configuration;
    ar_dataset *dataset = &state->dataset;
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_model_open(&state->checkpoint, o, err));
    AR_TRY(ar_wanted_output_parse(&state->output, o, &state->checkpoint, err));
    state->times.displaced = state->output.displacement.seconds;
    if (o->gaps) {
        ar_forecast_times_gaps(&state->times, o, &state->checkpoint);
    } else {
        AR_TRY(ar_forecast_times_lead(&state->times, o, &state->checkpoint, err));
    }
    ar_dataset_period period = {.seconds_before = ar_forecast_times_before(&state->times),
                                .seconds_after = ar_forecast_times_after(&state->times, c)};
    AR_TRY(ar_wanted_times_ends(o, &period.start, &period.end, err));
    AR_TRY(ar_dataset_load(dataset, c, o->data_paths, o->data_path_count, &period, err));
    AR_TRY(ar_forecast_model_normalise(&state->checkpoint, o, dataset, err));
    AR_TRY(ar_dataset_ready(dataset, c, err));
    AR_TRY(ar_forecast_times_choose(&state->times, o, c, dataset, err));
    state->tiles_at_once = tiles_at_once(&dataset->space);
    ar_cube_extent(&c->fields[0].tokens, state->extent);
    AR_TRY(ar_wanted_output_grid(&state->output, &dataset->fields[0].grid, err));
    AR_TRY(init_tiles(state, err));
    if (o->gaps) {
        AR_TRY(ar_gaps_init(&state->gaps, dataset, c, o->gaps, err));
        AR_TRY(ar_gaps_check(&state->gaps, &state->tiles, state->times.valid, state->times.count,
                             o->gaps, err));
    }
    const size_t tiles = (size_t)state->tiles.count;
    AR_TRY(ar_allocate(&state->wanted, tiles, sizeof *state->wanted, "tiles", err));
    AR_TRY(ar_batch_init(&state->batch, &dataset->space, state->tiles_at_once, err));
    AR_TRY(ar_allocate(&state->cubes, (size_t)state->tiles_at_once, sizeof *state->cubes, "cubes",
                       err));
    AR_TRY(ar_allocate(&state->tile,
                       (size_t)(c->model.tails * state->tiles.rows * state->tiles.columns),
                       sizeof(float), "a tile", err));
    AR_TRY(init_blends(state, err));
    if (o->alpha) {
        AR_TRY(ar_counterfactual_init(&state->counterfactual, o, dataset, state->blends, err));
    }
    if (state->times.steps > 1) {
        AR_TRY(ar_roll_out_init(&state->roll_out, o, c, dataset, &state->times, err));
    }
cleanup:
    return status;
}

static ar_status build_model(forecast_state *state, ar_error *err)
{
    ar_configuration *c = &state->checkpoint.configuration;
    ar_status status = AR_OK;
    /* The graph makes room for the tokens this task masks, whatever training masked. */
    const ar_masking trained = c->masking;
    c->masking = state->times.masking;
    status = ar_model_create(
        &state->model, c,
        &(ar_model_options){.batch = state->tiles_at_once, .type = AR_TYPE_FLOAT32}, err);
    c->masking = trained;
    AR_TRY(status);
    AR_TRY(ar_predictions_init(&state->predictions, state->model, &state->dataset, &state->batch,
                               err));
    const ar_graph *graph = state->model->graph;
    AR_TRY(ar_allocate_large(&state->parameters, (size_t)graph->parameter_values, sizeof(float),
                             "parameters", err));
    AR_TRY(ar_checkpoint_read_model(&state->checkpoint, graph, state->parameters, NULL, err));
    AR_TRY(ar_plan_create(&state->plan, graph,
                          &(ar_plan_options){.backend = state->backend,
                                             .loss = AR_NO_TENSOR,
                                             .threads = state->threads,
                                             .precision = state->precision},
                          state->parameters, NULL, err));
    AR_TRY(ar_plan_set_profile(state->plan, state->options->profile, err));
cleanup:
    return status;
}

/* ---- forecasting ------------------------------------------------------------------------------
 */

/* Add the tiles of the batch that was just computed, at a step of their cubes. */
static void blend_batch(forecast_state *state, ar_blend *blends, int64_t first, int64_t step)
{
    const ar_configuration *c = configuration_of(state);
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
static void blend_times(forecast_state *state, int64_t first, int64_t valid_step)
{
    ar_predictions_index(&state->predictions);
    for (int64_t i = 0; i < state->blend_steps; i++) {
        blend_batch(state, state->blends + i * AR_FIELD_MAX, first,
                    valid_step - (state->blend_steps - 1 - i));
    }
}

static ar_status finish_blends(forecast_state *state, int64_t valid, ar_error *err)
{
    const ar_configuration *c = configuration_of(state);
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
static void choose_tiles(forecast_state *state, int64_t valid)
{
    state->wanted_count = 0;
    for (int64_t t = 0; t < state->tiles.count; t++) {
        if (!state->options->gaps || ar_gaps_in_tile(&state->gaps, &state->tiles, t, valid)) {
            state->wanted[state->wanted_count++] = t;
        }
    }
}

/* One pass over the tiles of `space`, into the blends. */
static ar_status forecast_time(forecast_state *state, const ar_cube_space *space, int64_t valid,
                               ar_error *err)
{
    const ar_forecast_options *o = state->options;
    ar_profile *profile = o->profile;
    if (o->interrupt && *o->interrupt) {
        return ar_fail(err, AR_ERROR_INTERRUPTED, "%s: interrupted, nothing written", o->out);
    }
    for (int64_t b = 0; b < state->blend_steps * AR_FIELD_MAX; b++) {
        if (state->blends[b].members) {
            ar_blend_clear(&state->blends[b]);
        }
    }
    choose_tiles(state, valid);
    const int64_t first_time = ar_forecast_times_first(&state->times, valid);
    for (int64_t first = 0; first < state->wanted_count; first += state->tiles_at_once) {
        const int64_t left = state->wanted_count - first;
        const int64_t count = left < state->tiles_at_once ? left : state->tiles_at_once;
        for (int64_t i = 0; i < count; i++) {
            const int64_t tile = state->wanted[first + i];
            state->cubes[i] = ar_wanted_output_cube(
                &state->output, &state->dataset.fields[0].grid, state->extent, first_time,
                state->tiles.first_row[tile], state->tiles.first_column[tile]);
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
    }
    return finish_blends(state, valid, err);
}

/* Write what was just computed, in a later step of members that go on from themselves theirs. */
static ar_status write_time(forecast_state *state, int64_t index, int64_t valid, int64_t step,
                            ar_error *err)
{
    const float *members[AR_FIELD_MAX];
    const ar_blend *newest = state->blends + (state->blend_steps - 1) * AR_FIELD_MAX;
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        const float *own = state->roll_out.members[f];
        members[f] = own ? own : newest[f].members;
    }
    ar_profile *profile = state->options->profile;
    ar_profile_begin(profile);
    ar_status status =
        ar_forecast_writer_write(&state->writer, index * state->times.steps + step, valid,
                                 (step + 1) * state->times.lead_hours, members, err);
    ar_profile_end(profile, "writing the forecast", 0);
    return status;
}

/* One step; the first is from the data, whatever is fed back later. */
static ar_status forecast_step(forecast_state *state, int64_t valid, int64_t step, ar_error *err)
{
    ar_roll_out *roll_out = &state->roll_out;
    ar_status status = AR_OK;
    if (step == 0) {
        AR_TRY(forecast_time(state, &state->dataset.space, valid, err));
        if (state->times.steps > 1) {
            ar_roll_out_begin(roll_out, ar_forecast_times_first(&state->times, valid));
        }
    }
    for (int64_t n = 0; n < roll_out->trajectory_count; n++) {
        if (step > 0) {
            AR_TRY(forecast_time(state, ar_roll_out_select(roll_out, n), valid, err));
        }
        ar_roll_out_feed(roll_out, n, state->blends);
    }
    if (roll_out->trajectory_count > 0) {
        ar_roll_out_advance(roll_out);
    }
cleanup:
    return status;
}

/* The same again with another α, and how it differs. */
static ar_status forecast_counterfactual(forecast_state *state, int64_t index, int64_t valid,
                                         ar_error *err)
{
    ar_counterfactual *other = &state->counterfactual;
    ar_status status = AR_OK;
    ar_counterfactual_keep(other, state->blends);
    AR_TRY(forecast_time(state, ar_counterfactual_space(other, valid), valid, err));
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        if (state->blends[f].members) {
            ar_counterfactual_compare(other, f, &state->blends[f]);
            AR_TRY(ar_forecast_writer_write_difference(&state->writer, index, f, other->difference,
                                                       other->p_value, err));
        }
    }
cleanup:
    return status;
}

static ar_status forecast_all(forecast_state *state, ar_error *err)
{
    const ar_forecast_options *o = state->options;
    const ar_forecast_times *times = &state->times;
    ar_status status = AR_OK;
    ar_progress progress;
    uint64_t hash = ar_hash(state->parameters,
                            (size_t)state->model->graph->parameter_values * sizeof(float), 0);
    AR_TRY(ar_forecast_writer_create(&state->writer, o, &state->checkpoint, hash, &state->dataset,
                                     &state->output.grid, err));
    ar_progress_begin(&progress, "forecasting", 0, times->count * times->steps);
    for (int64_t i = 0; i < times->count * times->steps; i++) {
        const int64_t t = i / times->steps, step = i % times->steps;
        const int64_t valid = ar_forecast_times_step(times, times->valid[t], step);
        char text[32];
        AR_TRY(forecast_step(state, valid, step, err));
        AR_TRY(write_time(state, t, valid, step, err));
        if (o->alpha) {
            AR_TRY(forecast_counterfactual(state, i, valid, err));
        }
        ar_time_format(valid, state->dataset.fields[0].calendar, text);
        ar_progress_update(&progress, i + 1, text);
    }
    ar_profile_begin(o->profile);
    AR_TRY(ar_forecast_writer_commit(&state->writer, err));
    ar_profile_end(o->profile, "writing the forecast", 0);
    ar_progress_end(&progress, o->out);
cleanup:
    return status;
}

static void release(forecast_state *state)
{
    ar_forecast_writer_release(&state->writer);
    ar_plan_destroy(&state->plan);
    ar_model_destroy(&state->model);
    ar_free_large(state->parameters);
    ar_predictions_release(&state->predictions);
    ar_free(state->cubes);
    ar_free(state->wanted);
    ar_gaps_release(&state->gaps);
    ar_free(state->tile);
    ar_forecast_times_release(&state->times);
    for (int64_t i = 0; i < state->blend_steps * AR_FIELD_MAX; i++) {
        ar_blend_release(&state->blends[i]);
    }
    ar_free(state->blends);
    ar_roll_out_release(&state->roll_out);
    ar_counterfactual_release(&state->counterfactual);
    ar_batch_release(&state->batch);
    ar_tiles_release(&state->tiles);
    ar_wanted_output_release(&state->output);
    ar_dataset_release(&state->dataset);
    ar_checkpoint_close(&state->checkpoint);
}

ar_status ar_forecast(const ar_forecast_options *options, ar_error *err)
{
    ar_status status = AR_OK;
    forecast_state *state = NULL;
    AR_TRY(ar_allocate(&state, 1, sizeof *state, "a forecast", err));
    state->options = options;
    AR_TRY(ar_writer_check_path(options->out, err));
    AR_TRY(ar_forecast_layout_read(&state->writer.layout, options, err));
    AR_TRY(ar_writer_check_zarr_format(options->out, options->zarr_format, err));
    AR_TRY(ar_threads_set(options->threads, &state->threads, err));
    AR_TRY(ar_backend_choose(&state->backend, options->backend, err));
    AR_TRY(ar_precision_of_name(&state->precision,
                                options->precision ? options->precision : "float32", err));
    ar_profile_start(options->profile, state->backend, state->precision, state->threads);
    ar_profile_begin(options->profile);
    AR_TRY(load(state, err));
    ar_profile_end(options->profile, "loading the data", 0);
    ar_profile_begin(options->profile);
    AR_TRY(build_model(state, err));
    ar_profile_end(options->profile, "building the model", 0);
    AR_TRY(forecast_all(state, err));
cleanup:
    ar_profile_stop(options->profile);
    ar_threads_release();
    if (state) {
        release(state);
    }
    ar_free(state);
    return status;
}
