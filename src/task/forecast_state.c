#include "task/forecast_state.h"

#include "base/memory.h"
#include "task/forecast_model.h"
#include "task/wanted_times.h"

/* Of a pass through the network: enough rows to keep matrix products busy; more take memory only.
 */
enum { MOST_TILES_AT_ONCE = 48, TOKENS_AT_ONCE = 8192 };

static ar_status init_blends(ar_forecast_state *state, ar_error *err)
{
    const ar_configuration *c = &state->checkpoint.configuration;
    const ar_dataset *dataset = &state->dataset;
    ar_status status = AR_OK;
    const int64_t steps = state->times.steps > 1 ? state->times.valid_step + 1 : 1;
    AR_TRY(ar_allocate(&state->blends, (size_t)(steps * AR_FIELD_MAX), sizeof *state->blends,
                       "blends", err));
    state->blend_steps = steps;
    for (int64_t i = 0; i < steps * AR_FIELD_MAX; i++) {
        const int64_t f = i % AR_FIELD_MAX;
        if (f < dataset->field_count && c->fields[f].predicted) {
            AR_TRY(ar_blend_init(&state->blends[i], &state->tiles, &state->output.pass_grid,
                                 dataset->fields[f].level_count, c->model.tails, err));
        }
    }
cleanup:
    return status;
}

/* Where the output takes several passes. */
static ar_status init_interleaved(ar_forecast_state *state, ar_error *err)
{
    const ar_grid *grid = &state->output.grid;
    ar_status status = AR_OK;
    for (int f = 0; status == AR_OK && f < AR_FIELD_MAX; f++) {
        const ar_blend *blend = &state->blends[f];
        if (blend->members && state->output.halvings > 0) {
            status = ar_allocate(
                &state->interleaved[f], (size_t)(blend->level_count * blend->member_count),
                (size_t)(grid->nlat * grid->nlon) * sizeof(float), "members of the output", err);
        }
    }
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
static ar_status init_tiles(ar_forecast_state *state, ar_error *err)
{
    const ar_grid *grid = &state->output.pass_grid;
    int64_t extent[3];
    ar_cube_extent(&state->dataset.tokens[0], extent);
    const int64_t rows = ar_wanted_output_points(&state->output, extent[1]);
    const int64_t columns = ar_wanted_output_points(&state->output, extent[2]);
    for (int i = 0; i < 2; i++) {
        state->span[i] = ar_cube_span(&state->dataset.space, extent[1 + i]);
    }
    const double *place = state->options->place;
    int64_t row, column;
    if (!place) {
        return ar_tiles_init(&state->tiles, grid, rows, columns, state->options->overlap, err);
    }
    const ar_grid *whole = &state->output.grid;
    if (!ar_grid_find_nearest(whole, place[0], place[1], &row, &column)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "--at %g,%g: lies outside of the data, which goes from %g to %g N and %g to "
                       "%g E",
                       place[0], place[1], whole->latitude[whole->nlat - 1], whole->latitude[0],
                       whole->longitude[0], whole->longitude[whole->nlon - 1]);
    }
    return ar_tiles_init_around(&state->tiles, grid, rows, columns, row >> state->output.halvings,
                                column >> state->output.halvings, err);
}

ar_status ar_forecast_state_load(ar_forecast_state *state, ar_error *err)
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
    AR_TRY(ar_wanted_output_grid(&state->output, &dataset->fields[0].grid, err));
    AR_TRY(init_tiles(state, err));
    if (o->gaps) {
        AR_TRY(ar_gaps_init(&state->gaps, dataset, c, o->gaps, err));
        AR_TRY(ar_gaps_check(&state->gaps, &state->tiles, state->times.valid, state->times.count, o,
                             err));
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
    AR_TRY(init_interleaved(state, err));
    if (o->alpha) {
        AR_TRY(ar_counterfactual_init(&state->counterfactual, o, dataset, state->blends, err));
    }
    if (state->times.steps > 1) {
        AR_TRY(ar_roll_out_init(&state->roll_out, o, c, dataset, &state->times, err));
    }
cleanup:
    return status;
}

ar_status ar_forecast_state_build(ar_forecast_state *state, ar_error *err)
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

void ar_forecast_state_release(ar_forecast_state *state)
{
    ar_forecast_outline_release(&state->outline);
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
    for (int f = 0; f < AR_FIELD_MAX; f++) {
        ar_free(state->interleaved[f]);
    }
    ar_roll_out_release(&state->roll_out);
    ar_counterfactual_release(&state->counterfactual);
    ar_batch_release(&state->batch);
    ar_tiles_release(&state->tiles);
    ar_wanted_output_release(&state->output);
    ar_dataset_release(&state->dataset);
    ar_checkpoint_close(&state->checkpoint);
}
