/* AdamW against numbers and an implementation of its own, clipping, and the schedule. */
#include "train/optimiser.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"

enum { MOST = 600 };

/* A graph with four parameters; the loss does not reach "idle", which lies between others. */
typedef struct {
    ar_graph *graph;
    ar_plan *plan;
    ar_optimiser optimiser;
    const ar_backend *backend;
    int threads;
    float parameters[MOST], gradients[MOST];
} optimised;

static ar_tensor distance_to_zero(ar_graph *g, ar_tensor x, int64_t rows, int64_t columns)
{
    const double zeros[MOST] = {0};
    return ar_graph_loss(g, "distance",
                         (ar_loss){.kind = AR_OP_LOSS_MSE,
                                   .first = x,
                                   .second = AR_NO_TENSOR,
                                   .target = ar_graph_constant(g, "zero", rows, columns, zeros)});
}

static void create(optimised *o, const char *backend, int threads)
{
    *o = (optimised){.backend = ar_backend_find(backend), .threads = threads};
    assert_int_equal(ar_graph_create(&o->graph, AR_TYPE_FLOAT32, NULL), AR_OK);
    ar_tensor weight = ar_graph_parameter(o->graph, "weight", 2, 3, 4);
    ar_tensor bias = ar_graph_parameter(o->graph, "bias", 1, 1, 5);
    ar_graph_parameter(o->graph, "idle", 2, 7, 3);
    ar_tensor last = ar_graph_parameter(o->graph, "last", 2, 37, 11);
    ar_tensor terms[3] = {distance_to_zero(o->graph, weight, 3, 4),
                          distance_to_zero(o->graph, bias, 1, 5),
                          distance_to_zero(o->graph, last, 37, 11)};
    ar_tensor loss = ar_graph_weighted_sum(o->graph, "loss", terms, (double[]){1, 1, 1}, 3);
    assert_int_equal(ar_graph_finish(o->graph, NULL), AR_OK);
    assert_true(o->graph->parameter_values <= MOST);
    const ar_plan_options options = {.backend = o->backend, .loss = loss, .threads = threads};
    assert_int_equal(
        ar_plan_create(&o->plan, o->graph, &options, o->parameters, o->gradients, NULL), AR_OK);
    assert_int_equal(ar_optimiser_init(&o->optimiser, o->graph, NULL), AR_OK);
}

static void release(optimised *o)
{
    ar_optimiser_release(&o->optimiser);
    ar_plan_destroy(&o->plan);
    ar_graph_destroy(&o->graph);
}

static const ar_training_configuration usual = {
    .weight_decay = 0.05, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};

static bool step(optimised *o, const ar_training_configuration *settings, double rate, double *norm)
{
    return ar_optimiser_step(&o->optimiser, o->plan, o->graph, o->backend, settings, rate,
                             o->parameters, o->gradients, o->threads, norm);
}

static const ar_parameter *parameter(const optimised *o, const char *name)
{
    return ar_graph_find_parameter(o->graph, name);
}

/* Random numbers of sizes from 1e-4 to 1e4 where parameters are, zeros between them. */
static void draw_gradients(optimised *o, uint32_t number)
{
    memset(o->gradients, 0, sizeof o->gradients);
    for (size_t p = 0; p < o->graph->parameter_count; p++) {
        const ar_parameter *one = &o->graph->parameters[p];
        ar_random random = {
            .seed = 3, .step = number, .sample = (uint32_t)p, .purpose = AR_RANDOM_TEST};
        for (int64_t i = 0; i < one->rows * one->columns; i++) {
            double size = pow(10, (double)(i % 9) - 4);
            o->gradients[one->offset + i] = (float)(size * ar_random_normal(&random));
        }
    }
}

/* ---- the step ---------------------------------------------------------------------------------
 */

/* p = 1, learning rate 0.1, decay 0.05, β 0.9 and 0.999, ε 1e-8 and gradients 0.5, 0.25, −1, 0.
 * The first step by hand: 1 − 0.1·0.05 − 0.1·0.5/(0.5 + ε) = 0.895; all four by numpy in double
 * from the formula of Loshchilov and Hutter. Four roundings of float32 stay below 3e-7. */
static void numbers_by_hand(void **state)
{
    (void)state;
    static const float gradients[] = {0.5f, 0.25f, -1.0f, 0.0f};
    static const double wanted[] = {0.895000002, 0.7973070404674624, 0.8139562076730742,
                                    0.8267899383643119};
    for (int b = 0; b < 2; b++) {
        optimised o;
        create(&o, b ? "cpu" : "ref", 1);
        float *p = &o.parameters[parameter(&o, "bias")->offset];
        *p = 1;
        for (int t = 0; t < 4; t++) {
            double norm;
            o.gradients[parameter(&o, "bias")->offset] = gradients[t];
            assert_true(step(&o, &usual, 0.1, &norm));
            assert_true(fabs(norm - fabs((double)gradients[t])) < 1e-7);
            assert_true(fabs((double)*p - wanted[t]) < 3e-7);
            assert_int_equal(o.optimiser.step, t + 1);
        }
        release(&o);
    }
}

/* The whole block in double, written from the textbook with bias-corrected moments. */
typedef struct {
    double p[MOST], m[MOST], v[MOST];
} textbook;

static void textbook_step(textbook *book, const optimised *o, const ar_training_configuration *c,
                          double rate, int t, double scale)
{
    for (int64_t i = 0; i < o->graph->parameter_values; i++) {
        double g = scale * (double)o->gradients[i];
        book->m[i] += (1 - c->beta1) * (g - book->m[i]);
        book->v[i] += (1 - c->beta2) * (g * g - book->v[i]);
        double m = book->m[i] / (1 - pow(c->beta1, t)), v = book->v[i] / (1 - pow(c->beta2, t));
        book->p[i] -= rate * (m / (sqrt(v) + c->epsilon) + c->weight_decay * book->p[i]);
    }
}

/* Every step moves a parameter by about the rate, known to a few roundings of float32 (6e-8 of the
 * step and of the parameter); 30 steps leave less than 1e-5 of the rate's size times 30. */
static void many_steps_follow_the_textbook(void **state)
{
    (void)state;
    const ar_training_configuration settings = {
        .weight_decay = 0.01, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6, .gradient_clip = 3};
    const struct {
        const char *backend;
        int threads;
    } cases[] = {{"ref", 1}, {"cpu", 1}, {"cpu", 3}};
    for (int c = 0; c < 3; c++) {
        optimised o;
        textbook book = {0};
        create(&o, cases[c].backend, cases[c].threads);
        const ar_parameter *idle = parameter(&o, "idle");
        draw_gradients(&o, 1000);
        memcpy(o.parameters, o.gradients, sizeof o.parameters);
        for (int i = 0; i < MOST; i++) {
            o.parameters[i] /= 1e4f;
            book.p[i] = (double)o.parameters[i];
        }
        float kept[21];
        memcpy(kept, o.parameters + idle->offset, sizeof kept);
        for (int t = 1; t <= 30; t++) {
            double square = 0, norm, rate = 0.01 / t;
            draw_gradients(&o, (uint32_t)t);
            for (int i = 0; i < MOST; i++) {
                square += (double)o.gradients[i] * (double)o.gradients[i];
            }
            textbook_step(&book, &o, &settings, rate, t, 3 / sqrt(square));
            assert_true(step(&o, &settings, rate, &norm));
            assert_true(fabs(norm / sqrt(square) - 1) < 1e-12);
        }
        for (int64_t i = 0; i < o.graph->parameter_values; i++) {
            bool still = i >= idle->offset && i < idle->offset + 21;
            double error = fabs((double)o.parameters[i] - book.p[i]);
            assert_true(still || error < 3e-6);
            assert_true(!still || o.optimiser.first_moment[i] == 0);
        }
        assert_memory_equal(kept, o.parameters + idle->offset, sizeof kept);
        release(&o);
    }
}

static void gradients_are_clipped_to_their_norm(void **state)
{
    (void)state;
    static const struct {
        double clip, scale;
    } cases[] = {{0, 1}, {10, 1}, {5, 1}, {1, 0.2}, {0.5, 0.1}};
    for (int b = 0; b < 2; b++) {
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            optimised o;
            double norm;
            ar_training_configuration settings = usual;
            settings.gradient_clip = cases[c].clip;
            create(&o, b ? "cpu" : "ref", 1);
            const int64_t first = parameter(&o, "weight")->offset,
                          second = parameter(&o, "last")->offset;
            o.gradients[first] = 3; /* the norm goes over all parameters */
            o.gradients[second] = 4;
            assert_true(step(&o, &settings, 0.1, &norm));
            assert_true(norm == 5);
            assert_true(fabs((double)o.optimiser.first_moment[first] - 0.3 * cases[c].scale) <
                        1e-7);
            assert_true(fabs((double)o.optimiser.second_moment[second] -
                             0.016 * cases[c].scale * cases[c].scale) < 1e-8);
            release(&o);
        }
    }
}

/* Poisoned steps change nothing, and what follows is what would have followed without them, to the
 * bit. */
static void a_gradient_that_is_not_finite_moves_nothing(void **state)
{
    (void)state;
    const float poison[] = {NAN, INFINITY, -INFINITY};
    for (int b = 0; b < 2; b++) {
        for (int k = 0; k < 3; k++) {
            optimised o, clean;
            double norm;
            create(&o, b ? "cpu" : "ref", 1);
            create(&clean, b ? "cpu" : "ref", 1);
            draw_gradients(&o, 1);
            draw_gradients(&clean, 1);
            assert_true(step(&o, &usual, 0.1, &norm));
            assert_true(step(&clean, &usual, 0.1, &norm));
            optimised before = o;
            float moment = o.optimiser.first_moment[3];
            o.gradients[parameter(&o, "last")->offset + 400] = poison[k];
            assert_false(step(&o, &usual, 0.1, &norm));
            assert_false(isfinite(norm));
            assert_memory_equal(before.parameters, o.parameters, sizeof o.parameters);
            assert_true(o.optimiser.first_moment[3] == moment);
            assert_false(step(&o, &usual, 0.1, &norm));
            assert_int_equal(o.optimiser.step, 3);
            assert_int_equal(o.optimiser.skipped, 2);
            assert_int_equal(o.optimiser.skipped_in_a_row, 2);
            draw_gradients(&o, 2);
            draw_gradients(&clean, 2);
            assert_true(step(&o, &usual, 0.1, &norm));
            assert_true(step(&clean, &usual, 0.1, &norm));
            assert_memory_equal(clean.parameters, o.parameters, sizeof o.parameters);
            assert_int_equal(o.optimiser.step, 4);
            assert_int_equal(o.optimiser.skipped, 2);
            assert_int_equal(o.optimiser.skipped_in_a_row, 0);
            release(&o);
            release(&clean);
        }
    }
}

/* ---- the schedule -----------------------------------------------------------------------------
 */

static void assert_rate(const ar_training_configuration *settings, int64_t at, double wanted)
{
    double rate = ar_learning_rate(settings, at);
    if (!(fabs(rate - wanted) <= 1e-12 * settings->learning_rate)) {
        fail_msg("step %d: %.15g, wanted %.15g", (int)at, rate, wanted);
    }
}

/* cos(π/4) = 0.70710678: a quarter of the decay leaves 0.85355339 of the way. */
static void rates_rise_and_fall(void **state)
{
    (void)state;
    ar_training_configuration settings = {.steps = 1100,
                                          .learning_rate = 2e-3,
                                          .learning_rate_final = 2e-5,
                                          .warm_up_steps = 100,
                                          .cosine_decay = true};
    assert_rate(&settings, 1, 2e-5);
    assert_rate(&settings, 50, 1e-3);
    assert_rate(&settings, 100, 2e-3);
    assert_rate(&settings, 350, 2e-5 + 1.98e-3 * 0.853553390593274);
    assert_rate(&settings, 600, (2e-3 + 2e-5) / 2);
    assert_rate(&settings, 850, 2e-5 + 1.98e-3 * 0.146446609406726);
    assert_rate(&settings, 1100, 2e-5);
    assert_rate(&settings, 5000, 2e-5);
    for (int64_t at = 101; at <= 1100; at++) {
        assert_true(ar_learning_rate(&settings, at) < ar_learning_rate(&settings, at - 1));
    }
    settings.cosine_decay = false;
    assert_rate(&settings, 50, 1e-3);
    assert_rate(&settings, 101, 2e-3);
    assert_rate(&settings, 1100, 2e-3);
    settings.warm_up_steps = 0;
    assert_rate(&settings, 1, 2e-3);
    settings.cosine_decay = true;
    settings.steps = 2;
    assert_rate(&settings, 1, (2e-3 + 2e-5) / 2);
    assert_rate(&settings, 2, 2e-5);
    settings.warm_up_steps = 10; /* longer than the training: it never arrives */
    assert_rate(&settings, 2, 4e-4);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    ar_graph *graph = NULL;
    assert_int_equal(ar_graph_create(&graph, AR_TYPE_FLOAT32, NULL), AR_OK);
    ar_graph_parameter(graph, "weight", 2, 3, 4);
    for (int64_t failed = 0; failed < 3; failed++) {
        ar_optimiser optimiser;
        ar_fail_allocation_after(failed);
        ar_status status = ar_optimiser_init(&optimiser, graph, NULL);
        ar_fail_allocation_after(-1);
        assert_int_equal(status, failed < 2 ? AR_ERROR_MEMORY : AR_OK);
        ar_optimiser_release(&optimiser);
    }
    ar_graph_destroy(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_by_hand),
        cmocka_unit_test(many_steps_follow_the_textbook),
        cmocka_unit_test(gradients_are_clipped_to_their_norm),
        cmocka_unit_test(a_gradient_that_is_not_finite_moves_nothing),
        cmocka_unit_test(rates_rise_and_fall),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
