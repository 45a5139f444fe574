/* How the mean and standard deviation of normalisation.h are computed: moments of the training
 * times in cells (a latitude, or a point), month after month of the data, put together to what the
 * area asks for. So what is in memory at once is a month, and the result is the same to the bit
 * whether the data is read month by month or is there already. Each latitude is summed by one
 * thread in the order of time, so that the number of threads changes no bit either. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "data/field_reader.h"
#include "data/normalisation.h"
#include "data/store_statistics.h"

enum { MONTHS = 12, PERIODS = 13 }; /* overall and twelve months */

typedef struct {
    double count;   /* of values that are not missing */
    double mean;    /* 0 without any */
    double squares; /* sum of squared deviations from the mean */
} moments;

/* A cell is a latitude, or a point of one. */
typedef struct {
    const ar_field_data *field; /* its values are those of the block that is being added */
    ar_normalisation *normalisation;
    int months;                  /* that are kept apart: 1 (none) or 12 */
    int64_t cell_columns;        /* 1 or nlon */
    int64_t cells;               /* nlat · cell_columns */
    double *weight;              /* [nlat] area of a latitude */
    moments *sums;               /* [months][level_count][cells] */
    moments *block;              /* [cells] of one block and level; later of one period and level */
    ar_store_statistics *stored; /* of whole months, which need not be read; may be NULL */
    double *points[3];           /* [nlat][nlon] of a month of those: count, mean, squares */
} field_moments;

/* Put two sets of values together (Chan, Golub and LeVeque 1979, eq. 2.1). */
static void merge(moments *a, const moments *b)
{
    if (b->count > 0) {
        const double count = a->count + b->count, difference = b->mean - a->mean;
        a->mean += difference * (b->count / count);
        a->squares += b->squares + difference * difference * (a->count * (b->count / count));
        a->count = count;
    }
}

/* Two passes over the values of a row at all times of the block, all of them one cell. */
static void sum_row(const field_moments *it, int64_t level, int64_t row, int64_t first, int64_t end)
{
    const int64_t nlon = it->field->grid.nlon;
    moments cell = {0};
    for (int64_t t = first; t < end; t++) {
        const float *values = ar_field_data_slice(it->field, t, level) + row * nlon;
        double sum = 0;
        int64_t count = 0;
        for (int64_t j = 0; j < nlon; j++) {
            if (!isnan(values[j])) {
                sum += values[j];
                count++;
            }
        }
        cell.mean += sum;
        cell.count += (double)count;
    }
    cell.mean /= fmax(cell.count, 1);
    for (int64_t t = first; t < end; t++) {
        const float *values = ar_field_data_slice(it->field, t, level) + row * nlon;
        double sum = 0;
        for (int64_t j = 0; j < nlon; j++) {
            const double deviation = values[j] - cell.mean;
            sum += isnan(values[j]) ? 0 : deviation * deviation;
        }
        cell.squares += sum;
    }
    it->block[row] = cell;
}

/* The same where every point of the row is a cell. */
static void sum_points(const field_moments *it, int64_t level, int64_t row, int64_t first,
                       int64_t end)
{
    const int64_t nlon = it->field->grid.nlon;
    moments *cells = it->block + row * nlon;
    memset(cells, 0, (size_t)nlon * sizeof *cells);
    for (int64_t t = first; t < end; t++) {
        const float *values = ar_field_data_slice(it->field, t, level) + row * nlon;
        for (int64_t j = 0; j < nlon; j++) {
            if (!isnan(values[j])) {
                cells[j].mean += values[j];
                cells[j].count++;
            }
        }
    }
    for (int64_t j = 0; j < nlon; j++) {
        cells[j].mean /= fmax(cells[j].count, 1);
    }
    for (int64_t t = first; t < end; t++) {
        const float *values = ar_field_data_slice(it->field, t, level) + row * nlon;
        for (int64_t j = 0; j < nlon; j++) {
            const double deviation = values[j] - cells[j].mean;
            cells[j].squares += isnan(values[j]) ? 0 : deviation * deviation;
        }
    }
}

/* Add times [first, end) of the field, all of the same month (1–12). */
static void add_block(const field_moments *it, int64_t first, int64_t end, int month)
{
    const int64_t levels = it->field->level_count, columns = it->cell_columns;
    moments *sums = it->sums + (it->months > 1 ? (month - 1) * levels * it->cells : 0);
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < it->field->grid.nlat; row++) {
        for (int64_t level = 0; level < levels; level++) {
            if (columns > 1) {
                sum_points(it, level, row, first, end);
            } else {
                sum_row(it, level, row, first, end);
            }
            for (int64_t j = row * columns; j < (row + 1) * columns; j++) {
                merge(&sums[level * it->cells + j], &it->block[j]);
            }
        }
    }
}

/* Add a month that the store has the moments of. */
static ar_status add_stored(const field_moments *it, int64_t stored_month, int month, ar_error *err)
{
    const int64_t levels = it->field->level_count, nlon = it->field->grid.nlon;
    const double *count = it->points[0], *mean = it->points[1], *squares = it->points[2];
    moments *sums = it->sums + (it->months > 1 ? (month - 1) * levels * it->cells : 0);
    ar_status status = AR_OK;
    for (int64_t level = 0; status == AR_OK && level < levels; level++) {
        status = ar_store_statistics_read(it->stored, stored_month, level, it->points[0],
                                          it->points[1], it->points[2], err);
        for (int64_t i = 0; status == AR_OK && i < it->field->grid.nlat * nlon; i++) {
            const moments point = {count[i], mean[i], squares[i]};
            merge(&sums[level * it->cells + (it->cell_columns > 1 ? i : i / nlon)], &point);
        }
    }
    return status;
}

/* All values of a level in a period (0: overall), cell by cell, to `block`. */
static void gather_period(const field_moments *it, int period, int64_t level)
{
    const int64_t month_size = it->field->level_count * it->cells;
    const moments *sums = it->sums + level * it->cells;
    if (period > 0) {
        memcpy(it->block, sums + (period - 1) * month_size, (size_t)it->cells * sizeof *sums);
        return;
    }
    memcpy(it->block, sums, (size_t)it->cells * sizeof *sums);
    for (int month = 1; month < it->months; month++) {
        for (int64_t cell = 0; cell < it->cells; cell++) {
            merge(&it->block[cell], &sums[month * month_size + cell]);
        }
    }
}

/* Area-weighted mean and standard deviation over all cells of `block`; NaN without values. */
static void summarise(const field_moments *it, double *mean, double *deviation)
{
    double total = 0, squares = 0, weight = 0;
    for (int64_t cell = 0; cell < it->cells; cell++) {
        const double area = it->weight[cell / it->cell_columns];
        total += area * it->block[cell].count * it->block[cell].mean;
        weight += area * it->block[cell].count;
    }
    *mean = total / weight;
    for (int64_t cell = 0; cell < it->cells; cell++) {
        const moments *part = &it->block[cell];
        const double away = part->mean - *mean;
        squares += part->count > 0 ? it->weight[cell / it->cell_columns] *
                                         (part->squares + part->count * away * away)
                                   : 0;
    }
    *deviation = sqrt(squares / weight);
}

/* Single precision resolves 6e-8 of a value: less spread than that is the rounding of a constant.
 */
static bool is_constant(double mean, double standard_deviation)
{
    return !(standard_deviation > 1e-8 * fabs(mean)) || (float)standard_deviation == 0;
}

/* Write the cells of a period; what says nothing takes the level's values of the period. */
static void write_cells(const field_moments *it, int period, int64_t level, double mean,
                        double deviation)
{
    const ar_normalisation *normalisation = it->normalisation;
    const int64_t offset = ar_normalisation_offset(normalisation, period, level);
    for (int64_t i = 0; i < normalisation->rows * normalisation->columns; i++) {
        double cell_mean = mean, cell_deviation = deviation;
        if (normalisation->area != AR_AREA_GLOBAL && it->block[i].count > 0) {
            cell_mean = it->block[i].mean;
            const double own = sqrt(it->block[i].squares / it->block[i].count);
            cell_deviation = is_constant(cell_mean, own) ? deviation : own;
        }
        normalisation->mean[offset + i] = (float)cell_mean;
        normalisation->standard_deviation[offset + i] = (float)cell_deviation;
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

static ar_status check_level(const field_moments *it, int64_t at, double mean, double deviation,
                             ar_error *err)
{
    const char *name = it->field->name;
    double level = it->field->levels[at], count = 0;
    for (int64_t cell = 0; cell < it->cells; cell++) {
        count += it->block[cell].count;
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

static ar_status write_level(const field_moments *it, int64_t level, ar_error *err)
{
    for (int period = 0; period < PERIODS; period++) {
        double mean = NAN, deviation = NAN;
        if (period == 0 || it->months > 1) {
            gather_period(it, period, level);
            summarise(it, &mean, &deviation);
        }
        if (period == 0) {
            ar_status status = check_level(it, level, mean, deviation, err);
            if (status != AR_OK) {
                return status;
            }
        }
        if (period > 0 && is_constant(mean, deviation)) {
            copy_overall(it->normalisation, period, level);
        } else {
            write_cells(it, period, level, mean, deviation);
        }
    }
    return AR_OK;
}

/* The times within [first_time, last_time]: [*first, *end). */
static ar_status choose_times(const ar_field_data *field, int64_t first_time, int64_t last_time,
                              int64_t *first, int64_t *end, ar_error *err)
{
    *first = 0;
    while (*first < field->time_count && field->times[*first] < first_time) {
        (*first)++;
    }
    *end = *first;
    while (*end < field->time_count && field->times[*end] <= last_time) {
        (*end)++;
    }
    if (*first < *end) {
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

/* The end of the times from `first` on that are of its month of its year. */
static int64_t month_end(const ar_field_data *field, int64_t first, int64_t end)
{
    const ar_date date = ar_time_date(field->times[first], field->calendar);
    int64_t next = first;
    while (next < end) {
        const ar_date other = ar_time_date(field->times[next], field->calendar);
        if (other.month != date.month || other.year != date.year) {
            break;
        }
        next++;
    }
    return next;
}

/* Add times [first, end) month by month; from `reader` where it is not NULL, and then what the
 * store knows of whole months without reading these. */
static ar_status add_times(field_moments *it, ar_field_reader *reader, int64_t first, int64_t end,
                           ar_error *err)
{
    ar_status status = AR_OK;
    const ar_field_data *field = it->field;
    ar_field_data month_data = *field;
    ar_resident_times month = {0};
    int64_t longest = 0;
    for (int64_t t = first, next; t < end; t = next) {
        next = month_end(field, t, end);
        const bool stored = ar_store_statistics_find(it->stored, field->times[t], next - t) >= 0;
        longest = !stored && next - t > longest ? next - t : longest;
    }
    if (reader && longest > 0) {
        const int64_t slice = field->level_count * field->grid.nlat * field->grid.nlon;
        AR_TRY(ar_allocate_large(&month.values, (size_t)(longest * slice), sizeof(float),
                                 "a month of a field", err));
        month_data.resident = &month;
        month_data.resident_count = 1;
    }
    for (int64_t t = first, next; t < end; t = next) {
        next = month_end(field, t, end);
        const int number = ar_time_date(field->times[t], field->calendar).month;
        const int64_t stored = ar_store_statistics_find(it->stored, field->times[t], next - t);
        it->normalisation->month_seen[number] = true;
        if (stored >= 0) {
            AR_TRY(add_stored(it, stored, number, err));
            continue;
        }
        if (reader) {
            month.first = t;
            month.count = next - t;
            AR_TRY(ar_field_reader_read(reader, t, next - t, month.values, err));
        }
        it->field = &month_data;
        add_block(it, t, next, number);
        it->field = field;
    }
cleanup:
    ar_free_large(month.values);
    return status;
}

static ar_status allocate_moments(field_moments *it, ar_error *err)
{
    ar_status status;
    size_t count;
    if (!ar_size_product((size_t)it->cells, (size_t)it->field->level_count, &count) ||
        !ar_size_product(count, (size_t)it->months, &count)) {
        count = SIZE_MAX; /* is refused by ar_allocate */
    }
    AR_TRY(ar_allocate(&it->weight, (size_t)it->field->grid.nlat, sizeof(double), "weights", err));
    AR_TRY(ar_allocate(&it->block, (size_t)it->cells, sizeof(moments), "moments", err));
    AR_TRY(ar_allocate(&it->sums, count, sizeof(moments), "moments", err));
    for (int i = 0; it->stored && i < 3; i++) {
        const size_t points = (size_t)(it->field->grid.nlat * it->field->grid.nlon);
        AR_TRY(ar_allocate(&it->points[i], points, sizeof(double), "moments", err));
    }
    ar_grid_area_weights(&it->field->grid, it->weight);
cleanup:
    return status;
}

/* From values in memory where `reader` is NULL. */
static ar_status compute(ar_normalisation *normalisation, const ar_field_data *field,
                         ar_field_reader *reader, ar_normalisation_period period,
                         ar_normalisation_area area, int64_t first_time, int64_t last_time,
                         ar_error *err)
{
    ar_status status;
    int64_t first, end;
    const int64_t columns = area == AR_AREA_POINT ? field->grid.nlon : 1;
    field_moments it = {.field = field,
                        .normalisation = normalisation,
                        .months = period == AR_PERIOD_MONTHLY ? MONTHS : 1,
                        .cell_columns = columns,
                        .cells = field->grid.nlat * columns};
    AR_TRY(ar_normalisation_init(normalisation, period, area, field->level_count, field->grid.nlat,
                                 field->grid.nlon, err));
    AR_TRY(choose_times(field, first_time, last_time, &first, &end, err));
    AR_TRY(reader ? ar_store_statistics_open(&it.stored, reader, err) : AR_OK);
    AR_TRY(allocate_moments(&it, err));
    AR_TRY(add_times(&it, reader, first, end, err));
    for (int64_t level = 0; level < field->level_count; level++) {
        AR_TRY(write_level(&it, level, err));
    }
cleanup:
    ar_free(it.weight);
    ar_free(it.block);
    ar_free(it.sums);
    for (int i = 0; i < 3; i++) {
        ar_free(it.points[i]);
    }
    ar_store_statistics_close(&it.stored);
    if (status != AR_OK) {
        ar_normalisation_release(normalisation);
    }
    return status;
}

ar_status ar_normalisation_compute(ar_normalisation *normalisation, const ar_field_data *field,
                                   ar_normalisation_period period, ar_normalisation_area area,
                                   int64_t first_time, int64_t last_time, ar_error *err)
{
    return compute(normalisation, field, NULL, period, area, first_time, last_time, err);
}

ar_status ar_normalisation_compute_reading(ar_normalisation *normalisation, ar_field_reader *reader,
                                           ar_normalisation_period period,
                                           ar_normalisation_area area, int64_t first_time,
                                           int64_t last_time, ar_error *err)
{
    return compute(normalisation, ar_field_reader_field(reader), reader, period, area, first_time,
                   last_time, err);
}
