#include "graph/plan.h"

#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "graph/gradient_flow.h"
#include "graph/memory_plan.h"
#include "graph/op.h"

/* A prepared call, with room of its own for the matrices it shows to the kernel. */
typedef struct {
    ar_op_call call;
    ar_matrix *inputs, *outputs, *input_gradients, *output_gradients;
} prepared_node;

struct ar_plan {
    const ar_graph *graph;
    const ar_backend *backend;
    const ar_backend *reference;
    ar_gradient_flow flow;
    int64_t *rows; /* [dimension_count] current value of each dimension */
    prepared_node *nodes;
    ar_memory_block *blocks; /* [2·tensor_count]: values, then gradients */
    char *arena;
    size_t arena_bytes;
    char *parameters, *gradients;
};

static size_t size_of(ar_type type)
{
    return type == AR_TYPE_FLOAT64 ? 8 : type == AR_TYPE_BFLOAT16 ? 2 : 4;
}

static const ar_tensor_record *record_of(const ar_plan *plan, int32_t id)
{
    return &plan->graph->tensors[id];
}

/* ---- lives and places --------------------------------------------------------------------------
 */

static void live_at(ar_memory_block *block, int64_t moment)
{
    if (block->born < 0 || moment < block->born) {
        block->born = moment;
    }
    if (moment > block->dies) {
        block->dies = moment;
    }
}

/* Moments: node i runs forward at i, its adjoint at 2·nodes − 1 − i. */
static void find_lives(ar_plan *plan)
{
    const ar_graph *graph = plan->graph;
    const int64_t end = 2 * (int64_t)graph->node_count;
    ar_memory_block *values = plan->blocks, *gradients = plan->blocks + graph->tensor_count;
    for (size_t t = 0; t < 2 * graph->tensor_count; t++) {
        plan->blocks[t].born = plan->blocks[t].dies = -1;
    }
    for (size_t i = 0; i < graph->node_count; i++) {
        const ar_node *node = &graph->nodes[i];
        const ar_op *op = ar_op_find(node->kind);
        const int64_t forward = (int64_t)i, adjoint = end - 1 - forward;
        const bool active = plan->flow.nodes[i].active;
        for (int k = 0; k < node->input_count; k++) {
            if (node->inputs[k] < 0) {
                continue;
            }
            int32_t root = record_of(plan, node->inputs[k])->root;
            live_at(&values[root], forward);
            if (active && op->adjoint_reads_input(node, k)) {
                live_at(&values[root], adjoint);
            }
            if (ar_gradient_flow_reaches_input(&plan->flow, i, k)) {
                live_at(&gradients[root], adjoint);
            }
        }
        for (int o = 0; o < node->output_count; o++) {
            bool saved = o >= op->gradient_outputs;
            if (node->outputs[o] < 0 || (saved && !active)) {
                continue;
            }
            int32_t root = record_of(plan, node->outputs[o])->root;
            live_at(&values[root], forward);
            if (active && op->adjoint_reads_output(node, o)) {
                live_at(&values[root], adjoint);
            }
            if (active && !saved && plan->flow.reaches[root]) {
                live_at(&gradients[root], adjoint);
            }
        }
    }
    for (size_t t = 0; t < graph->tensor_count; t++) {
        if (graph->tensors[t].keep && graph->tensors[t].root == (int32_t)t) {
            live_at(&values[t], graph->tensors[t].role == AR_ROLE_INPUT ? 0 : values[t].born);
            live_at(&values[t], end);
        }
    }
}

static ar_status size_blocks(ar_plan *plan, ar_error *err)
{
    const ar_graph *graph = plan->graph;
    for (size_t t = 0; t < graph->tensor_count; t++) {
        const ar_tensor_record *record = &graph->tensors[t];
        bool placed = record->role == AR_ROLE_INPUT || record->role == AR_ROLE_ACTIVATION;
        size_t rows, values, bytes;
        if (!ar_size_product((size_t)record->rows.multiple,
                             (size_t)graph->dimensions[record->rows.dimension].largest, &rows) ||
            !ar_size_product(rows, (size_t)record->columns, &values) ||
            !ar_size_product(values, size_of(record->type), &bytes)) {
            return ar_fail(err, AR_ERROR_MEMORY, "tensor %s is too large for any memory",
                           record->name);
        }
        ar_memory_block *value = &plan->blocks[t],
                        *gradient = &plan->blocks[graph->tensor_count + t];
        value->bytes = placed && value->born >= 0 ? bytes : 0;
        gradient->bytes = placed && gradient->born >= 0 ? bytes : 0;
    }
    return AR_OK;
}

/* ---- prepared calls ----------------------------------------------------------------------------
 */

static ar_matrix matrix_at(const ar_plan *plan, int32_t id, bool gradient)
{
    const ar_graph *graph = plan->graph;
    const ar_tensor_record *record = record_of(plan, id), *root = ar_graph_root(plan->graph, id);
    size_t size = size_of(record->type);
    char *base = NULL;
    if (root->role == AR_ROLE_PARAMETER) {
        char *block = gradient ? plan->gradients : plan->parameters;
        base = block ? block + (size_t)root->offset * size : NULL;
    } else if (root->role == AR_ROLE_CONSTANT) {
        base = gradient ? NULL : root->values;
    } else {
        const ar_memory_block *block =
            &plan->blocks[(gradient ? graph->tensor_count : 0) + (size_t)record->root];
        base = block->born >= 0 && plan->arena ? plan->arena + block->offset : NULL;
    }
    return (ar_matrix){.data = base ? base + (size_t)record->first_column * size : NULL,
                       .type = record->type,
                       .rows = plan->rows[record->rows.dimension] * record->rows.multiple,
                       .columns = record->columns,
                       .stride = root->columns};
}

static void prepare_node(ar_plan *plan, size_t index)
{
    const ar_node *node = &plan->graph->nodes[index];
    prepared_node *prepared = &plan->nodes[index];
    int gradient_outputs = ar_op_find(node->kind)->gradient_outputs;
    for (int k = 0; k < node->input_count; k++) {
        int32_t id = node->inputs[k];
        prepared->inputs[k] = id >= 0 ? matrix_at(plan, id, false) : (ar_matrix){0};
        prepared->input_gradients[k] = ar_gradient_flow_reaches_input(&plan->flow, index, k)
                                           ? matrix_at(plan, id, true)
                                           : (ar_matrix){0};
    }
    for (int o = 0; o < node->output_count; o++) {
        int32_t id = node->outputs[o];
        bool saved = o >= gradient_outputs;
        prepared->outputs[o] = id >= 0 && !(saved && !plan->flow.nodes[index].active)
                                   ? matrix_at(plan, id, false)
                                   : (ar_matrix){0};
        prepared->output_gradients[o] =
            id >= 0 && !saved && plan->flow.reaches[record_of(plan, id)->root]
                ? matrix_at(plan, id, true)
                : (ar_matrix){0};
    }
}

static ar_status allocate_node(prepared_node *prepared, const ar_node *node, const bool *accumulate,
                               int threads, ar_error *err)
{
    ar_status status = AR_OK;
    size_t in = (size_t)node->input_count, out = (size_t)node->output_count;
    AR_TRY(ar_allocate(&prepared->inputs, in, sizeof(ar_matrix), "a plan", err));
    AR_TRY(ar_allocate(&prepared->input_gradients, in, sizeof(ar_matrix), "a plan", err));
    AR_TRY(ar_allocate(&prepared->outputs, out, sizeof(ar_matrix), "a plan", err));
    AR_TRY(ar_allocate(&prepared->output_gradients, out, sizeof(ar_matrix), "a plan", err));
    prepared->call = (ar_op_call){.attributes = &node->attributes,
                                  .input_count = node->input_count,
                                  .output_count = node->output_count,
                                  .inputs = prepared->inputs,
                                  .outputs = prepared->outputs,
                                  .input_gradients = prepared->input_gradients,
                                  .output_gradients = prepared->output_gradients,
                                  .accumulate = accumulate,
                                  .threads = threads};
cleanup:
    return status;
}

/* The kernel of the chosen backend, or the reference's where it has none for this type. */
static const ar_backend *backend_for(const ar_plan *plan)
{
    bool able = !plan->backend->supports || plan->backend->supports(plan->graph->type);
    return able ? plan->backend : plan->reference;
}

static ar_kernel kernel_of(const ar_plan *plan, ar_op_kind kind, bool adjoint)
{
    const ar_backend *backend = backend_for(plan);
    ar_kernel kernel = adjoint ? backend->adjoint[kind] : backend->forward[kind];
    return kernel    ? kernel
           : adjoint ? plan->reference->adjoint[kind]
                     : plan->reference->forward[kind];
}

static size_t workspace_of(const ar_plan *plan)
{
    const ar_backend *backend = backend_for(plan);
    size_t largest = 0;
    for (size_t i = 0; backend->workspace && i < plan->graph->node_count; i++) {
        size_t wanted = backend->workspace(plan->graph->nodes[i].kind, &plan->nodes[i].call);
        largest = wanted > largest ? wanted : largest;
    }
    return largest;
}

ar_status ar_plan_create(ar_plan **out, const ar_graph *graph, const ar_plan_options *options,
                         void *parameters, void *gradients, ar_error *err)
{
    ar_status status = AR_OK;
    ar_plan *plan = NULL;
    size_t tensors = graph->tensor_count, values_bytes = 0;
    AR_TRY(ar_allocate(&plan, 1, sizeof *plan, "a plan", err));
    plan->graph = graph;
    plan->backend = options->backend;
    plan->reference = ar_backend_find("ref");
    plan->parameters = parameters;
    plan->gradients = gradients;
    int threads = options->threads > 0 ? options->threads : omp_get_max_threads();
    AR_TRY(ar_allocate(&plan->rows, graph->dimension_count, sizeof *plan->rows, "a plan", err));
    for (size_t d = 0; d < graph->dimension_count; d++) {
        plan->rows[d] = graph->dimensions[d].largest;
    }
    AR_TRY(ar_allocate(&plan->nodes, graph->node_count, sizeof *plan->nodes, "a plan", err));
    AR_TRY(ar_allocate(&plan->blocks, 2 * tensors, sizeof *plan->blocks, "a plan", err));
    AR_TRY(
        ar_gradient_flow_init(&plan->flow, graph, gradients ? options->loss : AR_NO_TENSOR, err));
    for (size_t i = 0; i < graph->node_count; i++) {
        AR_TRY(allocate_node(&plan->nodes[i], &graph->nodes[i], plan->flow.nodes[i].accumulate,
                             threads, err));
    }
    find_lives(plan);
    AR_TRY(size_blocks(plan, err));
    AR_TRY(ar_memory_plan(plan->blocks, (int64_t)(2 * tensors), &values_bytes, err));
    for (size_t i = 0; i < graph->node_count; i++) {
        prepare_node(plan, i);
    }
    if (!ar_size_sum(values_bytes, workspace_of(plan), &plan->arena_bytes)) {
        status = ar_fail(err, AR_ERROR_MEMORY, "the model needs more memory than there can be");
        goto cleanup;
    }
    AR_TRY(ar_allocate(&plan->arena, plan->arena_bytes, 1, "the model's activations", err));
    for (size_t i = 0; i < graph->node_count; i++) {
        prepare_node(plan, i);
        plan->nodes[i].call.workspace = plan->arena + values_bytes;
    }
    *out = plan;
    return AR_OK;
cleanup:
    ar_plan_destroy(&plan);
    return status;
}

void ar_plan_destroy(ar_plan **out)
{
    ar_plan *plan = *out;
    if (!plan) {
        return;
    }
    for (size_t i = 0; plan->nodes && i < plan->graph->node_count; i++) {
        prepared_node *node = &plan->nodes[i];
        ar_free(node->inputs);
        ar_free(node->outputs);
        ar_free(node->input_gradients);
        ar_free(node->output_gradients);
    }
    ar_free(plan->rows);
    ar_free(plan->nodes);
    ar_free(plan->blocks);
    ar_gradient_flow_release(&plan->flow);
    ar_free(plan->arena);
    ar_free(plan);
    *out = NULL;
}

void ar_plan_set_rows(ar_plan *plan, int dimension, int64_t count)
{
    if (plan->rows[dimension] == count) {
        return;
    }
    plan->rows[dimension] = count;
    for (size_t i = 0; i < plan->graph->node_count; i++) {
        prepare_node(plan, i);
    }
}

ar_matrix ar_plan_matrix(const ar_plan *plan, ar_tensor tensor)
{
    return matrix_at(plan, tensor.id, false);
}

void ar_plan_forward(ar_plan *plan)
{
    for (size_t i = 0; i < plan->graph->node_count; i++) {
        kernel_of(plan, plan->graph->nodes[i].kind, false)(&plan->nodes[i].call);
    }
}

void ar_plan_adjoint(ar_plan *plan)
{
    ar_matrix seed = matrix_at(plan, plan->flow.loss.id, true);
    if (seed.type == AR_TYPE_FLOAT64) {
        *(double *)seed.data = 1.0;
    } else {
        *(float *)seed.data = 1.0f;
    }
    for (size_t i = plan->graph->node_count; i-- > 0;) {
        prepared_node *node = &plan->nodes[i];
        const ar_node_flow *flow = &plan->flow.nodes[i];
        if (!flow->active) {
            continue;
        }
        for (int c = 0; c < flow->clear_count; c++) {
            ar_matrix whole = matrix_at(plan, flow->clear[c], true);
            memset(whole.data, 0, (size_t)(whole.rows * whole.stride) * size_of(whole.type));
        }
        kernel_of(plan, plan->graph->nodes[i].kind, true)(&node->call);
    }
}

void ar_plan_clear_gradients(ar_plan *plan)
{
    memset(plan->gradients, 0, (size_t)plan->graph->parameter_values * size_of(plan->graph->type));
}

size_t ar_plan_bytes(const ar_plan *plan)
{
    return plan->arena_bytes;
}

double ar_plan_operations(const ar_plan *plan, bool with_adjoint)
{
    double total = 0;
    for (size_t i = 0; i < plan->graph->node_count; i++) {
        const ar_node *node = &plan->graph->nodes[i];
        double forward = ar_op_find(node->kind)->operations(node, &plan->nodes[i].call);
        total += with_adjoint && plan->flow.nodes[i].active ? 3 * forward : forward;
    }
    return total;
}

bool ar_plan_parameter_has_gradient(const ar_plan *plan, int64_t parameter)
{
    return plan->flow.reaches[plan->graph->parameters[parameter].tensor];
}
