#include "model/configuration_schema.h"

#include <string.h>

#include "data/regrid_names.h"

/* The keys of the file are nested, the structs they fill are mostly flat. So the members of every
 * mapping are addressed from the whole (or from the whole entry of `fields`): a mapping groups keys
 * and has offset 0. */
#define WHOLE ar_configuration_raw
#define FIELD ar_field_configuration

#define GROUP(word, flags_of_group, whole, members)                                                \
    {                                                                                              \
        .key = (word), .data_offset = 0, .value = {                                                \
            .type = CYAML_MAPPING,                                                                 \
            .flags = (flags_of_group),                                                             \
            .data_size = sizeof(whole),                                                            \
            .mapping = {.fields = (members)},                                                      \
        }                                                                                          \
    }
#define NAMED(word, flags_of_value, whole, member, names)                                          \
    {                                                                                              \
        .key = (word), .data_offset = offsetof(whole, member), .value = {                          \
            .type = CYAML_ENUM,                                                                    \
            .flags = (enum cyaml_flag)((flags_of_value) | CYAML_FLAG_STRICT),                      \
            .data_size = sizeof(((whole *)NULL)->member),                                          \
            .enumeration = {.strings = (names), .count = CYAML_ARRAY_LEN(names)},                  \
        }                                                                                          \
    }
#define INTEGER(key, whole, member) CYAML_FIELD_INT(key, CYAML_FLAG_DEFAULT, whole, member)
#define NUMBER(key, whole, member) CYAML_FIELD_FLOAT(key, CYAML_FLAG_DEFAULT, whole, member)
#define TRUTH(key, whole, member) CYAML_FIELD_BOOL(key, CYAML_FLAG_DEFAULT, whole, member)
#define TEXT(key, whole, member)                                                                   \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, whole, member, 1, CYAML_UNLIMITED)
#define LIST(key, flags_of_list, whole, member, count, entry, most)                                \
    CYAML_FIELD_SEQUENCE_COUNT(key, (flags_of_list) | CYAML_FLAG_POINTER, whole, member, count,    \
                               entry, 0, most)

static const cyaml_strval_t period_names[] = {{"overall", AR_PERIOD_OVERALL},
                                              {"monthly", AR_PERIOD_MONTHLY}};
static const cyaml_strval_t area_names[] = {
    {"global", AR_AREA_GLOBAL}, {"latitude", AR_AREA_LATITUDE}, {"point", AR_AREA_POINT}};
static const cyaml_strval_t strategy_names[] = {{"bert", AR_MASK_BERT},
                                                {"forecast", AR_MASK_FORECAST}};
static const cyaml_strval_t precision_names[] = {{"float32", AR_TYPE_FLOAT32},
                                                 {"bf16", AR_TYPE_BFLOAT16}};
static const cyaml_strval_t token_info_names[] = {{"released", AR_TOKEN_INFO_RELEASED},
                                                  {"harmonic", AR_TOKEN_INFO_HARMONIC}};
static const cyaml_strval_t positions_names[] = {{"harmonic", AR_POSITIONS_HARMONIC},
                                                 {"factorised", AR_POSITIONS_FACTORISED}};
static const cyaml_strval_t embedding_names[] = {{"linear", AR_EMBEDDING_LINEAR},
                                                 {"transformer", AR_EMBEDDING_TRANSFORMER}};
static const cyaml_strval_t attention_names[] = {{"dense", AR_ATTENTION_DENSE},
                                                 {"axial", AR_ATTENTION_AXIAL},
                                                 {"axial_parallel", AR_ATTENTION_AXIAL_PARALLEL}};
/* The first names are written; true and false are those of older files. */
static const cyaml_strval_t recompute_names[] = {
    {"auto", AR_RECOMPUTE_AUTO},
    {"none", AR_RECOMPUTE_NONE},
    {"all_but_products", AR_RECOMPUTE_ALL_BUT_PRODUCTS},
    {"all_but_attention", AR_RECOMPUTE_ALL_BUT_ATTENTION},
    {"all", AR_RECOMPUTE_ALL},
    {"false", AR_RECOMPUTE_NONE},
    {"true", AR_RECOMPUTE_ALL}};
static const cyaml_strval_t decay_names[] = {{"constant", false}, {"cosine", true}};

static const cyaml_schema_value_t text_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CYAML_UNLIMITED)};
static const cyaml_schema_value_t integer_entry = {CYAML_VALUE_INT(CYAML_FLAG_DEFAULT, int64_t)};
static const cyaml_schema_value_t number_entry = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};

static const cyaml_schema_field_t training_period_keys[] = {
    TEXT("start", WHOLE, configuration.training_start),
    TEXT("end", WHOLE, configuration.training_end), CYAML_FIELD_END};

static const cyaml_schema_field_t validation_period_keys[] = {
    TEXT("start", WHOLE, configuration.validation_start),
    TEXT("end", WHOLE, configuration.validation_end), CYAML_FIELD_END};

static const cyaml_schema_field_t grid_keys[] = {
    NUMBER("step", WHOLE, configuration.regridding.step),
    NAMED("method", CYAML_FLAG_DEFAULT, WHOLE, configuration.regridding.way, ar_field_regrid_names),
    CYAML_FIELD_END};

static const cyaml_schema_field_t data_keys[] = {
    LIST("paths", CYAML_FLAG_OPTIONAL, WHOLE, configuration.paths, configuration.path_count,
         &text_entry, CYAML_UNLIMITED),
    INTEGER("time_step_hours", WHOLE, configuration.time_step_hours),
    INTEGER("token_stride", WHOLE, configuration.token_stride),
    NUMBER("memory_gib", WHOLE, configuration.memory_gib),
    INTEGER("samples_per_month", WHOLE, configuration.samples_per_month),
    GROUP("grid", CYAML_FLAG_DEFAULT, WHOLE, grid_keys),
    INTEGER("member", WHOLE, configuration.member),
    GROUP("training", CYAML_FLAG_OPTIONAL, WHOLE, training_period_keys),
    GROUP("validation", CYAML_FLAG_OPTIONAL, WHOLE, validation_period_keys),
    CYAML_FIELD_END};

static const cyaml_schema_field_t sampling_keys[] = {
    LIST("region", CYAML_FLAG_DEFAULT, WHOLE, configuration.sampling.region,
         configuration.sampling.region_count, &number_entry, 4),
    LIST("location", CYAML_FLAG_DEFAULT, WHOLE, configuration.sampling.location,
         configuration.sampling.location_count, &number_entry, 2),
    LIST("months", CYAML_FLAG_DEFAULT, WHOLE, configuration.sampling.months,
         configuration.sampling.month_count, &integer_entry, 12),
    LIST("hours", CYAML_FLAG_DEFAULT, WHOLE, configuration.sampling.hours,
         configuration.sampling.hour_count, &integer_entry, 24),
    CYAML_FIELD_END};

static const cyaml_schema_field_t normalisation_keys[] = {
    NAMED("period", CYAML_FLAG_DEFAULT, WHOLE, configuration.normalisation_period, period_names),
    NAMED("area", CYAML_FLAG_DEFAULT, WHOLE, configuration.normalisation_area, area_names),
    CYAML_FIELD_END};

static const cyaml_schema_field_t masking_keys[] = {
    NAMED("strategy", CYAML_FLAG_DEFAULT, WHOLE, configuration.masking.strategy, strategy_names),
    INTEGER("forecast_tokens", WHOLE, configuration.masking.forecast_tokens),
    NUMBER("whole_times", WHOLE, configuration.masking.whole_times),
    NUMBER("whole_places", WHOLE, configuration.masking.whole_places),
    NUMBER("together", WHOLE, configuration.masking.together),
    CYAML_FIELD_END};

static const cyaml_schema_field_t tau_keys[] = {
    NUMBER("share", WHOLE, configuration.tau.share),
    LIST("hours", CYAML_FLAG_DEFAULT, WHOLE, configuration.tau.hours, configuration.tau.hour_count,
         &integer_entry, 1000),
    INTEGER("rows", WHOLE, configuration.tau.rows),
    INTEGER("columns", WHOLE, configuration.tau.columns),
    LIST("strides", CYAML_FLAG_DEFAULT, WHOLE, configuration.tau.strides,
         configuration.tau.stride_count, &integer_entry, AR_DOUBLINGS_MOST + 1),
    CYAML_FIELD_END};

static const cyaml_schema_field_t field_masking_keys[] = {
    NUMBER("ratio", FIELD, tokens.mask_ratio), NUMBER("zero", FIELD, tokens.mask_zero),
    NUMBER("noise", FIELD, tokens.mask_noise), NUMBER("coarsen", FIELD, tokens.mask_coarsen),
    CYAML_FIELD_END};

static const cyaml_schema_field_t embedding_network_keys[] = {
    NAMED("type", CYAML_FLAG_DEFAULT, FIELD, embedding_network.kind, embedding_names),
    CYAML_FIELD_SEQUENCE_FIXED("patch", CYAML_FLAG_DEFAULT, FIELD, embedding_network.patch,
                               &integer_entry, 3),
    INTEGER("layers", FIELD, embedding_network.layers),
    INTEGER("heads", FIELD, embedding_network.heads),
    INTEGER("width", FIELD, embedding_network.width),
    CYAML_FIELD_END};

static const cyaml_schema_field_t field_keys[] = {
    TEXT("name", FIELD, name),
    CYAML_FIELD_STRING_PTR("variable", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, FIELD, variable, 1,
                           CYAML_UNLIMITED),
    LIST("derived_from", CYAML_FLAG_OPTIONAL, FIELD, derived_from, derived_from_count, &text_entry,
         1000),
    LIST("levels", CYAML_FLAG_OPTIONAL, FIELD, levels, level_count, &number_entry, AR_LEVEL_MAX),
    CYAML_FIELD_SEQUENCE_FIXED("tokens", CYAML_FLAG_DEFAULT, FIELD, tokens.tokens, &integer_entry,
                               3),
    CYAML_FIELD_SEQUENCE_FIXED("token_size", CYAML_FLAG_DEFAULT, FIELD, tokens.token_size,
                               &integer_entry, 3),
    INTEGER("embedding", FIELD, embedding),
    GROUP("embedding_network", CYAML_FLAG_DEFAULT, FIELD, embedding_network_keys),
    LIST("coupled", CYAML_FLAG_DEFAULT, FIELD, coupled, coupled_count, &text_entry, AR_FIELD_MAX),
    LIST("coupling_heads", CYAML_FLAG_OPTIONAL, FIELD, coupling_heads, coupling_heads_count,
         &integer_entry, AR_FIELD_MAX),
    CYAML_FIELD_STRING_PTR("stream_of", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, FIELD, stream_of,
                           1, CYAML_UNLIMITED),
    TRUTH("static", FIELD, is_static),
    TRUTH("predicted", FIELD, predicted),
    NUMBER("loss_weight", FIELD, loss_weight),
    GROUP("masking", CYAML_FLAG_DEFAULT, FIELD, field_masking_keys),
    CYAML_FIELD_END};

static const cyaml_schema_value_t field_entry = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FIELD, field_keys)};

static const cyaml_schema_field_t encoder_keys[] = {
    INTEGER("layers", WHOLE, configuration.model.encoder_layers),
    INTEGER("heads", WHOLE, configuration.model.encoder_heads),
    INTEGER("mlp_layers", WHOLE, configuration.model.encoder_mlp_layers), CYAML_FIELD_END};

static const cyaml_schema_field_t decoder_keys[] = {
    INTEGER("layers", WHOLE, configuration.model.decoder_layers),
    INTEGER("heads", WHOLE, configuration.model.decoder_heads),
    INTEGER("mlp_layers", WHOLE, configuration.model.decoder_mlp_layers),
    NUMBER("cross_ratio", WHOLE, configuration.model.decoder_cross_ratio),
    INTEGER("cross_rate", WHOLE, configuration.model.decoder_cross_rate),
    TRUTH("qk_layer_norm", WHOLE, configuration.model.decoder_qk_layer_norm),
    CYAML_FIELD_END};

static const cyaml_schema_field_t token_info_keys[] = {
    NAMED("kind", CYAML_FLAG_DEFAULT, WHOLE, configuration.model.token_info, token_info_names),
    INTEGER("width", WHOLE, configuration.model.token_info_width), CYAML_FIELD_END};

static const cyaml_schema_field_t attention_keys[] = {
    NAMED("kind", CYAML_FLAG_DEFAULT, WHOLE, configuration.model.attention, attention_names),
    CYAML_FIELD_SEQUENCE_FIXED("window", CYAML_FLAG_DEFAULT, WHOLE,
                               configuration.model.attention_window, &integer_entry, 3),
    CYAML_FIELD_END};

static const cyaml_schema_field_t model_keys[] = {
    GROUP("encoder", CYAML_FLAG_DEFAULT, WHOLE, encoder_keys),
    GROUP("decoder", CYAML_FLAG_DEFAULT, WHOLE, decoder_keys),
    INTEGER("coupling_heads", WHOLE, configuration.model.coupling_heads),
    GROUP("attention", CYAML_FLAG_DEFAULT, WHOLE, attention_keys),
    TRUTH("qk_layer_norm", WHOLE, configuration.model.qk_layer_norm),
    TRUTH("coupling_query_norm", WHOLE, configuration.model.coupling_query_norm),
    TRUTH("mlp_output_gelu", WHOLE, configuration.model.mlp_output_gelu),
    INTEGER("tails", WHOLE, configuration.model.tails),
    INTEGER("tail_layers", WHOLE, configuration.model.tail_layers),
    GROUP("token_info", CYAML_FLAG_DEFAULT, WHOLE, token_info_keys),
    NAMED("positions", CYAML_FLAG_DEFAULT, WHOLE, configuration.model.positions, positions_names),
    CYAML_FIELD_END};

#define LOSS(key, kind) CYAML_FIELD_FLOAT(key, CYAML_FLAG_OPTIONAL, WHOLE, loss_weights[kind])
static const cyaml_schema_field_t loss_keys[] = {
    [AR_LOSS_MSE_ENSEMBLE] = LOSS("mse_ensemble", AR_LOSS_MSE_ENSEMBLE),
    [AR_LOSS_STATS] = LOSS("stats", AR_LOSS_STATS),
    [AR_LOSS_MSE] = LOSS("mse", AR_LOSS_MSE),
    [AR_LOSS_CRPS] = LOSS("crps", AR_LOSS_CRPS),
    [AR_LOSS_KERNEL_CRPS] = LOSS("kernel_crps", AR_LOSS_KERNEL_CRPS),
    [AR_LOSS_KERNEL_CRPS_FAIR] = LOSS("kernel_crps_fair", AR_LOSS_KERNEL_CRPS_FAIR),
    [AR_LOSS_WEIGHTED_MSE] = LOSS("weighted_mse", AR_LOSS_WEIGHTED_MSE),
    [AR_LOSS_STATS_AREA] = LOSS("stats_area", AR_LOSS_STATS_AREA),
    [AR_LOSS_SOBOLEV_H1] = LOSS("sobolev_h1", AR_LOSS_SOBOLEV_H1),
    [AR_LOSS_KIND_COUNT] = CYAML_FIELD_END};

static const cyaml_schema_field_t training_keys[] = {
    INTEGER("steps", WHOLE, configuration.training.steps),
    INTEGER("batch", WHOLE, configuration.training.batch),
    NUMBER("learning_rate", WHOLE, configuration.training.learning_rate),
    NUMBER("learning_rate_final", WHOLE, configuration.training.learning_rate_final),
    INTEGER("warm_up_steps", WHOLE, configuration.training.warm_up_steps),
    NAMED("decay", CYAML_FLAG_DEFAULT, WHOLE, configuration.training.cosine_decay, decay_names),
    NUMBER("weight_decay", WHOLE, configuration.training.weight_decay),
    NUMBER("beta1", WHOLE, configuration.training.beta1),
    NUMBER("beta2", WHOLE, configuration.training.beta2),
    NUMBER("epsilon", WHOLE, configuration.training.epsilon),
    NUMBER("gradient_clip", WHOLE, configuration.training.gradient_clip),
    NUMBER("dropout", WHOLE, configuration.training.dropout),
    NAMED("precision", CYAML_FLAG_DEFAULT, WHOLE, configuration.training.precision,
          precision_names),
    NAMED("recompute", CYAML_FLAG_DEFAULT, WHOLE, configuration.training.recompute,
          recompute_names),
    GROUP("losses", CYAML_FLAG_DEFAULT, WHOLE, loss_keys),
    INTEGER("checkpoint_every", WHOLE, configuration.training.checkpoint_every),
    INTEGER("validate_every", WHOLE, configuration.training.validate_every),
    INTEGER("validation_samples", WHOLE, configuration.training.validation_samples),
    INTEGER("log_every", WHOLE, configuration.training.log_every),
    LIST("freeze", CYAML_FLAG_DEFAULT, WHOLE, configuration.training.freeze,
         configuration.training.freeze_count, &text_entry, 1000),
    CYAML_FIELD_END};

static const cyaml_schema_field_t whole_keys[] = {
    INTEGER("seed", WHOLE, configuration.seed),
    GROUP("data", CYAML_FLAG_DEFAULT, WHOLE, data_keys),
    GROUP("sampling", CYAML_FLAG_DEFAULT, WHOLE, sampling_keys),
    GROUP("normalisation", CYAML_FLAG_DEFAULT, WHOLE, normalisation_keys),
    GROUP("masking", CYAML_FLAG_DEFAULT, WHOLE, masking_keys),
    GROUP("tau", CYAML_FLAG_DEFAULT, WHOLE, tau_keys),
    LIST("fields", CYAML_FLAG_DEFAULT, WHOLE, configuration.fields, configuration.field_count,
         &field_entry, AR_FIELD_MAX),
    LIST("prediction_order", CYAML_FLAG_OPTIONAL, WHOLE, prediction_names, prediction_name_count,
         &text_entry, AR_FIELD_MAX),
    GROUP("model", CYAML_FLAG_DEFAULT, WHOLE, model_keys),
    GROUP("training", CYAML_FLAG_DEFAULT, WHOLE, training_keys),
    CYAML_FIELD_IGNORE("store", CYAML_FLAG_OPTIONAL), /* atmorep prepare reads it */
    CYAML_FIELD_END};

const cyaml_schema_value_t ar_configuration_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, WHOLE, whole_keys)};

const char *const ar_configuration_defaults =
    "seed: 1\n"
    "data: {time_step_hours: 1, token_stride: 1, grid: {step: 0, method: automatic}, member: -1, "
    "memory_gib: 4, samples_per_month: 2048}\n"
    "sampling: {region: [], location: [], months: [], hours: []}\n"
    "normalisation: {period: overall, area: latitude}\n"
    "masking: {strategy: bert, forecast_tokens: 1, whole_times: 0, whole_places: 0, together: 0}\n"
    "tau: {share: 0, hours: [0], rows: 0, columns: 0, strides: [1]}\n"
    "model:\n"
    "  encoder: {layers: 6, heads: 16, mlp_layers: 2}\n"
    "  decoder: {layers: 6, heads: 16, mlp_layers: 2, cross_ratio: 0.5, cross_rate: 1, "
    "qk_layer_norm: true}\n"
    "  coupling_heads: 1\n"
    "  attention: {kind: dense, window: [0, 0, 0]}\n"
    "  qk_layer_norm: true\n"
    "  coupling_query_norm: false\n"
    "  mlp_output_gelu: true\n"
    "  tails: 16\n"
    "  tail_layers: 0\n"
    "  token_info: {kind: released, width: 16}\n"
    "  positions: harmonic\n"
    "training:\n"
    "  steps: 10000\n"
    "  batch: 16\n"
    "  learning_rate: 5.0e-4\n"
    "  learning_rate_final: 5.0e-6\n"
    "  warm_up_steps: 100\n"
    "  decay: cosine\n"
    "  weight_decay: 0.05\n"
    "  beta1: 0.9\n"
    "  beta2: 0.999\n"
    "  epsilon: 1.0e-8\n"
    "  gradient_clip: 1.0\n"
    "  dropout: 0\n"
    "  precision: float32\n"
    "  recompute: auto\n"
    "  losses: {mse_ensemble: 1.0, stats: 1.0}\n"
    "  checkpoint_every: 500\n"
    "  validate_every: 500\n"
    "  validation_samples: 192\n"
    "  log_every: 10\n"
    "  freeze: []\n";

const char *const ar_configuration_static_defaults = "predicted: false\n";
const char *const ar_configuration_input_defaults = "masking: {ratio: 0}\n";

const char *const ar_configuration_field_defaults =
    "embedding_network: {type: linear, patch: [1, 1, 1], layers: 2, heads: 4, width: 64}\n"
    "coupled: []\n"
    "static: false\n"
    "predicted: true\n"
    "loss_weight: 1.0\n"
    "masking: {ratio: 0.5, zero: 0.9, noise: 0.2, coarsen: 0.05}\n";

static const char *name_of(const cyaml_strval_t *names, size_t count, int64_t value)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].val == value) {
            return names[i].str;
        }
    }
    return NULL;
}

const char *ar_loss_name(ar_loss_kind kind)
{
    return (int)kind >= 0 && kind < AR_LOSS_KIND_COUNT ? loss_keys[kind].key : NULL;
}

const char *ar_precision_name(ar_type precision)
{
    return name_of(precision_names, CYAML_ARRAY_LEN(precision_names), (int64_t)precision);
}

ar_status ar_precision_of_name(ar_type *precision, const char *name, ar_error *err)
{
    for (size_t i = 0; i < CYAML_ARRAY_LEN(precision_names); i++) {
        if (strcmp(precision_names[i].str, name) == 0) {
            *precision = (ar_type)precision_names[i].val;
            return AR_OK;
        }
    }
    return ar_fail(err, AR_ERROR_USAGE, "precision %s: should be float32 or bf16", name);
}

const char *ar_token_info_name(ar_token_info_kind kind)
{
    return name_of(token_info_names, CYAML_ARRAY_LEN(token_info_names), (int64_t)kind);
}

const char *ar_positions_name(ar_positions positions)
{
    return name_of(positions_names, CYAML_ARRAY_LEN(positions_names), (int64_t)positions);
}

const char *ar_embedding_name(ar_embedding_kind kind)
{
    return name_of(embedding_names, CYAML_ARRAY_LEN(embedding_names), (int64_t)kind);
}

const char *ar_attention_kind_name(ar_attention_kind kind)
{
    return name_of(attention_names, CYAML_ARRAY_LEN(attention_names), (int64_t)kind);
}

const char *ar_recompute_name(ar_recompute recompute)
{
    return name_of(recompute_names, CYAML_ARRAY_LEN(recompute_names), (int64_t)recompute);
}

const char *ar_mask_strategy_name(ar_mask_strategy strategy)
{
    return name_of(strategy_names, CYAML_ARRAY_LEN(strategy_names), (int64_t)strategy);
}

const char *ar_normalisation_period_name(ar_normalisation_period period)
{
    return name_of(period_names, CYAML_ARRAY_LEN(period_names), (int64_t)period);
}

const char *ar_normalisation_area_name(ar_normalisation_area area)
{
    return name_of(area_names, CYAML_ARRAY_LEN(area_names), (int64_t)area);
}
