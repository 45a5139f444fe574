/* Truth that is read in windows of times: every read gives the time that was asked for, whatever
 * was read before; and the memory of a verification does not grow with the number of times. */
#include "verify/truth.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "atmorep/atmorep.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "temporary_folder.h"
#include "truth_file.h"

enum { STEP = 21600 };

/* The value is the number of the time. Pairs of reads stand side by side: what the first gave is
 * still there after the second. */
static void reads_in_any_order(void **state)
{
    (void)state;
    enum { TIMES = 23, POINTS = 8, READS = 400 };
    double times[TIMES];
    float values[TIMES * POINTS];
    for (int i = 0; i < TIMES * POINTS; i++) {
        times[i / POINTS] = i / POINTS * STEP;
        values[i] = (float)(i / POINTS);
    }
    const truth_file file = {
        .nlat = 2, .nlon = 4, .time_count = TIMES, .times = times, .values = values};
    const int64_t windows[] = {1, 2, 5, 11, 12, 23, 100};
    for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
        ar_truth truth;
        ar_random stream = {.purpose = AR_RANDOM_BOOTSTRAP};
        ar_error err = {""};
        truth_file_open(&truth, &file, (size_t)windows[w] * POINTS * sizeof(float));
        for (int i = 0; i < READS; i++) {
            const int64_t a = ar_random_below(&stream, TIMES), b = ar_random_below(&stream, TIMES);
            const float *at_a, *at_b;
            truth_must(ar_truth_read(&truth, a, &at_a, &err), &err);
            truth_must(ar_truth_read(&truth, b, &at_b, &err), &err);
            for (int k = 0; k < POINTS; k++) {
                assert_true(at_a[k] == (float)a && at_b[k] == (float)b);
            }
        }
        assert_int_equal(ar_truth_find_time(&truth, 7 * STEP), 7);
        assert_int_equal(ar_truth_find_time(&truth, 7 * STEP + 1), -1);
        ar_truth_close(&truth);
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

enum { NLAT = 90, NLON = 180, POINTS = NLAT * NLON };

/* Truth of so many times, 6 hours apart from 1970 on, that is the number of the time everywhere. */
static void write_long_truth(const char *path, int64_t time_count)
{
    ar_writer *file = NULL;
    ar_error err = {""};
    double *times = NULL;
    float *values = NULL;
    truth_must(ar_allocate(&times, (size_t)time_count, sizeof *times, "", &err), &err);
    truth_must(ar_allocate(&values, POINTS, sizeof *values, "", &err), &err);
    for (int64_t t = 0; t < time_count; t++) {
        times[t] = (double)(t * STEP);
    }
    truth_must(ar_writer_create(&file, path, &err), &err);
    truth_file_define(
        file, &(truth_file){.nlat = NLAT, .nlon = NLON, .time_count = time_count, .times = times});
    for (int64_t t = 0; t < time_count; t++) {
        for (int at = 0; at < POINTS; at++) {
            values[at] = (float)t;
        }
        const int64_t start[] = {t, 0, 0}, count[] = {1, NLAT, NLON};
        truth_must(ar_writer_write(file, "x", start, count, values, &err), &err);
    }
    truth_must(ar_writer_commit(&file, &err), &err);
    ar_free(times);
    ar_free(values);
}

/* A forecast of one member, 0 everywhere, of the times number `first` and `last`. */
static void write_forecast(const char *path, int64_t first, int64_t last)
{
    ar_writer *file = NULL;
    ar_error err = {""};
    const double times[] = {(double)(first * STEP), (double)(last * STEP)}, lead = 6;
    truth_must(ar_writer_create(&file, path, &err), &err);
    truth_file_define(file,
                      &(truth_file){.nlat = NLAT, .nlon = NLON, .time_count = 2, .times = times});
    const char *const names[] = {"forecast_reference_time", "lead_time"};
    const char *const units[] = {"seconds since 1970-01-01", "hours"};
    for (int i = 0; i < 2; i++) {
        const ar_writer_variable variable = {
            .name = names[i], .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {"time"}};
        truth_must(ar_writer_add_variable(file, &variable, &err), &err);
        truth_must(ar_writer_put_text(file, names[i], "units", units[i], &err), &err);
    }
    truth_must(ar_writer_put_text(file, NULL, "training_start", "1969-01-01", &err), &err);
    truth_must(ar_writer_put_text(file, NULL, "training_end", "1969-12-31", &err), &err);
    static const float zeros[POINTS];
    for (int64_t t = 0; t < 2; t++) {
        const double reference = times[t] - STEP;
        const int64_t one = 1, start[] = {t, 0, 0}, count[] = {1, NLAT, NLON};
        truth_must(ar_writer_write(file, names[0], &t, &one, &reference, &err), &err);
        truth_must(ar_writer_write(file, names[1], &t, &one, &lead, &err), &err);
        truth_must(ar_writer_write(file, "x", start, count, zeros, &err), &err);
    }
    truth_must(ar_writer_commit(&file, &err), &err);
}

/* Peak of verifying with a climatology of so many days from 1970 on. */
static int64_t peak_of(const char *forecast, const char *truth, const char *last_day)
{
    char out[128];
    const char *const paths[] = {truth};
    const ar_verify_options options = {.forecast = forecast,
                                       .truth_paths = paths,
                                       .truth_count = 1,
                                       .out = out,
                                       .climatology_start = "1970-01-01",
                                       .climatology_end = last_day};
    ar_error err = {""};
    char *table = NULL;
    snprintf(out, sizeof out, "%s/scores", folder);
    ar_memory_peak(true);
    truth_must(ar_verify(&options, &table, &err), &err);
    ar_text_free(table);
    return ar_memory_peak(false);
}

static void quiet(void *context, ar_log_level level, const char *line)
{
    (void)context, (void)level, (void)line;
}

/* Twice the times, of the climatology and from the first to the last of the forecast, are 34 MiB
 * more of values on disk, of which two windows hold less than half. What may grow are indices, and
 * chunks that threads hold at once differ from run to run: 1 MiB is far more than these. */
static void memory_does_not_grow_with_times(void **state)
{
    (void)state;
    enum { TIMES = 560 * 2, MARGIN = 1 << 20 };
    char truth[128], near[128], far[128];
    snprintf(truth, sizeof truth, "%s/long.zarr", folder);
    snprintf(near, sizeof near, "%s/near.nc", folder);
    snprintf(far, sizeof far, "%s/far.nc", folder);
    write_long_truth(truth, TIMES);
    write_forecast(near, 1, TIMES / 2);
    write_forecast(far, 1, TIMES - 1);
    ar_log_set_sink(quiet, NULL);
    const int64_t half = peak_of(near, truth, "1970-05-20T18"); /* 560 times */
    const int64_t whole = peak_of(far, truth, "1970-10-07");
    if (whole > half + MARGIN) {
        fail_msg("%lld bytes for all times, %lld for half of them", (long long)whole,
                 (long long)half);
    }
    /* or there was nothing to be seen: both have more than two windows hold */
    assert_true((int64_t)TIMES / 2 * POINTS * 4 > 2 * (16 << 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_in_any_order),
        cmocka_unit_test(memory_does_not_grow_with_times),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
