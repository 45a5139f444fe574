/* The weights of released checkpoints, put together as one model's parameters: whole-model and
 * per-block files, today's names and those of 2023, checked against the model they are for. */
#ifndef AR_MODEL_RELEASED_WEIGHTS_H
#define AR_MODEL_RELEASED_WEIGHTS_H

#include "model/released_pieces.h"

typedef struct {
    /* The model's parameters under their names and second names, then the released models' unused
     * embed_token_info where the files have it. [count], ready to be written. */
    ar_safetensor *tensors;
    size_t count, capacity;
    int64_t parameter_count;   /* of the model */
    int64_t of_heads;          /* parameters put together from heads: the layout of 2023 */
    int64_t filled;            /* parameters that no file has: starting values */
    ar_released_pieces pieces; /* values are borrowed from their files where possible */
    float **values;            /* [value_count], what had to be copied */
    size_t value_count, value_capacity;
} ar_released_weights;

/* Read the checkpoints `paths` for `model`. Every tensor must have its place in the model and its
 * shape, every parameter must be there and whole, and a tensor that is there twice must have the
 * same bits; otherwise an error says which do not fit, how many, and what was expected, and nothing
 * is loaded. Parameters that match one of the shell patterns `allow_missing` may be missing and get
 * starting values by the configuration's seed. What follows without a choice is filled in silently:
 * embeds_token_info.* from a shared embed_token_info.*, and the scale 1 and shift 0 of the
 * decoder's q and k norms for the layout of 2023, where they have none. The model is one that
 * ar_released_layout_apply has seen.
 * Release with ar_released_weights_release in any case. */
AR_USE_RESULT ar_status ar_released_weights_read(ar_released_weights *weights,
                                                 const ar_model *model, const char *const *paths,
                                                 int64_t path_count,
                                                 const char *const *allow_missing,
                                                 int64_t allow_missing_count, ar_error *err);
void ar_released_weights_release(ar_released_weights *weights); /* safe on zeroed */

#endif
