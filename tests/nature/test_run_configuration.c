/* The options of a nature run as YAML: what is written reads back as the same, the example has the
 * defaults it says it has, a file that is wrong changes nothing, and no allocation that fails leaks
 * or is missed. */
#include "nature/run_configuration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"

static char *describe(const ar_nature_run_options *options)
{
    char *text = NULL;
    assert_int_equal(ar_nature_run_describe(options, &text, NULL), AR_OK);
    return text;
}

static void write_file(char path[64], const char *text)
{
    strcpy(path, "/tmp/atmorep-nature-XXXXXX");
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_int_equal(ar_file_write_whole(path, text, strlen(text), NULL), AR_OK);
}

/* Every member away from its default: a key that is forgotten on one of the two ways is noticed. */
static ar_nature_run_options unusual(void)
{
    static const double interfaces[] = {0, 0.123456789012345678, 0.5, 1}, levels[] = {0.9, 1.0 / 3};
    static const char *const variables[] = {"vorticity", "a \"b\"\\"};
    return (ar_nature_run_options){.model = {.truncation = 42,
                                             .nlev = 3,
                                             .sigma_interfaces = interfaces,
                                             .steps_per_hour = 7,
                                             .diffusion_order = 4,
                                             .diffusion_hours = 1.0 / 7,
                                             .filter_strength = 0.1,
                                             .filter_alpha = 0.75,
                                             .orography = 0.5},
                                   .days = 12,
                                   .spin_up_days = 3,
                                   .output = {.every_hours = 5,
                                              .grid = AR_NATURE_GRID_GAUSSIAN,
                                              .longitudes = 128,
                                              .level_kind = AR_NATURE_SIGMA_LEVELS,
                                              .levels = levels,
                                              .level_count = 2,
                                              .variables = variables,
                                              .variable_count = 2},
                                   .seed = 99,
                                   .start = "1999-12-31T06",
                                   .from = "no",
                                   .perturb = 0.25,
                                   .ensemble = 5,
                                   .member = 4};
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    ar_nature_run_options first = unusual(), models = unusual(), usual;
    models.output.level_kind = AR_NATURE_MODEL_LEVELS;
    models.model.sigma_interfaces = NULL;
    models.model.water_cycle = models.model.land = true;
    usual = ar_nature_run_default_options();
    const ar_nature_run_options *cases[] = {&first, &models, &usual};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_nature_run_options again = i < 2 ? ar_nature_run_default_options() : unusual();
        ar_nature_configuration *configuration = NULL;
        char path[64], *text = describe(cases[i]);
        ar_error err = {""};
        again.from = NULL; /* what a description does not have stays as it is */
        again.output.longitudes = again.model.steps_per_hour = again.output.variable_count = 0;
        write_file(path, text);
        if (ar_nature_configuration_read(&configuration, path, &again, &err) != AR_OK) {
            fail_msg("%s", err.message);
        }
        char *text_again = describe(&again);
        assert_string_equal(text, text_again);
        ar_free(text);
        ar_free(text_again);
        ar_nature_configuration_destroy(&configuration);
        unlink(path);
    }
}

static void example_has_the_defaults(void **state)
{
    (void)state;
    ar_nature_run_options usual = ar_nature_run_default_options(), read = unusual();
    ar_nature_configuration *configuration = NULL;
    read.from = read.state = NULL;
    read.output.longitudes = read.model.steps_per_hour = read.output.variable_count = 0;
    assert_int_equal(
        ar_nature_configuration_read(&configuration, "configs/nature-run.yaml", &read, NULL),
        AR_OK);
    char *expected = describe(&usual), *found = describe(&read);
    assert_string_equal(expected, found);
    assert_int_equal(read.checkpoint_days, usual.checkpoint_days);
    assert_int_equal(read.threads, usual.threads);
    ar_free(expected);
    ar_free(found);
    ar_nature_configuration_destroy(&configuration);
}

static void wrong_files_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"days: 3\nmodel: {levels: [0, a, 1]}", ":2: model.levels is a list; should be a whole"},
        {"days: 3\nmodel: {levels: [1]}", ":2: model.levels is a list; should be a whole"},
        {"days: 3\nmodel:\n  levels: {a: 1}", ":3: model.levels is a mapping"},
        {"days: 3\noutput: {variables: [[1]]}", ":2: output.variables[0] is a list"},
        {"days: 3\noutput: {variables: []}",
         "output.variables has 0 entries; should be at least 1"},
        {"days: 3\noutput: {pressure_levels: 500}", "should be a list of numbers"},
        {"days: 3\nforcing: {land: 1}", "forcing.land is '1'; should be true or false"},
        {"days: 3\nthreads: 99999999999999999999", "should be a whole number"},
        {"- days", "should be a mapping of keys"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ar_nature_run_options options = unusual();
        const ar_nature_run_options before = options;
        ar_nature_configuration *configuration = NULL;
        ar_error err = {""};
        char path[64];
        write_file(path, cases[i].text);
        assert_int_equal(ar_nature_configuration_read(&configuration, path, &options, &err),
                         AR_ERROR_INPUT);
        if (!strstr(err.message, cases[i].message)) {
            fail_msg("%s: wanted %s", err.message, cases[i].message);
        }
        assert_null(configuration);
        assert_memory_equal(&options, &before, sizeof options);
        unlink(path);
    }
}

static void every_allocation_fails(void **state)
{
    (void)state;
    ar_nature_run_options options = unusual();
    char path[64], *text = describe(&options);
    write_file(path, text);
    ar_free(text);
    ar_status status = AR_ERROR_MEMORY;
    for (int64_t n = 0; status != AR_OK; n++) {
        ar_nature_run_options read = ar_nature_run_default_options();
        ar_nature_configuration *configuration = NULL;
        assert_true(n < 100);
        ar_fail_allocation_after(n);
        status = ar_nature_configuration_read(&configuration, path, &read, NULL);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
        ar_nature_configuration_destroy(&configuration);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes), cmocka_unit_test(example_has_the_defaults),
        cmocka_unit_test(wrong_files_change_nothing), cmocka_unit_test(every_allocation_fails)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
