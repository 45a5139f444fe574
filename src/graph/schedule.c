#include "graph/schedule.h"

#include <string.h>

#include "base/memory.h"
#include "graph/op.h"

static int32_t root_of(const ar_schedule *s, int32_t tensor)
{
    return s->graph->tensors[tensor].root;
}

/* Is this output there: one that is only saved for the adjoint is not, where no gradient flows. */
static bool has_output(const ar_schedule *s, size_t index, int output)
{
    const ar_node *node = &s->graph->nodes[index];
    return node->outputs[output] >= 0 &&
           (output < ar_op_find(node->kind)->gradient_outputs || s->flow->nodes[index].active);
}

static bool adjoint_reads_input(const ar_schedule *s, size_t index, int input)
{
    const ar_node *node = &s->graph->nodes[index];
    return s->flow->nodes[index].active && node->inputs[input] >= 0 &&
           ar_op_find(node->kind)->adjoint_reads_input(node, input);
}

static bool adjoint_reads_output(const ar_schedule *s, size_t index, int output)
{
    const ar_node *node = &s->graph->nodes[index];
    return s->flow->nodes[index].active && has_output(s, index, output) &&
           ar_op_find(node->kind)->adjoint_reads_output(node, output);
}

/* ---- what is computed again ------------------------------------------------------------------ */

/* Of a linear layer with a GELU only what comes before it is kept: the rest follows from that. */
static bool keeps_output(const ar_node *node, int output, ar_recompute recompute)
{
    const bool attention = node->kind == AR_OP_ATTENTION, linear = node->kind == AR_OP_LINEAR;
    switch (recompute) {
    case AR_RECOMPUTE_ALL:
        return false;
    case AR_RECOMPUTE_ALL_BUT_ATTENTION:
        return attention;
    default:
        return attention || (linear && (!node->attributes.gelu || output > 0));
    }
}

/* The adjoints begin with this one: nothing is won by forgetting it in between. */
static int32_t last_block(const ar_graph *graph)
{
    int32_t last = 0;
    for (size_t i = 0; i < graph->node_count; i++) {
        last = graph->nodes[i].block ? graph->nodes[i].block : last;
    }
    return last;
}

/* The block that alone writes a root and reads it late, in again[root]; 0 where its first values
 * have to last. */
static void find_owners(const ar_schedule *s, ar_recompute recompute, int32_t *owner)
{
    const ar_graph *graph = s->graph;
    for (size_t i = 0; i < graph->node_count; i++) {
        const ar_node *node = &graph->nodes[i];
        for (int o = 0; o < node->output_count; o++) {
            if (node->outputs[o] >= 0) {
                owner[root_of(s, node->outputs[o])] = node->block;
            }
        }
    }
    for (size_t i = 0; i < graph->node_count; i++) {
        const ar_node *node = &graph->nodes[i];
        for (int o = 0; o < node->output_count; o++) {
            bool kept = keeps_output(node, o, recompute);
            if (node->outputs[o] >= 0 &&
                (kept || owner[root_of(s, node->outputs[o])] != node->block)) {
                owner[root_of(s, node->outputs[o])] = 0;
            }
        }
        for (int k = 0; k < node->input_count; k++) {
            bool late = node->block != 0 || adjoint_reads_input(s, i, k);
            if (node->inputs[k] >= 0 && late && owner[root_of(s, node->inputs[k])] != node->block) {
                owner[root_of(s, node->inputs[k])] = 0;
            }
        }
    }
    const int32_t last = last_block(graph);
    for (size_t t = 0; t < graph->tensor_count; t++) {
        owner[t] = graph->tensors[t].keep || owner[t] == last ? 0 : owner[t];
    }
}

/* Ask for the second values of a root, if it has an owner; true if nobody had asked. */
static bool ask(ar_schedule *s, const int32_t *owner, int32_t tensor)
{
    int32_t root = tensor >= 0 ? root_of(s, tensor) : -1;
    if (root < 0 || owner[root] == 0 || s->has_second[root]) {
        return false;
    }
    return s->has_second[root] = true;
}

/* Which nodes run again: those that make what adjoints of their block read, and what these need. */
static void find_again(ar_schedule *s, const int32_t *owner, bool *again)
{
    const ar_graph *graph = s->graph;
    for (size_t i = 0; i < graph->node_count; i++) {
        const ar_node *node = &graph->nodes[i];
        for (int k = 0; node->block != 0 && k < node->input_count; k++) {
            if (adjoint_reads_input(s, i, k)) {
                ask(s, owner, node->inputs[k]);
            }
        }
        for (int o = 0; node->block != 0 && o < node->output_count; o++) {
            if (adjoint_reads_output(s, i, o)) {
                ask(s, owner, node->outputs[o]);
            }
        }
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = graph->node_count; i-- > 0;) {
            const ar_node *node = &graph->nodes[i];
            for (int o = 0; node->block != 0 && o < node->output_count; o++) {
                again[i] = again[i] ||
                           (has_output(s, i, o) && s->has_second[root_of(s, node->outputs[o])]);
            }
            for (int k = 0; again[i] && k < node->input_count; k++) {
                changed = ask(s, owner, node->inputs[k]) || changed;
            }
            for (int o = 0; again[i] && o < node->output_count; o++) {
                changed = (has_output(s, i, o) && ask(s, owner, node->outputs[o])) || changed;
            }
        }
    }
}

/* ---- the order ------------------------------------------------------------------------------- */

static void add_step(ar_schedule *s, ar_step_kind kind, size_t node)
{
    s->steps[s->count++] = (ar_step){kind, (int32_t)node};
}

/* Does all that the node reads depend on parameters alone, and is what it writes into so too? */
static bool is_fixed(const ar_schedule *s, size_t index, const bool *varies)
{
    const ar_node *node = &s->graph->nodes[index];
    bool fixed = true;
    for (int k = 0; k < node->input_count; k++) {
        fixed = fixed && (node->inputs[k] < 0 || !varies[root_of(s, node->inputs[k])]);
    }
    for (int o = 0; o < node->output_count; o++) {
        fixed = fixed && (node->outputs[o] < 0 || !varies[root_of(s, node->outputs[o])]);
    }
    return fixed;
}

/* Which roots depend on an input. Several nodes may write parts of one, so once is not enough. */
static void find_varying(const ar_schedule *s, bool *varies)
{
    const ar_graph *graph = s->graph;
    for (size_t t = 0; t < graph->tensor_count; t++) {
        varies[t] = graph->tensors[t].role == AR_ROLE_INPUT;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < graph->node_count; i++) {
            const ar_node *node = &graph->nodes[i];
            for (int o = 0; o < node->output_count && !is_fixed(s, i, varies); o++) {
                if (node->outputs[o] >= 0 && !varies[root_of(s, node->outputs[o])]) {
                    varies[root_of(s, node->outputs[o])] = changed = true;
                }
            }
        }
    }
}

static void order_forward(ar_schedule *s)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < s->graph->node_count; i++) {
            if (is_fixed(s, i, s->varies) == (pass == 0)) {
                add_step(s, AR_STEP_FORWARD, i);
            }
        }
        s->fixed_count = pass == 0 ? s->count : s->fixed_count;
    }
    s->forward_count = s->count;
}

static void order_steps(ar_schedule *s, const bool *again)
{
    const ar_graph *graph = s->graph;
    for (size_t end = graph->node_count; end > 0;) {
        int32_t block = graph->nodes[end - 1].block;
        size_t first = end - 1;
        while (block != 0 && first > 0 && graph->nodes[first - 1].block == block) {
            first--;
        }
        for (size_t i = first; i < end; i++) {
            if (again[i]) {
                add_step(s, AR_STEP_AGAIN, i);
            }
        }
        for (size_t i = end; i-- > first;) {
            if (s->flow->nodes[i].active) {
                add_step(s, AR_STEP_ADJOINT, i);
            }
        }
        end = first;
    }
}

ar_status ar_schedule_init(ar_schedule *schedule, const ar_graph *graph,
                           const ar_gradient_flow *flow, ar_recompute recompute, ar_error *err)
{
    ar_status status = AR_OK;
    int32_t *owner = NULL;
    bool *again = NULL;
    *schedule = (ar_schedule){.graph = graph, .flow = flow};
    AR_TRY(ar_allocate(&schedule->steps, 3 * graph->node_count, sizeof *schedule->steps,
                       "the schedule", err));
    AR_TRY(
        ar_allocate(&schedule->has_second, graph->tensor_count, sizeof(bool), "the schedule", err));
    AR_TRY(ar_allocate(&owner, graph->tensor_count, sizeof *owner, "the schedule", err));
    AR_TRY(ar_allocate(&again, graph->node_count, sizeof *again, "the schedule", err));
    if (recompute != AR_RECOMPUTE_NONE) {
        find_owners(schedule, recompute, owner);
        find_again(schedule, owner, again);
    }
    AR_TRY(ar_allocate(&schedule->varies, graph->tensor_count, sizeof(bool), "the schedule", err));
    if (ar_tensor_exists(flow->loss)) {
        /* Parameters change with every step. */
        memset(schedule->varies, true, graph->tensor_count * sizeof(bool));
    } else {
        find_varying(schedule, schedule->varies);
    }
    order_forward(schedule);
    order_steps(schedule, again);
cleanup:
    ar_free(owner);
    ar_free(again);
    return status;
}

void ar_schedule_release(ar_schedule *schedule)
{
    ar_free(schedule->steps);
    ar_free(schedule->varies);
    ar_free(schedule->has_second);
    *schedule = (ar_schedule){0};
}

/* ---- lives ----------------------------------------------------------------------------------- */

static void live_at(ar_memory_block *block, int64_t moment)
{
    if (block->born < 0 || moment < block->born) {
        block->born = moment;
    }
    if (moment > block->dies) {
        block->dies = moment;
    }
}

static void live_through_values(const ar_schedule *s, int64_t moment, ar_memory_block *values,
                                ar_memory_block *second)
{
    const ar_step step = s->steps[moment];
    const ar_node *node = &s->graph->nodes[step.node];
    for (int k = 0; k < node->input_count; k++) {
        bool reads = step.kind == AR_STEP_ADJOINT ? adjoint_reads_input(s, step.node, k)
                                                  : node->inputs[k] >= 0;
        if (reads) {
            int32_t root = root_of(s, node->inputs[k]);
            bool late = step.kind != AR_STEP_FORWARD && s->has_second[root];
            live_at(late ? &second[root] : &values[root], moment);
        }
    }
    for (int o = 0; o < node->output_count; o++) {
        bool uses = step.kind == AR_STEP_ADJOINT ? adjoint_reads_output(s, step.node, o)
                                                 : has_output(s, step.node, o);
        if (uses) {
            int32_t root = root_of(s, node->outputs[o]);
            bool late = step.kind != AR_STEP_FORWARD && s->has_second[root];
            live_at(late ? &second[root] : &values[root], moment);
        }
    }
}

static void live_through_gradients(const ar_schedule *s, int64_t moment, ar_memory_block *gradients)
{
    const int32_t index = s->steps[moment].node;
    const ar_node *node = &s->graph->nodes[index];
    for (int k = 0; k < node->input_count; k++) {
        if (ar_gradient_flow_reaches_input(s->flow, index, k)) {
            live_at(&gradients[root_of(s, node->inputs[k])], moment);
        }
    }
    for (int o = 0; o < ar_op_find(node->kind)->gradient_outputs; o++) {
        if (node->outputs[o] >= 0 && s->flow->reaches[root_of(s, node->outputs[o])]) {
            live_at(&gradients[root_of(s, node->outputs[o])], moment);
        }
    }
}

void ar_schedule_lives(const ar_schedule *schedule, ar_memory_block *values,
                       ar_memory_block *gradients, ar_memory_block *second)
{
    const ar_graph *graph = schedule->graph;
    for (size_t t = 0; t < graph->tensor_count; t++) {
        values[t].born = values[t].dies = -1;
        gradients[t].born = gradients[t].dies = -1;
        second[t].born = second[t].dies = -1;
    }
    for (int64_t moment = 0; moment < schedule->count; moment++) {
        live_through_values(schedule, moment, values, second);
        if (schedule->steps[moment].kind == AR_STEP_ADJOINT) {
            live_through_gradients(schedule, moment, gradients);
        }
    }
    for (int64_t i = 0; i < schedule->fixed_count; i++) {
        const ar_node *node = &graph->nodes[schedule->steps[i].node];
        for (int o = 0; o < node->output_count; o++) {
            if (has_output(schedule, (size_t)schedule->steps[i].node, o)) {
                live_at(&values[root_of(schedule, node->outputs[o])], schedule->count);
            }
        }
    }
    for (size_t t = 0; t < graph->tensor_count; t++) {
        if (graph->tensors[t].keep && graph->tensors[t].root == (int32_t)t) {
            live_at(&values[t], graph->tensors[t].role == AR_ROLE_INPUT ? 0 : values[t].born);
            live_at(&values[t], schedule->count);
        }
    }
}
