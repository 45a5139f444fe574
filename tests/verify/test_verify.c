/* A whole verification of a forecast small enough to follow by hand; and with every allocation
 * failing in turn, after which nothing half-done is left. (tests/verify/test_command.sh compares
 * with numpy.) */
#include "atmorep/atmorep.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "io/writer.h"
#include "temporary_folder.h"

enum { NLAT = 3, NLON = 4, POINTS = NLAT * NLON, TRUTH_TIMES = 8, TIMES = 2, MEMBERS = 2 };

static char forecast_path[64], truth_path[64], out_path[64], scores_path[64];
static const char *const truth_paths[] = {truth_path};
static int warnings;

static void count_warnings(void *context, ar_log_level level, const char *line)
{
    (void)line;
    *(int *)context += level == AR_LOG_WARNING;
}

/* With a coordinate variable where `units` are given. */
static void add_dimension(ar_writer *writer, const char *name, int64_t length, const char *units)
{
    ar_error err;
    const ar_writer_variable variable = {
        .name = name, .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {name}};
    assert_int_equal(ar_writer_add_dimension(writer, name, length, &err), AR_OK);
    if (units) {
        assert_int_equal(ar_writer_add_variable(writer, &variable, &err), AR_OK);
        assert_int_equal(ar_writer_put_text(writer, name, "units", units, &err), AR_OK);
    }
}

static void write_values(ar_writer *writer, const char *name, int64_t count, const double *values)
{
    ar_error err;
    assert_int_equal(ar_writer_write(writer, name, (int64_t[]){0}, &count, values, &err), AR_OK);
}

static const double latitude[NLAT] = {60, 0, -60}, longitude[NLON] = {0, 90, 180, 270};
static const char hours[] = "hours since 2001-01-01 00:00:00";

static void add_grid(ar_writer *writer)
{
    add_dimension(writer, "latitude", NLAT, "degrees_north");
    add_dimension(writer, "longitude", NLON, "degrees_east");
}

static void write_grid(ar_writer *writer)
{
    write_values(writer, "latitude", NLAT, latitude);
    write_values(writer, "longitude", NLON, longitude);
}

/* Truth at time t (6 t hours) is t everywhere. */
static void write_truth(void)
{
    ar_error err;
    ar_writer *writer = NULL;
    double times[TRUTH_TIMES];
    float values[TRUTH_TIMES * POINTS];
    for (int i = 0; i < TRUTH_TIMES * POINTS; i++) {
        values[i] = (float)(i / POINTS);
        times[i / POINTS] = 6 * (i / POINTS);
    }
    const ar_writer_variable variable = {.name = "x",
                                         .type = AR_WRITER_FLOAT,
                                         .rank = 3,
                                         .dimensions = {"time", "latitude", "longitude"}};
    assert_int_equal(ar_writer_create(&writer, truth_path, &err), AR_OK);
    add_dimension(writer, "time", TRUTH_TIMES, hours);
    add_grid(writer);
    assert_int_equal(ar_writer_add_variable(writer, &variable, &err), AR_OK);
    assert_int_equal(ar_writer_put_text(writer, "x", "units", "K", &err), AR_OK);
    write_values(writer, "time", TRUTH_TIMES, times);
    write_grid(writer);
    const int64_t start[] = {0, 0, 0}, count[] = {TRUTH_TIMES, NLAT, NLON};
    assert_int_equal(ar_writer_write(writer, "x", start, count, values, &err), AR_OK);
    assert_int_equal(ar_writer_commit(&writer, &err), AR_OK);
}

static void add_field(ar_writer *writer, const ar_writer_variable *variable)
{
    ar_error err;
    assert_int_equal(ar_writer_add_variable(writer, variable, &err), AR_OK);
    assert_int_equal(ar_writer_put_text(writer, variable->name, "units", "K", &err), AR_OK);
    assert_int_equal(ar_writer_put_text(writer, variable->name, "field", "x", &err), AR_OK);
}

/* Forecasts of times 5 and 6 from times 4 and 5: members at truth + 1 and truth + 4. */
static void write_forecast(void)
{
    ar_error err;
    ar_writer *writer = NULL;
    const double times[TIMES] = {30, 36}, references[TIMES] = {24, 30}, leads[TIMES] = {6, 6};
    float mean[TIMES * POINTS], members[TIMES * MEMBERS * POINTS];
    for (int t = 0; t < TIMES; t++) {
        for (int at = 0; at < POINTS; at++) {
            mean[t * POINTS + at] = (float)(5 + t) + 2.5f;
            members[(t * MEMBERS + 0) * POINTS + at] = (float)(5 + t) + 1;
            members[(t * MEMBERS + 1) * POINTS + at] = (float)(5 + t) + 4;
        }
    }
    const ar_writer_variable variables[] = {
        {.name = "x",
         .type = AR_WRITER_FLOAT,
         .rank = 3,
         .dimensions = {"time", "latitude", "longitude"}},
        {.name = "x_spread",
         .type = AR_WRITER_FLOAT,
         .rank = 3,
         .dimensions = {"time", "latitude", "longitude"}},
        {.name = "x_members",
         .type = AR_WRITER_FLOAT,
         .rank = 4,
         .dimensions = {"time", "member", "latitude", "longitude"}}};
    const ar_writer_variable reference = {.name = "forecast_reference_time",
                                          .type = AR_WRITER_DOUBLE,
                                          .rank = 1,
                                          .dimensions = {"time"}};
    const ar_writer_variable lead = {
        .name = "lead_time", .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {"time"}};
    assert_int_equal(ar_writer_create(&writer, forecast_path, &err), AR_OK);
    add_dimension(writer, "time", TIMES, hours);
    add_dimension(writer, "member", MEMBERS, NULL);
    add_grid(writer);
    assert_int_equal(ar_writer_add_variable(writer, &reference, &err), AR_OK);
    assert_int_equal(ar_writer_put_text(writer, "forecast_reference_time", "units", hours, &err),
                     AR_OK);
    assert_int_equal(ar_writer_add_variable(writer, &lead, &err), AR_OK);
    for (int i = 0; i < 3; i++) {
        add_field(writer, &variables[i]);
    }
    assert_int_equal(ar_writer_put_text(writer, NULL, "training_start", "2001-01-01", &err), AR_OK);
    assert_int_equal(ar_writer_put_text(writer, NULL, "training_end", "2001-01-01T18:00", &err),
                     AR_OK);
    write_values(writer, "time", TIMES, times);
    write_values(writer, "forecast_reference_time", TIMES, references);
    write_values(writer, "lead_time", TIMES, leads);
    write_grid(writer);
    const int64_t start[4] = {0}, count[] = {TIMES, NLAT, NLON};
    const int64_t member_count[] = {TIMES, MEMBERS, NLAT, NLON};
    assert_int_equal(ar_writer_write(writer, "x", start, count, mean, &err), AR_OK);
    assert_int_equal(ar_writer_write(writer, "x_members", start, member_count, members, &err),
                     AR_OK);
    assert_int_equal(ar_writer_commit(&writer, &err), AR_OK);
}

static int prepare(void **state)
{
    if (make_folder(state) != 0) {
        return -1;
    }
    snprintf(forecast_path, sizeof forecast_path, "%s/forecast.nc", folder);
    snprintf(truth_path, sizeof truth_path, "%s/truth.nc", folder);
    snprintf(out_path, sizeof out_path, "%s/out", folder);
    snprintf(scores_path, sizeof scores_path, "%s/out/scores.json", folder);
    write_truth();
    write_forecast();
    ar_log_set_sink(count_warnings, &warnings);
    return 0;
}

static ar_status verify(char **table, ar_error *err)
{
    const ar_verify_options options = {
        .forecast = forecast_path, .truth_paths = truth_paths, .truth_count = 1, .out = out_path};
    return ar_verify(&options, table, err);
}

static void every_failed_allocation_is_an_error(void **state)
{
    (void)state;
    int64_t failed = 0;
    for (;; failed++) {
        assert_true(failed < 5000);
        ar_error err = {""};
        char *table = NULL;
        ar_fail_allocation_after(failed);
        ar_status status = verify(&table, &err);
        ar_fail_allocation_after(-1);
        if (status == AR_OK) {
            ar_free(table);
            break;
        }
        assert_int_equal(status, AR_ERROR_MEMORY);
        assert_non_null(strstr(err.message, "memory"));
        assert_null(table);
    }
    assert_true(failed > 20);
    /* Names of what is half-done begin with a dot, or hold the word partial. */
    char command[128];
    snprintf(command, sizeof command, "[ -z \"$(find '%s' -name '.*' -o -name '*.partial-*')\" ]",
             folder);
    assert_int_equal(system(command), 0);
}

static double number(const cJSON *scores, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(scores, key);
    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}

static void scores_by_hand(void **state)
{
    (void)state;
    ar_error err;
    char *table = NULL, *text = NULL;
    size_t bytes = 0;
    warnings = 0;
    assert_int_equal(verify(&table, &err), AR_OK);
    assert_int_equal(warnings, 0);
    assert_int_equal(ar_file_read_whole(scores_path, 1 << 20, &text, &bytes, &err), AR_OK);
    cJSON *root = cJSON_Parse(text);
    const cJSON *scores = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "fields"), "x");
    scores = cJSON_GetObjectItem(cJSON_GetObjectItem(scores, "surface"), "6");
    assert_non_null(scores);
    /* Errors are the same everywhere, so weights do not matter; members at +1 and +4 have mean
     * +2.5, variance 4.5, CRPS 2.5 − 6/8 and fair 2.5 − 6/4. Persistence is 1 too low. The
     * climatology of times 0–3 is 1.5; its anomalies −1.5 −0.5 0.5 1.5 have lag-1 product 1.25 over
     * squares 2.75 and 2.75. All sums are exact but for the weights, which rounding may shift in
     * the last digits. */
    const double r = 1.25 / 2.75;
    const double damped[] = {1.5 + r * 2.5 - 5, 1.5 + r * 3.5 - 6};
    const struct {
        const char *key;
        double wanted;
    } wanted[] = {
        {"rmse", 2.5},
        {"bias", 2.5},
        {"mae", 2.5},
        {"crps", 1.75},
        {"crps_fair", 1.0},
        {"spread", sqrt(4.5)},
        {"spread_skill_ratio", sqrt(4.5) / 2.5},
        {"persistence_rmse", 1},
        {"persistence_crps", 1},
        {"climatology_rmse", sqrt((3.5 * 3.5 + 4.5 * 4.5) / 2)},
        {"times", 2},
        {"members", 2},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        double found = number(scores, wanted[i].key);
        if (!(fabs(found - wanted[i].wanted) < 1e-12)) {
            fail_msg("%s is %.17g, not %.17g", wanted[i].key, found, wanted[i].wanted);
        }
    }
    /* The damped forecast is rounded to float: 2e-7 of its value of 3. */
    double damped_rmse = sqrt((damped[0] * damped[0] + damped[1] * damped[1]) / 2);
    assert_true(fabs(number(scores, "damped_persistence_rmse") - damped_rmse) < 1e-6);
    /* The grid has wavenumbers 0 and 1; fields that are the same everywhere are all in the former:
     * the mean of 5² and 6², and of the squares of members. */
    const cJSON *spectra = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "spectra"), "x");
    spectra = cJSON_GetObjectItem(cJSON_GetObjectItem(spectra, "surface"), "6");
    if (spectra) { /* not in a build without spherical harmonics */
        const cJSON *truth = cJSON_GetObjectItem(spectra, "truth");
        const cJSON *members = cJSON_GetObjectItem(spectra, "members");
        assert_int_equal(cJSON_GetArraySize(truth), 2);
        assert_true(fabs(cJSON_GetArrayItem(truth, 0)->valuedouble - 30.5) < 1e-12 * 30.5);
        assert_true(fabs(cJSON_GetArrayItem(members, 0)->valuedouble - 266.0 / 4) < 1e-10);
    }
    cJSON_Delete(root);
    ar_free(text);
    ar_free(table);
}

static void climatology_over_scored_times_warns(void **state)
{
    (void)state;
    ar_error err;
    char *table = NULL;
    const ar_verify_options options = {.forecast = forecast_path,
                                       .truth_paths = truth_paths,
                                       .truth_count = 1,
                                       .out = out_path,
                                       .climatology_end = "2001-01-02T06:00"};
    warnings = 0;
    assert_int_equal(ar_verify(&options, &table, &err), AR_OK);
    assert_int_equal(warnings, 1);
    ar_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failed_allocation_is_an_error),
        cmocka_unit_test(scores_by_hand),
        cmocka_unit_test(climatology_over_scored_times_warns),
    };
    return cmocka_run_group_tests(tests, prepare, remove_folder);
}
