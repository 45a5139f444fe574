/* What is wrong with one entry of `fields`, by itself and beside the others. */
#include "model/configuration_check.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Far outside of what any machine trains, so that products of sizes stay small integers. */
enum { MOST_TOKENS = 1 << 24 };

/* Compose the key of a field's value in the fault and return it. */
static const char *field_key(ar_configuration_fault *fault, int64_t field, const char *key)
{
    snprintf(fault->key, sizeof fault->key, "fields[%lld].%s", (long long)field, key);
    return fault->key;
}

ar_status ar_configuration_check_name(const ar_configuration *configuration, int64_t i,
                                      ar_configuration_fault *fault)
{
    const char *name = configuration->fields[i].name;
    const char *key = field_key(fault, i, "name");
    size_t length = strlen(name);
    bool letter = false;
    for (size_t c = 0; c < length; c++) {
        letter = letter || isalpha((unsigned char)name[c]);
    }
    if (!letter || length > 63 ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")]) {
        return ar_configuration_refuse(
            fault, key,
            "is '%.80s'; should be at most 63 letters, digits, _ and -, with at least "
            "one letter",
            name);
    }
    for (int64_t j = 0; j < i; j++) {
        if (strcmp(name, configuration->fields[j].name) == 0) {
            return ar_configuration_refuse(
                fault, key, "is '%s', which fields[%lld] has already; should be unique", name,
                (long long)j);
        }
    }
    return AR_OK;
}

static ar_status check_levels(const ar_field_configuration *field, int64_t i,
                              ar_configuration_fault *fault)
{
    if (field->level_count > AR_LEVEL_MAX) {
        return ar_configuration_refuse(fault, field_key(fault, i, "levels"),
                                       "has %lld entries; should be at most %d",
                                       (long long)field->level_count, AR_LEVEL_MAX);
    }
    for (int64_t l = 0; l < field->level_count; l++) {
        char key[32];
        snprintf(key, sizeof key, "levels[%lld]", (long long)l);
        if (!isfinite(field->levels[l])) {
            return ar_configuration_refuse(fault, field_key(fault, i, key),
                                           "is %g; should be a finite number", field->levels[l]);
        }
        for (int64_t m = 0; m < l; m++) {
            if (field->levels[l] == field->levels[m]) {
                return ar_configuration_refuse(
                    fault, field_key(fault, i, key),
                    "is %g, which levels[%lld] is already; should be unique", field->levels[l],
                    (long long)m);
            }
        }
    }
    return AR_OK;
}

static ar_status check_tokens(const ar_field_configuration *field, int64_t i,
                              ar_configuration_fault *fault)
{
    const ar_field_tokens *shape = &field->tokens;
    int64_t tokens = 1, values = 1;
    for (int d = 0; d < 3; d++) {
        char key[32];
        snprintf(key, sizeof key, "tokens[%d]", d);
        ar_status status = ar_configuration_check_integer(fault, field_key(fault, i, key),
                                                          shape->tokens[d], 1, 100000);
        if (status != AR_OK) {
            return status;
        }
        snprintf(key, sizeof key, "token_size[%d]", d);
        status = ar_configuration_check_integer(fault, field_key(fault, i, key),
                                                shape->token_size[d], 1, 100000);
        if (status != AR_OK) {
            return status;
        }
        tokens *= shape->tokens[d];
        values *= shape->token_size[d];
    }
    if (tokens > MOST_TOKENS || values > MOST_TOKENS) {
        return ar_configuration_refuse(
            fault, field_key(fault, i, tokens > MOST_TOKENS ? "tokens" : "token_size"),
            "has a product of %lld; should be at most %d",
            (long long)(tokens > MOST_TOKENS ? tokens : values), MOST_TOKENS);
    }
    const struct {
        const char *key;
        double value;
    } shares[] = {{"masking.ratio", shape->mask_ratio},
                  {"masking.zero", shape->mask_zero},
                  {"masking.noise", shape->mask_noise},
                  {"masking.coarsen", shape->mask_coarsen}};
    for (int k = 0; k < 4; k++) {
        ar_status status = ar_configuration_check_number(fault, field_key(fault, i, shares[k].key),
                                                         shares[k].value, 0, 1);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

/* All fields are cut from the same cube of space and time. */
static ar_status check_extents(const ar_configuration *configuration, int64_t i,
                               ar_configuration_fault *fault)
{
    static const char *const axes[3] = {"in time", "in latitude", "in longitude"};
    const ar_field_configuration *field = &configuration->fields[i], *first = configuration->fields;
    for (int d = 0; d < 3; d++) {
        int64_t points = field->tokens.tokens[d] * field->tokens.token_size[d];
        int64_t wanted = first->tokens.tokens[d] * first->tokens.token_size[d];
        if (points != wanted) {
            char key[32];
            snprintf(key, sizeof key, "tokens[%d]", d);
            return ar_configuration_refuse(
                fault, field_key(fault, i, key),
                "is %lld, which times token_size %lld makes a cube of %lld points %s, "
                "but that of fields[0] (%s) has %lld; should be equal for all fields",
                (long long)field->tokens.tokens[d], (long long)field->tokens.token_size[d],
                (long long)points, axes[d], first->name, (long long)wanted);
        }
    }
    return AR_OK;
}

static ar_status check_divisible(int64_t embedding, int64_t i, int64_t heads, const char *heads_key,
                                 ar_configuration_fault *fault)
{
    if (embedding % heads == 0) {
        return AR_OK;
    }
    int64_t below = embedding / heads * heads;
    const char *key = field_key(fault, i, "embedding");
    if (below == 0) {
        return ar_configuration_refuse(
            fault, key, "is %lld, not divisible by %s = %lld; should be %lld, or fewer heads",
            (long long)embedding, heads_key, (long long)heads, (long long)heads);
    }
    return ar_configuration_refuse(
        fault, key, "is %lld, not divisible by %s = %lld; should be %lld or %lld, or other heads",
        (long long)embedding, heads_key, (long long)heads, (long long)below,
        (long long)(below + heads));
}

static ar_status check_embedding(const ar_configuration *configuration, int64_t i,
                                 ar_configuration_fault *fault)
{
    const ar_model_configuration *model = &configuration->model;
    int64_t embedding = configuration->fields[i].embedding;
    ar_status status = ar_configuration_check_integer(fault, field_key(fault, i, "embedding"),
                                                      embedding, 2, AR_WIDEST_EMBEDDING);
    if (status == AR_OK) {
        status = check_divisible(embedding, i, model->encoder_heads, "model.encoder.heads", fault);
    }
    if (status == AR_OK && model->decoder_layers > 0) {
        status = check_divisible(embedding, i, model->decoder_heads, "model.decoder.heads", fault);
    }
    if (status == AR_OK && model->token_info_width >= embedding) {
        status = ar_configuration_refuse(
            fault, field_key(fault, i, "embedding"),
            "is %lld, of which token information takes model.token_info.width = %lld; "
            "should be larger than that",
            (long long)embedding, (long long)model->token_info_width);
    }
    if (status == AR_OK && model->positions == AR_POSITIONS_HARMONIC && embedding % 2) {
        status = ar_configuration_refuse(
            fault, field_key(fault, i, "embedding"),
            "is %lld, but harmonic positions are pairs of sine and cosine; should be "
            "even",
            (long long)embedding);
    }
    return status;
}

static ar_status check_embedding_network(const ar_field_configuration *field, int64_t i,
                                         ar_configuration_fault *fault)
{
    const ar_embedding_network *network = &field->embedding_network;
    ar_status status = AR_OK;
    if (network->kind != AR_EMBEDDING_TRANSFORMER) {
        return AR_OK;
    }
    for (int d = 0; status == AR_OK && d < 3; d++) {
        const long long points = (long long)field->tokens.token_size[d];
        char key[40];
        snprintf(key, sizeof key, "embedding_network.patch[%d]", d);
        status = ar_configuration_check_integer(fault, field_key(fault, i, key), network->patch[d],
                                                1, 100000);
        if (status == AR_OK && points % network->patch[d] != 0) {
            status = ar_configuration_refuse(
                fault, field_key(fault, i, key),
                "is %lld, but token_size[%d] is %lld; should be a divisor of that, so that patches "
                "fill the token",
                (long long)network->patch[d], d, points);
        }
    }
    const struct {
        const char *key;
        int64_t value, most;
    } sizes[] = {{"embedding_network.layers", network->layers, 128},
                 {"embedding_network.heads", network->heads, AR_WIDEST_EMBEDDING},
                 {"embedding_network.width", network->width, AR_WIDEST_EMBEDDING}};
    for (int k = 0; status == AR_OK && k < 3; k++) {
        status = ar_configuration_check_integer(fault, field_key(fault, i, sizes[k].key),
                                                sizes[k].value, 1, sizes[k].most);
    }
    if (status == AR_OK && network->width % network->heads != 0) {
        status = ar_configuration_refuse(
            fault, field_key(fault, i, "embedding_network.width"),
            "is %lld, not divisible by embedding_network.heads = %lld; should be a multiple of it",
            (long long)network->width, (long long)network->heads);
    }
    return status;
}

/* "vorticity, msl" for messages. */
static void list_field_names(const ar_configuration *configuration, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int64_t i = 0; i < configuration->field_count && used < size; i++) {
        int written = snprintf(text + used, size - used, "%s%s", i ? ", " : "",
                               configuration->fields[i].name);
        used += written > 0 ? (size_t)written : 0;
    }
}

static ar_status check_coupling(ar_configuration *configuration, int64_t i,
                                ar_configuration_fault *fault)
{
    ar_field_configuration *field = &configuration->fields[i];
    if (field->coupled_count > AR_FIELD_MAX) {
        return ar_configuration_refuse(fault, field_key(fault, i, "coupled"),
                                       "has %lld entries; should be at most %d",
                                       (long long)field->coupled_count, AR_FIELD_MAX);
    }
    for (int64_t k = 0; k < field->coupled_count; k++) {
        char part[32];
        snprintf(part, sizeof part, "coupled[%lld]", (long long)k);
        const char *key = field_key(fault, i, part);
        int64_t other = ar_configuration_find_field(configuration, field->coupled[k]);
        if (other < 0) {
            char names[512];
            list_field_names(configuration, names, sizeof names);
            return ar_configuration_refuse(
                fault, key, "is '%.80s', which is no field here; should be one of: %s",
                field->coupled[k], names);
        }
        if (other == i) {
            return ar_configuration_refuse(
                fault, key,
                "is '%s', the field itself, which it attends to anyway; should be "
                "another field",
                field->name);
        }
        for (int64_t l = 0; l < k; l++) {
            if (field->coupled_index[l] == other) {
                return ar_configuration_refuse(
                    fault, key, "is '%s', which coupled[%lld] is already; should be unique",
                    field->coupled[k], (long long)l);
            }
        }
        field->coupled_index[k] = other;
    }
    return AR_OK;
}

static ar_status check_coupling_heads(ar_configuration *configuration, int64_t i,
                                      ar_configuration_fault *fault)
{
    ar_field_configuration *field = &configuration->fields[i];
    const bool given = field->coupling_heads_count > 0;
    if (given && field->coupling_heads_count != field->coupled_count) {
        return ar_configuration_refuse(
            fault, field_key(fault, i, "coupling_heads"),
            "has %lld entries, but coupled has %lld; should be a number of heads for each coupled "
            "field, or be left away",
            (long long)field->coupling_heads_count, (long long)field->coupled_count);
    }
    for (int64_t k = 0; k < field->coupled_count; k++) {
        char part[32];
        snprintf(part, sizeof part, "coupling_heads[%lld]", (long long)k);
        field->coupled_heads[k] =
            given ? field->coupling_heads[k] : configuration->model.coupling_heads;
        ar_status status = ar_configuration_check_integer(
            fault, field_key(fault, i, part), field->coupled_heads[k], 1, AR_MOST_HEADS);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

/* A static field has no other times that it could be predicted from, or to. */
static ar_status check_derived(const ar_field_configuration *field, int64_t i,
                               ar_configuration_fault *fault)
{
    const char *key = field_key(fault, i, "derived_from");
    if (field->derived_from_count != 0 && field->derived_from_count != 2) {
        return ar_configuration_refuse(fault, key,
                                       "has %lld names; should be two fields of the files, such as "
                                       "[eastward_wind, northward_wind]",
                                       (long long)field->derived_from_count);
    }
    const char *other = field->variable    ? "variable"
                        : field->is_static ? "static: true"
                        : field->stream_of ? "stream_of"
                                           : NULL;
    if (field->derived_from_count > 0 && other) {
        return ar_configuration_refuse(fault, key, "does not go with %s", other);
    }
    return AR_OK;
}

static ar_status check_static(const ar_field_configuration *field, int64_t i,
                              ar_configuration_fault *fault)
{
    if (!field->is_static) {
        return AR_OK;
    }
    if (field->predicted) {
        return ar_configuration_refuse(fault, field_key(fault, i, "predicted"),
                                       "is true, but the field is static; should be false, or be "
                                       "left away");
    }
    if (field->tokens.mask_ratio > 0) {
        return ar_configuration_refuse(fault, field_key(fault, i, "masking.ratio"),
                                       "is %g, but the field is static and never masked; should "
                                       "be 0, or be left away",
                                       field->tokens.mask_ratio);
    }
    return AR_OK;
}

/* Fields whose tokens span other times would show what the others hide. */
static ar_status check_forecast_masking(const ar_configuration *configuration, int64_t i,
                                        ar_configuration_fault *fault)
{
    const ar_field_configuration *field = &configuration->fields[i], *first = field;
    const int64_t hidden = configuration->masking.forecast_tokens;
    if (field->is_static || field->stream_of) {
        return AR_OK;
    }
    for (int64_t f = i; f-- > 0;) {
        const ar_field_configuration *other = &configuration->fields[f];
        first = other->is_static || other->stream_of ? first : other;
    }
    if (field->tokens.token_size[0] != first->tokens.token_size[0]) {
        return ar_configuration_refuse(
            fault, field_key(fault, i, "token_size"),
            "spans %lld times, that of %s %lld; should be equal where masking.strategy is "
            "forecast, or one field shows times that the other hides",
            (long long)field->tokens.token_size[0], first->name,
            (long long)first->tokens.token_size[0]);
    }
    if (hidden >= field->tokens.tokens[0]) {
        return ar_configuration_refuse(
            fault, "masking.forecast_tokens",
            "is %lld, but fields[%lld] (%s) has %lld tokens in time; should be less, "
            "so that something is known",
            (long long)hidden, (long long)i, field->name, (long long)field->tokens.tokens[0]);
    }
    return AR_OK;
}

ar_status ar_configuration_check_field(ar_configuration *configuration, int64_t i,
                                       ar_configuration_fault *fault)
{
    const ar_field_configuration *field = &configuration->fields[i];
    ar_status status = check_levels(field, i, fault);
    if (status == AR_OK) {
        status = check_tokens(field, i, fault);
    }
    if (status == AR_OK) {
        status = check_extents(configuration, i, fault);
    }
    if (status == AR_OK) {
        status = check_embedding(configuration, i, fault);
    }
    if (status == AR_OK) {
        status = check_embedding_network(field, i, fault);
    }
    if (status == AR_OK) {
        status = check_coupling(configuration, i, fault);
    }
    if (status == AR_OK) {
        status = check_coupling_heads(configuration, i, fault);
    }
    if (status == AR_OK) {
        status = check_static(field, i, fault);
    }
    if (status == AR_OK) {
        status = check_derived(field, i, fault);
    }
    if (status == AR_OK && field->stream_of) {
        status = ar_configuration_check_stream(configuration, i, fault);
    }
    if (status == AR_OK && !(field->loss_weight >= 0 && isfinite(field->loss_weight))) {
        status =
            ar_configuration_refuse(fault, field_key(fault, i, "loss_weight"),
                                    "is %g; should be a weight of 0 or more", field->loss_weight);
    }
    if (status == AR_OK && configuration->masking.strategy == AR_MASK_FORECAST) {
        status = check_forecast_masking(configuration, i, fault);
    }
    return status;
}
