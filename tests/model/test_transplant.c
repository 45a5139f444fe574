/* Parameters of trained models in other models. What a network computes for a field is compared to
 * the bit, so no tolerance is needed: fields in another order, a field less that nobody attends to,
 * a field more and couplings more whose columns of proj_out are zero, change nothing. */
#include "model/transplant.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "graph/plan.h"
#include "temporary_folder.h"

#define WIND                                                                                       \
    "  - {name: wind, levels: [850, 500], tokens: [2, 2, 3], token_size: [1, 2, 3], "              \
    "embedding: 48, coupled: ["
#define PRESSURE                                                                                   \
    "  - {name: pressure, levels: [1000], tokens: [1, 1, 3], token_size: [2, 4, 3], "              \
    "embedding: 32, coupled: ["
#define HUMIDITY                                                                                   \
    "  - {name: humidity, levels: [700], tokens: [2, 1, 3], token_size: [1, 4, 3], "               \
    "embedding: 16, coupled: ["
#define HEIGHT                                                                                     \
    "  - {name: height, static: true, levels: [0], tokens: [1, 2, 3], token_size: [2, 2, 3], "     \
    "embedding: 16, coupled: ["
#define MODEL                                                                                      \
    "model:\n"                                                                                     \
    "  encoder: {layers: 2, heads: 4}\n"                                                           \
    "  decoder: {layers: 1, heads: 4}\n"                                                           \
    "  tails: 3\n"                                                                                 \
    "  token_info: {kind: harmonic, width: 4}\n"                                                   \
    "  positions: factorised\n"

enum { SAMPLES = 2, DONORS = 2 };

static const char *backend;

/* ---- networks -------------------------------------------------------------------------------- */

typedef struct {
    ar_configuration configuration;
    ar_model *model;
    float *parameters;
    ar_safetensors *file;
} network;

static void must(ar_status status, const ar_error *err)
{
    if (status != AR_OK) {
        fail_msg("%s", err->message);
    }
}

/* A network with starting values that follow from `seed` and its parameters' names. */
static void create(network *n, const char *fields, const char *model, const char *setting,
                   uint64_t seed)
{
    char yaml[2048];
    ar_error err = {""};
    *n = (network){0};
    snprintf(yaml, sizeof yaml, "fields:\n%s%s", fields, model);
    must(
        ar_configuration_parse(&n->configuration, yaml, "my.yaml", &setting, setting != NULL, &err),
        &err);
    must(ar_model_create(&n->model, &n->configuration,
                         &(ar_model_options){.batch = SAMPLES, .type = AR_TYPE_FLOAT32}, &err),
         &err);
    must(ar_allocate(&n->parameters, (size_t)n->model->graph->parameter_values, sizeof(float), "",
                     &err),
         &err);
    ar_model_initialise(n->model, seed, n->parameters);
}

static void release(network *n)
{
    ar_safetensors_close(&n->file);
    ar_model_destroy(&n->model);
    ar_free(n->parameters);
    ar_configuration_release(&n->configuration);
}

/* Write the network's parameters, and open the file. */
static void save(network *n, const char *name)
{
    const ar_graph *graph = n->model->graph;
    ar_safetensor *tensors = calloc(graph->parameter_count, sizeof *tensors);
    char path[160];
    ar_error err = {""};
    assert_non_null(tensors);
    for (size_t p = 0; p < graph->parameter_count; p++) {
        const ar_parameter *one = &graph->parameters[p];
        tensors[p] = (ar_safetensor){
            .name = (char *)one->name,
            .dtype = AR_DTYPE_F32,
            .rank = one->rank,
            .shape = {one->rank == 1 ? one->columns : one->rows, one->rank == 1 ? 0 : one->columns},
            .count = one->rows * one->columns,
            .data = n->parameters + one->offset};
    }
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, name);
    must(ar_safetensors_write(path, tensors, (int64_t)graph->parameter_count, NULL, 0, &err), &err);
    must(ar_safetensors_open(&n->file, path, &err), &err);
    free(tensors);
}

static void fill_input(const ar_plan *plan, ar_tensor tensor, const char *field, uint32_t stream)
{
    ar_matrix matrix = ar_plan_matrix(plan, tensor);
    ar_random random = {
        .seed = ar_hash(field, strlen(field), 0), .step = stream, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < matrix.rows * matrix.columns; i++) {
        ((float *)matrix.data)[i] = (float)ar_random_normal(&random);
    }
}

/* The ensemble of a field's masked tokens, every second one, for inputs that depend on its name
 * alone; the caller's to ar_free. */
static float *compute(const network *n, const char *field, int64_t *count)
{
    ar_plan *plan = NULL;
    ar_error err = {""};
    float *result = NULL;
    must(ar_plan_create(&plan, n->model->graph,
                        &(ar_plan_options){.backend = ar_backend_find(backend),
                                           .loss = AR_NO_TENSOR,
                                           .threads = 1},
                        n->parameters, NULL, &err),
         &err);
    ar_plan_set_rows(plan, n->model->batch_dimension, SAMPLES);
    for (int64_t f = 0; f < n->configuration.field_count; f++) {
        const ar_model_field *tensors = &n->model->fields[f];
        const char *name = n->configuration.fields[f].name;
        fill_input(plan, tensors->source, name, 1);
        fill_input(plan, tensors->token_info, name, 2);
        if (ar_tensor_exists(tensors->masked)) {
            const int64_t masked = tensors->masked_largest / 2;
            ar_plan_set_rows(plan, tensors->masked_dimension, masked);
            int32_t *rows = ar_plan_matrix(plan, tensors->masked).data;
            for (int64_t i = 0; i < masked; i++) {
                rows[i] = (int32_t)(2 * i);
            }
        }
    }
    ar_plan_forward(plan);
    const int64_t f = ar_configuration_find_field(&n->configuration, field);
    ar_matrix ensemble = ar_plan_matrix(plan, n->model->fields[f].ensemble);
    *count = ensemble.rows * ensemble.columns;
    must(ar_allocate(&result, (size_t)*count, sizeof(float), "", &err), &err);
    memcpy(result, ensemble.data, (size_t)*count * sizeof(float));
    ar_plan_destroy(&plan);
    return result;
}

static bool same_output(const network *a, const network *b, const char *field)
{
    int64_t count_a, count_b;
    float *in_a = compute(a, field, &count_a), *in_b = compute(b, field, &count_b);
    assert_int_equal(count_a, count_b);
    assert_true(count_a > 0 && isfinite(in_a[0]) && in_a[0] != in_a[1]);
    bool same = memcmp(in_a, in_b, (size_t)count_a * sizeof(float)) == 0;
    ar_free(in_a);
    ar_free(in_b);
    return same;
}

/* ---- transplants ----------------------------------------------------------------------------- */

typedef struct {
    const char *dropped, *allow_missing;
} allowance;

/* Fields that several donors have come from the first. */
static ar_status transplant(const network *to, const network *const donors[DONORS],
                            const allowance *allow, ar_transplant_counts *counts, ar_error *err)
{
    ar_donor list[DONORS];
    ar_transplant plan = {.donors = list};
    for (int64_t f = 0; f < AR_FIELD_MAX; f++) {
        plan.donor_of_field[f] = -1;
    }
    for (int64_t d = 0; d < DONORS && donors[d]; d++, plan.donor_count++) {
        list[d] = (ar_donor){donors[d]->file, &donors[d]->configuration};
        for (int64_t f = 0; f < to->configuration.field_count; f++) {
            const char *name = to->configuration.fields[f].name;
            if (plan.donor_of_field[f] < 0 &&
                ar_configuration_find_field(&donors[d]->configuration, name) >= 0) {
                plan.donor_of_field[f] = d;
            }
        }
    }
    if (allow && allow->dropped) {
        plan.dropped = &allow->dropped;
        plan.dropped_count = 1;
    }
    if (allow && allow->allow_missing) {
        plan.allow_missing = &allow->allow_missing;
        plan.allow_missing_count = 1;
    }
    return ar_transplant_parameters(&plan, to->model, to->parameters, counts, err);
}

/* From `donor` to a new network of `fields`: the outputs of the fields of `same` stay. */
static ar_transplant_counts check_unchanged(const char *donor_fields, const char *fields,
                                            const char *setting, const char *dropped,
                                            const char *const *same)
{
    network donor, to;
    ar_error err = {""};
    ar_transplant_counts counts;
    create(&donor, donor_fields, MODEL, NULL, 1);
    create(&to, fields, MODEL, setting, 2);
    save(&donor, "donor");
    assert_false(same_output(&donor, &to, same[0]));
    must(transplant(&to, (const network *const[DONORS]){&donor}, &(allowance){.dropped = dropped},
                    &counts, &err),
         &err);
    for (int i = 0; same[i]; i++) {
        if (!same_output(&donor, &to, same[i])) {
            fail_msg("%s: %s is not as it was", backend, same[i]);
        }
    }
    release(&donor);
    release(&to);
    return counts;
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void outputs_stay(void)
{
    /* itself, and its fields in another order */
    ar_transplant_counts counts = check_unchanged(WIND "pressure]}\n" PRESSURE "wind]}\n",
                                                  PRESSURE "wind]}\n" WIND "pressure]}\n", NULL,
                                                  NULL, NAMES("wind", "pressure"));
    assert_true(counts.copied > 0 && counts.widened == 0 && counts.started == 0);
    /* a field less that nobody attends to */
    check_unchanged(HUMIDITY "wind]}\n" WIND "pressure]}\n" PRESSURE "]}\n",
                    WIND "pressure]}\n" PRESSURE "]}\n", NULL, NULL, NAMES("wind", "pressure"));
    /* a field more, to which all are coupled, before and behind their other couplings */
    counts = check_unchanged(WIND "pressure]}\n" PRESSURE "wind]}\n",
                             WIND "humidity, pressure]}\n" HUMIDITY "wind]}\n" PRESSURE
                                  "wind, humidity]}\n",
                             NULL, NULL, NAMES("wind", "pressure"));
    assert_int_equal(counts.widened, 2 * 2 * 2); /* queries and proj_out: 2 fields of 2 layers */
    /* a static field, read by one that had no coupling at all */
    counts =
        check_unchanged(WIND "]}\n", HEIGHT "]}\n" WIND "height]}\n", NULL, NULL, NAMES("wind"));
    assert_int_equal(counts.widened, 2);
    /* more heads for a coupling that there is */
    counts =
        check_unchanged(WIND "pressure]}\n" PRESSURE "]}\n", WIND "pressure]}\n" PRESSURE "]}\n",
                        "fields.wind.coupling_heads=[3]", NULL, NAMES("wind", "pressure"));
    assert_int_equal(counts.widened, 3 * 2); /* keys and values too */
    /* what is left of a field's couplings is as it was, though the field itself then changes */
    check_unchanged(WIND "humidity, pressure]}\n" PRESSURE "]}\n" HUMIDITY "pressure]}\n",
                    WIND "pressure]}\n" PRESSURE "]}\n", NULL, "humidity", NAMES("pressure"));
}

static void outputs_stay_on_all_backends(void **state)
{
    (void)state;
    static const char *const backends[] = {"ref", "cpu"};
    for (int b = 0; b < 2; b++) {
        backend = backends[b];
        outputs_stay();
    }
    backend = "ref";
}

/* Two models of one field each become one of two coupled ones; the new coupling can learn: its
 * queries, keys and values are not zero. */
static void single_fields_become_one_model(void **state)
{
    (void)state;
    network donors[DONORS], both;
    ar_error err = {""};
    ar_transplant_counts counts;
    backend = "ref";
    create(&donors[0], WIND "]}\n", MODEL, NULL, 1);
    create(&donors[1], PRESSURE "]}\n", MODEL, NULL, 5);
    create(&both, PRESSURE "wind]}\n" WIND "pressure]}\n", MODEL, "model.coupling_heads=2", 2);
    save(&donors[0], "wind");
    save(&donors[1], "pressure");
    must(transplant(&both, (const network *const[DONORS]){&donors[0], &donors[1]}, NULL, &counts,
                    &err),
         &err);
    assert_true(same_output(&donors[0], &both, "wind"));
    assert_true(same_output(&donors[1], &both, "pressure"));
    assert_int_equal(counts.started, 2 * 2 * 2); /* queries, and keys with values */
    for (int part = 0; part < 2; part++) {
        char name[80];
        snprintf(name, sizeof name, "encoders.0.heads.1.proj_heads_other.%d.weight", part);
        const ar_parameter *other = ar_graph_find_parameter(both.model->graph, name);
        for (int64_t i = 0; i < other->rows * other->columns; i++) {
            assert_true(both.parameters[other->offset + i] != 0);
        }
    }
    release(&donors[0]);
    release(&donors[1]);
    release(&both);
}

/* ---- what does not fit ----------------------------------------------------------------------- */

typedef struct {
    const char *fields, *model, *setting;
    allowance allow;
    const char *message; /* after the donor's path; NULL: it fits */
} misfit;

static const char both_fields[] = WIND "pressure]}\n" PRESSURE "wind]}\n";

static const misfit misfits[] = {
    {both_fields,
     MODEL,
     "model.tails=4",
     {0},
     "does not fit my.yaml: 8 parameters are missing: tails.0.tail_nets.3.0.weight [48], "
     "tails.0.tail_nets.3.0.bias [48], tails.0.tail_nets.3.1.weight [6, 48], ..."},
    {both_fields, MODEL, "model.tails=4", {.allow_missing = "tails.*.tail_nets.3.*"}, NULL},
    {both_fields,
     MODEL,
     "model.tails=2",
     {0},
     "does not fit my.yaml: 8 tensors are not of this model: tails.0.tail_nets.2.0.weight, "
     "tails.0.tail_nets.2.0.bias, tails.0.tail_nets.2.1.weight, ..."},
    {both_fields, MODEL, "model.tails=2", {.allow_missing = "tails.?.tail_nets.2.*"}, NULL},
    {both_fields,
     MODEL,
     "model.token_info.width=8",
     {0},
     "does not fit my.yaml: 8 tensors have wrong shapes or types: embeds.0.weight is [44, 6], "
     "should be "
     "[40, 6], embeds.0.bias is [44], should be [40], embeds_token_info.0.weight is [4, 8], should "
     "be [8, 8], ..."},
    {both_fields, MODEL, "model.token_info.width=8", {.allow_missing = "embeds*"}, NULL},
    {WIND "]}\n" PRESSURE "wind]}\n",
     MODEL,
     NULL,
     {0},
     "does not fit my.yaml: 2 tensors are not of this model: "
     "encoders.0.heads.0.proj_heads_other.1.weight, encoders.0.heads.1.proj_heads_other.1.weight"},
    {WIND "]}\n" PRESSURE "wind]}\n",
     MODEL,
     NULL,
     {.allow_missing = "encoders.0.heads.*.proj_heads_other.1.weight"},
     NULL},
    {both_fields,
     MODEL,
     "model.encoder.heads=8",
     {0},
     "model.encoder.heads is 4 there and 8 in my.yaml: its parameters are of another network; "
     "should be equal"},
    {both_fields,
     MODEL,
     "model.qk_layer_norm=false",
     {0},
     "model.qk_layer_norm is true there and false in my.yaml: its parameters are of another "
     "network; should be equal"},
    {both_fields,
     MODEL,
     "fields.wind={name: wind, levels: [850, 500], tokens: [1, 4, 3], token_size: [2, 1, 3], "
     "embedding: 48, coupled: [pressure]}",
     {.allow_missing = "positions.*"},
     "token_size of field wind is [1, 2, 3] there and [2, 1, 3] in my.yaml; should be equal"},
    {both_fields,
     MODEL,
     "model.positions=harmonic",
     {0},
     "does not fit my.yaml: 8 tensors are not of this model: positions.0.level, "
     "positions.0.time, positions.0.latitude, ..."},
};

static void what_does_not_fit_is_told(void **state)
{
    (void)state;
    network donor;
    create(&donor, both_fields, MODEL, NULL, 1);
    save(&donor, "whole");
    for (size_t i = 0; i < sizeof misfits / sizeof *misfits; i++) {
        const misfit *m = &misfits[i];
        network to;
        ar_error err = {""};
        ar_transplant_counts counts;
        create(&to, m->fields, m->model, m->setting, 2);
        const ar_status status =
            transplant(&to, (const network *const[DONORS]){&donor}, &m->allow, &counts, &err);
        const char *told = strstr(err.message, "whole.safetensors: ");
        if (!m->message) {
            must(status, &err);
        } else if (status != AR_ERROR_INPUT || !told ||
                   strcmp(told + strlen("whole.safetensors: "), m->message) != 0) {
            fail_msg("%zu: %s", i, err.message);
        }
        release(&to);
    }
    release(&donor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_stay_on_all_backends),
        cmocka_unit_test(single_fields_become_one_model),
        cmocka_unit_test(what_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
