#include "model/model.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "model/embedding.h"
#include "model/layers.h"

/* Columns of dropout's draw: seed low and high, step, number of the sample, active. */
enum { DRAW_WORDS = 5 };

/* What a loss compares with the target. */
typedef enum { OF_MEAN, OF_GAUSSIAN, OF_MEMBERS, OF_WEIGHTED_MEMBERS } loss_subject;

static const struct {
    ar_op_kind op;
    loss_subject subject;
} loss_recipes[AR_LOSS_KIND_COUNT] = {
    [AR_LOSS_MSE_ENSEMBLE] = {AR_OP_LOSS_MSE_ENSEMBLE, OF_MEMBERS},
    [AR_LOSS_STATS] = {AR_OP_LOSS_STATS, OF_GAUSSIAN},
    [AR_LOSS_MSE] = {AR_OP_LOSS_MSE, OF_MEAN},
    [AR_LOSS_CRPS] = {AR_OP_LOSS_CRPS, OF_GAUSSIAN},
    [AR_LOSS_KERNEL_CRPS] = {AR_OP_LOSS_KERNEL_CRPS, OF_MEMBERS},
    [AR_LOSS_KERNEL_CRPS_FAIR] = {AR_OP_LOSS_KERNEL_CRPS, OF_MEMBERS},
    [AR_LOSS_WEIGHTED_MSE] = {AR_OP_LOSS_WEIGHTED_MSE, OF_WEIGHTED_MEMBERS},
    [AR_LOSS_STATS_AREA] = {AR_OP_LOSS_STATS_AREA, OF_GAUSSIAN},
    [AR_LOSS_SOBOLEV_H1] = {AR_OP_LOSS_SOBOLEV_H1, OF_MEAN},
};

static ar_tensor record_loss(ar_model *model, int64_t index, ar_loss_kind kind)
{
    const ar_configuration *configuration = model->configuration;
    ar_model_field *field = &model->fields[index];
    const int64_t *size = configuration->fields[index].tokens.token_size;
    ar_loss loss = {.kind = loss_recipes[kind].op,
                    .first = field->ensemble,
                    .second = AR_NO_TENSOR,
                    .target = field->target,
                    .members = configuration->model.tails,
                    .fair = kind == AR_LOSS_KERNEL_CRPS_FAIR,
                    .token_size = {size[0], size[1], size[2]}};
    switch (loss_recipes[kind].subject) {
    case OF_MEMBERS:
        break;
    case OF_MEAN:
        loss.first = field->mean;
        break;
    case OF_GAUSSIAN:
        loss.first = field->mean;
        loss.second = field->deviation;
        break;
    case OF_WEIGHTED_MEMBERS:
        field->area = ar_graph_input(model->graph, "area", model->graph->type,
                                     (ar_rows){field->masked_dimension, 1}, size[1]);
        loss.second = field->area;
        break;
    }
    return ar_graph_loss(model->graph, ar_loss_name(kind), loss);
}

static int64_t most_drawn(double ratio, int64_t units)
{
    const double share = ceil(ratio * (double)units);
    return share < (double)units ? (int64_t)share : units;
}

/* Most tokens of one sample that can be asked for: a random share of each level, of its times or
 * its places, or whole times; or all. */
static int64_t most_masked(const ar_configuration *configuration, int64_t field)
{
    const ar_field_configuration *f = &configuration->fields[field];
    const ar_masking *masking = &configuration->masking;
    const int64_t times = f->tokens.tokens[0], places = f->tokens.tokens[1] * f->tokens.tokens[2];
    const double ratio = f->tokens.mask_ratio;
    const int64_t counts[] = {most_drawn(ratio, times * places), masking->forecast_tokens * places,
                              masking->whole_times > 0 ? most_drawn(ratio, times) * places : 0,
                              masking->whole_places > 0 ? most_drawn(ratio, places) * times : 0,
                              masking->strategy == AR_MASK_GAPS ? times * places : 0};
    int64_t most = 0;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        most = counts[i] > most ? counts[i] : most;
    }
    return f->level_count * most;
}

static void record_prediction(ar_model *model, const ar_model_options *options, int64_t decoder)
{
    const ar_configuration *configuration = model->configuration;
    const int64_t index = configuration->prediction_order[decoder];
    ar_model_field *field = &model->fields[index];
    ar_graph *graph = model->graph;
    const ar_recording recording = {.graph = graph,
                                    .configuration = configuration,
                                    .fields = model->fields,
                                    .draw = model->draw,
                                    .attentions =
                                        options->keep_attentions ? &model->attentions : NULL,
                                    .field = index};
    field->masked_largest = options->batch * most_masked(configuration, index);
    field->masked_dimension = ar_graph_dimension(graph, "masked tokens", field->masked_largest);
    const ar_rows masked = {field->masked_dimension, 1};
    field->masked = ar_graph_input(graph, "masked tokens", AR_TYPE_INT32, masked, 1);
    const bool only_asked = !options->keep_stages && !options->keep_attentions;
    const ar_tensor state =
        ar_record_decoder(&recording, decoder, field->masked, only_asked, &field->decoder);
    ar_graph_begin_block(graph);
    field->ensemble = ar_record_tails(&recording, decoder, state);
    const int64_t members = configuration->model.tails;
    if (members > 1) {
        ar_graph_ensemble_statistics(graph, "statistics", field->ensemble, members, &field->mean,
                                     &field->deviation);
    } else {
        field->mean = field->ensemble;
    }
    const ar_tensor predictions[] = {field->ensemble, field->mean, field->deviation};
    for (int i = 0; !options->forget_predictions && i < 3; i++) {
        ar_graph_keep(graph, predictions[i]);
    }
    if (options->losses || options->every_loss) {
        field->target = ar_graph_input(graph, "target", graph->type, masked, field->values);
    }
    for (int kind = 0; kind < AR_LOSS_KIND_COUNT; kind++) {
        bool wanted = options->every_loss;
        for (int64_t i = 0; i < configuration->training.loss_count; i++) {
            wanted |= options->losses && (int)configuration->training.losses[i].kind == kind;
        }
        if (wanted) {
            field->losses[kind] = record_loss(model, index, (ar_loss_kind)kind);
        }
    }
    ar_graph_end_block(graph);
    if (options->keep_stages) {
        ar_graph_keep(graph, field->decoder);
    }
}

static void record_total(ar_model *model)
{
    const ar_configuration *configuration = model->configuration;
    ar_tensor terms[AR_LOSS_MAX * AR_FIELD_MAX];
    double weights[AR_LOSS_MAX * AR_FIELD_MAX], sum = 0;
    int64_t count = 0;
    for (int64_t i = 0; i < configuration->training.loss_count; i++) {
        for (int64_t p = 0; p < configuration->prediction_count; p++) {
            int64_t f = configuration->prediction_order[p];
            terms[count] = model->fields[f].losses[configuration->training.losses[i].kind];
            weights[count] =
                configuration->training.losses[i].weight * configuration->fields[f].loss_weight;
            sum += weights[count++];
        }
    }
    for (int64_t i = 0; i < count; i++) {
        weights[i] /= sum;
    }
    model->loss = ar_graph_weighted_sum(model->graph, "loss", terms, weights, count);
}

static void forget_tensors(ar_model_field *field)
{
    *field = (ar_model_field){.source = AR_NO_TENSOR,
                              .token_info = AR_NO_TENSOR,
                              .displacement = AR_NO_TENSOR,
                              .embedded = AR_NO_TENSOR,
                              .masked = AR_NO_TENSOR,
                              .target = AR_NO_TENSOR,
                              .area = AR_NO_TENSOR,
                              .decoder = AR_NO_TENSOR,
                              .ensemble = AR_NO_TENSOR,
                              .mean = AR_NO_TENSOR,
                              .deviation = AR_NO_TENSOR};
    for (int k = 0; k < AR_LOSS_KIND_COUNT; k++) {
        field->losses[k] = AR_NO_TENSOR;
    }
}

static void record_encoders(ar_model *model, const ar_model_options *options)
{
    const ar_configuration *configuration = model->configuration;
    ar_recording recording = {.graph = model->graph,
                              .configuration = configuration,
                              .fields = model->fields,
                              .draw = model->draw,
                              .attentions = options->keep_attentions ? &model->attentions : NULL};
    ar_tensor states[AR_FIELD_MAX], normals[AR_FIELD_MAX], next[AR_FIELD_MAX];
    for (int64_t f = 0; f < configuration->field_count; f++) {
        recording.field = f;
        states[f] = ar_record_embedding(&recording, model->batch_dimension);
        model->fields[f].embedded = states[f];
    }
    for (int64_t layer = 0; layer < configuration->model.encoder_layers; layer++) {
        ar_graph_begin_block(model->graph);
        for (int64_t f = 0; f < configuration->field_count; f++) {
            normals[f] = ar_record_norm(&recording, states[f]);
        }
        for (int64_t f = 0; f < configuration->field_count; f++) {
            recording.field = f;
            next[f] = ar_record_encoder_layer(&recording, layer, states, normals);
            model->fields[f].encoder[layer] = next[f];
        }
        ar_graph_end_block(model->graph);
        memcpy(states, next, sizeof states);
    }
    for (int64_t f = 0; options->keep_stages && f < configuration->field_count; f++) {
        ar_graph_keep(model->graph, model->fields[f].embedded);
        for (int64_t layer = 0; layer < configuration->model.encoder_layers; layer++) {
            ar_graph_keep(model->graph, model->fields[f].encoder[layer]);
        }
    }
}

ar_status ar_model_create(ar_model **out, const ar_configuration *configuration,
                          const ar_model_options *options, ar_error *err)
{
    ar_status status = AR_OK;
    ar_model *model = NULL;
    if (configuration->model.encoder_layers > AR_LAYER_MAX) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: model.encoder.layers is %lld, at most %d",
                       configuration->file, (long long)configuration->model.encoder_layers,
                       AR_LAYER_MAX);
    }
    AR_TRY(ar_allocate(&model, 1, sizeof *model, "a model", err));
    model->configuration = configuration;
    model->loss = AR_NO_TENSOR;
    AR_TRY(ar_graph_create(&model->graph, options->type, err));
    model->batch_dimension = ar_graph_dimension(model->graph, "batch", options->batch);
    model->draw = options->dropout && configuration->training.dropout > 0
                      ? ar_graph_input(model->graph, "draw", AR_TYPE_INT32,
                                       (ar_rows){model->batch_dimension, 1}, DRAW_WORDS)
                      : AR_NO_TENSOR;
    for (int64_t f = 0; f < configuration->field_count; f++) {
        const ar_field_configuration *field = &configuration->fields[f];
        const int64_t *tokens = field->tokens.tokens, *size = field->tokens.token_size;
        forget_tensors(&model->fields[f]);
        model->fields[f].token_count = field->level_count * tokens[0] * tokens[1] * tokens[2];
        model->fields[f].values = size[0] * size[1] * size[2];
    }
    record_encoders(model, options);
    for (int64_t p = 0; p < configuration->prediction_count; p++) {
        record_prediction(model, options, p);
    }
    if (options->losses) {
        record_total(model);
    }
    AR_TRY(ar_graph_finish(model->graph, err));
    *out = model;
    return AR_OK;
cleanup:
    ar_model_destroy(&model);
    return status;
}

void ar_model_destroy(ar_model **model)
{
    if (*model) {
        ar_graph_destroy(&(*model)->graph);
        ar_free((*model)->attentions.items);
        ar_free(*model);
        *model = NULL;
    }
}

/* ---- starting values ------------------------------------------------------------------------- */

/* Number of columns that enter the linear layer a bias belongs to. */
static int64_t columns_into(const ar_graph *graph, const ar_parameter *bias)
{
    char name[160];
    size_t length = strlen(bias->name) - strlen("bias");
    memcpy(name, bias->name, length);
    memcpy(name + length, "weight", sizeof "weight");
    const ar_parameter *weight = ar_graph_find_parameter(graph, name);
    return weight ? weight->columns : 1;
}

static void initialise(const ar_graph *graph, const ar_parameter *parameter, uint64_t seed,
                       float *values)
{
    const int64_t count = parameter->rows * parameter->columns;
    const uint64_t hash = ar_hash(parameter->name, strlen(parameter->name), 0);
    ar_random random = {.seed = seed,
                        .step = (uint32_t)hash,
                        .sample = (uint32_t)(hash >> 32),
                        .purpose = AR_RANDOM_PARAMETERS};
    bool tail_norm = ar_text_begins_with(parameter->name, "tails.") &&
                     (ar_text_ends_with(parameter->name, ".0.weight") ||
                      ar_text_ends_with(parameter->name, ".0.bias"));
    bool head_norm = strstr(parameter->name, ".ln_") != NULL;
    bool is_bias = ar_text_ends_with(parameter->name, ".bias");
    if (tail_norm || head_norm) {
        for (int64_t i = 0; i < count; i++) {
            values[i] = is_bias ? 0.0f : 1.0f;
        }
    } else if (ar_text_begins_with(parameter->name, "positions.") ||
               ar_text_ends_with(parameter->name, ".positions")) {
        for (int64_t i = 0; i < count; i++) {
            values[i] = (float)(0.3 * ar_random_normal(&random));
        }
    } else {
        int64_t columns = is_bias ? columns_into(graph, parameter) : parameter->columns;
        double bound = 1.0 / sqrt((double)columns);
        for (int64_t i = 0; i < count; i++) {
            values[i] = (float)(bound * (2.0 * ar_random_uniform(&random) - 1.0));
        }
    }
}

void ar_model_initialise(const ar_model *model, uint64_t seed, float *parameters)
{
    const ar_graph *graph = model->graph;
#pragma omp parallel for schedule(static)
    for (size_t p = 0; p < graph->parameter_count; p++) {
        initialise(graph, &graph->parameters[p], seed, parameters + graph->parameters[p].offset);
    }
}

int64_t ar_model_parameter_count(const ar_model *model)
{
    int64_t count = 0;
    for (size_t p = 0; p < model->graph->parameter_count; p++) {
        count += model->graph->parameters[p].rows * model->graph->parameters[p].columns;
    }
    return count;
}

/* ---- feeding --------------------------------------------------------------------------------- */

/* Copy floats into an input of the plan, whatever its type. */
static void fill(const ar_plan *plan, ar_tensor tensor, const float *values)
{
    ar_matrix matrix = ar_plan_matrix(plan, tensor);
    const int64_t count = matrix.rows * matrix.columns;
    if (matrix.type == AR_TYPE_FLOAT64) {
        for (int64_t i = 0; i < count; i++) {
            ((double *)matrix.data)[i] = (double)values[i];
        }
    } else {
        memcpy(matrix.data, values, (size_t)count * sizeof(float));
    }
}

void ar_model_feed(const ar_model *model, ar_plan *plan, const ar_batch *batch)
{
    ar_plan_set_rows(plan, model->batch_dimension, batch->sample_count);
    if (ar_tensor_exists(model->draw)) {
        ar_matrix draws = ar_plan_matrix(plan, model->draw);
        memset(draws.data, 0, (size_t)(draws.rows * draws.stride) * sizeof(int32_t));
    }
    for (int64_t f = 0; f < batch->field_count; f++) {
        const ar_model_field *field = &model->fields[f];
        const ar_field_batch *data = &batch->fields[f];
        fill(plan, field->source, data->source);
        fill(plan, field->token_info, data->token_info);
        if (ar_tensor_exists(field->displacement)) {
            fill(plan, field->displacement, data->displacement);
        }
        if (!ar_tensor_exists(field->masked)) {
            continue;
        }
        ar_plan_set_rows(plan, field->masked_dimension, data->masked_count);
        ar_matrix masked = ar_plan_matrix(plan, field->masked);
        memcpy(masked.data, data->masked, (size_t)data->masked_count * sizeof(int32_t));
        if (ar_tensor_exists(field->target)) {
            fill(plan, field->target, data->target);
        }
        if (ar_tensor_exists(field->area)) {
            fill(plan, field->area, data->target_area);
        }
    }
}

void ar_model_draw_dropout(const ar_model *model, ar_plan *plan, const ar_draw *draw)
{
    if (!ar_tensor_exists(model->draw)) {
        return;
    }
    ar_matrix draws = ar_plan_matrix(plan, model->draw);
    for (int64_t k = 0; k < draws.rows; k++) {
        const int32_t words[DRAW_WORDS] = {(int32_t)draw->seed, (int32_t)(draw->seed >> 32),
                                           (int32_t)draw->step,
                                           (int32_t)(draw->first_sample + (uint32_t)k), 1};
        memcpy((int32_t *)draws.data + k * draws.stride, words, sizeof words);
    }
}
