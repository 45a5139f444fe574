/* Released weights: where tensors of both layouts belong, by hand-counted rows, and that a failing
 * allocation at any place loses nothing. tests/cli/test_convert.sh has whole models, bit for bit.
 */
#include "model/released_weights.h"

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
#include "model/released_configuration.h"
#include "model/released_names.h"

/* Heads of 8 in both encoders and 4 in both decoders, two coupling heads; t is predicted first. */
static const char small[] =
    "{\"fields\": [[\"u\", [1, 32, [\"t\"], 0], [96], [1, 1, 1], [1, 2, 3], [0.5, 1, 0, 0]],"
    "[\"t\", [1, 32, [\"u\"], 0], [137], [1, 1, 1], [1, 2, 3], [0.5, 1, 0, 0]]],"
    "\"fields_prediction\": [[\"t\", 0.5], [\"u\", 0.5]], \"coupling_num_heads_per_field\": 2,"
    "\"with_qk_lnorm\": true, \"encoder_num_layers\": 1, \"encoder_num_heads\": 4,"
    "\"decoder_num_layers\": 1, \"decoder_num_heads\": 8, \"net_tail_num_nets\": 2,"
    "\"losses\": [\"mse\"], \"batch_size\": 1}";

static void read_configuration(ar_configuration *configuration)
{
    char path[] = "/tmp/atmorep-weights-XXXXXX";
    int descriptor = mkstemp(path);
    ar_error err = {""};
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_int_equal(ar_file_write_whole(path, small, strlen(small), &err), AR_OK);
    if (ar_released_configuration(configuration, path, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    unlink(path);
}

static void places_of_heads(void **state)
{
    (void)state;
    static const struct {
        const char *name, *parameter; /* no parameter: not of this layout */
        int64_t first_row, rows;
    } cases[] = {
        {"encoders.1.heads.0.heads_self.0.proj_qs.weight", "encoders.1.heads.0.proj_heads.weight",
         0, 8},
        {"encoders.1.heads.0.heads_self.2.proj_vs.weight", "encoders.1.heads.0.proj_heads.weight",
         64, 8},
        {"encoders.0.heads.3.heads_coupling.3.proj_qs.weight",
         "encoders.0.heads.3.proj_heads_other.0.weight", 24, 8},
        {"encoders.0.heads.3.heads_coupling.3.proj_ks.weight",
         "encoders.0.heads.3.proj_heads_other.2.weight", 16, 8},
        {"encoders.0.heads.3.heads_coupling.2.proj_vs.weight",
         "encoders.0.heads.3.proj_heads_other.2.weight", 8, 8},
        {"decoders.1.blocks.2.heads.1.proj_ks.weight", "decoders.1.blocks.2.proj_heads.weight", 16,
         4},
        {"decoders.1.blocks.2.heads_other.3.proj_qs.weight",
         "decoders.1.blocks.2.proj_heads_o_q.weight", 12, 4},
        {"decoders.1.blocks.2.heads_other.3.proj_vs.weight",
         "decoders.1.blocks.2.proj_heads_o_kv.weight", 28, 4},
        {"encoders.2.heads.0.heads_self.0.proj_qs.weight", NULL, 0, 0},
        {"encoders.-1.heads.0.heads_self.0.proj_qs.weight", NULL, 0, 0},
        {"tails.0.heads_self.0.proj_qs.weight", NULL, 0, 0},
        {"encoders.0.heads.0.heads_self.0.proj_qs.bias", NULL, 0, 0},
        {"encoders.0.heads.0.heads_self.x.proj_qs.weight", NULL, 0, 0},
        {"encoders.0.heads.0.heads_self.99999999999999999999.proj_qs.weight", NULL, 0, 0},
        {"encoders.0.heads.0.other.0.proj_qs.weight", NULL, 0, 0},
        {".proj_qs.weight", NULL, 0, 0},
        {"", NULL, 0, 0},
    };
    ar_configuration configuration = {0};
    read_configuration(&configuration);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_released_head head;
        bool found = ar_released_head_place(&configuration, cases[i].name, &head);
        if (found != (cases[i].parameter != NULL)) {
            fail_msg("%s is %s", cases[i].name, found ? "a head" : "none");
        }
        if (found) {
            assert_string_equal(head.parameter, cases[i].parameter);
            assert_int_equal(head.first_row, cases[i].first_row);
            assert_int_equal(head.rows, cases[i].rows);
        }
    }
    ar_configuration_release(&configuration);
}

static void prefixes_of_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *path, *prefix;
    } cases[] = {{"AtmoRep_idabc.mod", ""},
                 {"AtmoRep_encoder_t_idabc.mod", "encoders.1."},
                 {"a/AtmoRep_decoder_t_idabc_epoch00003.mod", "decoders.0."},
                 {"/AtmoRep_encoder_t_id/AtmoRep_tail_u_idabc.mod", "tails.1."},
                 {"AtmoRep_embeds_token_info_idabc.mod", "embeds_token_info."},
                 {"AtmoRep_embed_token_info_idabc.mod", "embed_token_info."},
                 {"AtmoRep_encoder_tt_idabc.mod", NULL},
                 {"AtmoRep_encoder_t.mod", NULL}};
    ar_configuration configuration = {0};
    read_configuration(&configuration);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char prefix[64];
        ar_error err = {""};
        ar_status status = ar_released_block_prefix(&configuration, cases[i].path, prefix, &err);
        assert_int_equal(status, cases[i].prefix ? AR_OK : AR_ERROR_INPUT);
        if (cases[i].prefix) {
            assert_string_equal(prefix, cases[i].prefix);
        } else {
            assert_non_null(strstr(err.message, "it has u, t"));
        }
    }
    ar_configuration_release(&configuration);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const float values[32 * 8] = {0};
    char path[] = "/tmp/atmorep-weights-XXXXXX";
    const char *const paths[] = {path}, *const all[] = {"*"};
    /* a parameter under both of its names, and one that all fields share */
    const ar_safetensor tensors[] = {
        {.name = "embeds.0.bias", .rank = 1, .shape = {16}, .data = values},
        {.name = "embed_token_info.bias", .rank = 1, .shape = {16}, .data = values},
        {.name = "encoders.0.embed.bias", .rank = 1, .shape = {16}, .data = values + 16}};
    ar_configuration configuration = {0};
    ar_model *model = NULL;
    ar_error err = {""};
    close(mkstemp(path));
    read_configuration(&configuration);
    assert_int_equal(ar_model_create(&model, &configuration,
                                     &(ar_model_options){.batch = 1, .type = AR_TYPE_FLOAT32},
                                     &err),
                     AR_OK);
    assert_int_equal(ar_torch_write(path, tensors, 3, &err), AR_OK);
    ar_status status = AR_ERROR_MEMORY;
    int64_t failed = 0;
    for (; status != AR_OK; failed++) {
        ar_released_weights weights;
        ar_fail_allocation_after(failed);
        status = ar_released_weights_read(&weights, model, paths, 1, all, 1, &err);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        assert_true(status != AR_OK || weights.count > 0);
        ar_released_weights_release(&weights);
        assert_true(failed < 2000);
    }
    assert_true(failed > 50);
    unlink(path);
    ar_model_destroy(&model);
    ar_configuration_release(&configuration);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_of_heads),
        cmocka_unit_test(prefixes_of_blocks),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
