/* What any forecast must beat: climatology and damped persistence, estimated from the truth over a
 * period that holds no scored time. (Persistence itself needs no estimate: it is the truth at the
 * forecast's reference time.) Equations in docs/verification.md.
 * Both estimates go through the truth time by time, of all its levels at once, in memory that does
 * not grow with the number of times; they are parallel over points and give the same bits for any
 * number of threads. */
#ifndef AR_VERIFY_BASELINES_H
#define AR_VERIFY_BASELINES_H

#include <stdint.h>

#include "verify/truth.h"

/* The mean over all times of `period`, per level and grid point; NaN where no time has a value.
 * mean [level_count][nlat][nlon]. */
AR_USE_RESULT ar_status ar_climatology_compute(double *mean, ar_truth *period, ar_error *err);

/* Lag correlation of the anomalies a = x − mean at `lag` seconds, per level and grid point,
 *     r = Σ a(t) a(t + lag) / sqrt(Σ a(t)² Σ a(t + lag)²),
 * over the pairs of times of `period` that are both there and have values, clipped to [0, 1]; 0
 * where a point does not vary. *pairs gets the number of pairs of times; with none, r is NaN
 * everywhere. r [level_count][nlat][nlon], mean of ar_climatology_compute. */
AR_USE_RESULT ar_status ar_lag_correlation_compute(float *r, int64_t *pairs, ar_truth *period,
                                                   const double *mean, int64_t lag, ar_error *err);

/* Damped persistence: mean + r·(reference − mean), the best linear mixture of climatology and
 * persistence (Murphy 1992, Wea. Forecasting 7, 692–698). All [points]. */
void ar_damped_persistence(float *forecast, const float *reference, const double *mean,
                           const float *r, int64_t points);

#endif
