/* The plan: gradients add up where a tensor is used more than once or in parts, row counts may
 * vary, wrong shapes and failing allocations are errors. */
#include "graph/plan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "graph/gradients.h"

enum { ROWS = 5, WIDTH = 6 };

static void fill_random(double *values, int64_t count, uint32_t stream)
{
    ar_random random = {.seed = 11, .step = stream, .purpose = AR_RANDOM_TEST};
    for (int64_t i = 0; i < count; i++) {
        values[i] = ar_random_normal(&random);
    }
}

static ar_tensor weight(ar_graph *g, const char *name, int64_t out, int64_t in)
{
    return ar_graph_parameter(g, name, 2, out, in);
}

static ar_tensor linear(ar_graph *g, ar_tensor input, ar_tensor parameters, ar_tensor residual,
                        ar_tensor into)
{
    return ar_graph_linear(g, "linear",
                           (ar_linear){.input = input,
                                       .weight = parameters,
                                       .bias = AR_NO_TENSOR,
                                       .residual = residual,
                                       .into = into});
}

static ar_tensor plain(ar_graph *g, ar_tensor input, ar_tensor parameters)
{
    return linear(g, input, parameters, AR_NO_TENSOR, AR_NO_TENSOR);
}

/* Mean squared distance of a tensor [ROWS, columns] to fixed random numbers. */
static ar_tensor distance(ar_graph *g, ar_tensor x, int64_t columns)
{
    double target[ROWS * 3 * WIDTH];
    fill_random(target, ROWS * columns, 99);
    return ar_graph_loss(g, "distance",
                         (ar_loss){.kind = AR_OP_LOSS_MSE,
                                   .first = x,
                                   .second = AR_NO_TENSOR,
                                   .target = ar_graph_constant(g, "truth", ROWS, columns, target)});
}

static ar_tensor sum_of(ar_graph *g, ar_tensor a, ar_tensor b)
{
    return ar_graph_weighted_sum(g, "sum", (ar_tensor[]){a, b}, (double[]){0.7, 1.6}, 2);
}

static ar_tensor hidden(ar_graph *g, int64_t columns)
{
    return plain(g, weight(g, "x", ROWS, WIDTH), weight(g, "to hidden", columns, WIDTH));
}

/* ---- graphs whose gradients meet --------------------------------------------------------------
 */

static ar_tensor two_consumers(ar_graph *g)
{
    ar_tensor h = hidden(g, WIDTH);
    return sum_of(g, distance(g, plain(g, h, weight(g, "a", 4, WIDTH)), 4),
                  distance(g, plain(g, h, weight(g, "b", 7, WIDTH)), 7));
}

static ar_tensor twice_in_one_node(ar_graph *g)
{
    ar_tensor h = hidden(g, WIDTH);
    return distance(g, linear(g, h, weight(g, "a", WIDTH, WIDTH), h, AR_NO_TENSOR), WIDTH);
}

static ar_tensor shared_weight(ar_graph *g)
{
    ar_tensor w = weight(g, "w", WIDTH, WIDTH);
    return distance(g, plain(g, plain(g, hidden(g, WIDTH), w), w), WIDTH);
}

static ar_tensor views_side_by_side(ar_graph *g)
{
    ar_tensor h = hidden(g, 2 * WIDTH);
    ar_tensor left = ar_graph_columns(g, h, 0, WIDTH), right = ar_graph_columns(g, h, WIDTH, WIDTH);
    return sum_of(g, distance(g, plain(g, left, weight(g, "a", 4, WIDTH)), 4),
                  distance(g, plain(g, right, weight(g, "b", 3, WIDTH)), 3));
}

static ar_tensor overlapping_views(ar_graph *g)
{
    ar_tensor h = hidden(g, 2 * WIDTH);
    ar_tensor left = ar_graph_columns(g, h, 0, 8), right = ar_graph_columns(g, h, 5, 7);
    return sum_of(g, distance(g, plain(g, left, weight(g, "a", 4, 8)), 4),
                  distance(g, plain(g, right, weight(g, "b", 3, 7)), 3));
}

static ar_tensor view_of_a_view_and_the_whole(ar_graph *g)
{
    ar_tensor h = hidden(g, 2 * WIDTH);
    ar_tensor inner = ar_graph_columns(g, ar_graph_columns(g, h, 2, 8), 1, 5);
    return sum_of(g, distance(g, plain(g, inner, weight(g, "a", 4, 5)), 4),
                  distance(g, plain(g, h, weight(g, "b", 3, 2 * WIDTH)), 3));
}

/* Columns that nobody reads have gradient zero, whatever the arena held before. */
static ar_tensor columns_nobody_reads(ar_graph *g)
{
    ar_tensor part = ar_graph_columns(g, hidden(g, 2 * WIDTH), 3, 4);
    return distance(g, plain(g, part, weight(g, "a", 4, 4)), 4);
}

static ar_tensor filled_piecewise(ar_graph *g)
{
    ar_tensor x = weight(g, "x", ROWS, WIDTH);
    ar_tensor whole = ar_graph_activation(g, "whole", (ar_rows){0, ROWS}, WIDTH);
    linear(g, x, weight(g, "left", 2, WIDTH), AR_NO_TENSOR, ar_graph_columns(g, whole, 0, 2));
    linear(g, x, weight(g, "right", 4, WIDTH), AR_NO_TENSOR, ar_graph_columns(g, whole, 2, 4));
    return distance(g, plain(g, whole, weight(g, "a", 4, WIDTH)), 4);
}

/* Query, key and value interleaved in one projection, a fourth block unread: heads with gaps. */
static ar_tensor attention_with_gaps(ar_graph *g)
{
    ar_tensor all = hidden(g, 2 * 4 * 2);
    ar_tensor y = ar_graph_attention(g, "attention",
                                     (ar_attention){.query = ar_graph_columns(g, all, 0, 14),
                                                    .key = ar_graph_columns(g, all, 2, 14),
                                                    .value = ar_graph_columns(g, all, 4, 12),
                                                    .asked = AR_NO_TENSOR,
                                                    .query_scale = AR_NO_TENSOR,
                                                    .query_shift = AR_NO_TENSOR,
                                                    .key_scale = AR_NO_TENSOR,
                                                    .key_shift = AR_NO_TENSOR,
                                                    .heads = 2,
                                                    .head_size = 2,
                                                    .query_stride = 8,
                                                    .key_stride = 8,
                                                    .value_stride = 8,
                                                    .query_tokens = ROWS,
                                                    .key_tokens = ROWS,
                                                    .normalise_query = false,
                                                    .normalise_key = false,
                                                    .into = AR_NO_TENSOR});
    return distance(g, y, 4);
}

typedef struct {
    const char *name;
    ar_tensor (*build)(ar_graph *graph);
} graph_case;

static const graph_case cases[] = {
    {"two consumers", two_consumers},
    {"twice in one node", twice_in_one_node},
    {"shared weight", shared_weight},
    {"views side by side", views_side_by_side},
    {"overlapping views", overlapping_views},
    {"view of a view, and the whole", view_of_a_view_and_the_whole},
    {"columns nobody reads", columns_nobody_reads},
    {"filled piecewise", filled_piecewise},
    {"attention with gaps", attention_with_gaps},
};
enum { CASE_COUNT = sizeof cases / sizeof *cases, MOST_PARAMETERS = 1000 };

typedef struct {
    ar_graph *graph;
    ar_plan *plan;
    ar_tensor loss;
    double parameters[MOST_PARAMETERS], gradients[MOST_PARAMETERS]; /* of the graph's type */
} graph_run;

static void prepare(graph_run *run, const graph_case *chosen, ar_type type, const char *backend)
{
    ar_error err = {""};
    double values[MOST_PARAMETERS];
    assert_int_equal(ar_graph_create(&run->graph, type, &err), AR_OK);
    run->loss = chosen->build(run->graph);
    if (ar_graph_finish(run->graph, &err) != AR_OK) {
        fail_msg("%s: %s", chosen->name, err.message);
    }
    assert_true(run->graph->parameter_values <= MOST_PARAMETERS);
    fill_random(values, run->graph->parameter_values, 1);
    for (int64_t i = 0; i < run->graph->parameter_values; i++) {
        if (type == AR_TYPE_FLOAT64) {
            run->parameters[i] = values[i];
        } else {
            ((float *)run->parameters)[i] = (float)values[i];
        }
    }
    assert_int_equal(ar_plan_create(&run->plan, run->graph,
                                    &(ar_plan_options){.backend = ar_backend_find(backend),
                                                       .loss = run->loss,
                                                       .threads = 2},
                                    run->parameters, run->gradients, &err),
                     AR_OK);
}

static void compute_gradients(graph_run *run)
{
    poison_gradients(run->plan, run->graph, run->gradients);
    ar_plan_forward(run->plan);
    ar_plan_adjoint(run->plan);
}

static void release(graph_run *run)
{
    ar_plan_destroy(&run->plan);
    ar_graph_destroy(&run->graph);
}

/* Frozen parameters, those that the loss does not depend on, and what lies between parameters. */
static void what_no_gradient_reaches_is_left_alone(void **state)
{
    (void)state;
    graph_run run = {0};
    ar_error err = {""};
    assert_int_equal(ar_graph_create(&run.graph, AR_TYPE_FLOAT64, &err), AR_OK);
    ar_tensor h = hidden(run.graph, WIDTH), frozen = weight(run.graph, "frozen", 4, WIDTH);
    run.loss = distance(run.graph, plain(run.graph, h, frozen), 4);
    plain(run.graph, h, weight(run.graph, "unused", 3, WIDTH));
    assert_int_equal(ar_graph_finish(run.graph, &err), AR_OK);
    ar_graph_freeze(run.graph, (bool[]){false, false, true, false});
    fill_random(run.parameters, run.graph->parameter_values, 1);
    const ar_plan_options options = {
        .backend = ar_backend_find("ref"), .loss = run.loss, .threads = 1};
    assert_int_equal(
        ar_plan_create(&run.plan, run.graph, &options, run.parameters, run.gradients, &err), AR_OK);
    double before[MOST_PARAMETERS];
    fill_random(before, MOST_PARAMETERS, 2);
    memcpy(run.gradients, before, sizeof before);
    ar_plan_forward(run.plan);
    ar_plan_adjoint(run.plan);
    for (size_t p = 0; p < run.graph->parameter_count; p++) {
        const ar_parameter *parameter = &run.graph->parameters[p];
        const int64_t end = parameter->offset + parameter->rows * parameter->columns;
        const int64_t next = p + 1 < run.graph->parameter_count
                                 ? run.graph->parameters[p + 1].offset
                                 : run.graph->parameter_values;
        const bool reached = ar_plan_parameter_has_gradient(run.plan, (int64_t)p);
        assert_true(reached == (p < 2));
        for (int64_t i = parameter->offset; i < next; i++) {
            assert_true((run.gradients[i] != before[i]) == (reached && i < end));
        }
    }
    release(&run);
}

static double loss_of(graph_run *run)
{
    ar_plan_forward(run->plan);
    return *(const double *)ar_plan_matrix(run->plan, run->loss).data;
}

/* The loss is a polynomial of low degree (attention apart), so central differences with h = 1e-5
 * err by h² ≈ 1e-10 and by rounding 1e-16/h ≈ 1e-11 of the loss, which is of order 10. */
static void gradients_of_all_uses_add(void **state)
{
    (void)state;
    const double h = 1e-5;
    for (int c = 0; c < CASE_COUNT; c++) {
        graph_run run = {0};
        prepare(&run, &cases[c], AR_TYPE_FLOAT64, "ref");
        compute_gradients(&run);
        compute_gradients(&run); /* again, so that what the first left behind cannot hide */
        double difference = 0, norm = 0;
        for (size_t p = 0; p < run.graph->parameter_count; p++) {
            const ar_parameter *parameter = &run.graph->parameters[p];
            for (int64_t i = 0; i < parameter->rows * parameter->columns; i++) {
                double *value = &run.parameters[parameter->offset + i], kept = *value;
                *value = kept + h;
                double above = loss_of(&run);
                *value = kept - h;
                double slope = (above - loss_of(&run)) / (2 * h);
                *value = kept;
                difference += pow(slope - run.gradients[parameter->offset + i], 2);
                norm += slope * slope;
            }
        }
        if (!(sqrt(difference / norm) < 1e-8)) {
            fail_msg("%s: the gradient is off by %.2e", cases[c].name, sqrt(difference / norm));
        }
        release(&run);
    }
}

/* float32 sums of a dozen products round at a few 1e-7 of the whole. */
static void gradients_add_on_every_backend(void **state)
{
    (void)state;
    for (int c = 0; c < CASE_COUNT; c++) {
        graph_run exact = {0}, fast = {0};
        prepare(&exact, &cases[c], AR_TYPE_FLOAT64, "ref");
        prepare(&fast, &cases[c], AR_TYPE_FLOAT32, "cpu");
        compute_gradients(&exact);
        compute_gradients(&fast);
        compute_gradients(&fast);
        double difference = 0, norm = 0;
        for (int64_t i = 0; i < exact.graph->parameter_values; i++) {
            difference += pow((double)((float *)fast.gradients)[i] - exact.gradients[i], 2);
            norm += exact.gradients[i] * exact.gradients[i];
        }
        if (!(sqrt(difference / norm) < 3e-6)) {
            fail_msg("%s: cpu is off by %.2e", cases[c].name, sqrt(difference / norm));
        }
        release(&exact);
        release(&fast);
    }
}

/* ---- row counts that vary -------------------------------------------------------------------- */

enum { TOKENS = 3, VALUES = 2, MOST_SAMPLES = 5, MOST_MASKED = 7 };

typedef struct {
    ar_graph *graph;
    ar_plan *plan;
    ar_tensor source, index, target, picked, loss;
    int samples, masked; /* dimensions */
    float parameters[512], gradients[512];
} masked_model;

/* Tokens through a residual block; some of them picked and held against a target. */
static void record_masked_model(masked_model *m, int64_t samples, int64_t masked)
{
    ar_graph *g = m->graph;
    m->samples = ar_graph_dimension(g, "samples", samples);
    m->masked = ar_graph_dimension(g, "masked", masked);
    m->source = ar_graph_input(g, "source", AR_TYPE_FLOAT32, (ar_rows){m->samples, TOKENS}, WIDTH);
    m->index = ar_graph_input(g, "index", AR_TYPE_INT32, (ar_rows){m->masked, 1}, 1);
    m->target = ar_graph_input(g, "target", AR_TYPE_FLOAT32, (ar_rows){m->masked, 1}, VALUES);
    ar_tensor table = ar_graph_parameter(g, "table", 2, TOKENS, WIDTH);
    ar_tensor x = ar_graph_add_periodic(g, "positions", m->source, table);
    ar_tensor all = plain(g, ar_graph_layer_norm(g, "norm", x, AR_NO_TENSOR, AR_NO_TENSOR),
                          weight(g, "qkv", 3 * WIDTH, WIDTH));
    ar_tensor heads =
        ar_graph_attention(g, "attention",
                           (ar_attention){.query = ar_graph_columns(g, all, 0, WIDTH),
                                          .key = ar_graph_columns(g, all, WIDTH, WIDTH),
                                          .value = ar_graph_columns(g, all, 2 * WIDTH, WIDTH),
                                          .asked = AR_NO_TENSOR,
                                          .query_scale = AR_NO_TENSOR,
                                          .query_shift = AR_NO_TENSOR,
                                          .key_scale = AR_NO_TENSOR,
                                          .key_shift = AR_NO_TENSOR,
                                          .heads = 2,
                                          .head_size = 3,
                                          .query_stride = 3,
                                          .key_stride = 3,
                                          .value_stride = 3,
                                          .query_tokens = TOKENS,
                                          .key_tokens = TOKENS,
                                          .normalise_query = true,
                                          .normalise_key = true,
                                          .into = AR_NO_TENSOR});
    x = linear(g, heads, weight(g, "out", WIDTH, WIDTH), x, AR_NO_TENSOR);
    m->picked = ar_graph_gather_rows(g, "picked", x, m->index);
    ar_tensor ensemble = plain(g, m->picked, weight(g, "tails", 3 * VALUES, WIDTH)), mean,
              deviation;
    ar_graph_ensemble_statistics(g, "statistics", ensemble, 3, &mean, &deviation);
    ar_graph_keep(g, ensemble);
    m->picked = ensemble;
    const ar_loss kernel = {.kind = AR_OP_LOSS_KERNEL_CRPS,
                            .first = ensemble,
                            .second = AR_NO_TENSOR,
                            .target = m->target,
                            .members = 3};
    const ar_loss normal = {
        .kind = AR_OP_LOSS_CRPS, .first = mean, .second = deviation, .target = m->target};
    m->loss = sum_of(g, ar_graph_loss(g, "kernel", kernel), ar_graph_loss(g, "normal", normal));
}

static void create_masked_model(masked_model *m, const char *backend, int64_t samples,
                                int64_t masked)
{
    ar_error err = {""};
    double values[512];
    assert_int_equal(ar_graph_create(&m->graph, AR_TYPE_FLOAT32, &err), AR_OK);
    record_masked_model(m, samples, masked);
    assert_int_equal(ar_graph_finish(m->graph, &err), AR_OK);
    fill_random(values, 512, 4);
    for (int i = 0; i < 512; i++) {
        m->parameters[i] = (float)values[i];
    }
    const ar_plan_options options = {
        .backend = ar_backend_find(backend), .loss = m->loss, .threads = 2};
    assert_int_equal(
        ar_plan_create(&m->plan, m->graph, &options, m->parameters, m->gradients, &err), AR_OK);
}

static void run_masked_model(masked_model *m, int64_t samples, int64_t masked)
{
    double values[MOST_SAMPLES * TOKENS * WIDTH];
    ar_plan_set_rows(m->plan, m->samples, samples);
    ar_plan_set_rows(m->plan, m->masked, masked);
    fill_random(values, samples * TOKENS * WIDTH, 5);
    for (int64_t i = 0; i < samples * TOKENS * WIDTH; i++) {
        ((float *)ar_plan_matrix(m->plan, m->source).data)[i] = (float)values[i];
    }
    fill_random(values, masked * VALUES, 6);
    for (int64_t i = 0; i < masked; i++) {
        ((int32_t *)ar_plan_matrix(m->plan, m->index).data)[i] = (int32_t)((2 * i) % (3 * samples));
        for (int64_t v = 0; v < VALUES; v++) {
            ((float *)ar_plan_matrix(m->plan, m->target).data)[i * VALUES + v] =
                (float)values[i * VALUES + v];
        }
    }
    poison_gradients(m->plan, m->graph, m->gradients);
    ar_plan_forward(m->plan);
    ar_plan_adjoint(m->plan);
}

static void compare_with_exact_plan(masked_model *large, const char *backend, int64_t samples,
                                    int64_t masked)
{
    masked_model exact = {0};
    create_masked_model(&exact, backend, samples, masked > 0 ? masked : 1);
    run_masked_model(large, samples, masked);
    run_masked_model(&exact, samples, masked);
    assert_memory_equal(large->gradients, exact.gradients,
                        (size_t)large->graph->parameter_values * sizeof(float));
    ar_matrix a = ar_plan_matrix(large->plan, large->loss);
    ar_matrix b = ar_plan_matrix(exact.plan, exact.loss);
    assert_memory_equal(a.data, b.data, sizeof(float));
    a = ar_plan_matrix(large->plan, large->picked);
    b = ar_plan_matrix(exact.plan, exact.picked);
    assert_int_equal(a.rows, masked);
    assert_memory_equal(a.data, b.data, (size_t)(a.rows * a.columns) * sizeof(float));
    for (int64_t i = 0; i < large->graph->parameter_values; i++) {
        assert_true(isfinite(large->gradients[i]) && (masked > 0 || large->gradients[i] == 0));
    }
    ar_plan_destroy(&exact.plan);
    ar_graph_destroy(&exact.graph);
}

/* To the bit: a plan for more rows does nothing else than one for exactly so many. Without masked
 * rows the loss is zero, and so are all gradients. */
static void row_counts_may_vary(void **state)
{
    (void)state;
    const char *const backends[] = {"ref", "cpu"};
    const int64_t counts[][2] = {{5, 7}, {2, 3}, {1, 0}, {5, 1}, {3, 4}, {4, 0}, {5, 7}};
    for (int b = 0; b < 2; b++) {
        masked_model large = {0};
        create_masked_model(&large, backends[b], MOST_SAMPLES, MOST_MASKED);
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            compare_with_exact_plan(&large, backends[b], counts[i][0], counts[i][1]);
            if (counts[i][1] == 0) {
                assert_true(*(float *)ar_plan_matrix(large.plan, large.loss).data == 0.0f);
            }
        }
        ar_plan_destroy(&large.plan);
        ar_graph_destroy(&large.graph);
    }
}

/* Forward values are the same whether activations are kept for an adjoint or die early. */
static void inference_gives_the_same_in_less_memory(void **state)
{
    (void)state;
    masked_model training = {0}, inference = {0};
    create_masked_model(&training, "cpu", MOST_SAMPLES, MOST_MASKED);
    create_masked_model(&inference, "cpu", MOST_SAMPLES, MOST_MASKED);
    ar_plan_destroy(&inference.plan);
    const ar_plan_options options = {
        .backend = ar_backend_find("cpu"), .loss = AR_NO_TENSOR, .threads = 2};
    assert_int_equal(ar_plan_create(&inference.plan, inference.graph, &options,
                                    inference.parameters, NULL, NULL),
                     AR_OK);
    run_masked_model(&training, 5, 7);
    ar_matrix from = ar_plan_matrix(training.plan, training.source);
    ar_matrix to = ar_plan_matrix(inference.plan, inference.source);
    memcpy(to.data, from.data, (size_t)(from.rows * from.columns) * sizeof(float));
    memcpy(ar_plan_matrix(inference.plan, inference.index).data,
           ar_plan_matrix(training.plan, training.index).data, MOST_MASKED * sizeof(int32_t));
    memcpy(ar_plan_matrix(inference.plan, inference.target).data,
           ar_plan_matrix(training.plan, training.target).data,
           MOST_MASKED * VALUES * sizeof(float));
    ar_plan_forward(inference.plan);
    from = ar_plan_matrix(training.plan, training.picked);
    to = ar_plan_matrix(inference.plan, inference.picked);
    assert_memory_equal(from.data, to.data, (size_t)(from.rows * from.columns) * sizeof(float));
    assert_true(ar_plan_bytes(inference.plan) < ar_plan_bytes(training.plan));
    for (int64_t p = 0; p < (int64_t)training.graph->parameter_count; p++) {
        assert_true(ar_plan_parameter_has_gradient(training.plan, p));
        assert_false(ar_plan_parameter_has_gradient(inference.plan, p));
    }
    ar_plan_destroy(&training.plan);
    ar_plan_destroy(&inference.plan);
    ar_graph_destroy(&training.graph);
    ar_graph_destroy(&inference.graph);
}

/* ---- wrong shapes -----------------------------------------------------------------------------
 */

static void wrong_weight(ar_graph *g)
{
    plain(g, weight(g, "x", 4, 6), weight(g, "crooked", 3, 5));
}

static void wrong_bias(ar_graph *g)
{
    ar_graph_linear(g, "y",
                    (ar_linear){.input = weight(g, "x", 4, 6),
                                .weight = weight(g, "w", 3, 6),
                                .bias = ar_graph_parameter(g, "crooked", 1, 1, 4),
                                .residual = AR_NO_TENSOR,
                                .into = AR_NO_TENSOR});
}

static void wrong_residual(ar_graph *g)
{
    linear(g, weight(g, "x", 4, 6), weight(g, "w", 3, 6), weight(g, "crooked", 5, 3), AR_NO_TENSOR);
}

static void wrong_scale(ar_graph *g)
{
    ar_graph_layer_norm(g, "y", weight(g, "x", 4, 6), ar_graph_parameter(g, "crooked", 1, 1, 5),
                        AR_NO_TENSOR);
}

static void attend(ar_graph *g, ar_tensor query, ar_tensor key, ar_tensor value, int64_t tokens)
{
    ar_graph_attention(g, "y",
                       (ar_attention){.query = query,
                                      .key = key,
                                      .value = value,
                                      .asked = AR_NO_TENSOR,
                                      .query_scale = AR_NO_TENSOR,
                                      .query_shift = AR_NO_TENSOR,
                                      .key_scale = AR_NO_TENSOR,
                                      .key_shift = AR_NO_TENSOR,
                                      .heads = 2,
                                      .head_size = 3,
                                      .query_stride = 3,
                                      .key_stride = 3,
                                      .value_stride = 3,
                                      .query_tokens = 2,
                                      .key_tokens = tokens,
                                      .into = AR_NO_TENSOR});
}

static void wrong_head_columns(ar_graph *g)
{
    attend(g, weight(g, "q", 4, 6), weight(g, "crooked", 4, 5), weight(g, "v", 4, 6), 2);
}

static void wrong_samples(ar_graph *g)
{
    attend(g, weight(g, "q", 4, 6), weight(g, "crooked", 5, 6), weight(g, "v", 4, 6), 2);
}

/* Two samples of queries and three of keys: the attention would read beyond one of them. */
static void wrong_sample_count(ar_graph *g)
{
    attend(g, weight(g, "q", 4, 6), weight(g, "crooked", 6, 6), weight(g, "v", 6, 6), 2);
}

static void wrong_value_rows(ar_graph *g)
{
    attend(g, weight(g, "q", 4, 6), weight(g, "k", 4, 6), weight(g, "crooked", 2, 6), 2);
}

static void wrong_key_dimension(ar_graph *g)
{
    int samples = ar_graph_dimension(g, "samples", 2);
    ar_tensor key = ar_graph_activation(g, "crooked", (ar_rows){samples, 4}, 6);
    attend(g, weight(g, "q", 4, 6), key, weight(g, "v", 4, 6), 2);
}

static void wrong_table(ar_graph *g)
{
    ar_graph_add_periodic(g, "y", weight(g, "x", 6, 4), weight(g, "crooked", 4, 4));
}

static void wrong_factor(ar_graph *g)
{
    ar_graph_factorised_positions(g, "y", weight(g, "l", 1, 4), weight(g, "t", 2, 4),
                                  weight(g, "crooked", 2, 5), weight(g, "x", 3, 4));
}

static void wrong_index(ar_graph *g)
{
    ar_graph_gather_rows(g, "y", weight(g, "x", 6, 4), weight(g, "crooked", 3, 1));
}

static void wrong_tail(ar_graph *g)
{
    ar_tensor parts[8], w, b;
    for (int n = 0; n < 2; n++) {
        const char *const names[2][2] = {{"w0", "b0"}, {"w1", "crooked"}};
        parts[4 * n] = ar_graph_parameter(g, n ? "s1" : "s0", 1, 1, 4);
        parts[4 * n + 1] = ar_graph_parameter(g, n ? "t1" : "t0", 1, 1, 4);
        parts[4 * n + 2] = weight(g, names[n][0], 3, 4);
        parts[4 * n + 3] = ar_graph_parameter(g, names[n][1], 1, 1, n ? 2 : 3);
    }
    ar_graph_fold_tails(g, "tails", parts, 2, &w, &b);
}

static void wrong_members(ar_graph *g)
{
    ar_tensor mean, deviation;
    ar_graph_ensemble_statistics(g, "y", weight(g, "crooked", 4, 7), 3, &mean, &deviation);
}

static void wrong_target(ar_graph *g)
{
    ar_graph_loss(g, "y",
                  (ar_loss){.kind = AR_OP_LOSS_KERNEL_CRPS,
                            .first = weight(g, "crooked", 4, 7),
                            .second = AR_NO_TENSOR,
                            .target = weight(g, "truth", 4, 3),
                            .members = 2});
}

static void wrong_term(ar_graph *g)
{
    ar_graph_weighted_sum(g, "y", (ar_tensor[]){weight(g, "crooked", 1, 2)}, (double[]){1}, 1);
}

static void columns_outside(ar_graph *g)
{
    ar_graph_columns(g, weight(g, "crooked", 4, 6), 4, 3);
}

static void two_shapes(ar_graph *g)
{
    weight(g, "crooked", 4, 6);
    weight(g, "crooked", 6, 4);
}

static const struct {
    void (*build)(ar_graph *graph);
    const char *op;
} wrong_graphs[] = {
    {wrong_weight, "op linear"},
    {wrong_bias, "op linear"},
    {wrong_residual, "op linear"},
    {wrong_scale, "op layer_norm"},
    {wrong_head_columns, "op attention"},
    {wrong_samples, "op attention"},
    {wrong_sample_count, "op attention"},
    {wrong_value_rows, "op attention"},
    {wrong_key_dimension, "op attention"},
    {wrong_table, "op add_periodic"},
    {wrong_factor, "op factorised_positions"},
    {wrong_index, "op gather_rows"},
    {wrong_tail, "op fold_tails"},
    {wrong_members, "op ensemble_statistics"},
    {wrong_target, "op loss_kernel_crps"},
    {wrong_term, "op weighted_sum"},
    {columns_outside, "columns 4 to 7"},
    {two_shapes, "two shapes"},
};

static void wrong_shapes_name_op_and_tensor(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong_graphs / sizeof *wrong_graphs; i++) {
        ar_graph *graph = NULL;
        ar_error err = {""};
        assert_int_equal(ar_graph_create(&graph, AR_TYPE_FLOAT32, &err), AR_OK);
        wrong_graphs[i].build(graph);
        /* Whatever is recorded after the first mistake changes nothing. */
        distance(graph, hidden(graph, WIDTH), WIDTH);
        assert_int_equal(ar_graph_finish(graph, &err), AR_ERROR_USAGE);
        if (!strstr(err.message, wrong_graphs[i].op) || !strstr(err.message, "crooked")) {
            fail_msg("wanted '%s' and the tensor 'crooked', got: %s", wrong_graphs[i].op,
                     err.message);
        }
        ar_graph_destroy(&graph);
    }
}

/* ---- memory -----------------------------------------------------------------------------------
 */

static ar_status record_and_plan(masked_model *m, ar_error *err)
{
    ar_status status = AR_OK;
    m->graph = NULL;
    m->plan = NULL;
    AR_TRY(ar_graph_create(&m->graph, AR_TYPE_FLOAT32, err));
    record_masked_model(m, MOST_SAMPLES, MOST_MASKED);
    AR_TRY(ar_graph_finish(m->graph, err));
    const ar_plan_options options = {
        .backend = ar_backend_find("cpu"), .loss = m->loss, .threads = 1};
    AR_TRY(ar_plan_create(&m->plan, m->graph, &options, m->parameters, m->gradients, err));
cleanup:
    ar_plan_destroy(&m->plan);
    ar_graph_destroy(&m->graph);
    return status;
}

/* What is not given back is found by the address sanitizer. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    ar_status status = AR_ERROR_MEMORY;
    int64_t failed = 0;
    for (; status != AR_OK; failed++) {
        masked_model m = {0};
        ar_error err = {""};
        ar_fail_allocation_after(failed);
        status = record_and_plan(&m, &err);
        ar_fail_allocation_after(-1);
        if (status != AR_OK && status != AR_ERROR_MEMORY) {
            fail_msg("allocation %d failed, and the error is: %s", (int)failed, err.message);
        }
        assert_true(status == AR_OK || err.message[0]);
        assert_true(failed < 10000);
    }
    assert_true(failed > 100);
}

static void a_tensor_beyond_all_memory_is_refused(void **state)
{
    (void)state;
    ar_graph *graph = NULL;
    ar_plan *plan = NULL;
    ar_error err = {""};
    assert_int_equal(ar_graph_create(&graph, AR_TYPE_FLOAT32, &err), AR_OK);
    int huge = ar_graph_dimension(graph, "huge", INT64_MAX / 2);
    ar_tensor x = ar_graph_input(graph, "gigantic", AR_TYPE_FLOAT32, (ar_rows){huge, 64}, 64);
    ar_graph_layer_norm(graph, "norm", x, AR_NO_TENSOR, AR_NO_TENSOR);
    assert_int_equal(ar_graph_finish(graph, &err), AR_OK);
    const ar_plan_options options = {.backend = ar_backend_find("ref"), .loss = AR_NO_TENSOR};
    assert_int_equal(ar_plan_create(&plan, graph, &options, NULL, NULL, &err), AR_ERROR_MEMORY);
    assert_non_null(strstr(err.message, "gigantic"));
    assert_null(plan);
    ar_graph_destroy(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_of_all_uses_add),
        cmocka_unit_test(gradients_add_on_every_backend),
        cmocka_unit_test(what_no_gradient_reaches_is_left_alone),
        cmocka_unit_test(row_counts_may_vary),
        cmocka_unit_test(inference_gives_the_same_in_less_memory),
        cmocka_unit_test(wrong_shapes_name_op_and_tensor),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_tensor_beyond_all_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
