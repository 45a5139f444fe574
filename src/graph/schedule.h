/* The order in which a plan runs a graph, and how long every value lives in it: all nodes forward,
 * then, where a gradient flows, their adjoints in reverse. A block of nodes that is computed again
 * has its forward steps a second time, right before its adjoints: what only the block itself reads
 * then need not be kept in between (Chen et al. 2016, "Training deep nets with sublinear memory
 * cost"). Its bits are the same both times. */
#ifndef AR_GRAPH_SCHEDULE_H
#define AR_GRAPH_SCHEDULE_H

#include "graph/gradient_flow.h"
#include "graph/memory_plan.h"
#include "graph/recompute.h"

typedef enum { AR_STEP_FORWARD, AR_STEP_AGAIN, AR_STEP_ADJOINT } ar_step_kind;

typedef struct {
    ar_step_kind kind;
    int32_t node;
} ar_step;

typedef struct {
    const ar_graph *graph;        /* borrowed */
    const ar_gradient_flow *flow; /* borrowed */
    ar_step *steps;               /* [count], the forward steps first */
    int64_t count, forward_count;
    int64_t fixed_count; /* without gradients: the first steps depend on parameters alone, and what
                          * they give lives on, so that later runs need not take them again */
    bool *varies;     /* [tensor_count] of a root: it depends on an input, or parameters change */
    bool *has_second; /* [tensor_count] of a root: AGAIN and ADJOINT steps use its second values */
} ar_schedule;

/* `recompute`: what of the graph's blocks is computed again. */
AR_USE_RESULT ar_status ar_schedule_init(ar_schedule *schedule, const ar_graph *graph,
                                         const ar_gradient_flow *flow, ar_recompute recompute,
                                         ar_error *err);
void ar_schedule_release(ar_schedule *schedule); /* safe on zeroed */

/* The lives, in steps, of roots: values, gradients and second values, each [tensor_count]; born −1
 * where there is none. */
void ar_schedule_lives(const ar_schedule *schedule, ar_memory_block *values,
                       ar_memory_block *gradients, ar_memory_block *second);

#endif
