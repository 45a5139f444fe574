#include "train/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "field/units.h"

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

/* Names of a field's statistics: "normalisation.<field>.mean". A stream has those of its field. */
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

static int64_t sums_size(const ar_configuration *configuration, int64_t kinds)
{
    return SUMS_FIRST_LOSS + configuration->field_count * kinds;
}

/* What the fields are: the grid as tensors, the units as one metadata string with a line a field.
 */
static const char latitude_name[] = "grid.latitude", longitude_name[] = "grid.longitude";

static ar_status add_grid(tensor_list *list, const ar_grid *grid, ar_error *err)
{
    ar_status status =
        add_tensor(list, "", latitude_name, AR_DTYPE_F64, 1, &grid->nlat, grid->latitude, err);
    return status == AR_OK ? add_tensor(list, "", longitude_name, AR_DTYPE_F64, 1, &grid->nlon,
                                        grid->longitude, err)
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

/* Months with training data: 13 digits a field, [0] the overall statistics, fields in their order.
 */
enum { MONTHS = 13, MONTHS_SIZE = AR_FIELD_MAX * MONTHS + 1 };

static void months_text(const ar_dataset *dataset, char text[MONTHS_SIZE])
{
    for (int64_t f = 0; f < dataset->field_count; f++) {
        for (int m = 0; m < MONTHS; m++) {
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
    double numbers[SUMS_MOST] = {(double)sums->count, sums->total, sums->gradient_norm};
    const int64_t number_count = sums_size(configuration, AR_LOSS_KIND_COUNT);
    char *path = NULL, *yaml = NULL;
    char step[24], skipped[48], months[MONTHS_SIZE], units[UNITS_SIZE];
    ar_status status = AR_OK;
    AR_TRY(ar_run_checkpoint_path(run, optimiser->step, &path, err));
    AR_TRY(ar_configuration_write(configuration, &yaml, err));
    AR_TRY(add_model(&list, graph, parameters, optimiser, err));
    AR_TRY(add_normalisations(&list, configuration, dataset, err));
    memcpy(numbers + SUMS_FIRST_LOSS, sums->losses,
           (size_t)(number_count - SUMS_FIRST_LOSS) * sizeof *numbers);
    AR_TRY(add_tensor(&list, "", sums_name, AR_DTYPE_F64, 1, &number_count, numbers, err));
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

/* ---- reading --------------------------------------------------------------------------------- */

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
        AR_TRY(read_skipped(checkpoint, optimiser, err));
    }
cleanup:
    return status;
}

/* Losses a field has in this file: an older program knew fewer, the first ones of today's. */
static int64_t kinds_in_file(const ar_checkpoint *checkpoint)
{
    const ar_safetensor *tensor = ar_safetensors_find(checkpoint->file, sums_name);
    int64_t kinds = AR_LOSS_KIND_COUNT;
    while (tensor && kinds > 1 && tensor->count < sums_size(&checkpoint->configuration, kinds)) {
        kinds--;
    }
    return kinds;
}

ar_status ar_checkpoint_read_sums(ar_checkpoint *checkpoint, ar_loss_sums *sums, ar_error *err)
{
    const int64_t kinds = kinds_in_file(checkpoint);
    const int64_t count = sums_size(&checkpoint->configuration, kinds);
    const ar_safetensor *tensor;
    double numbers[SUMS_MOST];
    ar_status status = find_tensor(checkpoint, "", sums_name, 1, &count, &tensor, err);
    if (status == AR_OK) {
        status = ar_safetensors_read_double(checkpoint->file, tensor, numbers, err);
    }
    if (status == AR_OK) {
        *sums = (ar_loss_sums){
            .count = (int64_t)numbers[0], .total = numbers[1], .gradient_norm = numbers[2]};
        for (int64_t f = 0; f < checkpoint->configuration.field_count; f++) {
            memcpy(sums->losses[f], numbers + SUMS_FIRST_LOSS + f * kinds,
                   (size_t)kinds * sizeof *numbers);
        }
    }
    return status;
}

/* Units that mean the same to udunits are the same. */
static ar_status check_units(const ar_checkpoint *checkpoint, const ar_dataset *dataset,
                             ar_error *err)
{
    const char *line = ar_safetensors_metadata(checkpoint->file, "units");
    if (!line) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: its metadata has no units", checkpoint->path);
    }
    for (int64_t f = 0; f < dataset->field_count; f++) {
        const ar_field_data *field = &dataset->fields[f];
        char then[sizeof field->units];
        int length = (int)strcspn(line, "\n");
        double scale = 1, offset = 0;
        ar_error ignored;
        snprintf(then, sizeof then, "%.*s", length, line);
        bool same = strcmp(then, field->units) == 0 ||
                    (ar_units_conversion(field->units, then, &scale, &offset, &ignored) == AR_OK &&
                     scale == 1 && offset == 0);
        if (!same) {
            return ar_fail(err, AR_ERROR_INPUT,
                           "field %s: its data is in '%s', the model of %s was trained with '%s'",
                           field->name, field->units, checkpoint->path, then);
        }
        line += length + (line[length] == '\n');
    }
    return AR_OK;
}

/* The grid that a model was trained on; release with ar_grid_release. */
static ar_status read_grid(ar_checkpoint *checkpoint, ar_grid *grid, ar_error *err)
{
    const ar_safetensor *latitude = ar_safetensors_find(checkpoint->file, latitude_name);
    const ar_safetensor *longitude = ar_safetensors_find(checkpoint->file, longitude_name);
    double *values[2] = {NULL, NULL};
    ar_grid_order order;
    ar_status status = AR_OK;
    if (!latitude || !longitude) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: no tensor %s", checkpoint->path,
                       latitude ? longitude_name : latitude_name);
    }
    AR_TRY(ar_allocate(&values[0], (size_t)latitude->count, sizeof(double), "latitudes", err));
    AR_TRY(ar_allocate(&values[1], (size_t)longitude->count, sizeof(double), "longitudes", err));
    AR_TRY(ar_safetensors_read_double(checkpoint->file, latitude, values[0], err));
    AR_TRY(ar_safetensors_read_double(checkpoint->file, longitude, values[1], err));
    AR_TRY(ar_grid_init(grid, &order, values[0], latitude->count, values[1], longitude->count,
                        checkpoint->path, err));
cleanup:
    ar_free(values[0]);
    ar_free(values[1]);
    return status;
}

/* Statistics per latitude or point belong to a grid; global ones can be used on another, which is
 * worth a warning where the resolution differs. */
static ar_status check_grid(ar_checkpoint *checkpoint, const ar_dataset *dataset, ar_error *err)
{
    const ar_grid *now = &dataset->fields[0].grid;
    ar_grid then = {0};
    ar_status status = read_grid(checkpoint, &then, err);
    if (status == AR_OK && !ar_grid_equal(&then, now)) {
        bool tied = checkpoint->configuration.normalisation_area != AR_AREA_GLOBAL;
        bool other_steps =
            fabs(then.latitude_step - now->latitude_step) > 0.01 * now->latitude_step;
        if (tied) {
            status =
                ar_fail(err, AR_ERROR_INPUT,
                        "field %s: its grid of %lld x %lld points from %g N, %g E is not the "
                        "%lld x %lld from %g N, %g E that %s was trained on, and the "
                        "normalisation is per %s",
                        dataset->fields[0].name, (long long)now->nlat, (long long)now->nlon,
                        now->latitude[0], now->longitude[0], (long long)then.nlat,
                        (long long)then.nlon, then.latitude[0], then.longitude[0], checkpoint->path,
                        checkpoint->configuration.normalisation_area == AR_AREA_POINT ? "point"
                                                                                      : "latitude");
        } else if (other_steps) {
            ar_log(AR_LOG_WARNING,
                   "the data has a point every %g degrees, the model was trained "
                   "with one every %g",
                   now->latitude_step, then.latitude_step);
        }
    }
    ar_grid_release(&then);
    return status;
}

ar_status ar_checkpoint_read_normalisations(ar_checkpoint *checkpoint, ar_dataset *dataset,
                                            ar_error *err)
{
    const ar_configuration *configuration = &checkpoint->configuration;
    const char *months = ar_safetensors_metadata(checkpoint->file, "months");
    ar_status status = AR_OK;
    if (!months || strlen(months) != (size_t)(MONTHS * dataset->field_count)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: its metadata has no months, 13 digits a field",
                       checkpoint->path);
    }
    AR_TRY(check_units(checkpoint, dataset, err));
    AR_TRY(check_grid(checkpoint, dataset, err));
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (dataset->is_stream[f]) {
            continue;
        }
        const ar_field_data *field = &dataset->fields[f];
        ar_normalisation *n = &dataset->normalisations[f];
        char prefix[128];
        ar_normalisation_period period;
        ar_normalisation_area area;
        ar_dataset_statistics(configuration, f, &period, &area);
        AR_TRY(ar_normalisation_init(n, period, area, field->level_count, field->grid.nlat,
                                     field->grid.nlon, err));
        snprintf(prefix, sizeof prefix, "normalisation.%s.", configuration->fields[f].name);
        const int64_t shape[4] = {13, n->level_count, n->rows, n->columns};
        AR_TRY(read_tensor(checkpoint, prefix, "mean", 4, shape, n->mean, err));
        AR_TRY(read_tensor(checkpoint, prefix, "standard_deviation", 4, shape,
                           n->standard_deviation, err));
        for (int m = 0; m < MONTHS; m++) {
            n->month_seen[m] = months[MONTHS * f + m] == '1';
        }
    }
cleanup:
    return status;
}

/* The same data gives the same statistics, but for their last digits where one time they come from
 * a prepared store's and another time from the values. */
static bool are_close(const float *then, const float *now, const ar_normalisation *n, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const float most = 1e-6f * n->standard_deviation[i] + 2e-7f * fabsf(n->mean[i]);
        if (!(fabsf(then[i] - now[i]) <= most) && then[i] != now[i]) {
            return false;
        }
    }
    return true;
}

ar_status ar_checkpoint_check_data(ar_checkpoint *checkpoint, ar_dataset *dataset, ar_error *err)
{
    ar_status status = AR_OK;
    float *then = NULL;
    AR_TRY(check_units(checkpoint, dataset, err));
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (dataset->is_stream[f]) {
            continue;
        }
        ar_normalisation *n = &dataset->normalisations[f];
        const int64_t shape[4] = {13, n->level_count, n->rows, n->columns};
        const size_t count = (size_t)(shape[0] * shape[1] * shape[2] * shape[3]);
        float *const now[2] = {n->mean, n->standard_deviation};
        const char *const names[2] = {"mean", "standard_deviation"};
        const char *field = checkpoint->configuration.fields[f].name;
        char prefix[128];
        snprintf(prefix, sizeof prefix, "normalisation.%s.", field);
        AR_TRY(ar_allocate(&then, count, sizeof *then, "statistics", err));
        for (int i = 0; i < 2; i++) {
            AR_TRY(read_tensor(checkpoint, prefix, names[i], 4, shape, then, err));
            if (!are_close(then, now[i], n, count)) {
                status = ar_fail(err, AR_ERROR_INPUT,
                                 "%s: the statistics of %s over the training period are not those "
                                 "the run began with: the data has changed; train into another "
                                 "folder",
                                 checkpoint->path, field);
                goto cleanup;
            }
            memcpy(now[i], then, count * sizeof *then);
        }
        ar_free(then);
        then = NULL;
    }
cleanup:
    ar_free(then);
    return status;
}
