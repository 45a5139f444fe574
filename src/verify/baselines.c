#include "verify/baselines.h"

#include <math.h>

#include "base/memory.h"

static int64_t value_count(const ar_truth *period)
{
    return period->field->level_count * period->alignment.points;
}

ar_status ar_climatology_compute(double *mean, ar_truth *period, ar_error *err)
{
    const int64_t values = value_count(period);
    int64_t *count = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&count, (size_t)values, sizeof *count, "the counts of a climatology", err));
    for (int64_t at = 0; at < values; at++) {
        mean[at] = 0;
    }
    for (int64_t t = 0; t < period->field->time_count; t++) {
        const float *truth;
        AR_TRY(ar_truth_read(period, t, &truth, err));
#pragma omp parallel for schedule(static)
        for (int64_t at = 0; at < values; at++) {
            if (!isnan(truth[at])) {
                mean[at] += truth[at];
                count[at]++;
            }
        }
    }
    for (int64_t at = 0; at < values; at++) {
        mean[at] = count[at] > 0 ? mean[at] / (double)count[at] : NAN;
    }
cleanup:
    ar_free(count);
    return status;
}

/* Sums of one grid point over pairs of times. */
typedef struct {
    double product, first_squares, second_squares;
} lag_sums;

static void add_pair(lag_sums *sums, const float *first, const float *second, const double *mean,
                     int64_t values)
{
#pragma omp parallel for schedule(static)
    for (int64_t at = 0; at < values; at++) {
        double a = first[at] - mean[at], b = second[at] - mean[at];
        if (!isnan(a) && !isnan(b)) {
            sums[at].product += a * b;
            sums[at].first_squares += a * a;
            sums[at].second_squares += b * b;
        }
    }
}

static double correlation_of(const lag_sums *sums)
{
    double norm = sqrt(sums->first_squares) * sqrt(sums->second_squares);
    return norm > 0 ? fmin(fmax(sums->product / norm, 0.0), 1.0) : 0.0;
}

ar_status ar_lag_correlation_compute(float *r, int64_t *pairs, ar_truth *period, const double *mean,
                                     int64_t lag, ar_error *err)
{
    const ar_field_data *field = period->field;
    const int64_t values = value_count(period);
    lag_sums *sums = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&sums, (size_t)values, sizeof *sums, "sums of a correlation", err));
    *pairs = 0;
    for (int64_t t = 0; t < field->time_count; t++) {
        const int64_t later = ar_truth_find_time(period, field->times[t] + lag);
        const float *first, *second;
        if (later >= 0) {
            AR_TRY(ar_truth_read(period, t, &first, err));
            AR_TRY(ar_truth_read(period, later, &second, err));
            add_pair(sums, first, second, mean, values);
            ++*pairs;
        }
    }
    for (int64_t at = 0; at < values; at++) {
        r[at] = *pairs > 0 ? (float)correlation_of(&sums[at]) : NAN;
    }
cleanup:
    ar_free(sums);
    return status;
}

void ar_damped_persistence(float *forecast, const float *reference, const double *mean,
                           const float *r, int64_t points)
{
    for (int64_t at = 0; at < points; at++) {
        forecast[at] = (float)(mean[at] + r[at] * (reference[at] - mean[at]));
    }
}
