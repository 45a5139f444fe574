/* Freezing: which parameters a pattern means, and that what is left has the gradient it had, to the
 * bit, on both backends, while frozen ones have none and cost less. */
#include "model/freeze.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "graph/plan.h"

static const char yaml[] =
    "fields:\n"
    "  - {name: wind, levels: [850, 500], tokens: [2, 2, 3], token_size: [1, 2, 3],\n"
    "     embedding: 48, coupled: [pressure]}\n"
    "  - {name: pressure, levels: [1000], tokens: [1, 1, 3], token_size: [2, 4, 3],\n"
    "     embedding: 32, coupled: [wind],\n"
    "     embedding_network: {type: transformer, patch: [1, 4, 1], layers: 1, width: 32}}\n"
    "model:\n"
    "  encoder: {layers: 2, heads: 4}\n"
    "  decoder: {layers: 1, heads: 4}\n"
    "  attention: {kind: axial}\n"
    "  tails: 3\n"
    "  tail_layers: 1\n"
    "  token_info: {kind: harmonic, width: 4}\n"
    "  positions: factorised\n"
    "training: {losses: {kernel_crps: 1, stats: 1}, dropout: 0.1}\n";

static void must(ar_status status, const ar_error *err)
{
    if (status != AR_OK) {
        fail_msg("%s", err->message);
    }
}

static ar_status create(ar_configuration *configuration, ar_model **model, const char *setting,
                        int64_t *parameters, int64_t *numbers, ar_error *err)
{
    *model = NULL;
    must(ar_configuration_parse(configuration, yaml, "my.yaml", &setting, setting != NULL, err),
         err);
    must(ar_model_create(model, configuration,
                         &(ar_model_options){.batch = 1, .losses = true, .type = AR_TYPE_FLOAT32},
                         err),
         err);
    return ar_model_freeze(*model, parameters, numbers, err);
}

static void patterns_choose_by_name(void **state)
{
    (void)state;
    ar_configuration c;
    ar_model *model;
    ar_error err = {""};
    int64_t parameters, numbers, found = 0, size = 0;
    must(create(&c, &model, "training.freeze=['encoders.0.*', 'tails.1.tail_nets.0.0.weight']",
                &parameters, &numbers, &err),
         &err);
    for (size_t p = 0; p < model->graph->parameter_count; p++) {
        const ar_parameter *one = &model->graph->parameters[p];
        /* embeds.0 is encoders.0.embed too */
        const bool frozen = strncmp(one->name, "encoders.0.", 11) == 0 ||
                            strncmp(one->name, "embeds.0.", 9) == 0 ||
                            strcmp(one->name, "tails.1.tail_nets.0.0.weight") == 0;
        assert_int_equal(model->graph->tensors[one->tensor].wants_gradient, !frozen);
        found += frozen;
        size += frozen ? one->rows * one->columns : 0;
    }
    assert_int_equal(parameters, found);
    assert_int_equal(numbers, size);
    ar_model_destroy(&model);
    ar_configuration_release(&c);
}

static void what_matches_nothing_is_told(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"training.freeze=['encoders.0.*', 'encodrs.*']",
         "my.yaml: training.freeze[1] is 'encodrs.*', which matches no parameter; should be a "
         "pattern of names such as embeds.0.weight"},
        {"training.freeze=['*']",
         "my.yaml: training.freeze leaves nothing that the loss depends on to train"},
    };
    for (int i = 0; i < 2; i++) {
        ar_configuration c;
        ar_model *model;
        ar_error err = {""};
        int64_t parameters, numbers;
        assert_int_equal(create(&c, &model, cases[i][0], &parameters, &numbers, &err),
                         AR_ERROR_INPUT);
        assert_string_equal(err.message, cases[i][1]);
        ar_model_destroy(&model);
        ar_configuration_release(&c);
    }
}

/* ---- gradients ------------------------------------------------------------------------------- */

typedef struct {
    ar_configuration configuration;
    ar_model *model;
    ar_plan *plan;
    float *parameters, *gradients;
} trained;

static void fill_normal(const ar_plan *plan, ar_tensor tensor, uint32_t stream)
{
    ar_matrix matrix = ar_plan_matrix(plan, tensor);
    ar_random random = {.seed = 4, .step = stream, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < matrix.rows * matrix.columns; i++) {
        ((float *)matrix.data)[i] = (float)ar_random_normal(&random);
    }
}

/* One forward and adjoint pass on inputs that are always the same. */
static void run(trained *t, const char *backend, const char *setting)
{
    int64_t parameters, numbers;
    ar_error err = {""};
    *t = (trained){0};
    must(create(&t->configuration, &t->model, setting, &parameters, &numbers, &err), &err);
    const ar_graph *graph = t->model->graph;
    const size_t count = (size_t)graph->parameter_values;
    must(ar_allocate(&t->parameters, count, sizeof(float), "", &err), &err);
    must(ar_allocate(&t->gradients, count, sizeof(float), "", &err), &err);
    ar_model_initialise(t->model, 1, t->parameters);
    must(ar_plan_create(&t->plan, graph,
                        &(ar_plan_options){.backend = ar_backend_find(backend),
                                           .loss = t->model->loss,
                                           .threads = 1},
                        t->parameters, t->gradients, &err),
         &err);
    ar_plan_set_rows(t->plan, t->model->batch_dimension, 1);
    for (int64_t f = 0; f < t->configuration.field_count; f++) {
        const ar_model_field *field = &t->model->fields[f];
        const int64_t masked = field->masked_largest / 2 + 1;
        fill_normal(t->plan, field->source, (uint32_t)(10 * f));
        fill_normal(t->plan, field->token_info, (uint32_t)(10 * f + 1));
        ar_plan_set_rows(t->plan, field->masked_dimension, masked);
        fill_normal(t->plan, field->target, (uint32_t)(10 * f + 2));
        int32_t *rows = ar_plan_matrix(t->plan, field->masked).data;
        for (int64_t i = 0; i < masked; i++) {
            rows[i] = (int32_t)i;
        }
    }
    ar_plan_forward(t->plan);
    ar_plan_adjoint(t->plan);
}

static void release(trained *t)
{
    ar_plan_destroy(&t->plan);
    ar_model_destroy(&t->model);
    ar_free(t->parameters);
    ar_free(t->gradients);
    ar_configuration_release(&t->configuration);
}

/* Every kind of parameter is frozen somewhere while its neighbours are not, so that each op meets
 * inputs with and without a gradient; at last a whole field but its tails. */
static const char *const choices[] = {
    "training.freeze=['*.bias']",
    "training.freeze=['*.weight']",
    "training.freeze=['tails.*.tail_nets.1.*', 'tails.0.tail_nets.0.0.*', '*.ln_q.*']",
    "training.freeze=['*.proj_heads.weight', 'positions.*.time', '*.ln_k.bias']",
    "training.freeze=['*.proj_heads_other.*', '*.proj_heads_o_kv.*', 'embeds*']",
    "training.freeze=['embeds.1.layers.*', 'embeds.1.positions', 'tails.0.tail_nets.2.3.*']",
    "training.freeze=['embeds.1.patch.*', 'tails.*.tail_nets.*.1.*']",
    "training.freeze=['encoders.*', 'embeds*', 'positions.*', 'decoders.*']",
    "training.freeze=['tails.*']",
};

static void the_rest_has_the_same_gradient(void **state)
{
    (void)state;
    static const char *const backends[] = {"ref", "cpu"};
    for (int b = 0; b < 2; b++) {
        trained whole;
        run(&whole, backends[b], NULL);
        for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
            trained part;
            run(&part, backends[b], choices[i]);
            const ar_graph *graph = part.model->graph;
            for (size_t p = 0; p < graph->parameter_count; p++) {
                const ar_parameter *one = &graph->parameters[p];
                const float *then = whole.gradients + one->offset;
                const float *now = part.gradients + one->offset;
                const bool frozen = !graph->tensors[one->tensor].wants_gradient;
                assert_int_equal(ar_plan_parameter_has_gradient(part.plan, (int64_t)p), !frozen);
                for (int64_t k = 0; k < one->rows * one->columns; k++) {
                    if (frozen ? now[k] != 0 : memcmp(&now[k], &then[k], sizeof *now) != 0) {
                        fail_msg("%s, %s: the gradient of %s is %g, not %g", backends[b],
                                 choices[i], one->name, (double)now[k],
                                 frozen ? 0.0 : (double)then[k]);
                    }
                }
            }
            assert_true(ar_plan_operations(part.plan, true) <=
                        ar_plan_operations(whole.plan, true));
            release(&part);
        }
        release(&whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_choose_by_name),
        cmocka_unit_test(what_matches_nothing_is_told),
        cmocka_unit_test(the_rest_has_the_same_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
