/* Which network released weights are of. The JSON of a released model does not tell: its networks
 * of 2023 and 2024 differ, and so do the names of their tensors. */
#ifndef AR_MODEL_RELEASED_LAYOUT_H
#define AR_MODEL_RELEASED_LAYOUT_H

#include "model/configuration.h"

/* Look whether the checkpoints `paths` (.mod) are of 2023, with projections of every head by itself
 * (`*.proj_qs.weight`), and let the configuration say what those networks were: with with_qk_lnorm
 * the queries of coupling heads were normalised as their keys, and the decoder's queries and keys
 * without scale and shift (1 and 0 here); without it the decoder normalised neither. Otherwise the
 * configuration stays that of 2024. */
AR_USE_RESULT ar_status ar_released_layout_apply(ar_configuration *configuration,
                                                 const char *const *paths, int64_t path_count,
                                                 ar_error *err);

#endif
