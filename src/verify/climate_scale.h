/* How large the values of a field and their anomalies are over the climatology period: what the
 * bins of histograms are measured in, so that the same bins serve all fields, times and regions. */
#ifndef AR_VERIFY_CLIMATE_SCALE_H
#define AR_VERIFY_CLIMATE_SCALE_H

#include "verify/scores.h"

/* Area-weighted, over the whole grid. NaN where there is nothing to tell them from. */
typedef struct {
    double mean;              /* of the climatology c: ⟨c⟩ */
    double anomaly_deviation; /* sqrt ⟨(x − c)²⟩ over points and times */
    double deviation; /* sqrt ⟨(x − ⟨c⟩)²⟩: of anomalies and of c over the grid */
} ar_climate_scale;

/* Zeroed to begin. */
typedef struct {
    double weight, squares; /* Σ w, Σ w (x − c)² */
} ar_anomaly_sums;

/* Add one time of the climatology period. values, climatology [nlat][nlon]; a point counts where
 * both are there. */
AR_USE_RESULT ar_status ar_anomaly_sums_add(ar_anomaly_sums *sums, const ar_score_area *area,
                                            const float *values, const double *climatology,
                                            ar_error *err);

/* The scale that belongs to the sums over all times. */
ar_climate_scale ar_climate_scale_read(const ar_anomaly_sums *sums, const ar_score_area *area,
                                       const double *climatology);

#endif
