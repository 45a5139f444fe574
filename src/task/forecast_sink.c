#include "task/forecast_sink.h"

#include "base/memory.h"

ar_status ar_forecast_outline_times(ar_forecast_outline *outline, const ar_forecast_times *times,
                                    ar_error *err)
{
    const int64_t count = times->count * times->steps;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&outline->valid_times, (size_t)count, sizeof(int64_t), "times", err));
    AR_TRY(ar_allocate(&outline->lead_hours, (size_t)count, sizeof(int64_t), "times", err));
    outline->time_count = count;
    for (int64_t i = 0; i < count; i++) {
        const int64_t step = i % times->steps;
        outline->valid_times[i] =
            ar_forecast_times_step(times, times->valid[i / times->steps], step);
        outline->lead_hours[i] = (step + 1) * times->lead_hours;
    }
cleanup:
    return status; /* what there is goes with the outline */
}

void ar_forecast_outline_release(ar_forecast_outline *outline)
{
    ar_free(outline->valid_times);
    ar_free(outline->lead_hours);
    *outline = (ar_forecast_outline){0};
}
