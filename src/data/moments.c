#include "data/moments.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

ar_status ar_moments_init(ar_moments *moments, int64_t points, ar_error *err)
{
    ar_status status;
    *moments = (ar_moments){.points = points};
    AR_TRY(ar_allocate(&moments->count, (size_t)points, sizeof(int32_t), "counts", err));
    AR_TRY(ar_allocate(&moments->mean, (size_t)points, sizeof(double), "means", err));
    AR_TRY(ar_allocate(&moments->squares, (size_t)points, sizeof(double), "squares", err));
cleanup:
    return status;
}

void ar_moments_clear(ar_moments *moments)
{
    memset(moments->count, 0, (size_t)moments->points * sizeof *moments->count);
    memset(moments->mean, 0, (size_t)moments->points * sizeof *moments->mean);
    memset(moments->squares, 0, (size_t)moments->points * sizeof *moments->squares);
}

void ar_moments_add(ar_moments *moments, const float *values)
{
    for (int64_t i = 0; i < moments->points; i++) {
        if (!isnan(values[i])) {
            const double deviation = values[i] - moments->mean[i];
            moments->mean[i] += deviation / ++moments->count[i];
            moments->squares[i] += deviation * (values[i] - moments->mean[i]);
        }
    }
}

void ar_moments_global(const ar_moments *moments, int64_t rows, const double *weights, double *mean,
                       double *deviation)
{
    const int64_t columns = moments->points / rows;
    double total = 0, sum = 0, squares = 0;
    for (int64_t i = 0; i < moments->points; i++) {
        const double weight = weights[i / columns] * moments->count[i];
        total += weight;
        sum += weight * moments->mean[i];
    }
    *mean = sum / total;
    for (int64_t i = 0; i < moments->points; i++) {
        const double weight = weights[i / columns], from_mean = moments->mean[i] - *mean;
        squares += weight * (moments->squares[i] + moments->count[i] * from_mean * from_mean);
    }
    *deviation = sqrt(squares / total);
}

void ar_moments_release(ar_moments *moments)
{
    ar_free(moments->count);
    ar_free(moments->mean);
    ar_free(moments->squares);
    *moments = (ar_moments){0};
}
