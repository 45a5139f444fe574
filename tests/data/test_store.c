/* The parts of a store: what packing may change, moments of values with gaps, and which
 * configurations say what to prepare. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/moments.h"
#include "data/store_configuration.h"
#include "temporary_folder.h"

enum { COUNT = 4096 };

/* ---- packing --------------------------------------------------------------------------------- */

static ar_store_error pack(ar_store_type type, float smallest, float largest, float *values,
                           int64_t count)
{
    float packed[COUNT];
    ar_store_error error = {0};
    const ar_store_packing packing = ar_store_packing_choose(type, smallest, largest);
    ar_store_pack(&packing, values, count, packed, &error);
    return error;
}

/* Half a step of the range, and half the last place of a value of that size. */
static void integers_keep_their_bound(void **state)
{
    (void)state;
    ar_random random = {.seed = 5, .purpose = AR_RANDOM_TEST};
    const float smallest = -3.5e4f, largest = 9e4f;
    float values[COUNT], before[COUNT];
    for (int i = 0; i < COUNT; i++) {
        before[i] = i == 0   ? smallest
                    : i == 1 ? largest
                             : smallest + (largest - smallest) * (float)ar_random_uniform(&random);
        before[i] = i % 100 == 99 ? NAN : before[i];
    }
    memcpy(values, before, sizeof values);
    const ar_store_error error = pack(AR_STORE_INT16, smallest, largest, values, COUNT);
    const double bound = 0.5 * ((double)largest - smallest) / 65534 + 0.5 * 0.0078125;
    double most = 0, squares = 0;
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(isnan(values[i]) != 0, i % 100 == 99);
        if (!isnan(values[i])) {
            most = fmax(most, fabs((double)values[i] - before[i]));
            squares += ((double)values[i] - before[i]) * ((double)values[i] - before[i]);
        }
    }
    assert_true(most > 0 && most <= bound);
    assert_true(error.largest == most && error.squares == squares);
    assert_int_equal(error.count, COUNT - COUNT / 100);
    assert_true(values[0] == smallest && values[1] == largest);
    /* what has been packed once is not changed again */
    memcpy(before, values, sizeof values);
    assert_true(pack(AR_STORE_INT16, smallest, largest, values, COUNT).largest == 0);
    assert_true(memcmp(before + 2, values + 2, 90 * sizeof *values) == 0);
}

static void integers_of_constants_and_of_nothing(void **state)
{
    (void)state;
    float same[2] = {7.25f, NAN}, nothing[1] = {NAN};
    assert_true(pack(AR_STORE_INT16, 7.25f, 7.25f, same, 2).largest == 0 && same[0] == 7.25f);
    assert_int_equal(pack(AR_STORE_INT16, INFINITY, -INFINITY, nothing, 1).count, 0);
    assert_true(isnan(nothing[0]));
}

/* To nearest, ties to even: half of the last of 8 significant bits, 2⁻⁸, at most. */
static void bfloat16_rounds_to_nearest(void **state)
{
    (void)state;
    const struct {
        float value, rounded;
    } cases[] = {{1, 1},
                 {1 + 0x1p-8f, 1},           /* a tie, to the even one */
                 {1 + 0x3p-8f, 1 + 0x1p-6f}, /* a tie, upwards */
                 {1 + 0x1.01p-8f, 1 + 0x1p-7f},
                 {-3.14159265f, -3.140625f},
                 {0, 0},
                 {3.4e38f, 0x1.fep127f}, /* not to infinity */
                 {INFINITY, INFINITY}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float value = cases[i].value;
        pack(AR_STORE_BFLOAT16, 0, 0, &value, 1);
        assert_true(value == cases[i].rounded);
    }
    float value = 273.16f;
    assert_true(pack(AR_STORE_FLOAT32, 0, 0, &value, 1).largest == 0 && value == 273.16f);
}

/* ---- moments --------------------------------------------------------------------------------- */

enum { POINTS = 6, TIMES = 50 };

static float series(int64_t time, int64_t point)
{
    if (point == 5 || (time * 5 + point) % 7 == 3) {
        return NAN; /* the last point never has a value */
    }
    /* deviations a hundred thousandth of the mean, as of geopotential */
    return 500000.0f + (float)((time * 37 + point * 11) % 19);
}

static void add_series(ar_moments *moments, int64_t first, int64_t end)
{
    for (int64_t t = first; t < end; t++) {
        float values[POINTS];
        for (int64_t i = 0; i < POINTS; i++) {
            values[i] = series(t, i);
        }
        ar_moments_add(moments, values);
    }
}

/* Two passes over whole numbers are exact but for the division. */
static void moments_are_those_of_two_passes(void **state)
{
    (void)state;
    ar_moments moments = {0};
    assert_int_equal(ar_moments_init(&moments, POINTS, NULL), AR_OK);
    add_series(&moments, 0, 7); /* is forgotten */
    ar_moments_clear(&moments);
    add_series(&moments, 0, TIMES);
    for (int64_t i = 0; i < POINTS; i++) {
        double sum = 0, squares = 0;
        int32_t count = 0;
        for (int64_t t = 0; t < TIMES; t++) {
            sum += isnan(series(t, i)) ? 0 : series(t, i);
            count += !isnan(series(t, i));
        }
        for (int64_t t = 0; t < TIMES && count > 0; t++) {
            const double d = series(t, i) - sum / count;
            squares += isnan(d) ? 0 : d * d;
        }
        assert_int_equal(moments.count[i], count);
        assert_true(count == 0 || fabs(moments.mean[i] - sum / count) < 1e-9);
        assert_true(fabs(moments.squares[i] - squares) < 1e-6);
    }
    ar_moments_release(&moments);
}

/* ---- configurations -------------------------------------------------------------------------- */

static ar_status read_text(ar_store_configuration **configuration, const char *text, ar_error *err)
{
    char path[160];
    snprintf(path, sizeof path, "%s/a.yaml", folder);
    assert_int_equal(ar_file_write_whole(path, text, strlen(text), NULL), AR_OK);
    return ar_store_configuration_read(configuration, path, err);
}

/* Whatever training is configured by says what to prepare. */
static void takes_that_of_training(void **state)
{
    (void)state;
    static const char *const files[] = {"configs/era5-djf.yaml", "configs/nature-run-demo.yaml",
                                        "tests/cli/waves.yaml"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        ar_store_configuration *configuration = NULL;
        ar_error err = {""};
        ar_status status = ar_store_configuration_read(&configuration, files[i], &err);
        if (status != AR_OK) {
            fail_msg("%s", err.message);
        }
        const ar_store_request request = ar_store_configuration_request(configuration);
        assert_true(request.path_count > 0 && request.field_count > 1 && request.start);
        ar_store_configuration_destroy(&configuration);
    }
}

static void reads_what_is_asked(void **state)
{
    (void)state;
    ar_store_configuration *configuration = NULL;
    ar_error err = {""};
    assert_int_equal(read_text(&configuration,
                               "data:\n"
                               "  paths: [a.nc, 'b*.nc']\n"
                               "  training: {start: 2018-01-01, end: 2019-12-31T18}\n"
                               "  validation: {start: 2017-06-01, end: 2017-07-01}\n"
                               "fields:\n"
                               "  - {name: geopotential, levels: [850, 500], variable: z}\n"
                               "  - {name: coarse, stream_of: geopotential, tokens: [1, 1, 1]}\n"
                               "  - {name: orography, static: yes}\n"
                               "store: {type: int16, compression: none, chunk_times: 6}\n",
                               &err),
                     AR_OK);
    const ar_store_request r = ar_store_configuration_request(configuration);
    assert_int_equal(r.path_count, 2);
    assert_string_equal(r.paths[1], "b*.nc");
    assert_string_equal(r.start, "2017-06-01");
    assert_string_equal(r.end, "2019-12-31T18");
    assert_int_equal(r.field_count, 2); /* a stream has no data of its own */
    assert_string_equal(r.fields[0].variable, "z");
    assert_int_equal(r.fields[0].level_count, 2);
    assert_true(r.fields[0].levels[1] == 500 && !r.fields[0].is_static);
    assert_string_equal(r.fields[1].name, "orography");
    assert_true(r.fields[1].is_static && r.fields[1].level_count == 0);
    assert_int_equal(r.type, AR_STORE_INT16);
    assert_false(r.compress);
    assert_int_equal(r.chunk_times, 6);
    ar_store_configuration_destroy(&configuration);
}

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"fields: []\n", "fields"},
        {"data: {paths: [a]}\n", "fields"},
        {"fields: [{name: z}]\nstore: {tipe: int16}\n", "a.yaml:2: unknown key 'store.tipe'"},
        {"fields: [{name: z}]\nstore: {type: int8}\n", "one of float32, bfloat16, int16"},
        {"fields: [{name: z}]\nstore: {compression_level: 10}\n", "whole number from 1 to 9"},
        {"fields: [{name: z}]\nstore: {chunk_times: -1}\n", "whole number from 1"},
        {"data: {grid: {step: 7}}\nfields: [{name: z}]\n", "a.yaml:1: data.grid.step"},
        {"fields: [{levels: [500]}]\n", "name"},
        {"fields: [{name: z, grid: coarse}]\n", "unknown key 'fields[0].grid'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_store_configuration *configuration = NULL;
        ar_error err = {""};
        assert_int_equal(read_text(&configuration, cases[i].text, &err), AR_ERROR_INPUT);
        assert_null(configuration);
        if (!strstr(err.message, cases[i].message)) {
            fail_msg("%s: no \"%s\" in \"%s\"", cases[i].text, cases[i].message, err.message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_keep_their_bound),
        cmocka_unit_test(integers_of_constants_and_of_nothing),
        cmocka_unit_test(bfloat16_rounds_to_nearest),
        cmocka_unit_test(moments_are_those_of_two_passes),
        cmocka_unit_test(takes_that_of_training),
        cmocka_unit_test(reads_what_is_asked),
        cmocka_unit_test(refuses_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
