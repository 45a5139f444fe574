/* Released model_id*.json files: the two of the parity folders where they lie beside the checkout,
 * and small ones made here for what those do not have. */
#include "model/released_configuration.h"

#include <glob.h>
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

static const char model[] =
    "{\"fields\": [[\"u\", [1, 64, [\"t\"], 0], [96, 137.5], [4, 2, 3], [3, 6, 6], [0.5, 0.9, 0.2, "
    "0.05]], [\"t\", [1, 48, [], 0, [\"abc\", 3]], [137], [4, 1, 2], [3, 12, 9], [0.4, 0.9, 0.1, "
    "0.3]], [\"z\", [0, 32, [], 0], [0], [4, 1, 1], [3, 12, 18], [0, 0, 0, 0]]], "
    "\"fields_prediction\": [[\"t\", 0.75], [\"u\", 0.25]], \"fields_targets\": [], "
    "\"size_token_info\": 8, \"size_token_info_net\": 16, \"with_cls\": false, "
    "\"with_layernorm\": true, \"coupling_num_heads_per_field\": 2, \"with_qk_lnorm\": true, "
    "\"encoder_num_layers\": 3, \"encoder_num_heads\": 4, \"encoder_num_mlp_layers\": 2, "
    "\"encoder_att_type\": \"dense\", \"decoder_num_layers\": 2, \"decoder_num_heads\": 4, "
    "\"decoder_num_mlp_layers\": 3, \"decoder_cross_att_ratio\": 0.5, "
    "\"decoder_cross_att_rate\": 2.0, \"net_tail_num_nets\": 4, \"net_tail_num_layers\": 2, "
    "\"losses\": [\"stats\", \"mse_ensemble\"], \"BERT_strategy\": \"BERT\", "
    "\"dropout_rate\": 0.05, \"weight_decay\": 0.025, \"lr_max\": 2e-5, \"lr_min\": 1e-5, "
    "\"batch_size\": 12, "
    "\"rng_seed\": null}";

static void read_text(ar_configuration *configuration, const char *text, ar_status expected,
                      char message[1024])
{
    char path[] = "/tmp/atmorep-released-XXXXXX";
    int descriptor = mkstemp(path);
    ar_error err = {""};
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_int_equal(ar_file_write_whole(path, text, strlen(text), &err), AR_OK);
    ar_status status = ar_released_configuration(configuration, path, &err);
    unlink(path);
    if (status != expected) {
        fail_msg("status %d: %s", (int)status, err.message);
    }
    snprintf(message, 1024, "%s",
             strncmp(err.message, path, strlen(path)) == 0 ? err.message + strlen(path)
                                                           : err.message);
}

/* Written as YAML it reads back as the same model; the text is compared, which holds every value.
 */
static void assert_round_trip(const ar_configuration *configuration)
{
    char *text = NULL, *again = NULL;
    ar_error err = {""};
    ar_configuration back;
    assert_int_equal(ar_configuration_write(configuration, &text, &err), AR_OK);
    if (ar_configuration_parse(&back, text, "back.yaml", NULL, 0, &err) != AR_OK) {
        fail_msg("%s in\n%s", err.message, text);
    }
    assert_int_equal(ar_configuration_write(&back, &again, &err), AR_OK);
    assert_string_equal(text, again);
    assert_int_equal(back.prediction_count, configuration->prediction_count);
    assert_memory_equal(back.prediction_order, configuration->prediction_order,
                        sizeof back.prediction_order);
    ar_configuration_release(&back);
    ar_free(text);
    ar_free(again);
}

static void values(void **state)
{
    (void)state;
    ar_configuration c;
    char message[1024];
    read_text(&c, model, AR_OK, message);
    assert_int_equal(c.field_count, 3);
    assert_string_equal(c.fields[0].name, "u");
    assert_int_equal(c.fields[0].embedding, 64);
    assert_int_equal(c.fields[0].level_count, 2);
    assert_true(c.fields[0].levels[1] == 137.5);
    assert_int_equal(c.fields[0].coupled_index[0], 1);
    assert_int_equal(c.fields[1].tokens.token_size[2], 9);
    assert_true(c.fields[1].tokens.mask_coarsen == 0.3);
    assert_true(c.fields[0].predicted && c.fields[1].predicted);
    assert_false(c.fields[2].predicted);
    assert_true(c.fields[0].loss_weight == 0.25);
    assert_true(c.fields[1].loss_weight == 0.75);
    assert_int_equal(c.prediction_count, 2);
    assert_int_equal(c.prediction_order[0], 1);
    assert_int_equal(c.prediction_order[1], 0);
    assert_int_equal(c.model.encoder_layers, 3);
    assert_int_equal(c.model.decoder_layers, 2);
    assert_int_equal(c.model.decoder_mlp_layers, 3);
    assert_int_equal(c.model.decoder_cross_rate, 2);
    assert_int_equal(c.model.coupling_heads, 2);
    assert_int_equal(c.model.tails, 4);
    assert_int_equal(c.model.tail_layers, 2);
    assert_true(c.model.qk_layer_norm && c.model.mlp_output_gelu);
    assert_true(c.model.decoder_qk_layer_norm && !c.model.coupling_query_norm);
    assert_int_equal(c.model.positions, AR_POSITIONS_HARMONIC);
    assert_int_equal(c.model.token_info, AR_TOKEN_INFO_RELEASED);
    assert_int_equal(c.training.loss_count, 2);
    assert_int_equal(c.training.losses[0].kind, AR_LOSS_MSE_ENSEMBLE);
    assert_true(c.training.losses[1].weight == 1.0);
    assert_true(c.training.learning_rate == 2e-5 && c.training.learning_rate_final == 1e-5);
    assert_true(c.training.weight_decay == 0.025);
    assert_true(c.training.dropout == 0.05);
    assert_int_equal(c.training.batch, 12);
    assert_int_equal(c.path_count, 0);
    assert_null(c.training_start);
    assert_round_trip(&c);
    ar_configuration_release(&c);
}

static void what_is_not_supported(void **state)
{
    (void)state;
    static const struct {
        const char *find, *replace, *message;
    } wrong[] = {
        {"\"with_layernorm\": true", "\"with_layernorm\": false",
         ": with_layernorm is false; should be true, the only one supported"},
        {"\"dense\"", "\"axial\"",
         ": encoder_att_type is \"axial\"; should be \"dense\", the only one supported"},
        {"\"net_tail_num_layers\": 2", "\"net_tail_num_layers\": -1",
         ": model.tail_layers is -1; should be a whole number from 0 to 1000"},
        {"\"encoder_num_layers\": 3", "\"encoder_layers\": 3",
         ": encoder_num_layers is missing; should be a whole number"},
        {"\"encoder_num_layers\": 3", "\"encoder_num_layers\": \"3\"",
         ": encoder_num_layers is \"3\"; should be a whole number"},
        {"\"decoder_cross_att_rate\": 2.0", "\"decoder_cross_att_rate\": 0.5",
         ": decoder_cross_att_rate is 0.5; should be a whole number of 1 or more"},
        {"[\"u\", 0.25]", "[\"v\", 0.25]",
         ": fields_prediction[1] is [\"v\",0.25]; should be the name of one of the fields, each at "
         "most once"},
        {"[3, 6, 6]", "[3, 6]",
         ": fields[0][4] (token size) is [3,6]; should be a list of three whole numbers"},
        {"\"losses\": [\"stats\"", "\"losses\": [\"likelihood\"",
         ": losses is [\"likelihood\",\"mse_ensemble\"]; should be a list of mse_ensemble, "
         "weighted_mse, stats, stats_area, mse, crps and kernel_crps"},
        {"[1, 64,", "[1, 66,",
         ": fields[0].embedding is 66, not divisible by model.encoder.heads = 4; should be 64 or "
         "68, or other heads"},
        {"{\"fields\"", "[\"fields\"",
         ": not a JSON object; should be the model_id<ID>.json of a released model"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *at = strstr(model, wrong[i].find);
        char text[4096], message[1024];
        ar_configuration c;
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - model), model, wrong[i].replace,
                 at + strlen(wrong[i].find));
        read_text(&c, text, AR_ERROR_INPUT, message);
        assert_string_equal(message, wrong[i].message);
        assert_null(c.fields);
    }
}

/* Every prefix of a file is an error or nothing worse: what is cut off never crashes. */
static void cut_off_anywhere(void **state)
{
    (void)state;
    char text[sizeof model], message[1024];
    for (size_t length = 0; length + 1 < sizeof model; length += 7) {
        ar_configuration c;
        snprintf(text, sizeof text, "%.*s", (int)length, model);
        read_text(&c, text, AR_ERROR_INPUT, message);
    }
}

static const char *parity_file(const char *folder, char path[1024])
{
    char pattern[1024];
    glob_t found;
    snprintf(pattern, sizeof pattern, "../shared/parity/%s/model_id*.json", folder);
    path[0] = '\0';
    if (glob(pattern, 0, NULL, &found) == 0) {
        snprintf(path, 1024, "%s", found.gl_pathv[0]);
        globfree(&found);
        return path;
    }
    print_message("SKIPPED: no %s\n", pattern);
    return NULL;
}

static void parity_multi_field(void **state)
{
    (void)state;
    char path[1024];
    ar_error err = {""};
    ar_configuration c;
    if (!parity_file("multi", path)) {
        skip();
    }
    if (ar_released_configuration(&c, path, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(c.field_count, 3);
    assert_string_equal(c.fields[2].name, "temperature");
    assert_int_equal(c.fields[2].embedding, 48);
    assert_int_equal(c.fields[0].coupled_index[1], 2);
    assert_true(c.fields[1].loss_weight == 0.3);
    assert_int_equal(c.prediction_count, 3);
    assert_true(c.model.qk_layer_norm);
    assert_int_equal(c.seed, 11);
    assert_true(c.training.learning_rate == 0.001);
    assert_int_equal(c.training.batch, 2);
    assert_round_trip(&c);
    ar_configuration_release(&c);
}

static void parity_single_field(void **state)
{
    (void)state;
    char path[1024];
    ar_error err = {""};
    ar_configuration c;
    if (!parity_file("single", path)) {
        skip();
    }
    if (ar_released_configuration(&c, path, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(c.field_count, 1);
    assert_false(c.model.qk_layer_norm);
    assert_int_equal(c.model.encoder_layers, 2);
    assert_true(c.fields[0].levels[0] == 114);
    assert_int_equal(c.fields[0].tokens.tokens[0], 4);
    assert_round_trip(&c);
    ar_configuration_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(what_is_not_supported),
        cmocka_unit_test(cut_off_anywhere),
        cmocka_unit_test(parity_multi_field),
        cmocka_unit_test(parity_single_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
