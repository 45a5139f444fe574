#include "model/freeze.h"

#include <fnmatch.h>

#include "base/memory.h"

/* Mark what a pattern matches; false where that is nothing. */
static bool mark_matches(const ar_graph *graph, const char *pattern, bool *frozen)
{
    bool any = false;
    for (size_t p = 0; p < graph->parameter_count; p++) {
        const ar_parameter *parameter = &graph->parameters[p];
        if (fnmatch(pattern, parameter->name, 0) == 0 ||
            (parameter->alias && fnmatch(pattern, parameter->alias, 0) == 0)) {
            frozen[p] = any = true;
        }
    }
    return any;
}

ar_status ar_model_freeze(ar_model *model, int64_t *parameters, int64_t *numbers, ar_error *err)
{
    const ar_configuration *configuration = model->configuration;
    const ar_training_configuration *training = &configuration->training;
    ar_graph *graph = model->graph;
    bool *frozen = NULL;
    ar_status status = AR_OK;
    *parameters = *numbers = 0;
    if (training->freeze_count == 0) {
        return AR_OK;
    }
    AR_TRY(ar_allocate(&frozen, graph->parameter_count, sizeof *frozen, "frozen parameters", err));
    for (int64_t i = 0; i < training->freeze_count; i++) {
        if (!mark_matches(graph, training->freeze[i], frozen)) {
            status = ar_fail(
                err, AR_ERROR_INPUT,
                "%s: training.freeze[%lld] is '%s', which matches no parameter; should "
                "be a pattern of names such as %s",
                configuration->file, (long long)i, training->freeze[i], graph->parameters[0].name);
            goto cleanup;
        }
    }
    for (size_t p = 0; p < graph->parameter_count; p++) {
        *parameters += frozen[p];
        *numbers += frozen[p] ? graph->parameters[p].rows * graph->parameters[p].columns : 0;
    }
    ar_graph_freeze(graph, frozen);
    if (!ar_graph_root(graph, model->loss.id)->wants_gradient) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: training.freeze leaves nothing that the loss depends on to train",
                         configuration->file);
    }
cleanup:
    ar_free(frozen);
    return status;
}
