/* What metrics.jsonl of a run tells, as charts by step. */
#ifndef AR_TRAIN_TRAINING_CURVES_H
#define AR_TRAIN_TRAINING_CURVES_H

#include "model/configuration.h"
#include "picture/page.h"

/* The lines of training, or of validation. */
typedef struct {
    double *values; /* [count][columns] NaN where a line has none */
    size_t count, capacity;
    int64_t columns;
} ar_metric_lines;

typedef struct {
    const ar_configuration *configuration; /* borrowed */
    ar_metric_lines training, validation;
} ar_training_curves;

/* Read metrics.jsonl of the folder `run`; a line that is not whole is passed over. Release with
 * ar_training_curves_release, also after an error. */
AR_USE_RESULT ar_status ar_training_curves_read(ar_training_curves *curves, const char *run,
                                                const ar_configuration *configuration,
                                                ar_error *err);
void ar_training_curves_release(ar_training_curves *curves); /* safe on a zeroed one */

/* The last numbers of training and the least loss of validation, as paragraphs. */
void ar_training_curves_tell(const ar_training_curves *curves, ar_growing_text *out);

/* Where a chart goes; `name` is for a file. */
typedef ar_status ar_training_curve_show(void *context, const char *name, const ar_chart *chart);

/* Show the loss, and that of each field where there are several. */
AR_USE_RESULT ar_status ar_training_curves_losses(const ar_training_curves *curves,
                                                  ar_training_curve_show *show, void *context);
/* Show learning rate, norm of the gradient and speed. */
AR_USE_RESULT ar_status ar_training_curves_steps(const ar_training_curves *curves,
                                                 ar_training_curve_show *show, void *context);

#endif
