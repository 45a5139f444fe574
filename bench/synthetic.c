#include "synthetic.h"

#include <string.h>

#include "base/memory.h"
#include "base/random.h"

/* `chosen` of a sample's tokens as rows of the batch, by the beginning of a shuffle. */
static void choose_rows(ar_random *random, int32_t *rows, int64_t tokens, int64_t first,
                        int32_t *chosen, int64_t count)
{
    for (int64_t t = 0; t < tokens; t++) {
        rows[t] = (int32_t)(first + t);
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t other = i + ar_random_below(random, tokens - i);
        int32_t row = rows[other];
        rows[other] = rows[i];
        chosen[i] = rows[i] = row;
    }
}

/* Each masked token becomes a target and is hidden. */
static void hide(ar_field_batch *data)
{
    const int64_t values = data->values;
    for (int64_t i = 0; i < data->masked_count; i++) {
        float *token = data->source + data->masked[i] * values;
        memcpy(data->target + i * values, token, (size_t)values * sizeof *token);
        memset(token, 0, (size_t)values * sizeof *token);
    }
}

static ar_status fill_field(ar_field_batch *data, const ar_model_field *field, int64_t samples,
                            ar_random *random, ar_error *err)
{
    const int64_t tokens = field->token_count, masked = field->masked_largest / samples;
    const size_t count = (size_t)(samples * tokens), values = (size_t)field->values;
    int32_t *rows = NULL;
    ar_status status = AR_OK;
    data->token_count = tokens;
    data->values = field->values;
    data->masked_count = samples * masked;
    AR_TRY(ar_allocate(&data->source, count * values, sizeof(float), "values", err));
    AR_TRY(ar_allocate(&data->token_info, count * AR_TOKEN_INFO_SIZE, sizeof(float),
                       "token information", err));
    AR_TRY(ar_allocate(&data->masked, count, sizeof(int32_t), "masked tokens", err));
    AR_TRY(ar_allocate(&data->target, count * values, sizeof(float), "targets", err));
    AR_TRY(ar_allocate(&rows, (size_t)tokens, sizeof *rows, "rows", err));
    for (size_t i = 0; i < count * values; i++) {
        data->source[i] = (float)ar_random_normal(random);
    }
    for (size_t i = 0; i < count * AR_TOKEN_INFO_SIZE; i++) {
        data->token_info[i] = (float)ar_random_uniform(random);
    }
    for (int64_t b = 0; b < samples; b++) {
        choose_rows(random, rows, tokens, b * tokens, data->masked + b * masked, masked);
    }
    hide(data);
cleanup:
    ar_free(rows);
    return status;
}

ar_status synthetic_create(ar_batch *batch, const ar_model *model, int64_t samples, uint64_t seed,
                           ar_error *err)
{
    ar_status status = AR_OK;
    *batch = (ar_batch){.sample_capacity = samples,
                        .sample_count = samples,
                        .field_count = model->configuration->field_count};
    AR_TRY(ar_allocate(&batch->fields, (size_t)batch->field_count, sizeof *batch->fields, "a batch",
                       err));
    for (int64_t f = 0; f < batch->field_count; f++) {
        ar_random random = {.seed = seed, .sample = (uint32_t)f, .purpose = AR_RANDOM_TEST};
        AR_TRY(fill_field(&batch->fields[f], &model->fields[f], samples, &random, err));
    }
    return AR_OK;
cleanup:
    synthetic_release(batch);
    return status;
}

void synthetic_release(ar_batch *batch)
{
    for (int64_t f = 0; batch->fields && f < batch->field_count; f++) {
        ar_free(batch->fields[f].source);
        ar_free(batch->fields[f].token_info);
        ar_free(batch->fields[f].masked);
        ar_free(batch->fields[f].target);
    }
    ar_free(batch->fields);
    *batch = (ar_batch){0};
}
