#include "verify/seeps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "field/units.h"
#include "verify/band_sums.h"

/* Drier and wetter places have too few events of a category (WeatherBench 2; Rodwell et al. 2010
 * leave out the same). */
static const double LEAST_DRY = 0.1, MOST_DRY = 0.85;

bool ar_seeps_is_precipitation(const ar_forecast_field *field)
{
    static const char *const names[] = {"precipitation_amount",
                                        "lwe_thickness_of_precipitation_amount",
                                        "precipitation_flux", "lwe_precipitation_rate"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!field->levels && strcmp(field->standard_name, names[i]) == 0) {
            return true;
        }
    }
    return !field->levels && (strcmp(field->variable, "tp") == 0 ||
                              ar_text_begins_with(field->variable, "total_precipitation"));
}

ar_status ar_seeps_threshold(double *threshold, const ar_forecast_field *field, double millimetres,
                             ar_error *err)
{
    static const char *const units[] = {"mm", "kg m-2", "mm day-1", "kg m-2 day-1"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        double scale = 1, offset = 0;
        if (ar_units_conversion(units[i], field->units, &scale, &offset, NULL) == AR_OK) {
            *threshold = scale * millimetres + offset;
            return AR_OK;
        }
    }
    return ar_fail(err, AR_ERROR_INPUT,
                   "%s is in %s, which is no unit of precipitation: mm, m or kg m-2, or one of "
                   "these over time",
                   field->variable, field->units);
}

ar_status ar_seeps_climate_init(ar_seeps_climate *climate, int64_t points, double dry_threshold,
                                ar_error *err)
{
    *climate = (ar_seeps_climate){.dry_threshold = dry_threshold};
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&climate->dry_probability, (size_t)points, sizeof(float),
                       "the climatology of precipitation", err));
    AR_TRY(ar_allocate(&climate->heavy, (size_t)points, sizeof(float),
                       "the climatology of precipitation", err));
    for (int64_t at = 0; at < points; at++) {
        climate->dry_probability[at] = climate->heavy[at] = NAN;
    }
cleanup:
    if (status != AR_OK) {
        ar_seeps_climate_release(climate);
    }
    return status;
}

void ar_seeps_climate_release(ar_seeps_climate *climate)
{
    ar_free(climate->dry_probability);
    ar_free(climate->heavy);
    *climate = (ar_seeps_climate){0};
}

/* Missing values come last. */
static int compare_values(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return isnan(left) || isnan(right) ? isnan(left) - isnan(right)
                                       : (left > right) - (left < right);
}

void ar_seeps_climate_set(ar_seeps_climate *climate, int64_t point, float *values, int64_t times)
{
    qsort(values, (size_t)times, sizeof *values, compare_values);
    int64_t there = 0, dry = 0;
    for (int64_t t = 0; t < times; t++) {
        there += !isnan(values[t]);
        dry += values[t] < climate->dry_threshold;
    }
    if (there == 0) {
        return;
    }
    climate->dry_probability[point] = (float)((double)dry / (double)there);
    if (there > dry) {
        double place = 2.0 / 3 * (double)(there - dry - 1);
        const float *below = values + dry + (int64_t)place;
        const float *above = below + (place > floor(place));
        climate->heavy[point] =
            (float)(*below + (place - floor(place)) * ((double)*above - *below));
    }
}

double ar_seeps_cost(double p, int forecast, int truth)
{
    const double costs[3][3] = {
        {0, 1 / (1 - p), 4 / (1 - p)},
        {1 / p, 0, 3 / (1 - p)},
        {1 / p + 3 / (2 + p), 3 / (2 + p), 0},
    };
    return costs[forecast][truth] / 2;
}

static int category_of(const ar_seeps_climate *climate, int64_t at, double value)
{
    return value < climate->dry_threshold ? 0 : value < climate->heavy[at] ? 1 : 2;
}

enum { ALL_WEIGHT, WEIGHT, MEAN, MEMBERS };

typedef struct {
    const ar_seeps *sums;
    const float *members, *mean, *truth;
} seeps_work;

static void add_row(const void *argument, int64_t row, double *numbers)
{
    const seeps_work *work = argument;
    const ar_seeps_climate *climate = work->sums->climate;
    const ar_score_area *area = &work->sums->area;
    int64_t n = work->sums->member_count, points = area->nlat * area->nlon;
    for (int64_t j = 0; j < area->nlon; j++) {
        int64_t at = row * area->nlon + j;
        double weight = ar_score_area_weight(area, row, j), p = climate->dry_probability[at];
        if (!(weight > 0) || isnan(work->mean[at]) || isnan(work->truth[at])) {
            continue;
        }
        numbers[ALL_WEIGHT] += weight;
        if (p > LEAST_DRY && p < MOST_DRY) {
            int truth = category_of(climate, at, work->truth[at]);
            int mean = category_of(climate, at, work->mean[at]);
            numbers[WEIGHT] += weight;
            numbers[MEAN] += weight * ar_seeps_cost(p, mean, truth);
            for (int64_t k = 0; k < n; k++) {
                int member = category_of(climate, at, work->members[k * points + at]);
                numbers[MEMBERS] += weight / (double)n * ar_seeps_cost(p, member, truth);
            }
        }
    }
}

ar_status ar_seeps_add(ar_seeps *sums, const float *members, const float *mean, const float *truth,
                       ar_error *err)
{
    const seeps_work work = {sums, members, mean, truth};
    return sums->climate ? ar_band_sums_add(sums->numbers, 4, sums->area.nlat, add_row, &work, err)
                         : AR_OK;
}

ar_seeps_scores ar_seeps_read(const ar_seeps *sums)
{
    const double *numbers = sums->numbers;
    return (ar_seeps_scores){
        .mean = numbers[MEAN] / numbers[WEIGHT],
        .members = numbers[MEMBERS] / numbers[WEIGHT],
        .share = numbers[WEIGHT] / numbers[ALL_WEIGHT],
    };
}
