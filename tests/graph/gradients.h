/* Gradients before an adjoint that has to overwrite them. */
#ifndef AR_TESTS_GRAPH_GRADIENTS_H
#define AR_TESTS_GRAPH_GRADIENTS_H

#include <math.h>

#include "graph/plan.h"

/* NaN where the plan will write a gradient: what is added to it, and what is left out, shows. */
static inline void poison_gradients(const ar_plan *plan, const ar_graph *graph, void *gradients)
{
    for (size_t p = 0; p < graph->parameter_count; p++) {
        const ar_parameter *parameter = &graph->parameters[p];
        const int64_t end = parameter->offset + parameter->rows * parameter->columns;
        for (int64_t i = parameter->offset;
             i < end && ar_plan_parameter_has_gradient(plan, (int64_t)p); i++) {
            if (graph->type == AR_TYPE_FLOAT64) {
                ((double *)gradients)[i] = NAN;
            } else {
                ((float *)gradients)[i] = NAN;
            }
        }
    }
}

#endif
