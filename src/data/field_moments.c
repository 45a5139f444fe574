#include "data/field_moments.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

enum { MONTHS = 12 };

ar_status ar_field_moments_init(ar_field_moments *it, const ar_field_data *field,
                                ar_normalisation_period period, ar_normalisation_area area,
                                ar_error *err)
{
    ar_status status;
    size_t count;
    const int64_t columns = area == AR_AREA_POINT ? field->grid.nlon : 1;
    *it = (ar_field_moments){.field = field,
                             .months = period == AR_PERIOD_MONTHLY ? MONTHS : 1,
                             .cell_columns = columns,
                             .cells = field->grid.nlat * columns};
    if (!ar_size_product((size_t)it->cells, (size_t)field->level_count, &count) ||
        !ar_size_product(count, (size_t)it->months, &count)) {
        count = SIZE_MAX; /* is refused by ar_allocate */
    }
    AR_TRY(ar_allocate(&it->weight, (size_t)field->grid.nlat, sizeof(double), "weights", err));
    AR_TRY(ar_allocate(&it->gathered, (size_t)it->cells, sizeof(ar_cell_moments), "moments", err));
    AR_TRY(ar_allocate(&it->sums, count, sizeof(ar_cell_moments), "moments", err));
    ar_grid_area_weights(&field->grid, it->weight);
cleanup:
    return status;
}

void ar_field_moments_release(ar_field_moments *it)
{
    ar_free(it->weight);
    ar_free(it->sums);
    ar_free(it->gathered);
    for (int i = 0; i < 3; i++) {
        ar_free(it->points[i]);
    }
    *it = (ar_field_moments){0};
}

/* Put two sets of values together (Chan, Golub and LeVeque 1979, eq. 2.1). */
static void merge(ar_cell_moments *a, const ar_cell_moments *b)
{
    if (b->count > 0) {
        const double count = a->count + b->count, difference = b->mean - a->mean;
        a->mean += difference * (b->count / count);
        a->squares += b->squares + difference * difference * (a->count * (b->count / count));
        a->count = count;
    }
}

/* Two passes over the values of a row at all times of the block, all of them one cell. */
static void sum_row(const ar_field_moments *it, const ar_field_data *data, int64_t level,
                    int64_t row, int64_t first, int64_t end)
{
    const int64_t nlon = it->field->grid.nlon;
    ar_cell_moments cell = {0};
    for (int64_t t = first; t < end; t++) {
        const float *values = ar_field_data_slice(data, t, level) + row * nlon;
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
        const float *values = ar_field_data_slice(data, t, level) + row * nlon;
        double sum = 0;
        for (int64_t j = 0; j < nlon; j++) {
            const double deviation = values[j] - cell.mean;
            sum += isnan(values[j]) ? 0 : deviation * deviation;
        }
        cell.squares += sum;
    }
    it->gathered[row] = cell;
}

/* The same where every point of the row is a cell. */
static void sum_points(const ar_field_moments *it, const ar_field_data *data, int64_t level,
                       int64_t row, int64_t first, int64_t end)
{
    const int64_t nlon = it->field->grid.nlon;
    ar_cell_moments *cells = it->gathered + row * nlon;
    memset(cells, 0, (size_t)nlon * sizeof *cells);
    for (int64_t t = first; t < end; t++) {
        const float *values = ar_field_data_slice(data, t, level) + row * nlon;
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
        const float *values = ar_field_data_slice(data, t, level) + row * nlon;
        for (int64_t j = 0; j < nlon; j++) {
            const double deviation = values[j] - cells[j].mean;
            cells[j].squares += isnan(values[j]) ? 0 : deviation * deviation;
        }
    }
}

void ar_field_moments_add(const ar_field_moments *it, const ar_field_data *data, int64_t first,
                          int64_t end, int month)
{
    const int64_t levels = it->field->level_count, columns = it->cell_columns;
    ar_cell_moments *sums = it->sums + (it->months > 1 ? (month - 1) * levels * it->cells : 0);
#pragma omp parallel for schedule(static)
    for (int64_t row = 0; row < it->field->grid.nlat; row++) {
        for (int64_t level = 0; level < levels; level++) {
            if (columns > 1) {
                sum_points(it, data, level, row, first, end);
            } else {
                sum_row(it, data, level, row, first, end);
            }
            for (int64_t j = row * columns; j < (row + 1) * columns; j++) {
                merge(&sums[level * it->cells + j], &it->gathered[j]);
            }
        }
    }
}

ar_status ar_field_moments_add_stored(ar_field_moments *it, ar_store_statistics *stored,
                                      int64_t stored_month, int month, ar_error *err)
{
    const int64_t levels = it->field->level_count, nlon = it->field->grid.nlon;
    const int64_t points = it->field->grid.nlat * nlon;
    ar_cell_moments *sums = it->sums + (it->months > 1 ? (month - 1) * levels * it->cells : 0);
    ar_status status = AR_OK;
    for (int i = 0; i < 3 && !it->points[2]; i++) {
        AR_TRY(ar_allocate(&it->points[i], (size_t)points, sizeof(double), "moments", err));
    }
    const double *count = it->points[0], *mean = it->points[1], *squares = it->points[2];
    for (int64_t level = 0; level < levels; level++) {
        AR_TRY(ar_store_statistics_read(stored, stored_month, level, it->points[0], it->points[1],
                                        it->points[2], err));
        for (int64_t i = 0; i < points; i++) {
            const ar_cell_moments point = {count[i], mean[i], squares[i]};
            merge(&sums[level * it->cells + (it->cell_columns > 1 ? i : i / nlon)], &point);
        }
    }
cleanup:
    return status;
}

void ar_field_moments_gather(const ar_field_moments *it, int period, int64_t level)
{
    const int64_t month_size = it->field->level_count * it->cells;
    const ar_cell_moments *sums = it->sums + level * it->cells;
    if (period > 0) {
        memcpy(it->gathered, sums + (period - 1) * month_size, (size_t)it->cells * sizeof *sums);
        return;
    }
    memcpy(it->gathered, sums, (size_t)it->cells * sizeof *sums);
    for (int month = 1; month < it->months; month++) {
        for (int64_t cell = 0; cell < it->cells; cell++) {
            merge(&it->gathered[cell], &sums[month * month_size + cell]);
        }
    }
}

void ar_field_moments_summarise(const ar_field_moments *it, double *mean, double *deviation)
{
    double total = 0, squares = 0, weight = 0;
    for (int64_t cell = 0; cell < it->cells; cell++) {
        const double area = it->weight[cell / it->cell_columns];
        total += area * it->gathered[cell].count * it->gathered[cell].mean;
        weight += area * it->gathered[cell].count;
    }
    *mean = total / weight;
    for (int64_t cell = 0; cell < it->cells; cell++) {
        const ar_cell_moments *part = &it->gathered[cell];
        const double away = part->mean - *mean;
        squares += part->count > 0 ? it->weight[cell / it->cell_columns] *
                                         (part->squares + part->count * away * away)
                                   : 0;
    }
    *deviation = sqrt(squares / weight);
}
