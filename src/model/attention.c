#include "model/attention.h"

#include <stdio.h>

#include "base/memory.h"
#include "graph/attention_reach.h"

enum { NAME_LENGTH = 96 };

static void axes_of(const ar_recording *r, int64_t field, int64_t axes[AR_AXIS_COUNT])
{
    const ar_field_configuration *f = &r->configuration->fields[field];
    axes[AR_AXIS_LEVEL] = f->level_count;
    for (int i = 0; i < 3; i++) {
        axes[AR_AXIS_TIME + i] = f->tokens.tokens[i];
    }
}

/* Without axes chosen: all tokens of a window. */
static ar_attention_reach reach_of(const ar_recording *r, int64_t key_field)
{
    const int64_t *window = r->configuration->model.attention_window;
    ar_attention_reach reach = {.queries = {0}};
    axes_of(r, r->field, reach.queries);
    axes_of(r, key_field, reach.keys);
    for (int i = 0; i < 3; i++) {
        reach.limited[AR_AXIS_TIME + i] = window[i] > 0;
        reach.distance[AR_AXIS_TIME + i] = window[i];
    }
    return reach;
}

static ar_attention_reach reach_along(ar_attention_reach reach, int chosen)
{
    for (int axis = 0; axis < AR_AXIS_COUNT; axis++) {
        if (axis != chosen) {
            reach.limited[axis] = true;
            reach.distance[axis] = 0;
        }
    }
    return reach;
}

/* Axes in the order of their turns: those along which there is a choice of keys, time first. */
static int64_t turns_of(const ar_attention_reach *reach, int turns[AR_AXIS_COUNT])
{
    static const int order[AR_AXIS_COUNT] = {AR_AXIS_TIME, AR_AXIS_LATITUDE, AR_AXIS_LONGITUDE,
                                             AR_AXIS_LEVEL};
    int64_t count = 0;
    for (int i = 0; i < AR_AXIS_COUNT; i++) {
        if (reach->keys[order[i]] > 1) {
            turns[count++] = order[i];
        }
    }
    return count;
}

/* From column `first` of a tensor to its end. */
static ar_tensor columns_from(const ar_recording *r, ar_tensor tensor, int64_t first)
{
    return ar_tensor_exists(tensor)
               ? ar_graph_columns(r->graph, tensor, first,
                                  ar_graph_tensor(r->graph, tensor)->columns - first)
               : AR_NO_TENSOR;
}

/* Heads [first, end) of an attention. */
static ar_attention heads_of(const ar_recording *r, ar_attention attention, int64_t first,
                             int64_t end)
{
    attention.heads = end - first;
    attention.query = columns_from(r, attention.query, first * attention.query_stride);
    attention.key = columns_from(r, attention.key, first * attention.key_stride);
    attention.value = columns_from(r, attention.value, first * attention.value_stride);
    attention.into = ar_graph_columns(r->graph, attention.into, first * attention.head_size,
                                      attention.heads * attention.head_size);
    return attention;
}

/* List the last node, and keep queries, keys, values and output. */
static void keep_last(const ar_recording *r, ar_model_attention entry)
{
    ar_model_attentions *list = r->attentions;
    ar_error error;
    if (!list || r->graph->status != AR_OK) {
        return;
    }
    ar_status status = ar_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items,
                               "attentions", &error);
    if (status != AR_OK) {
        ar_graph_fail(r->graph, status, &error);
        return;
    }
    entry.node = r->graph->node_count - 1;
    const ar_node *node = &r->graph->nodes[entry.node];
    for (int i = 0; i < 3; i++) {
        ar_graph_keep(r->graph, (ar_tensor){node->inputs[i]});
    }
    ar_graph_keep(r->graph, (ar_tensor){node->outputs[0]});
    list->items[list->count++] = entry;
}

/* As parameters are named, whose decoders are counted in the order of predictions. */
static void name_attention(const ar_recording *r, ar_attention_part part, int64_t key_field,
                           int64_t layer, char name[NAME_LENGTH])
{
    const ar_configuration *c = r->configuration;
    int64_t decoder = 0;
    while (decoder < c->prediction_count - 1 && c->prediction_order[decoder] != r->field) {
        decoder++;
    }
    switch (part) {
    case AR_ATTENTION_ENCODER_SELF:
        snprintf(name, NAME_LENGTH, "encoders.%lld.heads.%lld.self_attention", (long long)r->field,
                 (long long)layer);
        break;
    case AR_ATTENTION_ENCODER_COUPLING:
        snprintf(name, NAME_LENGTH, "encoders.%lld.heads.%lld.coupling to field %lld",
                 (long long)r->field, (long long)layer, (long long)key_field);
        break;
    case AR_ATTENTION_DECODER_SELF:
    case AR_ATTENTION_DECODER_CROSS:
        snprintf(name, NAME_LENGTH, "decoders.%lld.blocks.%lld.%s", (long long)decoder,
                 (long long)(2 * layer),
                 part == AR_ATTENTION_DECODER_SELF ? "self_attention" : "cross_attention");
        break;
    }
}

void ar_record_attention(const ar_recording *r, ar_attention_part part, int64_t key_field,
                         int64_t layer, ar_attention attention)
{
    char name[NAME_LENGTH];
    const ar_attention_kind kind = r->configuration->model.attention;
    const ar_attention_reach reach = reach_of(r, key_field);
    int turns[AR_AXIS_COUNT];
    const int64_t axes = turns_of(&reach, turns), heads = attention.heads;
    const bool dense = kind == AR_ATTENTION_DENSE || axes < 2;
    const int64_t groups = dense || kind == AR_ATTENTION_AXIAL ? 1 : heads < axes ? heads : axes;
    name_attention(r, part, key_field, layer, name);
    attention.query_tokens = r->fields[r->field].token_count;
    attention.key_tokens = r->fields[key_field].token_count;
    for (int64_t g = 0; g < groups; g++) {
        const int64_t first = g * heads / groups, end = (g + 1) * heads / groups;
        ar_attention group = groups == 1 ? attention : heads_of(r, attention, first, end);
        group.reach = dense ? reach : reach_along(reach, turns[(g + layer) % axes]);
        ar_graph_attention(r->graph, name, group);
        keep_last(r, (ar_model_attention){.part = part,
                                          .layer = layer,
                                          .query_field = r->field,
                                          .key_field = key_field,
                                          .first_head = first});
    }
}
