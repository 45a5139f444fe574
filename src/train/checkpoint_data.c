#include "train/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "field/units.h"
#include "train/checkpoint_layout.h"

/* How data of a field comes to the unit it was trained in: by nothing, where both mean the same. */
typedef struct {
    char unit[sizeof((ar_field_data *)NULL)->units];
    double scale, offset; /* unit = scale · data + offset */
    bool same;
} unit_change;

static ar_status fail_by_unit(const ar_checkpoint *checkpoint, const ar_field_data *field,
                              const unit_change *change, ar_error *err)
{
    return ar_fail(err, AR_ERROR_INPUT,
                   "field %s: its data is in '%s', the model of %s was trained with '%s'",
                   field->name, field->units, checkpoint->path, change->unit);
}

/* Units are one line a field; *line goes on to the next. */
static ar_status read_unit_change(const ar_checkpoint *checkpoint, const ar_field_data *field,
                                  const char **line, unit_change *change, ar_error *err)
{
    const size_t length = strcspn(*line, "\n");
    *change = (unit_change){.scale = 1};
    snprintf(change->unit, sizeof change->unit, "%.*s", (int)length, *line);
    *line += length + ((*line)[length] == '\n');
    if (strcmp(change->unit, field->units) != 0 &&
        ar_units_conversion(field->units, change->unit, &change->scale, &change->offset, NULL) !=
            AR_OK) {
        return fail_by_unit(checkpoint, field, change, err);
    }
    change->same = change->scale == 1 && change->offset == 0;
    return AR_OK;
}

static ar_status find_units(const ar_checkpoint *checkpoint, const char **line, ar_error *err)
{
    *line = ar_safetensors_metadata(checkpoint->file, "units");
    return *line ? AR_OK
                 : ar_fail(err, AR_ERROR_INPUT, "%s: its metadata has no units", checkpoint->path);
}

static ar_status check_units(const ar_checkpoint *checkpoint, const ar_dataset *dataset,
                             ar_error *err)
{
    const char *line;
    ar_status status = AR_OK;
    AR_TRY(find_units(checkpoint, &line, err));
    for (int64_t f = 0; f < dataset->field_count; f++) {
        unit_change change;
        AR_TRY(read_unit_change(checkpoint, &dataset->fields[f], &line, &change, err));
        if (!change.same) {
            return fail_by_unit(checkpoint, &dataset->fields[f], &change, err);
        }
    }
cleanup:
    return status;
}

/* Streams borrow the values of their field, but have a unit of their own. */
static ar_status convert_units(const ar_checkpoint *checkpoint, ar_dataset *dataset, ar_error *err)
{
    const char *line;
    ar_status status = AR_OK;
    AR_TRY(find_units(checkpoint, &line, err));
    for (int64_t f = 0; f < dataset->field_count; f++) {
        ar_field_data *field = &dataset->fields[f];
        unit_change change;
        AR_TRY(read_unit_change(checkpoint, field, &line, &change, err));
        if (change.same) {
            continue;
        }
        if (!dataset->is_stream[f]) {
            ar_log(AR_LOG_INFO, "field %s: its data is in '%s' and converted to the model's '%s'",
                   field->name, field->units, change.unit);
            ar_units_convert(field->values,
                             field->time_count * field->level_count * field->grid.nlat *
                                 field->grid.nlon,
                             change.scale, change.offset);
        }
        snprintf(field->units, sizeof field->units, "%s", change.unit);
    }
cleanup:
    return status;
}

/* The grid that a model was trained on; release with ar_grid_release. */
static ar_status read_grid(ar_checkpoint *checkpoint, ar_grid *grid, ar_error *err)
{
    const ar_safetensor *latitude = ar_safetensors_find(checkpoint->file, AR_CHECKPOINT_LATITUDE);
    const ar_safetensor *longitude = ar_safetensors_find(checkpoint->file, AR_CHECKPOINT_LONGITUDE);
    double *values[2] = {NULL, NULL};
    ar_grid_order order;
    ar_status status = AR_OK;
    if (!latitude || !longitude) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: no tensor %s", checkpoint->path,
                       latitude ? AR_CHECKPOINT_LONGITUDE : AR_CHECKPOINT_LATITUDE);
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
    if (!months || strlen(months) != (size_t)(AR_CHECKPOINT_MONTHS * dataset->field_count)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: its metadata has no months, 13 digits a field",
                       checkpoint->path);
    }
    AR_TRY(convert_units(checkpoint, dataset, err));
    AR_TRY(check_grid(checkpoint, dataset, err));
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (dataset->is_stream[f]) {
            continue;
        }
        const ar_field_data *field = &dataset->fields[f];
        ar_normalisation *n = &dataset->normalisations[f];
        char prefix[AR_CHECKPOINT_PREFIX];
        ar_normalisation_period period;
        ar_normalisation_area area;
        ar_dataset_statistics(configuration, f, &period, &area);
        AR_TRY(ar_normalisation_init(n, period, area, field->level_count, field->grid.nlat,
                                     field->grid.nlon, err));
        ar_checkpoint_statistics_prefix(configuration->fields[f].name, prefix);
        const int64_t shape[4] = {13, n->level_count, n->rows, n->columns};
        AR_TRY(ar_checkpoint_read_tensor(checkpoint, prefix, "mean", 4, shape, n->mean, err));
        AR_TRY(ar_checkpoint_read_tensor(checkpoint, prefix, "standard_deviation", 4, shape,
                                         n->standard_deviation, err));
        for (int m = 0; m < AR_CHECKPOINT_MONTHS; m++) {
            n->month_seen[m] = months[AR_CHECKPOINT_MONTHS * f + m] == '1';
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
        char prefix[AR_CHECKPOINT_PREFIX];
        ar_checkpoint_statistics_prefix(field, prefix);
        AR_TRY(ar_allocate(&then, count, sizeof *then, "statistics", err));
        for (int i = 0; i < 2; i++) {
            AR_TRY(ar_checkpoint_read_tensor(checkpoint, prefix, names[i], 4, shape, then, err));
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
