#include "train/released_model.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/released_configuration.h"
#include "model/released_layout.h"

/* ---- a configuration to train ---------------------------------------------------------------- */

/* Is a key set, or one that it is part of? */
static bool is_set(const char *const *settings, int64_t setting_count, const char *key)
{
    for (int64_t i = 0; i < setting_count; i++) {
        const size_t length = strcspn(settings[i], "=");
        if (strncmp(settings[i], key, length) == 0 && (key[length] == '\0' || key[length] == '.')) {
            return true;
        }
    }
    return false;
}

static ar_status need_data(const char *json, const char *const *settings, int64_t setting_count,
                           ar_error *err)
{
    static const char *const keys[] = {"data.paths", "data.training.start", "data.training.end"};
    char missing[128] = "";
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!is_set(settings, setting_count, keys[i])) {
            const size_t used = strlen(missing);
            snprintf(missing + used, sizeof missing - used, "%s%s", used ? ", " : "", keys[i]);
        }
    }
    if (!missing[0]) {
        return AR_OK;
    }
    return ar_fail(err, AR_ERROR_USAGE,
                   "%s: the configuration of a released model does not know %s; should be given by "
                   "--set, such as --set 'data.paths=[era5/*.nc]' data.training.start=2018-01-01 "
                   "data.training.end=2018-12-31T23",
                   json, missing);
}

/* The network that the weights are of, where the JSON leaves it open. */
static ar_status take_layout(ar_configuration *configuration, const char *weights, ar_error *err)
{
    if (ar_text_ends_with(weights, ".mod")) {
        return ar_released_layout_apply(configuration, &weights, 1, err);
    }
    ar_checkpoint checkpoint;
    ar_status status = ar_checkpoint_open_weights(&checkpoint, weights, err);
    if (status == AR_OK) {
        const ar_model_configuration *model = &checkpoint.configuration.model;
        configuration->model.coupling_query_norm = model->coupling_query_norm;
        configuration->model.decoder_qk_layer_norm = model->decoder_qk_layer_norm;
    }
    ar_checkpoint_close(&checkpoint);
    return status;
}

/* The years that the released model was trained on are not those of the data to be trained on. */
static void forget_period(ar_configuration *configuration)
{
    ar_free(configuration->training_start);
    ar_free(configuration->training_end);
    configuration->training_start = configuration->training_end = NULL;
}

ar_status ar_released_to_train(ar_configuration *configuration, const char *json,
                               const char *const *settings, int64_t setting_count,
                               const char *weights, ar_error *err)
{
    ar_configuration released = {0};
    ar_status status = AR_OK;
    *configuration = (ar_configuration){0};
    AR_TRY(ar_released_configuration(&released, json, err));
    AR_TRY(need_data(json, settings, setting_count, err));
    forget_period(&released);
    if (weights) {
        AR_TRY(take_layout(&released, weights, err));
    }
    AR_TRY(ar_configuration_override(configuration, &released, settings, setting_count, err));
cleanup:
    ar_configuration_release(&released);
    return status;
}

/* ---- weights --------------------------------------------------------------------------------- */

/* ".../AtmoRep_id<ID>.mod" or "..._id<ID>_epoch<N>.mod" to ".../model_id<ID>.json", the caller's to
 * ar_free; NULL where the name has no ID. */
static ar_status name_configuration(const char *mod, char **path, ar_error *err)
{
    const char *slash = strrchr(mod, '/'), *base = slash ? slash + 1 : mod, *id = NULL;
    *path = NULL;
    for (const char *at = strstr(base, "_id"); at; at = strstr(at + 1, "_id")) {
        id = at + 3;
    }
    if (!id) {
        return AR_OK;
    }
    const char *epoch = strstr(id, "_epoch");
    const size_t length = epoch ? (size_t)(epoch - id) : strcspn(id, ".");
    const size_t size = strlen(mod) + sizeof "model_id.json";
    ar_status status = ar_allocate(path, size, 1, "a path", err);
    if (status == AR_OK) {
        snprintf(*path, size, "%.*smodel_id%.*s.json", (int)(base - mod), mod, (int)length, id);
    }
    return status;
}

static ar_status read_configuration(ar_configuration *configuration, const char *mod,
                                    const char *json, const char *fallback, ar_error *err)
{
    char *beside = NULL;
    ar_status status = AR_OK;
    if (!json) {
        AR_TRY(name_configuration(mod, &beside, err));
        json = beside && ar_path_exists(beside) ? beside : fallback;
    }
    if (!json) {
        status = ar_fail(err, AR_ERROR_USAGE,
                         "%s: its configuration is not known; should be %s beside it, or given "
                         "(forecast --config FILE, train FILE), or be put to it by 'atmorep "
                         "convert'",
                         mod, beside ? beside : "model_id<ID>.json of AtmoRep_id<ID>.mod");
        goto cleanup;
    }
    AR_TRY(ar_released_configuration(configuration, json, err));
    AR_TRY(ar_released_layout_apply(configuration, &mod, 1, err));
cleanup:
    ar_free(beside);
    return status;
}

ar_status ar_released_open(ar_checkpoint *checkpoint, const char *mod, const char *json,
                           const char *fallback, ar_error *err)
{
    ar_model *model = NULL;
    ar_status status = AR_OK;
    *checkpoint = (ar_checkpoint){0};
    AR_TRY(ar_copy_string(&checkpoint->path, mod, err));
    AR_TRY(read_configuration(&checkpoint->configuration, mod, json, fallback, err));
    AR_TRY(ar_model_create(&model, &checkpoint->configuration,
                           &(ar_model_options){.batch = 1, .type = AR_TYPE_FLOAT32}, err));
    AR_TRY(ar_allocate(&checkpoint->released, 1, sizeof *checkpoint->released, mod, err));
    AR_TRY(ar_released_weights_read(checkpoint->released, model, &mod, 1, NULL, 0, err));
    AR_TRY(ar_safetensors_of_memory(&checkpoint->file, mod, checkpoint->released->tensors,
                                    (int64_t)checkpoint->released->count, err));
cleanup:
    ar_model_destroy(&model);
    if (status != AR_OK) {
        ar_checkpoint_close(checkpoint);
    }
    return status;
}
