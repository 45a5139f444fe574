/* Every op on every backend: the adjoint of the reference in float64 against central differences,
 * and every backend in float32 against the reference, on one and on three threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "backend/op_run.h"
#include "graph/gradients.h"
#include "graph/op.h"

/* The paths of the cpu backend; those that this processor cannot run are left out. */
static const char *const paths[] = {"cpu-portable", "cpu-avx2", "cpu-avx512", "cpu-avx512_bf16"};

static double scalar_after_forward(op_run *run)
{
    ar_plan_forward(run->plan);
    return *(const double *)ar_plan_matrix(run->plan, run->scalar).data;
}

/* Central differences with h = 1e-5 err by h²·f''' ≈ 1e-10 and by rounding 1e-16/h ≈ 1e-11 relative
 * to order-one values; gradients per parameter are compared in the norm, so 1e-6 leaves room for
 * small gradients only. */
static void adjoint_is_derivative(void **state)
{
    (void)state;
    const double h = 1e-5;
    for (int c = 0; c < OP_CASE_COUNT; c++) {
        if (op_cases[c].large) {
            continue;
        }
        op_run run;
        ar_error err = {""};
        ar_status status = op_run_create(&run, &op_cases[c], "ref", AR_TYPE_FLOAT64, 1, &err);
        if (status != AR_OK) {
            fail_msg("%s: %s", op_cases[c].name, err.message);
        }
        poison_gradients(run.plan, run.graph, run.gradients);
        ar_plan_forward(run.plan);
        ar_plan_adjoint(run.plan);
        double *parameters = run.parameters, *gradients = run.gradients;
        double whole = 0;
        for (int64_t i = 0; i < run.graph->parameter_values; i++) {
            whole += gradients[i] * gradients[i];
        }
        for (size_t p = 0; p < run.graph->parameter_count; p++) {
            const ar_parameter *parameter = &run.graph->parameters[p];
            int64_t count = parameter->rows * parameter->columns, stride = count / 40 + 1;
            double difference = 0, norm = 0;
            for (int64_t i = 0; i < count; i += stride) {
                double *value = &parameters[parameter->offset + i], kept = *value;
                *value = kept + h;
                double above = scalar_after_forward(&run);
                *value = kept - h;
                double below = scalar_after_forward(&run);
                *value = kept;
                double slope = (above - below) / (2 * h);
                double ours = gradients[parameter->offset + i];
                difference += (slope - ours) * (slope - ours);
                norm += slope * slope;
            }
            /* A shift of all keys changes no softmax: its gradient is zero but for rounding, so a
             * vanishing gradient is held against the whole one. */
            double error = sqrt(difference / fmax(norm, 1e-6 * whole));
            if (!(error < 1e-6)) {
                fail_msg("%s: d/d(%s) is off by %.2e", op_cases[c].name, parameter->name, error);
            }
        }
        op_run_release(&run);
    }
}

/* ‖a − b‖ / max(‖b‖, floor) */
static double relative_distance(const float *a, const float *b, int64_t count, double floor)
{
    double difference = 0, norm = 0;
    for (int64_t i = 0; i < count; i++) {
        difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        norm += (double)b[i] * (double)b[i];
    }
    return sqrt(difference) / fmax(sqrt(norm), floor);
}

/* In bf16 both round the same operands, but an operand that lies between two numbers of bf16 may go
 * up in one and down in the other, by 2^-8 of it: a hundredth of the whole is room for that. */
static const double bf16_tolerance = 1e-2;

static void compare_case(const op_case *chosen, const char *backend, ar_type type, int threads)
{
    const bool rounded = type == AR_TYPE_BFLOAT16;
    op_run ours, reference;
    ar_error err = {""};
    if (op_run_create(&ours, chosen, backend, type, threads, &err) != AR_OK ||
        op_run_create(&reference, chosen, "ref", type, 1, &err) != AR_OK) {
        fail_msg("%s: %s", chosen->name, err.message);
    }
    op_run *const runs[2] = {&ours, &reference};
    for (int i = 0; i < 2; i++) {
        /* Twice, so that what a first run leaves in the arena cannot hide. */
        for (int again = 0; again < 2; again++) {
            poison_gradients(runs[i]->plan, runs[i]->graph, runs[i]->gradients);
            ar_plan_forward(runs[i]->plan);
            ar_plan_adjoint(runs[i]->plan);
        }
    }
    const double tolerance = rounded ? bf16_tolerance : ar_op_find(chosen->op)->tolerance;
    ar_matrix a = ar_plan_matrix(ours.plan, ours.output);
    ar_matrix b = ar_plan_matrix(reference.plan, reference.output);
    double error = relative_distance(a.data, b.data, a.rows * a.columns, 0);
    if (!(error <= tolerance)) {
        fail_msg("%s on %s: forward is off by %.2e", chosen->name, backend, error);
    }
    /* A gradient that vanishes, such as that of a shift of all keys, is the rounding of the terms
     * it is a sum of: those a thirtieth of the whole in the norm. */
    double whole = sqrt(ar_backend_find("ref")->sum_of_squares(
        reference.gradients, reference.graph->parameter_values, 1));
    for (size_t p = 0; p < ours.graph->parameter_count; p++) {
        const ar_parameter *parameter = &ours.graph->parameters[p];
        error =
            relative_distance((float *)ours.gradients + parameter->offset,
                              (float *)reference.gradients + parameter->offset,
                              parameter->rows * parameter->columns, rounded ? whole : 3e-2 * whole);
        /* A gradient passes the op and the scalar behind it. */
        if (!(error <= 3 * tolerance)) {
            fail_msg("%s on %s: d/d(%s) is off by %.2e", chosen->name, backend, parameter->name,
                     error);
        }
    }
    op_run_release(&ours);
    op_run_release(&reference);
}

static void backends_agree(void **state)
{
    (void)state;
    for (int c = 0; c < OP_CASE_COUNT; c++) {
        if (op_cases[c].large) {
            continue;
        }
        for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
            if (ar_backend_find(paths[p])) {
                compare_case(&op_cases[c], paths[p], AR_TYPE_FLOAT32, 1);
                compare_case(&op_cases[c], paths[p], AR_TYPE_FLOAT32, 3);
                compare_case(&op_cases[c], paths[p], AR_TYPE_BFLOAT16, 2);
            }
        }
    }
}

/* Same threads, same bits; and a step allocates nothing. */
static void repeats_exactly_without_allocation(void **state)
{
    (void)state;
    for (int c = 0; c < OP_CASE_COUNT; c++) {
        if (op_cases[c].large) {
            continue;
        }
        op_run run;
        ar_error err = {""};
        if (op_run_create(&run, &op_cases[c], "cpu", AR_TYPE_FLOAT32, 2, &err) != AR_OK) {
            fail_msg("%s: %s", op_cases[c].name, err.message);
        }
        size_t bytes = (size_t)run.graph->parameter_values * sizeof(float);
        void *first = NULL;
        assert_int_equal(ar_allocate(&first, bytes, 1, "gradients", &err), AR_OK);
        int64_t before = ar_allocation_count();
        for (int again = 0; again < 2; again++) {
            poison_gradients(run.plan, run.graph, run.gradients);
            ar_plan_forward(run.plan);
            ar_plan_adjoint(run.plan);
            if (again == 0) {
                memcpy(first, run.gradients, bytes);
            }
        }
        assert_int_equal(ar_allocation_count(), before);
        assert_memory_equal(first, run.gradients, bytes);
        ar_free(first);
        op_run_release(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adjoint_is_derivative),
        cmocka_unit_test(backends_agree),
        cmocka_unit_test(repeats_exactly_without_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
