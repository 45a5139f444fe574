/* A graph made ready to run on a backend: every tensor has its place in one arena found by
 * liveness, every call is prepared. Running allocates nothing. One plan is used by one thread at a
 * time. */
#ifndef AR_GRAPH_PLAN_H
#define AR_GRAPH_PLAN_H

#include "graph/graph.h"
#include "graph/profile.h"
#include "graph/recompute.h"

typedef struct ar_plan ar_plan;

typedef struct {
    const ar_backend *backend;
    ar_tensor loss; /* scalar whose gradients are wanted; AR_NO_TENSOR: inference, where activations
                     * die as soon as nobody needs them */
    ar_recompute recompute; /* what is computed again in the adjoint to save memory */
    bool only_sizes;   /* no arena: ar_plan_bytes and ar_plan_operations answer, nothing may run */
    int threads;       /* 0: as many as OpenMP would use */
    ar_type precision; /* of matrix products: AR_TYPE_FLOAT32 or AR_TYPE_BFLOAT16, see ar_op_call;
                        * float64 graphs know only their own */
} ar_plan_options;

/* Plan `graph` (borrowed, must outlive the plan) with the parameter and gradient blocks
 * parameters[graph->parameter_values] and gradients[…] (borrowed; gradients NULL for inference). */
AR_USE_RESULT ar_status ar_plan_create(ar_plan **plan, const ar_graph *graph,
                                       const ar_plan_options *options, void *parameters,
                                       void *gradients, ar_error *err);
void ar_plan_destroy(ar_plan **plan); /* NULL-safe, sets NULL */

/* Set a dimension for the runs that follow; count must be at most the planned size. */
void ar_plan_set_rows(ar_plan *plan, int dimension, int64_t count);

/* Memory of an input (to fill before a run) or of a kept tensor (to read after it). Borrowed. */
ar_matrix ar_plan_matrix(const ar_plan *plan, ar_tensor tensor);

/* Without a loss, what depends on parameters alone is computed in the first run only, and weights
 * are packed in it for all that follow. */
void ar_plan_forward(ar_plan *plan);
/* To be said when the parameters of a plan without a loss have changed since its last run. */
void ar_plan_parameters_changed(ar_plan *plan);
/* After ar_plan_forward: gradients of the loss overwrite those of the gradient block. Parameters
 * that no gradient reaches (ar_plan_parameter_has_gradient) are left as they are, neither read nor
 * written, and so is what lies between parameters: zero, if the block was. */
void ar_plan_adjoint(ar_plan *plan);

/* Tell `profile` (borrowed, NULL: nobody) the time of every op that runs from now on. The numbers
 * of rows should be the largest still. */
AR_USE_RESULT ar_status ar_plan_set_profile(ar_plan *plan, ar_profile *profile, ar_error *err);

/* Of the arena, workspace and packed weights included. */
size_t ar_plan_bytes(const ar_plan *plan);
/* Floating-point operations that are done with the current row counts: forward, or in the whole
 * schedule, forward, recomputed and adjoint. */
double ar_plan_operations(const ar_plan *plan, bool with_adjoint);
/* The way that was chosen for AR_RECOMPUTE_AUTO, or the one that was asked for. */
ar_recompute ar_plan_recompute(const ar_plan *plan);
/* Does a gradient reach this parameter at all? */
bool ar_plan_parameter_has_gradient(const ar_plan *plan, int64_t parameter);

#endif
