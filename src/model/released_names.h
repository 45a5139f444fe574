/* Where the tensors of released checkpoints belong: files that hold one block of a model, and the
 * layout of the code of 2023, in which every attention head has projections of its own. Names and
 * order are those of the authors' code (github.com/clessig/atmorep, transformer_attention.py,
 * atmorep_model.py). Pure functions. */
#ifndef AR_MODEL_RELEASED_NAMES_H
#define AR_MODEL_RELEASED_NAMES_H

#include "model/configuration.h"

enum { AR_RELEASED_NAME_SIZE = 320 };

/* What stands before the names of a block's file in the whole model's, by the file's name:
 *     AtmoRep_encoder_<field>_id<ID>.mod          encoders.<i>.
 *     AtmoRep_decoder_<field>_id<ID>.mod          decoders.<p>.   p: place in the predicted fields
 *     AtmoRep_tail_<field>_id<ID>.mod             tails.<p>.
 *     AtmoRep_embeds_token_info_id<ID>.mod        embeds_token_info.
 *     AtmoRep_embed_token_info_id<ID>.mod         embed_token_info.
 * and nothing for any other name. A block of a field that the model does not have is an error. */
AR_USE_RESULT ar_status ar_released_block_prefix(const ar_configuration *configuration,
                                                 const char *path, char prefix[64], ar_error *err);

/* Rows of a parameter that one tensor of the layout of 2023 is. */
typedef struct {
    char parameter[AR_RELEASED_NAME_SIZE];
    int64_t first_row, rows; /* rows: the head's size D */
} ar_released_head;

/* With h = 0, 1, …, heads of size D, n coupling heads per field, and the coupled fields in order:
 *     heads_self.h (encoder), heads.h (decoder): q, k, v → proj_heads, rows h·3D + {0, D, 2D}
 *     heads_coupling.h: q → proj_heads_other.0, row h·D;
 *                       k, v → proj_heads_other.(1 + ⌊h/n⌋), rows (h mod n)·2D + {0, D}
 *     heads_other.h: q → proj_heads_o_q, row h·D; k, v → proj_heads_o_kv, rows h·2D + {0, D}
 * where q, k, v are proj_qs, proj_ks, proj_vs. False when `name` is no such tensor of an encoder or
 * decoder of the model. */
bool ar_released_head_place(const ar_configuration *configuration, const char *name,
                            ar_released_head *head);

#endif
