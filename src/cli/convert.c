#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cli.h"
#include "io/torch_file.h"
#include "model/released_configuration.h"
#include "model/released_layout.h"
#include "model/released_weights.h"

typedef struct {
    ar_text_list inputs, allow_missing;
    const char *configuration, *out;
} request;

/* ---- released checkpoints to safetensors ----------------------------------------------------- */

/* With what is needed to know later what the weights are for: the configuration as checkpoints of
 * ours have it, and the file as it was released. */
static ar_status write_weights(const request *r, const ar_released_weights *weights,
                               const ar_configuration *configuration, ar_error *err)
{
    enum { LARGEST_CONFIGURATION = 1 << 24 };
    char *yaml = NULL, *json = NULL;
    size_t bytes = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_configuration_write(configuration, &yaml, err));
    AR_TRY(ar_file_read_whole(r->configuration, LARGEST_CONFIGURATION, &json, &bytes, err));
    const ar_metadata metadata[] = {{"format", "atmorep released weights 1"},
                                    {"program", "atmorep " ATMOREP_VERSION},
                                    {"layout", weights->of_heads > 0 ? "2023" : "2024"},
                                    {"configuration", yaml},
                                    {"released_configuration", json}};
    AR_TRY(ar_safetensors_write(r->out, weights->tensors, (int64_t)weights->count, metadata,
                                sizeof metadata / sizeof *metadata, err));
cleanup:
    ar_free(yaml);
    ar_free(json);
    return status;
}

static ar_status from_torch(const request *r, ar_error *err)
{
    ar_configuration configuration = {0};
    ar_model *model = NULL;
    ar_released_weights weights = {0};
    ar_status status = AR_OK;
    AR_TRY(ar_released_configuration(&configuration, r->configuration, err));
    AR_TRY(ar_released_layout_apply(&configuration, r->inputs.items, r->inputs.count, err));
    AR_TRY(ar_model_create(&model, &configuration,
                           &(ar_model_options){.batch = 1, .type = AR_TYPE_FLOAT32}, err));
    AR_TRY(ar_released_weights_read(&weights, model, r->inputs.items, r->inputs.count,
                                    r->allow_missing.items, r->allow_missing.count, err));
    AR_TRY(write_weights(r, &weights, &configuration, err));
    ar_log(AR_LOG_INFO, "%s: %lld parameters with %lld numbers", r->out,
           (long long)weights.parameter_count, (long long)ar_model_parameter_count(model));
    if (weights.of_heads > 0) {
        ar_log(AR_LOG_INFO, "%lld of them were put together from heads, the layout of 2023",
               (long long)weights.of_heads);
    }
    if (weights.filled > 0) {
        ar_log(AR_LOG_WARNING, "%lld parameters are missing and have starting values",
               (long long)weights.filled);
    }
cleanup:
    ar_released_weights_release(&weights);
    ar_model_destroy(&model);
    ar_configuration_release(&configuration);
    return status;
}

/* ---- safetensors to a torch checkpoint ------------------------------------------------------- */

/* What a checkpoint of a training run holds besides the weights. */
static bool is_weight(const char *name)
{
    static const char *const others[] = {"optimiser.", "normalisation.", "training.", "grid."};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strncmp(name, others[i], strlen(others[i])) == 0) {
            return false;
        }
    }
    return true;
}

static ar_status to_torch(const request *r, ar_error *err)
{
    ar_safetensors *file = NULL;
    ar_safetensor *tensors = NULL;
    float **values = NULL;
    int64_t count = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_safetensors_open(&file, r->inputs.items[0], err));
    const size_t all = (size_t)ar_safetensors_count(file);
    AR_TRY(ar_allocate(&tensors, all, sizeof *tensors, "tensors", err));
    AR_TRY(ar_allocate(&values, all, sizeof *values, "tensors", err));
    for (size_t i = 0; i < all; i++) {
        const ar_safetensor *tensor = ar_safetensors_get(file, (int64_t)i);
        if (!is_weight(tensor->name)) {
            continue;
        }
        AR_TRY(
            ar_allocate(&values[count], (size_t)tensor->count, sizeof(float), tensor->name, err));
        AR_TRY(ar_safetensors_read_float(file, tensor, values[count], err));
        tensors[count] = *tensor;
        tensors[count].dtype = AR_DTYPE_F32;
        tensors[count].data = values[count];
        count++;
    }
    AR_TRY(ar_torch_write(r->out, tensors, count, err));
    ar_log(AR_LOG_INFO, "%s: %lld tensors", r->out, (long long)count);
    const char *layout = ar_safetensors_metadata(file, "layout");
    if (layout && strcmp(layout, "2023") == 0) {
        ar_log(AR_LOG_WARNING,
               "%s is a model of 2023; %s has its weights under the names of 2024, which tell of "
               "another network: queries of coupling heads without norm, and a decoder with norms",
               r->inputs.items[0], r->out);
    }
cleanup:
    for (int64_t i = 0; values && i < ar_safetensors_count(file); i++) {
        ar_free(values[i]);
    }
    ar_free(values);
    ar_free(tensors);
    ar_safetensors_close(&file);
    return status;
}

/* ---- the command ----------------------------------------------------------------------------- */

/* The direction follows from the name of what is to be written. */
static ar_status convert(const request *r, ar_error *err)
{
    if (ar_text_ends_with(r->out, ".safetensors")) {
        return r->configuration
                   ? from_torch(r, err)
                   : ar_fail(err, AR_ERROR_USAGE,
                             "--config is missing: the model_id<ID>.json that belongs to %s",
                             r->inputs.items[0]);
    }
    if (!ar_text_ends_with(r->out, ".mod")) {
        return ar_fail(err, AR_ERROR_USAGE, "--out %s: should end in .safetensors or .mod", r->out);
    }
    if (r->inputs.count != 1 || r->configuration || r->allow_missing.count > 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "to write %s takes one .safetensors, and neither --config nor "
                       "--allow-missing",
                       r->out);
    }
    return to_torch(r, err);
}

int ar_command_convert(int argc, char **argv)
{
    request r = {0};
    const ar_option options[] = {
        {"config", "model_id<ID>.json", "the released model's configuration; to read .mod",
         AR_OPTION_TEXT, &r.configuration, false},
        {"allow-missing", "PATTERN",
         "parameters that the files may lack, such as \"tails.*\"; they get starting values",
         AR_OPTION_LIST, &r.allow_missing, false},
        {"out", "FILE", "what to write: .safetensors, or .mod for torch.load", AR_OPTION_OUT,
         &r.out, true},
        {0}};
    const ar_command_line line = {
        .command = "convert",
        .description =
            "Turn released checkpoints (.mod, of torch) into safetensors, and back. Nothing of "
            "a .mod is executed.",
        .options = options,
        .operand = "FILE",
        .operand_help = "a .mod, or the files of a model's blocks (AtmoRep_encoder_<field>_id<ID>"
                        ".mod, ...); or one .safetensors",
        .operands = &r.inputs,
        .fewest_operands = 1,
        .most_operands = 1000,
        .example =
            "atmorep convert AtmoRep_id4nvwbetz.mod --config model_id4nvwbetz.json --out "
            "vorticity.safetensors\natmorep convert vorticity.safetensors --out vorticity.mod"};
    ar_error err = {""};
    int exit_code;
    if (ar_command_line_parse(&line, argc, argv, &exit_code)) {
        exit_code = ar_command_end("convert", convert(&r, &err), &err);
    }
    ar_text_list_release(&r.inputs);
    ar_text_list_release(&r.allow_missing);
    return exit_code;
}
