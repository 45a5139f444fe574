/* SEEPS: what makes it equitable, a climatology and a score by hand, and units. (tests/verify/
 * test_command.sh compares all with numpy.) */
#include "verify/seeps.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void near(double value, double wanted)
{
    /* A handful of operations on numbers near 1. */
    if (!(fabs(value - wanted) <= 1e-14 * fmax(fabs(wanted), 1))) {
        fail_msg("%.17g is not %.17g", value, wanted);
    }
}

static void is_equitable(void **state)
{
    (void)state;
    /* What the score is made for (Rodwell et al. 2010): with truth dry, light and heavy at p,
     * 2(1 − p)/3 and (1 − p)/3 each constant forecast costs 1, and a right one nothing. */
    for (double p = 0.1; p < 0.9; p += 0.05) {
        const double frequencies[] = {p, 2 * (1 - p) / 3, (1 - p) / 3};
        for (int forecast = 0; forecast < 3; forecast++) {
            double cost = 0;
            for (int truth = 0; truth < 3; truth++) {
                cost += frequencies[truth] * ar_seeps_cost(p, forecast, truth);
            }
            near(cost, 1);
            near(ar_seeps_cost(p, forecast, forecast), 0);
        }
    }
    /* Two categories off costs as much as the two steps. */
    near(ar_seeps_cost(0.4, 2, 0), ar_seeps_cost(0.4, 2, 1) + ar_seeps_cost(0.4, 1, 0));
    near(ar_seeps_cost(0.4, 0, 2), ar_seeps_cost(0.4, 0, 1) + ar_seeps_cost(0.4, 1, 2));
}

static void climatology_and_score_by_hand(void **state)
{
    (void)state;
    /* Dry below 1. First point: 2 of 6 times dry, the wet ones 1, 2, 4, 8, whose 2/3 quantile is at
     * 2.0 of 0 … 3: 4. Second: always wet, masked. Third: never there. Fourth: all dry, masked. */
    ar_seeps_climate climate;
    ar_error err;
    assert_int_equal(ar_seeps_climate_init(&climate, 4, 1, &err), AR_OK);
    ar_seeps_climate_set(&climate, 0, (float[]){8, 0, NAN, 2, 0.5f, 1, 4}, 7);
    ar_seeps_climate_set(&climate, 1, (float[]){5, 3}, 2);
    ar_seeps_climate_set(&climate, 2, (float[]){NAN, NAN}, 2);
    ar_seeps_climate_set(&climate, 3, (float[]){0, 0}, 2);
    assert_true(climate.dry_probability[0] == 1.0f / 3 && climate.heavy[0] == 4);
    assert_true(climate.dry_probability[1] == 0);
    assert_true(fabs(climate.heavy[1] - (3 + 4.0 / 3)) < 1e-6); /* a float */
    assert_true(isnan(climate.dry_probability[2]) && isnan(climate.heavy[2]));
    assert_true(climate.dry_probability[3] == 1 && isnan(climate.heavy[3]));

    /* Members 0 (dry) and 5 (heavy), mean 2.5 (light), truth 1.5 (light); points 1, 2 and 3 do not
     * count, 2 and 3 for the share neither: truth or mean is missing. */
    const double weights[] = {3, 1, 1, 1}, p = 1.0f / 3;
    ar_seeps sums = {
        .area = {.nlat = 4, .nlon = 1, .weights = weights}, .member_count = 2, .climate = &climate};
    assert_int_equal(ar_seeps_add(&sums, (const float[]){0, 1, 1, NAN, 5, 1, 1, 1},
                                  (const float[]){2.5f, 1, 1, NAN},
                                  (const float[]){1.5f, 1, NAN, 1}, &err),
                     AR_OK);
    ar_seeps_scores scores = ar_seeps_read(&sums);
    ar_seeps_climate_release(&climate);
    near(scores.mean, 0);
    near(scores.members, (1 / (1 - p) + 3 / (2 + p)) / 4);
    near(scores.share, 0.75);
    const ar_seeps none = {0};
    assert_true(isnan(ar_seeps_read(&none).mean));
}

static void units_of_precipitation(void **state)
{
    (void)state;
    const struct {
        const char *units;
        double threshold;
    } cases[] = {
        {"mm", 0.25},
        {"m", 0.00025},
        {"kg m-2", 0.25},
        {"kg m**-2 s**-1", 0.25 / 86400},
        {"m s-1", 0.00025 / 86400},
    };
    double threshold = 0;
    ar_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ar_forecast_field field = {.variable = "tp"};
        strcpy(field.units, cases[i].units);
        assert_true(ar_seeps_is_precipitation(&field));
        assert_int_equal(ar_seeps_threshold(&threshold, &field, 0.25, &err), AR_OK);
        assert_true(fabs(threshold / cases[i].threshold - 1) < 1e-12);
    }
    ar_forecast_field field = {.variable = "t2m", .units = "K"};
    assert_false(ar_seeps_is_precipitation(&field));
    assert_int_equal(ar_seeps_threshold(&threshold, &field, 0.25, &err), AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "t2m is in K"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_equitable),
        cmocka_unit_test(climatology_and_score_by_hand),
        cmocka_unit_test(units_of_precipitation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
