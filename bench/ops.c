/* Times every op case of a real model's size (tests/backend/op_cases.h) on the cpu backend, in
 * alternation with a matrix product of 1024³ that stands for what the machine can do at that
 * moment. Prints best and median time of forward and adjoint, and the op's GFLOP/s as a share of
 * that product's, median of the ratios within one round. */
#include <omp.h>
#include <stdlib.h>

#include "backend/op_cases.h"
#include "base/log.h"

enum { ROUNDS = 9, SIZE = 1024 };

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, ascending);
    return values[ROUNDS / 2];
}

/* GFLOP/s of the product, now. */
static double product_speed(op_run *product)
{
    double start = ar_clock_seconds();
    ar_plan_forward(product->plan);
    return 2e-9 * SIZE * SIZE * SIZE / (ar_clock_seconds() - start);
}

static void time_case(const op_case *chosen, op_run *product)
{
    op_run run;
    ar_error err = {""};
    if (op_run_create(&run, chosen, "cpu", AR_TYPE_FLOAT32, omp_get_max_threads(), &err) != AR_OK) {
        fprintf(stderr, "%s: %s\n", chosen->name, err.message);
        exit(1);
    }
    const double operations = 1e-9 * ar_plan_operations(run.plan, false);
    double forward[ROUNDS], adjoint[ROUNDS], share[ROUNDS];
    for (int round = -1; round < ROUNDS; round++) {
        double speed = product_speed(product);
        double start = ar_clock_seconds();
        ar_plan_forward(run.plan);
        double middle = ar_clock_seconds();
        ar_plan_adjoint(run.plan);
        double end = ar_clock_seconds();
        if (round >= 0) {
            forward[round] = middle - start;
            adjoint[round] = end - middle;
            share[round] = 3 * operations / (end - start) / speed;
        }
    }
    double ratio = median(share), middle_forward = median(forward),
           middle_adjoint = median(adjoint);
    printf("%-48s %8.3f %8.3f %8.3f %8.3f %7.1f %6.0f %%\n", chosen->name, 1e3 * forward[0],
           1e3 * middle_forward, 1e3 * adjoint[0], 1e3 * middle_adjoint,
           3 * operations / (middle_forward + middle_adjoint), 100 * ratio);
    op_run_release(&run);
}

int main(void)
{
    const op_case square = {.rows = SIZE, .in = SIZE, .out = SIZE, .build = build_linear};
    op_run product;
    ar_error err;
    if (op_run_create(&product, &square, "cpu", AR_TYPE_FLOAT32, omp_get_max_threads(), &err)) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    printf("%d threads\n%-48s %8s %8s %8s %8s %7s %8s\n", omp_get_max_threads(), "op, milliseconds",
           "forward", "median", "adjoint", "median", "GFLOP/s", "of 1024^3");
    for (int c = 0; c < OP_CASE_COUNT; c++) {
        if (op_cases[c].large) {
            time_case(&op_cases[c], &product);
        }
    }
    op_run_release(&product);
    return 0;
}
