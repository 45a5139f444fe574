#include "graph/graph.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "graph/op.h"

ar_status ar_graph_create(ar_graph **graph, ar_type type, ar_error *err)
{
    ar_status status = ar_allocate(graph, 1, sizeof **graph, "a graph", err);
    if (status == AR_OK) {
        (*graph)->type = type;
        ar_graph_dimension(*graph, "one", 1);
    }
    return status;
}

void ar_graph_destroy(ar_graph **graph)
{
    ar_graph *g = *graph;
    if (!g) {
        return;
    }
    for (size_t i = 0; i < g->dimension_count; i++) {
        ar_free(g->dimensions[i].name);
    }
    for (size_t i = 0; i < g->tensor_count; i++) {
        ar_free(g->tensors[i].name);
        ar_free(g->tensors[i].values);
    }
    for (size_t i = 0; i < g->node_count; i++) {
        ar_free(g->nodes[i].name);
        ar_free(g->nodes[i].inputs);
        ar_free(g->nodes[i].outputs);
        ar_free((void *)g->nodes[i].attributes.weights);
    }
    for (size_t i = 0; i < g->parameter_count; i++) {
        ar_free((void *)g->parameters[i].alias);
    }
    ar_free(g->dimensions);
    ar_free(g->tensors);
    ar_free(g->nodes);
    ar_free(g->parameters);
    ar_free(g);
    *graph = NULL;
}

ar_status ar_graph_finish(ar_graph *graph, ar_error *err)
{
    return graph->status == AR_OK ? AR_OK : ar_fail(err, graph->status, "%s", graph->error.message);
}

/* Keep the first failure; later ones are its consequences. */
static bool keep_status(ar_graph *graph, ar_status status, const ar_error *error)
{
    if (status != AR_OK && graph->status == AR_OK) {
        graph->status = status;
        graph->error = *error;
    }
    return status == AR_OK;
}

void ar_graph_fail(ar_graph *graph, ar_status status, const ar_error *error)
{
    keep_status(graph, status, error);
}

int ar_graph_dimension(ar_graph *graph, const char *name, int64_t largest)
{
    ar_error error;
    if (graph->status != AR_OK ||
        !keep_status(graph,
                     ar_grow(&graph->dimensions, &graph->dimension_capacity,
                             graph->dimension_count + 1, sizeof *graph->dimensions,
                             "dimensions of a graph", &error),
                     &error)) {
        return 0;
    }
    ar_dimension *dimension = &graph->dimensions[graph->dimension_count];
    dimension->largest = largest;
    if (!keep_status(graph, ar_copy_string(&dimension->name, name, &error), &error)) {
        return 0;
    }
    return (int)graph->dimension_count++;
}

static ar_tensor add_tensor(ar_graph *graph, const char *name, ar_tensor_record record)
{
    ar_error error;
    if (graph->status != AR_OK ||
        !keep_status(graph,
                     ar_grow(&graph->tensors, &graph->tensor_capacity, graph->tensor_count + 1,
                             sizeof *graph->tensors, "tensors of a graph", &error),
                     &error)) {
        return AR_NO_TENSOR;
    }
    if (!keep_status(graph, ar_copy_string(&record.name, name, &error), &error)) {
        return AR_NO_TENSOR;
    }
    ar_tensor tensor = {(int32_t)graph->tensor_count};
    if (record.role != AR_ROLE_VIEW) {
        record.root = tensor.id;
    }
    graph->tensors[graph->tensor_count++] = record;
    return tensor;
}

const ar_tensor_record *ar_graph_tensor(const ar_graph *graph, ar_tensor tensor)
{
    return &graph->tensors[tensor.id];
}

ar_tensor ar_graph_input(ar_graph *graph, const char *name, ar_type type, ar_rows rows,
                         int64_t columns)
{
    return add_tensor(
        graph, name,
        (ar_tensor_record){
            .role = AR_ROLE_INPUT, .type = type, .rows = rows, .columns = columns, .keep = true});
}

ar_tensor ar_graph_activation(ar_graph *graph, const char *name, ar_rows rows, int64_t columns)
{
    return add_tensor(
        graph, name,
        (ar_tensor_record){
            .role = AR_ROLE_ACTIVATION, .type = graph->type, .rows = rows, .columns = columns});
}

ar_tensor ar_graph_constant(ar_graph *graph, const char *name, int64_t rows, int64_t columns,
                            const double *values)
{
    ar_tensor tensor = add_tensor(
        graph, name,
        (ar_tensor_record){
            .role = AR_ROLE_CONSTANT, .type = graph->type, .rows = {0, rows}, .columns = columns});
    if (!ar_tensor_exists(tensor)) {
        return tensor;
    }
    ar_error error;
    size_t count = 0;
    bool wide = graph->type == AR_TYPE_FLOAT64;
    void *copy = NULL;
    ar_status status = AR_OK;
    if (!ar_size_product((size_t)rows, (size_t)columns, &count)) {
        status = ar_fail(&error, AR_ERROR_MEMORY, "constant %s is too large", name);
    } else {
        status = ar_allocate(&copy, count, wide ? sizeof(double) : sizeof(float), name, &error);
    }
    if (!keep_status(graph, status, &error)) {
        return AR_NO_TENSOR;
    }
    for (size_t i = 0; i < count; i++) {
        if (wide) {
            ((double *)copy)[i] = values[i];
        } else {
            ((float *)copy)[i] = (float)values[i];
        }
    }
    graph->tensors[tensor.id].values = copy;
    return tensor;
}

const ar_parameter *ar_graph_find_parameter(const ar_graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->parameter_count; i++) {
        const ar_parameter *parameter = &graph->parameters[i];
        if (strcmp(parameter->name, name) == 0 ||
            (parameter->alias && strcmp(parameter->alias, name) == 0)) {
            return parameter;
        }
    }
    return NULL;
}

ar_tensor ar_graph_parameter(ar_graph *graph, const char *name, int rank, int64_t rows,
                             int64_t columns)
{
    ar_error error;
    const ar_parameter *known = ar_graph_find_parameter(graph, name);
    if (known) {
        if (known->rows != rows || known->columns != columns || known->rank != rank) {
            ar_fail(&error, AR_ERROR_USAGE, "parameter %s has two shapes", name);
            keep_status(graph, AR_ERROR_USAGE, &error);
            return AR_NO_TENSOR;
        }
        return (ar_tensor){known->tensor};
    }
    ar_tensor tensor = add_tensor(graph, name,
                                  (ar_tensor_record){.role = AR_ROLE_PARAMETER,
                                                     .type = graph->type,
                                                     .rows = {0, rows},
                                                     .columns = columns,
                                                     .wants_gradient = true,
                                                     .offset = graph->parameter_values});
    if (!ar_tensor_exists(tensor) ||
        !keep_status(graph,
                     ar_grow(&graph->parameters, &graph->parameter_capacity,
                             graph->parameter_count + 1, sizeof *graph->parameters,
                             "parameters of a graph", &error),
                     &error)) {
        return AR_NO_TENSOR;
    }
    graph->parameters[graph->parameter_count++] =
        (ar_parameter){.tensor = tensor.id,
                       .name = graph->tensors[tensor.id].name,
                       .rank = rank,
                       .rows = rows,
                       .columns = columns,
                       .offset = graph->parameter_values};
    /* Each starts on a cache line of its own. */
    graph->parameter_values += (rows * columns + 15) / 16 * 16;
    return tensor;
}

void ar_graph_alias(ar_graph *graph, ar_tensor parameter, const char *alias)
{
    ar_error error;
    for (size_t i = 0; ar_tensor_exists(parameter) && i < graph->parameter_count; i++) {
        if (graph->parameters[i].tensor == parameter.id && !graph->parameters[i].alias) {
            keep_status(graph, ar_copy_string((char **)&graph->parameters[i].alias, alias, &error),
                        &error);
        }
    }
}

ar_tensor ar_graph_columns(ar_graph *graph, ar_tensor tensor, int64_t first, int64_t count)
{
    if (graph->status != AR_OK || !ar_tensor_exists(tensor)) {
        return AR_NO_TENSOR;
    }
    ar_tensor_record record = graph->tensors[tensor.id];
    if (first < 0 || count < 1 || first + count > record.columns) {
        ar_error error;
        ar_fail(&error, AR_ERROR_USAGE, "columns %lld to %lld of %s, which has %lld",
                (long long)first, (long long)(first + count), record.name,
                (long long)record.columns);
        keep_status(graph, AR_ERROR_USAGE, &error);
        return AR_NO_TENSOR;
    }
    return add_tensor(graph, record.name,
                      (ar_tensor_record){.role = AR_ROLE_VIEW,
                                         .type = record.type,
                                         .rows = record.rows,
                                         .columns = count,
                                         .root = record.root,
                                         .first_column = record.first_column + first});
}

void ar_graph_keep(ar_graph *graph, ar_tensor tensor)
{
    if (ar_tensor_exists(tensor)) {
        graph->tensors[graph->tensors[tensor.id].root].keep = true;
    }
}

void ar_graph_begin_block(ar_graph *graph)
{
    graph->block_count++;
    graph->in_block = true;
}

void ar_graph_end_block(ar_graph *graph)
{
    graph->in_block = false;
}
