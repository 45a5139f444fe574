/* The profile: its rows make the wall clock, its operations are those of the books, what is timed
 * computes the same bits, and the trace is bounded and JSON. */
#include "graph/profile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "graph/plan.h"

enum { ROWS = 6, TOKENS = 3, WIDTH = 8, HEADS = 2, HEAD_SIZE = 4, TARGETS = 5 };

/* x → q k v → self attention → linear → mean squared error */
typedef struct {
    ar_graph *graph;
    ar_plan *plan;
    float *parameters, *gradients;
    ar_tensor input, loss;
} network;

static void make_network(network *n)
{
    ar_error err;
    double target[ROWS * TARGETS];
    for (int i = 0; i < ROWS * TARGETS; i++) {
        target[i] = i % 7;
    }
    assert_int_equal(ar_graph_create(&n->graph, AR_TYPE_FLOAT32, &err), AR_OK);
    ar_graph *g = n->graph;
    n->input = ar_graph_input(g, "x", AR_TYPE_FLOAT32, (ar_rows){0, ROWS}, WIDTH);
    ar_tensor all = ar_graph_linear(
        g, "queries \"and\" more",
        (ar_linear){.input = n->input,
                    .weight = ar_graph_parameter(g, "a", 2, 3 * HEADS * HEAD_SIZE, WIDTH),
                    .bias = AR_NO_TENSOR,
                    .residual = AR_NO_TENSOR,
                    .into = AR_NO_TENSOR});
    const int64_t columns = 3 * HEADS * HEAD_SIZE;
    ar_tensor heads = ar_graph_attention(
        g, "attention",
        (ar_attention){.query = all,
                       .key = ar_graph_columns(g, all, HEAD_SIZE, columns - HEAD_SIZE),
                       .value = ar_graph_columns(g, all, 2 * HEAD_SIZE, columns - 2 * HEAD_SIZE),
                       .query_scale = AR_NO_TENSOR,
                       .query_shift = AR_NO_TENSOR,
                       .key_scale = AR_NO_TENSOR,
                       .key_shift = AR_NO_TENSOR,
                       .heads = HEADS,
                       .head_size = HEAD_SIZE,
                       .query_stride = 3 * HEAD_SIZE,
                       .key_stride = 3 * HEAD_SIZE,
                       .value_stride = 3 * HEAD_SIZE,
                       .query_tokens = TOKENS,
                       .key_tokens = TOKENS,
                       .asked = AR_NO_TENSOR,
                       .into = AR_NO_TENSOR});
    ar_tensor out = ar_graph_linear(
        g, "out",
        (ar_linear){.input = heads,
                    .weight = ar_graph_parameter(g, "b", 2, TARGETS, HEADS * HEAD_SIZE),
                    .bias = AR_NO_TENSOR,
                    .residual = AR_NO_TENSOR,
                    .into = AR_NO_TENSOR});
    n->loss = ar_graph_loss(g, "error",
                            (ar_loss){.kind = AR_OP_LOSS_MSE,
                                      .first = out,
                                      .second = AR_NO_TENSOR,
                                      .target = ar_graph_constant(g, "y", ROWS, TARGETS, target)});
    ar_graph_keep(g, n->loss);
    assert_int_equal(ar_graph_finish(g, &err), AR_OK);
    const size_t count = (size_t)g->parameter_values;
    assert_int_equal(ar_allocate(&n->parameters, count, sizeof(float), "parameters", &err), AR_OK);
    assert_int_equal(ar_allocate(&n->gradients, count, sizeof(float), "gradients", &err), AR_OK);
    for (size_t i = 0; i < count; i++) {
        n->parameters[i] = sinf((float)i);
    }
    const ar_plan_options options = {
        .backend = ar_backend_find("cpu"), .loss = n->loss, .threads = 1};
    assert_int_equal(ar_plan_create(&n->plan, g, &options, n->parameters, n->gradients, &err),
                     AR_OK);
    float *x = ar_plan_matrix(n->plan, n->input).data;
    for (int i = 0; i < ROWS * WIDTH; i++) {
        x[i] = cosf((float)i);
    }
}

static void release_network(network *n)
{
    ar_plan_destroy(&n->plan);
    ar_graph_destroy(&n->graph);
    ar_free(n->parameters);
    ar_free(n->gradients);
}

static void run_steps(network *n, ar_profile *profile, int64_t steps)
{
    for (int64_t step = 0; step < steps; step++) {
        ar_profile_begin_step(profile);
        ar_plan_forward(n->plan);
        ar_plan_adjoint(n->plan);
        ar_profile_end_step(profile);
    }
}

static ar_profile *profiled(network *n, int64_t steps)
{
    ar_error err;
    ar_profile *profile = NULL;
    assert_int_equal(ar_profile_create(&profile, &err), AR_OK);
    ar_profile_start(profile, ar_backend_find("ref"), AR_TYPE_FLOAT32, 1);
    assert_int_equal(ar_plan_set_profile(n->plan, profile, &err), AR_OK);
    run_steps(n, profile, steps);
    ar_profile_stop(profile);
    return profile;
}

static const ar_profile_row *find(const ar_profile_summary *all, const char *name,
                                  const char *direction)
{
    for (int64_t i = 0; i < all->row_count; i++) {
        if (strcmp(all->rows[i].name, name) == 0 &&
            strcmp(all->rows[i].direction, direction) == 0) {
            return &all->rows[i];
        }
    }
    return NULL;
}

/* What the books say of a product [R,K] x [K,N] and of attention's two and five; the first linear's
 * input is no parameter and has no gradient. All numbers are whole: no tolerance. */
static void operations_are_those_of_the_products(void **state)
{
    (void)state;
    network n = {0};
    make_network(&n);
    ar_profile *profile = profiled(&n, 4);
    const ar_profile_summary all = ar_profile_summarise(profile);
    const double first = 2.0 * ROWS * WIDTH * 3 * HEADS * HEAD_SIZE;
    const double last = 2.0 * ROWS * HEADS * HEAD_SIZE * TARGETS;
    const double product = 2.0 * ROWS * TOKENS * HEADS * HEAD_SIZE;
    assert_true(find(&all, "linear", "forward")->operations == 4 * (first + last));
    assert_true(find(&all, "linear", "adjoint")->operations == 4 * (first + 2 * last));
    assert_true(find(&all, "attention", "forward")->operations == 4 * 2 * product);
    assert_true(find(&all, "attention", "adjoint")->operations == 4 * 5 * product);
    assert_int_equal(find(&all, "linear", "forward")->calls, 8);
    assert_true(all.step_operations == 4 * ar_plan_operations(n.plan, true));
    assert_true(all.counted_operations == ar_plan_operations(n.plan, true));
    assert_true(all.forward_operations == ar_plan_operations(n.plan, false));
    /* Forward: x, both weights, heads and scores' sums once; views of q, k, v count what they see.
     */
    const double values =
        ROWS * WIDTH + 3 * HEADS * HEAD_SIZE * WIDTH + ROWS * 3 * HEADS * HEAD_SIZE;
    const double outer = ROWS * HEADS * HEAD_SIZE + TARGETS * HEADS * HEAD_SIZE + ROWS * TARGETS;
    assert_true(find(&all, "linear", "forward")->bytes == 4 * 4 * (values + outer));
    assert_true(find(&all, "attention", "forward")->bytes ==
                4 * 4 * (4.0 * ROWS * HEADS * HEAD_SIZE + ROWS * HEADS));
    ar_profile_destroy(&profile);
    release_network(&n);
}

/* The rows sum to the wall clock by definition of the last one, so what can be wrong is that it is
 * negative: times that lie within others were counted twice. 1e-9: rounding of the sum. */
static void times_make_the_wall_clock(void **state)
{
    (void)state;
    network n = {0};
    make_network(&n);
    ar_error err;
    ar_profile *profile = NULL;
    assert_int_equal(ar_profile_create(&profile, &err), AR_OK);
    ar_profile_start(profile, ar_backend_find("ref"), AR_TYPE_FLOAT32, 1);
    assert_int_equal(ar_plan_set_profile(n.plan, profile, &err), AR_OK);
    ar_profile_begin(profile);
    run_steps(&n, profile, 50);
    ar_profile_begin(profile);
    ar_profile_end(profile, "inner", 0);
    usleep(2000);
    ar_profile_end(profile, "outer", 0);
    ar_profile_stop(profile);
    const ar_profile_summary all = ar_profile_summarise(profile);
    double sum = 0;
    for (int64_t i = 0; i < all.row_count; i++) {
        assert_true(all.rows[i].seconds >= -1e-9);
        sum += all.rows[i].seconds;
    }
    assert_true(fabs(sum - all.seconds) <= 1e-9);
    assert_int_equal(all.row_count, 2);
    assert_int_equal(find(&all, "outer", "")->calls, 1);
    assert_true(find(&all, "outer", "")->seconds >= 2e-3);
    ar_profile_destroy(&profile);
    release_network(&n);
}

static void a_clock_changes_no_bit(void **state)
{
    (void)state;
    network timed = {0}, plain = {0};
    make_network(&timed);
    make_network(&plain);
    ar_profile *profile = profiled(&timed, 2);
    run_steps(&plain, NULL, 2);
    assert_memory_equal(timed.gradients, plain.gradients,
                        (size_t)plain.graph->parameter_values * sizeof(float));
    ar_profile_destroy(&profile);
    release_network(&timed);
    release_network(&plain);
}

/* Of 4,000 steps with 8 ops and themselves the first and last three are kept: 2·3·9 events. */
static void the_trace_has_the_first_and_last_steps(void **state)
{
    (void)state;
    char path[] = "/tmp/profile-XXXXXX", *text = NULL;
    size_t bytes;
    ar_error err;
    network n = {0};
    close(mkstemp(path));
    make_network(&n);
    ar_profile *profile = profiled(&n, 4000);
    /* The names are the profile's own: the graph may go. */
    release_network(&n);
    assert_int_equal(ar_profile_write_trace(profile, path, &err), AR_OK);
    assert_int_equal(ar_file_read_whole(path, 1 << 20, &text, &bytes, &err), AR_OK);
    cJSON *tree = cJSON_Parse(text);
    assert_non_null(tree);
    int counts[4001] = {0}, quoted = 0;
    double end = 0;
    const cJSON *event;
    cJSON_ArrayForEach(event, cJSON_GetObjectItem(tree, "traceEvents"))
    {
        const cJSON *arguments = cJSON_GetObjectItem(event, "args");
        const cJSON *step = cJSON_GetObjectItem(arguments, "step");
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(event, "name"));
        if (!step) {
            continue;
        }
        counts[step->valueint]++;
        quoted += strcmp(name, "queries \"and\" more") == 0;
        if (strcmp(name, "step") != 0) {
            const double start = cJSON_GetObjectItem(event, "ts")->valuedouble;
            assert_true(start >= end - 2e-3); /* printed to 1e-3 microseconds */
            end = start + cJSON_GetObjectItem(event, "dur")->valuedouble;
        }
    }
    for (int step = 1; step <= 4000; step++) {
        assert_int_equal(counts[step], step <= 3 || step > 3997 ? 9 : 0);
    }
    assert_int_equal(quoted, 2 * 3 * 2);
    cJSON_Delete(tree);
    ar_free(text);
    unlink(path);
    ar_profile_destroy(&profile);
}

/* Whichever allocation fails is an error, and nothing leaks (as the sanitizers see). */
static void failing_memory_is_an_error(void **state)
{
    (void)state;
    network n = {0};
    make_network(&n);
    int failures = 0;
    for (int64_t nth = 0; nth < 100; nth++) {
        ar_error err;
        ar_profile *profile = NULL;
        (void)ar_fail_allocation_after(nth);
        ar_status status = ar_profile_create(&profile, &err);
        if (status == AR_OK) {
            status = ar_plan_set_profile(n.plan, profile, &err);
        }
        (void)ar_fail_allocation_after(-1);
        ar_profile_destroy(&profile);
        failures += status == AR_ERROR_MEMORY;
        if (status == AR_OK) {
            break;
        }
    }
    /* The profile and its two lists of events, two lists of nodes and four names. */
    assert_int_equal(failures, 9);
    release_network(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_those_of_the_products),
        cmocka_unit_test(times_make_the_wall_clock),
        cmocka_unit_test(a_clock_changes_no_bit),
        cmocka_unit_test(the_trace_has_the_first_and_last_steps),
        cmocka_unit_test(failing_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
