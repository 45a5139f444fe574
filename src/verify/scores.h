/* Scores of forecasts on a latitude-longitude grid, area-weighted, as WeatherBench 2 defines them
 * (Rasp et al. 2024, "WeatherBench 2: A benchmark for the next generation of data-driven global
 * weather models", J. Adv. Model. Earth Syst. 16, e2023MS004019); equations in
 * docs/verification.md.
 *
 * Sums are gathered one horizontal field after the other, so that any number of times needs the
 * memory of one; a score is then read from them. A point counts where the truth and every value of
 * the forecast are there (not NaN); the weights of the points that count are renormalised to sum
 * to 1. A score of no point is NaN. All sums are in double, per row first and then over rows, so
 * that a score does not depend on the number of threads. */
#ifndef AR_VERIFY_SCORES_H
#define AR_VERIFY_SCORES_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

/* What is scored: rows [nlat] of nlon points, each row with its area weight; of a part of the grid
 * the rows whose weight is not 0 and the columns that are true. Borrows both. */
typedef struct {
    int64_t nlat, nlon;
    const double *weights; /* [nlat] of ar_grid_area_weights; 0: the row does not count */
    const bool *columns;   /* [nlon]; NULL: all */
} ar_score_area;

/* The weight of a point, 0 outside of the area. */
static inline double ar_score_area_weight(const ar_score_area *area, int64_t row, int64_t column)
{
    return !area->columns || area->columns[column] ? area->weights[row] : 0;
}

double ar_values_mean(const double *values, int64_t count);
/* Unbiased, about a mean that is known; NaN for one value. */
double ar_values_variance(const double *values, int64_t count, double mean);

/* Weighted sums over points of e = forecast − truth. Zeroed to begin. */
typedef struct {
    int64_t points;                              /* that counted */
    double weight;                               /* Σ w */
    double error, absolute_error, squared_error; /* Σ w e, Σ w |e|, Σ w e² */
} ar_error_sums;

/* Add one field. forecast, truth [nlat][nlon]. Thread-safe for different sums. */
void ar_error_sums_add(ar_error_sums *sums, const ar_score_area *area, const float *forecast,
                       const float *truth);
/* Add up two sets of sums. */
void ar_error_sums_join(ar_error_sums *sums, const ar_error_sums *more);
double ar_error_sums_rmse(const ar_error_sums *sums); /* sqrt(Σ w e² / Σ w) */
double ar_error_sums_bias(const ar_error_sums *sums); /* Σ w e / Σ w */
double ar_error_sums_mae(const ar_error_sums *sums);  /* Σ w |e| / Σ w */

/* Anomaly correlation of one time after the other, as WeatherBench 2 has it: about a climatology c,
 *     Σ w (x − c)(y − c) / sqrt(Σ w (x − c)² Σ w (y − c)²),
 * not centred, and the mean of it over times. Times at which it does not exist, because no point
 * counts or one of the anomalies is 0 everywhere, are left out. Zeroed to begin. */
typedef struct {
    double sum;
    int64_t times;
} ar_anomaly_correlation;

/* Add one time. forecast, truth, climatology [nlat][nlon]; a point counts where all three are
 * there. */
void ar_anomaly_correlation_add(ar_anomaly_correlation *correlation, const ar_score_area *area,
                                const float *forecast, const float *truth,
                                const double *climatology);
double ar_anomaly_correlation_mean(const ar_anomaly_correlation *correlation);

/* Continuous ranked probability score of members x[0…n−1] (n ≥ 1) for the truth y, in their unit:
 *     plain  1/n Σ|xᵢ − y| − 1/(2n²)     ΣΣ|xᵢ − xⱼ|     (Gneiting and Raftery 2007, sec. 4.2)
 *     fair   1/n Σ|xᵢ − y| − 1/(2n(n−1)) ΣΣ|xᵢ − xⱼ|     (Ferro 2014; Zamo and Naveau 2018)
 * Plain scores the n members as the distribution; fair estimates what infinitely many would score,
 * and is NaN for n = 1. `deviations` holds xᵢ − y and comes back sorted; O(n log n). Thread-safe.
 */
typedef struct {
    double plain, fair;
} ar_crps;
ar_crps ar_crps_of_deviations(double *deviations, int64_t n);

/* Sums of an ensemble: of the error of its mean, of CRPS, and of the variance over members
 * (unbiased). */
typedef struct {
    ar_error_sums mean;
    double crps, crps_fair, variance; /* Σ w ·; the latter two NaN with one member */
} ar_ensemble_sums;

/* Room for ar_ensemble_sums_add: nothing is allocated per field. */
typedef struct {
    ar_score_area area;
    int64_t member_count;
    ar_ensemble_sums *row_sums; /* [nlat] */
    double *deviations;         /* [nlat][member_count] */
} ar_ensemble_scorer;

/* member_count ≥ 1. Release with ar_ensemble_scorer_release. */
AR_USE_RESULT ar_status ar_ensemble_scorer_init(ar_ensemble_scorer *scorer,
                                                const ar_score_area *area, int64_t member_count,
                                                ar_error *err);
void ar_ensemble_scorer_release(ar_ensemble_scorer *scorer);

/* Add one field. members [member_count][nlat][nlon], truth [nlat][nlon]. Parallel over rows. */
void ar_ensemble_sums_add(ar_ensemble_sums *sums, ar_ensemble_scorer *scorer, const float *members,
                          const float *truth);
void ar_ensemble_sums_join(ar_ensemble_sums *sums, const ar_ensemble_sums *more);
double ar_ensemble_sums_crps(const ar_ensemble_sums *sums);
double ar_ensemble_sums_crps_fair(const ar_ensemble_sums *sums);
/* sqrt of the weighted mean of the unbiased variance over members; NaN with one member. */
double ar_ensemble_sums_spread(const ar_ensemble_sums *sums);
/* Spread / RMSE of the mean, without the factor sqrt((n+1)/n) that a perfectly reliable ensemble of
 * n members needs to reach 1 (Fortin et al. 2014): as in WeatherBench 2. */
double ar_ensemble_sums_spread_skill(const ar_ensemble_sums *sums);

/* Mean and unbiased standard deviation over members at each of `points` points; NaN where a member
 * is missing, the deviation also with one member. members [member_count][points]. */
void ar_ensemble_mean_spread(const float *members, int64_t member_count, int64_t points,
                             float *mean, float *spread);

#endif
