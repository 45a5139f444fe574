/* What a report shows of the model itself: its training curves and its attention. */
#include <stdio.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/memory.h"
#include "picture/attention_picture.h"
#include "picture/gmt.h"
#include "verify/verification.h"

ar_status ar_verification_open_model(ar_verification *run, ar_error *err)
{
    const ar_verify_options *options = run->options;
    char *path = NULL;
    ar_status status = AR_OK;
    if (options->model) {
        AR_TRY(ar_path_join(&path, options->model, "configuration.yaml", err));
        AR_TRY(ar_configuration_read(&run->configuration, path, NULL, 0, err));
        AR_TRY(ar_training_curves_read(&run->curves, options->model, &run->configuration, err));
    }
    if (options->attention) {
        AR_TRY(ar_attention_check(options->attention, err));
    }
cleanup:
    ar_free(path);
    return status;
}

static ar_status keep(void *context, const char *file, const char *caption, ar_error *err)
{
    ar_report_map kept = {0};
    snprintf(kept.file, sizeof kept.file, "attention/%s", file);
    snprintf(kept.caption, sizeof kept.caption, "%s", caption);
    return ar_verification_keep_picture(context, &kept, err);
}

ar_status ar_verification_draw_attention(ar_verification *run, ar_error *err)
{
    const ar_verify_options *options = run->options;
    char *folder = NULL;
    ar_error own;
    ar_status status = AR_OK;
    if (!options->attention || !options->maps || !ar_gmt_installed()) {
        return AR_OK;
    }
    AR_TRY(ar_path_join(&folder, options->out, "attention", err));
    AR_TRY(ar_folder_make(folder, err));
    if (ar_attention_pictures(options->attention, folder, keep, run, &own) != AR_OK) {
        ar_verification_picture_failed(run, "attention", &own);
    }
cleanup:
    ar_free(folder);
    return status;
}
