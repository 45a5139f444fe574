/* Statistics against numpy, and what happens where there is nothing to compute them from. */
#include "data/normalisation.h"

#include "synthetic.h"

enum { NLAT = 9, NLON = 16, LEVELS = 2, TIMES = 160 };
static const int64_t start = 1766188800;                              /* 2025-12-20 */
static const int64_t last_training_time = 1766188800 + 144 * 21600LL; /* 2026-01-25 */

/* Missing values here and there, one row of level 1 constant, and poison after the training times.
 */
static float formula(int64_t time, int64_t level, int64_t row, int64_t column)
{
    int64_t key = time * 7919 + level * 104729 + row * 1299709 + column * 15485863;
    if (time > 144) {
        return time % 2 ? NAN : 1e30f;
    }
    if (row == 2 && level == 1) {
        return 5;
    }
    return key % 97 == 0 ? NAN : scrambled_value(time, level, row, column);
}

static void make_field(ar_field_data *field, value_formula values)
{
    const synthetic_shape shape = {.name = "made_up",
                                   .nlat = NLAT,
                                   .nlon = NLON,
                                   .north = 90,
                                   .step = 22.5,
                                   .level_count = LEVELS,
                                   .time_count = TIMES,
                                   .first_time = start,
                                   .time_step = 21600,
                                   .formula = values};
    synthetic_field(field, &shape);
}

/* numpy: means and standard deviations (double precision, NaN left out; globally weighted as
 * WeatherBench 2 does) of the same numbers. Month 3 has no training times: overall values. */
static const struct {
    ar_normalisation_area area;
    int month;
    int64_t level, row, column;
    double mean, deviation;
} numpy_table[] = {
    {AR_AREA_GLOBAL, 0, 0, 0, 3, 203.855461, 291.26862},
    {AR_AREA_GLOBAL, 0, 0, 4, 15, 203.855461, 291.26862},
    {AR_AREA_GLOBAL, 0, 1, 0, 3, 176.351339, 278.830643},
    {AR_AREA_GLOBAL, 0, 1, 4, 15, 176.351339, 278.830643},
    {AR_AREA_GLOBAL, 12, 0, 0, 3, 203.953052, 291.144597},
    {AR_AREA_GLOBAL, 12, 0, 4, 15, 203.953052, 291.144597},
    {AR_AREA_GLOBAL, 12, 1, 0, 3, 175.312286, 278.707758},
    {AR_AREA_GLOBAL, 12, 1, 4, 15, 175.312286, 278.707758},
    {AR_AREA_GLOBAL, 1, 0, 0, 3, 203.807147, 291.329987},
    {AR_AREA_GLOBAL, 1, 0, 4, 15, 203.807147, 291.329987},
    {AR_AREA_GLOBAL, 1, 1, 0, 3, 176.865428, 278.889991},
    {AR_AREA_GLOBAL, 1, 1, 4, 15, 176.865428, 278.889991},
    {AR_AREA_GLOBAL, 3, 0, 0, 3, 203.855461, 291.26862},
    {AR_AREA_GLOBAL, 3, 0, 4, 15, 203.855461, 291.26862},
    {AR_AREA_GLOBAL, 3, 1, 0, 3, 176.351339, 278.830643},
    {AR_AREA_GLOBAL, 3, 1, 4, 15, 176.351339, 278.830643},
    {AR_AREA_LATITUDE, 0, 0, 0, 3, 204.858762, 291.09378},
    {AR_AREA_LATITUDE, 0, 0, 4, 15, 204.056596, 291.246628},
    {AR_AREA_LATITUDE, 0, 1, 0, 3, 205.234117, 291.18368},
    {AR_AREA_LATITUDE, 0, 1, 4, 15, 203.860131, 291.109771},
    {AR_AREA_LATITUDE, 12, 0, 0, 3, 205.193931, 291.453102},
    {AR_AREA_LATITUDE, 12, 0, 4, 15, 203.904074, 291.190862},
    {AR_AREA_LATITUDE, 12, 1, 0, 3, 205.423885, 291.0857},
    {AR_AREA_LATITUDE, 12, 1, 4, 15, 203.567852, 290.834709},
    {AR_AREA_LATITUDE, 1, 0, 0, 3, 204.693359, 290.916152},
    {AR_AREA_LATITUDE, 1, 0, 4, 15, 204.132161, 291.274224},
    {AR_AREA_LATITUDE, 1, 1, 0, 3, 205.139974, 291.23223},
    {AR_AREA_LATITUDE, 1, 1, 4, 15, 204.004557, 291.245486},
    {AR_AREA_LATITUDE, 3, 0, 0, 3, 204.858762, 291.09378},
    {AR_AREA_LATITUDE, 3, 0, 4, 15, 204.056596, 291.246628},
    {AR_AREA_LATITUDE, 3, 1, 0, 3, 205.234117, 291.18368},
    {AR_AREA_LATITUDE, 3, 1, 4, 15, 203.860131, 291.109771},
    {AR_AREA_POINT, 0, 0, 0, 3, 203.300699, 291.936123},
    {AR_AREA_POINT, 0, 0, 4, 15, 199.167832, 290.898295},
    {AR_AREA_POINT, 0, 1, 0, 3, 209.243056, 292.073888},
    {AR_AREA_POINT, 0, 1, 4, 15, 201.479167, 289.325796},
    {AR_AREA_POINT, 12, 0, 0, 3, 202.297872, 293.932321},
    {AR_AREA_POINT, 12, 0, 4, 15, 185.638298, 288.51243},
    {AR_AREA_POINT, 12, 1, 0, 3, 219.583333, 297.764367},
    {AR_AREA_POINT, 12, 1, 4, 15, 192.291667, 291.422657},
    {AR_AREA_POINT, 1, 0, 0, 3, 203.791667, 290.952563},
    {AR_AREA_POINT, 1, 0, 4, 15, 205.791667, 291.830641},
    {AR_AREA_POINT, 1, 1, 0, 3, 204.072917, 289.047979},
    {AR_AREA_POINT, 1, 1, 4, 15, 206.072917, 288.16182},
    {AR_AREA_POINT, 3, 0, 0, 3, 203.300699, 291.936123},
    {AR_AREA_POINT, 3, 0, 4, 15, 199.167832, 290.898295},
    {AR_AREA_POINT, 3, 1, 0, 3, 209.243056, 292.073888},
    {AR_AREA_POINT, 3, 1, 4, 15, 201.479167, 289.325796},
};

static void agrees_with_numpy(void **state)
{
    (void)state;
    ar_field_data field;
    make_field(&field, formula);
    for (int area = AR_AREA_GLOBAL; area <= AR_AREA_POINT; area++) {
        ar_normalisation monthly, overall;
        ar_error err;
        assert_int_equal(ar_normalisation_compute(&monthly, &field, AR_PERIOD_MONTHLY,
                                                  (ar_normalisation_area)area, start,
                                                  last_training_time, &err),
                         AR_OK);
        assert_int_equal(ar_normalisation_compute(&overall, &field, AR_PERIOD_OVERALL,
                                                  (ar_normalisation_area)area, start,
                                                  last_training_time, &err),
                         AR_OK);
        for (size_t i = 0; i < sizeof numpy_table / sizeof *numpy_table; i++) {
            if ((int)numpy_table[i].area != area) {
                continue;
            }
            /* The result is stored in single precision: 6e-8 of the value. */
            float mean, deviation;
            int month = numpy_table[i].month;
            ar_normalisation_at(&monthly, month, numpy_table[i].level, numpy_table[i].row,
                                numpy_table[i].column, &mean, &deviation);
            assert_true(fabs(mean - numpy_table[i].mean) < 2e-7 * fabs(numpy_table[i].mean));
            assert_true(fabs(deviation - numpy_table[i].deviation) <
                        2e-7 * numpy_table[i].deviation);
            float overall_mean, overall_deviation, expected, expected_deviation;
            ar_normalisation_at(&overall, month, numpy_table[i].level, numpy_table[i].row,
                                numpy_table[i].column, &overall_mean, &overall_deviation);
            ar_normalisation_at(&monthly, 0, numpy_table[i].level, numpy_table[i].row,
                                numpy_table[i].column, &expected, &expected_deviation);
            assert_true(overall_mean == expected && overall_deviation == expected_deviation);
        }
        ar_normalisation_release(&monthly);
        ar_normalisation_release(&overall);
    }
    ar_field_data_release(&field);
}

static void months_seen_are_known(void **state)
{
    (void)state;
    ar_field_data field;
    make_field(&field, formula);
    ar_normalisation monthly, overall;
    assert_int_equal(ar_normalisation_compute(&monthly, &field, AR_PERIOD_MONTHLY, AR_AREA_GLOBAL,
                                              start, last_training_time, NULL),
                     AR_OK);
    assert_int_equal(ar_normalisation_compute(&overall, &field, AR_PERIOD_OVERALL, AR_AREA_GLOBAL,
                                              start, last_training_time, NULL),
                     AR_OK);
    for (int month = 1; month <= 12; month++) {
        assert_int_equal(monthly.month_seen[month], month == 12 || month == 1);
    }
    int missing = 0;
    const int64_t day = 86400;
    assert_true(ar_normalisation_covers(&monthly, start, last_training_time, field.calendar, NULL));
    assert_false(ar_normalisation_covers(&monthly, start, last_training_time + 20 * day,
                                         field.calendar, &missing));
    assert_int_equal(missing, 2);
    assert_true(ar_normalisation_covers(&overall, start, last_training_time + 20 * day,
                                        field.calendar, NULL));
    ar_normalisation_release(&monthly);
    ar_normalisation_release(&overall);
    ar_field_data_release(&field);
}

static void constant_row_takes_the_level_deviation(void **state)
{
    (void)state;
    ar_field_data field;
    make_field(&field, formula);
    ar_normalisation global, latitude;
    assert_int_equal(ar_normalisation_compute(&global, &field, AR_PERIOD_MONTHLY, AR_AREA_GLOBAL,
                                              start, last_training_time, NULL),
                     AR_OK);
    assert_int_equal(ar_normalisation_compute(&latitude, &field, AR_PERIOD_MONTHLY,
                                              AR_AREA_LATITUDE, start, last_training_time, NULL),
                     AR_OK);
    const int months[] = {0, 12, 1, 7};
    for (int i = 0; i < 4; i++) {
        float mean, deviation, global_mean, global_deviation;
        ar_normalisation_at(&latitude, months[i], 1, 2, 3, &mean, &deviation);
        ar_normalisation_at(&global, months[i], 1, 2, 3, &global_mean, &global_deviation);
        assert_true(mean == 5);
        assert_true(deviation == global_deviation);
    }
    ar_normalisation_release(&global);
    ar_normalisation_release(&latitude);
    ar_field_data_release(&field);
}

static float without_level_one_constant(int64_t time, int64_t level, int64_t row, int64_t column)
{
    return level == 1 ? 273.16f : scrambled_value(time, level, row, column);
}

static float all_missing(int64_t time, int64_t level, int64_t row, int64_t column)
{
    (void)time, (void)level, (void)row, (void)column;
    return NAN;
}

static float infinite_somewhere(int64_t time, int64_t level, int64_t row, int64_t column)
{
    if (time == 3 && row == 4 && column < 2) {
        return column ? INFINITY : -INFINITY;
    }
    return scrambled_value(time, level, row, column);
}

/* January constant at level 1, all of December of row 3 missing. */
static float month_without_variation(int64_t time, int64_t level, int64_t row, int64_t column)
{
    bool january = time >= 48;
    if (level == 1 && january) {
        return 0;
    }
    return row == 3 && !january ? NAN : scrambled_value(time, level, row, column);
}

static void larger_parts_speak_for_smaller_ones(void **state)
{
    (void)state;
    ar_field_data field;
    make_field(&field, month_without_variation);
    ar_normalisation n, global;
    ar_error err;
    assert_int_equal(ar_normalisation_compute(&n, &field, AR_PERIOD_MONTHLY, AR_AREA_POINT, start,
                                              last_training_time, &err),
                     AR_OK);
    assert_int_equal(ar_normalisation_compute(&global, &field, AR_PERIOD_MONTHLY, AR_AREA_GLOBAL,
                                              start, last_training_time, &err),
                     AR_OK);
    float mean, deviation, expected_mean, expected_deviation;
    ar_normalisation_at(&n, 1, 1, 5, 5, &mean, &deviation);
    ar_normalisation_at(&n, 0, 1, 5, 5, &expected_mean, &expected_deviation);
    assert_true(mean == expected_mean && deviation == expected_deviation);
    ar_normalisation_at(&n, 12, 0, 3, 5, &mean, &deviation);
    ar_normalisation_at(&global, 12, 0, 3, 5, &expected_mean, &expected_deviation);
    assert_true(mean == expected_mean && deviation == expected_deviation);
    ar_normalisation_release(&n);
    ar_normalisation_release(&global);
    ar_field_data_release(&field);
}

static void hopeless_data_is_refused(void **state)
{
    (void)state;
    const struct {
        value_formula values;
        int64_t first, last;
        const char *says;
    } cases[] = {
        {without_level_one_constant, start, last_training_time,
         "level 101: its training data is constant"},
        {all_missing, start, last_training_time, "level 100: all of its training data is missing"},
        {infinite_somewhere, start, last_training_time, "infinite"},
        {formula, 0, 86400,
         "no time within the training times 1970-01-01T00:00 to 1970-01-02T00:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_field_data field;
        make_field(&field, cases[i].values);
        ar_normalisation normalisation;
        ar_error err;
        assert_int_equal(ar_normalisation_compute(&normalisation, &field, AR_PERIOD_OVERALL,
                                                  AR_AREA_LATITUDE, cases[i].first, cases[i].last,
                                                  &err),
                         AR_ERROR_INPUT);
        assert_non_null(strstr(err.message, "field made_up"));
        assert_non_null(strstr(err.message, cases[i].says));
        assert_null(normalisation.mean);
        ar_field_data_release(&field);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    ar_field_data field;
    make_field(&field, formula);
    ar_status status = AR_ERROR_MEMORY;
    int failures = 0;
    for (; status != AR_OK; failures++) {
        ar_normalisation normalisation;
        ar_fail_allocation_after(failures);
        status = ar_normalisation_compute(&normalisation, &field, AR_PERIOD_MONTHLY, AR_AREA_POINT,
                                          start, last_training_time, NULL);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        if (status == AR_OK) {
            ar_normalisation_release(&normalisation);
        }
    }
    assert_true(failures > 5);
    ar_field_data_release(&field);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_numpy),
        cmocka_unit_test(months_seen_are_known),
        cmocka_unit_test(constant_row_takes_the_level_deviation),
        cmocka_unit_test(larger_parts_speak_for_smaller_ones),
        cmocka_unit_test(hopeless_data_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
