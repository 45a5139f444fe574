#include "verify/conditional_distance.h"
#include "verify/scores.h"

#include <math.h>
#include <stdlib.h>

#include "verify/band_sums.h"

/* Σ w, and Σ w times the energy distance, E|y − y'|, the difference of means, its square less what
 * so few members add to it, and the variances. */
enum {
    WEIGHT,
    DISTANCE,
    TRUTH_PAIRS,
    DIFFERENCE,
    SQUARED_DIFFERENCE,
    VARIANCE,
    TRUTH_VARIANCE,
    NUMBERS
};

typedef struct {
    const ar_conditional_distance *sums;
    const float *members, *truth;
} distance_work;

static int compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Σ |x_i − x_j| over pairs i < j; sorts. */
static double sum_of_pairs(double *values, int64_t n)
{
    double sum = 0;
    qsort(values, (size_t)n, sizeof *values, compare_numbers);
    for (int64_t i = 0; i < n; i++) {
        sum += (double)(2 * i - n + 1) * values[i];
    }
    return sum;
}

/* Values come as differences to one of them, so that nothing is lost to a large mean. */
static void add_point(double *numbers, double weight, double *values, int64_t n, int64_t m)
{
    double *x = values, *y = values + n;
    double x_mean = ar_values_mean(x, n), y_mean = ar_values_mean(y, m);
    double x_variance = ar_values_variance(x, n, x_mean),
           y_variance = ar_values_variance(y, m, y_mean);
    double x_pairs = sum_of_pairs(x, n), y_pairs = sum_of_pairs(y, m);
    double cross = sum_of_pairs(values, n + m) - x_pairs - y_pairs;
    double pairs = 2 * y_pairs / (double)(m * (m - 1)), difference = x_mean - y_mean;
    numbers[WEIGHT] += weight;
    numbers[DISTANCE] +=
        weight * (2 * cross / (double)(n * m) - 2 * x_pairs / (double)(n * (n - 1)) - pairs);
    numbers[TRUTH_PAIRS] += weight * pairs;
    numbers[DIFFERENCE] += weight * difference;
    numbers[SQUARED_DIFFERENCE] +=
        weight * (difference * difference - x_variance / (double)n - y_variance / (double)m);
    numbers[VARIANCE] += weight * x_variance;
    numbers[TRUTH_VARIANCE] += weight * y_variance;
}

static void add_row(const void *argument, int64_t row, double *numbers)
{
    const distance_work *work = argument;
    const ar_score_area *area = &work->sums->area;
    const int64_t n = work->sums->member_count, m = work->sums->truth_count;
    const int64_t points = area->nlat * area->nlon;
    double values[AR_CONDITIONAL_MOST_MEMBERS];
    for (int64_t j = 0; j < area->nlon; j++) {
        const int64_t at = row * area->nlon + j;
        const double weight = ar_score_area_weight(area, row, j), first = work->truth[at];
        double all = 0;
        for (int64_t k = 0; k < n + m; k++) {
            const float value =
                k < n ? work->members[k * points + at] : work->truth[(k - n) * points + at];
            values[k] = value - first;
            all += values[k];
        }
        if (weight > 0 && isfinite(all)) {
            add_point(numbers, weight, values, n, m);
        }
    }
}

ar_status ar_conditional_distance_add(ar_conditional_distance *sums, const float *members,
                                      const float *truth, ar_error *err)
{
    const distance_work work = {sums, members, truth};
    const int64_t both = sums->member_count + sums->truth_count;
    if (sums->member_count < 2 || sums->truth_count < 2 || both > AR_CONDITIONAL_MOST_MEMBERS) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "ensembles of %lld and %lld members: each has to have 2 or more, both at "
                       "most %d",
                       (long long)sums->member_count, (long long)sums->truth_count,
                       AR_CONDITIONAL_MOST_MEMBERS);
    }
    return ar_band_sums_add(sums->numbers, NUMBERS, sums->area.nlat, add_row, &work, err);
}

ar_conditional_scores ar_conditional_distance_read(const ar_conditional_distance *sums)
{
    const double *numbers = sums->numbers, weight = numbers[WEIGHT];
    if (!(weight > 0)) {
        return (ar_conditional_scores){NAN, NAN, NAN, NAN, NAN, NAN};
    }
    return (ar_conditional_scores){
        .energy_distance = numbers[DISTANCE] / weight,
        .relative = numbers[DISTANCE] / numbers[TRUTH_PAIRS],
        .bias = numbers[DIFFERENCE] / weight,
        .mean_distance = sqrt(fmax(numbers[SQUARED_DIFFERENCE] / weight, 0)),
        .spread = sqrt(numbers[VARIANCE] / weight),
        .truth_spread = sqrt(numbers[TRUTH_VARIANCE] / weight),
    };
}
