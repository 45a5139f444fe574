/* One op of a recorded graph by itself, with matrices of its own: what bench-ops times. */
#ifndef BENCH_OP_CALL_H
#define BENCH_OP_CALL_H

#include "graph/graph.h"

typedef struct {
    const ar_backend *backend; /* with the kernels, or the reference where it has none */
    ar_op_kind kind;
    ar_op_call forward, adjoint;
    double operations[2], bytes[2]; /* of the forward pass and of the adjoint, see graph/op.h */
    void **blocks;                  /* what the matrices lie in, two a tensor */
    size_t block_count;
    void *workspace;
    ar_matrix *matrices; /* of both calls */
    bool *accumulate;    /* nowhere: gradients are overwritten */
} op_call;

/* The first node of this kind in `graph`, a finished one of fixed row counts (borrowed, must
 * outlive the call): random numbers around 1 in its inputs, as a standard deviation has to be
 * positive, indices 1, 4, 7, …, and the forward pass has run once. Release with op_call_release. */
AR_USE_RESULT ar_status op_call_init(op_call *op, const ar_graph *graph, ar_op_kind kind,
                                     const ar_backend *backend, ar_type precision, int threads,
                                     ar_error *err);
void op_call_release(op_call *op); /* safe on zeroed */

void op_call_run(const op_call *op, bool adjoint);

#endif
