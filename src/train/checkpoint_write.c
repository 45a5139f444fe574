#include "train/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "train/checkpoint_layout.h"

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

static ar_status add_model(tensor_list *list, const ar_graph *graph, const float *parameters,
                           const ar_optimiser *optimiser, ar_error *err)
{
    ar_status status = AR_OK;
    const char *const prefixes[] = {"", AR_CHECKPOINT_FIRST_MOMENT, AR_CHECKPOINT_SECOND_MOMENT};
    const float *const blocks[] = {parameters, optimiser->first_moment, optimiser->second_moment};
    for (int b = 0; b < 3; b++) {
        for (size_t p = 0; p < graph->parameter_count; p++) {
            const ar_parameter *parameter = &graph->parameters[p];
            int64_t shape[2];
            ar_checkpoint_parameter_shape(parameter, shape);
            AR_TRY(add_tensor(list, prefixes[b], parameter->name, AR_DTYPE_F32, parameter->rank,
                              shape, blocks[b] + parameter->offset, err));
        }
    }
cleanup:
    return status;
}

static ar_status add_normalisations(tensor_list *list, const ar_configuration *configuration,
                                    const ar_dataset *dataset, ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (dataset->is_stream[f]) {
            continue;
        }
        const ar_normalisation *n = &dataset->normalisations[f];
        const int64_t shape[4] = {13, n->level_count, n->rows, n->columns};
        char prefix[AR_CHECKPOINT_PREFIX];
        ar_checkpoint_statistics_prefix(configuration->fields[f].name, prefix);
        AR_TRY(add_tensor(list, prefix, "mean", AR_DTYPE_F32, 4, shape, n->mean, err));
        AR_TRY(add_tensor(list, prefix, "standard_deviation", AR_DTYPE_F32, 4, shape,
                          n->standard_deviation, err));
    }
cleanup:
    return status;
}

static ar_status add_grid(tensor_list *list, const ar_grid *grid, ar_error *err)
{
    ar_status status = add_tensor(list, "", AR_CHECKPOINT_LATITUDE, AR_DTYPE_F64, 1, &grid->nlat,
                                  grid->latitude, err);
    return status == AR_OK ? add_tensor(list, "", AR_CHECKPOINT_LONGITUDE, AR_DTYPE_F64, 1,
                                        &grid->nlon, grid->longitude, err)
                           : status;
}

enum { UNITS_SIZE = AR_FIELD_MAX * (sizeof((ar_field_data *)NULL)->units + 1) };

static void units_text(const ar_dataset *dataset, char text[UNITS_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    for (int64_t f = 0; f < dataset->field_count; f++) {
        used += (size_t)snprintf(text + used, UNITS_SIZE - used, "%s\n", dataset->fields[f].units);
    }
}

enum { MONTHS_SIZE = AR_FIELD_MAX * AR_CHECKPOINT_MONTHS + 1 };

static void months_text(const ar_dataset *dataset, char text[MONTHS_SIZE])
{
    for (int64_t f = 0; f < dataset->field_count; f++) {
        for (int m = 0; m < AR_CHECKPOINT_MONTHS; m++) {
            *text++ = dataset->normalisations[f].month_seen[m] ? '1' : '0';
        }
    }
    *text = '\0';
}

ar_status ar_checkpoint_write(const char *run, const ar_configuration *configuration,
                              const ar_dataset *dataset, const ar_graph *graph,
                              const float *parameters, const ar_optimiser *optimiser,
                              const ar_loss_sums *sums, const char *origin, ar_error *err)
{
    tensor_list list = {0};
    double numbers[AR_CHECKPOINT_SUMS_MOST] = {(double)sums->count, sums->total,
                                               sums->gradient_norm};
    const int64_t number_count = ar_checkpoint_sums_size(configuration, AR_LOSS_KIND_COUNT);
    char *path = NULL, *yaml = NULL;
    char step[24], skipped[48], months[MONTHS_SIZE], units[UNITS_SIZE];
    ar_status status = AR_OK;
    AR_TRY(ar_run_checkpoint_path(run, optimiser->step, &path, err));
    AR_TRY(ar_configuration_write(configuration, &yaml, err));
    AR_TRY(add_model(&list, graph, parameters, optimiser, err));
    AR_TRY(add_normalisations(&list, configuration, dataset, err));
    memcpy(numbers + AR_CHECKPOINT_SUMS_FIRST_LOSS, sums->losses,
           (size_t)(number_count - AR_CHECKPOINT_SUMS_FIRST_LOSS) * sizeof *numbers);
    AR_TRY(add_tensor(&list, "", AR_CHECKPOINT_SUMS, AR_DTYPE_F64, 1, &number_count, numbers, err));
    snprintf(step, sizeof step, "%lld", (long long)optimiser->step);
    snprintf(skipped, sizeof skipped, "%lld %lld", (long long)optimiser->skipped,
             (long long)optimiser->skipped_in_a_row);
    months_text(dataset, months);
    units_text(dataset, units);
    AR_TRY(add_grid(&list, &dataset->fields[0].grid, err));
    const ar_metadata metadata[] = {{"format", "atmorep checkpoint 1"},
                                    {"program", "atmorep " ATMOREP_VERSION},
                                    {"step", step},
                                    {"skipped_steps", skipped},
                                    {"months", months},
                                    {"units", units},
                                    {"configuration", yaml},
                                    {"origin", origin}};
    const int64_t entries = (int64_t)(sizeof metadata / sizeof *metadata) - (origin ? 0 : 1);
    AR_TRY(ar_safetensors_write(path, list.items, (int64_t)list.count, metadata, entries, err));
    AR_TRY(ar_run_clean(run, err));
cleanup:
    for (size_t i = 0; i < list.count; i++) {
        ar_free(list.items[i].name);
    }
    ar_free(list.items);
    ar_free(path);
    ar_free(yaml);
    return status;
}
