#include "task/blend.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

ar_status ar_blend_init(ar_blend *blend, const ar_tiles *tiles, const ar_grid *grid,
                        int64_t level_count, int64_t member_count, ar_error *err)
{
    const size_t points = (size_t)(level_count * grid->nlat * grid->nlon);
    ar_status status = AR_OK;
    *blend = (ar_blend){
        .tiles = tiles, .grid = grid, .level_count = level_count, .member_count = member_count};
    AR_TRY(
        ar_allocate(&blend->members, points * (size_t)member_count, sizeof(float), "members", err));
    AR_TRY(ar_allocate(&blend->variances, points, sizeof(float), "variances", err));
    AR_TRY(ar_allocate(&blend->variance, (size_t)(tiles->rows * tiles->columns), sizeof(float),
                       "a tile", err));
cleanup:
    if (status != AR_OK) {
        ar_blend_release(blend);
    }
    return status;
}

void ar_blend_release(ar_blend *blend)
{
    ar_free(blend->members);
    ar_free(blend->variances);
    ar_free(blend->variance);
    *blend = (ar_blend){0};
}

void ar_blend_clear(ar_blend *blend)
{
    const size_t points = (size_t)(blend->level_count * blend->grid->nlat * blend->grid->nlon);
    memset(blend->members, 0, points * (size_t)blend->member_count * sizeof(float));
    memset(blend->variances, 0, points * sizeof(float));
}

double ar_members_sum_of_squares(const float *values, int64_t count, int64_t stride, double *mean)
{
    double sum = 0, square = 0;
    for (int64_t n = 0; n < count; n++) {
        sum += (double)values[n * stride];
    }
    *mean = sum / (double)count;
    for (int64_t n = 0; n < count; n++) {
        double d = (double)values[n * stride] - *mean;
        square += d * d;
    }
    return square;
}

void ar_blend_add(ar_blend *blend, int64_t level, int64_t tile, const float *members)
{
    const int64_t tile_points = blend->tiles->rows * blend->tiles->columns;
    const int64_t points = blend->grid->nlat * blend->grid->nlon, count = blend->member_count;
    float *sums = blend->members + level * count * points;
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < count; n++) {
        ar_tiles_add(blend->tiles, blend->grid, tile, members + n * tile_points, sums + n * points);
    }
    for (int64_t p = 0; p < tile_points; p++) {
        double mean, square = ar_members_sum_of_squares(members + p, count, tile_points, &mean);
        blend->variance[p] = count > 1 ? (float)(square / (double)(count - 1)) : 0.0f;
    }
    ar_tiles_add(blend->tiles, blend->grid, tile, blend->variance,
                 blend->variances + level * points);
}

void ar_blend_finish(ar_blend *blend)
{
    const int64_t points = blend->grid->nlat * blend->grid->nlon, count = blend->member_count;
#pragma omp parallel for schedule(static)
    for (int64_t at = 0; at < blend->level_count * points; at++) {
        float *first = blend->members + at / points * count * points + at % points;
        double mean, square = ar_members_sum_of_squares(first, count, points, &mean);
        double wanted = (double)blend->variances[at] * (double)(count - 1);
        double stretch = square > 0 && wanted > 0 ? sqrt(wanted / square) : 1.0;
        for (int64_t n = 0; n < count; n++) {
            first[n * points] = (float)(mean + stretch * ((double)first[n * points] - mean));
        }
    }
}
