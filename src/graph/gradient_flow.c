#include "graph/gradient_flow.h"

#include <string.h>

#include "base/memory.h"
#include "graph/op.h"

/* ---- which nodes take part in the adjoint ---------------------------------------------------- */

static void find_active_nodes(ar_gradient_flow *flow)
{
    const ar_graph *graph = flow->graph;
    if (!ar_tensor_exists(flow->loss)) {
        return;
    }
    flow->reaches[flow->loss.id] = true;
    for (size_t i = graph->node_count; i-- > 0;) {
        const ar_node *node = &graph->nodes[i];
        bool active = false;
        for (int o = 0; o < ar_op_find(node->kind)->gradient_outputs; o++) {
            active |= flow->reaches[flow->graph->tensors[node->outputs[o]].root];
        }
        flow->nodes[i].active = active;
        for (int k = 0; active && k < node->input_count; k++) {
            int32_t id = node->inputs[k];
            if (id >= 0 && ar_op_input_has_gradient(node, k) &&
                ar_graph_root(flow->graph, id)->wants_gradient) {
                flow->reaches[flow->graph->tensors[id].root] = true;
            }
        }
    }
}

bool ar_gradient_flow_reaches_input(const ar_gradient_flow *flow, size_t node_index, int input)
{
    const ar_node *node = &flow->graph->nodes[node_index];
    int32_t id = node->inputs[input];
    return flow->nodes[node_index].active && id >= 0 && ar_op_input_has_gradient(node, input) &&
           flow->reaches[flow->graph->tensors[id].root];
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
static void plan_accumulation(ar_gradient_flow *flow, int32_t root, uint8_t *set, bool *clear)
{
    const ar_graph *graph = flow->graph;
    int64_t root_columns = flow->graph->tensors[root].columns;
    memset(set, 0, (size_t)root_columns);
    for (size_t i = graph->node_count; i-- > 0;) {
        const ar_node *node = &graph->nodes[i];
        for (int k = 0; k < node->input_count; k++) {
            if (!ar_gradient_flow_reaches_input(flow, i, k) ||
                flow->graph->tensors[node->inputs[k]].root != root) {
                continue;
            }
            const ar_tensor_record *view = &flow->graph->tensors[node->inputs[k]];
            uint8_t *part = set + view->first_column;
            column_state state = state_of_columns(part, node, k, view->columns);
            flow->nodes[i].accumulate[k] = *clear || state == ALL_SET;
            if (!*clear && state == SOME_SET) {
                *clear = true;
                plan_accumulation(flow, root, set, clear);
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
            plan_accumulation(flow, root, set, clear);
            return;
        }
    }
}

/* The node whose adjoint first touches the gradient of `root`; −1 if none. */
static int64_t first_adjoint_use(const ar_gradient_flow *flow, int32_t root)
{
    for (size_t i = flow->graph->node_count; i-- > 0;) {
        const ar_node *node = &flow->graph->nodes[i];
        for (int k = 0; k < node->input_count; k++) {
            if (ar_gradient_flow_reaches_input(flow, i, k) &&
                flow->graph->tensors[node->inputs[k]].root == root) {
                return (int64_t)i;
            }
        }
    }
    return -1;
}

/* Whether each slot adds or overwrites, parameters as any other tensor. */
static ar_status find_first_writers(ar_gradient_flow *flow, ar_error *err)
{
    const ar_graph *graph = flow->graph;
    ar_status status = AR_OK;
    uint8_t *set = NULL;
    int64_t widest = 1;
    for (size_t t = 0; t < graph->tensor_count; t++) {
        widest = graph->tensors[t].columns > widest ? graph->tensors[t].columns : widest;
    }
    AR_TRY(ar_allocate(&set, (size_t)widest, 1, "the gradient plan", err));
    for (size_t t = 0; t < graph->tensor_count; t++) {
        if (!flow->reaches[t] || (int32_t)t == flow->loss.id) {
            continue;
        }
        bool clear = false;
        plan_accumulation(flow, (int32_t)t, set, &clear);
        int64_t first = first_adjoint_use(flow, (int32_t)t);
        if (clear && first >= 0) {
            ar_node_flow *node = &flow->nodes[first];
            node->clear[node->clear_count++] = (int32_t)t;
        }
    }
cleanup:
    ar_free(set);
    return status;
}

ar_status ar_gradient_flow_init(ar_gradient_flow *flow, const ar_graph *graph, ar_tensor loss,
                                ar_error *err)
{
    ar_status status = AR_OK;
    *flow = (ar_gradient_flow){.graph = graph, .loss = loss};
    AR_TRY(ar_allocate(&flow->nodes, graph->node_count, sizeof *flow->nodes, "a plan", err));
    AR_TRY(ar_allocate(&flow->reaches, graph->tensor_count, sizeof(bool), "a plan", err));
    for (size_t i = 0; i < graph->node_count; i++) {
        size_t inputs = (size_t)graph->nodes[i].input_count;
        AR_TRY(ar_allocate(&flow->nodes[i].accumulate, inputs, sizeof(bool), "a plan", err));
        AR_TRY(ar_allocate(&flow->nodes[i].clear, inputs, sizeof(int32_t), "a plan", err));
    }
    find_active_nodes(flow);
    AR_TRY(find_first_writers(flow, err));
cleanup:
    if (status != AR_OK) {
        ar_gradient_flow_release(flow);
    }
    return status;
}

void ar_gradient_flow_release(ar_gradient_flow *flow)
{
    for (size_t i = 0; flow->nodes && i < flow->graph->node_count; i++) {
        ar_free(flow->nodes[i].accumulate);
        ar_free(flow->nodes[i].clear);
    }
    ar_free(flow->nodes);
    ar_free(flow->reaches);
    *flow = (ar_gradient_flow){0};
}
