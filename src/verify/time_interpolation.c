#include "verify/time_interpolation.h"

#include <math.h>

#include "base/memory.h"

/* The reference time is the nearer of the known ones: the other lies beyond the valid time. */
static int64_t other_time(const ar_forecast_file *file, int64_t t)
{
    return file->reference_times[t] + (file->lead_times[t] < 0 ? -file->gap : file->gap);
}

ar_status ar_time_interpolation_init(ar_time_interpolation *interpolation,
                                     ar_truth_settings settings, const ar_forecast_file *file,
                                     const ar_forecast_field *field, ar_error *err)
{
    ar_status status = AR_OK;
    *interpolation = (ar_time_interpolation){
        .gap = file->gap, .leads = file->lead_times, .points = file->grid.nlat * file->grid.nlon};
    if (file->gap == 0) {
        return AR_OK;
    }
    settings.start = INT64_MAX;
    settings.end = INT64_MIN;
    for (int64_t t = 0; t < file->time_count; t++) {
        const int64_t other = other_time(file, t);
        settings.start = other < settings.start ? other : settings.start;
        settings.end = other > settings.end ? other : settings.end;
    }
    AR_TRY(ar_allocate(&interpolation->index, (size_t)file->time_count, sizeof(int64_t),
                       "indices of times", err));
    AR_TRY(ar_allocate(&interpolation->values, (size_t)interpolation->points, sizeof(float),
                       "an interpolation", err));
    AR_TRY(ar_truth_open(&interpolation->other, &settings, file, field, err));
    for (int64_t t = 0; t < file->time_count; t++) {
        interpolation->index[t] = ar_truth_find_time(&interpolation->other, other_time(file, t));
    }
cleanup:
    if (status != AR_OK) {
        ar_time_interpolation_release(interpolation);
    }
    return status;
}

void ar_time_interpolation_release(ar_time_interpolation *interpolation)
{
    ar_truth_close(&interpolation->other);
    ar_free(interpolation->index);
    ar_free(interpolation->values);
    *interpolation = (ar_time_interpolation){0};
}

ar_status ar_time_interpolation_read(ar_time_interpolation *interpolation, int64_t t, int64_t level,
                                     const float *reference, const float **values, ar_error *err)
{
    *values = NULL;
    if (interpolation->gap == 0 || interpolation->index[t] < 0) {
        return AR_OK;
    }
    const float *other = NULL;
    ar_status status = ar_truth_read(&interpolation->other, interpolation->index[t], &other, err);
    if (status != AR_OK) {
        return status;
    }
    const double weight = fabs((double)interpolation->leads[t]) / (double)interpolation->gap;
    other += level * interpolation->points;
    for (int64_t i = 0; i < interpolation->points; i++) {
        interpolation->values[i] =
            (float)((1 - weight) * (double)reference[i] + weight * (double)other[i]);
    }
    *values = interpolation->values;
    return AR_OK;
}
