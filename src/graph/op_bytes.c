#include "graph/op.h"

enum { RESIDUAL = 3 }; /* of a linear layer, the input behind all that its product reads */

static double size_of(ar_type type)
{
    return type == AR_TYPE_FLOAT64 ? 8 : type == AR_TYPE_BFLOAT16 ? 2 : 4;
}

static double bytes_of(const ar_matrix *matrix)
{
    return size_of(matrix->type) * (double)matrix->rows * (double)matrix->columns;
}

/* Heads of attention lie in columns between which there are others, and only some of the rows of
 * queries may be asked for. */
static double bytes_of_input(const ar_node *node, const ar_op_call *call, const ar_matrix *matrices,
                             int input)
{
    ar_matrix touched = matrices[input];
    if (node->kind == AR_OP_ATTENTION && input < 3 && touched.columns > 0) {
        touched.columns = node->attributes.heads * node->attributes.head_size;
        touched.rows = input == 0 && node->inputs[7] >= 0 ? call->inputs[7].rows : touched.rows;
    }
    return bytes_of(&touched);
}

static double forward_bytes(const ar_node *node, const ar_op_call *call)
{
    double bytes = 0;
    const int first = call->finish_only ? RESIDUAL : 0;
    for (int i = first; i < call->input_count; i++) {
        bytes += bytes_of_input(node, call, call->inputs, i);
    }
    for (int o = 0; o < call->output_count; o++) {
        bytes += bytes_of(&call->outputs[o]);
    }
    return bytes;
}

static double adjoint_bytes(const ar_node *node, const ar_op_call *call)
{
    const ar_op *op = ar_op_find(node->kind);
    double bytes = 0;
    for (int i = 0; i < call->input_count; i++) {
        const double passes = call->accumulate && call->accumulate[i] ? 2 : 1;
        bytes += op->adjoint_reads_input(node, i) ? bytes_of_input(node, call, call->inputs, i) : 0;
        bytes += passes * bytes_of_input(node, call, call->input_gradients, i);
    }
    for (int o = 0; o < call->output_count; o++) {
        bytes += op->adjoint_reads_output(node, o) ? bytes_of(&call->outputs[o]) : 0;
        bytes += bytes_of(&call->output_gradients[o]);
    }
    return bytes;
}

double ar_op_bytes(const ar_node *node, const ar_op_call *call, bool adjoint)
{
    return adjoint ? adjoint_bytes(node, call) : forward_bytes(node, call);
}
