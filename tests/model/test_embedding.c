/* The embedding of a field by a transformer inside its tokens: where points go, what sees what, and
 * one backend against the other. Its gradient is checked in test_model.c. */
#include "model/embedding.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "graph/plan.h"

static const char yaml[] = "fields:\n"
                           "  - name: wind\n"
                           "    levels: [850, 500]\n"
                           "    tokens: [2, 1, 2]\n"
                           "    token_size: [2, 4, 6]\n"
                           "    embedding: 20\n"
                           "    embedding_network: {type: transformer, patch: [1, 2, 3],\n"
                           "                        layers: 2, heads: 3, width: 24}\n"
                           "model:\n"
                           "  encoder: {layers: 1, heads: 2}\n"
                           "  decoder: {layers: 0}\n"
                           "  tails: 2\n"
                           "  token_info: {kind: harmonic, width: 4}\n"
                           "  positions: factorised\n"
                           "training: {losses: {mse_ensemble: 1}}\n";

enum { BATCH = 2, TOKENS = 2 * 2 * 2, VALUES = 2 * 4 * 6, WIDTH = 20, INFO_WIDTH = 4 };

typedef struct {
    ar_configuration configuration;
    ar_model *model;
    ar_plan *plan;
    void *parameters, *gradients;
    size_t size; /* of a value */
} network;

static void put(const network *n, void *values, int64_t i, double value)
{
    if (n->size == sizeof(double)) {
        ((double *)values)[i] = value;
    } else {
        ((float *)values)[i] = (float)value;
    }
}

static double get(const network *n, const void *values, int64_t i)
{
    return n->size == sizeof(double) ? ((const double *)values)[i]
                                     : (double)((const float *)values)[i];
}

static void put_normal(const network *n, ar_tensor tensor, uint32_t stream)
{
    ar_matrix matrix = ar_plan_matrix(n->plan, tensor);
    ar_random random = {.seed = 3, .step = stream, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < matrix.rows * matrix.columns; i++) {
        put(n, matrix.data, i, (double)(float)ar_random_normal(&random));
    }
}

static void create(network *n, const char *backend, ar_type type)
{
    ar_error err = {""};
    *n = (network){.size = type == AR_TYPE_FLOAT64 ? sizeof(double) : sizeof(float)};
    if (ar_configuration_parse(&n->configuration, yaml, "test", NULL, 0, &err) != AR_OK ||
        ar_model_create(
            &n->model, &n->configuration,
            &(ar_model_options){.batch = BATCH, .losses = true, .keep_stages = true, .type = type},
            &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    const int64_t count = n->model->graph->parameter_values;
    float *start = NULL;
    assert_int_equal(ar_allocate(&start, (size_t)count, sizeof *start, "a test", &err), AR_OK);
    assert_int_equal(ar_allocate(&n->parameters, (size_t)count, n->size, "a test", &err), AR_OK);
    assert_int_equal(ar_allocate(&n->gradients, (size_t)count, n->size, "a test", &err), AR_OK);
    ar_model_initialise(n->model, 5, start);
    for (int64_t i = 0; i < count; i++) {
        put(n, n->parameters, i, (double)start[i]);
    }
    ar_free(start);
    const ar_plan_options options = {
        .backend = ar_backend_find(backend), .loss = n->model->loss, .threads = 2};
    assert_int_equal(
        ar_plan_create(&n->plan, n->model->graph, &options, n->parameters, n->gradients, &err),
        AR_OK);
    const ar_model_field *field = &n->model->fields[0];
    put_normal(n, field->source, 0);
    put_normal(n, field->token_info, 1);
    put_normal(n, field->target, 2);
    ar_matrix masked = ar_plan_matrix(n->plan, field->masked);
    for (int64_t i = 0; i < masked.rows; i++) {
        ((int32_t *)masked.data)[i] = (int32_t)(2 * i + 1);
    }
}

static void release(network *n)
{
    ar_plan_destroy(&n->plan);
    ar_model_destroy(&n->model);
    ar_free(n->parameters);
    ar_free(n->gradients);
    ar_configuration_release(&n->configuration);
}

/* Point (t, y, x) of a block [2, 4, 6] is in patch (t, ⌊y/2⌋, ⌊x/3⌋) at (0, y mod 2, x mod 3). */
static void patches_hold_their_points(void **state)
{
    (void)state;
    enum { ROWS = 3, PATCHES = 2 * 2 * 2, POINTS = 2 * 3 };
    const char *const backends[] = {"ref", "cpu"};
    for (int b = 0; b < 2; b++) {
        ar_graph *graph = NULL;
        ar_plan *plan = NULL;
        ar_error err = {""};
        assert_int_equal(ar_graph_create(&graph, AR_TYPE_FLOAT32, &err), AR_OK);
        ar_tensor blocks =
            ar_graph_input(graph, "blocks", AR_TYPE_FLOAT32, (ar_rows){0, ROWS}, VALUES);
        ar_tensor patches = ar_graph_cut_patches(graph, "patches", blocks, (int64_t[]){2, 4, 6},
                                                 (int64_t[]){1, 2, 3});
        ar_graph_keep(graph, patches);
        assert_int_equal(ar_graph_finish(graph, &err), AR_OK);
        const ar_plan_options options = {
            .backend = ar_backend_find(backends[b]), .loss = AR_NO_TENSOR, .threads = 2};
        assert_int_equal(ar_plan_create(&plan, graph, &options, NULL, NULL, &err), AR_OK);
        float *in = ar_plan_matrix(plan, blocks).data;
        for (int i = 0; i < ROWS * VALUES; i++) {
            in[i] = (float)i;
        }
        ar_plan_forward(plan);
        ar_matrix out = ar_plan_matrix(plan, patches);
        assert_int_equal(out.rows, ROWS * PATCHES);
        assert_int_equal(out.columns, POINTS);
        float next = 0;
        for (int r = 0; r < ROWS; r++) {
            for (int t = 0; t < 2; t++) {
                for (int y = 0; y < 4; y++) {
                    for (int x = 0; x < 6; x++, next++) {
                        int row = r * PATCHES + t * 4 + y / 2 * 2 + x / 3;
                        int column = y % 2 * 3 + x % 3;
                        assert_true(((float *)out.data)[row * POINTS + column] == next);
                    }
                }
            }
        }
        ar_plan_destroy(&plan);
        ar_graph_destroy(&graph);
    }
}

/* A point changes all of what its own token's values become, and nothing else. */
static void a_token_is_embedded_by_itself(void **state)
{
    (void)state;
    enum { CHANGED = 5 };
    network n;
    create(&n, "cpu", AR_TYPE_FLOAT32);
    float before[BATCH * TOKENS * WIDTH];
    const ar_model_field *field = &n.model->fields[0];
    ar_plan_forward(n.plan);
    const float *after = ar_plan_matrix(n.plan, field->embedded).data;
    memcpy(before, after, sizeof before);
    ((float *)ar_plan_matrix(n.plan, field->source).data)[CHANGED * VALUES + 17] += 1;
    ar_plan_forward(n.plan);
    for (int i = 0; i < BATCH * TOKENS * WIDTH; i++) {
        bool may_change = i / WIDTH == CHANGED && i % WIDTH < WIDTH - INFO_WIDTH;
        assert_int_equal(before[i] != after[i], may_change);
    }
    release(&n);
}

/* What a change of two patches at once does beyond what each does alone, relative to one of them:
 * zero for a sum over patches that do not see each other. */
static double interaction(const network *n)
{
    const ar_model_field *field = &n->model->fields[0];
    double *source = ar_plan_matrix(n->plan, field->source).data;
    double mixed[WIDTH] = {0}, alone[WIDTH] = {0}, square = 0, norm = 0;
    for (int which = 0; which < 4; which++) {
        source[0] += which & 1 ? 1 : 0;          /* first patch */
        source[VALUES - 1] += which & 2 ? 1 : 0; /* last patch */
        ar_plan_forward(n->plan);
        const double *embedded = ar_plan_matrix(n->plan, field->embedded).data;
        for (int c = 0; c < WIDTH; c++) {
            mixed[c] += (which == 0 || which == 3 ? 1 : -1) * embedded[c];
            alone[c] += which == 0 ? -embedded[c] : which == 1 ? embedded[c] : 0;
        }
        source[0] -= which & 1 ? 1 : 0;
        source[VALUES - 1] -= which & 2 ? 1 : 0;
    }
    for (int c = 0; c < WIDTH; c++) {
        square += mixed[c] * mixed[c];
        norm += alone[c] * alone[c];
    }
    return sqrt(square / norm);
}

/* Patches see each other through attention, and through nothing else: with its output projections
 * zero the rest is rounding of float64. */
static void patches_see_each_other(void **state)
{
    (void)state;
    network n;
    create(&n, "ref", AR_TYPE_FLOAT64);
    assert_true(interaction(&n) > 1e-3);
    const char *const names[] = {"embeds.0.layers.0.proj_out.weight",
                                 "embeds.0.layers.1.proj_out.weight"};
    for (int i = 0; i < 2; i++) {
        const ar_parameter *one = ar_graph_find_parameter(n.model->graph, names[i]);
        assert_non_null(one);
        memset((double *)n.parameters + one->offset, 0,
               (size_t)(one->rows * one->columns) * sizeof(double));
    }
    assert_true(interaction(&n) < 1e-13);
    release(&n);
}

/* Float32 against the reference in float64. The error of a gradient is some ten roundings of 6e-8 a
 * value, relative to the largest in its parameter; 2e-5 is far from what a wrong one would show. */
static void backends_agree(void **state)
{
    (void)state;
    network fast, reference;
    create(&fast, "cpu", AR_TYPE_FLOAT32);
    create(&reference, "ref", AR_TYPE_FLOAT64);
    network *const both[2] = {&fast, &reference};
    for (int i = 0; i < 2; i++) {
        ar_plan_forward(both[i]->plan);
        ar_plan_adjoint(both[i]->plan);
    }
    const ar_graph *graph = fast.model->graph;
    for (size_t p = 0; p < graph->parameter_count; p++) {
        const ar_parameter *one = &graph->parameters[p];
        double difference = 0, largest = 0;
        assert_true(ar_plan_parameter_has_gradient(fast.plan, (int64_t)p));
        for (int64_t i = 0; i < one->rows * one->columns; i++) {
            double wanted = get(&reference, reference.gradients, one->offset + i);
            double found = get(&fast, fast.gradients, one->offset + i);
            difference = fmax(difference, fabs(found - wanted));
            largest = fmax(largest, fabs(wanted));
        }
        if (!(difference <= 2e-5 * largest && largest > 0)) {
            fail_msg("d/d %s is off by %.1e of %.1e", one->name, difference, largest);
        }
    }
    release(&fast);
    release(&reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patches_hold_their_points),
        cmocka_unit_test(a_token_is_embedded_by_itself),
        cmocka_unit_test(patches_see_each_other),
        cmocka_unit_test(backends_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
