/* What a checkpoint's tensors and metadata are called, for those who write and who read them. */
#ifndef AR_TRAIN_CHECKPOINT_LAYOUT_H
#define AR_TRAIN_CHECKPOINT_LAYOUT_H

#include <stdio.h>

#include "train/checkpoint.h"

#define AR_CHECKPOINT_FIRST_MOMENT "optimiser.first_moment."
#define AR_CHECKPOINT_SECOND_MOMENT "optimiser.second_moment."
/* A vector: count, total, gradient norm, then the losses of each field. */
#define AR_CHECKPOINT_SUMS "training.loss_sums"
/* The grid; units are one metadata string with a line a field. */
#define AR_CHECKPOINT_LATITUDE "grid.latitude"
#define AR_CHECKPOINT_LONGITUDE "grid.longitude"

enum {
    AR_CHECKPOINT_SUMS_FIRST_LOSS = 3,
    AR_CHECKPOINT_SUMS_MOST = AR_CHECKPOINT_SUMS_FIRST_LOSS + AR_FIELD_MAX * AR_LOSS_KIND_COUNT,
    /* Metadata "months", with training data: digits a field, [0] the overall statistics, fields in
     * their order. */
    AR_CHECKPOINT_MONTHS = 13
};

/* Numbers of the sums with so many kinds of losses. */
static inline int64_t ar_checkpoint_sums_size(const ar_configuration *configuration, int64_t kinds)
{
    return AR_CHECKPOINT_SUMS_FIRST_LOSS + configuration->field_count * kinds;
}

static inline void ar_checkpoint_parameter_shape(const ar_parameter *parameter, int64_t shape[2])
{
    shape[0] = parameter->rank == 2 ? parameter->rows : parameter->columns;
    shape[1] = parameter->columns;
}

/* Before the names of a field's statistics, "normalisation.<field>.mean"; a stream has those of its
 * field. */
enum { AR_CHECKPOINT_PREFIX = 128 };
static inline void ar_checkpoint_statistics_prefix(const char *field,
                                                   char prefix[AR_CHECKPOINT_PREFIX])
{
    snprintf(prefix, AR_CHECKPOINT_PREFIX, "normalisation.%s.", field);
}

/* A tensor of this name and shape, or an error that tells what there is. */
AR_USE_RESULT ar_status ar_checkpoint_find_tensor(const ar_checkpoint *checkpoint,
                                                  const char *prefix, const char *name, int rank,
                                                  const int64_t *shape,
                                                  const ar_safetensor **tensor, ar_error *err);
AR_USE_RESULT ar_status ar_checkpoint_read_tensor(ar_checkpoint *checkpoint, const char *prefix,
                                                  const char *name, int rank, const int64_t *shape,
                                                  float *values, ar_error *err);

#endif
