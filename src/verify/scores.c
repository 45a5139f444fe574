#include "verify/scores.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

static double over_weight(const ar_error_sums *sums, double sum)
{
    return sums->weight > 0 ? sum / sums->weight : NAN;
}

static void add_error(ar_error_sums *sums, double weight, double error)
{
    sums->points++;
    sums->weight += weight;
    sums->error += weight * error;
    sums->absolute_error += weight * fabs(error);
    sums->squared_error += weight * error * error;
}

void ar_error_sums_join(ar_error_sums *sums, const ar_error_sums *more)
{
    sums->points += more->points;
    sums->weight += more->weight;
    sums->error += more->error;
    sums->absolute_error += more->absolute_error;
    sums->squared_error += more->squared_error;
}

void ar_error_sums_add(ar_error_sums *sums, const ar_score_area *area, const float *forecast,
                       const float *truth)
{
    for (int64_t i = 0; i < area->nlat; i++) {
        ar_error_sums row = {0};
        for (int64_t j = 0; j < area->nlon; j++) {
            int64_t at = i * area->nlon + j;
            double weight = ar_score_area_weight(area, i, j);
            double error = (double)forecast[at] - (double)truth[at];
            if (weight > 0 && !isnan(error)) {
                add_error(&row, weight, error);
            }
        }
        ar_error_sums_join(sums, &row);
    }
}

double ar_error_sums_rmse(const ar_error_sums *sums)
{
    return sqrt(over_weight(sums, sums->squared_error));
}

double ar_error_sums_bias(const ar_error_sums *sums)
{
    return over_weight(sums, sums->error);
}

double ar_error_sums_mae(const ar_error_sums *sums)
{
    return over_weight(sums, sums->absolute_error);
}

void ar_anomaly_correlation_add(ar_anomaly_correlation *correlation, const ar_score_area *area,
                                const float *forecast, const float *truth,
                                const double *climatology)
{
    double products = 0, forecast_squares = 0, truth_squares = 0;
    for (int64_t i = 0; i < area->nlat; i++) {
        for (int64_t j = 0; j < area->nlon; j++) {
            int64_t at = i * area->nlon + j;
            double weight = ar_score_area_weight(area, i, j);
            double x = forecast[at] - climatology[at], y = truth[at] - climatology[at];
            if (weight > 0 && !isnan(x) && !isnan(y)) {
                products += weight * x * y;
                forecast_squares += weight * x * x;
                truth_squares += weight * y * y;
            }
        }
    }
    /* Two roots: the product of the squares of vorticities would be near the smallest double. */
    double norm = sqrt(forecast_squares) * sqrt(truth_squares);
    if (norm > 0) {
        correlation->sum += products / norm;
        correlation->times++;
    }
}

double ar_anomaly_correlation_mean(const ar_anomaly_correlation *correlation)
{
    return correlation->times > 0 ? correlation->sum / (double)correlation->times : NAN;
}

static int compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

ar_crps ar_crps_of_deviations(double *deviations, int64_t n)
{
    /* With x₍₁₎ ≤ … ≤ x₍ₙ₎, ΣΣ|xᵢ − xⱼ| = 2 Σ (2i − n − 1) x₍ᵢ₎; differences of x are those of x −
     * y. */
    qsort(deviations, (size_t)n, sizeof *deviations, compare_numbers);
    double distance = 0, half_pairs = 0;
    for (int64_t i = 0; i < n; i++) {
        distance += fabs(deviations[i]);
        half_pairs += (double)(2 * i + 1 - n) * deviations[i];
    }
    double count = (double)n;
    return (ar_crps){
        .plain = distance / count - half_pairs / (count * count),
        .fair = n > 1 ? distance / count - half_pairs / (count * (count - 1)) : NAN,
    };
}

double ar_values_mean(const double *values, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += values[i];
    }
    return sum / (double)n;
}

double ar_values_variance(const double *values, int64_t n, double mean)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += (values[i] - mean) * (values[i] - mean);
    }
    return n > 1 ? sum / (double)(n - 1) : NAN;
}

ar_status ar_ensemble_scorer_init(ar_ensemble_scorer *scorer, const ar_score_area *area,
                                  int64_t member_count, ar_error *err)
{
    *scorer = (ar_ensemble_scorer){.area = *area, .member_count = member_count};
    size_t numbers = 0;
    if (!ar_size_product((size_t)area->nlat, (size_t)member_count, &numbers)) {
        return ar_fail(err, AR_ERROR_MEMORY, "%lld members are too many to score",
                       (long long)member_count);
    }
    ar_status status = ar_allocate(&scorer->row_sums, (size_t)area->nlat, sizeof *scorer->row_sums,
                                   "the scores of rows", err);
    if (status == AR_OK) {
        status = ar_allocate(&scorer->deviations, numbers, sizeof *scorer->deviations,
                             "the members of a point", err);
    }
    if (status != AR_OK) {
        ar_ensemble_scorer_release(scorer);
    }
    return status;
}

void ar_ensemble_scorer_release(ar_ensemble_scorer *scorer)
{
    ar_free(scorer->row_sums);
    ar_free(scorer->deviations);
    *scorer = (ar_ensemble_scorer){0};
}

static void add_point(ar_ensemble_sums *sums, double weight, double *deviations, int64_t n)
{
    double error = ar_values_mean(deviations, n);
    if (isnan(error)) {
        return;
    }
    double variance = ar_values_variance(deviations, n, error);
    ar_crps crps = ar_crps_of_deviations(deviations, n);
    add_error(&sums->mean, weight, error);
    sums->crps += weight * crps.plain;
    sums->crps_fair += weight * crps.fair;
    sums->variance += weight * variance;
}

static void add_row(ar_ensemble_scorer *scorer, int64_t i, const float *members, const float *truth)
{
    const ar_score_area *area = &scorer->area;
    int64_t points = area->nlat * area->nlon;
    double *deviations = scorer->deviations + i * scorer->member_count;
    ar_ensemble_sums sums = {0};
    for (int64_t j = 0; j < area->nlon; j++) {
        int64_t at = i * area->nlon + j;
        double weight = ar_score_area_weight(area, i, j);
        if (weight <= 0) {
            continue;
        }
        /* Deviations from the truth lose no digits of float values to a large mean. */
        for (int64_t k = 0; k < scorer->member_count; k++) {
            deviations[k] = (double)members[k * points + at] - (double)truth[at];
        }
        add_point(&sums, weight, deviations, scorer->member_count);
    }
    scorer->row_sums[i] = sums;
}

void ar_ensemble_sums_add(ar_ensemble_sums *sums, ar_ensemble_scorer *scorer, const float *members,
                          const float *truth)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < scorer->area.nlat; i++) {
        add_row(scorer, i, members, truth);
    }
    for (int64_t i = 0; i < scorer->area.nlat; i++) {
        ar_ensemble_sums_join(sums, &scorer->row_sums[i]);
    }
}

void ar_ensemble_sums_join(ar_ensemble_sums *sums, const ar_ensemble_sums *more)
{
    ar_error_sums_join(&sums->mean, &more->mean);
    sums->crps += more->crps;
    sums->crps_fair += more->crps_fair;
    sums->variance += more->variance;
}

double ar_ensemble_sums_crps(const ar_ensemble_sums *sums)
{
    return over_weight(&sums->mean, sums->crps);
}

double ar_ensemble_sums_crps_fair(const ar_ensemble_sums *sums)
{
    return over_weight(&sums->mean, sums->crps_fair);
}

double ar_ensemble_sums_spread(const ar_ensemble_sums *sums)
{
    return sqrt(over_weight(&sums->mean, sums->variance));
}

double ar_ensemble_sums_spread_skill(const ar_ensemble_sums *sums)
{
    return ar_ensemble_sums_spread(sums) / ar_error_sums_rmse(&sums->mean);
}

void ar_ensemble_mean_spread(const float *members, int64_t member_count, int64_t points,
                             float *mean, float *spread)
{
    for (int64_t at = 0; at < points; at++) {
        double centre = 0, squares = 0;
        for (int64_t k = 0; k < member_count; k++) {
            centre += members[k * points + at];
        }
        centre /= (double)member_count;
        for (int64_t k = 0; k < member_count; k++) {
            double deviation = members[k * points + at] - centre;
            squares += deviation * deviation;
        }
        mean[at] = (float)centre;
        spread[at] = member_count > 1 ? (float)sqrt(squares / (double)(member_count - 1)) : NAN;
    }
}
