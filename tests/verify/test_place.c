/* Places and the distributions there: the nearest point by hand, distances by hand and in closed
 * form. (tests/verify/test_command.sh compares all with numpy.) */
#include "verify/place.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "verify/place_distribution.h"

static void near(double value, double wanted)
{
    /* A handful of operations on numbers near 1. */
    if (!(fabs(value - wanted) <= 1e-14 * fmax(fabs(wanted), 1))) {
        fail_msg("%.17g is not %.17g", value, wanted);
    }
}

static void nearest_point(void **state)
{
    (void)state;
    ar_grid globe, part;
    ar_grid_order order;
    ar_place place;
    ar_error err;
    assert_int_equal(ar_grid_init_global(&globe, 2.5, &err), AR_OK);
    assert_int_equal(ar_place_init(&place, "Cape Town=-33.93,18.42", &globe, &err), AR_OK);
    assert_string_equal(place.name, "Cape Town");
    /* Rows at 90, 87.5 …: −35 is 1.07 off and −32.5 1.43; columns at 17.5 and 20. */
    near(place.grid_latitude, -35);
    near(place.grid_longitude, 17.5);
    assert_int_equal(place.point, 50 * 144 + 7);
    /* Round the globe: 359.5 E is nearer to 0 than to 357.5 E. */
    assert_int_equal(ar_place_init(&place, "Greenwich=51.48,-0.5", &globe, &err), AR_OK);
    near(place.grid_longitude, 0);
    const char *const wrong[] = {"Rome", "=1,2", "Rome=1", "Rome=91,2", "Rome=1,2x", "Rome=nan,2"};
    for (int i = 0; i < 6; i++) {
        assert_int_equal(ar_place_init(&place, wrong[i], &globe, &err), AR_ERROR_USAGE);
        assert_non_null(strstr(err.message, "NAME=LATITUDE,LONGITUDE"));
    }
    const double latitude[] = {50, 45, 40}, longitude[] = {-10, -5, 0, 5};
    assert_int_equal(ar_grid_init(&part, &order, latitude, 3, longitude, 4, "part", &err), AR_OK);
    assert_int_equal(ar_place_init(&place, "edge=52.5,357", &part, &err), AR_OK);
    assert_int_equal(place.point, 1);
    assert_int_equal(ar_place_init(&place, "north=53,0", &part, &err), AR_ERROR_INPUT);
    assert_int_equal(ar_place_init(&place, "east=45,8", &part, &err), AR_ERROR_INPUT);
    ar_grid_release(&globe);
    ar_grid_release(&part);
}

static void distances_by_hand(void **state)
{
    (void)state;
    /* Two times of two members, a third without truth: members 3, 0, 0, 1, truth 2 and 4. F − G is
     * 1/2 on [0, 1), 3/4 on [1, 2), 1/4 on [2, 3) and 1/2 on [3, 4): 2 in all. */
    ar_place_samples samples = {0};
    ar_place_scores scores;
    ar_error err;
    const float members[] = {3, 9, 0, 0, 9, 1};
    assert_int_equal(ar_place_samples_add(&samples, members, 2, 3, 2, &err), AR_OK);
    assert_int_equal(ar_place_samples_add(&samples, members + 2, 2, 3, 4, &err), AR_OK);
    assert_int_equal(ar_place_samples_add(&samples, members, 2, 3, NAN, &err), AR_OK);
    ar_place_scores_read(&scores, &samples);
    ar_place_samples_release(&samples);
    assert_int_equal(scores.times, 2);
    near(scores.wasserstein, 2);
    near(scores.model.mean, 1);
    near(scores.truth.mean, 3);
    near(scores.truth.deviation, 1);
    near(scores.model.deviation, sqrt(6.0 / 4));
    assert_true(scores.lowest == 0 && scores.highest == 4);
    /* Of 0, 0, 1, 3 the median is 0.5 and the 99 % quantile 0.97 from 1 to 3. */
    near(scores.model.quantiles[3], 0.5);
    near(scores.model.quantiles[6], 1 + 0.97 * 2);
    /* Bins of 0.1; the highest value is in the last one. */
    near(scores.model.shares[0], 0.5);
    near(scores.model.shares[10], 0.25);
    near(scores.truth.shares[39], 0.5);
}

static void no_times_and_no_variation(void **state)
{
    (void)state;
    ar_place_samples samples = {0};
    ar_place_scores scores;
    ar_error err;
    ar_place_scores_read(&scores, &samples);
    assert_true(isnan(scores.wasserstein) && isnan(scores.model.quantiles[0]));
    assert_int_equal(ar_place_samples_add(&samples, (const float[]){5, 5}, 2, 1, 5, &err), AR_OK);
    ar_place_scores_read(&scores, &samples);
    ar_place_samples_release(&samples);
    near(scores.wasserstein, 0);
    near(scores.truth.shares[0], 1);
}

static void shifted_and_stretched(void **state)
{
    (void)state;
    /* The distance of a·x + b to x is the mean of |(a − 1) x + b|, since both are sorted alike. */
    enum { TIMES = 500 };
    ar_place_samples samples = {0};
    ar_place_scores scores;
    ar_error err;
    ar_random stream = {.seed = 8, .purpose = AR_RANDOM_TEST};
    double wanted = 0;
    for (int t = 0; t < TIMES; t++) {
        float x = (float)ar_random_normal(&stream);
        float members[] = {1.5f * x + 0.25f, 1.5f * x + 0.25f};
        wanted += fabs((double)members[0] - x) / TIMES;
        assert_int_equal(ar_place_samples_add(&samples, members, 2, 1, x, &err), AR_OK);
    }
    ar_place_scores_read(&scores, &samples);
    ar_place_samples_release(&samples);
    /* A thousand terms in another order. */
    assert_true(fabs(scores.wasserstein - wanted) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_point),
        cmocka_unit_test(distances_by_hand),
        cmocka_unit_test(no_times_and_no_variation),
        cmocka_unit_test(shifted_and_stretched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
