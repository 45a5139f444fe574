/* The parts a network is made of, recorded into a graph under the released model's parameter names.
 */
#ifndef AR_MODEL_LAYERS_H
#define AR_MODEL_LAYERS_H

#include "model/model.h"

/* What recording needs to know, one a field. */
typedef struct {
    ar_graph *graph;
    const ar_configuration *configuration;
    ar_model_field *fields; /* [field_count] */
    ar_tensor draw; /* what dropout's masks are drawn from; AR_NO_TENSOR: no dropout is recorded */
    int64_t field;
    ar_model_attentions *attentions; /* to list and keep them; NULL: not */
} ar_recording;

static inline const ar_field_configuration *ar_recorded_field(const ar_recording *recording)
{
    return &recording->configuration->fields[recording->field];
}

/* A parameter whose name is given by a format. */
ar_tensor ar_record_parameter(const ar_recording *r, int rank, int64_t rows, int64_t columns,
                              const char *format, ...) AR_PRINTF(5, 6);
/* x Wᵀ (+ b) with "<name>.weight" (and "<name>.bias"). */
ar_tensor ar_record_linear(const ar_recording *r, const char *name, ar_tensor input,
                           int64_t columns, bool bias, bool gelu, ar_tensor residual,
                           ar_tensor into);

/* Layer norm without scale and shift. */
ar_tensor ar_record_norm(const ar_recording *r, ar_tensor input);
/* All heads of an attention → "<prefix>.proj_out", without bias → dropout → + state. */
ar_tensor ar_record_heads_output(const ar_recording *r, const char *prefix, ar_tensor heads,
                                 ar_tensor state);
/* The MLP with its norm and residual: linear E → 2E, GELU, dropout, (2E → 2E, GELU, dropout)…,
 * 2E → E (, GELU); + input. "<name>.blocks.<n>" are numbered as a sequence of linear, GELU and
 * dropout is. */
ar_tensor ar_record_mlp(const ar_recording *r, const char *name, ar_tensor input, int64_t layers);
/* Encoder layer `layer` of the field: states[f] are all fields' states before it, normals[f] their
 * layer norms, which self and coupling attention share. */
ar_tensor ar_record_encoder_layer(const ar_recording *r, int64_t layer, const ar_tensor *states,
                                  const ar_tensor *normals);
/* The decoder of predicted field number `decoder`, from the last encoder layer's state: its state
 * at the rows `asked` [M,1] alone, [M,E]. Nothing of the last layer is computed for other rows but
 * keys and values, where `only_asked` allows it: attention sees all keys, there is no dropout
 * (whose masks go by rows of samples), and nobody reads the other rows. *whole is the state at all
 * rows where there is one. */
ar_tensor ar_record_decoder(const ar_recording *r, int64_t decoder, ar_tensor asked,
                            bool only_asked, ar_tensor *whole);
/* The ensemble of the masked tokens: [M, N·V]. Each of the N tails is a layer norm, `tail_layers`
 * times linear E → E and GELU, and linear E → V. */
ar_tensor ar_record_tails(const ar_recording *r, int64_t decoder, ar_tensor tokens);

#endif
