/* The network: per field an embedding, an encoder that is coupled to other fields, a decoder that
 * mirrors the encoder, and an ensemble of tails (Lessig et al. 2023), recorded as a graph.
 * Parameters bear the names of the released model. */
#ifndef AR_MODEL_MODEL_H
#define AR_MODEL_MODEL_H

#include "graph/graph.h"
#include "graph/plan.h"
#include "model/configuration.h"

enum { AR_LAYER_MAX = 128 };

/* The tensors of one field. Rows of tokens are [B][L][nt][ny][nx], see data/batch.h. */
typedef struct {
    int64_t token_count, values;     /* T = L·nt·ny·nx and V = st·sy·sx */
    ar_tensor source;                /* input [B·T, V] normalised, masked */
    ar_tensor token_info;            /* input [B·T, 8] */
    ar_tensor displacement;          /* input [B·T, AR_DISPLACEMENT_SIZE]; only with `tau` */
    ar_tensor embedded;              /* [B·T, E] */
    ar_tensor encoder[AR_LAYER_MAX]; /* [B·T, E] after each layer */
    /* Of a predicted field; AR_NO_TENSOR otherwise. */
    int masked_dimension;
    int64_t masked_largest; /* most masked tokens of a whole batch */
    ar_tensor masked;       /* input [M, 1] int32 */
    ar_tensor target;       /* input [M, V]; only with losses */
    ar_tensor area;         /* input [M, sy]; only with the loss weighted_mse */
    ar_tensor decoder;      /* [B·T, E] after the last layer */
    ar_tensor ensemble;     /* [M, N·V] */
    ar_tensor mean, deviation;
    ar_tensor losses[AR_LOSS_KIND_COUNT]; /* scalars, where computed */
} ar_model_field;

typedef enum {
    AR_ATTENTION_ENCODER_SELF,
    AR_ATTENTION_ENCODER_COUPLING,
    AR_ATTENTION_DECODER_SELF,
    AR_ATTENTION_DECODER_CROSS,
} ar_attention_part;

/* Which node of the graph computes some heads of an attention layer. */
typedef struct {
    ar_attention_part part;
    int64_t layer, query_field, key_field;
    int64_t first_head; /* of the node's heads, among those of the layer */
    size_t node;
} ar_model_attention;

typedef struct {
    ar_model_attention *items; /* [count], in the order of the graph */
    size_t count, capacity;
} ar_model_attentions;

typedef struct {
    const ar_configuration *configuration; /* borrowed */
    ar_graph *graph;
    ar_model_attentions attentions; /* with keep_attentions */
    int batch_dimension;
    ar_tensor draw; /* input [B, 5] int32 of dropout; AR_NO_TENSOR without */
    ar_model_field fields[AR_FIELD_MAX];
    ar_tensor
        loss; /* Σ_losses Σ_fields w_loss w_field loss / Σ of these weights; AR_NO_TENSOR without */
} ar_model;

typedef struct {
    int64_t batch;   /* most samples at once */
    bool losses;     /* those of the configuration, and their sum */
    bool every_loss; /* all kinds, kept, whatever the configuration trains with */
    bool dropout;    /* that of the configuration, to be switched on by ar_model_draw_dropout */
    bool forget_predictions; /* ensemble, mean and deviation need not stay readable: training */
    bool keep_stages;        /* embeddings, encoder layers and decoder stay readable */
    bool keep_attentions;    /* what goes into and out of attention stays readable, and is listed */
    ar_type type;            /* AR_TYPE_FLOAT32, or AR_TYPE_FLOAT64 on the reference backend */
} ar_model_options;

/* Record the network of a checked configuration whose levels are known. Release with
 * ar_model_destroy. */
AR_USE_RESULT ar_status ar_model_create(ar_model **model, const ar_configuration *configuration,
                                        const ar_model_options *options, ar_error *err);
void ar_model_destroy(ar_model **model); /* NULL-safe, sets NULL */

/* Fill the parameter block [graph->parameter_values] with starting values: weights and biases
 * uniform in ±1/√(columns in) (the default of PyTorch's linear layers, so of the released model's
 * training), norms one and zero, learned positions normal with deviation 0.3. Depends on the
 * seed and names only. */
void ar_model_initialise(const ar_model *model, uint64_t seed, float *parameters);

/* Copy a batch into a plan of the model and set its row counts. With targets where the model has
 * losses. Dropout is off for this batch: validation and forecasts see the whole network. */
void ar_model_feed(const ar_model *model, ar_plan *plan, const ar_batch *batch);

/* Switch dropout on for the batch that was fed, in a model that has it: sample k is number
 * draw->first_sample + k of step draw->step, and its masks are the same whatever else is in the
 * batch, on any number of threads. */
void ar_model_draw_dropout(const ar_model *model, ar_plan *plan, const ar_draw *draw);

/* Number of parameters, padding not counted. */
int64_t ar_model_parameter_count(const ar_model *model);

/* The harmonic positions of the released model: table [L·nt·ny·nx][E] for extents (L, nt, ny, nx).
 */
void ar_model_harmonic_positions(const int64_t extents[4], int64_t embedding, double *table);

#endif
