#include <string.h>

#include "cli/info.h"
#include "model/freeze.h"
#include "model/model.h"

/* Sizes of a plan that is not run: `loss` for training, AR_NO_TENSOR for a forward pass only.
 * `recompute` becomes the way that was chosen. */
static ar_status measure(const ar_model *model, ar_tensor loss, ar_recompute *recompute,
                         double *bytes, double *operations, ar_error *err)
{
    ar_plan *plan = NULL;
    const ar_plan_options options = {.backend = ar_backend_find("cpu"),
                                     .loss = loss,
                                     .recompute = *recompute,
                                     .only_sizes = true};
    ar_status status = ar_plan_create(&plan, model->graph, &options, NULL, NULL, err);
    if (status == AR_OK) {
        *recompute = ar_plan_recompute(plan);
        *bytes = (double)ar_plan_bytes(plan);
        *operations = ar_plan_operations(plan, ar_tensor_exists(loss));
    }
    ar_plan_destroy(&plan);
    return status;
}

/* What a training step costs with each way to compute activations again instead of keeping them. */
static ar_status add_recompute(cJSON *cost, const ar_model *model, ar_error *err)
{
    cJSON *list = cJSON_AddObjectToObject(cost, "with training.recompute");
    ar_status status = AR_OK;
    for (int mode = 0; status == AR_OK && mode < AR_RECOMPUTE_COUNT; mode++) {
        double bytes = 0, operations = 0;
        ar_recompute recompute = (ar_recompute)mode;
        status = measure(model, model->loss, &recompute, &bytes, &operations, err);
        cJSON *entry = cJSON_AddObjectToObject(list, ar_recompute_name(recompute));
        cJSON_AddNumberToObject(entry, "GFLOP a training step, executed", 1e-9 * operations);
        cJSON_AddNumberToObject(entry, "GiB for activations, training", bytes / (1 << 30));
    }
    return status;
}

/* Parameters of each part, of all fields together; embeds have those of the token information. */
static void add_parts(cJSON *cost, const ar_model *model)
{
    static const char *const parts[] = {"embeds", "positions", "encoders", "decoders", "tails"};
    cJSON *list = cJSON_AddObjectToObject(cost, "parameters of");
    const ar_graph *graph = model->graph;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        double count = 0;
        for (size_t p = 0; p < graph->parameter_count; p++) {
            const ar_parameter *parameter = &graph->parameters[p];
            if (strncmp(parameter->name, parts[i], strlen(parts[i])) == 0) {
                count += (double)(parameter->rows * parameter->columns);
            }
        }
        if (count > 0) {
            cJSON_AddNumberToObject(list, parts[i], count);
        }
    }
}

ar_status ar_info_add_cost(cJSON *tree, ar_configuration *configuration, ar_error *err)
{
    ar_model *model = NULL;
    ar_status status = AR_OK;
    double forward[2], training[2]; /* bytes, operations */
    ar_recompute nothing = AR_RECOMPUTE_NONE, recompute = configuration->training.recompute;
    for (int64_t f = 0; f < configuration->field_count; f++) {
        if (configuration->fields[f].level_count == 0) {
            configuration->fields[f].level_count = 1;
        }
    }
    const int64_t batch = configuration->training.batch;
    AR_TRY(ar_model_create(&model, configuration,
                           &(ar_model_options){.batch = batch,
                                               .losses = true,
                                               .forget_predictions = true,
                                               .dropout = true,
                                               .type = AR_TYPE_FLOAT32},
                           err));
    int64_t frozen, frozen_numbers;
    AR_TRY(ar_model_freeze(model, &frozen, &frozen_numbers, err));
    AR_TRY(measure(model, AR_NO_TENSOR, &nothing, &forward[0], &forward[1], err));
    AR_TRY(measure(model, model->loss, &recompute, &training[0], &training[1], err));
    const double gib = 1.0 / (1 << 30), giga = 1e-9;
    const double block = gib * sizeof(float) * (double)model->graph->parameter_values;
    cJSON *cost = cJSON_AddObjectToObject(tree, "cost");
    cJSON_AddNumberToObject(cost, "parameters", (double)ar_model_parameter_count(model));
    cJSON_AddNumberToObject(cost, "of these frozen", (double)frozen_numbers);
    add_parts(cost, model);
    cJSON_AddNumberToObject(cost, "samples a step", (double)batch);
    cJSON_AddNumberToObject(cost, "GFLOP a sample, forward", giga * forward[1] / (double)batch);
    cJSON_AddNumberToObject(cost, "GFLOP a sample, training, executed",
                            giga * training[1] / (double)batch);
    cJSON_AddNumberToObject(cost, AR_INFO_STEP, giga * training[1]);
    cJSON_AddNumberToObject(cost, "GFLOP a training step, nominal (3 times forward)",
                            3 * giga * forward[1]);
    cJSON_AddNumberToObject(cost, "GiB for parameters", block);
    cJSON_AddNumberToObject(cost, "GiB for gradients", block);
    cJSON_AddNumberToObject(cost, "GiB for the optimiser's moments", 2 * block);
    cJSON_AddNumberToObject(cost, "GiB for activations, forward", gib * forward[0]);
    cJSON_AddNumberToObject(cost, "GiB for activations, training", gib * training[0]);
    cJSON_AddStringToObject(cost, "training.recompute, chosen", ar_recompute_name(recompute));
    AR_TRY(add_recompute(cost, model, err));
cleanup:
    ar_model_destroy(&model);
    return status;
}
