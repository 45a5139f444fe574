/* The configuration of a run: data, fields, network, training, read from YAML with a schema
 * (libcyaml). An unknown key, a wrong type, an impossible value or combination is one line that
 * names file, key, value and what would be right. */
#ifndef AR_MODEL_CONFIGURATION_H
#define AR_MODEL_CONFIGURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "data/batch.h"
#include "graph/recompute.h"
#include "atmorep/backend.h"
#include "atmorep/status.h"

enum { AR_FIELD_MAX = 32, AR_LEVEL_MAX = 256, AR_LOSS_MAX = 16 };

/* `positions:` how tokens know where they are in the cube. */
typedef enum {
    AR_POSITIONS_HARMONIC,   /* the released model's fixed sines and cosines */
    AR_POSITIONS_FACTORISED, /* learned: level + time + latitude + longitude */
} ar_positions;

/* `attention.kind:` which tokens a token attends to, see model/attention.h. */
typedef enum {
    AR_ATTENTION_DENSE,          /* all */
    AR_ATTENTION_AXIAL,          /* along one axis a layer, in turn */
    AR_ATTENTION_AXIAL_PARALLEL, /* along all axes in every layer, divided among the heads */
} ar_attention_kind;

/* What is new comes last: checkpoints number the losses so. */
typedef enum {
    AR_LOSS_MSE_ENSEMBLE,
    AR_LOSS_STATS,
    AR_LOSS_MSE,
    AR_LOSS_CRPS,             /* true Gaussian CRPS */
    AR_LOSS_KERNEL_CRPS,      /* plain, 1/(2N²) */
    AR_LOSS_KERNEL_CRPS_FAIR, /* 1/(2N(N−1)); computed for parity and scores, refused for training
                               */
    AR_LOSS_WEIGHTED_MSE,     /* squared error of the members, by the cosine of latitude */
    AR_LOSS_STATS_AREA,
    AR_LOSS_SOBOLEV_H1, /* of the mean, with its horizontal differences */
    AR_LOSS_KIND_COUNT
} ar_loss_kind;
const char *ar_loss_name(ar_loss_kind kind);
const char *ar_recompute_name(ar_recompute recompute);

typedef struct {
    ar_loss_kind kind;
    double weight;
} ar_loss_term;

/* `embedding_network:` how a token's values become E − token_info.width numbers. */
typedef enum {
    AR_EMBEDDING_LINEAR,
    AR_EMBEDDING_TRANSFORMER, /* attention among the patches of a token; model/embedding.h */
} ar_embedding_kind;

typedef struct {
    ar_embedding_kind kind;
    int64_t patch[3];             /* points of a patch in time, latitude, longitude */
    int64_t layers, heads, width; /* of the transformer */
} ar_embedding_network;

typedef struct {
    char *name;          /* CF standard name, short name or variable name */
    char *variable;      /* NULL: found by name */
    char **derived_from; /* names of the two fields of the files that give it; NULL: it is there */
    int64_t derived_from_count;
    double *levels;
    int64_t
        level_count; /* 0 in the file means one level, whatever the data has; the loader fills it */
    ar_field_tokens tokens;
    int64_t embedding; /* E */
    ar_embedding_network embedding_network;
    char **coupled; /* names of the fields it attends to */
    int64_t coupled_count;
    int64_t coupled_index[AR_FIELD_MAX]; /* the same as indices into fields */
    int64_t *coupling_heads;             /* heads for each of `coupled`, as the file has them */
    int64_t coupling_heads_count;        /* 0: model.coupling_heads for each */
    int64_t coupled_heads[AR_FIELD_MAX]; /* heads for each of `coupled` */
    char *stream_of; /* the field whose values it shows in other tokens, hidden ones hidden; NULL */
    int64_t stream_index; /* the same as an index into fields */
    bool is_static;       /* the same at all times: never masked, nor predicted */
    bool predicted;       /* false: input only */
    double loss_weight;
} ar_field_configuration;

typedef struct {
    int64_t encoder_layers, encoder_heads, encoder_mlp_layers;
    int64_t decoder_layers, decoder_heads, decoder_mlp_layers; /* decoder_layers may be 0 */
    double decoder_cross_ratio; /* share of the decoder's heads that are cross heads */
    int64_t decoder_cross_rate; /* step in encoder layers between decoder layers */
    int64_t coupling_heads;     /* per coupled field, where the field does not say otherwise */
    ar_attention_kind attention;
    int64_t attention_window[3]; /* in time, latitude, longitude: tokens; 0: no limit */
    bool qk_layer_norm;          /* of queries and keys in the encoder, but for the next */
    bool coupling_query_norm;    /* queries of coupling heads are normalised too: models of 2023 */
    bool decoder_qk_layer_norm;  /* of queries and keys in the decoder, with scale and shift */
    bool mlp_output_gelu;        /* the released model has a GELU after the MLP's last linear too */
    int64_t tails;               /* N members */
    int64_t tail_layers;         /* hidden layers of each, 0 in the released models */
    int64_t token_info_width;    /* 16 in the released model */
    ar_token_info_kind token_info;
    ar_positions positions;
} ar_model_configuration;

typedef struct {
    int64_t steps, batch;
    double learning_rate, learning_rate_final; /* peak, and at the end of the decay */
    int64_t warm_up_steps;
    bool cosine_decay; /* false: constant after the warm-up */
    double weight_decay, beta1, beta2, epsilon;
    double gradient_clip;   /* largest global norm; 0: no clipping */
    double dropout;         /* share of activations left out in training, 0.05 in released models */
    ar_type precision;      /* of matrix products: float32 or bfloat16 */
    ar_recompute recompute; /* what is computed again in the adjoint, to save memory */
    ar_loss_term losses[AR_LOSS_MAX];
    int64_t loss_count;
    int64_t checkpoint_every, validate_every, validation_samples; /* steps; 0: never */
    int64_t log_every;
    char **freeze; /* shell patterns of the names of parameters that do not train */
    int64_t freeze_count;
} ar_training_configuration;

/* `sampling:` which cubes are drawn; each list may be empty: all. */
typedef struct {
    double *region; /* north, west, south, east: cubes lie within */
    int64_t region_count;
    double *location; /* latitude, longitude of cubes' centres */
    int64_t location_count;
    int64_t *months; /* 1 to 12, of the first time of a cube */
    int64_t month_count;
    int64_t *hours; /* 0 to 23, of the first time of a cube */
    int64_t hour_count;
} ar_sampling_configuration;

/* `tau:` displacements of targets that training draws, as in ar_tau. */
typedef struct {
    double share; /* of samples; 0: the network knows no displacements */
    int64_t *hours;
    int64_t hour_count;
    int64_t rows, columns;
    int64_t *strides;
    int64_t stride_count;
} ar_tau_configuration;

typedef struct {
    char *file; /* where it was read from, for messages */
    int64_t seed;
    char **paths; /* data: files, stores, glob patterns */
    int64_t path_count;
    int64_t time_step_hours;
    int64_t token_stride;      /* tokens have every so-many-th point of the data; a power of 2 */
    double memory_gib;         /* most memory for values of fields; 0: as much as they take */
    int64_t samples_per_month; /* drawn from a month of one year before another takes its place */
    ar_field_regridding regridding;
    int64_t member;                          /* of an ensemble in the data; −1: there is none */
    char *training_start, *training_end;     /* ISO text */
    char *validation_start, *validation_end; /* NULL: no validation */
    ar_sampling_configuration sampling;
    ar_normalisation_period normalisation_period;
    ar_normalisation_area normalisation_area;
    ar_masking masking;
    ar_tau_configuration tau;
    ar_field_configuration *fields;
    int64_t field_count;
    /* Indices of the predicted fields in the order in which decoders.<i> and tails.<i> are
     * numbered: the order of `fields` unless the released model says otherwise (its
     * fields_prediction). */
    int64_t prediction_order[AR_FIELD_MAX];
    int64_t prediction_count;
    ar_model_configuration model;
    ar_training_configuration training;
} ar_configuration;

/* Read and check a configuration. `settings` are "key.sub=value" of the command line (--set),
 * applied before the check; "fields.0.embedding=64" or "fields.vorticity.embedding=64" reach into
 * lists. Release with ar_configuration_release. */
AR_USE_RESULT ar_status ar_configuration_read(ar_configuration *configuration, const char *path,
                                              const char *const *settings, int64_t setting_count,
                                              ar_error *err);
/* The same from text (a checkpoint keeps its configuration); `name` stands for the file in
 * messages. */
AR_USE_RESULT ar_status ar_configuration_parse(ar_configuration *configuration, const char *text,
                                               const char *name, const char *const *settings,
                                               int64_t setting_count, ar_error *err);
/* A copy of a checked configuration with settings applied to it. Release it with
 * ar_configuration_release. */
AR_USE_RESULT ar_status ar_configuration_override(ar_configuration *changed,
                                                  const ar_configuration *configuration,
                                                  const char *const *settings,
                                                  int64_t setting_count, ar_error *err);
/* The whole configuration, defaults included, as YAML that ar_configuration_parse reads back to the
 * same values; the caller's to ar_free. */
AR_USE_RESULT ar_status ar_configuration_write(const ar_configuration *configuration, char **text,
                                               ar_error *err);
/* Take a field out of a checked configuration, and out of what others are coupled to; false when
 * there is no such field. What is left has to be checked again. */
bool ar_configuration_drop_field(ar_configuration *configuration, const char *name);
/* Index of a field, −1 if there is none of this name. */
int64_t ar_configuration_find_field(const ar_configuration *configuration, const char *name);
void ar_configuration_release(ar_configuration *configuration); /* safe on zeroed */

/* Check what can be known without data: ranges, E divisible by heads, couplings that exist, equal
 * cube extents. Fills coupled_index and coupled_heads, and prediction_order where prediction_count
 * is 0. All readers call it. */
AR_USE_RESULT ar_status ar_configuration_check(ar_configuration *configuration, ar_error *err);

/* What `sampling:` says, for a sampler. */
ar_sampling ar_configuration_sampling(const ar_configuration *configuration);
/* data.token_stride is 2^this. */
int64_t ar_configuration_token_doublings(const ar_configuration *configuration);
/* What `tau:` says, for a cube space; its lists are borrowed, its period is to be set. */
ar_tau ar_configuration_tau(const ar_configuration *configuration);

/* The precision of matrix products that a user named: "float32" or "bf16". */
AR_USE_RESULT ar_status ar_precision_of_name(ar_type *precision, const char *name, ar_error *err);

#endif
