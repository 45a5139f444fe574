#include "graph/plan.h"

#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "graph/memory_plan.h"
#include "graph/op.h"

/* A prepared call, with room of its own for the matrices it shows to the kernel. */
typedef struct {
    ar_op_call call;
    ar_matrix *inputs, *outputs, *input_gradients, *output_gradients;
    bool *accumulate;
    bool active;           /* gradients flow through it */
    int32_t *clear_before; /* roots whose gradient is cleared before this node's adjoint */
    int clear_count;
} prepared_node;

struct ar_plan {
    const ar_graph *graph;
    const ar_backend *backend;
    const ar_backend *reference;
    ar_tensor loss;
    int64_t *rows; /* [dimension_count] current value of each dimension */
    prepared_node *nodes;
    ar_memory_block *blocks; /* [2·tensor_count]: values, then gradients */
    bool *gradient_reaches;  /* [tensor_count], of roots */
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

static const ar_tensor_record *root_of(const ar_plan *plan, int32_t id)
{
    return record_of(plan, record_of(plan, id)->root);
}

/* ---- which nodes take part in the adjoint ---------------------------------------------------- */

static void find_active_nodes(ar_plan *plan)
{
    const ar_graph *graph = plan->graph;
    if (!ar_tensor_exists(plan->loss)) {
        return;
    }
    plan->gradient_reaches[plan->loss.id] = true;
    for (size_t i = graph->node_count; i-- > 0;) {
        const ar_node *node = &graph->nodes[i];
        bool active = false;
        for (int o = 0; o < ar_op_find(node->kind)->gradient_outputs; o++) {
            active |= plan->gradient_reaches[record_of(plan, node->outputs[o])->root];
        }
        plan->nodes[i].active = active;
        for (int k = 0; active && k < node->input_count; k++) {
            int32_t id = node->inputs[k];
            if (id >= 0 && ar_op_input_has_gradient(node, k) && root_of(plan, id)->wants_gradient) {
                plan->gradient_reaches[record_of(plan, id)->root] = true;
            }
        }
    }
}

static bool slot_has_gradient(const ar_plan *plan, size_t node_index, int input)
{
    const ar_node *node = &plan->graph->nodes[node_index];
    int32_t id = node->inputs[input];
    return plan->nodes[node_index].active && id >= 0 && ar_op_input_has_gradient(node, input) &&
           plan->gradient_reaches[record_of(plan, id)->root];
}

/* ---- who writes a gradient first ------------------------------------------------------------- */

typedef enum { NONE_SET, ALL_SET, SOME_SET } column_state;

static column_state state_of_columns(const uint8_t *set, const ar_node *node, int input,
                                     int64_t columns)
{
    bool any_set = false, any_unset = false;
    for (int64_t c = 0; c < columns; c++) {
        if (ar_op_touches_column(node, input, columns, c)) {
            any_set |= set[c];
            any_unset |= !set[c];
        }
    }
    return any_set && any_unset ? SOME_SET : any_set ? ALL_SET : NONE_SET;
}

/* Walk all gradient slots of one root in adjoint order. The first to write a column overwrites it,
 * later ones add. Where that is not clean (a slot meets written and unwritten columns, or columns
 * remain unwritten) the gradient is cleared first and everybody adds; then *clear is true. */
static void plan_accumulation(ar_plan *plan, int32_t root, uint8_t *set, bool *clear)
{
    const ar_graph *graph = plan->graph;
    int64_t root_columns = record_of(plan, root)->columns;
    memset(set, 0, (size_t)root_columns);
    for (size_t i = graph->node_count; i-- > 0;) {
        const ar_node *node = &graph->nodes[i];
        for (int k = 0; k < node->input_count; k++) {
            if (!slot_has_gradient(plan, i, k) || record_of(plan, node->inputs[k])->root != root) {
                continue;
            }
            const ar_tensor_record *view = record_of(plan, node->inputs[k]);
            uint8_t *part = set + view->first_column;
            column_state state = state_of_columns(part, node, k, view->columns);
            plan->nodes[i].accumulate[k] = *clear || state == ALL_SET;
            if (!*clear && state == SOME_SET) {
                *clear = true;
                plan_accumulation(plan, root, set, clear);
                return;
            }
            for (int64_t c = 0; c < view->columns; c++) {
                part[c] |= ar_op_touches_column(node, k, view->columns, c);
            }
        }
    }
    for (int64_t c = 0; !*clear && c < root_columns; c++) {
        if (!set[c]) {
            *clear = true;
            plan_accumulation(plan, root, set, clear);
            return;
        }
    }
}

/* The node whose adjoint first touches the gradient of `root`; −1 if none. */
static int64_t first_adjoint_use(const ar_plan *plan, int32_t root)
{
    for (size_t i = plan->graph->node_count; i-- > 0;) {
        const ar_node *node = &plan->graph->nodes[i];
        for (int k = 0; k < node->input_count; k++) {
            if (slot_has_gradient(plan, i, k) && record_of(plan, node->inputs[k])->root == root) {
                return (int64_t)i;
            }
        }
    }
    return -1;
}

static ar_status plan_gradients(ar_plan *plan, ar_error *err)
{
    const ar_graph *graph = plan->graph;
    ar_status status = AR_OK;
    uint8_t *set = NULL;
    int64_t widest = 1;
    for (size_t t = 0; t < graph->tensor_count; t++) {
        widest = graph->tensors[t].columns > widest ? graph->tensors[t].columns : widest;
    }
    AR_TRY(ar_allocate(&set, (size_t)widest, 1, "the gradient plan", err));
    for (size_t t = 0; t < graph->tensor_count; t++) {
        const ar_tensor_record *record = &graph->tensors[t];
        if (!plan->gradient_reaches[t] || record->role == AR_ROLE_PARAMETER ||
            (int32_t)t == plan->loss.id) {
            continue;
        }
        bool clear = false;
        plan_accumulation(plan, (int32_t)t, set, &clear);
        int64_t first = first_adjoint_use(plan, (int32_t)t);
        if (clear && first >= 0) {
            prepared_node *node = &plan->nodes[first];
            node->clear_before[node->clear_count++] = (int32_t)t;
        }
    }
    for (size_t i = 0; i < graph->node_count; i++) {
        for (int k = 0; k < graph->nodes[i].input_count; k++) {
            int32_t id = graph->nodes[i].inputs[k];
            if (id >= 0 && root_of(plan, id)->role == AR_ROLE_PARAMETER) {
                plan->nodes[i].accumulate[k] = true;
            }
        }
    }
cleanup:
    ar_free(set);
    return status;
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
        const bool active = plan->nodes[i].active;
        for (int k = 0; k < node->input_count; k++) {
            if (node->inputs[k] < 0) {
                continue;
            }
            int32_t root = record_of(plan, node->inputs[k])->root;
            live_at(&values[root], forward);
            if (active && op->adjoint_reads_input(node, k)) {
                live_at(&values[root], adjoint);
            }
            if (slot_has_gradient(plan, i, k)) {
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
            if (active && !saved && plan->gradient_reaches[root]) {
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
    const ar_tensor_record *record = record_of(plan, id), *root = root_of(plan, id);
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
        prepared->input_gradients[k] =
            slot_has_gradient(plan, index, k) ? matrix_at(plan, id, true) : (ar_matrix){0};
    }
    for (int o = 0; o < node->output_count; o++) {
        int32_t id = node->outputs[o];
        bool saved = o >= gradient_outputs;
        prepared->outputs[o] =
            id >= 0 && !(saved && !prepared->active) ? matrix_at(plan, id, false) : (ar_matrix){0};
        prepared->output_gradients[o] =
            id >= 0 && !saved && plan->gradient_reaches[record_of(plan, id)->root]
                ? matrix_at(plan, id, true)
                : (ar_matrix){0};
    }
}

static ar_status allocate_node(prepared_node *prepared, const ar_node *node, int threads,
                               ar_error *err)
{
    ar_status status = AR_OK;
    size_t in = (size_t)node->input_count, out = (size_t)node->output_count;
    AR_TRY(ar_allocate(&prepared->inputs, in, sizeof(ar_matrix), "a plan", err));
    AR_TRY(ar_allocate(&prepared->input_gradients, in, sizeof(ar_matrix), "a plan", err));
    AR_TRY(ar_allocate(&prepared->outputs, out, sizeof(ar_matrix), "a plan", err));
    AR_TRY(ar_allocate(&prepared->output_gradients, out, sizeof(ar_matrix), "a plan", err));
    AR_TRY(ar_allocate(&prepared->accumulate, in, sizeof(bool), "a plan", err));
    AR_TRY(ar_allocate(&prepared->clear_before, in, sizeof(int32_t), "a plan", err));
    prepared->call = (ar_op_call){.attributes = &node->attributes,
                                  .input_count = node->input_count,
                                  .output_count = node->output_count,
                                  .inputs = prepared->inputs,
                                  .outputs = prepared->outputs,
                                  .input_gradients = prepared->input_gradients,
                                  .output_gradients = prepared->output_gradients,
                                  .accumulate = prepared->accumulate,
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
    plan->loss = gradients ? options->loss : AR_NO_TENSOR;
    plan->parameters = parameters;
    plan->gradients = gradients;
    int threads = options->threads > 0 ? options->threads : omp_get_max_threads();
    AR_TRY(ar_allocate(&plan->rows, graph->dimension_count, sizeof *plan->rows, "a plan", err));
    for (size_t d = 0; d < graph->dimension_count; d++) {
        plan->rows[d] = graph->dimensions[d].largest;
    }
    AR_TRY(ar_allocate(&plan->nodes, graph->node_count, sizeof *plan->nodes, "a plan", err));
    AR_TRY(ar_allocate(&plan->blocks, 2 * tensors, sizeof *plan->blocks, "a plan", err));
    AR_TRY(ar_allocate(&plan->gradient_reaches, tensors, sizeof(bool), "a plan", err));
    for (size_t i = 0; i < graph->node_count; i++) {
        AR_TRY(allocate_node(&plan->nodes[i], &graph->nodes[i], threads, err));
    }
    find_active_nodes(plan);
    AR_TRY(plan_gradients(plan, err));
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
        ar_free(node->accumulate);
        ar_free(node->clear_before);
    }
    ar_free(plan->rows);
    ar_free(plan->nodes);
    ar_free(plan->blocks);
    ar_free(plan->gradient_reaches);
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
    ar_matrix seed = matrix_at(plan, plan->loss.id, true);
    if (seed.type == AR_TYPE_FLOAT64) {
        *(double *)seed.data = 1.0;
    } else {
        *(float *)seed.data = 1.0f;
    }
    for (size_t i = plan->graph->node_count; i-- > 0;) {
        prepared_node *node = &plan->nodes[i];
        if (!node->active) {
            continue;
        }
        for (int c = 0; c < node->clear_count; c++) {
            ar_matrix whole = matrix_at(plan, node->clear_before[c], true);
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
        total += with_adjoint && plan->nodes[i].active ? 3 * forward : forward;
    }
    return total;
}

bool ar_plan_parameter_has_gradient(const ar_plan *plan, int64_t parameter)
{
    return plan->gradient_reaches[plan->graph->parameters[parameter].tensor];
}
