#include "model/released_configuration.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "model/released_file.h"

enum { LARGEST_FILE = 4 << 20 };

ar_status ar_released_wrong(const ar_released_file *file, const char *key, const cJSON *value,
                            const char *right)
{
    char *found = value ? cJSON_PrintUnformatted(value) : NULL;
    ar_status status =
        ar_fail(file->err, AR_ERROR_INPUT, "%s: %s is %.120s; should be %s", file->path, key,
                found ? found : (value ? "unreadable" : "missing"), right);
    cJSON_free(found);
    return status;
}

bool ar_released_is_whole(const cJSON *value)
{
    return cJSON_IsNumber(value) && value->valuedouble == floor(value->valuedouble) &&
           fabs(value->valuedouble) < 9e15;
}

const cJSON *ar_released_value(const ar_released_file *file, const char *key)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(file->root, key);
    return cJSON_IsNull(value) ? NULL : value;
}

/* Read a whole number; a key that is not there leaves *number as it is, unless it is required. */
static ar_status read_integer(const ar_released_file *file, const char *key, bool required,
                              int64_t *number)
{
    const cJSON *value = ar_released_value(file, key);
    if (!value && !required) {
        return AR_OK;
    }
    if (!ar_released_is_whole(value)) {
        return ar_released_wrong(file, key, value, "a whole number");
    }
    *number = (int64_t)value->valuedouble;
    return AR_OK;
}

static ar_status read_number(const ar_released_file *file, const char *key, double *number)
{
    const cJSON *value = ar_released_value(file, key);
    if (value && !cJSON_IsNumber(value)) {
        return ar_released_wrong(file, key, value, "a number");
    }
    if (value) {
        *number = value->valuedouble;
    }
    return AR_OK;
}

static ar_status read_truth(const ar_released_file *file, const char *key, bool *truth)
{
    const cJSON *value = ar_released_value(file, key);
    if (value && !cJSON_IsBool(value)) {
        return ar_released_wrong(file, key, value, "true or false");
    }
    if (value) {
        *truth = cJSON_IsTrue(value);
    }
    return AR_OK;
}

/* Three whole numbers at place `at` of a field's list. */
/* Names of losses as the released code spells them; its kernel_crps is the fair one. */
static ar_loss_kind released_loss(const char *name)
{
    if (strcmp(name, "kernel_crps") == 0) {
        return AR_LOSS_KERNEL_CRPS_FAIR;
    }
    static const ar_loss_kind same[] = {AR_LOSS_MSE_ENSEMBLE, AR_LOSS_STATS,
                                        AR_LOSS_MSE,          AR_LOSS_CRPS,
                                        AR_LOSS_WEIGHTED_MSE, AR_LOSS_STATS_AREA};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        if (strcmp(name, ar_loss_name(same[i])) == 0) {
            return same[i];
        }
    }
    return AR_LOSS_KIND_COUNT;
}

static ar_status read_losses(const ar_released_file *file)
{
    const cJSON *list = ar_released_value(file, "losses"), *name;
    bool used[AR_LOSS_KIND_COUNT] = {false};
    if (!cJSON_IsArray(list)) {
        return ar_released_wrong(file, "losses", list, "a list of names of losses");
    }
    cJSON_ArrayForEach(name, list)
    {
        ar_loss_kind kind =
            cJSON_IsString(name) ? released_loss(name->valuestring) : AR_LOSS_KIND_COUNT;
        if (kind == AR_LOSS_KIND_COUNT) {
            return ar_released_wrong(
                file, "losses", list,
                "a list of mse_ensemble, weighted_mse, stats, stats_area, mse, crps and "
                "kernel_crps");
        }
        used[kind] = true;
    }
    /* Ordered by kind, as in a configuration file. */
    ar_training_configuration *training = &file->configuration->training;
    for (int kind = 0; kind < AR_LOSS_KIND_COUNT; kind++) {
        if (used[kind]) {
            training->losses[training->loss_count++] = (ar_loss_term){(ar_loss_kind)kind, 1.0};
        }
    }
    return AR_OK;
}

/* Options of the released code that change what is computed and have one supported value. */
static ar_status refuse_unsupported(const ar_released_file *file)
{
    static const struct {
        const char *key;
        const char *value; /* as JSON */
    } supported[] = {
        {"size_token_info", "8"},          {"with_cls", "false"},
        {"with_layernorm", "true"},        {"encoder_att_type", "\"dense\""},
        {"decoder_att_type", "\"dense\""}, {"decoder_self_att", "false"},
    };
    ar_status status = AR_OK;
    for (size_t i = 0; status == AR_OK && i < sizeof supported / sizeof *supported; i++) {
        const cJSON *value = ar_released_value(file, supported[i].key);
        char *found = value ? cJSON_PrintUnformatted(value) : NULL;
        if (found && strcmp(found, supported[i].value) != 0) {
            char right[64];
            snprintf(right, sizeof right, "%s, the only one supported", supported[i].value);
            status = ar_released_wrong(file, supported[i].key, value, right);
        }
        cJSON_free(found);
    }
    return status;
}

static ar_status read_model(const ar_released_file *file)
{
    ar_model_configuration *model = &file->configuration->model;
    double cross_rate = 1.0;
    ar_status status = refuse_unsupported(file);
    if (status != AR_OK) {
        return status;
    }
    *model = (ar_model_configuration){
        .encoder_mlp_layers = 2,
        .decoder_mlp_layers = 2,
        .decoder_cross_ratio = 0.5,
        .coupling_heads = 1,
        .decoder_qk_layer_norm = true,
        .mlp_output_gelu = true,
        .token_info_width = 16,
        .token_info = AR_TOKEN_INFO_RELEASED,
        .positions = AR_POSITIONS_HARMONIC,
    };
    AR_TRY(read_integer(file, "encoder_num_layers", true, &model->encoder_layers));
    AR_TRY(read_integer(file, "encoder_num_heads", true, &model->encoder_heads));
    AR_TRY(read_integer(file, "encoder_num_mlp_layers", false, &model->encoder_mlp_layers));
    AR_TRY(read_integer(file, "decoder_num_layers", true, &model->decoder_layers));
    AR_TRY(read_integer(file, "decoder_num_heads", true, &model->decoder_heads));
    AR_TRY(read_integer(file, "decoder_num_mlp_layers", false, &model->decoder_mlp_layers));
    AR_TRY(read_number(file, "decoder_cross_att_ratio", &model->decoder_cross_ratio));
    AR_TRY(read_number(file, "decoder_cross_att_rate", &cross_rate));
    AR_TRY(read_integer(file, "coupling_num_heads_per_field", false, &model->coupling_heads));
    AR_TRY(read_integer(file, "net_tail_num_nets", true, &model->tails));
    AR_TRY(read_integer(file, "net_tail_num_layers", false, &model->tail_layers));
    AR_TRY(read_integer(file, "size_token_info_net", false, &model->token_info_width));
    AR_TRY(read_truth(file, "with_qk_lnorm", &model->qk_layer_norm));
    if (!(cross_rate >= 1 && cross_rate <= 1000) || cross_rate != floor(cross_rate)) {
        return ar_released_wrong(file, "decoder_cross_att_rate",
                                 ar_released_value(file, "decoder_cross_att_rate"),
                                 "a whole number of 1 or more");
    }
    model->decoder_cross_rate = (int64_t)cross_rate;

cleanup:
    return status;
}

/* A list of years says when the model was trained; anything else there says nothing. */
static ar_status read_years(const ar_released_file *file)
{
    ar_configuration *configuration = file->configuration;
    const cJSON *years = ar_released_value(file, "years_train"), *year;
    double first = 9999, last = 1;
    char text[32];
    ar_status status = AR_OK;
    if (!cJSON_IsArray(years) || cJSON_GetArraySize(years) == 0) {
        return AR_OK;
    }
    cJSON_ArrayForEach(year, years)
    {
        if (!ar_released_is_whole(year) || year->valuedouble < 1 || year->valuedouble > 9999) {
            return AR_OK;
        }
        first = fmin(first, year->valuedouble);
        last = fmax(last, year->valuedouble);
    }
    snprintf(text, sizeof text, "%04.0f-01-01", first);
    AR_TRY(ar_copy_string(&configuration->training_start, text, file->err));
    snprintf(text, sizeof text, "%04.0f-12-31T23", last);
    AR_TRY(ar_copy_string(&configuration->training_end, text, file->err));
cleanup:
    return status;
}

static ar_status read_training(const ar_released_file *file)
{
    ar_configuration *configuration = file->configuration;
    ar_training_configuration *training = &configuration->training;
    ar_status status = AR_OK;
    *training = (ar_training_configuration){
        .steps = 10000,
        .batch = 16,
        .learning_rate = 2e-5,
        .learning_rate_final = -1,
        .weight_decay = 0.05,
        .beta1 = 0.9,
        .beta2 = 0.999,
        .epsilon = 1e-8,
        .checkpoint_every = 500,
        .validate_every = 500,
        .validation_samples = 192,
        .log_every = 10,
    };
    configuration->seed = 1;
    configuration->time_step_hours = 1;
    configuration->token_stride = 1;
    configuration->member = -1;
    configuration->memory_gib = 4;
    configuration->samples_per_month = 2048;
    configuration->normalisation_period = AR_PERIOD_MONTHLY;
    configuration->masking = (ar_masking){.strategy = AR_MASK_BERT, .forecast_tokens = 1};
    AR_TRY(read_number(file, "lr_max", &training->learning_rate));
    AR_TRY(read_number(file, "lr", &training->learning_rate));
    AR_TRY(read_number(file, "lr_min", &training->learning_rate_final));
    if (training->learning_rate_final < 0) {
        training->learning_rate_final = training->learning_rate;
    }
    AR_TRY(read_number(file, "weight_decay", &training->weight_decay));
    AR_TRY(read_number(file, "dropout_rate", &training->dropout));
    AR_TRY(read_integer(file, "batch_size_max", false, &training->batch));
    AR_TRY(read_integer(file, "batch_size", false, &training->batch));
    AR_TRY(read_integer(file, "rng_seed", false, &configuration->seed));
    AR_TRY(
        read_integer(file, "forecast_num_tokens", false, &configuration->masking.forecast_tokens));
    const cJSON *strategy = ar_released_value(file, "BERT_strategy");
    if (cJSON_IsString(strategy) && strcmp(strategy->valuestring, "forecast") == 0) {
        configuration->masking.strategy = AR_MASK_FORECAST;
    }
    AR_TRY(read_losses(file));
    AR_TRY(read_years(file));

cleanup:
    return status;
}

ar_status ar_released_configuration(ar_configuration *configuration, const char *json_path,
                                    ar_error *err)
{
    ar_status status = AR_OK;
    char *text = NULL;
    size_t bytes = 0;
    cJSON *root = NULL;
    *configuration = (ar_configuration){0};
    AR_TRY(ar_file_read_whole(json_path, LARGEST_FILE, &text, &bytes, err));
    root = cJSON_ParseWithLength(text, bytes);
    if (!cJSON_IsObject(root)) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: not a JSON object; should be the model_id<ID>.json of a released "
                         "model",
                         json_path);
        goto cleanup;
    }
    const ar_released_file file = {configuration, root, json_path, err};
    AR_TRY(ar_copy_string(&configuration->file, json_path, err));
    AR_TRY(ar_released_fields(&file));
    AR_TRY(ar_released_prediction(&file));
    AR_TRY(read_model(&file));
    AR_TRY(read_training(&file));
    AR_TRY(ar_configuration_check(configuration, err));

cleanup:
    cJSON_Delete(root);
    ar_free(text);
    if (status != AR_OK) {
        ar_configuration_release(configuration);
    }
    return status;
}
