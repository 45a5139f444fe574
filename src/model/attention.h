/* The reach of an attention layer, as the configuration chooses it: all tokens (dense), one axis of
 * the token grid in a layer or in a group of heads (axial), tokens within a window. The
 * parameters are the same in all of them. docs/attention.md has definitions and sources. */
#ifndef AR_MODEL_ATTENTION_H
#define AR_MODEL_ATTENTION_H

#include "model/layers.h"

/* Record attention of this field's tokens to those of field `key_field` in layer `layer`, counted
 * from 0 in the encoder or decoder. `attention` comes without tokens and reach, and with `into`. */
void ar_record_attention(const ar_recording *r, ar_attention_part part, int64_t key_field,
                         int64_t layer, ar_attention attention);

#endif
