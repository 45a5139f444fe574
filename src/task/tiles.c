#include "task/tiles.h"

#include <math.h>

#include "base/memory.h"

/* How many tiles of `size` cover `extent` points with the least overlap. */
static int64_t tiles_along(int64_t extent, int64_t size, double overlap, bool wraps)
{
    double stride = fmax(1.0, floor((double)size * (1.0 - overlap)));
    if (wraps) {
        return (int64_t)ceil((double)extent / stride);
    }
    return 1 + (int64_t)ceil((double)(extent - size) / stride);
}

/* Origins spread evenly: from edge to edge, or around the circle. */
static int64_t origin(int64_t index, int64_t count, int64_t extent, int64_t size, bool wraps)
{
    double last = wraps ? (double)extent : (double)(extent - size);
    double parts = wraps ? (double)count : (double)(count > 1 ? count - 1 : 1);
    return llround(last * (double)index / parts);
}

/* A triangle: the share of a tile in the blend falls towards its edges, where it knows least. */
static void fill_weights(double *weights, int64_t size)
{
    for (int64_t i = 0; i < size; i++) {
        int64_t from_edge = i < size - 1 - i ? i : size - 1 - i;
        weights[i] = (double)(from_edge + 1) / (double)size;
    }
}

static void sum_weights(ar_tiles *tiles, const ar_grid *grid)
{
    for (int64_t t = 0; t < tiles->count; t++) {
        for (int64_t i = 0; i < tiles->rows; i++) {
            for (int64_t j = 0; j < tiles->columns; j++) {
                int64_t row = tiles->first_row[t] + i;
                int64_t column = (tiles->first_column[t] + j) % grid->nlon;
                tiles->weight_sum[row * grid->nlon + column] +=
                    tiles->row_weight[i] * tiles->column_weight[j];
            }
        }
    }
}

static ar_status allocate_tiles(ar_tiles *tiles, const ar_grid *grid, int64_t count, ar_error *err)
{
    const size_t points = (size_t)(grid->nlat * grid->nlon);
    ar_status status = AR_OK;
    tiles->count = count;
    AR_TRY(ar_allocate(&tiles->first_row, (size_t)count, sizeof(int64_t), "tiles", err));
    AR_TRY(ar_allocate(&tiles->first_column, (size_t)count, sizeof(int64_t), "tiles", err));
    AR_TRY(ar_allocate(&tiles->row_weight, (size_t)tiles->rows, sizeof(double), "tiles", err));
    AR_TRY(
        ar_allocate(&tiles->column_weight, (size_t)tiles->columns, sizeof(double), "tiles", err));
    AR_TRY(ar_allocate(&tiles->weight_sum, points, sizeof(double), "tiles", err));
    fill_weights(tiles->row_weight, tiles->rows);
    fill_weights(tiles->column_weight, tiles->columns);
cleanup:
    return status;
}

static ar_status check_fit(const ar_grid *grid, int64_t rows, int64_t columns, ar_error *err)
{
    if (rows > grid->nlat || columns > grid->nlon) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "a cube of %lld x %lld points does not fit into a grid of "
                       "%lld x %lld",
                       (long long)rows, (long long)columns, (long long)grid->nlat,
                       (long long)grid->nlon);
    }
    return AR_OK;
}

ar_status ar_tiles_init(ar_tiles *tiles, const ar_grid *grid, int64_t rows, int64_t columns,
                        double overlap, ar_error *err)
{
    ar_status status = AR_OK;
    *tiles = (ar_tiles){.rows = rows, .columns = columns};
    AR_TRY(check_fit(grid, rows, columns, err));
    const int64_t down = tiles_along(grid->nlat, rows, overlap, false);
    const int64_t across = tiles_along(grid->nlon, columns, overlap, grid->wraps);
    AR_TRY(allocate_tiles(tiles, grid, down * across, err));
    for (int64_t t = 0; t < tiles->count; t++) {
        tiles->first_row[t] = origin(t / across, down, grid->nlat, rows, false);
        tiles->first_column[t] = origin(t % across, across, grid->nlon, columns, grid->wraps);
    }
    sum_weights(tiles, grid);
cleanup:
    if (status != AR_OK) {
        ar_tiles_release(tiles);
    }
    return status;
}

static int64_t origin_around(int64_t at, int64_t extent, int64_t size, bool wraps)
{
    const int64_t first = at - size / 2, last = extent - size;
    return wraps ? (first + extent) % extent : first < 0 ? 0 : first > last ? last : first;
}

ar_status ar_tiles_init_around(ar_tiles *tiles, const ar_grid *grid, int64_t rows, int64_t columns,
                               int64_t row, int64_t column, ar_error *err)
{
    ar_status status = AR_OK;
    *tiles = (ar_tiles){.rows = rows, .columns = columns};
    AR_TRY(check_fit(grid, rows, columns, err));
    AR_TRY(allocate_tiles(tiles, grid, 1, err));
    tiles->first_row[0] = origin_around(row, grid->nlat, rows, false);
    tiles->first_column[0] = origin_around(column, grid->nlon, columns, grid->wraps);
    sum_weights(tiles, grid);
cleanup:
    if (status != AR_OK) {
        ar_tiles_release(tiles);
    }
    return status;
}

void ar_tiles_release(ar_tiles *tiles)
{
    ar_free(tiles->first_row);
    ar_free(tiles->first_column);
    ar_free(tiles->row_weight);
    ar_free(tiles->column_weight);
    ar_free(tiles->weight_sum);
    *tiles = (ar_tiles){0};
}

void ar_tiles_add(const ar_tiles *tiles, const ar_grid *grid, int64_t tile, const float *values,
                  float *sum)
{
    for (int64_t i = 0; i < tiles->rows; i++) {
        int64_t row = tiles->first_row[tile] + i;
        for (int64_t j = 0; j < tiles->columns; j++) {
            int64_t at = row * grid->nlon + (tiles->first_column[tile] + j) % grid->nlon;
            double share = tiles->row_weight[i] * tiles->column_weight[j] / tiles->weight_sum[at];
            sum[at] += (float)(share * (double)values[i * tiles->columns + j]);
        }
    }
}
