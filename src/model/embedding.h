/* The embedding of a field: a token's values become E − token_info.width numbers, the token
 * information the rest, and positions are added; where the configuration has `tau`, also what
 * displaced targets say of themselves, without bias, by embeds_displacement.<f>.weight
 * [E, AR_DISPLACEMENT_SIZE].
 *
 * `linear` is one linear layer. `transformer` (Vaswani et al. 2017; on patches Dosovitskiy et al.
 * 2021) looks inside the token: its points are cut into P patches, each becomes `width` numbers
 * plus a learned vector of its place, then come `layers` layers as the encoder has them (attention
 * among the patches of one token, MLP; pre-norm, residual), and a linear layer of all patches'
 * numbers beside each other. Parameters:
 *
 *     embeds.<f>.patch.weight [width, pt·py·px], .bias       embeds.<f>.positions [P, width]
 *     embeds.<f>.layers.<l>.proj_heads.weight [3·width, width], head by head [q | k | v]
 *     embeds.<f>.layers.<l>.proj_out.weight [width, width]
 *     embeds.<f>.layers.<l>.mlp.blocks.<n>.weight, .bias
 *     embeds.<f>.out.weight [E − token_info.width, P·width], .bias */
#ifndef AR_MODEL_EMBEDDING_H
#define AR_MODEL_EMBEDDING_H

#include "model/layers.h"

/* Inputs `source` and `token_info` of the recorded field, and its tokens [B·T, E]. */
ar_tensor ar_record_embedding(const ar_recording *r, int batch_dimension);

#endif
