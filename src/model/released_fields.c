/* The fields of a released model's configuration. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "model/released_file.h"

static ar_status read_triple(const ar_released_file *file, const char *key, const cJSON *list,
                             int64_t numbers[3])
{
    bool fits = cJSON_IsArray(list) && cJSON_GetArraySize(list) == 3;
    for (int d = 0; fits && d < 3; d++) {
        const cJSON *value = cJSON_GetArrayItem(list, d);
        fits = ar_released_is_whole(value);
        numbers[d] = fits ? (int64_t)value->valuedouble : 0;
    }
    return fits ? AR_OK : ar_released_wrong(file, key, list, "a list of three whole numbers");
}

static ar_status read_levels(const ar_released_file *file, const char *key, const cJSON *list,
                             ar_field_configuration *field)
{
    int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    if (count < 1 || count > AR_LEVEL_MAX) {
        return ar_released_wrong(file, key, list, "a list of levels");
    }
    ar_status status =
        ar_allocate(&field->levels, (size_t)count, sizeof(double), "levels", file->err);
    const cJSON *value;
    cJSON_ArrayForEach(value, list)
    {
        if (status == AR_OK && !cJSON_IsNumber(value)) {
            status = ar_released_wrong(file, key, list, "a list of numbers");
        }
        if (status == AR_OK) {
            field->levels[field->level_count++] = value->valuedouble;
        }
    }
    return status;
}

static ar_status read_coupled(const ar_released_file *file, const char *key, const cJSON *list,
                              ar_field_configuration *field)
{
    int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
    if (count < 0 || count > AR_FIELD_MAX) {
        return ar_released_wrong(file, key, list, "a list of names of fields");
    }
    ar_status status = ar_allocate(&field->coupled, (size_t)count, sizeof(char *),
                                   "names of coupled fields", file->err);
    const cJSON *value;
    cJSON_ArrayForEach(value, list)
    {
        if (status == AR_OK && !cJSON_IsString(value)) {
            status = ar_released_wrong(file, key, list, "a list of names of fields");
        }
        if (status == AR_OK) {
            status = ar_copy_string(&field->coupled[field->coupled_count], value->valuestring,
                                    file->err);
            field->coupled_count += status == AR_OK;
        }
    }
    return status;
}

static ar_status read_masking(const ar_released_file *file, const char *key, const cJSON *list,
                              ar_field_tokens *tokens)
{
    double *const shares[4] = {&tokens->mask_ratio, &tokens->mask_zero, &tokens->mask_noise,
                               &tokens->mask_coarsen};
    bool fits = cJSON_IsArray(list) && cJSON_GetArraySize(list) == 4;
    for (int i = 0; fits && i < 4; i++) {
        const cJSON *value = cJSON_GetArrayItem(list, i);
        fits = cJSON_IsNumber(value);
        *shares[i] = fits ? value->valuedouble : 0;
    }
    return fits ? AR_OK
                : ar_released_wrong(file, key, list,
                                    "four numbers: ratio, zero, noise and coarsen shares");
}

/* [name, [dynamic, E, [coupled], device, …], [levels], [nt,ny,nx], [st,sy,sx], [masking], …] */
static ar_status read_field(const ar_released_file *file, int at, const cJSON *list,
                            ar_field_configuration *field)
{
    ar_status status = AR_OK;
    char key[64];
    const cJSON *name = cJSON_GetArrayItem(list, 0);
    const cJSON *network = cJSON_GetArrayItem(list, 1);
    const cJSON *embedding = cJSON_GetArrayItem(network, 1);
    snprintf(key, sizeof key, "fields[%d]", at);
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) < 6 || !cJSON_IsString(name)) {
        return ar_released_wrong(
            file, key, list,
            "[name, [dynamic, E, [coupled], …], [levels], [tokens], [token size], "
            "[masking]]");
    }
    AR_TRY(ar_copy_string(&field->name, name->valuestring, file->err));
    snprintf(key, sizeof key, "fields[%d][1][1] (embedding)", at);
    if (!cJSON_IsArray(network) || !ar_released_is_whole(embedding)) {
        return ar_released_wrong(file, key, embedding, "a whole number");
    }
    field->embedding = (int64_t)embedding->valuedouble;
    field->embedding_network = (ar_embedding_network){
        .kind = AR_EMBEDDING_LINEAR, .patch = {1, 1, 1}, .layers = 2, .heads = 4, .width = 64};
    snprintf(key, sizeof key, "fields[%d][1][2] (coupled fields)", at);
    AR_TRY(read_coupled(file, key, cJSON_GetArrayItem(network, 2), field));
    snprintf(key, sizeof key, "fields[%d][2] (levels)", at);
    AR_TRY(read_levels(file, key, cJSON_GetArrayItem(list, 2), field));
    snprintf(key, sizeof key, "fields[%d][3] (tokens)", at);
    AR_TRY(read_triple(file, key, cJSON_GetArrayItem(list, 3), field->tokens.tokens));
    snprintf(key, sizeof key, "fields[%d][4] (token size)", at);
    AR_TRY(read_triple(file, key, cJSON_GetArrayItem(list, 4), field->tokens.token_size));
    snprintf(key, sizeof key, "fields[%d][5] (masking)", at);
    AR_TRY(read_masking(file, key, cJSON_GetArrayItem(list, 5), &field->tokens));

cleanup:
    return status;
}

/* A field's statistics are per grid point unless its seventh entry says 'global'. */
static ar_normalisation_area area_of_field(const cJSON *list)
{
    const cJSON *area = cJSON_GetArrayItem(list, 6);
    bool global = cJSON_IsString(area) && strcmp(area->valuestring, "global") == 0;
    return global ? AR_AREA_GLOBAL : AR_AREA_POINT;
}

ar_status ar_released_fields(const ar_released_file *file)
{
    ar_configuration *configuration = file->configuration;
    const cJSON *fields = ar_released_value(file, "fields");
    int count = cJSON_IsArray(fields) ? cJSON_GetArraySize(fields) : 0;
    if (count < 1 || count > AR_FIELD_MAX) {
        return ar_released_wrong(file, "fields", fields, "a list of 1 to 32 fields");
    }
    ar_status status = ar_allocate(&configuration->fields, (size_t)count,
                                   sizeof *configuration->fields, "fields", file->err);
    const cJSON *list;
    cJSON_ArrayForEach(list, fields)
    {
        if (status != AR_OK) {
            break;
        }
        int64_t at = configuration->field_count++;
        status = read_field(file, (int)at, list, &configuration->fields[at]);
        ar_normalisation_area area = area_of_field(list);
        if (at == 0) {
            configuration->normalisation_area = area;
        } else if (status == AR_OK && area != configuration->normalisation_area) {
            ar_log(AR_LOG_WARNING,
                   "%s: fields[%d] is normalised per %s, but fields[0] is not; all are taken as "
                   "fields[0] is",
                   file->path, (int)at, area == AR_AREA_GLOBAL ? "globe" : "grid point");
        }
    }
    return status;
}

ar_status ar_released_prediction(const ar_released_file *file)
{
    ar_configuration *configuration = file->configuration;
    const cJSON *list = ar_released_value(file, "fields_prediction"), *pair;
    int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    if (count < 1 || count > AR_FIELD_MAX) {
        return ar_released_wrong(file, "fields_prediction", list, "a list of [name, weight]");
    }
    cJSON_ArrayForEach(pair, list)
    {
        char key[64];
        snprintf(key, sizeof key, "fields_prediction[%d]", (int)configuration->prediction_count);
        const cJSON *name = cJSON_GetArrayItem(pair, 0), *weight = cJSON_GetArrayItem(pair, 1);
        if (!cJSON_IsArray(pair) || !cJSON_IsString(name) || !cJSON_IsNumber(weight)) {
            return ar_released_wrong(file, key, pair, "[name, weight]");
        }
        int64_t field = 0;
        while (field < configuration->field_count &&
               strcmp(configuration->fields[field].name, name->valuestring) != 0) {
            field++;
        }
        if (field == configuration->field_count || configuration->fields[field].predicted) {
            return ar_released_wrong(file, key, pair,
                                     "the name of one of the fields, each at most once");
        }
        configuration->fields[field].predicted = true;
        configuration->fields[field].loss_weight = weight->valuedouble;
        configuration->prediction_order[configuration->prediction_count++] = field;
    }
    return AR_OK;
}
