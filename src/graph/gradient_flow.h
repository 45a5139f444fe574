/* How gradients flow through a graph: which nodes and tensors they reach from the loss, and who
 * writes the gradient of a tensor first. The first to write a column overwrites it and later ones
 * add, so that nothing is cleared that need not be. */
#ifndef AR_GRAPH_GRADIENT_FLOW_H
#define AR_GRAPH_GRADIENT_FLOW_H

#include "graph/graph.h"

typedef struct {
    bool active;      /* gradients flow through the node */
    bool *accumulate; /* [input_count] of input i: add, do not overwrite */
    int32_t *clear;   /* [clear_count] roots whose gradient is cleared before this node's adjoint */
    int clear_count;
} ar_node_flow;

typedef struct {
    const ar_graph *graph; /* borrowed */
    ar_tensor loss;
    ar_node_flow *nodes; /* [node_count] */
    bool *reaches;       /* [tensor_count] does a gradient reach this root? */
} ar_gradient_flow;

/* Find the flow of the gradient of scalar `loss` (AR_NO_TENSOR: nothing flows). */
AR_USE_RESULT ar_status ar_gradient_flow_init(ar_gradient_flow *flow, const ar_graph *graph,
                                              ar_tensor loss, ar_error *err);
void ar_gradient_flow_release(ar_gradient_flow *flow); /* safe on zeroed */

/* Does input `input` of a node get a gradient? */
bool ar_gradient_flow_reaches_input(const ar_gradient_flow *flow, size_t node, int input);

#endif
