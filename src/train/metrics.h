/* metrics.jsonl of a run: one JSON object a line, for training (averages since the last line) and
 * validation. */
#ifndef AR_TRAIN_METRICS_H
#define AR_TRAIN_METRICS_H

#include <stdio.h>

#include "atmorep/status.h"
#include "model/configuration.h"

typedef struct {
    char *path;
    FILE *file;
    const ar_configuration *configuration; /* borrowed */
} ar_metrics;

/* Sums of losses over `count` training batches, or validation samples. */
typedef struct {
    int64_t count;
    double total, gradient_norm;
    double losses[AR_FIELD_MAX][AR_LOSS_KIND_COUNT];
} ar_loss_sums;

/* Open RUN/metrics.jsonl for appending, after dropping lines of steps after `step` (left by a run
 * that was killed after its last checkpoint). */
AR_USE_RESULT ar_status ar_metrics_open(ar_metrics *metrics, const char *run, int64_t step,
                                        const ar_configuration *configuration, ar_error *err);
void ar_metrics_close(ar_metrics *metrics); /* safe on zeroed */

/* What a line of training tells besides losses and the gradient's norm. */
typedef struct {
    double learning_rate, samples_per_second;
    int64_t skipped_steps; /* so far, see train.h */
} ar_training_pace;

/* Write the averages of `sums` as a line, of training, or of validation where `pace` is NULL.
 * Averages of nothing, of steps that were all skipped, are null. A full disk is an error. */
AR_USE_RESULT ar_status ar_metrics_write(ar_metrics *metrics, const ar_loss_sums *sums,
                                         int64_t step, const ar_training_pace *pace, ar_error *err);

/* "loss 0.1234  vorticity 0.2345  msl 0.0456": the averages as people read them, the first loss by
 * field. */
void ar_loss_sums_format(const ar_loss_sums *sums, const ar_configuration *configuration,
                         char *text, size_t size);

#endif
