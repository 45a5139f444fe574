/* What the network answered for the masked tokens of a batch, read as the values of a place: of one
 * sample's points, or those of its displaced output, at one level and time of its cube, for every
 * member, in the field's unit. */
#ifndef AR_TASK_PREDICTIONS_H
#define AR_TASK_PREDICTIONS_H

#include "graph/plan.h"
#include "model/model.h"
#include "train/dataset.h"

typedef struct {
    const ar_model *model;
    const ar_dataset *dataset;
    const ar_batch *batch;
    int32_t *rows[AR_FIELD_MAX]; /* [B·T] row of the ensemble of a token, −1: it was not masked; of
                                  * predicted fields */
} ar_predictions;

/* For batches of the model and dataset, which are borrowed. Release in any case. */
AR_USE_RESULT ar_status ar_predictions_init(ar_predictions *predictions, const ar_model *model,
                                            const ar_dataset *dataset, const ar_batch *batch,
                                            ar_error *err);
void ar_predictions_release(ar_predictions *predictions); /* safe on zeroed */

/* Find the rows of the batch that was just computed. */
void ar_predictions_index(ar_predictions *predictions);

/* Values of a sample at a level and step (times from the cube's first) into values
 * [member][rows][columns] of its points; 0 where the token was not masked. Parallel over members.
 */
void ar_predictions_read(const ar_predictions *predictions, const ar_plan *plan, int64_t field,
                         int64_t sample, int64_t level, int64_t step, float *values);

#endif
