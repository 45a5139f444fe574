/* The shape of a configuration file: which keys there are, of which type, with which defaults.
 * Private to the configuration. One libcyaml schema serves the check of the file, the loading and
 * --set. */
#ifndef AR_MODEL_CONFIGURATION_SCHEMA_H
#define AR_MODEL_CONFIGURATION_SCHEMA_H

#include <cyaml/cyaml.h>

#include "model/configuration.h"

/* What libcyaml fills: the configuration itself, and what needs a further step to become part of
 * it. */
typedef struct {
    ar_configuration configuration;
    double loss_weights[AR_LOSS_KIND_COUNT]; /* training.losses, by kind; 0: not used */
    char **prediction_names;                 /* prediction_order, as names of fields */
    int64_t prediction_name_count;
} ar_configuration_raw;

extern const cyaml_schema_value_t ar_configuration_schema; /* of a whole file */

/* YAML with the value of every key that has a default: of a whole file, and of one entry of
 * `fields`; before that, of an entry that is static, then of one that is not predicted. */
extern const char *const ar_configuration_defaults;
extern const char *const ar_configuration_static_defaults;
extern const char *const ar_configuration_input_defaults;
extern const char *const ar_configuration_field_defaults;

/* The words of an enumeration: name of a value, NULL if it has none. */
const char *ar_precision_name(ar_type precision);
const char *ar_token_info_name(ar_token_info_kind kind);
const char *ar_positions_name(ar_positions positions);
const char *ar_embedding_name(ar_embedding_kind kind);
const char *ar_attention_kind_name(ar_attention_kind kind);
const char *ar_mask_strategy_name(ar_mask_strategy strategy);
const char *ar_normalisation_period_name(ar_normalisation_period period);
const char *ar_normalisation_area_name(ar_normalisation_area area);

#endif
