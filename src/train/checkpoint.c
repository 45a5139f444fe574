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

enum { NAME_SIZE = 64 };

static void name_of_step(int64_t step, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "checkpoint-%08lld.safetensors", (long long)step);
}

/* The step in "checkpoint-00000123.safetensors", or −1 for another name. */
static int64_t step_of_name(const char *name)
{
    long long step;
    char again[NAME_SIZE];
    if (sscanf(name, "checkpoint-%18lld.", &step) != 1 || step < 0) {
        return -1;
    }
    name_of_step(step, again);
    return strcmp(name, again) == 0 ? step : -1;
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
    char name[NAME_SIZE];
    name_of_step(step, name);
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

/* Remove what a run that was killed while it wrote a checkpoint has left: files that no name of a
 * checkpoint belongs to, each as large as one. */
static void remove_unfinished(const char *run)
{
    DIR *folder = opendir(run);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        const char *partial = strstr(entry->d_name, ".partial-");
        char name[NAME_SIZE];
        size_t length = partial ? (size_t)(partial - entry->d_name) : sizeof name;
        if (length < sizeof name) {
            memcpy(name, entry->d_name, length);
            name[length] = '\0';
            if (step_of_name(name) >= 0) {
                unlinkat(dirfd(folder), entry->d_name, 0);
            }
        }
    }
    if (folder) {
        closedir(folder);
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct {
    ar_safetensor *items;
    size_t count, capacity;
} tensor_list;

static ar_status add_tensor(tensor_list *list, const char *prefix, const char *name, ar_dtype dtype,
                            int rank, const int64_t *shape, const void *values, ar_error *err)
{
    ar_status status = ar_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items,
                               "a checkpoint", err);
    if (status != AR_OK) {
        return status;
    }
    ar_safetensor *tensor = &list->items[list->count];
    *tensor = (ar_safetensor){.dtype = dtype, .rank = rank, .count = 1, .data = values};
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

static void shape_of(const ar_parameter *parameter, int64_t shape[2])
{
    shape[0] = parameter->rank == 2 ? parameter->rows : parameter->columns;
    shape[1] = parameter->columns;
}

static ar_status add_model(tensor_list *list, const ar_graph *graph, const float *parameters,
                           const ar_optimiser *optimiser, ar_error *err)
{
    ar_status status = AR_OK;
    const char *const prefixes[] = {"", first_moment, second_moment};
    const float *const blocks[] = {parameters, optimiser->first_moment, optimiser->second_moment};
    for (int b = 0; b < 3; b++) {
        for (size_t p = 0; p < graph->parameter_count; p++) {
            const ar_parameter *parameter = &graph->parameters[p];
            int64_t shape[2];
            shape_of(parameter, shape);
            AR_TRY(add_tensor(list, prefixes[b], parameter->name, AR_DTYPE_F32, parameter->rank,
                              shape, blocks[b] + parameter->offset, err));
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
        AR_TRY(add_tensor(list, prefix, "mean", AR_DTYPE_F32, 4, shape, n->mean, err));
        AR_TRY(add_tensor(list, prefix, "standard_deviation", AR_DTYPE_F32, 4, shape,
                          n->standard_deviation, err));
    }
cleanup:
    return status;
}

/* Sums of losses as numbers in a row: count, total, gradient norm, then the losses of each field.
 */
enum { SUMS_FIRST_LOSS = 3, SUMS_MOST = SUMS_FIRST_LOSS + AR_FIELD_MAX * AR_LOSS_KIND_COUNT };
static const char sums_name[] = "training.loss_sums";

static int64_t sums_size(const ar_configuration *configuration)
{
    return SUMS_FIRST_LOSS + configuration->field_count * AR_LOSS_KIND_COUNT;
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
                              const float *parameters, const ar_optimiser *optimiser,
                              const ar_loss_sums *sums, ar_error *err)
{
    tensor_list list = {0};
    double numbers[SUMS_MOST] = {(double)sums->count, sums->total, sums->gradient_norm};
    const int64_t number_count = sums_size(configuration);
    char *path = NULL, *yaml = NULL;
    char step[24], months[14];
    ar_status status = AR_OK;
    AR_TRY(path_of_step(run, optimiser->step, &path, err));
    AR_TRY(ar_configuration_write(configuration, &yaml, err));
    AR_TRY(add_model(&list, graph, parameters, optimiser, err));
    AR_TRY(add_normalisations(&list, configuration, dataset, err));
    memcpy(numbers + SUMS_FIRST_LOSS, sums->losses,
           (size_t)(number_count - SUMS_FIRST_LOSS) * sizeof *numbers);
    AR_TRY(add_tensor(&list, "", sums_name, AR_DTYPE_F64, 1, &number_count, numbers, err));
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
    remove_unfinished(run);
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
    char *end;
    checkpoint->step = strtoll(step, &end, 10);
    if (end == step || *end || checkpoint->step < 0) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: its metadata has step '%s', which is no number",
                         checkpoint->path, step);
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

void ar_checkpoint_close(ar_checkpoint *checkpoint)
{
    ar_safetensors_close(&checkpoint->file);
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

/* A tensor of this name and shape. */
static ar_status find_tensor(const ar_checkpoint *checkpoint, const char *prefix, const char *name,
                             int rank, const int64_t *shape, const ar_safetensor **tensor,
                             ar_error *err)
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

static ar_status read_tensor(ar_checkpoint *checkpoint, const char *prefix, const char *name,
                             int rank, const int64_t *shape, float *values, ar_error *err)
{
    const ar_safetensor *tensor;
    ar_status status = find_tensor(checkpoint, prefix, name, rank, shape, &tensor, err);
    return status == AR_OK ? ar_safetensors_read_float(checkpoint->file, tensor, values, err)
                           : status;
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
        shape_of(parameter, shape);
        AR_TRY(read_tensor(checkpoint, "", name, rank, shape, parameters + at, err));
        if (optimiser) {
            AR_TRY(read_tensor(checkpoint, first_moment, name, rank, shape,
                               optimiser->first_moment + at, err));
            AR_TRY(read_tensor(checkpoint, second_moment, name, rank, shape,
                               optimiser->second_moment + at, err));
        }
    }
    if (optimiser) {
        optimiser->step = checkpoint->step;
    }
cleanup:
    return status;
}

ar_status ar_checkpoint_read_sums(ar_checkpoint *checkpoint, ar_loss_sums *sums, ar_error *err)
{
    const int64_t count = sums_size(&checkpoint->configuration);
    const ar_safetensor *tensor;
    double numbers[SUMS_MOST];
    ar_status status = find_tensor(checkpoint, "", sums_name, 1, &count, &tensor, err);
    if (status == AR_OK) {
        status = ar_safetensors_read_double(checkpoint->file, tensor, numbers, err);
    }
    if (status == AR_OK) {
        *sums = (ar_loss_sums){
            .count = (int64_t)numbers[0], .total = numbers[1], .gradient_norm = numbers[2]};
        memcpy(sums->losses, numbers + SUMS_FIRST_LOSS,
               (size_t)(count - SUMS_FIRST_LOSS) * sizeof *numbers);
    }
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
        const int64_t shape[4] = {13, n->level_count, n->rows, n->columns};
        AR_TRY(read_tensor(checkpoint, prefix, "mean", 4, shape, n->mean, err));
        AR_TRY(read_tensor(checkpoint, prefix, "standard_deviation", 4, shape,
                           n->standard_deviation, err));
        for (int m = 0; m < 13; m++) {
            n->month_seen[m] = months[m] == '1';
        }
    }
cleanup:
    return status;
}
