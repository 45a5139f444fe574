#include "data/normalisation.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

enum { PERIODS = 13 }; /* overall and twelve months */

ar_status ar_normalisation_init(ar_normalisation *normalisation, ar_normalisation_period period,
                                ar_normalisation_area area, int64_t level_count, int64_t nlat,
                                int64_t nlon, ar_error *err)
{
    ar_status status;
    *normalisation = (ar_normalisation){
        .period = period,
        .area = area,
        .level_count = level_count,
        .nlat = nlat,
        .nlon = nlon,
        .rows = area == AR_AREA_GLOBAL ? 1 : nlat,
        .columns = area == AR_AREA_POINT ? nlon : 1,
        .month_seen = {true},
    };
    size_t count;
    if (level_count < 1 || nlat < 1 || nlon < 1 ||
        !ar_size_product((size_t)normalisation->rows, (size_t)normalisation->columns, &count) ||
        !ar_size_product(count, (size_t)level_count, &count) ||
        !ar_size_product(count, PERIODS, &count)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "normalisation of %lld levels of %lld x %lld points is not possible",
                       (long long)level_count, (long long)nlat, (long long)nlon);
    }
    AR_TRY(ar_allocate(&normalisation->mean, count, sizeof(float), "means", err));
    AR_TRY(ar_allocate(&normalisation->standard_deviation, count, sizeof(float),
                       "standard deviations", err));
cleanup:
    if (status != AR_OK) {
        ar_normalisation_release(normalisation);
    }
    return status;
}

void ar_normalisation_release(ar_normalisation *normalisation)
{
    ar_free(normalisation->mean);
    ar_free(normalisation->standard_deviation);
    *normalisation = (ar_normalisation){0};
}

int64_t ar_normalisation_offset(const ar_normalisation *normalisation, int month, int64_t level)
{
    return (month * normalisation->level_count + level) * normalisation->rows *
           normalisation->columns;
}

void ar_normalisation_at(const ar_normalisation *normalisation, int month, int64_t level,
                         int64_t row, int64_t column, float *mean, float *standard_deviation)
{
    int64_t index = ar_normalisation_offset(normalisation, month, level) +
                    (normalisation->rows > 1 ? row * normalisation->columns : 0) +
                    (normalisation->columns > 1 ? column : 0);
    *mean = normalisation->mean[index];
    *standard_deviation = normalisation->standard_deviation[index];
}

bool ar_normalisation_covers(const ar_normalisation *normalisation, int64_t first_time,
                             int64_t last_time, ar_calendar calendar, int *missing_month)
{
    if (normalisation->period == AR_PERIOD_OVERALL || last_time < first_time) {
        return true;
    }
    ar_date first = ar_time_date(first_time, calendar), last = ar_time_date(last_time, calendar);
    int64_t months = (last.year - first.year) * 12 + last.month - first.month + 1;
    for (int64_t i = 0; i < months && i < 12; i++) {
        int month = (int)((first.month - 1 + i) % 12) + 1;
        if (!normalisation->month_seen[month]) {
            if (missing_month) {
                *missing_month = month;
            }
            return false;
        }
    }
    return true;
}
