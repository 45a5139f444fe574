/* All sums of one field, level, lead time and region, and the scores that are read from them. */
#ifndef AR_VERIFY_LEAD_SCORES_H
#define AR_VERIFY_LEAD_SCORES_H

#include "verify/bootstrap.h"
#include "verify/calibration.h"
#include "verify/climate_scale.h"
#include "verify/distribution.h"
#include "verify/energy_score.h"
#include "verify/quadratic_distance.h"
#include "verify/report.h"
#include "verify/scores.h"
#include "verify/seeps.h"

typedef struct {
    ar_ensemble_scorer scorer;
    ar_ensemble_sums model, latest; /* of all times; of the one that was added last */
    ar_distribution distribution;
    ar_energy_score energy;
    ar_calibration calibration;
    ar_quadratic_distance quadratic;
    ar_seeps seeps;
    ar_anomaly_correlation correlation, persistence_correlation;
    ar_error_sums persistence, damped, climatology, interpolation;
    ar_bootstrap bootstrap;
} ar_lead_scores;

/* What is scored at one time: fields [nlat][nlon], of which members [member_count]. */
typedef struct {
    int64_t valid_time; /* seconds */
    const float *members, *mean, *spread, *truth;
    const double *climatology;
    const float *climatology_forecast; /* the same as a forecast */
    const float *persistence, *damped; /* NULL where there is no truth at the reference time */
    const float *interpolation; /* between known times; NULL where there is none on either side */
} ar_scored_time;

typedef struct {
    ar_score_area area;
    int64_t member_count;
    const double *thresholds; /* [threshold_count] */
    int64_t threshold_count;
    ar_climate_scale climate;
    const ar_seeps_climate *seeps; /* NULL: no precipitation */
    int64_t first_time;            /* no valid time lies before it */
    int64_t block_days, resamples;
} ar_lead_scores_settings;

/* Borrows what the settings point to. Release with ar_lead_scores_release. */
AR_USE_RESULT ar_status ar_lead_scores_init(ar_lead_scores *sums,
                                            const ar_lead_scores_settings *settings, ar_error *err);
void ar_lead_scores_release(ar_lead_scores *sums); /* safe on a zeroed one */

AR_USE_RESULT ar_status ar_lead_scores_add(ar_lead_scores *sums, const ar_scored_time *time,
                                           ar_error *err);

/* Fill the scores, and what hangs on them, of `score`; the rest of it stays as it is. Release with
 * ar_score_release, also after an error. */
AR_USE_RESULT ar_status ar_lead_scores_read(const ar_lead_scores *sums, ar_score *score,
                                            ar_error *err);

#endif
