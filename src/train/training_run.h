/* A training run while it is open: all that it holds, and what is done with it. */
#ifndef AR_TRAIN_TRAINING_RUN_H
#define AR_TRAIN_TRAINING_RUN_H

#include "train/checkpoint.h"
#include "train/cube_source.h"
#include "train/loader.h"
#include "train/metrics.h"
#include "train/origin.h"
#include "train/train.h"
#include "train/training_report.h"

typedef struct {
    ar_configuration *configuration;
    const ar_train_options *options;
    const ar_backend *backend;
    int threads;
    int lock; /* on the run's folder; −1: none */
    ar_dataset dataset;
    ar_cube_source training, validation;
    ar_loader *loader; /* of training's batches */
    ar_batch batch;    /* of validation */
    ar_cube *cubes;
    ar_model *model;
    ar_plan *plan;
    float *parameters, *gradients;
    ar_optimiser optimiser;
    ar_origin origin;
    ar_metrics metrics;
    ar_loss_sums sums; /* of training steps since the last line */
    ar_training_report report;
} ar_training_run;

/* Load data, build the model, lock the run's folder, and go on from its newest checkpoint if there
 * is one. `configuration` and `options` have to outlive the run. Errors as ar_train's; whatever the
 * result, ar_training_run_close has to follow. */
AR_USE_RESULT ar_status ar_training_run_open(ar_training_run *run, ar_configuration *configuration,
                                             const ar_train_options *options, ar_error *err);
void ar_training_run_close(ar_training_run *run);

/* One step of the optimiser on the batch of `step`; its losses are added to run->sums. A step that
 * is not finite is skipped, with a warning. */
AR_USE_RESULT ar_status ar_training_run_step(ar_training_run *run, int64_t step, ar_error *err);
/* Losses on the same validation samples every time, told and written to the metrics. */
AR_USE_RESULT ar_status ar_training_run_validate(ar_training_run *run, int64_t step, ar_error *err);
/* Parameters that are not finite never recover, and never replace a checkpoint: AR_ERROR_NUMERIC.
 */
AR_USE_RESULT ar_status ar_training_run_need_finite(const ar_training_run *run, ar_error *err);

#endif
