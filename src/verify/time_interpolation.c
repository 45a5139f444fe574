#include "verify/time_interpolation.h"

#include "base/memory.h"

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
        const int64_t later = file->reference_times[t] + file->gap;
        settings.start = later < settings.start ? later : settings.start;
        settings.end = later > settings.end ? later : settings.end;
    }
    AR_TRY(ar_allocate(&interpolation->index, (size_t)file->time_count, sizeof(int64_t),
                       "indices of times", err));
    AR_TRY(ar_allocate(&interpolation->values, (size_t)interpolation->points, sizeof(float),
                       "an interpolation", err));
    AR_TRY(ar_truth_open(&interpolation->later, &settings, file, field, err));
    for (int64_t t = 0; t < file->time_count; t++) {
        interpolation->index[t] =
            ar_truth_find_time(&interpolation->later, file->reference_times[t] + file->gap);
    }
cleanup:
    if (status != AR_OK) {
        ar_time_interpolation_release(interpolation);
    }
    return status;
}

void ar_time_interpolation_release(ar_time_interpolation *interpolation)
{
    ar_truth_close(&interpolation->later);
    ar_free(interpolation->index);
    ar_free(interpolation->values);
    *interpolation = (ar_time_interpolation){0};
}

ar_status ar_time_interpolation_read(ar_time_interpolation *interpolation, int64_t t, int64_t level,
                                     const float *earlier, const float **values, ar_error *err)
{
    *values = NULL;
    if (interpolation->gap == 0 || interpolation->index[t] < 0) {
        return AR_OK;
    }
    const float *later = NULL;
    ar_status status = ar_truth_read(&interpolation->later, interpolation->index[t], &later, err);
    if (status != AR_OK) {
        return status;
    }
    const double weight = (double)interpolation->leads[t] / (double)interpolation->gap;
    later += level * interpolation->points;
    for (int64_t i = 0; i < interpolation->points; i++) {
        interpolation->values[i] =
            (float)((1 - weight) * (double)earlier[i] + weight * (double)later[i]);
    }
    *values = interpolation->values;
    return AR_OK;
}
