#include "verify/calibration.h"

#include <math.h>

#include "base/memory.h"
#include "verify/band_sums.h"
#include "verify/student_t.h"

/* A set of sums is one array: weights by bins of spread and error, then by bins of spread Σ w s²
 * and Σ w e², then weights by bins of ratio of the mean and of members, then those within one and
 * two spreads. */
enum {
    BINS = AR_CALIBRATION_BINS,
    RATIO_BINS = AR_CALIBRATION_RATIO_BINS,
    SPREAD_SQUARES = BINS * BINS,
    ERROR_SQUARES = SPREAD_SQUARES + BINS,
    MEAN_RATIO = ERROR_SQUARES + BINS,
    MEMBER_RATIO = MEAN_RATIO + RATIO_BINS,
    WITHIN_ONE = MEMBER_RATIO + RATIO_BINS,
    WITHIN_TWO,
    NUMBERS,
    PER_OCTAVE = 4,
    SMALLEST_OCTAVE = -5,
    PER_UNIT = 4,
    SMALLEST_RATIO = -5,
};

double ar_calibration_edge(int64_t bin)
{
    return exp2(SMALLEST_OCTAVE + (double)bin / PER_OCTAVE);
}

double ar_calibration_ratio_edge(int64_t bin)
{
    return SMALLEST_RATIO + (double)bin / PER_UNIT;
}

static int64_t clip(double bin, int64_t bins)
{
    return bin < 0 ? 0 : bin < (double)bins ? (int64_t)bin : bins - 1;
}

static int64_t bin_of(double size)
{
    return clip(floor(PER_OCTAVE * (log2(size) - SMALLEST_OCTAVE)) + 1, BINS);
}

static int64_t ratio_bin_of(double ratio)
{
    return clip(floor(PER_UNIT * (ratio - SMALLEST_RATIO)) + 1, RATIO_BINS);
}

typedef struct {
    const ar_calibration *sums;
    const float *members, *mean, *spread, *truth;
} calibration_work;

static void add_ratios(const calibration_work *work, int64_t at, double weight, double error,
                       double spread, double *numbers)
{
    int64_t n = work->sums->member_count, points = work->sums->area.nlat * work->sums->area.nlon;
    numbers[MEAN_RATIO + ratio_bin_of(error / spread)] += weight;
    numbers[WITHIN_ONE] += fabs(error) <= spread ? weight : 0;
    numbers[WITHIN_TWO] += fabs(error) <= 2 * spread ? weight : 0;
    for (int64_t k = 0; k < n; k++) {
        double ratio = ((double)work->members[k * points + at] - work->truth[at]) / spread;
        numbers[MEMBER_RATIO + ratio_bin_of(ratio)] += weight / (double)n;
    }
}

static void add_row(const void *argument, int64_t row, double *numbers)
{
    const calibration_work *work = argument;
    const ar_score_area *area = &work->sums->area;
    for (int64_t j = 0; j < area->nlon; j++) {
        int64_t at = row * area->nlon + j;
        double weight = ar_score_area_weight(area, row, j);
        double error = (double)work->mean[at] - work->truth[at], spread = work->spread[at];
        if (!(weight > 0) || isnan(error) || isnan(spread)) {
            continue;
        }
        int64_t bin = bin_of(spread / work->sums->deviation);
        numbers[bin * BINS + bin_of(fabs(error) / work->sums->deviation)] += weight;
        numbers[SPREAD_SQUARES + bin] += weight * spread * spread;
        numbers[ERROR_SQUARES + bin] += weight * error * error;
        if (spread > 0) {
            add_ratios(work, at, weight, error, spread, numbers);
        }
    }
}

ar_status ar_calibration_add(ar_calibration *sums, const float *members, const float *mean,
                             const float *spread, const float *truth, ar_error *err)
{
    const calibration_work work = {sums, members, mean, spread, truth};
    ar_status status = AR_OK;
    if (sums->member_count < 2 || !(sums->deviation > 0)) {
        return AR_OK;
    }
    if (!sums->numbers) {
        AR_TRY(ar_allocate(&sums->numbers, NUMBERS, sizeof(double), "a calibration", err));
    }
    AR_TRY(ar_band_sums_add(sums->numbers, NUMBERS, sums->area.nlat, add_row, &work, err));
cleanup:
    return status;
}

void ar_calibration_release(ar_calibration *sums)
{
    ar_free(sums->numbers);
    *sums = (ar_calibration){0};
}

static double expected_within(double spreads, int64_t members)
{
    return ar_student_t_within(spreads / sqrt(1 + 1 / (double)members), members - 1);
}

static void read_bins(const double *numbers, double total, ar_calibration_scores *scores)
{
    scores->reliability = total > 0 ? 0 : NAN;
    for (int64_t i = 0; i < BINS; i++) {
        double weight = 0;
        for (int64_t j = 0; j < BINS; j++) {
            weight += numbers[i * BINS + j];
            scores->joint[i][j] = numbers[i * BINS + j] / total;
        }
        scores->share[i] = weight / total;
        scores->spread[i] = sqrt(numbers[SPREAD_SQUARES + i] / weight);
        scores->rmse[i] = sqrt(numbers[ERROR_SQUARES + i] / weight);
        if (weight > 0) {
            scores->reliability += scores->share[i] * fabs(scores->rmse[i] - scores->spread[i]);
        }
    }
}

bool ar_calibration_read(const ar_calibration *sums, ar_calibration_scores *scores)
{
    const double *numbers = sums->numbers;
    double total = 0, with_spread = 0;
    if (!numbers) {
        return false;
    }
    for (int64_t i = 0; i < BINS * BINS; i++) {
        total += numbers[i];
    }
    for (int64_t i = 0; i < RATIO_BINS; i++) {
        with_spread += numbers[MEAN_RATIO + i];
    }
    *scores = (ar_calibration_scores){
        .member_count = sums->member_count,
        .deviation = sums->deviation,
        .within_one = numbers[WITHIN_ONE] / with_spread,
        .within_two = numbers[WITHIN_TWO] / with_spread,
        .expected_within_one = expected_within(1, sums->member_count),
        .expected_within_two = expected_within(2, sums->member_count),
    };
    read_bins(numbers, total, scores);
    for (int64_t i = 0; i < RATIO_BINS; i++) {
        scores->mean_ratio[i] = numbers[MEAN_RATIO + i] / with_spread;
        scores->member_ratio[i] = numbers[MEMBER_RATIO + i] / with_spread;
    }
    return true;
}
