#include "verify/baselines.h"

#include <math.h>

#include "base/memory.h"

/* Each row is finished by one thread in the order of time, so that sums do not depend on threads;
 * inside a row time is the outer loop, because that is how the data lies in memory. */

static void climatology_of_row(double *mean, int64_t *count, const ar_field_data *period,
                               int64_t level, int64_t first)
{
    int64_t end = first + period->grid.nlon;
    for (int64_t t = 0; t < period->time_count; t++) {
        const float *values = ar_field_data_slice(period, t, level);
        for (int64_t at = first; at < end; at++) {
            if (!isnan(values[at])) {
                mean[at] += values[at];
                count[at]++;
            }
        }
    }
    for (int64_t at = first; at < end; at++) {
        mean[at] = count[at] > 0 ? mean[at] / (double)count[at] : NAN;
    }
}

ar_status ar_climatology_compute(double *mean, const ar_field_data *period, int64_t level,
                                 ar_error *err)
{
    int64_t nlat = period->grid.nlat, nlon = period->grid.nlon;
    int64_t *count = NULL;
    ar_status status = ar_allocate(&count, (size_t)(nlat * nlon), sizeof *count,
                                   "the counts of a climatology", err);
    if (status != AR_OK) {
        return status;
    }
    for (int64_t at = 0; at < nlat * nlon; at++) {
        mean[at] = 0;
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < nlat; i++) {
        climatology_of_row(mean, count, period, level, i * nlon);
    }
    ar_free(count);
    return AR_OK;
}

/* Sums of one grid point over pairs of times. */
typedef struct {
    double product, first_squares, second_squares;
} lag_sums;

static void correlation_of_row(double *r, lag_sums *sums, const ar_field_data *period,
                               int64_t level, const double *mean, const int64_t *later,
                               int64_t first)
{
    int64_t end = first + period->grid.nlon;
    for (int64_t t = 0; t < period->time_count; t++) {
        if (later[t] < 0) {
            continue;
        }
        const float *values = ar_field_data_slice(period, t, level);
        const float *later_values = ar_field_data_slice(period, later[t], level);
        for (int64_t at = first; at < end; at++) {
            double a = values[at] - mean[at], b = later_values[at] - mean[at];
            if (!isnan(a) && !isnan(b)) {
                sums[at].product += a * b;
                sums[at].first_squares += a * a;
                sums[at].second_squares += b * b;
            }
        }
    }
    for (int64_t at = first; at < end; at++) {
        double norm = sqrt(sums[at].first_squares) * sqrt(sums[at].second_squares);
        r[at] = norm > 0 ? fmin(fmax(sums[at].product / norm, 0.0), 1.0) : 0.0;
    }
}

ar_status ar_lag_correlation_compute(double *r, int64_t *pairs, const ar_field_data *period,
                                     int64_t level, const double *mean, int64_t lag, ar_error *err)
{
    int64_t nlat = period->grid.nlat, nlon = period->grid.nlon;
    int64_t *later = NULL;
    lag_sums *sums = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&later, (size_t)period->time_count, sizeof *later, "pairs of times", err));
    AR_TRY(ar_allocate(&sums, (size_t)(nlat * nlon), sizeof *sums, "sums of a correlation", err));
    *pairs = 0;
    for (int64_t t = 0; t < period->time_count; t++) {
        later[t] = ar_field_data_find_time(period, period->times[t] + lag);
        *pairs += later[t] >= 0;
    }
    if (*pairs == 0) {
        for (int64_t at = 0; at < nlat * nlon; at++) {
            r[at] = NAN;
        }
        goto cleanup;
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < nlat; i++) {
        correlation_of_row(r, sums, period, level, mean, later, i * nlon);
    }
cleanup:
    ar_free(later);
    ar_free(sums);
    return status;
}

void ar_damped_persistence(float *forecast, const float *reference, const double *mean,
                           const double *r, int64_t points)
{
    for (int64_t at = 0; at < points; at++) {
        forecast[at] = (float)(mean[at] + r[at] * (reference[at] - mean[at]));
    }
}
