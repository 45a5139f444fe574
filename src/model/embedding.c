#include "model/embedding.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"

/* ---- positions ------------------------------------------------------------------------------- */

void ar_model_harmonic_positions(const int64_t extents[4], int64_t embedding, double *table)
{
    const int64_t nt = extents[1], ny = extents[2], nx = extents[3], places = ny * nx;
    for (int64_t i = 0; i < extents[0] * nt * places; i++) {
        int64_t level = i / (nt * places), time = i % (nt * places) / places, place = i % places;
        /* Divided by ny, as the released model does; compatibility needs it. */
        int64_t y = place / ny, x = place % nx;
        for (int64_t k = 0; k < embedding / 2; k++) {
            double omega = 2 * M_PI * (double)(2 * k) / (double)embedding;
            double *channel = table + i * embedding + 2 * k;
            channel[0] = 0.5 * sin(8 * (double)y * omega) + sin((double)time * omega);
            channel[1] = 0.5 * cos(8 * (double)x * omega) + cos((double)level * omega);
        }
    }
}

static ar_tensor positions_table(const ar_recording *r)
{
    const ar_field_configuration *field = ar_recorded_field(r);
    const int64_t extents[4] = {field->level_count, field->tokens.tokens[0],
                                field->tokens.tokens[1], field->tokens.tokens[2]};
    const int64_t embedding = field->embedding;
    if (r->configuration->model.positions == AR_POSITIONS_FACTORISED) {
        const char *const names[4] = {"level", "time", "latitude", "longitude"};
        ar_tensor factors[4];
        for (int i = 0; i < 4; i++) {
            factors[i] = ar_record_parameter(r, 2, extents[i], embedding, "positions.%lld.%s",
                                             (long long)r->field, names[i]);
        }
        return ar_graph_factorised_positions(r->graph, "positions", factors[0], factors[1],
                                             factors[2], factors[3]);
    }
    double *table = NULL;
    int64_t tokens = r->fields[r->field].token_count;
    ar_error error;
    ar_status status =
        ar_allocate(&table, (size_t)(tokens * embedding), sizeof *table, "positions", &error);
    if (status != AR_OK) {
        ar_graph_fail(r->graph, status, &error);
        return AR_NO_TENSOR;
    }
    ar_model_harmonic_positions(extents, embedding, table);
    ar_tensor positions =
        ar_graph_constant(r->graph, "harmonic positions", tokens, embedding, table);
    ar_free(table);
    return positions;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* The released models have this layer under two names. */
static void record_linear_values(const ar_recording *r, ar_tensor source, int64_t width,
                                 ar_tensor into)
{
    const long long field = r->field;
    char name[64];
    snprintf(name, sizeof name, "embeds.%lld", field);
    ar_record_linear(r, name, source, width, true, false, AR_NO_TENSOR, into);
    snprintf(name, sizeof name, "encoders.%lld.embed.weight", field);
    ar_graph_alias(
        r->graph,
        ar_record_parameter(r, 2, width, r->fields[r->field].values, "embeds.%lld.weight", field),
        name);
    snprintf(name, sizeof name, "encoders.%lld.embed.bias", field);
    ar_graph_alias(r->graph, ar_record_parameter(r, 1, 1, width, "embeds.%lld.bias", field), name);
}

/* Patches of one token attend to each other. */
static ar_tensor record_patch_attention(const ar_recording *r, const char *prefix, ar_tensor state,
                                        int64_t patches)
{
    const ar_embedding_network *network = &ar_recorded_field(r)->embedding_network;
    const bool norm = r->configuration->model.qk_layer_norm;
    const int64_t width = network->width, size = width / network->heads;
    char name[96];
    snprintf(name, sizeof name, "%s.proj_heads", prefix);
    ar_tensor all = ar_record_linear(r, name, ar_record_norm(r, state), 3 * width, false, false,
                                     AR_NO_TENSOR, AR_NO_TENSOR);
    ar_tensor heads = ar_graph_attention(
        r->graph, "attention inside tokens",
        (ar_attention){.query = all,
                       .key = ar_graph_columns(r->graph, all, size, 3 * width - size),
                       .value = ar_graph_columns(r->graph, all, 2 * size, 3 * width - 2 * size),
                       .asked = AR_NO_TENSOR,
                       .query_scale = AR_NO_TENSOR,
                       .query_shift = AR_NO_TENSOR,
                       .key_scale = AR_NO_TENSOR,
                       .key_shift = AR_NO_TENSOR,
                       .heads = network->heads,
                       .head_size = size,
                       .query_stride = 3 * size,
                       .key_stride = 3 * size,
                       .value_stride = 3 * size,
                       .query_tokens = patches,
                       .key_tokens = patches,
                       .normalise_query = norm,
                       .normalise_key = norm,
                       .into = AR_NO_TENSOR});
    return ar_record_heads_output(r, prefix, heads, state);
}

static void record_transformer_values(const ar_recording *r, ar_tensor source, int64_t width,
                                      ar_tensor into)
{
    const ar_field_configuration *field = ar_recorded_field(r);
    const ar_embedding_network *network = &field->embedding_network;
    const int64_t *patch = network->patch;
    const int64_t patches = r->fields[r->field].values / (patch[0] * patch[1] * patch[2]);
    const long long f = r->field;
    char name[96];
    snprintf(name, sizeof name, "embeds.%lld.patch", f);
    ar_tensor state =
        ar_graph_cut_patches(r->graph, "patches", source, field->tokens.token_size, patch);
    state =
        ar_record_linear(r, name, state, network->width, true, false, AR_NO_TENSOR, AR_NO_TENSOR);
    state = ar_graph_add_periodic(
        r->graph, "patches with positions", state,
        ar_record_parameter(r, 2, patches, network->width, "embeds.%lld.positions", f));
    for (int64_t layer = 0; layer < network->layers; layer++) {
        ar_graph_begin_block(r->graph);
        snprintf(name, sizeof name, "embeds.%lld.layers.%lld", f, (long long)layer);
        state = record_patch_attention(r, name, state, patches);
        snprintf(name, sizeof name, "embeds.%lld.layers.%lld.mlp", f, (long long)layer);
        state = ar_record_mlp(r, name, state, r->configuration->model.encoder_mlp_layers);
        ar_graph_end_block(r->graph);
    }
    state = ar_graph_join_rows(r->graph, "joined patches", state, patches);
    snprintf(name, sizeof name, "embeds.%lld.out", f);
    ar_record_linear(r, name, state, width, true, false, AR_NO_TENSOR, into);
}

/* The position of a displaced target is that of its token and a linear function of how it is
 * displaced. Static fields and streams have no targets. */
static ar_tensor record_displacement(const ar_recording *r, ar_tensor embedded, ar_rows rows)
{
    const ar_field_configuration *field = ar_recorded_field(r);
    ar_model_field *tensors = &r->fields[r->field];
    char name[64];
    if (!(r->configuration->tau.share > 0) || field->is_static || field->stream_of) {
        return embedded;
    }
    tensors->displacement =
        ar_graph_input(r->graph, "displacement", r->graph->type, rows, AR_DISPLACEMENT_SIZE);
    snprintf(name, sizeof name, "embeds_displacement.%lld", (long long)r->field);
    return ar_record_linear(r, name, tensors->displacement, field->embedding, false, false,
                            embedded, AR_NO_TENSOR);
}

ar_tensor ar_record_embedding(const ar_recording *r, int batch_dimension)
{
    const ar_field_configuration *field = ar_recorded_field(r);
    ar_model_field *tensors = &r->fields[r->field];
    const int64_t info_width = r->configuration->model.token_info_width;
    const int64_t value_width = field->embedding - info_width;
    const ar_rows rows = {batch_dimension, tensors->token_count};
    char name[64];
    tensors->source = ar_graph_input(r->graph, "source", r->graph->type, rows, tensors->values);
    tensors->token_info =
        ar_graph_input(r->graph, "token information", r->graph->type, rows, AR_TOKEN_INFO_SIZE);
    ar_tensor embedded = ar_graph_activation(r->graph, "embedding", rows, field->embedding);
    ar_tensor values = ar_graph_columns(r->graph, embedded, 0, value_width);
    if (field->embedding_network.kind == AR_EMBEDDING_TRANSFORMER) {
        record_transformer_values(r, tensors->source, value_width, values);
    } else {
        record_linear_values(r, tensors->source, value_width, values);
    }
    snprintf(name, sizeof name, "embeds_token_info.%lld", (long long)r->field);
    ar_record_linear(r, name, tensors->token_info, info_width, true, false, AR_NO_TENSOR,
                     ar_graph_columns(r->graph, embedded, value_width, info_width));
    embedded =
        ar_graph_add_periodic(r->graph, "embedding with positions", embedded, positions_table(r));
    return record_displacement(r, embedded, rows);
}
