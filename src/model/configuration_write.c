#include "model/configuration.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/configuration_schema.h"

typedef struct {
    char *text;
    size_t length, capacity;
    ar_status status; /* the first failure; nothing is added after it */
    ar_error *err;
} writer;

AR_PRINTF(2, 3)
static void add(writer *out, const char *format, ...)
{
    if (out->status != AR_OK) {
        return;
    }
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    out->status = ar_grow(&out->text, &out->capacity, out->length + (size_t)length + 1, 1,
                          "a configuration's text", out->err);
    if (out->status == AR_OK) {
        vsnprintf(out->text + out->length, (size_t)length + 1, format, again);
        out->length += (size_t)length;
    }
    va_end(again);
}

static void add_integer(writer *out, const char *key, int64_t value)
{
    add(out, "%s: %lld", key, (long long)value);
}

static void add_value(writer *out, double value)
{
    /* The shortest digits that read back as the same number; 17 always do. */
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    add(out, "%s", text);
}

static void add_number(writer *out, const char *key, double value)
{
    add(out, "%s: ", key);
    add_value(out, value);
}

static void add_truth(writer *out, const char *key, bool value)
{
    add(out, "%s: %s", key, value ? "true" : "false");
}

/* Users' texts are always in quotes: a name such as `no` stays a text for every YAML reader. */
static void add_text(writer *out, const char *text)
{
    add(out, "\"");
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\') {
            add(out, "\\%c", *c);
        } else if ((unsigned char)*c < ' ' || *c == 0x7f) {
            add(out, "\\x%02x", (unsigned)(unsigned char)*c);
        } else {
            add(out, "%c", *c);
        }
    }
    add(out, "\"");
}

static void add_texts(writer *out, const char *key, char *const *texts, int64_t count)
{
    add(out, "%s: [", key);
    for (int64_t i = 0; i < count; i++) {
        add(out, "%s", i ? ", " : "");
        add_text(out, texts[i]);
    }
    add(out, "]\n");
}

static void add_name(writer *out, const char *key, const char *name)
{
    if (!name && out->status == AR_OK) {
        out->status = ar_fail(out->err, AR_ERROR_USAGE,
                              "%s has a value that a configuration file has no word for", key);
    }
    add(out, "%s: %s", key, name ? name : "");
}

static void add_period(writer *out, const char *key, const char *start, const char *end)
{
    if (start && end) {
        add(out, "  %s: {start: ", key);
        add_text(out, start);
        add(out, ", end: ");
        add_text(out, end);
        add(out, "}\n");
    }
}

static void add_data(writer *out, const ar_configuration *configuration)
{
    add_integer(out, "seed", configuration->seed);
    add(out, "\ndata:\n");
    if (configuration->path_count > 0) {
        add_texts(out, "  paths", configuration->paths, configuration->path_count);
    }
    add_integer(out, "  time_step_hours", configuration->time_step_hours);
    add(out, "\n");
    add_period(out, "training", configuration->training_start, configuration->training_end);
    add_period(out, "validation", configuration->validation_start, configuration->validation_end);
    add(out, "normalisation: {");
    add_name(out, "period", ar_normalisation_period_name(configuration->normalisation_period));
    add_name(out, ", area", ar_normalisation_area_name(configuration->normalisation_area));
    add(out, "}\nmasking: {");
    add_name(out, "strategy", ar_mask_strategy_name(configuration->masking.strategy));
    add_integer(out, ", forecast_tokens", configuration->masking.forecast_tokens);
    add(out, "}\n");
}

static void add_triple(writer *out, const char *key, const int64_t values[3])
{
    add(out, "%s: [%lld, %lld, %lld]", key, (long long)values[0], (long long)values[1],
        (long long)values[2]);
}

static void add_embedding(writer *out, const ar_field_configuration *field)
{
    const ar_embedding_network *network = &field->embedding_network;
    add_integer(out, "\n    embedding", field->embedding);
    add_name(out, "\n    embedding_network: {type", ar_embedding_name(network->kind));
    add_triple(out, ", patch", network->patch);
    add_integer(out, ", layers", network->layers);
    add_integer(out, ", heads", network->heads);
    add_integer(out, ", width", network->width);
    add(out, "}\n");
}

static void add_field(writer *out, const ar_field_configuration *field)
{
    add(out, "  - name: ");
    add_text(out, field->name);
    if (field->variable) {
        add(out, "\n    variable: ");
        add_text(out, field->variable);
    }
    if (field->level_count > 0) {
        add(out, "\n    levels: [");
        for (int64_t i = 0; i < field->level_count; i++) {
            add(out, "%s", i ? ", " : "");
            add_value(out, field->levels[i]);
        }
        add(out, "]");
    }
    add_triple(out, "\n    tokens", field->tokens.tokens);
    add_triple(out, "\n    token_size", field->tokens.token_size);
    add_embedding(out, field);
    add_texts(out, "    coupled", field->coupled, field->coupled_count);
    if (field->coupling_heads_count > 0) {
        add(out, "    coupling_heads: [");
        for (int64_t i = 0; i < field->coupling_heads_count; i++) {
            add(out, "%s%lld", i ? ", " : "", (long long)field->coupling_heads[i]);
        }
        add(out, "]\n");
    }
    if (field->is_static) {
        add(out, "    static: true\n");
    }
    add_truth(out, "    predicted", field->predicted);
    add_number(out, "\n    loss_weight", field->loss_weight);
    add_number(out, "\n    masking: {ratio", field->tokens.mask_ratio);
    add_number(out, ", zero", field->tokens.mask_zero);
    add_number(out, ", noise", field->tokens.mask_noise);
    add_number(out, ", coarsen", field->tokens.mask_coarsen);
    add(out, "}\n");
}

/* Only where the order is not that of the fields. */
static void add_prediction_order(writer *out, const ar_configuration *configuration)
{
    bool natural = true;
    for (int64_t k = 1; k < configuration->prediction_count; k++) {
        natural =
            natural && configuration->prediction_order[k - 1] < configuration->prediction_order[k];
    }
    if (natural) {
        return;
    }
    add(out, "prediction_order: [");
    for (int64_t k = 0; k < configuration->prediction_count; k++) {
        add(out, "%s", k ? ", " : "");
        add_text(out, configuration->fields[configuration->prediction_order[k]].name);
    }
    add(out, "]\n");
}

static void add_model(writer *out, const ar_model_configuration *model)
{
    add_integer(out, "model:\n  encoder: {layers", model->encoder_layers);
    add_integer(out, ", heads", model->encoder_heads);
    add_integer(out, ", mlp_layers", model->encoder_mlp_layers);
    add_integer(out, "}\n  decoder: {layers", model->decoder_layers);
    add_integer(out, ", heads", model->decoder_heads);
    add_integer(out, ", mlp_layers", model->decoder_mlp_layers);
    add_number(out, ", cross_ratio", model->decoder_cross_ratio);
    add_integer(out, ", cross_rate", model->decoder_cross_rate);
    add_integer(out, "}\n  coupling_heads", model->coupling_heads);
    add_name(out, "\n  attention: {kind", ar_attention_kind_name(model->attention));
    add_triple(out, ", window", model->attention_window);
    add_truth(out, "}\n  qk_layer_norm", model->qk_layer_norm);
    add_truth(out, "\n  mlp_output_gelu", model->mlp_output_gelu);
    add_integer(out, "\n  tails", model->tails);
    add_integer(out, "\n  tail_layers", model->tail_layers);
    add_name(out, "\n  token_info: {kind", ar_token_info_name(model->token_info));
    add_integer(out, ", width", model->token_info_width);
    add_name(out, "}\n  positions", ar_positions_name(model->positions));
    add(out, "\n");
}

static void add_training(writer *out, const ar_training_configuration *training)
{
    add_integer(out, "training:\n  steps", training->steps);
    add_integer(out, "\n  batch", training->batch);
    add_number(out, "\n  learning_rate", training->learning_rate);
    add_number(out, "\n  learning_rate_final", training->learning_rate_final);
    add_integer(out, "\n  warm_up_steps", training->warm_up_steps);
    add_name(out, "\n  decay", training->cosine_decay ? "cosine" : "constant");
    add_number(out, "\n  weight_decay", training->weight_decay);
    add_number(out, "\n  beta1", training->beta1);
    add_number(out, "\n  beta2", training->beta2);
    add_number(out, "\n  epsilon", training->epsilon);
    add_number(out, "\n  gradient_clip", training->gradient_clip);
    add_truth(out, "\n  recompute", training->recompute);
    add(out, "\n  losses: {");
    for (int64_t i = 0; i < training->loss_count; i++) {
        add(out, "%s", i ? ", " : "");
        add_number(out, ar_loss_name(training->losses[i].kind), training->losses[i].weight);
    }
    add_integer(out, "}\n  checkpoint_every", training->checkpoint_every);
    add_integer(out, "\n  validate_every", training->validate_every);
    add_integer(out, "\n  validation_samples", training->validation_samples);
    add_integer(out, "\n  log_every", training->log_every);
    add(out, "\n");
}

ar_status ar_configuration_write(const ar_configuration *configuration, char **text, ar_error *err)
{
    writer out = {.status = AR_OK, .err = err};
    *text = NULL;
    add_data(&out, configuration);
    add(&out, "fields:\n");
    for (int64_t i = 0; i < configuration->field_count; i++) {
        add_field(&out, &configuration->fields[i]);
    }
    add_prediction_order(&out, configuration);
    add_model(&out, &configuration->model);
    add_training(&out, &configuration->training);
    if (out.status != AR_OK) {
        ar_free(out.text);
        return out.status;
    }
    *text = out.text;
    return AR_OK;
}
