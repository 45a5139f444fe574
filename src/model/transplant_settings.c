#include "model/transplant_settings.h"

#include <stdio.h>
#include <string.h>

#include "model/configuration_schema.h"

typedef struct {
    const char *key;
    double then, now;
    const char *then_word, *now_word; /* in place of the numbers, where a value is a word */
} setting;

static const char *truth_word(bool value)
{
    return value ? "true" : "false";
}

static ar_status compare(const setting *s, const char *donor, const char *model, ar_error *err)
{
    char then[64], now[64];
    if (s->then == s->now) {
        return AR_OK;
    }
    snprintf(then, sizeof then, "%g", s->then);
    snprintf(now, sizeof now, "%g", s->now);
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: %s is %s there and %s in %s: its parameters are of another network; should "
                   "be equal",
                   donor, s->key, s->then_word ? s->then_word : then,
                   s->now_word ? s->now_word : now, model);
}

static ar_status check_triple(const char *key, const char *field, const int64_t then[3],
                              const int64_t now[3], const char *donor, const char *model,
                              ar_error *err)
{
    if (memcmp(then, now, 3 * sizeof *then) == 0) {
        return AR_OK;
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s: %s of field %s is [%lld, %lld, %lld] there and [%lld, %lld, %lld] in %s; "
                   "should be equal",
                   donor, key, field, (long long)then[0], (long long)then[1], (long long)then[2],
                   (long long)now[0], (long long)now[1], (long long)now[2], model);
}

/* Tokens and patches of as many points may have another shape. */
static ar_status check_field(const ar_field_configuration *then, const ar_field_configuration *now,
                             const char *donor, const char *model, ar_error *err)
{
    const int64_t *a = then->tokens.token_size, *b = now->tokens.token_size;
    const ar_embedding_network *in = &then->embedding_network, *out = &now->embedding_network;
    ar_status status = AR_OK;
    if (a[0] * a[1] * a[2] == b[0] * b[1] * b[2]) {
        status = check_triple("token_size", now->name, a, b, donor, model, err);
    }
    if (status == AR_OK && in->kind == AR_EMBEDDING_TRANSFORMER && out->kind == in->kind) {
        char key[128];
        snprintf(key, sizeof key, "embedding_network.heads of field %s", now->name);
        const setting heads = {key, (double)in->heads, (double)out->heads, NULL, NULL};
        status = compare(&heads, donor, model, err);
        if (status == AR_OK) {
            status = check_triple("embedding_network.patch", now->name, in->patch, out->patch,
                                  donor, model, err);
        }
    }
    return status;
}

/* Does any field that comes from the donor bring couplings with it? New ones are of the model. */
static bool takes_coupling(const ar_transplant *transplant, int64_t donor,
                           const ar_configuration *model)
{
    const ar_configuration *then = transplant->donors[donor].configuration;
    for (int64_t f = 0; f < model->field_count; f++) {
        if (transplant->donor_of_field[f] == donor &&
            then->fields[ar_configuration_find_field(then, model->fields[f].name)].coupled_count >
                0) {
            return true;
        }
    }
    return false;
}

ar_status ar_transplant_check_settings(const ar_transplant *transplant, int64_t donor,
                                       const ar_configuration *model, ar_error *err)
{
    const ar_configuration *then = transplant->donors[donor].configuration;
    const ar_model_configuration *a = &then->model, *b = &model->model;
    const char *path = ar_safetensors_path(transplant->donors[donor].file);
    const bool decoders = a->decoder_layers > 0 && b->decoder_layers > 0;
    const bool couplings = takes_coupling(transplant, donor, model);
    const setting settings[] = {
        {"model.encoder.heads", (double)a->encoder_heads, (double)b->encoder_heads, NULL, NULL},
        {"model.decoder.heads", decoders ? (double)a->decoder_heads : 0,
         decoders ? (double)b->decoder_heads : 0, NULL, NULL},
        {"model.decoder.cross_ratio", decoders ? a->decoder_cross_ratio : 0,
         decoders ? b->decoder_cross_ratio : 0, NULL, NULL},
        {"model.decoder.cross_rate", decoders ? (double)a->decoder_cross_rate : 0,
         decoders ? (double)b->decoder_cross_rate : 0, NULL, NULL},
        {"model.qk_layer_norm", a->qk_layer_norm, b->qk_layer_norm, truth_word(a->qk_layer_norm),
         truth_word(b->qk_layer_norm)},
        {"model.coupling_query_norm", couplings && a->coupling_query_norm,
         couplings && b->coupling_query_norm, truth_word(a->coupling_query_norm),
         truth_word(b->coupling_query_norm)},
        {"model.decoder.qk_layer_norm", decoders && a->decoder_qk_layer_norm,
         decoders && b->decoder_qk_layer_norm, truth_word(a->decoder_qk_layer_norm),
         truth_word(b->decoder_qk_layer_norm)},
        {"model.mlp_output_gelu", a->mlp_output_gelu, b->mlp_output_gelu,
         truth_word(a->mlp_output_gelu), truth_word(b->mlp_output_gelu)},
        {"model.token_info.kind", (double)a->token_info, (double)b->token_info,
         ar_token_info_name(a->token_info), ar_token_info_name(b->token_info)},
    };
    ar_status status = AR_OK;
    for (size_t i = 0; status == AR_OK && i < sizeof settings / sizeof *settings; i++) {
        status = compare(&settings[i], path, model->file, err);
    }
    for (int64_t f = 0; status == AR_OK && f < model->field_count; f++) {
        if (transplant->donor_of_field[f] == donor) {
            const int64_t own = ar_configuration_find_field(then, model->fields[f].name);
            status = check_field(&then->fields[own], &model->fields[f], path, model->file, err);
        }
    }
    return status;
}
