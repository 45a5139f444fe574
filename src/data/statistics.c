/* How the mean and standard deviation of normalisation.h are computed: sums over the training times
 * in cells (a latitude, or a point), put together to what the area asks for. Each latitude is
 * summed by one thread in the order of time, so that the result is the same on any number of
 * threads. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "data/normalisation.h"

enum { PERIODS = 13 }; /* overall and twelve months */

/* Sums of one level. A cell is a latitude, or a point of one. */
typedef struct {
    const ar_field_data *field;
    const ar_normalisation *normalisation;
    int64_t level;
    int periods; /* 1, or 13: overall and the months */
    int64_t time_count;
    const int64_t *times; /* [time_count] indices of the training times */
    const int *months;    /* [time_count] */
    int64_t cell_columns; /* 1 or nlon */
    double *weight;       /* [nlat] area of a latitude */
    double *count;        /* [periods][nlat][cell_columns] values that are not missing */
    double *sum;          /* the same: of values, then of squared deviations from `centre` */
    double *centre;       /* the same: what deviations are taken from; 0 in the first pass */
    double *cell_mean;    /* the same */
    double *global_mean;  /* [periods] */
} level_sums;

static int64_t cell_index(const level_sums *sums, int period, int64_t row)
{
    return (period * sums->field->grid.nlat + row) * sums->cell_columns;
}

/* `power` 1 sums deviations, 2 their squares. */
static double deviation_of(float value, double centre, int power)
{
    double deviation = value - centre;
    return power == 2 ? deviation * deviation : deviation;
}

static void add_row_of_points(const level_sums *sums, int64_t first_cell, const float *values,
                              int power)
{
    double *sum = sums->sum + first_cell, *count = sums->count + first_cell;
    const double *centre = sums->centre + first_cell;
    for (int64_t j = 0; j < sums->field->grid.nlon; j++) {
        if (!isnan(values[j])) {
            sum[j] += deviation_of(values[j], centre[j], power);
            count[j]++;
        }
    }
}

static void add_row_as_one(const level_sums *sums, int64_t cell, const float *values, int power)
{
    double sum = 0, centre = sums->centre[cell];
    int64_t count = 0;
    for (int64_t j = 0; j < sums->field->grid.nlon; j++) {
        if (!isnan(values[j])) {
            sum += deviation_of(values[j], centre, power);
            count++;
        }
    }
    sums->sum[cell] += sum;
    sums->count[cell] += (double)count;
}

static void add_row(const level_sums *sums, int period, int64_t row, const float *values, int power)
{
    int64_t first_cell = cell_index(sums, period, row);
    if (sums->normalisation->area == AR_AREA_POINT) {
        add_row_of_points(sums, first_cell, values, power);
    } else {
        add_row_as_one(sums, first_cell, values, power);
    }
}

static void add_all(level_sums *sums, int power)
{
    const ar_grid *grid = &sums->field->grid;
    size_t cells = (size_t)(sums->periods * grid->nlat * sums->cell_columns);
    memset(sums->count, 0, cells * sizeof(double));
    memset(sums->sum, 0, cells * sizeof(double));
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < grid->nlat; row++) {
        for (int64_t t = 0; t < sums->time_count; t++) {
            const float *values =
                ar_field_data_slice(sums->field, sums->times[t], sums->level) + row * grid->nlon;
            add_row(sums, 0, row, values, power);
            if (sums->periods > 1) {
                add_row(sums, sums->months[t], row, values, power);
            }
        }
    }
}

/* Area-weighted mean over all cells of a period of what `sum` holds; NaN without values. */
static double mean_of_cells(const level_sums *sums, int period)
{
    double total = 0, weight = 0;
    for (int64_t row = 0; row < sums->field->grid.nlat; row++) {
        for (int64_t j = 0; j < sums->cell_columns; j++) {
            int64_t cell = cell_index(sums, period, row) + j;
            total += sums->weight[row] * sums->sum[cell];
            weight += sums->weight[row] * sums->count[cell];
        }
    }
    return total / weight;
}

/* First pass: means of cells and of the whole level, for every period. */
static void find_means(level_sums *sums)
{
    int64_t cells = sums->periods * sums->field->grid.nlat * sums->cell_columns;
    memset(sums->centre, 0, (size_t)cells * sizeof(double));
    add_all(sums, 1);
    for (int64_t cell = 0; cell < cells; cell++) {
        sums->cell_mean[cell] = sums->sum[cell] / sums->count[cell];
    }
    for (int period = 0; period < sums->periods; period++) {
        sums->global_mean[period] = mean_of_cells(sums, period);
    }
}

/* Single precision resolves 6e-8 of a value: less spread than that is the rounding of a constant.
 */
static bool is_constant(double mean, double standard_deviation)
{
    return !(standard_deviation > 1e-8 * fabs(mean)) || (float)standard_deviation == 0;
}

/* Second pass around the global means: the level's standard deviation of every period. */
static void find_global_deviations(level_sums *sums, double deviations[PERIODS])
{
    int64_t per_period = sums->field->grid.nlat * sums->cell_columns;
    for (int period = 0; period < sums->periods; period++) {
        for (int64_t cell = 0; cell < per_period; cell++) {
            sums->centre[period * per_period + cell] = sums->global_mean[period];
        }
    }
    add_all(sums, 2);
    for (int period = 0; period < sums->periods; period++) {
        deviations[period] = sqrt(mean_of_cells(sums, period));
    }
}

/* Write the cells of a period; what says nothing takes the level's values of the period. */
static void write_cells(const level_sums *sums, int period, double global_deviation)
{
    const ar_normalisation *normalisation = sums->normalisation;
    int64_t offset = ar_normalisation_offset(normalisation, period, sums->level);
    int64_t cells = normalisation->rows * normalisation->columns;
    for (int64_t i = 0; i < cells; i++) {
        double mean = sums->global_mean[period], deviation = global_deviation;
        if (normalisation->area != AR_AREA_GLOBAL) {
            int64_t cell = cell_index(sums, period, 0) + i;
            if (sums->count[cell] > 0) {
                mean = sums->cell_mean[cell];
                double own = sqrt(sums->sum[cell] / sums->count[cell]);
                deviation = is_constant(mean, own) ? global_deviation : own;
            }
        }
        normalisation->mean[offset + i] = (float)mean;
        normalisation->standard_deviation[offset + i] = (float)deviation;
    }
}

static void copy_overall(const ar_normalisation *normalisation, int period, int64_t level)
{
    int64_t from = ar_normalisation_offset(normalisation, 0, level);
    int64_t to = ar_normalisation_offset(normalisation, period, level);
    size_t bytes = (size_t)(normalisation->rows * normalisation->columns) * sizeof(float);
    memcpy(normalisation->mean + to, normalisation->mean + from, bytes);
    memcpy(normalisation->standard_deviation + to, normalisation->standard_deviation + from, bytes);
}

static ar_status check_level(const level_sums *sums, double mean, double deviation, ar_error *err)
{
    const char *name = sums->field->name;
    double level = sums->field->levels[sums->level], count = 0;
    for (int64_t cell = 0; cell < sums->field->grid.nlat * sums->cell_columns; cell++) {
        count += sums->count[cell];
    }
    if (count == 0) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "field %s, level %g: all of its training data is missing", name, level);
    }
    if (!isfinite((float)mean) || !isfinite((float)deviation)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "field %s, level %g: its training data has infinite values", name, level);
    }
    if (is_constant(mean, deviation)) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "field %s, level %g: its training data is constant (%g) and cannot be "
                       "normalised",
                       name, level, mean);
    }
    return AR_OK;
}

static ar_status compute_level(level_sums *sums, ar_error *err)
{
    const ar_normalisation *normalisation = sums->normalisation;
    double deviations[PERIODS];
    find_means(sums);
    find_global_deviations(sums, deviations);
    ar_status status = check_level(sums, sums->global_mean[0], deviations[0], err);
    if (status != AR_OK) {
        return status;
    }
    if (normalisation->area != AR_AREA_GLOBAL) {
        size_t cells = (size_t)(sums->periods * sums->field->grid.nlat * sums->cell_columns);
        memcpy(sums->centre, sums->cell_mean, cells * sizeof(double));
        add_all(sums, 2);
    }
    for (int period = 0; period < PERIODS; period++) {
        if (period >= sums->periods || is_constant(sums->global_mean[period], deviations[period])) {
            copy_overall(normalisation, period, sums->level);
        } else {
            write_cells(sums, period, deviations[period]);
        }
    }
    return AR_OK;
}

/* Indices and months of the times within [first_time, last_time]. */
static ar_status choose_times(const ar_field_data *field, int64_t first_time, int64_t last_time,
                              int64_t *times, int *months, int64_t *time_count, ar_error *err)
{
    *time_count = 0;
    for (int64_t t = 0; t < field->time_count; t++) {
        if (field->times[t] >= first_time && field->times[t] <= last_time) {
            times[*time_count] = t;
            months[(*time_count)++] = ar_time_date(field->times[t], field->calendar).month;
        }
    }
    if (*time_count > 0) {
        return AR_OK;
    }
    char text[4][32] = {"nothing", "nothing"};
    if (field->time_count > 0) {
        ar_time_format(field->times[0], field->calendar, text[0]);
        ar_time_format(field->times[field->time_count - 1], field->calendar, text[1]);
    }
    ar_time_format(first_time, field->calendar, text[2]);
    ar_time_format(last_time, field->calendar, text[3]);
    return ar_fail(err, AR_ERROR_INPUT,
                   "field %s: its data (%s to %s) has no time within the training times %s to %s",
                   field->name, text[0], text[1], text[2], text[3]);
}

static ar_status allocate_sums(level_sums *sums, ar_error *err)
{
    ar_status status;
    const ar_grid *grid = &sums->field->grid;
    /* fits: the normalisation of this shape has been allocated already, or it is smaller */
    size_t cells = (size_t)(sums->periods * grid->nlat * sums->cell_columns);
    AR_TRY(ar_allocate(&sums->weight, (size_t)grid->nlat, sizeof(double), "weights", err));
    AR_TRY(ar_allocate(&sums->count, cells, sizeof(double), "counts", err));
    AR_TRY(ar_allocate(&sums->sum, cells, sizeof(double), "sums", err));
    AR_TRY(ar_allocate(&sums->centre, cells, sizeof(double), "centres", err));
    AR_TRY(ar_allocate(&sums->cell_mean, cells, sizeof(double), "means", err));
    AR_TRY(ar_allocate(&sums->global_mean, PERIODS, sizeof(double), "means", err));
    ar_grid_area_weights(grid, sums->weight);
cleanup:
    return status;
}

ar_status ar_normalisation_compute(ar_normalisation *normalisation, const ar_field_data *field,
                                   ar_normalisation_period period, ar_normalisation_area area,
                                   int64_t first_time, int64_t last_time, ar_error *err)
{
    ar_status status;
    int64_t *times = NULL;
    int *months = NULL;
    level_sums sums = {.field = field,
                       .normalisation = normalisation,
                       .periods = period == AR_PERIOD_MONTHLY ? PERIODS : 1,
                       .cell_columns = area == AR_AREA_POINT ? field->grid.nlon : 1};
    AR_TRY(ar_normalisation_init(normalisation, period, area, field->level_count, field->grid.nlat,
                                 field->grid.nlon, err));
    AR_TRY(ar_allocate(&times, (size_t)field->time_count, sizeof *times, "time indices", err));
    AR_TRY(ar_allocate(&months, (size_t)field->time_count, sizeof *months, "months", err));
    AR_TRY(choose_times(field, first_time, last_time, times, months, &sums.time_count, err));
    for (int64_t t = 0; t < sums.time_count; t++) {
        normalisation->month_seen[months[t]] = true;
    }
    sums.times = times;
    sums.months = months;
    AR_TRY(allocate_sums(&sums, err));
    for (sums.level = 0; sums.level < field->level_count; sums.level++) {
        AR_TRY(compute_level(&sums, err));
    }
cleanup:
    ar_free(sums.weight);
    ar_free(sums.count);
    ar_free(sums.sum);
    ar_free(sums.centre);
    ar_free(sums.cell_mean);
    ar_free(sums.global_mean);
    ar_free(times);
    ar_free(months);
    if (status != AR_OK) {
        ar_normalisation_release(normalisation);
    }
    return status;
}
