/* Tails with hidden layers against plain loops over the released model's sequence: layer norm,
 * (linear, GELU)…, linear, under the names and places that its files have. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "model/layers.h"

enum { TOKENS = 5, WIDTH = 7, VALUES = 3, MEMBERS = 3 };

typedef struct {
    ar_configuration configuration;
    ar_field_configuration field;
    ar_model_field tensors;
    ar_graph *graph;
    ar_plan *plan;
    ar_tensor ensemble;
    double tokens[TOKENS * WIDTH];
    double *parameters; /* the graph's block, and in float32 for the cpu backend */
    float *single;
} ensemble;

static void create(ensemble *e, int64_t hidden, const char *backend)
{
    ar_error err = {""};
    const bool wide = strcmp(backend, "ref") == 0;
    *e = (ensemble){.tensors = {.values = VALUES}};
    e->configuration.fields = &e->field;
    e->configuration.model.tails = MEMBERS;
    e->configuration.model.tail_layers = hidden;
    assert_int_equal(ar_graph_create(&e->graph, wide ? AR_TYPE_FLOAT64 : AR_TYPE_FLOAT32, &err),
                     AR_OK);
    ar_random random = {.seed = 3, .purpose = AR_RANDOM_TEST};
    for (int i = 0; i < TOKENS * WIDTH; i++) {
        e->tokens[i] = (double)(float)ar_random_normal(&random);
    }
    const ar_recording recording = {.graph = e->graph,
                                    .configuration = &e->configuration,
                                    .fields = &e->tensors,
                                    .draw = AR_NO_TENSOR};
    e->ensemble = ar_record_tails(&recording, 4,
                                  ar_graph_constant(e->graph, "tokens", TOKENS, WIDTH, e->tokens));
    ar_graph_keep(e->graph, e->ensemble);
    if (ar_graph_finish(e->graph, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    const size_t count = (size_t)e->graph->parameter_values;
    assert_int_equal(ar_allocate(&e->parameters, count, sizeof(double), "", &err), AR_OK);
    assert_int_equal(ar_allocate(&e->single, count, sizeof(float), "", &err), AR_OK);
    for (size_t i = 0; i < count; i++) {
        e->single[i] = (float)(0.5 * ar_random_normal(&random));
        e->parameters[i] = (double)e->single[i];
    }
    const ar_plan_options options = {
        .backend = ar_backend_find(backend), .loss = AR_NO_TENSOR, .threads = 2};
    assert_int_equal(ar_plan_create(&e->plan, e->graph, &options,
                                    wide ? (void *)e->parameters : (void *)e->single, NULL, &err),
                     AR_OK);
    ar_plan_forward(e->plan);
}

static void release(ensemble *e)
{
    ar_plan_destroy(&e->plan);
    ar_graph_destroy(&e->graph);
    ar_free(e->parameters);
    ar_free(e->single);
}

static const double *parameter_of(const ensemble *e, int member, int64_t place, const char *kind,
                                  int64_t rows, int64_t columns)
{
    char name[96];
    snprintf(name, sizeof name, "tails.4.tail_nets.%d.%d.%s", member, (int)place, kind);
    const ar_parameter *parameter = ar_graph_find_parameter(e->graph, name);
    if (!parameter || parameter->rows != rows || parameter->columns != columns) {
        fail_msg("no %s of [%d, %d]", name, (int)rows, (int)columns);
    }
    return e->parameters + parameter->offset;
}

/* One token through one tail: place 0 is the norm, the odd ones are linear. */
static void compute_tail(const ensemble *e, int member, int64_t hidden, const double *token,
                         double result[VALUES])
{
    double state[WIDTH], next[WIDTH], mean = 0, variance = 0;
    const double *scale = parameter_of(e, member, 0, "weight", 1, WIDTH);
    const double *shift = parameter_of(e, member, 0, "bias", 1, WIDTH);
    for (int i = 0; i < WIDTH; i++) {
        mean += token[i] / WIDTH;
    }
    for (int i = 0; i < WIDTH; i++) {
        variance += (token[i] - mean) * (token[i] - mean) / WIDTH;
    }
    for (int i = 0; i < WIDTH; i++) {
        state[i] = (token[i] - mean) / sqrt(variance + 1e-5) * scale[i] + shift[i];
    }
    for (int64_t step = 0; step <= hidden; step++) {
        const int columns = step == hidden ? VALUES : WIDTH;
        const double *weight = parameter_of(e, member, 1 + 2 * step, "weight", columns, WIDTH);
        const double *bias = parameter_of(e, member, 1 + 2 * step, "bias", 1, columns);
        for (int o = 0; o < columns; o++) {
            next[o] = bias[o];
            for (int i = 0; i < WIDTH; i++) {
                next[o] += weight[o * WIDTH + i] * state[i];
            }
            if (step < hidden) {
                next[o] *= 0.5 * (1 + erf(next[o] / sqrt(2)));
            }
        }
        memcpy(state, next, sizeof state);
    }
    memcpy(result, next, VALUES * sizeof *result);
}

/* float64 rounds at 1e-16; float32 at 6e-8, in sums of seven terms and with its GELU's 1e-7. */
static void tails_are_the_released_sequence(void **state)
{
    (void)state;
    const char *const backends[] = {"ref", "cpu"};
    const double tolerances[] = {1e-12, 3e-6};
    for (int b = 0; b < 2; b++) {
        for (int64_t hidden = 0; hidden < 4; hidden++) {
            ensemble e;
            create(&e, hidden, backends[b]);
            assert_int_equal(e.graph->parameter_count, MEMBERS * (2 + 2 * (hidden + 1)));
            ar_matrix out = ar_plan_matrix(e.plan, e.ensemble);
            assert_int_equal(out.rows, TOKENS);
            assert_int_equal(out.columns, MEMBERS * VALUES);
            for (int t = 0; t < TOKENS; t++) {
                for (int n = 0; n < MEMBERS; n++) {
                    double wanted[VALUES];
                    compute_tail(&e, n, hidden, e.tokens + t * WIDTH, wanted);
                    for (int v = 0; v < VALUES; v++) {
                        int64_t at = t * out.stride + n * VALUES + v;
                        double ours =
                            b == 0 ? ((double *)out.data)[at] : (double)((float *)out.data)[at];
                        if (!(fabs(ours - wanted[v]) < tolerances[b] * fmax(1, fabs(wanted[v])))) {
                            fail_msg("%s, %d hidden: %g, wanted %g", backends[b], (int)hidden, ours,
                                     wanted[v]);
                        }
                    }
                }
            }
            release(&e);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_are_the_released_sequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
