/* The losses against numbers that come from elsewhere: values by hand, tables of the normal
 * distribution, and identities between them. Gradients are tested with all other ops. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "graph/graph.h"
#include "graph/plan.h"

enum { MOST = 4096 };

/* Inputs of one loss; `second` NULL where it has none. */
typedef struct {
    ar_op_kind kind;
    int64_t rows, values, members;
    int64_t token_size[3];
    const double *first, *second, *target;
    int64_t first_columns, second_columns;
    const char *backend;
} loss_case;

static double loss_of(const loss_case *c)
{
    ar_graph *graph = NULL;
    ar_plan *plan = NULL;
    ar_error err = {""};
    const bool wide = strcmp(c->backend, "ref") == 0;
    assert_int_equal(ar_graph_create(&graph, wide ? AR_TYPE_FLOAT64 : AR_TYPE_FLOAT32, &err),
                     AR_OK);
    ar_tensor loss = ar_graph_loss(
        graph, "loss",
        (ar_loss){.kind = c->kind,
                  .first = ar_graph_constant(graph, "first", c->rows, c->first_columns, c->first),
                  .second = c->second ? ar_graph_constant(graph, "second", c->rows,
                                                          c->second_columns, c->second)
                                      : AR_NO_TENSOR,
                  .target = ar_graph_constant(graph, "target", c->rows, c->values, c->target),
                  .members = c->members,
                  .token_size = {c->token_size[0], c->token_size[1], c->token_size[2]}});
    if (ar_graph_finish(graph, &err) != AR_OK ||
        ar_plan_create(&plan, graph,
                       &(ar_plan_options){.backend = ar_backend_find(c->backend),
                                          .loss = AR_NO_TENSOR,
                                          .threads = 2},
                       NULL, NULL, &err) != AR_OK) {
        fail_msg("%s", err.message);
    }
    ar_plan_forward(plan);
    ar_matrix result = ar_plan_matrix(plan, loss);
    double value = wide ? *(double *)result.data : (double)*(float *)result.data;
    ar_plan_destroy(&plan);
    ar_graph_destroy(&graph);
    return value;
}

static double gaussian_loss(ar_op_kind kind, double mean, double deviation, double truth)
{
    return loss_of(&(loss_case){.kind = kind,
                                .backend = "ref",
                                .rows = 1,
                                .values = 1,
                                .first = &mean,
                                .first_columns = 1,
                                .second = &deviation,
                                .second_columns = 1,
                                .target = &truth});
}

/* Within one standard deviation lies 0.682689492137086, within two 0.954499736103642 (any table of
 * the normal distribution); the CRPS of N(0, 1) at its mean is (√2 − 1)/√π = 0.233694977 (Gneiting
 * and Raftery 2007, eq. 21). */
static void losses_of_a_gaussian_have_their_values(void **state)
{
    (void)state;
    const double one = 0.682689492137086, two = 0.954499736103642;
    const struct {
        ar_op_kind kind;
        double mean, deviation, truth, value;
    } cases[] = {
        {AR_OP_LOSS_STATS_AREA, 3, 1, 3, 1},
        {AR_OP_LOSS_STATS_AREA, 3, 1, 4, 0.2 * one * one + 1},
        {AR_OP_LOSS_STATS_AREA, 3, 4, 11, 0.2 * two * two + 2},
        {AR_OP_LOSS_STATS_AREA, 3, 4, -5, 0.2 * two * two + 2},
        {AR_OP_LOSS_STATS_AREA, 0, 0.25, 100, 0.2 + 0.5},
        {AR_OP_LOSS_STATS, 3, 1, 3, 1},
        {AR_OP_LOSS_STATS, 3, 4, 7, 0.15481812 + 2}, /* (1 − e^(−1/2))² */
        {AR_OP_LOSS_CRPS, 0, 1, 0, 0.233694977},
        {AR_OP_LOSS_CRPS, 5, 3, 5, 3 * 0.233694977},
        {AR_OP_LOSS_CRPS, 0, 0.001, 50, 50 - 0.001 / sqrt(M_PI)}, /* far away: the distance */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value =
            gaussian_loss(cases[i].kind, cases[i].mean, cases[i].deviation, cases[i].truth);
        if (!(fabs(value - cases[i].value) < 1e-8 * fmax(1, fabs(cases[i].value)))) {
            fail_msg("case %d: %.12g, wanted %.12g", (int)i, value, cases[i].value);
        }
    }
}

static double sobolev_of(const int64_t size[3], int64_t rows, const double *error)
{
    static const double zero[MOST];
    return loss_of(&(loss_case){.kind = AR_OP_LOSS_SOBOLEV_H1,
                                .backend = "ref",
                                .rows = rows,
                                .values = size[0] * size[1] * size[2],
                                .first = error,
                                .first_columns = size[0] * size[1] * size[2],
                                .target = zero,
                                .token_size = {size[0], size[1], size[2]}});
}

/* The error cos(kx)·cos(ly) of amplitude one at all points, for k and l of 0 or π, is weighed by
 * 1 + 4 sin²(k/2) + 4 sin²(l/2): 1, 5, 5 and 9. Neighbours in time or in another target do not
 * count. */
static void small_scales_weigh_more(void **state)
{
    (void)state;
    const int64_t size[3] = {2, 3, 4};
    enum { ROWS = 3, VALUES = 24 };
    for (int waves = 0; waves < 4; waves++) {
        double error[ROWS * VALUES];
        for (int i = 0; i < ROWS * VALUES; i++) {
            int x = i % 4, y = i / 4 % 3, t = i / 12;
            bool odd = ((waves & 1) * x + (waves >> 1) * y + t) % 2 != 0;
            error[i] = odd ? -1 : 1;
        }
        double wanted = 1 + 4 * (waves & 1) + 4 * (waves >> 1);
        assert_true(fabs(sobolev_of(size, ROWS, error) - wanted) < 1e-12);
    }
    /* One point alone has no neighbours: the plain mean square. */
    const double alone[3] = {1, 2, 3};
    assert_true(fabs(sobolev_of((const int64_t[]){1, 1, 1}, 3, alone) - 14.0 / 3) < 1e-12);
}

/* Two members, one target of two rows of latitude with two points each. */
static void area_weights_errors(void **state)
{
    (void)state;
    const double members[8] = {1, 2, 3, 4, 1, 0, 3, 0}, truth[4] = {0, 0, 0, 0};
    const double weights[2] = {0.75, 0.25}, equal[2] = {0.3, 0.3}, none[2] = {0, 0};
    loss_case c = {.kind = AR_OP_LOSS_WEIGHTED_MSE,
                   .rows = 1,
                   .values = 4,
                   .members = 2,
                   .first = members,
                   .first_columns = 8,
                   .second_columns = 2,
                   .target = truth,
                   .token_size = {1, 2, 2}};
    const char *const backends[] = {"ref", "cpu"};
    for (int b = 0; b < 2; b++) {
        c.backend = backends[b];
        /* (¾ (1 + 4) + ¼ (9 + 16) + ¾ (1 + 0) + ¼ (9 + 0)) / (2 · 2); exact in binary */
        c.second = weights;
        assert_true(loss_of(&c) == 3.25);
        /* Equal weights of any size: the plain mean over members and values, 40 / 8. */
        c.second = equal;
        assert_true(fabs(loss_of(&c) - 5) < 1e-6);
        c.second = none;
        assert_true(loss_of(&c) == 0);
    }
}

/* What does not fit together is an error when the graph is made. */
static void wrong_shapes_are_refused(void **state)
{
    (void)state;
    const double values[12] = {0};
    const struct {
        ar_op_kind kind;
        int64_t second_columns; /* 0: no second input */
        int64_t token_size[3];
    } wrong[] = {
        {AR_OP_LOSS_WEIGHTED_MSE, 0, {1, 2, 2}}, {AR_OP_LOSS_WEIGHTED_MSE, 4, {1, 2, 2}},
        {AR_OP_LOSS_WEIGHTED_MSE, 2, {2, 2, 2}}, {AR_OP_LOSS_SOBOLEV_H1, 0, {1, 2, 3}},
        {AR_OP_LOSS_SOBOLEV_H1, 4, {1, 2, 2}},   {AR_OP_LOSS_STATS_AREA, 0, {1, 2, 2}},
        {AR_OP_LOSS_MSE, 4, {1, 2, 2}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ar_graph *graph = NULL;
        ar_error err = {""};
        assert_int_equal(ar_graph_create(&graph, AR_TYPE_FLOAT64, &err), AR_OK);
        ar_graph_loss(graph, "loss",
                      (ar_loss){.kind = wrong[i].kind,
                                .first = ar_graph_constant(graph, "first", 1, 4, values),
                                .second = wrong[i].second_columns
                                              ? ar_graph_constant(graph, "second", 1,
                                                                  wrong[i].second_columns, values)
                                              : AR_NO_TENSOR,
                                .target = ar_graph_constant(graph, "target", 1, 4, values),
                                .members = 1,
                                .token_size = {wrong[i].token_size[0], wrong[i].token_size[1],
                                               wrong[i].token_size[2]}});
        if (ar_graph_finish(graph, &err) == AR_OK) {
            fail_msg("case %d is accepted", (int)i);
        }
        ar_graph_destroy(&graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_of_a_gaussian_have_their_values),
        cmocka_unit_test(small_scales_weigh_more),
        cmocka_unit_test(area_weights_errors),
        cmocka_unit_test(wrong_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
