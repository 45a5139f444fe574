/* How well masked tokens were filled: errors and ensembles of their points, beside the climatology
 * by which the model normalises and linear interpolation in time. Every point counts the same:
 * cubes are drawn by area. */
#ifndef AR_VERIFY_MASKED_SCORES_H
#define AR_VERIFY_MASKED_SCORES_H

#include "graph/plan.h"
#include "model/model.h"
#include "train/dataset.h"

/* Of one field and level, in its unit; sums until ar_masked_scores_finish. */
typedef struct {
    int64_t points;
    double rmse, spread;     /* of the mean; sqrt of the mean variance over members, unbiased */
    double crps, crps_fair;  /* see scores.h; fair is NaN with one member */
    double climatology_rmse; /* of the mean of the training times that the model normalises by */
    /* Between the last known value of a point before its token and the first after it, where the
     * data has both, and the model on the same points. */
    int64_t interpolated_points;
    double interpolation_rmse, model_rmse;
} ar_masked_score;

typedef struct {
    const ar_model *model;                 /* borrowed, and so is the dataset */
    const ar_dataset *dataset;             /* ready */
    ar_masked_score *scores[AR_FIELD_MAX]; /* [level_count] of predicted fields */
    double *deviations;                    /* [member_count] */
} ar_masked_scores;

/* Release in any case. */
AR_USE_RESULT ar_status ar_masked_scores_init(ar_masked_scores *scores, const ar_model *model,
                                              const ar_dataset *dataset, ar_error *err);
void ar_masked_scores_release(ar_masked_scores *scores); /* safe on zeroed */
/* Add all targets of the batch that the plan has just computed. */
void ar_masked_scores_add(ar_masked_scores *scores, const ar_batch *batch, const ar_plan *plan);
/* Make scores of the sums; NaN where there is no point. */
void ar_masked_scores_finish(ar_masked_scores *scores);

#endif
