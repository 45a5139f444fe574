/* Nodes of a graph: how each op is recorded, and where gradients flow. */
#include <string.h>

#include "base/memory.h"
#include "graph/op.h"

/* What a node computes wants a gradient when something it is computed from does. */
static void pass_wish(ar_graph *graph, const ar_node *node)
{
    bool wanted = false;
    for (int i = 0; i < node->input_count; i++) {
        wanted |= node->inputs[i] >= 0 && ar_op_input_has_gradient(node, i) &&
                  ar_graph_root(graph, node->inputs[i])->wants_gradient;
    }
    for (int i = 0; i < ar_op_find(node->kind)->gradient_outputs; i++) {
        graph->tensors[graph->tensors[node->outputs[i]].root].wants_gradient |= wanted;
    }
}

void ar_graph_freeze(ar_graph *graph, const bool *frozen)
{
    for (size_t t = 0; t < graph->tensor_count; t++) {
        graph->tensors[t].wants_gradient = false;
    }
    for (size_t p = 0; p < graph->parameter_count; p++) {
        graph->tensors[graph->parameters[p].tensor].wants_gradient = !frozen[p];
    }
    for (size_t i = 0; i < graph->node_count; i++) {
        pass_wish(graph, &graph->nodes[i]);
    }
}

/* Record a node; its tensors are checked by the op's shape rule. */
static bool add_node(ar_graph *graph, ar_op_kind kind, const char *name,
                     const ar_op_attributes *attributes, const ar_tensor *inputs, int input_count,
                     const ar_tensor *outputs, int output_count)
{
    ar_error error;
    if (graph->status != AR_OK) {
        return false;
    }
    ar_node node = {.kind = kind,
                    .attributes = *attributes,
                    .input_count = input_count,
                    .output_count = output_count,
                    .block = graph->in_block ? graph->block_count : 0};
    ar_status status = AR_OK;
    AR_TRY(ar_grow(&graph->nodes, &graph->node_capacity, graph->node_count + 1,
                   sizeof *graph->nodes, "nodes of a graph", &error));
    AR_TRY(ar_copy_string(&node.name, name, &error));
    AR_TRY(ar_allocate(&node.inputs, (size_t)input_count, sizeof *node.inputs, "a node", &error));
    AR_TRY(
        ar_allocate(&node.outputs, (size_t)output_count, sizeof *node.outputs, "a node", &error));
    for (int i = 0; i < input_count; i++) {
        node.inputs[i] = inputs[i].id;
    }
    for (int i = 0; i < output_count; i++) {
        node.outputs[i] = outputs[i].id;
    }
    AR_TRY(ar_op_check(graph, &node, &error));
    pass_wish(graph, &node);
    graph->nodes[graph->node_count++] = node;
    return true;
cleanup:
    ar_free(node.name);
    ar_free(node.inputs);
    ar_free(node.outputs);
    ar_graph_fail(graph, status, &error);
    return false;
}

/* Rows of a tensor that may be absent because of an earlier failure. */
static ar_rows rows_of(const ar_graph *graph, ar_tensor tensor)
{
    return ar_tensor_exists(tensor) ? graph->tensors[tensor.id].rows : (ar_rows){0, 1};
}

static int64_t columns_of(const ar_graph *graph, ar_tensor tensor)
{
    return ar_tensor_exists(tensor) ? graph->tensors[tensor.id].columns : 1;
}

static int64_t row_multiple_of(const ar_graph *graph, ar_tensor tensor)
{
    return rows_of(graph, tensor).multiple;
}

ar_tensor ar_graph_linear(ar_graph *graph, const char *name, ar_linear linear)
{
    ar_rows rows = rows_of(graph, linear.input);
    int64_t columns = row_multiple_of(graph, linear.weight);
    ar_tensor output = ar_tensor_exists(linear.into)
                           ? linear.into
                           : ar_graph_activation(graph, name, rows, columns);
    ar_tensor before_gelu =
        linear.gelu ? ar_graph_activation(graph, name, rows, columns) : AR_NO_TENSOR;
    ar_op_attributes attributes = {.gelu = linear.gelu};
    add_node(graph, AR_OP_LINEAR, name, &attributes,
             (ar_tensor[]){linear.input, linear.weight, linear.bias, linear.residual}, 4,
             (ar_tensor[]){output, before_gelu}, 2);
    return output;
}

ar_tensor ar_graph_layer_norm(ar_graph *graph, const char *name, ar_tensor input, ar_tensor scale,
                              ar_tensor shift)
{
    ar_rows rows = rows_of(graph, input);
    ar_tensor output = ar_graph_activation(graph, name, rows, columns_of(graph, input));
    ar_tensor statistics = ar_graph_activation(graph, name, rows, 2);
    ar_op_attributes attributes = {.epsilon = 1e-5};
    add_node(graph, AR_OP_LAYER_NORM, name, &attributes, (ar_tensor[]){input, scale, shift}, 3,
             (ar_tensor[]){output, statistics}, 2);
    return output;
}

ar_tensor ar_graph_attention(ar_graph *graph, const char *name, ar_attention attention)
{
    ar_rows rows =
        rows_of(graph, ar_tensor_exists(attention.asked) ? attention.asked : attention.query);
    ar_tensor output =
        ar_tensor_exists(attention.into)
            ? attention.into
            : ar_graph_activation(graph, name, rows, attention.heads * attention.head_size);
    ar_tensor log_sum = ar_graph_activation(graph, name, rows, attention.heads);
    ar_attention_reach reach = attention.reach;
    if (reach.queries[0] == 0) {
        reach = (ar_attention_reach){.queries = {1, 1, 1, attention.query_tokens},
                                     .keys = {1, 1, 1, attention.key_tokens}};
    }
    ar_op_attributes attributes = {
        .epsilon = 1e-5,
        .heads = attention.heads,
        .head_size = attention.head_size,
        .normalise_query = attention.normalise_query,
        .normalise_key = attention.normalise_key,
        .head_stride = {attention.query_stride, attention.key_stride, attention.value_stride},
        .tokens = {attention.query_tokens, attention.key_tokens},
        .reach = reach};
    add_node(graph, AR_OP_ATTENTION, name, &attributes,
             (ar_tensor[]){attention.query, attention.key, attention.value, attention.query_scale,
                           attention.query_shift, attention.key_scale, attention.key_shift,
                           attention.asked},
             AR_ATTENTION_INPUTS, (ar_tensor[]){output, log_sum}, 2);
    return output;
}

ar_tensor ar_graph_add_periodic(ar_graph *graph, const char *name, ar_tensor input, ar_tensor table)
{
    ar_tensor output =
        ar_graph_activation(graph, name, rows_of(graph, input), columns_of(graph, input));
    add_node(graph, AR_OP_ADD_PERIODIC, name, &(ar_op_attributes){0}, (ar_tensor[]){input, table},
             2, &output, 1);
    return output;
}

ar_tensor ar_graph_factorised_positions(ar_graph *graph, const char *name, ar_tensor level,
                                        ar_tensor time, ar_tensor latitude, ar_tensor longitude)
{
    ar_op_attributes attributes = {
        .extents = {row_multiple_of(graph, level), row_multiple_of(graph, time),
                    row_multiple_of(graph, latitude), row_multiple_of(graph, longitude)}};
    int64_t tokens = attributes.extents[0] * attributes.extents[1] * attributes.extents[2] *
                     attributes.extents[3];
    ar_tensor output =
        ar_graph_activation(graph, name, (ar_rows){0, tokens}, columns_of(graph, level));
    add_node(graph, AR_OP_FACTORISED_POSITIONS, name, &attributes,
             (ar_tensor[]){level, time, latitude, longitude}, 4, &output, 1);
    return output;
}

ar_tensor ar_graph_dropout(ar_graph *graph, const char *name, ar_dropout dropout)
{
    ar_tensor output = ar_graph_activation(graph, name, rows_of(graph, dropout.input),
                                           columns_of(graph, dropout.input));
    ar_op_attributes attributes = {.dropout = dropout.probability, .stream = dropout.stream};
    add_node(graph, AR_OP_DROPOUT, name, &attributes,
             (ar_tensor[]){dropout.input, dropout.residual, dropout.draw}, 3, &output, 1);
    return output;
}

ar_tensor ar_graph_gather_rows(ar_graph *graph, const char *name, ar_tensor input, ar_tensor index)
{
    ar_tensor output =
        ar_graph_activation(graph, name, rows_of(graph, index), columns_of(graph, input));
    add_node(graph, AR_OP_GATHER_ROWS, name, &(ar_op_attributes){0}, (ar_tensor[]){input, index}, 2,
             &output, 1);
    return output;
}

ar_tensor ar_graph_cut_patches(ar_graph *graph, const char *name, ar_tensor input,
                               const int64_t block[3], const int64_t patch[3])
{
    ar_op_attributes attributes = {.block = {block[0], block[1], block[2]},
                                   .patch = {patch[0], patch[1], patch[2]}};
    const int64_t values = patch[0] * patch[1] * patch[2];
    ar_rows rows = rows_of(graph, input);
    rows.multiple *= block[0] * block[1] * block[2] / values;
    ar_tensor output = ar_graph_activation(graph, name, rows, values);
    add_node(graph, AR_OP_CUT_PATCHES, name, &attributes, &input, 1, &output, 1);
    return output;
}

ar_tensor ar_graph_join_rows(ar_graph *graph, const char *name, ar_tensor input, int64_t rows)
{
    ar_rows fewer = rows_of(graph, input);
    fewer.multiple /= rows;
    ar_tensor output = ar_graph_activation(graph, name, fewer, columns_of(graph, input) * rows);
    ar_op_attributes attributes = {.rows = rows};
    add_node(graph, AR_OP_JOIN_ROWS, name, &attributes, &input, 1, &output, 1);
    return output;
}

void ar_graph_fold_tails(ar_graph *graph, const char *name, const ar_tensor *parts, int64_t members,
                         ar_tensor *weight, ar_tensor *bias)
{
    int64_t values = row_multiple_of(graph, parts[2]);
    *weight = ar_graph_activation(graph, name, (ar_rows){0, members * values},
                                  columns_of(graph, parts[2]));
    *bias = ar_graph_activation(graph, name, (ar_rows){0, 1}, members * values);
    ar_op_attributes attributes = {.members = members};
    add_node(graph, AR_OP_FOLD_TAILS, name, &attributes, parts, (int)(4 * members),
             (ar_tensor[]){*weight, *bias}, 2);
}

void ar_graph_ensemble_statistics(ar_graph *graph, const char *name, ar_tensor ensemble,
                                  int64_t members, ar_tensor *mean, ar_tensor *deviation)
{
    ar_rows rows = rows_of(graph, ensemble);
    int64_t values = columns_of(graph, ensemble) / members;
    *mean = ar_graph_activation(graph, name, rows, values);
    *deviation = ar_graph_activation(graph, name, rows, values);
    ar_op_attributes attributes = {.members = members};
    add_node(graph, AR_OP_ENSEMBLE_STATISTICS, name, &attributes, &ensemble, 1,
             (ar_tensor[]){*mean, *deviation}, 2);
}

ar_tensor ar_graph_loss(ar_graph *graph, const char *name, ar_loss loss)
{
    ar_tensor output = ar_graph_activation(graph, name, (ar_rows){0, 1}, 1);
    ar_op_attributes attributes = {.members = loss.members, .fair = loss.fair};
    memcpy(attributes.token_size, loss.token_size, sizeof attributes.token_size);
    ar_graph_keep(graph, output);
    if (ar_tensor_exists(loss.second)) {
        add_node(graph, loss.kind, name, &attributes,
                 (ar_tensor[]){loss.first, loss.second, loss.target}, 3, &output, 1);
    } else {
        add_node(graph, loss.kind, name, &attributes, (ar_tensor[]){loss.first, loss.target}, 2,
                 &output, 1);
    }
    return output;
}

ar_tensor ar_graph_weighted_sum(ar_graph *graph, const char *name, const ar_tensor *terms,
                                const double *weights, int64_t count)
{
    ar_tensor output = ar_graph_activation(graph, name, (ar_rows){0, 1}, 1);
    ar_error error;
    double *copy = NULL;
    ar_graph_keep(graph, output);
    ar_status status = ar_allocate(&copy, (size_t)count, sizeof *copy, name, &error);
    if (status != AR_OK) {
        ar_graph_fail(graph, status, &error);
        return AR_NO_TENSOR;
    }
    memcpy(copy, weights, (size_t)count * sizeof *copy);
    ar_op_attributes attributes = {.weights = copy};
    if (!add_node(graph, AR_OP_WEIGHTED_SUM, name, &attributes, terms, (int)count, &output, 1)) {
        ar_free(copy);
    }
    return output;
}
