/* Checkpoints: everything a run needs to go on to the same bits, and everything a forecast needs,
 * in one safetensors file: parameters under the released model's names, optimiser moments,
 * normalisations, and as metadata the step, the configuration, and what the fields are. Random
 * numbers come from a counter, so the step is the random state. */
#ifndef AR_TRAIN_CHECKPOINT_H
#define AR_TRAIN_CHECKPOINT_H

#include "io/safetensors.h"
#include "model/model.h"
#include "model/released_weights.h"
#include "train/dataset.h"
#include "train/metrics.h"
#include "train/optimiser.h"
#include "train/run_folder.h"

/* Write RUN/checkpoint-<step>.safetensors atomically, then remove all but the last three and what
 * killed runs left unfinished. `sums` are those of the steps since the last line of metrics;
 * `origin` tells what the run started from, NULL: nothing. */
AR_USE_RESULT ar_status ar_checkpoint_write(const char *run, const ar_configuration *configuration,
                                            const ar_dataset *dataset, const ar_graph *graph,
                                            const float *parameters, const ar_optimiser *optimiser,
                                            const ar_loss_sums *sums, const char *origin,
                                            ar_error *err);

/* A checkpoint opened for reading. */
typedef struct {
    char *path;
    ar_safetensors *file;
    int64_t step;
    ar_configuration configuration;
    ar_released_weights *released; /* of a .mod: what the tensors are borrowed from; NULL */
} ar_checkpoint;

/* Open a checkpoint file, or the newest one of a run folder, and read its configuration. */
AR_USE_RESULT ar_status ar_checkpoint_open(ar_checkpoint *checkpoint, const char *path,
                                           ar_error *err);
/* The same for parameters alone: of a run, or as `atmorep convert` writes them, at step 0. */
AR_USE_RESULT ar_status ar_checkpoint_open_weights(ar_checkpoint *checkpoint, const char *path,
                                                   ar_error *err);
/* Are there statistics of the data that it was trained with? Weights alone have none. */
bool ar_checkpoint_has_statistics(const ar_checkpoint *checkpoint);
/* What the run of the checkpoint started from, several lines; borrowed, NULL where there is none.
 */
const char *ar_checkpoint_origin(const ar_checkpoint *checkpoint);
void ar_checkpoint_close(ar_checkpoint *checkpoint); /* safe on zeroed */

/* Read parameters, and moments where optimiser is not NULL. A missing tensor or wrong shape is an
 * error. */
AR_USE_RESULT ar_status ar_checkpoint_read_model(ar_checkpoint *checkpoint, const ar_graph *graph,
                                                 float *parameters, ar_optimiser *optimiser,
                                                 ar_error *err);
/* Read the sums of the steps since the last line of metrics. */
AR_USE_RESULT ar_status ar_checkpoint_read_sums(ar_checkpoint *checkpoint, ar_loss_sums *sums,
                                                ar_error *err);
/* Read the normalisations of all fields of a dataset in memory, whose values are converted to the
 * units that the model was trained with; it is an error where they cannot be. It must have the
 * model's grid where statistics are per latitude or point; a global model on another resolution is
 * a warning. */
AR_USE_RESULT ar_status ar_checkpoint_read_normalisations(ar_checkpoint *checkpoint,
                                                          ar_dataset *dataset, ar_error *err);
/* For a run that goes on: the dataset's units and its normalisations, computed again, must be those
 * of the checkpoint, but for their last digits; the checkpoint's are then put in their place. */
AR_USE_RESULT ar_status ar_checkpoint_check_data(ar_checkpoint *checkpoint, ar_dataset *dataset,
                                                 ar_error *err);

#endif
