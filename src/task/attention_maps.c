/* Attention maps: the network is run once on the cube around a place, with what goes into its
 * attention kept, and the weights of one query token a field are computed from that. Training and
 * forecasts never have them. */
#include <math.h>
#include <string.h>

#include "atmorep/atmorep.h"
#include "backend/ref/ref.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/threads.h"
#include "task/attention_file.h"

typedef struct {
    const ar_attention_options *options;
    int threads;
    ar_checkpoint checkpoint;
    ar_dataset dataset;
    ar_masking masking;
    ar_cube cube;
    int64_t row, column; /* of the grid: the place */
    ar_batch batch;
    ar_model *model;
    ar_plan *plan;
    float *parameters;
    int64_t queries[AR_FIELD_MAX];
    ar_attention_map *maps;
    int64_t map_count;
} attention_state;

/* ---- the cube and its query tokens ----------------------------------------------------------- */

static ar_status find_place(attention_state *state, ar_error *err)
{
    const ar_attention_options *o = state->options;
    const ar_grid *grid = &state->dataset.fields[0].grid;
    const double north = grid->latitude[0], west = grid->longitude[0];
    double row = (north - o->latitude) / grid->latitude_step;
    double east = fmod(fmod(o->longitude - west, 360.0) + 360.0, 360.0);
    /* Just west of a regional grid is within half a step of it, not 360° away. */
    east = east > 360 - grid->longitude_step / 2 ? east - 360 : east;
    const double column = east / grid->longitude_step;
    if (!(row >= -0.5 && row <= (double)grid->nlat - 0.5) ||
        !(grid->wraps || column <= (double)grid->nlon - 0.5)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "--at %g,%g lies outside of the data: latitudes %g to %g, longitudes %g to "
                       "%g",
                       o->latitude, o->longitude, grid->latitude[grid->nlat - 1], north, west,
                       grid->longitude[grid->nlon - 1]);
    }
    state->row = llround(fmin(fmax(row, 0), (double)(grid->nlat - 1)));
    state->column = llround(fmax(column, 0)) % grid->nlon;
    return AR_OK;
}

/* First of `size` points around `at`, within [0, count). */
static int64_t first_around(int64_t at, int64_t size, int64_t count)
{
    const int64_t first = at - size / 2;
    return first < 0 ? 0 : first > count - size ? count - size : first;
}

/* The place lies in the middle, as far as the grid goes; the time is the cube's last one. */
static ar_status place_cube(attention_state *state, ar_error *err)
{
    const ar_dataset *dataset = &state->dataset;
    const ar_field_data *timed = &dataset->fields[dataset->timed_field];
    const ar_grid *grid = &dataset->fields[0].grid;
    int64_t extent[3], time;
    ar_status status = AR_OK;
    AR_TRY(find_place(state, err));
    AR_TRY(ar_time_parse(&time, state->options->time, timed->calendar, err));
    ar_cube_extent(&dataset->tokens[0], extent);
    const int64_t step = dataset->space.time_step;
    const int64_t rows = ar_cube_span(&dataset->space, extent[1]);
    const int64_t columns = ar_cube_span(&dataset->space, extent[2]);
    state->cube.first_time = time - (extent[0] - 1) * step;
    state->cube.first_row = first_around(state->row, rows, grid->nlat);
    state->cube.first_column = grid->wraps ? (state->column - columns / 2 + grid->nlon) % grid->nlon
                                           : first_around(state->column, columns, grid->nlon);
    for (int64_t f = 0; f < dataset->field_count; f++) {
        for (int64_t t = 0; t < extent[0]; t++) {
            const int64_t wanted = state->cube.first_time + t * step;
            if (ar_field_data_find_time(&dataset->fields[f], wanted) < 0) {
                char text[32];
                ar_time_format(wanted, timed->calendar, text);
                return ar_fail(err, AR_ERROR_INPUT,
                               "--time %s: the data of %s has no %s; the %lld times up to --time, "
                               "every %lld h, should be there",
                               state->options->time, dataset->fields[f].name, text,
                               (long long)extent[0], (long long)(step / 3600));
            }
        }
    }
cleanup:
    return status;
}

/* Index of the level that was asked for: a field of one level has no other. */
static ar_status find_level(const attention_state *state, int64_t f, int64_t *level, ar_error *err)
{
    const ar_field_data *field = &state->dataset.fields[f];
    *level = 0;
    if (field->level_count == 1 || !state->options->level) {
        return AR_OK;
    }
    for (; *level < field->level_count; ++*level) {
        if (fabs(field->levels[*level] - *state->options->level) < 1e-6) {
            return AR_OK;
        }
    }
    return ar_fail(err, AR_ERROR_INPUT, "--level %g: %s has levels %g to %g, and not this one",
                   *state->options->level, field->name, field->levels[0],
                   field->levels[field->level_count - 1]);
}

static ar_status choose_queries(attention_state *state, ar_error *err)
{
    const int64_t columns = state->dataset.fields[0].grid.nlon;
    const int64_t stride = ar_cube_space_stride(&state->dataset.space);
    for (int64_t f = 0; f < state->dataset.field_count; f++) {
        const int64_t *tokens = state->dataset.tokens[f].tokens;
        const int64_t *size = state->dataset.tokens[f].token_size;
        const int64_t row = (state->row - state->cube.first_row) / (size[1] * stride);
        const int64_t column =
            (state->column - state->cube.first_column + columns) % columns / (size[2] * stride);
        int64_t level;
        ar_status status = find_level(state, f, &level, err);
        if (status != AR_OK) {
            return status;
        }
        state->queries[f] =
            ((level * tokens[0] + tokens[0] - 1) * tokens[1] + row) * tokens[2] + column;
    }
    return AR_OK;
}

/* ---- setting up and running ------------------------------------------------------------------ */

static ar_status load(attention_state *state, ar_error *err)
{
    const ar_attention_options *o = state->options;
    ar_configuration *c = &state->checkpoint.configuration;
    ar_dataset *dataset = &state->dataset;
    ar_status status = AR_OK;
    AR_TRY(ar_checkpoint_open(&state->checkpoint, o->model, err));
    const ar_field_tokens *tokens = &c->fields[0].tokens;
    const ar_dataset_period period = {.start = o->time,
                                      .end = o->time,
                                      .seconds_before = tokens->tokens[0] * tokens->token_size[0] *
                                                        c->time_step_hours * 3600};
    AR_TRY(ar_dataset_load(dataset, c, o->data_paths, o->data_path_count, &period, err));
    AR_TRY(ar_checkpoint_read_normalisations(&state->checkpoint, dataset, err));
    AR_TRY(ar_dataset_ready(dataset, c, err));
    AR_TRY(place_cube(state, err));
    AR_TRY(choose_queries(state, err));
    state->masking.strategy = o->forecast ? AR_MASK_FORECAST : AR_MASK_NONE;
    state->masking.forecast_tokens = c->masking.forecast_tokens;
    AR_TRY(ar_masking_check(&state->masking, &dataset->space, err));
    AR_TRY(ar_batch_init(&state->batch, &dataset->space, 1, err));
cleanup:
    return status;
}

static ar_status run(attention_state *state, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(ar_model_create(
        &state->model, &state->checkpoint.configuration,
        &(ar_model_options){.batch = 1, .keep_attentions = true, .type = AR_TYPE_FLOAT32}, err));
    const ar_graph *graph = state->model->graph;
    AR_TRY(ar_allocate_large(&state->parameters, (size_t)graph->parameter_values, sizeof(float),
                             "parameters", err));
    AR_TRY(ar_checkpoint_read_model(&state->checkpoint, graph, state->parameters, NULL, err));
    AR_TRY(ar_plan_create(&state->plan, graph,
                          &(ar_plan_options){.backend = ar_backend_find("cpu"),
                                             .loss = AR_NO_TENSOR,
                                             .threads = state->threads},
                          state->parameters, NULL, err));
    ar_batch_fill(&state->batch, &state->dataset.space, &state->cube, 1, &state->masking,
                  &(ar_draw){0}, true);
    ar_model_feed(state->model, state->plan, &state->batch);
    ar_plan_forward(state->plan);
cleanup:
    return status;
}

/* ---- weights --------------------------------------------------------------------------------- */

/* The map that an attention belongs to, or the next free one. */
static ar_attention_map *map_of(attention_state *state, const ar_model_attention *attention)
{
    int64_t m = 0;
    while (m < state->map_count && (state->maps[m].part != attention->part ||
                                    state->maps[m].query_field != attention->query_field ||
                                    state->maps[m].key_field != attention->key_field)) {
        m++;
    }
    return &state->maps[m];
}

static ar_status make_maps(attention_state *state, ar_error *err)
{
    const ar_model *model = state->model;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&state->maps, model->attentions.count, sizeof *state->maps, "attention maps",
                       err));
    for (size_t i = 0; i < model->attentions.count; i++) {
        const ar_model_attention *attention = &model->attentions.items[i];
        const int64_t heads =
            attention->first_head + model->graph->nodes[attention->node].attributes.heads;
        ar_attention_map *map = map_of(state, attention);
        state->map_count += map->heads == 0;
        map->part = attention->part;
        map->query_field = attention->query_field;
        map->key_field = attention->key_field;
        map->heads = heads > map->heads ? heads : map->heads;
        map->layers = attention->layer + 1;
    }
    for (int64_t m = 0; m < state->map_count; m++) {
        ar_attention_map *map = &state->maps[m];
        const int64_t tokens = model->fields[map->key_field].token_count;
        AR_TRY(ar_allocate(&map->weights, (size_t)(map->layers * map->heads * tokens),
                           sizeof(float), "attention maps", err));
    }
cleanup:
    return status;
}

static void fill_heads(attention_state *state, const ar_model_attention *attention, double *weights)
{
    const ar_node *node = &state->model->graph->nodes[attention->node];
    const ar_attention_map *map = map_of(state, attention);
    const int64_t tokens = node->attributes.tokens[1];
    ar_matrix inputs[AR_ATTENTION_INPUTS] = {{0}};
    for (int i = 0; i < node->input_count; i++) {
        inputs[i] = node->inputs[i] < 0 ? (ar_matrix){0}
                                        : ar_plan_matrix(state->plan, (ar_tensor){node->inputs[i]});
    }
    const ar_op_call call = {.attributes = &node->attributes, .inputs = inputs};
    for (int64_t h = 0; h < node->attributes.heads; h++) {
        float *to =
            map->weights + (attention->layer * map->heads + attention->first_head + h) * tokens;
        ref_attention_weights(&call, 0, h, state->queries[attention->query_field], weights);
        for (int64_t j = 0; j < tokens; j++) {
            to[j] = (float)weights[j];
        }
    }
}

static ar_status fill_maps(attention_state *state, ar_error *err)
{
    int64_t most = 0;
    double *weights = NULL;
    ar_status status = AR_OK;
    for (int64_t f = 0; f < state->dataset.field_count; f++) {
        const int64_t tokens = state->model->fields[f].token_count;
        most = tokens > most ? tokens : most;
    }
    AR_TRY(ar_allocate(&weights, (size_t)most, sizeof *weights, "attention weights", err));
    for (size_t i = 0; i < state->model->attentions.count; i++) {
        fill_heads(state, &state->model->attentions.items[i], weights);
    }
cleanup:
    ar_free(weights);
    return status;
}

static ar_status write_file(const attention_state *state, ar_error *err)
{
    const ar_attention_file content = {.checkpoint = &state->checkpoint,
                                       .dataset = &state->dataset,
                                       .cube = state->cube,
                                       .queries = state->queries,
                                       .maps = state->maps,
                                       .map_count = state->map_count};
    char *path = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_folder_make(state->options->out, err));
    AR_TRY(ar_path_join(&path, state->options->out, "attention.nc", err));
    AR_TRY(ar_attention_file_write(&content, path, err));
cleanup:
    ar_free(path);
    return status;
}

static void release(attention_state *state)
{
    for (int64_t m = 0; m < state->map_count; m++) {
        ar_free(state->maps[m].weights);
    }
    ar_free(state->maps);
    ar_plan_destroy(&state->plan);
    ar_model_destroy(&state->model);
    ar_free_large(state->parameters);
    ar_batch_release(&state->batch);
    ar_dataset_release(&state->dataset);
    ar_checkpoint_close(&state->checkpoint);
}

ar_status ar_attention_maps(const ar_attention_options *options, ar_error *err)
{
    ar_status status = AR_OK;
    attention_state *state = NULL;
    AR_TRY(ar_allocate(&state, 1, sizeof *state, "attention maps", err));
    state->options = options;
    AR_TRY(ar_threads_set(options->threads, &state->threads, err));
    AR_TRY(load(state, err));
    AR_TRY(run(state, err));
    AR_TRY(make_maps(state, err));
    AR_TRY(fill_maps(state, err));
    AR_TRY(write_file(state, err));
cleanup:
    ar_threads_release();
    if (state) {
        release(state);
    }
    ar_free(state);
    return status;
}
