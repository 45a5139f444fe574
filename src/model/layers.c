#include "model/layers.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "model/attention.h"

ar_tensor ar_record_parameter(const ar_recording *r, int rank, int64_t rows, int64_t columns,
                              const char *format, ...)
{
    char name[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    return ar_graph_parameter(r->graph, name, rank, rows, columns);
}

static int64_t columns_of(const ar_recording *r, ar_tensor tensor)
{
    return ar_tensor_exists(tensor) ? ar_graph_tensor(r->graph, tensor)->columns : 1;
}

ar_tensor ar_record_linear(const ar_recording *r, const char *name, ar_tensor input,
                           int64_t columns, bool bias, bool gelu, ar_tensor residual,
                           ar_tensor into)
{
    ar_tensor weight = ar_record_parameter(r, 2, columns, columns_of(r, input), "%s.weight", name);
    return ar_graph_linear(
        r->graph, name,
        (ar_linear){.input = input,
                    .weight = weight,
                    .bias = bias ? ar_record_parameter(r, 1, 1, columns, "%s.bias", name)
                                 : AR_NO_TENSOR,
                    .residual = residual,
                    .gelu = gelu,
                    .into = into});
}

ar_tensor ar_record_norm(const ar_recording *r, ar_tensor input)
{
    return ar_graph_layer_norm(r->graph, "layer norm", input, AR_NO_TENSOR, AR_NO_TENSOR);
}

/* ---- dropout --------------------------------------------------------------------------------- */

static bool drops(const ar_recording *r)
{
    return ar_tensor_exists(r->draw);
}

/* Each place draws apart, by its name: its masks do not depend on what else the network has. */
static ar_tensor record_dropout(const ar_recording *r, const char *name, ar_tensor input,
                                ar_tensor residual)
{
    const uint32_t place = (uint32_t)ar_hash(name, strlen(name), 0);
    return ar_graph_dropout(r->graph, name,
                            (ar_dropout){.input = input,
                                         .residual = residual,
                                         .draw = r->draw,
                                         .probability = r->configuration->training.dropout,
                                         .stream = AR_RANDOM_DROPOUT + (place << 8)});
}

ar_tensor ar_record_heads_output(const ar_recording *r, const char *prefix, ar_tensor heads,
                                 ar_tensor state)
{
    char name[128];
    snprintf(name, sizeof name, "%s.proj_out", prefix);
    ar_tensor output = ar_record_linear(r, name, heads, columns_of(r, state), false, false,
                                        drops(r) ? AR_NO_TENSOR : state, AR_NO_TENSOR);
    snprintf(name, sizeof name, "%s.dropout", prefix);
    return drops(r) ? record_dropout(r, name, output, state) : output;
}

/* ---- multilayer perceptron ------------------------------------------------------------------- */

ar_tensor ar_record_mlp(const ar_recording *r, const char *name, ar_tensor input, int64_t layers)
{
    const int64_t width = columns_of(r, input);
    ar_tensor state = ar_record_norm(r, input);
    char block[128];
    for (int64_t j = 0; j < layers; j++) {
        bool last = j == layers - 1;
        snprintf(block, sizeof block, "%s.blocks.%lld", name, (long long)(3 * j));
        state = ar_record_linear(r, block, state, last ? width : 2 * width, true,
                                 !last || r->configuration->model.mlp_output_gelu,
                                 last ? input : AR_NO_TENSOR, AR_NO_TENSOR);
        if (!last && drops(r)) {
            snprintf(block, sizeof block, "%s.blocks.%lld", name, (long long)(3 * j + 2));
            state = record_dropout(r, block, state, AR_NO_TENSOR);
        }
    }
    return state;
}

/* ---- encoder --------------------------------------------------------------------------------- */

/* Heads to one coupled field; its keys and values come from its own state. */
static void record_coupling(const ar_recording *r, const char *heads, int64_t layer, int64_t slot,
                            ar_tensor queries, ar_tensor other_normal, int64_t head_size,
                            ar_tensor into)
{
    const int64_t count = ar_recorded_field(r)->coupled_heads[slot];
    const int64_t other = ar_recorded_field(r)->coupled_index[slot];
    char name[128];
    snprintf(name, sizeof name, "%s.proj_heads_other.%lld", heads, (long long)(slot + 1));
    ar_tensor pairs = ar_record_linear(r, name, other_normal, 2 * count * head_size, false, false,
                                       AR_NO_TENSOR, AR_NO_TENSOR);
    int64_t columns = 2 * count * head_size;
    ar_record_attention(
        r, AR_ATTENTION_ENCODER_COUPLING, other, layer,
        (ar_attention){.query = queries,
                       .key = pairs,
                       .value = ar_graph_columns(r->graph, pairs, head_size, columns - head_size),
                       .asked = AR_NO_TENSOR,
                       .query_scale = AR_NO_TENSOR,
                       .query_shift = AR_NO_TENSOR,
                       .key_scale = AR_NO_TENSOR,
                       .key_shift = AR_NO_TENSOR,
                       .heads = count,
                       .head_size = head_size,
                       .query_stride = head_size,
                       .key_stride = 2 * head_size,
                       .value_stride = 2 * head_size,
                       .normalise_query = r->configuration->model.coupling_query_norm,
                       .normalise_key = r->configuration->model.qk_layer_norm,
                       .into = into});
}

/* Self attention from one projection whose rows are head by head q, k, v. `norms` are scale and
 * shift of queries, then of keys; AR_NO_TENSOR where there are none. */
static void record_self_attention(const ar_recording *r, ar_attention_part part,
                                  const char *projection, int64_t layer, ar_tensor state,
                                  int64_t heads, int64_t head_size, bool norm,
                                  const ar_tensor norms[4], ar_tensor asked, ar_tensor into)
{
    const int64_t columns = 3 * heads * head_size;
    ar_tensor all =
        ar_record_linear(r, projection, state, columns, false, false, AR_NO_TENSOR, AR_NO_TENSOR);
    ar_record_attention(
        r, part, r->field, layer,
        (ar_attention){.query = all,
                       .key = ar_graph_columns(r->graph, all, head_size, columns - head_size),
                       .value =
                           ar_graph_columns(r->graph, all, 2 * head_size, columns - 2 * head_size),
                       .asked = asked,
                       .query_scale = norms[0],
                       .query_shift = norms[1],
                       .key_scale = norms[2],
                       .key_shift = norms[3],
                       .heads = heads,
                       .head_size = head_size,
                       .query_stride = 3 * head_size,
                       .key_stride = 3 * head_size,
                       .value_stride = 3 * head_size,
                       .normalise_query = norm,
                       .normalise_key = norm,
                       .into = into});
}

ar_tensor ar_record_encoder_layer(const ar_recording *r, int64_t layer, const ar_tensor *states,
                                  const ar_tensor *normals)
{
    const ar_model_configuration *model = &r->configuration->model;
    const ar_field_configuration *field = ar_recorded_field(r);
    const int64_t embedding = field->embedding, heads = model->encoder_heads;
    const int64_t head_size = embedding / heads, own = heads * head_size;
    int64_t coupled = 0, before = 0;
    const ar_tensor no_norms[4] = {AR_NO_TENSOR, AR_NO_TENSOR, AR_NO_TENSOR, AR_NO_TENSOR};
    char prefix[64], name[128];
    ar_tensor state = states[r->field], normal = normals[r->field];
    ar_rows rows = ar_tensor_exists(state) ? ar_graph_tensor(r->graph, state)->rows : (ar_rows){0};
    for (int64_t c = 0; c < field->coupled_count; c++) {
        coupled += field->coupled_heads[c] * head_size;
    }
    ar_tensor all_heads = ar_graph_activation(r->graph, "heads", rows, own + coupled);

    snprintf(prefix, sizeof prefix, "encoders.%lld.heads.%lld", (long long)r->field,
             (long long)layer);
    snprintf(name, sizeof name, "%s.proj_heads", prefix);
    record_self_attention(r, AR_ATTENTION_ENCODER_SELF, name, layer, normal, heads, head_size,
                          model->qk_layer_norm, no_norms, AR_NO_TENSOR,
                          ar_graph_columns(r->graph, all_heads, 0, own));
    if (field->coupled_count > 0) {
        snprintf(name, sizeof name, "%s.proj_heads_other.0", prefix);
        ar_tensor queries =
            ar_record_linear(r, name, normal, coupled, false, false, AR_NO_TENSOR, AR_NO_TENSOR);
        for (int64_t c = 0; c < field->coupled_count; c++) {
            int64_t width = field->coupled_heads[c] * head_size;
            record_coupling(r, prefix, layer, c, ar_graph_columns(r->graph, queries, before, width),
                            normals[field->coupled_index[c]], head_size,
                            ar_graph_columns(r->graph, all_heads, own + before, width));
            before += width;
        }
    }
    state = ar_record_heads_output(r, prefix, all_heads, state);
    snprintf(name, sizeof name, "encoders.%lld.mlps.%lld", (long long)r->field, (long long)layer);
    return ar_record_mlp(r, name, state, model->encoder_mlp_layers);
}

/* ---- decoder --------------------------------------------------------------------------------- */

static void record_cross_attention(const ar_recording *r, const char *prefix, int64_t layer,
                                   ar_tensor normal, ar_tensor encoder_state, int64_t heads,
                                   int64_t head_size, const ar_tensor norms[4], ar_tensor asked,
                                   ar_tensor into)
{
    const int64_t columns = 2 * heads * head_size;
    char name[128];
    snprintf(name, sizeof name, "%s.proj_heads_o_q", prefix);
    ar_tensor queries = ar_record_linear(r, name, normal, heads * head_size, false, false,
                                         AR_NO_TENSOR, AR_NO_TENSOR);
    snprintf(name, sizeof name, "%s.proj_heads_o_kv", prefix);
    ar_tensor pairs = ar_record_linear(r, name, ar_record_norm(r, encoder_state), columns, false,
                                       false, AR_NO_TENSOR, AR_NO_TENSOR);
    ar_record_attention(
        r, AR_ATTENTION_DECODER_CROSS, r->field, layer,
        (ar_attention){.query = queries,
                       .key = pairs,
                       .value = ar_graph_columns(r->graph, pairs, head_size, columns - head_size),
                       .asked = asked,
                       .query_scale = norms[0],
                       .query_shift = norms[1],
                       .key_scale = norms[2],
                       .key_shift = norms[3],
                       .heads = heads,
                       .head_size = head_size,
                       .query_stride = head_size,
                       .key_stride = 2 * head_size,
                       .value_stride = 2 * head_size,
                       .normalise_query = r->configuration->model.decoder_qk_layer_norm,
                       .normalise_key = r->configuration->model.decoder_qk_layer_norm,
                       .into = into});
}

static ar_tensor record_decoder_layer(const ar_recording *r, int64_t decoder, int64_t layer,
                                      ar_tensor state, ar_tensor encoder_state, ar_tensor asked)
{
    const ar_model_configuration *model = &r->configuration->model;
    const int64_t embedding = ar_recorded_field(r)->embedding, heads = model->decoder_heads;
    const int64_t head_size = embedding / heads;
    const int64_t cross = llround((double)heads * model->decoder_cross_ratio), own = heads - cross;
    const char *const norm_names[4] = {"ln_q.weight", "ln_q.bias", "ln_k.weight", "ln_k.bias"};
    char prefix[64], name[128];
    ar_tensor norms[4] = {AR_NO_TENSOR, AR_NO_TENSOR, AR_NO_TENSOR, AR_NO_TENSOR};
    ar_tensor normal = ar_record_norm(r, state);
    ar_rows rows = ar_tensor_exists(state) ? ar_graph_tensor(r->graph, state)->rows : (ar_rows){0};
    rows = ar_tensor_exists(asked) ? ar_graph_tensor(r->graph, asked)->rows : rows;
    ar_tensor all_heads = ar_graph_activation(r->graph, "heads", rows, heads * head_size);

    snprintf(prefix, sizeof prefix, "decoders.%lld.blocks.%lld", (long long)decoder,
             (long long)(2 * layer));
    for (int i = 0; i < 4 && model->decoder_qk_layer_norm; i++) {
        norms[i] = ar_record_parameter(r, 1, 1, head_size, "%s.%s", prefix, norm_names[i]);
    }
    if (own > 0) {
        snprintf(name, sizeof name, "%s.proj_heads", prefix);
        record_self_attention(r, AR_ATTENTION_DECODER_SELF, name, layer, normal, own, head_size,
                              model->decoder_qk_layer_norm, norms, asked,
                              ar_graph_columns(r->graph, all_heads, 0, own * head_size));
    }
    if (cross > 0) {
        record_cross_attention(
            r, prefix, layer, normal, encoder_state, cross, head_size, norms, asked,
            ar_graph_columns(r->graph, all_heads, own * head_size, cross * head_size));
    }
    if (ar_tensor_exists(asked)) {
        state = ar_graph_gather_rows(r->graph, "masked tokens", state, asked);
    }
    state = ar_record_heads_output(r, prefix, all_heads, state);
    snprintf(name, sizeof name, "decoders.%lld.blocks.%lld", (long long)decoder,
             (long long)(2 * layer + 1));
    return ar_record_mlp(r, name, state, model->decoder_mlp_layers);
}

ar_tensor ar_record_decoder(const ar_recording *r, int64_t decoder, ar_tensor asked,
                            bool only_asked, ar_tensor *whole)
{
    const ar_model_configuration *model = &r->configuration->model;
    const ar_tensor *encoder = r->fields[r->field].encoder;
    const bool early = only_asked && model->attention == AR_ATTENTION_DENSE && !drops(r) &&
                       model->decoder_layers > 0;
    ar_tensor state = encoder[model->encoder_layers - 1];
    for (int64_t layer = 0; layer < model->decoder_layers; layer++) {
        int64_t mirrored = model->encoder_layers - 1 - layer * model->decoder_cross_rate;
        bool last = layer == model->decoder_layers - 1;
        ar_graph_begin_block(r->graph);
        state = record_decoder_layer(r, decoder, layer, state, encoder[mirrored],
                                     last && early ? asked : AR_NO_TENSOR);
        ar_graph_end_block(r->graph);
    }
    *whole = early ? AR_NO_TENSOR : state;
    return early ? state : ar_graph_gather_rows(r->graph, "masked tokens", state, asked);
}
