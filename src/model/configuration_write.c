#include "model/configuration.h"

#include "base/memory.h"
#include "data/regrid_names.h"
#include "io/yaml_text.h"
#include "model/configuration_schema.h"

static void add_name(ar_growing_text *out, const char *key, const char *name)
{
    if (!name && out->status == AR_OK) {
        out->status = ar_fail(out->err, AR_ERROR_USAGE,
                              "%s has a value that a configuration file has no word for", key);
    }
    ar_text_add(out, "%s: %s", key, name ? name : "");
}

static void add_period(ar_growing_text *out, const char *key, const char *start, const char *end)
{
    if (start && end) {
        ar_text_add(out, "  %s: {start: ", key);
        ar_yaml_add_quoted(out, start);
        ar_text_add(out, ", end: ");
        ar_yaml_add_quoted(out, end);
        ar_text_add(out, "}\n");
    }
}

static void add_numbers(ar_growing_text *out, const char *key, const double *values, int64_t count)
{
    ar_text_add(out, "%s: [", key);
    for (int64_t i = 0; i < count; i++) {
        ar_text_add(out, "%s", i ? ", " : "");
        ar_yaml_add_value(out, values[i]);
    }
    ar_text_add(out, "]");
}

static void add_integers(ar_growing_text *out, const char *key, const int64_t *values,
                         int64_t count)
{
    ar_text_add(out, "%s: [", key);
    for (int64_t i = 0; i < count; i++) {
        ar_text_add(out, "%s%lld", i ? ", " : "", (long long)values[i]);
    }
    ar_text_add(out, "]");
}

static void add_sampling(ar_growing_text *out, const ar_sampling_configuration *sampling)
{
    add_numbers(out, "sampling: {region", sampling->region, sampling->region_count);
    add_numbers(out, ", location", sampling->location, sampling->location_count);
    add_integers(out, ", months", sampling->months, sampling->month_count);
    add_integers(out, ", hours", sampling->hours, sampling->hour_count);
    ar_text_add(out, "}\n");
}

static void add_tau(ar_growing_text *out, const ar_tau_configuration *tau)
{
    ar_yaml_add_number(out, "tau: {share", tau->share);
    add_integers(out, ", hours", tau->hours, tau->hour_count);
    ar_yaml_add_integer(out, ", rows", tau->rows);
    ar_yaml_add_integer(out, ", columns", tau->columns);
    add_integers(out, ", strides", tau->strides, tau->stride_count);
    ar_text_add(out, "}\n");
}

static void add_data(ar_growing_text *out, const ar_configuration *configuration)
{
    ar_yaml_add_integer(out, "seed", configuration->seed);
    ar_text_add(out, "\ndata:\n");
    if (configuration->path_count > 0) {
        ar_yaml_add_texts(out, "  paths", (const char *const *)configuration->paths,
                          configuration->path_count);
    }
    ar_yaml_add_integer(out, "  time_step_hours", configuration->time_step_hours);
    if (configuration->token_stride > 1) {
        ar_yaml_add_integer(out, "\n  token_stride", configuration->token_stride);
    }
    if (configuration->member >= 0) {
        ar_yaml_add_integer(out, "\n  member", configuration->member);
    }
    ar_yaml_add_number(out, "\n  memory_gib", configuration->memory_gib);
    ar_yaml_add_integer(out, "\n  samples_per_month", configuration->samples_per_month);
    if (configuration->regridding.step > 0) {
        ar_yaml_add_number(out, "\n  grid: {step", configuration->regridding.step);
        add_name(out, ", method", ar_field_regrid_way_name(configuration->regridding.way));
        ar_text_add(out, "}");
    }
    ar_text_add(out, "\n");
    add_period(out, "training", configuration->training_start, configuration->training_end);
    add_period(out, "validation", configuration->validation_start, configuration->validation_end);
    add_sampling(out, &configuration->sampling);
    ar_text_add(out, "normalisation: {");
    add_name(out, "period", ar_normalisation_period_name(configuration->normalisation_period));
    add_name(out, ", area", ar_normalisation_area_name(configuration->normalisation_area));
    ar_text_add(out, "}\nmasking: {");
    add_name(out, "strategy", ar_mask_strategy_name(configuration->masking.strategy));
    ar_yaml_add_integer(out, ", forecast_tokens", configuration->masking.forecast_tokens);
    if (configuration->masking.strategy == AR_MASK_BERT) {
        ar_yaml_add_number(out, ", whole_times", configuration->masking.whole_times);
        ar_yaml_add_number(out, ", whole_places", configuration->masking.whole_places);
        ar_yaml_add_number(out, ", together", configuration->masking.together);
    }
    ar_text_add(out, "}\n");
    if (configuration->tau.share > 0) {
        add_tau(out, &configuration->tau);
    }
}

static void add_triple(ar_growing_text *out, const char *key, const int64_t values[3])
{
    ar_text_add(out, "%s: [%lld, %lld, %lld]", key, (long long)values[0], (long long)values[1],
                (long long)values[2]);
}

static void add_embedding(ar_growing_text *out, const ar_field_configuration *field)
{
    const ar_embedding_network *network = &field->embedding_network;
    ar_yaml_add_integer(out, "\n    embedding", field->embedding);
    add_name(out, "\n    embedding_network: {type", ar_embedding_name(network->kind));
    add_triple(out, ", patch", network->patch);
    ar_yaml_add_integer(out, ", layers", network->layers);
    ar_yaml_add_integer(out, ", heads", network->heads);
    ar_yaml_add_integer(out, ", width", network->width);
    ar_text_add(out, "}\n");
}

static void add_field(ar_growing_text *out, const ar_field_configuration *field)
{
    ar_text_add(out, "  - name: ");
    ar_yaml_add_quoted(out, field->name);
    if (field->variable) {
        ar_text_add(out, "\n    variable: ");
        ar_yaml_add_quoted(out, field->variable);
    }
    if (field->derived_from_count > 0) {
        ar_text_add(out, "\n");
        ar_yaml_add_texts(out, "    derived_from", (const char *const *)field->derived_from,
                          field->derived_from_count);
    }
    if (field->level_count > 0) {
        add_numbers(out, "\n    levels", field->levels, field->level_count);
    }
    add_triple(out, "\n    tokens", field->tokens.tokens);
    add_triple(out, "\n    token_size", field->tokens.token_size);
    add_embedding(out, field);
    ar_yaml_add_texts(out, "    coupled", (const char *const *)field->coupled,
                      field->coupled_count);
    if (field->coupling_heads_count > 0) {
        add_integers(out, "    coupling_heads", field->coupling_heads, field->coupling_heads_count);
        ar_text_add(out, "\n");
    }
    if (field->stream_of) {
        ar_text_add(out, "    stream_of: ");
        ar_yaml_add_quoted(out, field->stream_of);
        ar_text_add(out, "\n");
    }
    if (field->is_static) {
        ar_text_add(out, "    static: true\n");
    }
    ar_yaml_add_truth(out, "    predicted", field->predicted);
    ar_yaml_add_number(out, "\n    loss_weight", field->loss_weight);
    ar_yaml_add_number(out, "\n    masking: {ratio", field->tokens.mask_ratio);
    ar_yaml_add_number(out, ", zero", field->tokens.mask_zero);
    ar_yaml_add_number(out, ", noise", field->tokens.mask_noise);
    ar_yaml_add_number(out, ", coarsen", field->tokens.mask_coarsen);
    ar_text_add(out, "}\n");
}

/* Only where the order is not that of the fields. */
static void add_prediction_order(ar_growing_text *out, const ar_configuration *configuration)
{
    bool natural = true;
    for (int64_t k = 1; k < configuration->prediction_count; k++) {
        natural =
            natural && configuration->prediction_order[k - 1] < configuration->prediction_order[k];
    }
    if (natural) {
        return;
    }
    ar_text_add(out, "prediction_order: [");
    for (int64_t k = 0; k < configuration->prediction_count; k++) {
        ar_text_add(out, "%s", k ? ", " : "");
        ar_yaml_add_quoted(out, configuration->fields[configuration->prediction_order[k]].name);
    }
    ar_text_add(out, "]\n");
}

static void add_model(ar_growing_text *out, const ar_model_configuration *model)
{
    ar_yaml_add_integer(out, "model:\n  encoder: {layers", model->encoder_layers);
    ar_yaml_add_integer(out, ", heads", model->encoder_heads);
    ar_yaml_add_integer(out, ", mlp_layers", model->encoder_mlp_layers);
    ar_yaml_add_integer(out, "}\n  decoder: {layers", model->decoder_layers);
    ar_yaml_add_integer(out, ", heads", model->decoder_heads);
    ar_yaml_add_integer(out, ", mlp_layers", model->decoder_mlp_layers);
    ar_yaml_add_number(out, ", cross_ratio", model->decoder_cross_ratio);
    ar_yaml_add_integer(out, ", cross_rate", model->decoder_cross_rate);
    ar_yaml_add_truth(out, ", qk_layer_norm", model->decoder_qk_layer_norm);
    ar_yaml_add_integer(out, "}\n  coupling_heads", model->coupling_heads);
    add_name(out, "\n  attention: {kind", ar_attention_kind_name(model->attention));
    add_triple(out, ", window", model->attention_window);
    ar_yaml_add_truth(out, "}\n  qk_layer_norm", model->qk_layer_norm);
    ar_yaml_add_truth(out, "\n  coupling_query_norm", model->coupling_query_norm);
    ar_yaml_add_truth(out, "\n  mlp_output_gelu", model->mlp_output_gelu);
    ar_yaml_add_integer(out, "\n  tails", model->tails);
    ar_yaml_add_integer(out, "\n  tail_layers", model->tail_layers);
    add_name(out, "\n  token_info: {kind", ar_token_info_name(model->token_info));
    ar_yaml_add_integer(out, ", width", model->token_info_width);
    add_name(out, "}\n  positions", ar_positions_name(model->positions));
    ar_text_add(out, "\n");
}

static void add_training(ar_growing_text *out, const ar_training_configuration *training)
{
    ar_yaml_add_integer(out, "training:\n  steps", training->steps);
    ar_yaml_add_integer(out, "\n  batch", training->batch);
    ar_yaml_add_number(out, "\n  learning_rate", training->learning_rate);
    ar_yaml_add_number(out, "\n  learning_rate_final", training->learning_rate_final);
    ar_yaml_add_integer(out, "\n  warm_up_steps", training->warm_up_steps);
    add_name(out, "\n  decay", training->cosine_decay ? "cosine" : "constant");
    ar_yaml_add_number(out, "\n  weight_decay", training->weight_decay);
    ar_yaml_add_number(out, "\n  beta1", training->beta1);
    ar_yaml_add_number(out, "\n  beta2", training->beta2);
    ar_yaml_add_number(out, "\n  epsilon", training->epsilon);
    ar_yaml_add_number(out, "\n  gradient_clip", training->gradient_clip);
    ar_yaml_add_number(out, "\n  dropout", training->dropout);
    add_name(out, "\n  precision", ar_precision_name(training->precision));
    add_name(out, "\n  recompute", ar_recompute_name(training->recompute));
    ar_text_add(out, "\n  losses: {");
    for (int64_t i = 0; i < training->loss_count; i++) {
        ar_text_add(out, "%s", i ? ", " : "");
        ar_yaml_add_number(out, ar_loss_name(training->losses[i].kind), training->losses[i].weight);
    }
    ar_yaml_add_integer(out, "}\n  checkpoint_every", training->checkpoint_every);
    ar_yaml_add_integer(out, "\n  validate_every", training->validate_every);
    ar_yaml_add_integer(out, "\n  validation_samples", training->validation_samples);
    ar_yaml_add_integer(out, "\n  log_every", training->log_every);
    ar_text_add(out, "\n");
    if (training->freeze_count > 0) {
        ar_yaml_add_texts(out, "  freeze", (const char *const *)training->freeze,
                          training->freeze_count);
    }
}

ar_status ar_configuration_write(const ar_configuration *configuration, char **text, ar_error *err)
{
    ar_growing_text out = {.status = AR_OK, .err = err};
    *text = NULL;
    add_data(&out, configuration);
    ar_text_add(&out, "fields:\n");
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
