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

/* Weights are found twice: COUNTED, then STORED. */
enum { COUNTED, STORED, PASSES };

static ar_status begin(ar_sparse_weights *weights, int pass, int64_t count, ar_error *err)
{
    ar_status status = AR_OK;
    const char *what = "regridding weights";
    if (pass == COUNTED) {
        weights->count = count;
        AR_TRY(ar_allocate(&weights->first, (size_t)count + 1, sizeof *weights->first, what, err));
    } else {
        size_t entries = (size_t)weights->first[count];
        AR_TRY(ar_allocate(&weights->place, entries, sizeof *weights->place, what, err));
        AR_TRY(ar_allocate(&weights->weight, entries, sizeof *weights->weight, what, err));
    }
cleanup:
    return status;
}

/* Add a source to target i; targets come in order. */
static void add(ar_sparse_weights *weights, int64_t i, int64_t place, double weight)
{
    int32_t entry = weights->first[i + 1]++;
    if (weights->weight) {
        weights->place[entry] = (int32_t)place;
        weights->weight[entry] = weight;
    }
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

static void add_linear(ar_sparse_weights *weights, const ar_axis *axis, int64_t i, double x)
{
    const double *point = axis->point;
    const int64_t n = axis->count;
    double slack = same_point * (point[1] - point[0]);
    if (axis->circle) {
        x = turn_to(x, point[0] - slack);
    }
    int64_t before = last_not_beyond(point, n, x);
    bool beyond = before == n - 1 && !axis->wraps;
    if (before < 0 || beyond) {
        double gap = beyond ? point[n - 1] - point[n - 2] : point[1] - point[0];
        int64_t last = beyond ? n - 1 : 0;
        if (fabs(x - point[last]) <= same_point * gap) {
            add(weights, i, last, 1);
        }
        return;
    }
    double next = before == n - 1 ? point[0] + 360 : point[before + 1];
    double share = (x - point[before]) / (next - point[before]);
    int64_t after = (before + 1) % n;
    if (share < same_point || share > 1 - same_point) {
        add(weights, i, share < 0.5 ? before : after, 1);
    } else {
        add(weights, i, before, 1 - share);
        add(weights, i, after, share);
    }
}

ar_status ar_sparse_weights_linear(ar_sparse_weights *weights, const ar_axis *source,
                                   const double *target, int64_t count, ar_error *err)
{
    ar_status status = AR_OK;
    for (int pass = COUNTED; pass < PASSES; pass++) {
        AR_TRY(begin(weights, pass, count, err));
        for (int64_t i = 0; i < count; i++) {
            weights->first[i + 1] = weights->first[i];
            add_linear(weights, source, i, target[i]);
        }
    }
cleanup:
    return status;
}

/* Add the cells that overlap with west … east, as shares of `width`. */
static void add_overlaps(ar_sparse_weights *weights, const ar_axis *axis, int64_t i, double west,
                         double east, double width)
{
    const double *edge = axis->edge;
    int64_t k = last_not_beyond(edge, axis->count + 1, west);
    for (k = k < 0 ? 0 : k; k < axis->count && edge[k] < east; k++) {
        double share = (fmin(edge[k + 1], east) - fmax(edge[k], west)) / width;
        if (share > least_overlap) {
            add(weights, i, k, share);
        }
    }
}

ar_status ar_sparse_weights_overlap(ar_sparse_weights *weights, const ar_axis *source,
                                    const double *target_edge, int64_t count, ar_error *err)
{
    ar_status status = AR_OK;
    for (int pass = COUNTED; pass < PASSES; pass++) {
        AR_TRY(begin(weights, pass, count, err));
        for (int64_t i = 0; i < count; i++) {
            double west = target_edge[i], width = target_edge[i + 1] - west;
            weights->first[i + 1] = weights->first[i];
            if (source->circle) {
                west = turn_to(west, source->edge[0]);
                /* what lies beyond a full turn is at the axis' beginning */
                add_overlaps(weights, source, i, west - 360, west - 360 + width, width);
            }
            add_overlaps(weights, source, i, west, west + width, width);
        }
    }
cleanup:
    return status;
}

ar_status ar_sparse_weights_identity(ar_sparse_weights *weights, int64_t count, ar_error *err)
{
    ar_status status = AR_OK;
    for (int pass = COUNTED; pass < PASSES; pass++) {
        AR_TRY(begin(weights, pass, count, err));
        for (int64_t i = 0; i < count; i++) {
            weights->first[i + 1] = weights->first[i];
            add(weights, i, i, 1);
        }
    }
cleanup:
    return status;
}
