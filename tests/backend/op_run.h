/* A case of op_cases.h as a plan that runs: what the comparison of backends and the check of
 * adjoints work with. */
#ifndef TESTS_BACKEND_OP_RUN_H
#define TESTS_BACKEND_OP_RUN_H

#include "backend/op_cases.h"
#include "graph/plan.h"

/* A case made ready: its graph, a plan on a backend, random parameters. */
typedef struct {
    ar_graph *graph;
    ar_plan *plan;
    ar_tensor scalar, output;
    void *parameters, *gradients;
} op_run;

/* `type` is that of values, or AR_TYPE_BFLOAT16 for float32 with products of bfloat16. */
static ar_status op_run_create(op_run *run, const op_case *chosen, const char *backend,
                               ar_type type, int threads, ar_error *err)
{
    ar_status status = AR_OK;
    size_t size = type == AR_TYPE_FLOAT64 ? 8 : 4;
    *run = (op_run){0};
    AR_TRY(ar_graph_create(&run->graph, type == AR_TYPE_BFLOAT16 ? AR_TYPE_FLOAT32 : type, err));
    run->scalar = chosen->build(run->graph, chosen, &run->output);
    ar_graph_keep(run->graph, run->output);
    AR_TRY(ar_graph_finish(run->graph, err));
    size_t count = (size_t)run->graph->parameter_values;
    AR_TRY(ar_allocate(&run->parameters, count, size, "parameters", err));
    AR_TRY(ar_allocate(&run->gradients, count, size, "gradients", err));
    ar_random random = {.seed = 1, .purpose = AR_RANDOM_TEST};
    for (size_t i = 0; i < count; i++) {
        float value = (float)ar_random_normal(&random);
        if (type == AR_TYPE_FLOAT64) {
            ((double *)run->parameters)[i] = (double)value;
        } else {
            ((float *)run->parameters)[i] = value;
        }
    }
    AR_TRY(ar_plan_create(&run->plan, run->graph,
                          &(ar_plan_options){.backend = ar_backend_find(backend),
                                             .loss = run->scalar,
                                             .threads = threads,
                                             .precision = type},
                          run->parameters, run->gradients, err));
    for (size_t t = 0; t < run->graph->tensor_count; t++) {
        if (run->graph->tensors[t].type == AR_TYPE_INT32) {
            ar_matrix index = ar_plan_matrix(run->plan, (ar_tensor){(int32_t)t});
            for (int64_t i = 0; i < index.rows * index.columns; i++) {
                ((int32_t *)index.data)[i] = (int32_t)(3 * i + 1);
            }
        }
    }
cleanup:
    return status;
}

static void op_run_release(op_run *run)
{
    ar_plan_destroy(&run->plan);
    ar_graph_destroy(&run->graph);
    ar_free(run->parameters);
    ar_free(run->gradients);
}

#endif
