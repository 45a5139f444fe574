#include "train/checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

/* ---- files of a run -------------------------------------------------------------------------- */

/* The step in "checkpoint-000123.safetensors", or −1. */
static int64_t step_of_name(const char *name)
{
    long long step;
    int end = 0;
    return sscanf(name, "checkpoint-%lld.safetensors%n", &step, &end) == 1 && end > 0 &&
                   name[end] == '\0'
               ? step
               : -1;
}

static int descending(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? 1 : a > b ? -1 : 0;
}

/* Steps of the checkpoints in a folder, newest first. */
static ar_status list_steps(const char *run, int64_t **steps, size_t *count, ar_error *err)
{
    size_t capacity = 0;
    ar_status status = AR_OK;
    *steps = NULL;
    *count = 0;
    DIR *folder = opendir(run);
    if (!folder) {
        return errno == ENOENT ? AR_OK
                               : ar_fail(err, AR_ERROR_SYSTEM, "%s: cannot list this folder: %s",
                                         run, strerror(errno));
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        int64_t step = step_of_name(entry->d_name);
        if (step >= 0) {
            AR_TRY(ar_grow(steps, &capacity, *count + 1, sizeof **steps, "checkpoints", err));
            (*steps)[(*count)++] = step;
        }
    }
    if (*count) {
        qsort(*steps, *count, sizeof **steps, descending);
    }
cleanup:
    closedir(folder);
    return status;
}

static ar_status path_of_step(const char *run, int64_t step, char **path, ar_error *err)
{
    char name[64];
    snprintf(name, sizeof name, "checkpoint-%08lld.safetensors", (long long)step);
    return ar_path_join(path, run, name, err);
}

ar_status ar_checkpoint_find(const char *run, char **path, ar_error *err)
{
    int64_t *steps = NULL;
    size_t count = 0;
    *path = NULL;
    ar_status status = list_steps(run, &steps, &count, err);
    if (status == AR_OK && count > 0) {
        status = path_of_step(run, steps[0], path, err);
    }
    ar_free(steps);
    return status;
}

static ar_status remove_old(const char *run, ar_error *err)
{
    int64_t *steps = NULL;
    size_t count = 0;
    ar_status status = list_steps(run, &steps, &count, err);
    for (size_t i = AR_CHECKPOINTS_KEPT; status == AR_OK && i < count; i++) {
        char *path = NULL;
        status = path_of_step(run, steps[i], &path, err);
        if (status == AR_OK && unlink(path) != 0) {
            ar_log(AR_LOG_WARNING, "%s: cannot remove this old checkpoint: %s", path,
                   strerror(errno));
        }
        ar_free(path);
    }
    ar_free(steps);
    return status;
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct {
    ar_safetensor *items;
    size_t count, capacity;
} tensor_list;

static ar_status add_tensor(tensor_list *list, const char *prefix, const char *name, int rank,
                            const int64_t *shape, const float *values, ar_error *err)
{
    ar_status status = ar_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items,
                               "a checkpoint", err);
    if (status != AR_OK) {
        return status;
    }
    ar_safetensor *tensor = &list->items[list->count];
    *tensor = (ar_safetensor){.dtype = AR_DTYPE_F32, .rank = rank, .count = 1, .data = values};
    for (int i = 0; i < rank; i++) {
        tensor->shape[i] = shape[i];
        tensor->count *= shape[i];
    }
    size_t length = strlen(prefix) + strlen(name) + 1;
    status = ar_allocate(&tensor->name, length, 1, "a checkpoint", err);
    if (status == AR_OK) {
        snprintf(tensor->name, length, "%s%s", prefix, name);
        list->count++;
    }
    return status;
}

static const char first_moment[] = "optimiser.first_moment.";
static const char second_moment[] = "optimiser.second_moment.";

static ar_status add_model(tensor_list *list, const ar_graph *graph, const float *parameters,
                           const ar_optimiser *optimiser, ar_error *err)
{
    ar_status status = AR_OK;
    const char *const prefixes[] = {"", first_moment, second_moment};
    const float *const blocks[] = {parameters, optimiser->first_moment, optimiser->second_moment};
    for (int b = 0; b < 3; b++) {
        for (size_t p = 0; p < graph->parameter_count; p++) {
            const ar_parameter *parameter = &graph->parameters[p];
            const int64_t shape[2] = {parameter->rank == 2 ? parameter->rows : parameter->columns,
                                      parameter->columns};
            AR_TRY(add_tensor(list, prefixes[b], parameter->name, parameter->rank, shape,
                              blocks[b] + parameter->offset, err));
        }
    }
cleanup:
    return status;
}

/* Names of a field's statistics: "normalisation.<field>.mean". */
static ar_status add_normalisations(tensor_list *list, const ar_configuration *configuration,
                                    const ar_dataset *dataset, ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        const ar_normalisation *n = &dataset->normalisations[f];
        const int64_t shape[4] = {13, n->level_count, n->rows, n->columns};
        char prefix[128];
        snprintf(prefix, sizeof prefix, "normalisation.%s.", configuration->fields[f].name);
        AR_TRY(add_tensor(list, prefix, "mean", 4, shape, n->mean, err));
        AR_TRY(
            add_tensor(list, prefix, "standard_deviation", 4, shape, n->standard_deviation, err));
    }
cleanup:
    return status;
}

/* Months with training data as a string of 13 digits, [0] the overall statistics. */
static void months_text(const ar_normalisation *normalisation, char text[14])
{
    for (int m = 0; m < 13; m++) {
        text[m] = normalisation->month_seen[m] ? '1' : '0';
    }
    text[13] = '\0';
}

ar_status ar_checkpoint_write(const char *run, const ar_configuration *configuration,
                              const ar_dataset *dataset, const ar_graph *graph,
                              const float *parameters, const ar_optimiser *optimiser, ar_error *err)
{
    tensor_list list = {0};
    char *path = NULL, *yaml = NULL;
    char step[24], months[14];
    ar_status status = AR_OK;
    AR_TRY(path_of_step(run, optimiser->step, &path, err));
    AR_TRY(ar_configuration_write(configuration, &yaml, err));
    AR_TRY(add_model(&list, graph, parameters, optimiser, err));
    AR_TRY(add_normalisations(&list, configuration, dataset, err));
    snprintf(step, sizeof step, "%lld", (long long)optimiser->step);
    months_text(&dataset->normalisations[0], months);
    const ar_metadata metadata[] = {{"format", "atmorep checkpoint 1"},
                                    {"program", "atmorep " ATMOREP_VERSION},
                                    {"step", step},
                                    {"months", months},
                                    {"configuration", yaml}};
    AR_TRY(ar_safetensors_write(path, list.items, (int64_t)list.count, metadata,
                                sizeof metadata / sizeof *metadata, err));
    AR_TRY(remove_old(run, err));
cleanup:
    for (size_t i = 0; i < list.count; i++) {
        ar_free(list.items[i].name);
    }
    ar_free(list.items);
    ar_free(path);
    ar_free(yaml);
    return status;
}

/* ---- reading --------------------------------------------------------------------------------- */

ar_status ar_checkpoint_open(ar_checkpoint *checkpoint, const char *path, ar_error *err)
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
    const char *step = ar_safetensors_metadata(checkpoint->file, "step");
    const char *yaml = ar_safetensors_metadata(checkpoint->file, "configuration");
    if (!step || !yaml) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: its metadata has no %s; a checkpoint of 'atmorep train' has",
                         checkpoint->path, step ? "configuration" : "step");
        goto cleanup;
    }
    checkpoint->step = strtoll(step, NULL, 10);
    AR_TRY(
        ar_configuration_parse(&checkpoint->configuration, yaml, checkpoint->path, NULL, 0, err));
cleanup:
    if (status != AR_OK) {
        ar_checkpoint_close(checkpoint);
    }
    return status;
}

void ar_checkpoint_close(ar_checkpoint *checkpoint)
{
    ar_safetensors_close(&checkpoint->file);
    ar_configuration_release(&checkpoint->configuration);
    ar_free(checkpoint->path);
    *checkpoint = (ar_checkpoint){0};
}

static ar_status read_tensor(ar_checkpoint *checkpoint, const char *prefix, const char *name,
                             int64_t count, float *values, ar_error *err)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    const ar_safetensor *tensor = ar_safetensors_find(checkpoint->file, whole);
    if (!tensor) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: no tensor %s", checkpoint->path, whole);
    }
    if (tensor->count != count) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: tensor %s has %lld values, the model wants %lld",
                       checkpoint->path, whole, (long long)tensor->count, (long long)count);
    }
    return ar_safetensors_read_float(checkpoint->file, tensor, values, err);
}

ar_status ar_checkpoint_read_model(ar_checkpoint *checkpoint, const ar_graph *graph,
                                   float *parameters, ar_optimiser *optimiser, ar_error *err)
{
    ar_status status = AR_OK;
    for (size_t p = 0; p < graph->parameter_count; p++) {
        const ar_parameter *parameter = &graph->parameters[p];
        const int64_t count = parameter->rows * parameter->columns, at = parameter->offset;
        AR_TRY(read_tensor(checkpoint, "", parameter->name, count, parameters + at, err));
        if (optimiser) {
            AR_TRY(read_tensor(checkpoint, first_moment, parameter->name, count,
                               optimiser->first_moment + at, err));
            AR_TRY(read_tensor(checkpoint, second_moment, parameter->name, count,
                               optimiser->second_moment + at, err));
        }
    }
    if (optimiser) {
        optimiser->step = checkpoint->step;
    }
cleanup:
    return status;
}

ar_status ar_checkpoint_read_normalisations(ar_checkpoint *checkpoint, ar_dataset *dataset,
                                            ar_error *err)
{
    const ar_configuration *configuration = &checkpoint->configuration;
    const char *months = ar_safetensors_metadata(checkpoint->file, "months");
    ar_status status = AR_OK;
    if (!months || strlen(months) != 13) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: its metadata has no months of 13 digits",
                       checkpoint->path);
    }
    for (int64_t f = 0; f < dataset->field_count; f++) {
        const ar_field_data *field = &dataset->fields[f];
        ar_normalisation *n = &dataset->normalisations[f];
        char prefix[128];
        AR_TRY(ar_normalisation_init(n, configuration->normalisation_period,
                                     configuration->normalisation_area, field->level_count,
                                     field->grid.nlat, field->grid.nlon, err));
        snprintf(prefix, sizeof prefix, "normalisation.%s.", configuration->fields[f].name);
        const int64_t count = 13 * n->level_count * n->rows * n->columns;
        AR_TRY(read_tensor(checkpoint, prefix, "mean", count, n->mean, err));
        AR_TRY(read_tensor(checkpoint, prefix, "standard_deviation", count, n->standard_deviation,
                           err));
        for (int m = 0; m < 13; m++) {
            n->month_seen[m] = months[m] == '1';
        }
    }
cleanup:
    return status;
}
