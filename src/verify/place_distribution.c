#include "verify/place_distribution.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

const double ar_place_quantiles[AR_PLACE_QUANTILES] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};

ar_status ar_place_samples_add(ar_place_samples *samples, const float *members, int64_t count,
                               int64_t stride, float truth, ar_error *err)
{
    ar_status status = AR_OK;
    double all = truth;
    for (int64_t k = 0; k < count; k++) {
        all += members[k * stride];
    }
    if (!isfinite(all)) {
        return AR_OK;
    }
    AR_TRY(ar_grow(&samples->members, &samples->member_capacity,
                   samples->member_count + (size_t)count, sizeof(float), "values at a place", err));
    AR_TRY(ar_grow(&samples->truth, &samples->truth_capacity, samples->truth_count + 1,
                   sizeof(float), "values at a place", err));
    for (int64_t k = 0; k < count; k++) {
        samples->members[samples->member_count++] = members[k * stride];
    }
    samples->truth[samples->truth_count++] = truth;
cleanup:
    return status;
}

void ar_place_samples_release(ar_place_samples *samples)
{
    ar_free(samples->members);
    ar_free(samples->truth);
    *samples = (ar_place_samples){0};
}

static int compare_values(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

static double quantile(const float *sorted, size_t count, double part)
{
    double place = part * (double)(count - 1);
    size_t below = (size_t)place, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (place - (double)below) * ((double)sorted[above] - sorted[below]);
}

static void read_values(ar_place_values *values, const float *sorted, size_t count,
                        const ar_place_scores *scores)
{
    double sum = 0, squares = 0, width = (scores->highest - scores->lowest) / AR_PLACE_BINS;
    for (size_t i = 0; i < count; i++) {
        double bin = width > 0 ? floor((sorted[i] - scores->lowest) / width) : 0;
        int64_t last = AR_PLACE_BINS - 1, at = bin < (double)last ? (int64_t)bin : last;
        values->shares[at] += 1 / (double)count;
        sum += sorted[i];
    }
    values->mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        squares += (sorted[i] - values->mean) * (sorted[i] - values->mean);
    }
    values->deviation = sqrt(squares / (double)count);
    for (int i = 0; i < AR_PLACE_QUANTILES; i++) {
        values->quantiles[i] = count > 0 ? quantile(sorted, count, ar_place_quantiles[i]) : NAN;
    }
}

/* Between two neighbours of all values F and G do not change. */
static double wasserstein(const ar_place_samples *samples)
{
    const float *x = samples->members, *y = samples->truth;
    size_t n = samples->member_count, m = samples->truth_count, i = 0, j = 0;
    double distance = 0, before = 0;
    while (i < n || j < m) {
        bool from_members = j == m || (i < n && x[i] <= y[j]);
        double here = from_members ? x[i] : y[j];
        if (i + j > 0) {
            distance += fabs((double)i / (double)n - (double)j / (double)m) * (here - before);
        }
        before = here;
        i += from_members;
        j += !from_members;
    }
    return distance;
}

void ar_place_scores_read(ar_place_scores *scores, ar_place_samples *samples)
{
    size_t n = samples->member_count, m = samples->truth_count;
    *scores =
        (ar_place_scores){.times = (int64_t)m, .lowest = NAN, .highest = NAN, .wasserstein = NAN};
    if (m > 0) {
        qsort(samples->members, n, sizeof(float), compare_values);
        qsort(samples->truth, m, sizeof(float), compare_values);
        scores->lowest = fmin(samples->members[0], samples->truth[0]);
        scores->highest = fmax(samples->members[n - 1], samples->truth[m - 1]);
        scores->wasserstein = wasserstein(samples);
    }
    read_values(&scores->model, samples->members, n, scores);
    read_values(&scores->truth, samples->truth, m, scores);
}
