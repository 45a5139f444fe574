/* Configurations: read → write → parse is the identity to the last bit; every mistake is one line
 * with file, line, key, value and what would be right. */
#include "model/configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"

static const char good[] = "seed: 3\n"                                               /* 1 */
                           "data:\n"                                                 /* 2 */
                           "  paths: [a.zarr, \"b c/*.nc\"]\n"                       /* 3 */
                           "  time_step_hours: 6\n"                                  /* 4 */
                           "  training: {start: 2025-12-01, end: 2026-01-31T18}\n"   /* 5 */
                           "  validation: {start: 2026-02-01, end: 2026-02-09T18}\n" /* 6 */
                           "normalisation: {period: monthly, area: point}\n"         /* 7 */
                           "masking: {strategy: forecast, forecast_tokens: 1}\n"     /* 8 */
                           "fields:\n"                                               /* 9 */
                           "  - name: vorticity\n"                                   /* 10 */
                           "    variable: vo\n"                                      /* 11 */
                           "    levels: [850, 500.5]\n"                              /* 12 */
                           "    tokens: [3, 4, 6]\n"                                 /* 13 */
                           "    token_size: [1, 3, 3]\n"                             /* 14 */
                           "    embedding: 128\n"                                    /* 15 */
                           "    coupled: [msl]\n"                                    /* 16 */
                           "    loss_weight: 0.3\n"                                  /* 17 */
                           "    masking: {ratio: 0.25, noise: 0.125}\n"              /* 18 */
                           "  - name: msl\n"                                         /* 19 */
                           "    tokens: [3, 2, 6]\n"                                 /* 20 */
                           "    token_size: [1, 6, 3]\n"                             /* 21 */
                           "    embedding: 64\n"                                     /* 22 */
                           "    coupled: [vorticity]\n"                              /* 23 */
                           "model:\n"                                                /* 24 */
                           "  encoder: {layers: 4, heads: 8}\n"                      /* 25 */
                           "  decoder: {layers: 2, heads: 4, cross_ratio: 0.75}\n"   /* 26 */
                           "  tails: 8\n"                                            /* 27 */
                           "  token_info: {kind: harmonic}\n"                        /* 28 */
                           "  positions: factorised\n"                               /* 29 */
                           "training:\n"                                             /* 30 */
                           "  steps: 5000\n"                                         /* 31 */
                           "  learning_rate: 2.0e-3\n"                               /* 32 */
                           "  decay: constant\n"                                     /* 33 */
                           "  losses: {kernel_crps: 1.0, mse: 0.1}\n";               /* 34 */

/* Both texts or none; strings of both equal. */
static void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a) {
        assert_string_equal(a, b);
    }
}

static void assert_same_field(const ar_field_configuration *a, const ar_field_configuration *b)
{
    assert_same_text(a->name, b->name);
    assert_same_text(a->variable, b->variable);
    assert_int_equal(a->level_count, b->level_count);
    if (a->level_count) {
        assert_memory_equal(a->levels, b->levels, (size_t)a->level_count * sizeof(double));
    }
    assert_memory_equal(&a->tokens, &b->tokens, sizeof a->tokens);
    assert_int_equal(a->embedding, b->embedding);
    const ar_embedding_network *m = &a->embedding_network, *n = &b->embedding_network;
    assert_int_equal(m->kind, n->kind);
    assert_memory_equal(m->patch, n->patch, sizeof m->patch);
    assert_int_equal(m->layers, n->layers);
    assert_int_equal(m->heads, n->heads);
    assert_int_equal(m->width, n->width);
    assert_int_equal(a->coupled_count, b->coupled_count);
    for (int64_t k = 0; k < a->coupled_count; k++) {
        assert_same_text(a->coupled[k], b->coupled[k]);
        assert_int_equal(a->coupled_index[k], b->coupled_index[k]);
    }
    assert_memory_equal(a->coupled_heads, b->coupled_heads, sizeof a->coupled_heads);
    assert_int_equal(a->coupling_heads_count, b->coupling_heads_count);
    assert_int_equal(a->is_static, b->is_static);
    assert_same_text(a->stream_of, b->stream_of);
    assert_int_equal(a->predicted, b->predicted);
    assert_memory_equal(&a->loss_weight, &b->loss_weight, sizeof(double));
}

/* Equality to the bit of everything but the file's name. The model's and the training's structs are
 * compared as memory: both come from zeroed memory, so padding is equal too. */
static void assert_same(const ar_configuration *a, const ar_configuration *b)
{
    assert_int_equal(a->seed, b->seed);
    assert_int_equal(a->path_count, b->path_count);
    for (int64_t i = 0; i < a->path_count; i++) {
        assert_same_text(a->paths[i], b->paths[i]);
    }
    assert_int_equal(a->time_step_hours, b->time_step_hours);
    assert_memory_equal(&a->memory_gib, &b->memory_gib, sizeof(double));
    assert_int_equal(a->samples_per_month, b->samples_per_month);
    const ar_sampling x = ar_configuration_sampling(a), y = ar_configuration_sampling(b);
    assert_int_equal(x.has_region, y.has_region);
    assert_int_equal(x.has_location, y.has_location);
    assert_true(x.north == y.north && x.west == y.west && x.south == y.south && x.east == y.east);
    assert_true(x.latitude == y.latitude && x.longitude == y.longitude);
    assert_int_equal(x.months, y.months);
    assert_int_equal(x.hours, y.hours);
    assert_same_text(a->training_start, b->training_start);
    assert_same_text(a->training_end, b->training_end);
    assert_same_text(a->validation_start, b->validation_start);
    assert_same_text(a->validation_end, b->validation_end);
    assert_int_equal(a->normalisation_period, b->normalisation_period);
    assert_int_equal(a->normalisation_area, b->normalisation_area);
    assert_true(a->token_stride == b->token_stride &&
                1 << ar_configuration_token_doublings(a) == a->token_stride);
    const ar_tau s = ar_configuration_tau(a), t = ar_configuration_tau(b);
    assert_true(s.share == t.share);
    if (s.share > 0) {
        assert_true(s.rows == t.rows && s.columns == t.columns);
        assert_int_equal(s.hour_count, t.hour_count);
        assert_memory_equal(s.hours, t.hours, (size_t)s.hour_count * sizeof *s.hours);
        assert_int_equal(s.stride_count, t.stride_count);
        assert_memory_equal(s.strides, t.strides, (size_t)s.stride_count * sizeof *s.strides);
    }
    assert_int_equal(a->masking.strategy, b->masking.strategy);
    assert_int_equal(a->masking.forecast_tokens, b->masking.forecast_tokens);
    assert_int_equal(a->field_count, b->field_count);
    for (int64_t i = 0; i < a->field_count; i++) {
        assert_same_field(&a->fields[i], &b->fields[i]);
    }
    assert_int_equal(a->prediction_count, b->prediction_count);
    assert_memory_equal(a->prediction_order, b->prediction_order, sizeof a->prediction_order);
    /* Member by member: a struct's padding holds anything. */
    const ar_model_configuration *m = &a->model, *n = &b->model;
    assert_int_equal(m->encoder_layers, n->encoder_layers);
    assert_int_equal(m->encoder_heads, n->encoder_heads);
    assert_int_equal(m->encoder_mlp_layers, n->encoder_mlp_layers);
    assert_int_equal(m->decoder_layers, n->decoder_layers);
    assert_int_equal(m->decoder_heads, n->decoder_heads);
    assert_int_equal(m->decoder_mlp_layers, n->decoder_mlp_layers);
    assert_memory_equal(&m->decoder_cross_ratio, &n->decoder_cross_ratio, sizeof(double));
    assert_int_equal(m->decoder_cross_rate, n->decoder_cross_rate);
    assert_int_equal(m->coupling_heads, n->coupling_heads);
    assert_int_equal(m->attention, n->attention);
    assert_memory_equal(m->attention_window, n->attention_window, sizeof m->attention_window);
    assert_int_equal(m->qk_layer_norm, n->qk_layer_norm);
    assert_int_equal(m->coupling_query_norm, n->coupling_query_norm);
    assert_int_equal(m->decoder_qk_layer_norm, n->decoder_qk_layer_norm);
    assert_int_equal(m->mlp_output_gelu, n->mlp_output_gelu);
    assert_int_equal(m->tails, n->tails);
    assert_int_equal(m->token_info_width, n->token_info_width);
    assert_int_equal(m->token_info, n->token_info);
    assert_int_equal(m->positions, n->positions);
    assert_int_equal(a->training.loss_count, b->training.loss_count);
    for (int64_t i = 0; i < a->training.loss_count; i++) {
        assert_int_equal(a->training.losses[i].kind, b->training.losses[i].kind);
        assert_memory_equal(&a->training.losses[i].weight, &b->training.losses[i].weight,
                            sizeof(double));
    }
    assert_int_equal(a->training.steps, b->training.steps);
    assert_int_equal(a->training.batch, b->training.batch);
    assert_int_equal(a->training.cosine_decay, b->training.cosine_decay);
    assert_int_equal(a->training.recompute, b->training.recompute);
    assert_int_equal(a->training.warm_up_steps, b->training.warm_up_steps);
    const double values_a[] = {a->training.learning_rate, a->training.learning_rate_final,
                               a->training.weight_decay,  a->training.beta1,
                               a->training.beta2,         a->training.epsilon,
                               a->training.gradient_clip};
    const double values_b[] = {b->training.learning_rate, b->training.learning_rate_final,
                               b->training.weight_decay,  b->training.beta1,
                               b->training.beta2,         b->training.epsilon,
                               b->training.gradient_clip};
    assert_memory_equal(values_a, values_b, sizeof values_a);
    assert_int_equal(a->training.checkpoint_every, b->training.checkpoint_every);
    assert_int_equal(a->training.validate_every, b->training.validate_every);
    assert_int_equal(a->training.validation_samples, b->training.validation_samples);
    assert_int_equal(a->training.log_every, b->training.log_every);
}

static void parse(ar_configuration *configuration, const char *text, const char *const *settings,
                  int64_t count)
{
    ar_error err = {""};
    ar_status status = ar_configuration_parse(configuration, text, "a.yaml", settings, count, &err);
    if (status != AR_OK) {
        fail_msg("%s", err.message);
    }
}

static void values_and_defaults(void **state)
{
    (void)state;
    ar_configuration c;
    parse(&c, good, NULL, 0);
    assert_string_equal(c.file, "a.yaml");
    assert_int_equal(c.seed, 3);
    assert_int_equal(c.path_count, 2);
    assert_string_equal(c.paths[1], "b c/*.nc");
    assert_string_equal(c.training_end, "2026-01-31T18");
    assert_int_equal(c.normalisation_period, AR_PERIOD_MONTHLY);
    assert_int_equal(c.normalisation_area, AR_AREA_POINT);
    assert_int_equal(c.masking.strategy, AR_MASK_FORECAST);
    assert_int_equal(c.field_count, 2);
    assert_string_equal(c.fields[0].variable, "vo");
    assert_true(c.fields[0].levels[1] == 500.5);
    assert_int_equal(c.fields[0].coupled_index[0], 1);
    assert_int_equal(c.fields[1].coupled_index[0], 0);
    assert_int_equal(c.fields[1].level_count, 0);
    assert_null(c.fields[1].variable);
    assert_true(c.fields[0].tokens.mask_ratio == 0.25);
    assert_true(c.fields[0].tokens.mask_zero == 0.9);
    assert_true(c.fields[1].tokens.mask_coarsen == 0.05);
    assert_true(c.fields[1].predicted);
    assert_int_equal(c.prediction_count, 2);
    assert_int_equal(c.prediction_order[1], 1);
    assert_int_equal(c.model.encoder_mlp_layers, 2);
    assert_int_equal(c.model.decoder_cross_rate, 1);
    assert_true(c.model.decoder_cross_ratio == 0.75);
    assert_true(c.model.qk_layer_norm);
    assert_true(c.model.mlp_output_gelu && c.model.decoder_qk_layer_norm);
    assert_false(c.model.coupling_query_norm);
    assert_int_equal(c.model.token_info, AR_TOKEN_INFO_HARMONIC);
    assert_int_equal(c.model.token_info_width, 16);
    assert_int_equal(c.model.positions, AR_POSITIONS_FACTORISED);
    assert_false(c.training.cosine_decay);
    assert_int_equal(c.training.loss_count, 2);
    assert_int_equal(c.training.losses[0].kind, AR_LOSS_MSE);
    assert_true(c.training.losses[0].weight == 0.1);
    assert_int_equal(c.training.losses[1].kind, AR_LOSS_KERNEL_CRPS);
    assert_true(c.training.beta2 == 0.999);
    ar_configuration_release(&c);
}

/* The smallest file: what a model needs, all else is the released model's. */
static void released_defaults(void **state)
{
    (void)state;
    ar_configuration c;
    parse(&c,
          "fields: [{name: u, tokens: [12, 3, 6], token_size: [3, 18, 18], embedding: 1024}]\n"
          "model:\n",
          NULL, 0);
    assert_int_equal(c.path_count, 0);
    assert_null(c.training_start);
    assert_int_equal(c.model.encoder_layers, 6);
    assert_int_equal(c.model.decoder_layers, 6);
    assert_int_equal(c.model.encoder_heads, 16);
    assert_int_equal(c.model.tails, 16);
    assert_int_equal(c.model.coupling_heads, 1);
    assert_int_equal(c.model.token_info, AR_TOKEN_INFO_RELEASED);
    assert_int_equal(c.model.positions, AR_POSITIONS_HARMONIC);
    assert_int_equal(c.model.attention, AR_ATTENTION_DENSE);
    assert_int_equal(c.model.attention_window[1], 0);
    assert_int_equal(c.training.loss_count, 2);
    assert_int_equal(c.training.losses[0].kind, AR_LOSS_MSE_ENSEMBLE);
    assert_int_equal(c.training.losses[1].kind, AR_LOSS_STATS);
    assert_true(c.training.weight_decay == 0.05);
    ar_configuration_release(&c);
}

static void assert_round_trip(const ar_configuration *configuration)
{
    char *text = NULL, *again = NULL;
    ar_error err = {""};
    ar_configuration back;
    assert_int_equal(ar_configuration_write(configuration, &text, &err), AR_OK);
    parse(&back, text, NULL, 0);
    assert_same(configuration, &back);
    assert_int_equal(ar_configuration_write(&back, &again, &err), AR_OK);
    assert_string_equal(text, again);
    ar_free(text);
    ar_free(again);
    ar_configuration_release(&back);
}

static void round_trip(void **state)
{
    (void)state;
    /* Doubles that need all 17 digits, the largest seed, texts that need quotes or escapes. */
    const char *const settings[] = {
        "training.learning_rate=0.30000000000000004",
        "training.epsilon=4.9406564584124654e-300",
        "fields.msl.loss_weight=0.1234567890123456789",
        "seed=9223372036854775807",
        "data.paths=['no', \"a\\\"b\\\\c\\td\", 'ü: #x', '[y]']",
        "prediction_order=[msl, vorticity]",
        "fields.msl.levels=[1e-7, 137, 0.1]",
        "model.tail_layers=3",
        "model.attention={kind: axial_parallel, window: [0, 2, 3]}",
        "training.dropout=0.05",
        "data.memory_gib=0.1",
        "data.token_stride=4",
        "data.samples_per_month=77",
        "sampling={region: [60, 170.1, 20, -120], months: [1, 12, 2], hours: [0, 23]}",
        "tau={share: 0.1, hours: [-3, 0, 9], rows: 2, columns: 3, strides: [1, 64]}",
    };
    ar_configuration c;
    parse(&c, good, NULL, 0);
    assert_round_trip(&c);
    ar_configuration_release(&c);
    parse(&c, good, settings, sizeof settings / sizeof *settings);
    assert_true(c.training.learning_rate == 0.1 + 0.2);
    assert_string_equal(c.paths[1], "a\"b\\c\td");
    assert_int_equal(c.prediction_order[0], 1);
    assert_int_equal(c.prediction_order[1], 0);
    assert_int_equal(c.model.attention, AR_ATTENTION_AXIAL_PARALLEL);
    assert_int_equal(c.model.attention_window[2], 3);
    const ar_sampling sampling = ar_configuration_sampling(&c);
    assert_true(sampling.has_region && sampling.west == 170.1 && sampling.south == 20);
    assert_int_equal(sampling.months, 1 << 1 | 1 << 2 | 1 << 12);
    assert_int_equal(sampling.hours, 1 << 0 | 1 << 23);
    assert_round_trip(&c);
    ar_configuration_release(&c);
    const char *const place[] = {"sampling.location=[52.5, 13.25]"};
    parse(&c, good, place, 1);
    assert_true(ar_configuration_sampling(&c).longitude == 13.25);
    assert_round_trip(&c);
    ar_configuration_release(&c);
}

/* What older files say of recomputing is understood, and written as it is called now. */
static void recompute_has_names_and_a_past(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *name;
        ar_recompute recompute;
    } cases[] = {
        {"training.recompute=auto", "auto", AR_RECOMPUTE_AUTO},
        {"training.recompute=none", "none", AR_RECOMPUTE_NONE},
        {"training.recompute=false", "none", AR_RECOMPUTE_NONE},
        {"training.recompute=all_but_products", "all_but_products", AR_RECOMPUTE_ALL_BUT_PRODUCTS},
        {"training.recompute=all_but_attention", "all_but_attention",
         AR_RECOMPUTE_ALL_BUT_ATTENTION},
        {"training.recompute=all", "all", AR_RECOMPUTE_ALL},
        {"training.recompute=true", "all", AR_RECOMPUTE_ALL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_configuration c;
        parse(&c, good, &cases[i].setting, 1);
        assert_int_equal(c.training.recompute, cases[i].recompute);
        assert_string_equal(ar_recompute_name(c.training.recompute), cases[i].name);
        assert_round_trip(&c);
        ar_configuration_release(&c);
    }
}

/* Defaults of a field depend on its kind; heads of a coupling are the field's own or the model's.
 */
static void kinds_of_fields(void **state)
{
    (void)state;
    static const char fixed[] = "fields.msl={name: msl, static: true, tokens: [1, 2, 6], "
                                "token_size: [3, 6, 3], embedding: 64, coupled: [vorticity]}";
    const char *const settings[] = {fixed, "fields.vorticity.coupling_heads=[3]",
                                    "model.coupling_heads=2"};
    ar_configuration c;
    parse(&c, good, settings, 3);
    assert_true(c.fields[1].is_static);
    assert_false(c.fields[1].predicted);
    assert_true(c.fields[1].tokens.mask_ratio == 0);
    assert_true(c.fields[1].tokens.mask_zero == 0.9);
    assert_int_equal(c.prediction_count, 1);
    assert_int_equal(c.fields[0].coupled_heads[0], 3);
    assert_int_equal(c.fields[1].coupled_heads[0], 2);
    assert_round_trip(&c);
    ar_configuration_release(&c);

    const char *const input_only[] = {"fields.msl.predicted=false"};
    parse(&c, good, input_only, 1);
    assert_false(c.fields[1].is_static);
    assert_true(c.fields[1].tokens.mask_ratio == 0);
    assert_round_trip(&c);
    ar_configuration_release(&c);

    const char *const hidden[] = {"fields.msl.predicted=false", "fields.msl.masking.ratio=0.4"};
    parse(&c, good, hidden, 2);
    assert_true(c.fields[1].tokens.mask_ratio == 0.4);
    ar_configuration_release(&c);

    const char *const stream[] = {"fields.msl.stream_of=vorticity",
                                  "fields.msl.levels=[850, 500.5]"};
    parse(&c, good, stream, 2);
    assert_int_equal(c.fields[1].stream_index, 0);
    assert_false(c.fields[1].predicted);
    assert_true(c.fields[1].tokens.mask_ratio == 0);
    assert_int_equal(c.prediction_count, 1);
    assert_round_trip(&c);
    ar_configuration_release(&c);
}

static void settings_reach_everywhere(void **state)
{
    (void)state;
    const char *const settings[] = {
        "training.steps=7",
        "fields.0.embedding=64",
        "fields.msl.embedding=256",
        "fields[1].tokens[1]=4",
        "fields.msl.token_size=[1,3,3]",
        "fields.msl.masking.ratio=0.75",
        "data.paths=[x,y]",
        "data.validation={start: 2026-02-02, end: 2026-02-03}",
        "model.positions=harmonic",
        "training.losses.mse=0",
    };
    ar_configuration c;
    parse(&c, good, settings, sizeof settings / sizeof *settings);
    assert_int_equal(c.training.steps, 7);
    assert_int_equal(c.fields[0].embedding, 64);
    assert_int_equal(c.fields[1].embedding, 256);
    assert_int_equal(c.fields[1].tokens.tokens[1], 4);
    assert_int_equal(c.fields[1].tokens.token_size[1], 3);
    assert_true(c.fields[1].tokens.mask_ratio == 0.75);
    assert_true(c.fields[1].tokens.mask_zero == 0.9);
    assert_string_equal(c.paths[1], "y");
    assert_string_equal(c.validation_start, "2026-02-02");
    assert_int_equal(c.model.positions, AR_POSITIONS_HARMONIC);
    assert_int_equal(c.training.loss_count, 1);
    ar_configuration_release(&c);
}

/* A mistake: `find` in the good text becomes `replace`; the whole message must be `message`. */
typedef struct {
    const char *find, *replace, *message;
} mistake;

static const mistake mistakes[] = {
    /* YAML itself */
    {"  tails: 8", "  tails: [8",
     "a.yaml:28: not YAML: did not find expected ',' or ']' while "
     "parsing a flow sequence"},
    {"seed: 3", "--- 3\n---", "a.yaml: should be a mapping of keys to values (key: value)"},
    {"training:\n  steps", "---\ntraining:\n  steps",
     "a.yaml:31: a second document begins; a configuration is one document"},
    {"seed: 3", "seed: &a [*a]",
     "a.yaml:1: a configuration is at most 24 levels deep and has at most 200000 values; this one "
     "goes on (does an alias contain itself?)"},
    /* keys */
    {"  encoder:", "  encodr:", "a.yaml:25: unknown key 'model.encodr'; did you mean 'encoder'?"},
    {"  steps: 5000", "  step: 5000",
     "a.yaml:31: unknown key 'training.step'; did you mean 'steps'?"},
    {"    embedding: 64", "    width: 64",
     "a.yaml:22: unknown key 'fields[1].width'; should be one of: name, variable, derived_from, "
     "levels, tokens, "
     "token_size, embedding, embedding_network, coupled, coupling_heads, stream_of, static, "
     "predicted, "
     "loss_weight, masking"},
    {"seed: 3", "seed: 3\nseed: 4", "a.yaml:2: seed is there twice; should be there once"},
    {"kernel_crps: 1.0", "kernel_crp: 1.0",
     "a.yaml:34: unknown key 'training.losses.kernel_crp'; did you mean 'kernel_crps'?"},
    {"    embedding: 64\n", "",
     "a.yaml:19: fields[1].embedding is missing; should be a whole number"},
    {"  validation: {start: 2026-02-01, ", "  validation: {",
     "a.yaml:6: data.validation.start is missing; should be a text"},
    {"  paths: [a.zarr, \"b c/*.nc\"]", "  paths: []",
     "a.yaml:3: data.paths has no entries; should be a list of files, stores or glob patterns: "
     "[...]"},
    {"  paths: [a.zarr, \"b c/*.nc\"]\n", "",
     "a.yaml:3: data.paths has no entries; should be a list of files, stores or glob patterns: "
     "[...]"},
    {"  training: {start: 2025-12-01, end: 2026-01-31T18}\n", "",
     "a.yaml:3: data.training is missing; should be the period to train on: {start: 2025-12-01, "
     "end: 2026-01-31T18}"},
    /* types */
    {"steps: 5000", "steps: many", "a.yaml:31: training.steps is 'many'; should be a whole number"},
    {"steps: 5000", "steps: 5e3", "a.yaml:31: training.steps is '5e3'; should be a whole number"},
    {"steps: 5000", "steps: 010", "a.yaml:31: training.steps is '010'; should be a whole number"},
    {"steps: 5000", "steps:", "a.yaml:31: training.steps is empty; should be a whole number"},
    {"steps: 5000", "steps: 99999999999999999999",
     "a.yaml:31: training.steps is '99999999999999999999'; should be a whole number"},
    {"learning_rate: 2.0e-3", "learning_rate: nan",
     "a.yaml:32: training.learning_rate is 'nan'; should be a number"},
    {"learning_rate: 2.0e-3", "learning_rate: 1e999",
     "a.yaml:32: training.learning_rate is '1e999'; should be a number"},
    {"learning_rate: 2.0e-3", "learning_rate: 2,0e-3",
     "a.yaml:32: training.learning_rate is '2,0e-3'; should be a number"},
    {"    loss_weight: 0.3", "    predicted: maybe",
     "a.yaml:17: fields[0].predicted is 'maybe'; should be true or false"},
    {"    loss_weight: 0.3", "    predicted: off",
     "a.yaml:17: fields[0].predicted is 'off'; should be true or false"},
    {"area: point", "area: zonal",
     "a.yaml:7: normalisation.area is 'zonal'; should be one of global, latitude, point"},
    {"positions: factorised", "positions: [factorised]",
     "a.yaml:29: model.positions is a list; should be one of harmonic, factorised"},
    {"coupled: [msl]", "coupled: msl",
     "a.yaml:16: fields[0].coupled is 'msl'; should be a list of texts: [...]"},
    {"tokens: [3, 4, 6]", "tokens: [3, 4]",
     "a.yaml:13: fields[0].tokens has 2 entries; should be a list of 3 whole numbers: [...]"},
    {"tokens: [3, 4, 6]", "tokens: [3, 4, six]",
     "a.yaml:13: fields[0].tokens[2] is 'six'; should be a whole number"},
    {"  encoder: {layers: 4, heads: 8}", "  encoder: 4",
     "a.yaml:25: model.encoder is '4'; should be keys with values: layers, heads, mlp_layers"},
    {"name: msl", "name: \"ms\\0l\"", "a.yaml:19: fields[1].name is 'ms'; should be a text"},
    /* single values */
    {"seed: 3", "seed: -3",
     "a.yaml:1: seed is -3; should be a whole number from 0 to 9223372036854775807"},
    {"time_step_hours: 6", "time_step_hours: 0",
     "a.yaml:4: data.time_step_hours is 0; should be a whole number from 1 to 8784"},
    {"time_step_hours: 6", "memory_gib: -1",
     "a.yaml:4: data.memory_gib is -1; should be a number from 0 to 1e+09"},
    {"time_step_hours: 6", "samples_per_month: 0",
     "a.yaml:4: data.samples_per_month is 0; should be a whole number from 1 to 1073741824"},
    {"seed: 3", "sampling: {region: [60, 0, 20]}",
     "a.yaml:1: sampling.region has 3 entries; should be [north, west, south, east] in degrees, or "
     "[] for all"},
    {"seed: 3", "sampling: {region: [91, 0, 20, 30]}",
     "a.yaml:1: sampling.region[0] is 91; should be a number from -90 to 90"},
    {"seed: 3", "sampling: {region: [20, 0, 60, 30]}",
     "a.yaml:1: sampling.region is from 60 N to 20 N; should be [north, west, south, east] with "
     "north above south"},
    {"seed: 3", "sampling: {region: [60, 30, 20, 30]}",
     "a.yaml:1: sampling.region goes from 30 E to 30 E; should go east by more than 0 and at most "
     "360 degrees"},
    {"seed: 3", "sampling: {location: [60]}",
     "a.yaml:1: sampling.location has 1 entry; should be [latitude, longitude] in degrees, or [] "
     "for all"},
    {"seed: 3", "sampling: {location: [60, 10], region: [60, 0, 20, 30]}",
     "a.yaml:1: sampling.location is there beside sampling.region; should be one of them"},
    {"seed: 3", "sampling: {months: [1, 13]}",
     "a.yaml:1: sampling.months[1] is 13; should be a whole number from 1 to 12"},
    {"seed: 3", "sampling: {hours: [24]}",
     "a.yaml:1: sampling.hours[0] is 24; should be a whole number from 0 to 23"},
    {"seed: 3", "tau: {share: 1.5}", "a.yaml:1: tau.share is 1.5; should be a number from 0 to 1"},
    {"seed: 3", "tau: {share: 0.5, hours: []}",
     "a.yaml:1: tau.hours has no entries; should be a list such as [-3, 0, 3]"},
    {"seed: 3", "tau: {share: 0.5, hours: [3, 9000]}",
     "a.yaml:1: tau.hours[1] is 9000; should be a whole number from -8784 to 8784"},
    {"seed: 3", "tau: {share: 0.5, rows: -1}",
     "a.yaml:1: tau.rows is -1; should be a whole number from 0 to 1000"},
    {"seed: 3", "tau: {share: 0.5, strides: [1, 3]}",
     "a.yaml:1: tau.strides[1] is 3; should be a power of 2 up to 64"},
    {"time_step_hours: 6", "token_stride: 6",
     "a.yaml:4: data.token_stride is 6; should be a power of 2 up to 64"},
    {"layers: 4, heads: 8", "layers: 0, heads: 8",
     "a.yaml:25: model.encoder.layers is 0; should be a whole number from 1 to 1000"},
    {"steps: 5000", "steps: 5000\n  dropout: 1",
     "a.yaml:32: training.dropout is 1; should be a number from 0 to 0.9"},
    {"tails: 8", "tails: -1",
     "a.yaml:27: model.tails is -1; should be a whole number from 1 to "
     "4096"},
    {"tails: 8", "attention: {kind: sparse}",
     "a.yaml:27: model.attention.kind is 'sparse'; should be one of dense, axial, axial_parallel"},
    {"tails: 8", "attention: {window: [1, -2, 0]}",
     "a.yaml:27: model.attention.window[1] is -2; should be a whole number from 0 to 100000"},
    {"tails: 8", "attention: {window: 3}",
     "a.yaml:27: model.attention.window is '3'; should be a list of 3 whole numbers: [...]"},
    {"steps: 5000", "steps: 0",
     "a.yaml:31: training.steps is 0; should be a whole number from 1 to 4000000000"},
    {"cross_ratio: 0.75", "cross_ratio: 1.5",
     "a.yaml:26: model.decoder.cross_ratio is 1.5; should be a number from 0 to 1"},
    {"learning_rate: 2.0e-3", "learning_rate: 0",
     "a.yaml:32: training.learning_rate is 0; should be above 0 and at most 10, such as 1e-3"},
    {"decay: constant", "learning_rate_final: 1",
     "a.yaml:33: training.learning_rate_final is 1, above training.learning_rate = 0.002; should "
     "be "
     "at most that, as the rate decays"},
    {"decay: constant", "beta2: 1",
     "a.yaml:33: training.beta2 is 1; should be from 0 to below 1, such as 0.999"},
    {"decay: constant", "epsilon: 0",
     "a.yaml:33: training.epsilon is 0; should be above 0, such as 1e-8"},
    {"loss_weight: 0.3", "loss_weight: -0.3",
     "a.yaml:17: fields[0].loss_weight is -0.3; should be a weight of 0 or more"},
    {"ratio: 0.25", "ratio: 25",
     "a.yaml:18: fields[0].masking.ratio is 25; should be a number from 0 to 1"},
    {"embedding: 64", "embedding: 64\n    embedding_network: {type: convolution}",
     "a.yaml:23: fields[1].embedding_network.type is 'convolution'; should be one of linear, "
     "transformer"},
    {"embedding: 64", "embedding: 64\n    embedding_network: {type: transformer, patch: [1, 4, 3]}",
     "a.yaml:23: fields[1].embedding_network.patch[1] is 4, but token_size[1] is 6; should be a "
     "divisor of that, so that patches fill the token"},
    {"embedding: 64", "embedding: 64\n    embedding_network: {type: transformer, width: 30}",
     "a.yaml:23: fields[1].embedding_network.width is 30, not divisible by embedding_network.heads "
     "= 4; should be a multiple of it"},
    {"embedding: 64", "embedding: 64\n    embedding_network: {type: transformer, layers: 0}",
     "a.yaml:23: fields[1].embedding_network.layers is 0; should be a whole number from 1 to 128"},
    {"tokens: [3, 4, 6]", "tokens: [3, 0, 6]",
     "a.yaml:13: fields[0].tokens[1] is 0; should be a whole number from 1 to 100000"},
    {"tokens: [3, 4, 6]", "tokens: [3, 40000, 60000]",
     "a.yaml:13: fields[0].tokens has a product of 7200000000; should be at most 16777216"},
    {"levels: [850, 500.5]", "levels: [850, 850]",
     "a.yaml:12: fields[0].levels[1] is 850, which levels[0] is already; should be unique"},
    {"name: msl", "name: vorticity",
     "a.yaml:19: fields[1].name is 'vorticity', which fields[0] has already; should be unique"},
    {"name: msl", "name: m.sl",
     "a.yaml:19: fields[1].name is 'm.sl'; should be at most 63 letters, digits, _ and -, with at "
     "least one letter"},
    /* combinations */
    {"embedding: 128", "embedding: 132",
     "a.yaml:15: fields[0].embedding is 132, not divisible by model.encoder.heads = 8; should be "
     "128 or 136, or other heads"},
    {"layers: 2, heads: 4", "layers: 2, heads: 12",
     "a.yaml:15: fields[0].embedding is 128, not divisible by model.decoder.heads = 12; should be "
     "120 or 132, or other heads"},
    {"coupled: [msl]", "coupled: [mls]",
     "a.yaml:16: fields[0].coupled[0] is 'mls', which is no field here; should be one of: "
     "vorticity, msl"},
    {"coupled: [msl]", "coupled: [vorticity]",
     "a.yaml:16: fields[0].coupled[0] is 'vorticity', the field itself, which it attends to "
     "anyway; should be another field"},
    {"coupled: [msl]", "coupled: [msl, msl]",
     "a.yaml:16: fields[0].coupled[1] is 'msl', which coupled[0] is already; should be unique"},
    {"coupled: [msl]", "coupled: [msl]\n    coupling_heads: [2, 1]",
     "a.yaml:17: fields[0].coupling_heads has 2 entries, but coupled has 1; should be a number of "
     "heads for each coupled field, or be left away"},
    {"coupled: [msl]", "coupled: [msl]\n    coupling_heads: [0]",
     "a.yaml:17: fields[0].coupling_heads[0] is 0; should be a whole number from 1 to 4096"},
    {"embedding: 64", "embedding: 64\n    stream_of: mls",
     "a.yaml:23: fields[1].stream_of is 'mls'; should be the name of another field here that is "
     "neither static nor a stream itself"},
    {"embedding: 64", "embedding: 64\n    stream_of: msl",
     "a.yaml:23: fields[1].stream_of is 'msl'; should be the name of another field here that is "
     "neither static nor a stream itself"},
    {"embedding: 64", "embedding: 64\n    stream_of: vorticity",
     "a.yaml:19: fields[1].levels differ from those of vorticity, which this is a stream of; "
     "should "
     "be the same"},
    {"embedding: 64", "embedding: 64\n    stream_of: vorticity\n    variable: vo",
     "a.yaml:24: fields[1].variable is 'vo', but a stream has the data of its field, vorticity; "
     "should be left away"},
    {"embedding: 64",
     "embedding: 64\n    stream_of: vorticity\n    levels: [850, 500.5]\n    static: true",
     "a.yaml:25: fields[1].static is true, but the field is a stream of vorticity; should be left "
     "away"},
    {"embedding: 64",
     "embedding: 64\n    stream_of: vorticity\n    levels: [850, 500.5]\n    predicted: true",
     "a.yaml:25: fields[1].predicted is true, but a stream only shows what vorticity does; should "
     "be false, or be left away"},
    {"embedding: 64",
     "embedding: 64\n    stream_of: vorticity\n    levels: [850, 500.5]\n    masking: {ratio: "
     "0.5}",
     "a.yaml:25: fields[1].masking.ratio is 0.5, but a stream hides what vorticity hides; should "
     "be "
     "0, or be left away"},
    {"loss_weight: 0.3", "static: true\n    predicted: true",
     "a.yaml:18: fields[0].predicted is true, but the field is static; should be false, or be left "
     "away"},
    {"loss_weight: 0.3", "static: true",
     "a.yaml:18: fields[0].masking.ratio is 0.25, but the field is static and never masked; should "
     "be 0, or be left away"},
    {"layers: 2, heads: 4", "layers: 2, heads: 2",
     "a.yaml:26: model.decoder.cross_ratio is 0.75, which of model.decoder.heads = 2 makes 1.5 "
     "cross heads; should make a whole number"},
    {"token_size: [1, 6, 3]", "token_size: [1, 5, 3]",
     "a.yaml:20: fields[1].tokens[1] is 2, which times token_size 5 makes a cube of 10 points in "
     "latitude, but that of fields[0] (vorticity) has 12; should be equal for all fields"},
    {"kind: harmonic", "width: 64",
     "a.yaml:22: fields[1].embedding is 64, of which token information takes "
     "model.token_info.width = 64; should be larger than that"},
    {"kernel_crps: 1.0", "kernel_crps_fair: 1.0",
     "a.yaml:34: training.losses.kernel_crps_fair cannot be trained with: it is fair to members "
     "that are independent random draws, and rewards unbounded spread for tails that are "
     "deterministic functions; use kernel_crps"},
    {"tails: 8", "tails: 1",
     "a.yaml:27: model.tails is 1, but the loss kernel_crps needs the spread of an ensemble; "
     "should be 2 or more"},
    {"kernel_crps: 1.0, mse: 0.1", "mse: 0",
     "a.yaml:34: training.losses has no loss with a weight above 0; should name at least one, such "
     "as {kernel_crps: 1.0}"},
    {"kernel_crps: 1.0, mse: 0.1", "mse: -1",
     "a.yaml:34: training.losses.mse is -1; should be a weight of 0 or more"},
    {"    tokens: [3, 2, 6]\n    token_size: [1, 6, 3]",
     "    tokens: [1, 2, 6]\n    token_size: [3, 6, 3]",
     "a.yaml:21: fields[1].token_size spans 3 times, that of vorticity 1; should be equal where "
     "masking.strategy is forecast, or one field shows times that the other hides"},
    {"forecast_tokens: 1", "forecast_tokens: 3",
     "a.yaml:8: masking.forecast_tokens is 3, but fields[0] (vorticity) has 3 tokens in time; "
     "should be less, so that something is known"},
    {"start: 2025-12-01", "start: 2026-12-01",
     "a.yaml:5: data.training.end is 2026-01-31T18, before data.training.start = 2026-12-01; "
     "should not be earlier"},
    {"start: 2026-02-01", "start: 2026-01-31T18",
     "a.yaml:6: data.validation is 2026-01-31T18 to 2026-02-09T18, which overlaps data.training, "
     "2025-12-01 to 2026-01-31T18; should share no time with it"},
    {"decoder: {layers: 2", "decoder: {layers: 5",
     "a.yaml:26: model.decoder.layers is 5, which in steps of cross_rate 1 needs 5 encoder layers "
     "to attend to, but model.encoder.layers is 4; should be at most 4"},
    {"decoder: {layers: 2", "decoder: {cross_rate: 2, layers: 3",
     "a.yaml:26: model.decoder.layers is 3, which in steps of cross_rate 2 needs 5 encoder layers "
     "to attend to, but model.encoder.layers is 4; should be at most 2"},
    {"model:\n", "prediction_order: [msl]\nmodel:\n",
     "a.yaml:24: prediction_order does not match the fields; should name each predicted field once "
     "(2 of them), or be left away"},
};

/* The good text with `find`, which must be in it, replaced; the caller's to free. */
static char *with_mistake(const mistake *wrong)
{
    const char *at = strstr(good, wrong->find);
    assert_non_null(at);
    size_t size = sizeof good + strlen(wrong->replace) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    snprintf(text, size, "%.*s%s%s", (int)(at - good), good, wrong->replace,
             at + strlen(wrong->find));
    return text;
}

static void each_mistake_has_its_line(void **state)
{
    (void)state;
    char path[] = "/tmp/atmorep-configuration-XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        char *text = with_mistake(&mistakes[i]);
        char expected[1024];
        ar_error err = {""};
        ar_configuration c;
        assert_int_equal(ar_file_write_whole(path, text, strlen(text), &err), AR_OK);
        ar_status status = ar_configuration_read(&c, path, NULL, 0, &err);
        if (status != AR_ERROR_INPUT) {
            fail_msg("'%s' was accepted", mistakes[i].replace);
        }
        snprintf(expected, sizeof expected, "%s%s", path, mistakes[i].message + strlen("a.yaml"));
        assert_string_equal(err.message, expected);
        assert_null(c.fields);
        free(text);
    }
    unlink(path);
}

static void harmonic_positions_want_pairs(void **state)
{
    (void)state;
    ar_configuration c;
    ar_error err = {""};
    const char text[] =
        "fields: [{name: u, tokens: [1, 1, 1], token_size: [1, 1, 1], embedding: 63}]\n"
        "model: {encoder: {heads: 9}, decoder: {layers: 0}}\n";
    const char *const factorised[] = {"model.positions=factorised"};
    assert_int_equal(ar_configuration_parse(&c, text, "a.yaml", NULL, 0, &err), AR_ERROR_INPUT);
    assert_string_equal(err.message,
                        "a.yaml:1: fields[0].embedding is 63, but harmonic positions are pairs of "
                        "sine and cosine; should be even");
    parse(&c, text, factorised, 1);
    ar_configuration_release(&c);
}

static void too_many(void **state)
{
    (void)state;
    char text[16384] = "fields:\n";
    for (int i = 0; i <= AR_FIELD_MAX; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used,
                 "- {name: f%d, tokens: [1, 1, 1], token_size: [1, 1, 1], embedding: 64}\n", i);
    }
    ar_configuration c;
    ar_error err = {""};
    assert_int_equal(ar_configuration_parse(&c, text, "a.yaml", NULL, 0, &err), AR_ERROR_INPUT);
    assert_string_equal(err.message, "a.yaml:2: fields has 33 entries; should be at most 32");
    char levels[4096] = "fields.0.levels=[0";
    for (int i = 1; i <= AR_LEVEL_MAX; i++) {
        size_t used = strlen(levels);
        snprintf(levels + used, sizeof levels - used, ",%d", i);
    }
    snprintf(levels + strlen(levels), 2, "]");
    const char *const settings[] = {levels};
    assert_int_equal(ar_configuration_parse(&c, good, "a.yaml", settings, 1, &err), AR_ERROR_INPUT);
    assert_string_equal(err.message,
                        "a.yaml (--set): fields[0].levels has 257 entries; should be at most 256");
}

/* A calendar of 360 days has a February 30; no calendar has a month 13. */
static void dates_of_any_calendar(void **state)
{
    (void)state;
    ar_configuration c;
    ar_error err = {""};
    const char *const good_end[] = {"data.training={start: 2025-01-30, end: 2025-02-30}"};
    const char *const bad_end[] = {"data.training={start: 2025-01-30, end: 2025-13-01}"};
    parse(&c, good, good_end, 1);
    ar_configuration_release(&c);
    assert_int_equal(ar_configuration_parse(&c, good, "a.yaml", bad_end, 1, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "a.yaml (--set): data.training.end is '2025-13-01'; should "
                                        "be a date such as 2025-12-01"));
}

/* An anchor's value is meant wherever its alias stands, and a change to one of them is to that
 * alone. */
static void aliases_are_copies(void **state)
{
    (void)state;
    ar_configuration c;
    const char *const settings[] = {"fields.1.tokens.1=2", "fields.1.token_size=[1, 2, 1]"};
    parse(&c,
          "fields:\n"
          "- {name: u, tokens: &t [3, 4, 6], token_size: &s [1, 1, 1], embedding: 64}\n"
          "- {name: v, tokens: *t, token_size: *s, embedding: 64}\n",
          settings, 2);
    assert_int_equal(c.fields[0].tokens.tokens[1], 4);
    assert_int_equal(c.fields[1].tokens.tokens[1], 2);
    assert_int_equal(c.fields[1].tokens.tokens[2], 6);
    ar_configuration_release(&c);
}

static void settings_that_lead_nowhere(void **state)
{
    (void)state;
    static const struct {
        const char *setting;
        ar_status status;
        const char *message;
    } wrong[] = {
        {"training.step=3", AR_ERROR_USAGE,
         "--set training.step=3: training has no key 'step'; did you mean 'steps'?"},
        {"trainin.steps=3", AR_ERROR_USAGE,
         "--set trainin.steps=3: the configuration has no key 'trainin'; did you mean 'training'?"},
        {"fields.2.embedding=64", AR_ERROR_USAGE,
         "--set fields.2.embedding=64: fields has no entry '2'; should be an index from 0 or the "
         "name of an entry"},
        {"fields.wind.embedding=64", AR_ERROR_USAGE,
         "--set fields.wind.embedding=64: fields has no entry 'wind'; should be an index from 0 or "
         "the name of an entry"},
        {"seed.x=1", AR_ERROR_USAGE, "--set seed.x=1: seed is a single value and has no key 'x'"},
        {"fields.1.levels.0=1", AR_ERROR_USAGE,
         "--set fields.1.levels.0=1: fields[1] has no 'levels' in a.yaml yet; set it as a whole: "
         "fields[1].levels=[...]"},
        {"seed", AR_ERROR_USAGE, "--set seed: should be key=value, such as training.steps=100"},
        {"=3", AR_ERROR_USAGE, "--set =3: should be key=value, such as training.steps=100"},
        {"seed=", AR_ERROR_USAGE, "--set seed=: there is no value after '='"},
        {"seed=[1", AR_ERROR_USAGE,
         "--set seed=[1: the value is not YAML: did not find expected ',' or ']'"},
        {"training.steps=few", AR_ERROR_INPUT,
         "a.yaml (--set): training.steps is 'few'; should be a whole number"},
        {"training.batch=0", AR_ERROR_INPUT,
         "a.yaml (--set): training.batch is 0; should be a whole number from 1 to 1048576"},
        {"fields.0.coupled.0=wind", AR_ERROR_INPUT,
         "a.yaml (--set): fields[0].coupled[0] is 'wind', which is no field here; should be one "
         "of: vorticity, msl"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ar_configuration c;
        ar_error err = {""};
        assert_int_equal(ar_configuration_parse(&c, good, "a.yaml", &wrong[i].setting, 1, &err),
                         wrong[i].status);
        assert_string_equal(err.message, wrong[i].message);
    }
}

/* A model without data may carry the fair CRPS, which no run may train with. */
static void fair_crps_without_a_run(void **state)
{
    (void)state;
    ar_configuration c;
    parse(&c,
          "fields: [{name: u, tokens: [1, 1, 1], token_size: [1, 1, 1], embedding: 64}]\n"
          "training: {losses: {kernel_crps_fair: 2}}\n",
          NULL, 0);
    assert_int_equal(c.training.losses[0].kind, AR_LOSS_KERNEL_CRPS_FAIR);
    assert_round_trip(&c);
    ar_configuration_release(&c);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    ar_configuration c;
    ar_error err = {""};
    assert_int_not_equal(ar_configuration_read(&c, "/nowhere/a.yaml", NULL, 0, &err), AR_OK);
    assert_non_null(strstr(err.message, "/nowhere/a.yaml"));
}

/* Every allocation of ours fails once: an error without a leak (the sanitizer looks), never a
 * crash. */
static void memory_runs_out_anywhere(void **state)
{
    (void)state;
    ar_status status = AR_ERROR_MEMORY;
    int64_t failed = 0;
    for (; status != AR_OK && failed < 1000; failed++) {
        ar_configuration c;
        ar_error err = {""};
        ar_fail_allocation_after(failed);
        status = ar_configuration_parse(&c, good, "a.yaml", NULL, 0, &err);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        ar_configuration_release(&c);
    }
    assert_int_equal(status, AR_OK);
    assert_true(failed > 1);
}

static void every_loss_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(ar_loss_name(AR_LOSS_MSE_ENSEMBLE), "mse_ensemble");
    assert_string_equal(ar_loss_name(AR_LOSS_CRPS), "crps");
    assert_string_equal(ar_loss_name(AR_LOSS_KERNEL_CRPS_FAIR), "kernel_crps_fair");
    assert_null(ar_loss_name(AR_LOSS_KIND_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_defaults),
        cmocka_unit_test(released_defaults),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(recompute_has_names_and_a_past),
        cmocka_unit_test(kinds_of_fields),
        cmocka_unit_test(settings_reach_everywhere),
        cmocka_unit_test(each_mistake_has_its_line),
        cmocka_unit_test(harmonic_positions_want_pairs),
        cmocka_unit_test(too_many),
        cmocka_unit_test(dates_of_any_calendar),
        cmocka_unit_test(aliases_are_copies),
        cmocka_unit_test(settings_that_lead_nowhere),
        cmocka_unit_test(fair_crps_without_a_run),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(memory_runs_out_anywhere),
        cmocka_unit_test(every_loss_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
