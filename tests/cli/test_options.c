/* The option parser: what lands in the destinations, and that each wrong usage ends with exit code
 * 2 and one line on standard error that names the argument. */
#include "cli/cli.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MOST = 16 };

typedef struct {
    const char *out;
    ar_text_list data, operands;
    int64_t every;
    double scale;
    bool maps, go_on;
    int exit_code;
    char printed[4096]; /* standard error, or standard output where that was asked for */
} parsed;

static void release(parsed *result)
{
    ar_text_list_release(&result->data);
    ar_text_list_release(&result->operands);
}

/* Parse `arguments` (NULL ended) while stream `descriptor` goes to a file that is read afterwards.
 */
static parsed parse(const char *const *arguments, int descriptor)
{
    parsed result = {.every = 6, .scale = 1};
    const ar_option options[] = {
        {"out", "DIR", "folder for the results", AR_OPTION_TEXT, &result.out, true},
        {"data", "STORE", "stores to read", AR_OPTION_LIST, &result.data, false},
        {"every", "HOURS", "hours between forecasts", AR_OPTION_INTEGER, &result.every, false},
        {"scale", "NUMBER", "a factor", AR_OPTION_NUMBER, &result.scale, false},
        {"maps", NULL, "draw maps", AR_OPTION_FLAG, &result.maps, false},
        {0},
    };
    const ar_command_line line = {.command = "try",
                                  .description = "Try things.",
                                  .options = options,
                                  .operand = "CONFIG.yaml",
                                  .operand_help = "the configuration",
                                  .operands = &result.operands,
                                  .fewest_operands = 0,
                                  .most_operands = 1,
                                  .example = "atmorep try --out somewhere"};
    char *argv[ARGUMENTS_MOST] = {(char *)"try"};
    int argc = 1;
    for (; arguments[argc - 1]; argc++) {
        argv[argc] = (char *)arguments[argc - 1];
    }
    fflush(NULL);
    FILE *capture = tmpfile();
    assert_non_null(capture);
    int kept = dup(descriptor);
    dup2(fileno(capture), descriptor);
    result.go_on = ar_command_line_parse(&line, argc, argv, &result.exit_code);
    fflush(NULL);
    dup2(kept, descriptor);
    close(kept);
    rewind(capture);
    size_t length = fread(result.printed, 1, sizeof result.printed - 1, capture);
    result.printed[length] = '\0';
    fclose(capture);
    return result;
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL}, STDERR_FILENO)

static void values_land_in_their_destinations(void **state)
{
    (void)state;
    parsed result = PARSE("run.yaml", "--data", "a", "b", "--every", "-12", "--data=c", "--out=x=y",
                          "--maps", "--scale", "2.5e-3");
    assert_true(result.go_on);
    assert_string_equal(result.out, "x=y");
    assert_int_equal(result.data.count, 3);
    assert_string_equal(result.data.items[0], "a");
    assert_string_equal(result.data.items[1], "b");
    assert_string_equal(result.data.items[2], "c");
    assert_int_equal(result.operands.count, 1);
    assert_string_equal(result.operands.items[0], "run.yaml");
    assert_int_equal(result.every, -12);
    assert_true(result.scale == 2.5e-3);
    assert_true(result.maps);
    assert_string_equal(result.printed, "");
    release(&result);
}

static void options_not_given_keep_their_defaults(void **state)
{
    (void)state;
    parsed result = PARSE("--out", "x");
    assert_true(result.go_on);
    assert_int_equal(result.every, 6);
    assert_int_equal(result.data.count, 0);
    assert_false(result.maps);
    release(&result);
}

static void two_dashes_end_a_list_and_then_the_options(void **state)
{
    (void)state;
    parsed result = PARSE("--out", "x", "--data", "a", "b", "--", "run.yaml");
    assert_true(result.go_on);
    assert_int_equal(result.data.count, 2);
    assert_string_equal(result.operands.items[0], "run.yaml");
    release(&result);
    result = PARSE("--out", "x", "--", "--", "--maps");
    assert_true(result.go_on);
    assert_string_equal(result.operands.items[0], "--maps");
    assert_false(result.maps);
    release(&result);
}

static void refused(parsed result, const char *part)
{
    assert_false(result.go_on);
    assert_int_equal(result.exit_code, AR_EXIT_USAGE);
    if (!strstr(result.printed, part)) {
        fail_msg("'%s' lacks '%s'", result.printed, part);
    }
    /* one line, and it ends */
    assert_ptr_equal(strchr(result.printed, '\n') + 1, result.printed + strlen(result.printed));
    release(&result);
}

static void wrong_usage_is_one_line_that_names_it(void **state)
{
    (void)state;
    refused(PARSE("--out", "x", "--evry", "6"), "unknown option --evry; did you mean --every?");
    refused(PARSE("--out", "x", "--zzzzzzzz"), "unknown option --zzzzzzzz; atmorep try --help");
    refused(PARSE("--out", "x", "-o"), "unknown option -o");
    refused(PARSE("--data", "a"), "--out DIR is missing: folder for the results");
    refused(PARSE("--out"), "--out needs a value: --out DIR");
    refused(PARSE("--out", "--maps"), "--out needs a value");
    refused(PARSE("--out", "x", "--out", "y"), "--out is given twice");
    refused(PARSE("--out", "x", "--maps=yes"), "--maps takes no value");
    refused(PARSE("--out", "x", "--every", "6h"), "--every 6h: a whole number is wanted");
    refused(PARSE("--out", "x", "--every", "99999999999999999999"), "a whole number is wanted");
    refused(PARSE("--out", "x", "--scale", ""), "a number is wanted");
    refused(PARSE("--out", "x", "a.yaml", "b.yaml"), "b.yaml: only 1 CONFIG.yaml is wanted");
}

static void help_tells_every_option(void **state)
{
    (void)state;
    const char *const arguments[] = {"--evry", NULL};
    const char *const ask[] = {"--help", NULL};
    parsed result = parse(arguments, STDOUT_FILENO);
    assert_string_equal(result.printed, ""); /* errors do not go to standard output */
    release(&result);
    result = parse(ask, STDOUT_FILENO);
    assert_false(result.go_on);
    assert_int_equal(result.exit_code, AR_EXIT_DONE);
    const char *const parts[] = {"usage: atmorep try [CONFIG.yaml] --out DIR",
                                 "--data STORE…",
                                 "--every HOURS",
                                 "--maps ",
                                 "--quiet",
                                 "--help",
                                 "(required)",
                                 "  atmorep try --out somewhere\n"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_non_null(strstr(result.printed, parts[i]));
    }
    release(&result);
}

static void closest_name_by_edits(void **state)
{
    (void)state;
    const char *const names[] = {"train", "forecast", "verify", "info"};
    assert_string_equal(ar_closest_name("trian", names, 4), "train");
    assert_string_equal(ar_closest_name("verfy", names, 4), "verify");
    assert_string_equal(ar_closest_name("forcast", names, 4), "forecast");
    assert_null(ar_closest_name("xyzzyx", names, 4));
    assert_null(ar_closest_name("train", names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_land_in_their_destinations),
        cmocka_unit_test(options_not_given_keep_their_defaults),
        cmocka_unit_test(two_dashes_end_a_list_and_then_the_options),
        cmocka_unit_test(wrong_usage_is_one_line_that_names_it),
        cmocka_unit_test(help_tells_every_option),
        cmocka_unit_test(closest_name_by_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
