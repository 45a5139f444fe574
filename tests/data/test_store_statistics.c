/* A field of a prepared store is normalised by what the store knows of its months as it is by its
 * values; whole months of the training period are not read, others are, and nothing of what lies
 * outside of it counts. */
#include "data/store_statistics.h"

#include "atmorep/atmorep.h"
#include "base/file.h"
#include "data/normalisation.h"
#include "synthetic_file.h"

enum { NLAT = 7, NLON = 12, LEVELS = 2, DAYS = 120, DAY = 86400 };
static const int64_t begin = 1766188800; /* 2025-12-20, so December is not whole */

/* Years, months and places all differ; some values are missing, and one place has none. */
static float uneven_value(int64_t time, int64_t level, int64_t row, int64_t column)
{
    const int64_t step = time % (DAYS * 4);
    if ((time * 31 + row * 7 + column) % 23 == 0 || (row == 3 && column == 4)) {
        return NAN;
    }
    const float wave = sinf((float)(column * 5 + row + time * 3) * 0.7f);
    return 250.0f + 20.0f * (float)level + 0.02f * (float)step + (float)(row + 1) * wave;
}

static const synthetic_shape shape = {.name = "temperature",
                                      .nlat = NLAT,
                                      .nlon = NLON,
                                      .north = 90,
                                      .step = 30,
                                      .level_count = LEVELS,
                                      .time_count = DAYS * 4,
                                      .first_time = 1766188800,
                                      .time_step = DAY / 4,
                                      .formula = uneven_value};

static int make_store(void **state)
{
    static const char *const text = "fields: [{name: temperature}]\n";
    char configuration[SYNTHETIC_PATH], file[SYNTHETIC_PATH], store[SYNTHETIC_PATH];
    ar_error err = {""};
    int failed = make_folder(state);
    synthetic_file("a.nc", &shape, 0, shape.time_count, 8);
    synthetic_path(configuration, "a.yaml");
    synthetic_path(file, "a.nc");
    synthetic_path(store, "a.zarr");
    must(ar_file_write_whole(configuration, text, strlen(text), &err), &err);
    must(ar_prepare(&(ar_prepare_options){.configuration = configuration,
                                          .data_paths = (const char *const[]){file},
                                          .data_path_count = 1,
                                          .out = store},
                    &err),
         &err);
    return failed;
}

static void open_reader(ar_field_reader **reader, const char *name, const double *levels)
{
    char path[SYNTHETIC_PATH];
    const char *const paths[] = {path};
    ar_error err = {""};
    synthetic_path(path, name);
    must(ar_field_reader_open(
             reader, paths, 1,
             &(ar_field_request){.name = "temperature", .levels = levels, .level_count = 1}, &err),
         &err);
}

static void normalise(const char *name, ar_normalisation_period period, ar_normalisation_area area,
                      int64_t first, int64_t last, ar_normalisation *normalisation)
{
    ar_field_reader *reader = NULL;
    ar_error err = {""};
    open_reader(&reader, name, NULL);
    must(ar_normalisation_compute_reading(normalisation, reader, period, area, first, last, &err),
         &err);
    ar_field_reader_close(&reader);
}

/* Float results of sums in another order, in double: the last place of a float, and a little more
 * for a standard deviation, which is small beside the mean. */
static void compare(const float *a, const float *b, int64_t count, double tolerance)
{
    for (int64_t i = 0; i < count; i++) {
        if (!(fabs((double)a[i] - b[i]) <= tolerance * fabs(b[i]))) {
            fail_msg("%lld: %.9g, not %.9g", (long long)i, (double)a[i], (double)b[i]);
        }
    }
}

static const int64_t periods[][2] = {
    {-1, (int64_t)1 << 40},                        /* all */
    {1767225600, 1767225600 + 59 * DAY - 1},       /* January and February of 2026 */
    {1767225600, 1767225600 + 40 * DAY},           /* and only some of February */
    {1767225600 + 5 * DAY, 1767225600 + DAY * 20}, /* no whole month */
};

static void as_by_values(void **state)
{
    (void)state;
    for (int period = AR_PERIOD_OVERALL; period <= AR_PERIOD_MONTHLY; period++) {
        for (int area = AR_AREA_GLOBAL; area <= AR_AREA_POINT; area++) {
            for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
                ar_normalisation a = {0}, b = {0};
                normalise("a.zarr", (ar_normalisation_period)period, (ar_normalisation_area)area,
                          periods[i][0], periods[i][1], &a);
                normalise("a.nc", (ar_normalisation_period)period, (ar_normalisation_area)area,
                          periods[i][0], periods[i][1], &b);
                const int64_t count = 13 * LEVELS * a.rows * a.columns;
                compare(a.mean, b.mean, count, 2e-7);
                compare(a.standard_deviation, b.standard_deviation, count, 1e-6);
                assert_memory_equal(a.month_seen, b.month_seen, sizeof a.month_seen);
                ar_normalisation_release(&a);
                ar_normalisation_release(&b);
            }
        }
    }
}

/* One level of two is found where it is. */
static void of_one_level(void **state)
{
    (void)state;
    const double level = 101;
    ar_field_reader *reader = NULL;
    ar_normalisation one = {0}, both = {0};
    ar_error err = {""};
    open_reader(&reader, "a.zarr", &level);
    must(ar_normalisation_compute_reading(&one, reader, AR_PERIOD_OVERALL, AR_AREA_GLOBAL, -1,
                                          (int64_t)1 << 40, &err),
         &err);
    normalise("a.zarr", AR_PERIOD_OVERALL, AR_AREA_GLOBAL, -1, (int64_t)1 << 40, &both);
    assert_true(one.mean[0] == both.mean[1] && one.mean[0] != both.mean[0]);
    ar_field_reader_close(&reader);
    ar_normalisation_release(&one);
    ar_normalisation_release(&both);
}

/* Without its values, which then are all missing, a store still knows its whole months; and months
 * outside of the period do not count, since what is poison in them does not show. */
static void without_values(void **state)
{
    (void)state;
    char store[SYNTHETIC_PATH], command[2 * SYNTHETIC_PATH + 64];
    ar_normalisation before = {0}, after = {0};
    normalise("a.zarr", AR_PERIOD_MONTHLY, AR_AREA_POINT, periods[1][0], periods[1][1], &before);
    synthetic_path(store, "a.zarr");
    /* months 0 and 3 of the statistics are not in the period */
    snprintf(command, sizeof command,
             "rm %s/temperature/[0-9]* %s/statistics.zarr/temperature_mean/[03].*", store, store);
    assert_int_equal(system(command), 0);
    normalise("a.zarr", AR_PERIOD_MONTHLY, AR_AREA_POINT, periods[1][0], periods[1][1], &after);
    const int64_t count = 13 * LEVELS * before.rows * before.columns;
    compare(after.mean, before.mean, count, 0);
    compare(after.standard_deviation, before.standard_deviation, count, 0);
    ar_normalisation_release(&before);
    ar_normalisation_release(&after);
    /* where a month is not whole its values are looked at, and they have gone */
    ar_field_reader *reader = NULL;
    ar_error err = {""};
    open_reader(&reader, "a.zarr", NULL);
    assert_int_equal(ar_normalisation_compute_reading(&after, reader, AR_PERIOD_OVERALL,
                                                      AR_AREA_GLOBAL, periods[3][0], periods[3][1],
                                                      &err),
                     AR_ERROR_INPUT);
    assert_non_null(strstr(err.message, "missing"));
    ar_field_reader_close(&reader);
}

static void only_of_prepared_stores(void **state)
{
    (void)state;
    ar_field_reader *reader = NULL;
    ar_store_statistics *statistics = NULL;
    ar_error err = {""};
    open_reader(&reader, "a.nc", NULL);
    must(ar_store_statistics_open(&statistics, reader, &err), &err);
    assert_null(statistics);
    assert_int_equal(ar_store_statistics_find(statistics, begin, 48), -1);
    ar_field_reader_close(&reader);
    open_reader(&reader, "a.zarr", NULL);
    must(ar_store_statistics_open(&statistics, reader, &err), &err);
    assert_non_null(statistics);
    assert_int_equal(ar_store_statistics_find(statistics, begin, 48), 0);
    assert_int_equal(ar_store_statistics_find(statistics, begin, 47), -1);
    assert_int_equal(ar_store_statistics_find(statistics, begin + 12 * DAY, 124), 1);
    assert_int_equal(ar_store_statistics_find(statistics, begin - 30 * DAY, 120), -1);
    ar_store_statistics_close(&statistics);
    ar_field_reader_close(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_by_values), cmocka_unit_test(of_one_level),
        cmocka_unit_test(only_of_prepared_stores), cmocka_unit_test(without_values)};
    return cmocka_run_group_tests(tests, make_store, remove_folder);
}
