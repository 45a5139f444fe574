/* The masks of dropout: their statistics, and what they do and do not depend on. All numbers come
 * from fixed counters, so a test passes always or never; the bounds say how likely a sound
 * generator is to fail them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "graph/graph.h"
#include "graph/plan.h"

enum { SAMPLES = 8, ROWS = 125, COLUMNS = 250, VALUES = SAMPLES * ROWS * COLUMNS };
static const double p = 0.05;

/* How a mask is drawn; samples are numbered first_sample, first_sample + 1, … */
typedef struct {
    const char *backend;
    int threads;
    uint64_t seed;
    uint32_t step, first_sample, stream;
    int64_t samples;
    bool inactive, residual;
} mask_case;

static const mask_case usual = {.backend = "cpu",
                                .threads = 1,
                                .seed = 0x123456789abcdefULL,
                                .step = 77,
                                .stream = 9,
                                .samples = SAMPLES};

/* y for x = 1 (and a residual of 10), into out[samples·ROWS·COLUMNS]. */
static void drop_ones(const mask_case *c, float *out)
{
    ar_graph *graph = NULL;
    ar_plan *plan = NULL;
    ar_error err = {""};
    const ar_rows rows = {0, c->samples * ROWS};
    assert_int_equal(ar_graph_create(&graph, AR_TYPE_FLOAT32, &err), AR_OK);
    ar_tensor x = ar_graph_input(graph, "x", AR_TYPE_FLOAT32, rows, COLUMNS);
    ar_tensor residual = c->residual
                             ? ar_graph_input(graph, "residual", AR_TYPE_FLOAT32, rows, COLUMNS)
                             : AR_NO_TENSOR;
    ar_tensor draw = ar_graph_input(graph, "draw", AR_TYPE_INT32, (ar_rows){0, c->samples}, 5);
    ar_tensor y = ar_graph_dropout(
        graph, "y",
        (ar_dropout){
            .input = x, .residual = residual, .draw = draw, .probability = p, .stream = c->stream});
    ar_graph_keep(graph, y);
    if (ar_graph_finish(graph, &err) != AR_OK ||
        ar_plan_create(&plan, graph,
                       &(ar_plan_options){.backend = ar_backend_find(c->backend),
                                          .loss = AR_NO_TENSOR,
                                          .threads = c->threads},
                       NULL, NULL, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    const int64_t count = c->samples * ROWS * COLUMNS;
    for (int64_t i = 0; i < count; i++) {
        ((float *)ar_plan_matrix(plan, x).data)[i] = 1;
        if (c->residual) {
            ((float *)ar_plan_matrix(plan, residual).data)[i] = 10;
        }
    }
    for (int64_t k = 0; k < c->samples; k++) {
        int32_t *words = (int32_t *)ar_plan_matrix(plan, draw).data + 5 * k;
        words[0] = (int32_t)c->seed;
        words[1] = (int32_t)(c->seed >> 32);
        words[2] = (int32_t)c->step;
        words[3] = (int32_t)(c->first_sample + k);
        words[4] = !c->inactive;
    }
    ar_plan_forward(plan);
    memcpy(out, ar_plan_matrix(plan, y).data, (size_t)count * sizeof *out);
    ar_plan_destroy(&plan);
    ar_graph_destroy(&graph);
}

static float first[VALUES], second[VALUES];

/* Among n = 250 000 values the number dropped is binomial with deviation √(p(1−p)/n) = 4.4e-4 of
 * n; five of them are passed once in 1.7 million sound generators. What is kept is scaled by
 * 1/(1−p), which keeps the mean within 5·4.4e-4/(1−p). Values dropped together with the one `lag`
 * further (a column, a word of the same block, a block, a row, a sample) are p² with deviation
 * √(p²(1−p²)/n) = 1e-4. */
static void the_mean_is_kept(void **state)
{
    (void)state;
    const int64_t lags[] = {1, 2, 3, 4, COLUMNS, ROWS * COLUMNS};
    double dropped = 0, sum = 0;
    drop_ones(&usual, first);
    for (int i = 0; i < VALUES; i++) {
        assert_true(first[i] == 0 || first[i] == (float)(1 / (1 - p)));
        dropped += first[i] == 0;
        sum += (double)first[i];
    }
    const double deviation = sqrt(p * (1 - p) / VALUES);
    assert_true(fabs(dropped / VALUES - p) < 5 * deviation);
    assert_true(fabs(sum / VALUES - 1) < 5 * deviation / (1 - p));
    for (size_t l = 0; l < sizeof lags / sizeof *lags; l++) {
        double together = 0;
        for (int64_t i = 0; i + lags[l] < VALUES; i++) {
            together += first[i] == 0 && first[i + lags[l]] == 0;
        }
        const double count = (double)(VALUES - lags[l]);
        if (!(fabs(together / count - p * p) < 5 * sqrt(p * p * (1 - p * p) / count))) {
            fail_msg("lag %d: %g of %g", (int)lags[l], together, count);
        }
    }
}

/* Of two masks that know nothing of each other 2p(1−p) = 9.5 % of the values differ, with a
 * deviation of 0.06 %: five of them, passed once in 1.7 million. */
static void assert_unrelated(const mask_case *other)
{
    double differ = 0;
    drop_ones(&usual, first);
    drop_ones(other, second);
    for (int i = 0; i < VALUES; i++) {
        differ += first[i] != second[i];
    }
    const double share = 2 * p * (1 - p);
    assert_true(fabs(differ / VALUES - share) < 5 * sqrt(share * (1 - share) / VALUES));
}

static void every_counter_matters(void **state)
{
    (void)state;
    mask_case other = usual;
    other.step++;
    assert_unrelated(&other);
    other = usual;
    other.seed += 1ULL << 32;
    assert_unrelated(&other);
    other = usual;
    other.seed++;
    assert_unrelated(&other);
    other = usual;
    other.stream += 256;
    assert_unrelated(&other);
    other = usual;
    other.first_sample += SAMPLES;
    assert_unrelated(&other);
}

static void threads_and_backends_do_not_matter(void **state)
{
    (void)state;
    drop_ones(&usual, first);
    mask_case other = usual;
    other.threads = 3;
    drop_ones(&other, second);
    assert_memory_equal(first, second, sizeof first);
    other.backend = "ref";
    drop_ones(&other, second);
    assert_memory_equal(first, second, sizeof first);
}

static void the_place_in_the_batch_does_not_matter(void **state)
{
    (void)state;
    drop_ones(&usual, first);
    mask_case alone = usual;
    for (uint32_t k = 0; k < SAMPLES; k += 3) {
        alone.samples = 1;
        alone.first_sample = usual.first_sample + k;
        drop_ones(&alone, second);
        assert_memory_equal(first + k * ROWS * COLUMNS, second, ROWS * COLUMNS * sizeof *first);
    }
}

static void inactive_samples_are_left_alone(void **state)
{
    (void)state;
    const char *const backends[] = {"ref", "cpu"};
    for (int b = 0; b < 2; b++) {
        mask_case c = usual;
        c.backend = backends[b];
        c.samples = 1;
        c.inactive = true;
        for (int residual = 0; residual < 2; residual++) {
            c.residual = residual;
            drop_ones(&c, first);
            for (int i = 0; i < ROWS * COLUMNS; i++) {
                assert_true(first[i] == (residual ? 11 : 1));
            }
        }
    }
}

/* A value's fate by hand: word c mod 4 of the block of four columns, for the counter as the op
 * says it. */
static void bits_are_those_of_the_counter(void **state)
{
    (void)state;
    drop_ones(&usual, first);
    for (int i = 0; i < VALUES; i += 997) {
        const int sample = i / (ROWS * COLUMNS), row = i / COLUMNS % ROWS, column = i % COLUMNS;
        ar_random stream = {.seed = usual.seed,
                            .step = usual.step,
                            .sample = (uint32_t)sample,
                            .purpose = usual.stream,
                            .next = (uint32_t)(4 * ((COLUMNS + 3) / 4) * row + column)};
        assert_true((first[i] == 0) == (ar_random_uniform(&stream) < p));
    }
}

static void wrong_draws_are_refused(void **state)
{
    (void)state;
    const struct {
        ar_type type;
        int64_t rows, columns;
        double probability;
    } wrong[] = {{AR_TYPE_FLOAT32, 2, 5, 0.1},
                 {AR_TYPE_INT32, 2, 4, 0.1},
                 {AR_TYPE_INT32, 4, 5, 0.1},
                 {AR_TYPE_INT32, 2, 5, 1},
                 {AR_TYPE_INT32, 2, 5, -0.1}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ar_graph *graph = NULL;
        ar_error err = {""};
        assert_int_equal(ar_graph_create(&graph, AR_TYPE_FLOAT32, &err), AR_OK);
        ar_graph_dropout(
            graph, "y",
            (ar_dropout){.input = ar_graph_input(graph, "x", AR_TYPE_FLOAT32, (ar_rows){0, 6}, 3),
                         .residual = AR_NO_TENSOR,
                         .draw = ar_graph_input(graph, "draw", wrong[i].type,
                                                (ar_rows){0, wrong[i].rows}, wrong[i].columns),
                         .probability = wrong[i].probability});
        if (ar_graph_finish(graph, &err) == AR_OK) {
            fail_msg("case %d is accepted", (int)i);
        }
        ar_graph_destroy(&graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_is_kept),
        cmocka_unit_test(every_counter_matters),
        cmocka_unit_test(threads_and_backends_do_not_matter),
        cmocka_unit_test(the_place_in_the_batch_does_not_matter),
        cmocka_unit_test(inactive_samples_are_left_alone),
        cmocka_unit_test(bits_are_those_of_the_counter),
        cmocka_unit_test(wrong_draws_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
