/* The floating-point operations of a network's matrix products, which bound its speed: a product of
 * m × k by k × n values is 2·m·k·n. */
#ifndef BENCH_PRODUCTS_H
#define BENCH_PRODUCTS_H

#include "graph/graph.h"

typedef struct {
    double forward;    /* linear layers, and two products of every attention */
    double adjoint;    /* two products a linear layer, one where no gradient goes to its input; four
                          products of every attention */
    double recomputed; /* scores that the adjoint of an attention computes once more instead of
                          reading them: one product */
} product_operations;

/* At the largest row counts, each node once forward and once in the adjoint. */
product_operations products_count(const ar_graph *graph);

#endif
