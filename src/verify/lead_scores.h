/* All sums of one field, level, lead time and region, and the scores that are read from them. */
#ifndef AR_VERIFY_LEAD_SCORES_H
#define AR_VERIFY_LEAD_SCORES_H

#include "verify/distribution.h"
#include "verify/energy_score.h"
#include "verify/report.h"
#include "verify/scores.h"

typedef struct {
    ar_ensemble_scorer scorer;
    ar_ensemble_sums model;
    ar_distribution distribution;
    ar_energy_score energy;
    ar_anomaly_correlation correlation, persistence_correlation;
    ar_error_sums persistence, damped, climatology;
} ar_lead_scores;

/* What is scored at one time: fields [nlat][nlon], of which members [member_count]. */
typedef struct {
    const float *members, *mean, *truth;
    const double *climatology;
    const float *climatology_forecast; /* the same as a forecast */
    const float *persistence, *damped; /* NULL where there is no truth at the reference time */
} ar_scored_time;

/* Release with ar_lead_scores_release. */
AR_USE_RESULT ar_status ar_lead_scores_init(ar_lead_scores *sums, const ar_score_area *area,
                                            int64_t member_count, const double *thresholds,
                                            int64_t threshold_count, ar_error *err);
void ar_lead_scores_release(ar_lead_scores *sums); /* safe on a zeroed one */

void ar_lead_scores_add(ar_lead_scores *sums, const ar_scored_time *time);

/* Fill the scores, and what hangs on them, of `score`; the rest of it stays as it is. Release with
 * ar_score_release, also after an error. */
AR_USE_RESULT ar_status ar_lead_scores_read(const ar_lead_scores *sums, ar_score *score,
                                            ar_error *err);

#endif
