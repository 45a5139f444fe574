/* Released models opened as checkpoints and configurations: whence the configuration comes, which
 * network it is, what is asked for, and that a failing allocation at any place loses nothing. What
 * such models compute is tested by tests/cli/test_released.sh. */
#include "train/released_model.h"

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

static const char small[] =
    "{\"fields\": [[\"u\", [1, 32, [\"t\"], 0], [96], [1, 1, 1], [1, 2, 3], [0.5, 1, 0, 0]],"
    "[\"t\", [1, 32, [\"u\"], 0], [137], [1, 1, 1], [1, 2, 3], [0.5, 1, 0, 0]]],"
    "\"fields_prediction\": [[\"t\", 0.5], [\"u\", 0.5]], \"with_qk_lnorm\": true,"
    "\"encoder_num_layers\": 1, \"encoder_num_heads\": 4, \"decoder_num_layers\": 1,"
    "\"decoder_num_heads\": 8, \"net_tail_num_nets\": 2, \"losses\": [\"mse\"],"
    "\"batch_size\": 1, \"years_train\": [2003, 1999, 2001]}";

typedef struct {
    char folder[64], json[128], mod[128];
} files;

/* model_id<ID>.json with weights beside it that all are the starting values. */
static void make_files(files *f)
{
    ar_configuration configuration;
    ar_model *model = NULL;
    float *values = NULL;
    ar_safetensor *tensors = NULL;
    ar_error err = {""};
    snprintf(f->folder, sizeof f->folder, "/tmp/atmorep-released-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->json, sizeof f->json, "%s/model_idab_c.json", f->folder);
    snprintf(f->mod, sizeof f->mod, "%s/AtmoRep_idab_c_epoch00012.mod", f->folder);
    assert_int_equal(ar_file_write_whole(f->json, small, strlen(small), &err), AR_OK);
    if (ar_released_configuration(&configuration, f->json, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(ar_model_create(&model, &configuration,
                                     &(ar_model_options){.batch = 1, .type = AR_TYPE_FLOAT32},
                                     &err),
                     AR_OK);
    const ar_graph *graph = model->graph;
    assert_int_equal(
        ar_allocate(&values, (size_t)graph->parameter_values, sizeof *values, "a test", &err),
        AR_OK);
    assert_int_equal(ar_allocate(&tensors, graph->parameter_count, sizeof *tensors, "a test", &err),
                     AR_OK);
    ar_model_initialise(model, 1, values);
    for (size_t p = 0; p < graph->parameter_count; p++) {
        const ar_parameter *parameter = &graph->parameters[p];
        const bool vector = parameter->rank == 1;
        tensors[p] = (ar_safetensor){.name = (char *)parameter->name,
                                     .rank = parameter->rank,
                                     .shape = {vector ? parameter->columns : parameter->rows,
                                               vector ? 0 : parameter->columns},
                                     .data = values + parameter->offset};
    }
    assert_int_equal(ar_torch_write(f->mod, tensors, (int64_t)graph->parameter_count, &err), AR_OK);
    ar_free(tensors);
    ar_free(values);
    ar_model_destroy(&model);
    ar_configuration_release(&configuration);
}

static void remove_files(const files *f)
{
    unlink(f->json);
    unlink(f->mod);
    assert_int_equal(rmdir(f->folder), 0);
}

static void weights_find_their_configuration(void **state)
{
    (void)state;
    files f;
    ar_checkpoint checkpoint;
    ar_error err = {""};
    make_files(&f);
    if (ar_released_open(&checkpoint, f.mod, NULL, NULL, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    assert_string_equal(checkpoint.configuration.file, f.json);
    assert_string_equal(checkpoint.configuration.training_start, "1999-01-01");
    assert_string_equal(checkpoint.configuration.training_end, "2003-12-31T23");
    assert_false(checkpoint.configuration.model.coupling_query_norm);
    assert_false(ar_checkpoint_has_statistics(&checkpoint));
    assert_int_equal(checkpoint.step, 0);
    assert_non_null(ar_safetensors_find(checkpoint.file, "embeds.1.weight"));
    ar_checkpoint_close(&checkpoint);

    char other[160];
    snprintf(other, sizeof other, "%s/other", f.folder);
    assert_int_equal(rename(f.json, other), 0);
    assert_int_equal(ar_released_open(&checkpoint, f.mod, NULL, NULL, &err), AR_ERROR_USAGE);
    assert_non_null(strstr(err.message, "should be "));
    assert_non_null(strstr(err.message, f.json));
    assert_int_equal(ar_released_open(&checkpoint, f.mod, NULL, other, &err), AR_OK);
    ar_checkpoint_close(&checkpoint);
    assert_int_equal(ar_released_open(&checkpoint, f.mod, other, NULL, &err), AR_OK);
    ar_checkpoint_close(&checkpoint);
    assert_int_equal(rename(other, f.json), 0);
    remove_files(&f);
}

static void data_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *settings[3];
        int64_t count;
        const char *missing; /* NULL: nothing */
    } cases[] = {
        {{NULL}, 0, "does not know data.paths, data.training.start, data.training.end;"},
        {{"data.paths=[x.nc]"}, 1, "does not know data.training.start, data.training.end;"},
        {{"data.pathsx=1", "data.training.end=2001-01-01"}, 2, "data.paths, data.training.start;"},
        {{"data.paths=[x.nc]", "data.training={start: 2001-01-01, end: 2001-01-02}"}, 2, NULL},
        {{"data={paths: [x.nc], training: {start: 2001-01-01, end: 2001-01-02}}"}, 1, NULL},
    };
    files f;
    make_files(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_configuration configuration;
        ar_error err = {""};
        ar_status status = ar_released_to_train(&configuration, f.json, cases[i].settings,
                                                cases[i].count, f.mod, &err);
        assert_int_equal(status, cases[i].missing ? AR_ERROR_USAGE : AR_OK);
        if (cases[i].missing) {
            assert_non_null(strstr(err.message, cases[i].missing));
        } else {
            assert_string_equal(configuration.training_end, "2001-01-02");
            assert_string_equal(configuration.file, f.json);
        }
        ar_configuration_release(&configuration);
    }
    remove_files(&f);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const settings[] = {"data.paths=[x.nc]", "data.training.start=2001-01-01",
                                           "data.training.end=2001-01-02"};
    files f;
    ar_error err = {""};
    ar_status status = AR_ERROR_MEMORY;
    int64_t failed = 0;
    make_files(&f);
    for (; status != AR_OK; failed++) {
        ar_checkpoint checkpoint = {0};
        ar_configuration configuration = {0};
        ar_fail_allocation_after(failed);
        status = ar_released_open(&checkpoint, f.mod, NULL, NULL, &err);
        if (status == AR_OK) {
            status = ar_released_to_train(&configuration, f.json, settings, 3, f.mod, &err);
        }
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        ar_configuration_release(&configuration);
        ar_checkpoint_close(&checkpoint);
        assert_true(failed < 4000);
    }
    assert_true(failed > 200);
    remove_files(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_find_their_configuration),
        cmocka_unit_test(data_is_asked_for),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
