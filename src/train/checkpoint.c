#include "train/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "train/checkpoint_layout.h"

/* The step, where there has to be one; weights that come from elsewhere have none. */
static ar_status read_step(ar_checkpoint *checkpoint, bool needed, ar_error *err)
{
    const char *step = ar_safetensors_metadata(checkpoint->file, "step");
    if (!step && !needed) {
        return AR_OK;
    }
    if (!step) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: its metadata has no step; a checkpoint of 'atmorep train' has",
                       checkpoint->path);
    }
    char *end;
    checkpoint->step = strtoll(step, &end, 10);
    if (end == step || *end || checkpoint->step < 0) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: its metadata has step '%s', which is no number",
                       checkpoint->path, step);
    }
    return AR_OK;
}

static ar_status open_file(ar_checkpoint *checkpoint, const char *path, bool needs_step,
                           ar_error *err)
{
    ar_status status = AR_OK;
    *checkpoint = (ar_checkpoint){0};
    if (ar_path_is_folder(path)) {
        AR_TRY(ar_checkpoint_find(path, &checkpoint->path, err));
        if (!checkpoint->path) {
            return ar_fail(
                err, AR_ERROR_INPUT,
                "%s: no checkpoint-*.safetensors in this folder; a run of 'atmorep train' "
                "has one",
                path);
        }
    } else {
        AR_TRY(ar_copy_string(&checkpoint->path, path, err));
    }
    AR_TRY(ar_safetensors_open(&checkpoint->file, checkpoint->path, err));
    AR_TRY(read_step(checkpoint, needs_step, err));
    const char *yaml = ar_safetensors_metadata(checkpoint->file, "configuration");
    if (!yaml) {
        status =
            ar_fail(err, AR_ERROR_INPUT,
                    "%s: its metadata has no configuration; a checkpoint of 'atmorep train' has",
                    checkpoint->path);
        goto cleanup;
    }
    AR_TRY(
        ar_configuration_parse(&checkpoint->configuration, yaml, checkpoint->path, NULL, 0, err));
cleanup:
    if (status != AR_OK) {
        ar_checkpoint_close(checkpoint);
    }
    return status;
}

ar_status ar_checkpoint_open(ar_checkpoint *checkpoint, const char *path, ar_error *err)
{
    return open_file(checkpoint, path, true, err);
}

ar_status ar_checkpoint_open_weights(ar_checkpoint *checkpoint, const char *path, ar_error *err)
{
    return open_file(checkpoint, path, false, err);
}

bool ar_checkpoint_has_statistics(const ar_checkpoint *checkpoint)
{
    return ar_safetensors_metadata(checkpoint->file, "step") ||
           ar_safetensors_metadata(checkpoint->file, "months");
}

const char *ar_checkpoint_origin(const ar_checkpoint *checkpoint)
{
    return ar_safetensors_metadata(checkpoint->file, "origin");
}

void ar_checkpoint_close(ar_checkpoint *checkpoint)
{
    ar_safetensors_close(&checkpoint->file);
    if (checkpoint->released) {
        ar_released_weights_release(checkpoint->released);
        ar_free(checkpoint->released);
    }
    ar_configuration_release(&checkpoint->configuration);
    ar_free(checkpoint->path);
    *checkpoint = (ar_checkpoint){0};
}

/* "[13, 1, 73, 1]" */
static void format_shape(int rank, const int64_t *shape, char text[128])
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < rank && used < 100; i++) {
        used +=
            (size_t)snprintf(text + used, 128 - used, "%s%lld", i ? ", " : "", (long long)shape[i]);
    }
}

ar_status ar_checkpoint_find_tensor(const ar_checkpoint *checkpoint, const char *prefix,
                                    const char *name, int rank, const int64_t *shape,
                                    const ar_safetensor **tensor, ar_error *err)
{
    char whole[256], has[128], wants[128];
    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    *tensor = ar_safetensors_find(checkpoint->file, whole);
    if (!*tensor) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: no tensor %s", checkpoint->path, whole);
    }
    if ((*tensor)->rank != rank ||
        memcmp((*tensor)->shape, shape, (size_t)rank * sizeof *shape) != 0) {
        format_shape((*tensor)->rank, (*tensor)->shape, has);
        format_shape(rank, shape, wants);
        return ar_fail(err, AR_ERROR_INPUT, "%s: tensor %s is [%s], what reads it wants [%s]",
                       checkpoint->path, whole, has, wants);
    }
    return AR_OK;
}

ar_status ar_checkpoint_read_tensor(ar_checkpoint *checkpoint, const char *prefix, const char *name,
                                    int rank, const int64_t *shape, float *values, ar_error *err)
{
    const ar_safetensor *tensor;
    ar_status status =
        ar_checkpoint_find_tensor(checkpoint, prefix, name, rank, shape, &tensor, err);
    return status == AR_OK ? ar_safetensors_read_float(checkpoint->file, tensor, values, err)
                           : status;
}

/* How many steps were skipped in all and last; an older program did not skip any. */
static ar_status read_skipped(const ar_checkpoint *checkpoint, ar_optimiser *optimiser,
                              ar_error *err)
{
    const char *text = ar_safetensors_metadata(checkpoint->file, "skipped_steps");
    char *middle = NULL, *end = NULL;
    optimiser->skipped = text ? strtoll(text, &middle, 10) : 0;
    optimiser->skipped_in_a_row = text ? strtoll(middle, &end, 10) : 0;
    if (text && (middle == text || end == middle || *end || optimiser->skipped_in_a_row < 0 ||
                 optimiser->skipped_in_a_row > optimiser->skipped ||
                 optimiser->skipped > optimiser->step)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: its metadata has skipped_steps '%s'; there should be two numbers, of "
                       "all steps up to %lld and of the last ones",
                       checkpoint->path, text, (long long)optimiser->step);
    }
    return AR_OK;
}

ar_status ar_checkpoint_read_model(ar_checkpoint *checkpoint, const ar_graph *graph,
                                   float *parameters, ar_optimiser *optimiser, ar_error *err)
{
    ar_status status = AR_OK;
    for (size_t p = 0; p < graph->parameter_count; p++) {
        const ar_parameter *parameter = &graph->parameters[p];
        const char *name = parameter->name;
        const int rank = parameter->rank;
        const int64_t at = parameter->offset;
        int64_t shape[2];
        ar_checkpoint_parameter_shape(parameter, shape);
        AR_TRY(ar_checkpoint_read_tensor(checkpoint, "", name, rank, shape, parameters + at, err));
        if (optimiser) {
            AR_TRY(ar_checkpoint_read_tensor(checkpoint, AR_CHECKPOINT_FIRST_MOMENT, name, rank,
                                             shape, optimiser->first_moment + at, err));
            AR_TRY(ar_checkpoint_read_tensor(checkpoint, AR_CHECKPOINT_SECOND_MOMENT, name, rank,
                                             shape, optimiser->second_moment + at, err));
        }
    }
    if (optimiser) {
        optimiser->step = checkpoint->step;
        AR_TRY(read_skipped(checkpoint, optimiser, err));
    }
cleanup:
    return status;
}

/* Losses a field has in this file: an older program knew fewer, the first ones of today's. */
static int64_t kinds_in_file(const ar_checkpoint *checkpoint)
{
    const ar_safetensor *tensor = ar_safetensors_find(checkpoint->file, AR_CHECKPOINT_SUMS);
    int64_t kinds = AR_LOSS_KIND_COUNT;
    while (tensor && kinds > 1 &&
           tensor->count < ar_checkpoint_sums_size(&checkpoint->configuration, kinds)) {
        kinds--;
    }
    return kinds;
}

ar_status ar_checkpoint_read_sums(ar_checkpoint *checkpoint, ar_loss_sums *sums, ar_error *err)
{
    const int64_t kinds = kinds_in_file(checkpoint);
    const int64_t count = ar_checkpoint_sums_size(&checkpoint->configuration, kinds);
    const ar_safetensor *tensor;
    double numbers[AR_CHECKPOINT_SUMS_MOST];
    ar_status status =
        ar_checkpoint_find_tensor(checkpoint, "", AR_CHECKPOINT_SUMS, 1, &count, &tensor, err);
    if (status == AR_OK) {
        status = ar_safetensors_read_double(checkpoint->file, tensor, numbers, err);
    }
    if (status == AR_OK) {
        *sums = (ar_loss_sums){
            .count = (int64_t)numbers[0], .total = numbers[1], .gradient_norm = numbers[2]};
        for (int64_t f = 0; f < checkpoint->configuration.field_count; f++) {
            memcpy(sums->losses[f], numbers + AR_CHECKPOINT_SUMS_FIRST_LOSS + f * kinds,
                   (size_t)kinds * sizeof *numbers);
        }
    }
    return status;
}
