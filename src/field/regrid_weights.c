#include "field/regrid_weights.h"

#include <math.h>

#include "base/memory.h"

/* Of the distance between two points: what is nearer is the same point. */
static const double same_point = 1e-4;
/* Shares of a cell below this are rounding. */
static const double least_overlap = 1e-12;

void ar_sparse_weights_release(ar_sparse_weights *weights)
{
    ar_free(weights->first);
    ar_free(weights->place);
    ar_free(weights->weight);
    *weights = (ar_sparse_weights){0};
}

static ar_status begin(ar_sparse_weights *weights, int64_t count, ar_error *err)
{
    weights->count = count;
    return ar_allocate(&weights->first, (size_t)count + 1, sizeof *weights->first,
                       "regridding weights", err);
}

/* Add a source to target i; targets come in order. */
static ar_status add(ar_sparse_weights *weights, int64_t i, int64_t place, double weight,
                     ar_error *err)
{
    ar_status status = AR_OK;
    const char *what = "regridding weights";
    size_t entry = (size_t)weights->first[i + 1];
    AR_TRY(ar_grow(&weights->place, &weights->place_capacity, entry + 1, sizeof *weights->place,
                   what, err));
    AR_TRY(ar_grow(&weights->weight, &weights->weight_capacity, entry + 1, sizeof *weights->weight,
                   what, err));
    weights->place[entry] = place;
    weights->weight[entry] = weight;
    weights->first[i + 1]++;
cleanup:
    return status;
}

/* The last of n increasing values that is not beyond x; −1 where all are. */
static int64_t last_not_beyond(const double *values, int64_t n, double x)
{
    int64_t low = -1, high = n;
    while (high - low > 1) {
        int64_t middle = (low + high) / 2;
        *(values[middle] <= x ? &low : &high) = middle;
    }
    return low;
}

/* The longitude that equals x and lies in [start, start + 360). */
static double turn_to(double x, double start)
{
    double turned = start + fmod(x - start, 360);
    return turned < start ? turned + 360 : turned;
}

static ar_status add_linear(ar_sparse_weights *weights, const ar_axis *axis, int64_t i, double x,
                            ar_error *err)
{
    const double *point = axis->point;
    const int64_t n = axis->count;
    double slack = same_point * (point[1] - point[0]);
    if (axis->circle) {
        x = turn_to(x, point[0] - slack);
    }
    if (x < point[0]) {
        return x >= point[0] - slack ? add(weights, i, 0, 1, err) : AR_OK;
    }
    int64_t before = last_not_beyond(point, n, x);
    if (before == n - 1 && !axis->wraps) {
        bool same = x - point[n - 1] <= same_point * (point[n - 1] - point[n - 2]);
        return same ? add(weights, i, n - 1, 1, err) : AR_OK;
    }
    double next = before == n - 1 ? point[0] + 360 : point[before + 1];
    double share = (x - point[before]) / (next - point[before]);
    if (share < same_point || share > 1 - same_point) {
        return add(weights, i, share < 0.5 ? before : (before + 1) % n, 1, err);
    }
    ar_status status = add(weights, i, before, 1 - share, err);
    return status == AR_OK ? add(weights, i, (before + 1) % n, share, err) : status;
}

ar_status ar_sparse_weights_linear(ar_sparse_weights *weights, const ar_axis *source,
                                   const double *target, int64_t count, ar_error *err)
{
    ar_status status = begin(weights, count, err);
    for (int64_t i = 0; i < count && status == AR_OK; i++) {
        weights->first[i + 1] = weights->first[i];
        status = add_linear(weights, source, i, target[i], err);
    }
    return status;
}

/* Add the cells that overlap with west … east, as shares of `width`. */
static ar_status add_overlaps(ar_sparse_weights *weights, const ar_axis *axis, int64_t i,
                              double west, double east, double width, ar_error *err)
{
    ar_status status = AR_OK;
    const double *edge = axis->edge;
    int64_t k = last_not_beyond(edge, axis->count + 1, west);
    for (k = k < 0 ? 0 : k; k < axis->count && edge[k] < east && status == AR_OK; k++) {
        double share = (fmin(edge[k + 1], east) - fmax(edge[k], west)) / width;
        if (share > least_overlap) {
            status = add(weights, i, k, share, err);
        }
    }
    return status;
}

ar_status ar_sparse_weights_overlap(ar_sparse_weights *weights, const ar_axis *source,
                                    const double *target_edge, int64_t count, ar_error *err)
{
    ar_status status = begin(weights, count, err);
    for (int64_t i = 0; i < count && status == AR_OK; i++) {
        double west = target_edge[i], width = target_edge[i + 1] - west;
        weights->first[i + 1] = weights->first[i];
        if (source->circle) {
            west = turn_to(west, source->edge[0]);
            /* what lies beyond a full turn is at the axis' beginning */
            status = add_overlaps(weights, source, i, west - 360, west - 360 + width, width, err);
        }
        if (status == AR_OK) {
            status = add_overlaps(weights, source, i, west, west + width, width, err);
        }
    }
    return status;
}

ar_status ar_sparse_weights_identity(ar_sparse_weights *weights, int64_t count, ar_error *err)
{
    ar_status status = begin(weights, count, err);
    for (int64_t i = 0; i < count && status == AR_OK; i++) {
        weights->first[i + 1] = weights->first[i];
        status = add(weights, i, i, 1, err);
    }
    return status;
}
