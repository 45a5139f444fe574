#include "verify/quadratic_distance.h"

#include <math.h>

#include "base/memory.h"
#include "verify/band_sums.h"

/* A set of sums: weights of members, then of the truth, by the place at or below which they lie;
 * the last is for what lies above all. */
enum {
    PER_DEVIATION = 50,
    DEVIATIONS = 10,
    PLACES = 2 * DEVIATIONS * PER_DEVIATION + 1,
    BINS = PLACES + 1,
    NUMBERS = 2 * BINS,
};

static int64_t bin_of(const ar_climate_scale *climate, double value)
{
    double bin = ceil(PER_DEVIATION * ((value - climate->mean) / climate->deviation + DEVIATIONS));
    return bin < 0 ? 0 : bin < PLACES ? (int64_t)bin : PLACES;
}

typedef struct {
    const ar_quadratic_distance *sums;
    const float *members, *truth;
} distance_work;

static bool all_are_there(const distance_work *work, int64_t at, int64_t points)
{
    bool there = !isnan(work->truth[at]);
    for (int64_t k = 0; there && k < work->sums->member_count; k++) {
        there = !isnan(work->members[k * points + at]);
    }
    return there;
}

static void add_row(const void *argument, int64_t row, double *numbers)
{
    const distance_work *work = argument;
    const ar_quadratic_distance *sums = work->sums;
    const ar_score_area *area = &sums->area;
    int64_t points = area->nlat * area->nlon, n = sums->member_count;
    for (int64_t j = 0; j < area->nlon; j++) {
        int64_t at = row * area->nlon + j;
        double weight = ar_score_area_weight(area, row, j);
        if (weight > 0 && all_are_there(work, at, points)) {
            for (int64_t k = 0; k < n; k++) {
                double value = work->members[k * points + at];
                numbers[bin_of(&sums->climate, value)] += weight / (double)n;
            }
            numbers[BINS + bin_of(&sums->climate, work->truth[at])] += weight;
        }
    }
}

ar_status ar_quadratic_distance_add(ar_quadratic_distance *sums, const float *members,
                                    const float *truth, ar_error *err)
{
    const distance_work work = {sums, members, truth};
    ar_status status = AR_OK;
    if (!(sums->climate.deviation > 0)) {
        return AR_OK;
    }
    if (!sums->numbers) {
        AR_TRY(
            ar_allocate(&sums->numbers, NUMBERS, sizeof(double), "a distribution of values", err));
    }
    AR_TRY(ar_band_sums_add(sums->numbers, NUMBERS, sums->area.nlat, add_row, &work, err));
cleanup:
    return status;
}

void ar_quadratic_distance_release(ar_quadratic_distance *sums)
{
    ar_free(sums->numbers);
    *sums = (ar_quadratic_distance){0};
}

double ar_quadratic_distance_read(const ar_quadratic_distance *sums)
{
    double total = 0, difference = 0, squares = 0;
    for (int64_t i = 0; sums->numbers && i < BINS; i++) {
        total += sums->numbers[BINS + i];
    }
    for (int64_t i = 0; total > 0 && i < PLACES; i++) {
        difference += (sums->numbers[i] - sums->numbers[BINS + i]) / total;
        squares += difference * difference;
    }
    return total > 0 ? squares * sums->climate.deviation / PER_DEVIATION : NAN;
}
