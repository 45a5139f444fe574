/* The table of ops: one record each, with its name, what its adjoint reads, its floating-point
 * operations, and how far a backend may be from the reference; and the rules of their shapes. */
#ifndef AR_GRAPH_OP_H
#define AR_GRAPH_OP_H

#include "graph/graph.h"

typedef struct {
    const char *name;
    /* Does the adjoint read the values of input / output i? */
    bool (*adjoint_reads_input)(const ar_node *node, int input);
    bool (*adjoint_reads_output)(const ar_node *node, int output);
    /* Floating-point operations of the forward pass, or of the adjoint for those gradients of
     * inputs that the call wants (whose matrices have columns; data is not looked at). A
     * multiply-add is two. Matrix products are counted; ops without any count one a value. */
    double (*operations)(const ar_node *node, const ar_op_call *call, bool adjoint);
    int gradient_outputs; /* outputs that have gradients; the rest are saved for the adjoint */
    double tolerance;     /* relative, float32 backend against the reference */
    int packed_input;     /* that a backend may keep packed if it does not change; 0: none */
} ar_op;

const ar_op *ar_op_find(ar_op_kind kind);

/* Check the shapes of a node whose tensors are recorded; AR_ERROR_USAGE names op and tensor. */
AR_USE_RESULT ar_status ar_op_check(const ar_graph *graph, const ar_node *node, ar_error *err);

/* Bytes that the op has to move between memory and the processor if it reads and writes every
 * operand once: present inputs and outputs; of the adjoint what it reads of them, gradients of
 * outputs, and wanted gradients of inputs, twice where they are added to. */
double ar_op_bytes(const ar_node *node, const ar_op_call *call, bool adjoint);

/* May input i of the node ever get a gradient (indices and targets do not)? */
bool ar_op_input_has_gradient(const ar_node *node, int input);

/* Does the input touch column c of its tensor (attention reads heads with gaps)? */
bool ar_op_touches_column(const ar_node *node, int input, int64_t columns, int64_t column);

#endif
