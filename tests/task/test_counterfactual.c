/* Student's t distribution against published tables and forms that are known in whole; and what is
 * said of members that differ, or are missing. */
#include "task/counterfactual.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Two-sided 5 % and 0.1 % points (Fisher and Yates 1963, table III), given to three decimals: their
 * rounding moves the probability by less than a thousandth of itself. */
static void tables_are_met(void **state)
{
    (void)state;
    const struct {
        int64_t freedom;
        double five, tenth;
    } rows[] = {{1, 12.706, 636.619}, {2, 4.303, 31.599}, {3, 3.182, 12.924}, {4, 2.776, 8.610},
                {7, 2.365, 5.408},    {10, 2.228, 4.587}, {15, 2.131, 4.073}, {30, 2.042, 3.646}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(fabs(ar_student_two_sided(rows[i].five, rows[i].freedom) / 0.05 - 1) < 1e-3);
        assert_true(fabs(ar_student_two_sided(-rows[i].tenth, rows[i].freedom) / 1e-3 - 1) < 1e-3);
    }
}

/* One degree is Cauchy's distribution, two have a root: p = 1 − |t|/√(2 + t²). 1e-15 is rounding of
 * numbers of order one. */
static void few_degrees_are_known(void **state)
{
    (void)state;
    for (double t = -5; t <= 5; t += 0.125) {
        assert_true(fabs(ar_student_two_sided(t, 1) - (1 - 2 / M_PI * atan(fabs(t)))) < 1e-15);
        assert_true(fabs(ar_student_two_sided(t, 2) - (1 - fabs(t) / sqrt(2 + t * t))) < 1e-15);
    }
    for (int64_t freedom = 1; freedom < 20; freedom++) {
        assert_true(ar_student_two_sided(0, freedom) == 1);
        assert_true(ar_student_two_sided(1e300, freedom) < 1e-15);
    }
}

/* Three members at four points: none differs; all differ by the same; they differ by 1, 2 and 3,
 * so that t = 2/√(1/3), of two degrees (above) p = 1 − √12/√14; a value is missing, and what is
 * said of it is missing. Single precision. */
static void what_is_missing_has_no_significance(void **state)
{
    (void)state;
    enum { POINTS = 4, MEMBERS = 3 };
    float factual[MEMBERS * POINTS], members[MEMBERS * POINTS], difference[POINTS], p[POINTS];
    const ar_grid grid = {.nlat = 1, .nlon = POINTS};
    for (int n = 0; n < MEMBERS; n++) {
        const float changes[POINTS] = {0, 2, (float)(n + 1), NAN};
        for (int i = 0; i < POINTS; i++) {
            factual[n * POINTS + i] = (float)(10 * n + i);
            members[n * POINTS + i] = factual[n * POINTS + i] + changes[i];
        }
    }
    ar_counterfactual c = {.factual = {factual}, .difference = difference, .p_value = p};
    const ar_blend blend = {
        .grid = &grid, .level_count = 1, .member_count = MEMBERS, .members = members};
    ar_counterfactual_compare(&c, 0, &blend);
    assert_true(difference[0] == 0 && difference[1] == 2 && difference[2] == 2);
    assert_true(p[0] == 1 && p[1] == 0);
    assert_true(fabs(p[2] - (1 - sqrt(12.0 / 14))) < 1e-7);
    assert_true(isnan(difference[3]) && isnan(p[3]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_met),
        cmocka_unit_test(few_degrees_are_known),
        cmocka_unit_test(what_is_missing_has_no_significance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
