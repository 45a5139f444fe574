#include "verify/seeps_climate.h"

#include "base/memory.h"

/* Of the values that are held at once. */
static const int64_t MOST_BYTES = (int64_t)128 << 20;

/* Read all times and keep the points from `first` on, time after time for each point. */
static ar_status read_band(float *values, ar_truth *period, int64_t first, int64_t count,
                           ar_error *err)
{
    const int64_t times = period->field->time_count;
    ar_status status = AR_OK;
    for (int64_t t = 0; status == AR_OK && t < times; t++) {
        const float *truth = NULL;
        status = ar_truth_read(period, t, &truth, err);
        for (int64_t i = 0; status == AR_OK && i < count; i++) {
            values[i * times + t] = truth[first + i];
        }
    }
    return status;
}

ar_status ar_seeps_climate_compute(ar_seeps_climate *climate, ar_truth *period,
                                   double dry_threshold, ar_error *err)
{
    const int64_t points = period->alignment.points;
    const int64_t times = period->field->time_count;
    const int64_t most = MOST_BYTES / (int64_t)sizeof(float) / (times > 0 ? times : 1);
    const int64_t band = most < 1 ? 1 : most < points ? most : points;
    float *values = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_seeps_climate_init(climate, points, dry_threshold, err));
    AR_TRY(ar_allocate(&values, (size_t)(band * times), sizeof *values,
                       "precipitation of the climatology period", err));
    for (int64_t first = 0; first < points; first += band) {
        const int64_t count = first + band < points ? band : points - first;
        AR_TRY(read_band(values, period, first, count, err));
#pragma omp parallel for schedule(static)
        for (int64_t i = 0; i < count; i++) {
            ar_seeps_climate_set(climate, first + i, values + i * times, times);
        }
    }
cleanup:
    ar_free(values);
    if (status != AR_OK) {
        ar_seeps_climate_release(climate);
    }
    return status;
}
