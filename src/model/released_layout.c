#include "model/released_layout.h"

#include <stddef.h>

#include "base/text.h"
#include "io/torch_file.h"

static bool has_heads(const ar_torch_file *file)
{
    for (int64_t i = 0; i < ar_torch_count(file); i++) {
        if (ar_text_ends_with(ar_torch_get(file, i)->name, ".proj_qs.weight")) {
            return true;
        }
    }
    return false;
}

ar_status ar_released_layout_apply(ar_configuration *configuration, const char *const *paths,
                                   int64_t path_count, ar_error *err)
{
    bool heads = false;
    for (int64_t i = 0; i < path_count && !heads; i++) {
        ar_torch_file *file = NULL;
        ar_status status = ar_torch_open(&file, paths[i], err);
        if (status != AR_OK) {
            return status;
        }
        heads = has_heads(file);
        ar_torch_close(&file);
    }
    if (heads) {
        ar_model_configuration *model = &configuration->model;
        model->coupling_query_norm = model->decoder_qk_layer_norm = model->qk_layer_norm;
    }
    return AR_OK;
}
