#include "verify/distribution.h"

#include <math.h>

#include "base/memory.h"

/* A set of sums is one array, so that rows are added up in one loop: these, then the weights by
 * rank [N + 1], then for each threshold the weights by forecast probability [N + 1] and those of
 * them where the event came [N + 1]. */
enum { WEIGHT, SQUARED_WEIGHT, SPREAD_WEIGHT, IGNORANCE, RANKS };

static double *forecast_of(const ar_distribution *sums, double *numbers, int64_t threshold)
{
    return numbers + RANKS + (1 + 2 * threshold) * (sums->member_count + 1);
}

static double *event_of(const ar_distribution *sums, double *numbers, int64_t threshold)
{
    return forecast_of(sums, numbers, threshold) + sums->member_count + 1;
}

ar_status ar_distribution_init(ar_distribution *sums, const ar_score_area *area,
                               int64_t member_count, const double *thresholds,
                               int64_t threshold_count, ar_error *err)
{
    *sums =
        (ar_distribution){.area = *area,
                          .member_count = member_count,
                          .threshold_count = threshold_count,
                          .thresholds = thresholds,
                          .number_count = RANKS + (1 + 2 * threshold_count) * (member_count + 1)};
    size_t numbers = 0;
    ar_status status = AR_OK;
    if (!ar_size_product((size_t)area->nlat, (size_t)sums->number_count, &numbers)) {
        return ar_fail(err, AR_ERROR_MEMORY, "%lld members are too many to score",
                       (long long)member_count);
    }
    AR_TRY(ar_allocate(&sums->numbers, (size_t)sums->number_count, sizeof(double),
                       "a rank histogram", err));
    AR_TRY(
        ar_allocate(&sums->row_numbers, numbers, sizeof(double), "rank histograms of rows", err));
cleanup:
    if (status != AR_OK) {
        ar_distribution_release(sums);
    }
    return status;
}

void ar_distribution_release(ar_distribution *sums)
{
    ar_free(sums->numbers);
    ar_free(sums->row_numbers);
    *sums = (ar_distribution){0};
}

static void add_rank(double *ranks, double weight, int64_t below, int64_t equal)
{
    for (int64_t k = below; k <= below + equal; k++) {
        ranks[k] += weight / (double)(equal + 1);
    }
}

static void add_ignorance(double *numbers, double weight, double error, double variance)
{
    if (variance > 0) {
        numbers[SPREAD_WEIGHT] += weight;
        numbers[IGNORANCE] +=
            weight * (log(2 * M_PI * variance) + error * error / variance) / (2 * M_LN2);
    }
}

static void add_point(const ar_distribution *sums, double *numbers, double weight,
                      const float *members, float truth)
{
    int64_t n = sums->member_count, points = sums->area.nlat * sums->area.nlon;
    int64_t below = 0, equal = 0;
    double error = 0, squares = 0;
    for (int64_t k = 0; k < n; k++) {
        below += members[k * points] < truth;
        equal += members[k * points] == truth;
        error += ((double)members[k * points] - truth) / (double)n;
    }
    if (isnan(error)) {
        return;
    }
    for (int64_t k = 0; k < n; k++) {
        double deviation = (double)members[k * points] - truth - error;
        squares += deviation * deviation;
    }
    numbers[WEIGHT] += weight;
    numbers[SQUARED_WEIGHT] += weight * weight;
    add_rank(numbers + RANKS, weight, below, equal);
    add_ignorance(numbers, weight, error, n > 1 ? squares / (double)(n - 1) : 0);
    for (int64_t i = 0; i < sums->threshold_count; i++) {
        int64_t above = 0;
        for (int64_t k = 0; k < n; k++) {
            above += members[k * points] > sums->thresholds[i];
        }
        forecast_of(sums, numbers, i)[above] += weight;
        event_of(sums, numbers, i)[above] += truth > sums->thresholds[i] ? weight : 0;
    }
}

static void add_row(ar_distribution *sums, int64_t i, const float *members, const float *truth)
{
    const ar_score_area *area = &sums->area;
    double *numbers = sums->row_numbers + i * sums->number_count;
    for (int64_t c = 0; c < sums->number_count; c++) {
        numbers[c] = 0;
    }
    for (int64_t j = 0; j < area->nlon; j++) {
        double weight = ar_score_area_weight(area, i, j);
        if (weight > 0) {
            int64_t at = i * area->nlon + j;
            add_point(sums, numbers, weight, members + at, truth[at]);
        }
    }
}

void ar_distribution_add(ar_distribution *sums, const float *members, const float *truth)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < sums->area.nlat; i++) {
        add_row(sums, i, members, truth);
    }
    for (int64_t i = 0; i < sums->area.nlat; i++) {
        for (int64_t c = 0; c < sums->number_count; c++) {
            sums->numbers[c] += sums->row_numbers[i * sums->number_count + c];
        }
    }
}

void ar_distribution_ranks(const ar_distribution *sums, double *frequencies)
{
    const double *ranks = sums->numbers + RANKS;
    for (int64_t k = 0; k <= sums->member_count; k++) {
        frequencies[k] = sums->numbers[WEIGHT] > 0 ? ranks[k] / sums->numbers[WEIGHT] : NAN;
    }
}

double ar_distribution_rank_departure(const ar_distribution *sums)
{
    const double *ranks = sums->numbers + RANKS;
    double flat = 1 / (double)(sums->member_count + 1), squares = 0;
    for (int64_t k = 0; k <= sums->member_count; k++) {
        double departure = ranks[k] / sums->numbers[WEIGHT] - flat;
        squares += departure * departure;
    }
    return sums->numbers[WEIGHT] > 0 ? squares / flat : NAN;
}

double ar_distribution_rank_delta(const ar_distribution *sums)
{
    double weight = sums->numbers[WEIGHT];
    double points = weight * weight / sums->numbers[SQUARED_WEIGHT];
    return points / (double)sums->member_count * ar_distribution_rank_departure(sums);
}

double ar_distribution_ignorance(const ar_distribution *sums)
{
    double weight = sums->numbers[SPREAD_WEIGHT];
    return weight > 0 ? sums->numbers[IGNORANCE] / weight : NAN;
}

double ar_distribution_without_spread(const ar_distribution *sums)
{
    return sums->numbers[WEIGHT] > 0 ? 1 - sums->numbers[SPREAD_WEIGHT] / sums->numbers[WEIGHT]
                                     : NAN;
}

ar_brier ar_distribution_brier(const ar_distribution *sums, int64_t threshold)
{
    const double *forecast = forecast_of(sums, sums->numbers, threshold);
    const double *event = event_of(sums, sums->numbers, threshold);
    double total = sums->numbers[WEIGHT], n = (double)sums->member_count, events = 0;
    for (int64_t k = 0; k <= sums->member_count; k++) {
        events += event[k];
    }
    if (!(total > 0)) {
        return (ar_brier){NAN, NAN, NAN, NAN, NAN, NAN};
    }
    double frequency = events / total;
    ar_brier brier = {.uncertainty = frequency * (1 - frequency), .frequency = frequency};
    for (int64_t k = 0; k <= sums->member_count; k++) {
        if (forecast[k] > 0) {
            double share = forecast[k] / total, p = (double)k / n,
                   observed = event[k] / forecast[k];
            double square = (1 - observed) * p * p + observed * (1 - p) * (1 - p);
            brier.score += share * square;
            brier.fair += share * (square - p * (1 - p) / (n - 1));
            brier.reliability += share * (p - observed) * (p - observed);
            brier.resolution += share * (observed - frequency) * (observed - frequency);
        }
    }
    brier.fair = sums->member_count > 1 ? brier.fair : NAN;
    return brier;
}

void ar_distribution_reliability(const ar_distribution *sums, int64_t threshold, double *forecast,
                                 double *observed)
{
    const double *weights = forecast_of(sums, sums->numbers, threshold);
    const double *events = event_of(sums, sums->numbers, threshold);
    for (int64_t k = 0; k <= sums->member_count; k++) {
        forecast[k] = weights[k] / sums->numbers[WEIGHT];
        observed[k] = weights[k] > 0 ? events[k] / weights[k] : NAN;
    }
}
