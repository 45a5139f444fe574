#include "graph/plan.h"

#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "graph/gradient_flow.h"
#include "graph/memory_plan.h"
#include "graph/op.h"
#include "graph/schedule.h"

/* A prepared call, with room of its own for the matrices it shows to the kernel. */
typedef struct {
    ar_op_call call;
    ar_matrix *inputs, *outputs, *input_gradients, *output_gradients;
} prepared_call;

/* What a node sees going forward, and from then on: forward again and in its adjoint. */
typedef struct {
    prepared_call forward, late;
} prepared_node;

struct ar_plan {
    const ar_graph *graph;
    const ar_backend *backend;
    const ar_backend *reference;
    ar_recompute recompute;
    ar_gradient_flow flow;
    ar_schedule schedule;
    int64_t *rows; /* [dimension_count] current value of each dimension */
    prepared_node *nodes;
    ar_memory_block *blocks; /* [BLOCK_KINDS·tensor_count] */
    char *arena;
    size_t arena_bytes;
    char *parameters, *gradients;
    char *packed; /* what kernels keep of weights that do not change */
    size_t packed_bytes;
    bool fixed_done;     /* the schedule's fixed steps were taken */
    ar_profile *profile; /* NULL: nobody asks for the time */
};

static size_t size_of(ar_type type)
{
    return type == AR_TYPE_FLOAT64 ? 8 : type == AR_TYPE_BFLOAT16 ? 2 : 4;
}

static const ar_tensor_record *record_of(const ar_plan *plan, int32_t id)
{
    return &plan->graph->tensors[id];
}

/* ---- places ---------------------------------------------------------------------------------- */

/* What a tensor has in the arena: blocks come in this order, [tensor_count] each. */
typedef enum { FIRST_VALUES, GRADIENTS, SECOND_VALUES, BLOCK_KINDS } block_kind;

static ar_memory_block *block_of(const ar_plan *plan, int32_t root, block_kind kind)
{
    return &plan->blocks[(size_t)kind * plan->graph->tensor_count + (size_t)root];
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
        for (int kind = 0; kind < BLOCK_KINDS; kind++) {
            ar_memory_block *block = block_of(plan, (int32_t)t, (block_kind)kind);
            block->bytes = placed && block->born >= 0 ? bytes : 0;
        }
    }
    return AR_OK;
}

/* ---- prepared calls ----------------------------------------------------------------------------
 */

static ar_matrix matrix_at(const ar_plan *plan, int32_t id, block_kind kind)
{
    const ar_tensor_record *record = record_of(plan, id), *root = ar_graph_root(plan->graph, id);
    size_t size = size_of(record->type);
    char *base = NULL;
    if (root->role == AR_ROLE_PARAMETER) {
        char *block = kind == GRADIENTS ? plan->gradients : plan->parameters;
        base = block ? block + (size_t)root->offset * size : NULL;
    } else if (root->role == AR_ROLE_CONSTANT) {
        base = kind == GRADIENTS ? NULL : root->values;
    } else {
        const ar_memory_block *block = block_of(plan, record->root, kind);
        base = block->born >= 0 && plan->arena ? plan->arena + block->offset : NULL;
    }
    return (ar_matrix){.data = base ? base + (size_t)record->first_column * size : NULL,
                       .type = record->type,
                       .rows = plan->rows[record->rows.dimension] * record->rows.multiple,
                       .columns = record->columns,
                       .stride = root->columns};
}

/* The values that a step sees: the second ones, where there are some, once the adjoints began. */
static ar_matrix values_at(const ar_plan *plan, int32_t id, bool late)
{
    bool second = late && plan->schedule.has_second[record_of(plan, id)->root];
    return matrix_at(plan, id, second ? SECOND_VALUES : FIRST_VALUES);
}

/* Runs a linear layer again although what comes before its GELU is there still? */
static bool is_finish_only(const ar_plan *plan, size_t index)
{
    const ar_node *node = &plan->graph->nodes[index];
    return node->kind == AR_OP_LINEAR && node->attributes.gelu && plan->flow.nodes[index].active &&
           node->outputs[1] >= 0 &&
           !plan->schedule.has_second[record_of(plan, node->outputs[1])->root];
}

static void prepare_values(ar_plan *plan, size_t index, bool late, prepared_call *prepared)
{
    const ar_node *node = &plan->graph->nodes[index];
    int gradient_outputs = ar_op_find(node->kind)->gradient_outputs;
    for (int k = 0; k < node->input_count; k++) {
        int32_t id = node->inputs[k];
        prepared->inputs[k] = id >= 0 ? values_at(plan, id, late) : (ar_matrix){0};
    }
    for (int o = 0; o < node->output_count; o++) {
        int32_t id = node->outputs[o];
        bool absent = id < 0 || (o >= gradient_outputs && !plan->flow.nodes[index].active);
        prepared->outputs[o] = absent ? (ar_matrix){0} : values_at(plan, id, late);
    }
}

static void prepare_gradients(ar_plan *plan, size_t index, prepared_call *prepared)
{
    const ar_node *node = &plan->graph->nodes[index];
    int gradient_outputs = ar_op_find(node->kind)->gradient_outputs;
    for (int k = 0; k < node->input_count; k++) {
        prepared->input_gradients[k] = ar_gradient_flow_reaches_input(&plan->flow, index, k)
                                           ? matrix_at(plan, node->inputs[k], GRADIENTS)
                                           : (ar_matrix){0};
    }
    for (int o = 0; o < node->output_count; o++) {
        int32_t id = node->outputs[o];
        prepared->output_gradients[o] =
            id >= 0 && o < gradient_outputs && plan->flow.reaches[record_of(plan, id)->root]
                ? matrix_at(plan, id, GRADIENTS)
                : (ar_matrix){0};
    }
}

static void prepare_node(ar_plan *plan, size_t index)
{
    plan->nodes[index].late.call.finish_only = is_finish_only(plan, index);
    prepare_values(plan, index, false, &plan->nodes[index].forward);
    prepare_values(plan, index, true, &plan->nodes[index].late);
    prepare_gradients(plan, index, &plan->nodes[index].late);
}

static ar_status allocate_call(prepared_call *prepared, const ar_node *node, const bool *accumulate,
                               int threads, ar_type precision, ar_error *err)
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
                                  .threads = threads,
                                  .precision = precision};
cleanup:
    return status;
}

static void release_call(prepared_call *prepared)
{
    ar_free(prepared->inputs);
    ar_free(prepared->outputs);
    ar_free(prepared->input_gradients);
    ar_free(prepared->output_gradients);
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
        size_t wanted =
            backend->workspace(plan->graph->nodes[i].kind, &plan->nodes[i].forward.call);
        largest = wanted > largest ? wanted : largest;
    }
    return largest;
}

/* Give every node whose packed input does not change a place for it; without a block only count the
 * bytes. */
static size_t place_packed(ar_plan *plan)
{
    const ar_backend *backend = backend_for(plan);
    const size_t line = 64;
    size_t bytes = 0;
    for (size_t i = 0; backend->packed && i < plan->graph->node_count; i++) {
        const ar_node *node = &plan->graph->nodes[i];
        const int input = ar_op_find(node->kind)->packed_input;
        if (input == 0 || plan->schedule.varies[record_of(plan, node->inputs[input])->root]) {
            continue;
        }
        ar_op_call *call = &plan->nodes[i].forward.call;
        const size_t wanted = backend->packed(node->kind, call);
        call->packed = plan->packed && wanted > 0 ? plan->packed + bytes : NULL;
        bytes += (wanted + line - 1) / line * line;
    }
    return bytes;
}

/* The operations of a step with this way to compute again. */
static ar_status count_operations(const ar_graph *graph, ar_plan_options options,
                                  ar_recompute recompute, double *operations, ar_error *err)
{
    ar_plan *plan = NULL;
    options.recompute = recompute;
    options.only_sizes = true;
    ar_status status = ar_plan_create(&plan, graph, &options, NULL, NULL, err);
    if (status == AR_OK) {
        *operations = ar_plan_operations(plan, true);
    }
    ar_plan_destroy(&plan);
    return status;
}

static ar_status choose_recompute(ar_recompute *chosen, const ar_graph *graph,
                                  const ar_plan_options *options, ar_error *err)
{
    const double affordable = 1.06;
    double least = 0, operations = 0;
    ar_status status = AR_OK;
    *chosen = options->recompute;
    if (options->recompute != AR_RECOMPUTE_AUTO) {
        return AR_OK;
    }
    *chosen = AR_RECOMPUTE_NONE;
    if (!ar_tensor_exists(options->loss)) {
        return AR_OK;
    }
    AR_TRY(count_operations(graph, *options, AR_RECOMPUTE_NONE, &least, err));
    for (int way = AR_RECOMPUTE_NONE + 1; way < AR_RECOMPUTE_COUNT; way++) {
        AR_TRY(count_operations(graph, *options, (ar_recompute)way, &operations, err));
        *chosen = operations <= affordable * least ? (ar_recompute)way : *chosen;
    }
cleanup:
    return status;
}

ar_status ar_plan_create(ar_plan **out, const ar_graph *graph, const ar_plan_options *options,
                         void *parameters, void *gradients, ar_error *err)
{
    ar_status status = AR_OK;
    ar_plan *plan = NULL;
    size_t tensors = graph->tensor_count, values_bytes = 0;
    AR_TRY(ar_allocate(&plan, 1, sizeof *plan, "a plan", err));
    AR_TRY(choose_recompute(&plan->recompute, graph, options, err));
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
    AR_TRY(ar_allocate(&plan->blocks, BLOCK_KINDS * tensors, sizeof *plan->blocks, "a plan", err));
    AR_TRY(ar_gradient_flow_init(
        &plan->flow, graph, gradients || options->only_sizes ? options->loss : AR_NO_TENSOR, err));
    for (size_t i = 0; i < graph->node_count; i++) {
        const bool *accumulate = plan->flow.nodes[i].accumulate;
        prepared_node *node = &plan->nodes[i];
        AR_TRY(allocate_call(&node->forward, &graph->nodes[i], accumulate, threads,
                             options->precision, err));
        AR_TRY(allocate_call(&node->late, &graph->nodes[i], accumulate, threads, options->precision,
                             err));
    }
    AR_TRY(ar_schedule_init(&plan->schedule, graph, &plan->flow, plan->recompute, err));
    ar_schedule_lives(&plan->schedule, block_of(plan, 0, FIRST_VALUES),
                      block_of(plan, 0, GRADIENTS), block_of(plan, 0, SECOND_VALUES));
    AR_TRY(size_blocks(plan, err));
    AR_TRY(ar_memory_plan(plan->blocks, (int64_t)(BLOCK_KINDS * tensors), &values_bytes, err));
    for (size_t i = 0; i < graph->node_count; i++) {
        prepare_node(plan, i);
    }
    plan->packed_bytes = place_packed(plan);
    if (!ar_size_sum(values_bytes, workspace_of(plan), &plan->arena_bytes)) {
        status = ar_fail(err, AR_ERROR_MEMORY, "the model needs more memory than there can be");
        goto cleanup;
    }
    if (options->only_sizes) {
        *out = plan;
        return AR_OK;
    }
    AR_TRY(ar_allocate_large(&plan->arena, plan->arena_bytes, 1, "the model's activations", err));
    for (size_t i = 0; i < graph->node_count; i++) {
        prepare_node(plan, i);
        plan->nodes[i].forward.call.workspace = plan->arena + values_bytes;
        plan->nodes[i].late.call.workspace = plan->arena + values_bytes;
    }
    AR_TRY(ar_allocate_large(&plan->packed, plan->packed_bytes, 1, "packed weights", err));
    place_packed(plan);
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
        release_call(&plan->nodes[i].forward);
        release_call(&plan->nodes[i].late);
    }
    ar_free(plan->rows);
    ar_free(plan->nodes);
    ar_free(plan->blocks);
    ar_schedule_release(&plan->schedule);
    ar_gradient_flow_release(&plan->flow);
    ar_free_large(plan->arena);
    ar_free_large(plan->packed);
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
    return matrix_at(plan, tensor.id, FIRST_VALUES);
}

static const ar_op_call *call_of(const ar_plan *plan, const ar_step *step)
{
    const prepared_node *node = &plan->nodes[step->node];
    return step->kind == AR_STEP_FORWARD ? &node->forward.call : &node->late.call;
}

/* Cleared gradients belong to the adjoint that adds to them. */
static void compute(ar_plan *plan, const ar_step *step)
{
    const ar_node_flow *flow = &plan->flow.nodes[step->node];
    for (int c = 0; step->kind == AR_STEP_ADJOINT && c < flow->clear_count; c++) {
        ar_matrix whole = matrix_at(plan, flow->clear[c], GRADIENTS);
        memset(whole.data, 0, (size_t)(whole.rows * whole.stride) * size_of(whole.type));
    }
    ar_op_kind kind = plan->graph->nodes[step->node].kind;
    kernel_of(plan, kind, step->kind == AR_STEP_ADJOINT)(call_of(plan, step));
}

static void run_step(ar_plan *plan, const ar_step *step)
{
    const ar_node *node = &plan->graph->nodes[step->node];
    const ar_op_call *call = call_of(plan, step);
    const bool adjoint = step->kind == AR_STEP_ADJOINT;
    if (!plan->profile) {
        compute(plan, step);
        return;
    }
    const ar_profile_op op = {.direction = step->kind,
                              .node = step->node,
                              .operations = ar_op_find(node->kind)->operations(node, call, adjoint),
                              .bytes = ar_op_bytes(node, call, adjoint),
                              .rows = call->outputs[0].rows,
                              .columns = call->outputs[0].columns};
    ar_profile_begin(plan->profile);
    compute(plan, step);
    ar_profile_end_op(plan->profile, &op);
}

static void set_fixed_done(ar_plan *plan, bool done)
{
    plan->fixed_done = done;
    for (size_t i = 0; i < plan->graph->node_count; i++) {
        plan->nodes[i].forward.call.is_packed = done;
    }
}

void ar_plan_forward(ar_plan *plan)
{
    const int64_t first = plan->fixed_done ? plan->schedule.fixed_count : 0;
    for (int64_t i = first; i < plan->schedule.forward_count; i++) {
        run_step(plan, &plan->schedule.steps[i]);
    }
    if (!plan->fixed_done) {
        set_fixed_done(plan, true);
    }
}

void ar_plan_parameters_changed(ar_plan *plan)
{
    set_fixed_done(plan, false);
}

void ar_plan_adjoint(ar_plan *plan)
{
    ar_matrix seed = matrix_at(plan, plan->flow.loss.id, GRADIENTS);
    if (seed.type == AR_TYPE_FLOAT64) {
        *(double *)seed.data = 1.0;
    } else {
        *(float *)seed.data = 1.0f;
    }
    for (int64_t i = plan->schedule.forward_count; i < plan->schedule.count; i++) {
        run_step(plan, &plan->schedule.steps[i]);
    }
}

size_t ar_plan_bytes(const ar_plan *plan)
{
    return plan->arena_bytes + plan->packed_bytes;
}

ar_status ar_plan_set_profile(ar_plan *plan, ar_profile *profile, ar_error *err)
{
    const bool trains = ar_tensor_exists(plan->flow.loss);
    ar_status status = ar_profile_attach(profile, plan->graph, ar_plan_operations(plan, false),
                                         ar_plan_operations(plan, trains), err);
    plan->profile = status == AR_OK ? profile : NULL;
    return status;
}

double ar_plan_operations(const ar_plan *plan, bool with_adjoint)
{
    const ar_schedule *schedule = &plan->schedule;
    int64_t count = with_adjoint ? schedule->count : schedule->forward_count;
    double total = 0;
    for (int64_t i = 0; i < count; i++) {
        const ar_step *step = &schedule->steps[i];
        const ar_node *node = &plan->graph->nodes[step->node];
        total += ar_op_find(node->kind)
                     ->operations(node, call_of(plan, step), step->kind == AR_STEP_ADJOINT);
    }
    return total;
}

ar_recompute ar_plan_recompute(const ar_plan *plan)
{
    return plan->recompute;
}

bool ar_plan_parameter_has_gradient(const ar_plan *plan, int64_t parameter)
{
    return plan->flow.reaches[plan->graph->parameters[parameter].tensor];
}
