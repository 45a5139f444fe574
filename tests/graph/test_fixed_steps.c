/* Without a loss, what depends on parameters alone is computed in the first run only, and lives on
 * while the rest of the arena is used again and again; weights are packed once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "graph/plan.h"

enum { ROWS = 7, WIDTH = 12, LAYERS = 4 };

/* y = x through some layers, each with a weight that is the product of two parameters. */
typedef struct {
    ar_graph *graph;
    ar_plan *plan;
    ar_tensor input, output;
    float *parameters;
} network;

static ar_tensor linear(ar_graph *graph, ar_tensor input, ar_tensor weight)
{
    return ar_graph_linear(graph, "linear",
                           (ar_linear){.input = input,
                                       .weight = weight,
                                       .bias = AR_NO_TENSOR,
                                       .residual = AR_NO_TENSOR,
                                       .into = AR_NO_TENSOR});
}

static void fill(float *values, int64_t count, uint32_t stream)
{
    ar_random random = {.seed = 1, .step = stream, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < count; i++) {
        values[i] = (float)ar_random_normal(&random);
    }
}

static const struct {
    const char *backend;
    ar_type precision;
} arithmetics[] = {{"ref", AR_TYPE_FLOAT32}, {"cpu", AR_TYPE_FLOAT32}, {"cpu", AR_TYPE_BFLOAT16}};
enum { ARITHMETICS = 3 };

static void create(network *n, int arithmetic, uint32_t stream)
{
    ar_error err;
    assert_int_equal(ar_graph_create(&n->graph, AR_TYPE_FLOAT32, &err), AR_OK);
    n->input = ar_graph_input(n->graph, "x", AR_TYPE_FLOAT32, (ar_rows){0, ROWS}, WIDTH);
    ar_tensor state = n->input;
    for (int layer = 0; layer < LAYERS; layer++) {
        const char names[2][2] = {{(char)('a' + layer), 0}, {(char)('A' + layer), 0}};
        ar_tensor left = ar_graph_parameter(n->graph, names[0], 2, WIDTH, WIDTH);
        ar_tensor right = ar_graph_parameter(n->graph, names[1], 2, WIDTH, WIDTH);
        state = ar_graph_layer_norm(n->graph, "norm",
                                    linear(n->graph, state, linear(n->graph, left, right)),
                                    AR_NO_TENSOR, AR_NO_TENSOR);
    }
    n->output = state;
    ar_graph_keep(n->graph, state);
    assert_int_equal(ar_graph_finish(n->graph, &err), AR_OK);
    assert_int_equal(ar_allocate(&n->parameters, (size_t)n->graph->parameter_values, sizeof(float),
                                 "parameters", &err),
                     AR_OK);
    fill(n->parameters, n->graph->parameter_values, stream);
    assert_int_equal(ar_plan_create(&n->plan, n->graph,
                                    &(ar_plan_options){
                                        .backend = ar_backend_find(arithmetics[arithmetic].backend),
                                        .loss = AR_NO_TENSOR,
                                        .threads = 2,
                                        .precision = arithmetics[arithmetic].precision},
                                    n->parameters, NULL, &err),
                     AR_OK);
}

static void release(network *n)
{
    ar_plan_destroy(&n->plan);
    ar_graph_destroy(&n->graph);
    ar_free(n->parameters);
}

static void run(network *n, uint32_t input, float output[ROWS * WIDTH])
{
    fill(ar_plan_matrix(n->plan, n->input).data, (int64_t)ROWS * WIDTH, input);
    ar_plan_forward(n->plan);
    memcpy(output, ar_plan_matrix(n->plan, n->output).data, ROWS * WIDTH * sizeof(float));
}

static void compare_runs(int arithmetic)
{
    network used;
    create(&used, arithmetic, 100);
    for (uint32_t input = 1; input < 5; input++) {
        network fresh;
        float again[ROWS * WIDTH], first[ROWS * WIDTH];
        create(&fresh, arithmetic, 100);
        run(&used, input, again);
        run(&fresh, input, first);
        assert_memory_equal(again, first, sizeof first);
        release(&fresh);
    }
    release(&used);
}

static void later_runs_give_what_a_first_one_does(void **state)
{
    (void)state;
    for (int a = 0; a < ARITHMETICS; a++) {
        compare_runs(a);
    }
}

/* Products of parameters are not computed again until told, nor are weights packed again. */
static void change_parameters(int arithmetic)
{
    network used, fresh;
    float old[ROWS * WIDTH], untold[ROWS * WIDTH], told[ROWS * WIDTH], wanted[ROWS * WIDTH];
    create(&used, arithmetic, 100);
    create(&fresh, arithmetic, 200);
    run(&used, 1, old);
    fill(used.parameters, used.graph->parameter_values, 200);
    run(&used, 1, untold);
    ar_plan_parameters_changed(used.plan);
    run(&used, 1, told);
    run(&fresh, 1, wanted);
    assert_memory_equal(untold, old, sizeof old);
    assert_memory_equal(told, wanted, sizeof wanted);
    assert_memory_not_equal(told, old, sizeof old);
    release(&used);
    release(&fresh);
}

static void new_parameters_count_when_told(void **state)
{
    (void)state;
    for (int a = 0; a < ARITHMETICS; a++) {
        change_parameters(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_runs_give_what_a_first_one_does),
        cmocka_unit_test(new_parameters_count_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
