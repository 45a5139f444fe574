#include <stdio.h>

#include "base/memory.h"
#include "cli/info.h"
#include "io/safetensors.h"
#include "io/torch_file.h"
#include "model/released_configuration.h"
#include "train/checkpoint.h"

static void describe_fields(cJSON *tree, const ar_configuration *configuration)
{
    cJSON *fields = cJSON_AddObjectToObject(tree, "fields");
    for (int64_t f = 0; f < configuration->field_count; f++) {
        const ar_field_configuration *field = &configuration->fields[f];
        const int64_t *tokens = field->tokens.tokens, *size = field->tokens.token_size;
        char text[96];
        cJSON *entry = cJSON_AddObjectToObject(fields, field->name);
        if (field->level_count == 1 && field->levels[0] == 0) {
            cJSON_AddStringToObject(entry, "levels", "one, without a level");
        } else if (field->level_count > 0) {
            cJSON_AddItemToObject(entry, "levels",
                                  cJSON_CreateDoubleArray(field->levels, (int)field->level_count));
        } else {
            cJSON_AddStringToObject(entry, "levels", "all of the data (one is assumed here)");
        }
        snprintf(text, sizeof text, "%lld x %lld x %lld of %lld x %lld x %lld points",
                 (long long)tokens[0], (long long)tokens[1], (long long)tokens[2],
                 (long long)size[0], (long long)size[1], (long long)size[2]);
        cJSON_AddStringToObject(entry, "tokens", text);
        cJSON_AddNumberToObject(entry, "embedding", (double)field->embedding);
        cJSON *coupled = cJSON_AddArrayToObject(entry, "coupled");
        for (int64_t i = 0; i < field->coupled_count; i++) {
            cJSON_AddItemToArray(coupled, cJSON_CreateString(field->coupled[i]));
        }
        if (field->stream_of) {
            cJSON_AddStringToObject(entry, "stream of", field->stream_of);
        }
        if (field->is_static) {
            cJSON_AddBoolToObject(entry, "static", true);
        }
        cJSON_AddBoolToObject(entry, "predicted", field->predicted);
    }
}

/* All keys with their values, defaults too, as YAML. */
static ar_status describe_settings(cJSON *tree, const ar_configuration *configuration,
                                   ar_error *err)
{
    char *yaml = NULL;
    ar_status status = ar_configuration_write(configuration, &yaml, err);
    if (status == AR_OK) {
        cJSON_AddStringToObject(tree, "configuration", yaml);
    }
    ar_free(yaml);
    return status;
}

ar_status ar_info_add_configuration(cJSON *tree, const char *path, bool released, ar_error *err)
{
    ar_configuration configuration = {0};
    ar_status status = AR_OK;
    if (released) {
        AR_TRY(ar_released_configuration(&configuration, path, err));
    } else {
        AR_TRY(ar_configuration_read(&configuration, path, NULL, 0, err));
    }
    cJSON_AddStringToObject(tree, "format",
                            released ? "configuration of a released model" : "configuration");
    describe_fields(tree, &configuration);
    AR_TRY(describe_settings(tree, &configuration, err));
    AR_TRY(ar_info_add_cost(tree, &configuration, err));
cleanup:
    ar_configuration_release(&configuration);
    return status;
}

ar_status ar_info_add_checkpoint(cJSON *tree, const char *path, ar_error *err)
{
    ar_checkpoint checkpoint = {0};
    ar_status status = AR_OK;
    AR_TRY(ar_checkpoint_open(&checkpoint, path, err));
    ar_configuration *c = &checkpoint.configuration;
    cJSON_AddStringToObject(tree, "format", "atmorep checkpoint");
    cJSON_AddStringToObject(tree, "file", checkpoint.path);
    cJSON_AddNumberToObject(tree, "step", (double)checkpoint.step);
    cJSON_AddNumberToObject(tree, "steps wanted", (double)c->training.steps);
    if (ar_checkpoint_origin(&checkpoint)) {
        cJSON_AddStringToObject(tree, "started from", ar_checkpoint_origin(&checkpoint));
    }
    cJSON_AddStringToObject(tree, "training start", c->training_start ? c->training_start : "");
    cJSON_AddStringToObject(tree, "training end", c->training_end ? c->training_end : "");
    describe_fields(tree, c);
    AR_TRY(describe_settings(tree, c, err));
    AR_TRY(ar_info_add_cost(tree, c, err));
cleanup:
    ar_checkpoint_close(&checkpoint);
    return status;
}

/* "F32 48 x 108" */
static void describe_tensor(cJSON *tensors, const char *name, ar_dtype dtype, int rank,
                            const int64_t *shape)
{
    static const char *const types[] = {"F32", "F64", "I32", "I64", "U8", "BF16", "F16"};
    char text[256];
    int used = snprintf(text, sizeof text, "%s", types[dtype]);
    for (int d = 0; d < rank; d++) {
        used += snprintf(text + used, sizeof text - (size_t)used, "%s%lld", d ? " x " : " ",
                         (long long)shape[d]);
    }
    cJSON_AddStringToObject(tensors, name, text);
}

ar_status ar_info_add_torch(cJSON *tree, const char *path, ar_error *err)
{
    ar_torch_file *file = NULL;
    ar_status status = ar_torch_open(&file, path, err);
    if (status == AR_OK) {
        cJSON_AddStringToObject(tree, "format", "torch checkpoint");
        cJSON *tensors = cJSON_AddObjectToObject(tree, "tensors");
        for (int64_t i = 0; i < ar_torch_count(file); i++) {
            const ar_torch_tensor *tensor = ar_torch_get(file, i);
            describe_tensor(tensors, tensor->name, tensor->dtype, tensor->rank, tensor->shape);
        }
    }
    ar_torch_close(&file);
    return status;
}

ar_status ar_info_add_safetensors(cJSON *tree, const char *path, ar_error *err)
{
    ar_safetensors *file = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_safetensors_open(&file, path, err));
    if (ar_safetensors_metadata(file, "step")) {
        status = ar_info_add_checkpoint(tree, path, err);
        goto cleanup;
    }
    cJSON_AddStringToObject(tree, "format", "safetensors");
    cJSON *tensors = cJSON_AddObjectToObject(tree, "tensors");
    for (int64_t i = 0; i < ar_safetensors_count(file); i++) {
        const ar_safetensor *tensor = ar_safetensors_get(file, i);
        describe_tensor(tensors, tensor->name, tensor->dtype, tensor->rank, tensor->shape);
    }
cleanup:
    ar_safetensors_close(&file);
    return status;
}
