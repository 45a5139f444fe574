/* report.html of a run: the numbers of metrics.jsonl on a page that loads itself anew until the
 * end, written now and then, and never at the cost of the training. */
#include "train/training_report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "temporary_folder.h"

static const char lines[] =
    "{\"kind\": \"training\", \"step\": 10, \"loss\": 0.75, \"fields\": {\"geopotential\": "
    "{\"kernel_crps\": 0.5}, \"msl\": {\"kernel_crps\": 1}}, \"gradient_norm\": 0.125, "
    "\"learning_rate\": 0.0004, \"skipped_steps\": 0, \"samples_per_second\": 81.5}\n"
    "{\"kind\": \"validation\", \"step\": 10, \"loss\": 0.625, \"fields\": {\"geopotential\": "
    "{\"kernel_crps\": 0.25}, \"msl\": {\"kernel_crps\": 1}}}\n"
    "{\"kind\": \"training\", \"step\": 20, \"loss\": null, \"fields\": {}, \"gradient_norm\": "
    "null, \"learning_rate\": 0.0002, \"skipped_steps\": 10, \"samples_per_second\": 80}\n";

static int warnings;

static void count_warnings(void *context, ar_log_level level, const char *line)
{
    (void)line;
    *(int *)context += level == AR_LOG_WARNING;
}

typedef struct {
    char page[96];
    ar_configuration configuration;
    ar_training_report report;
} fixture;

static void set_up(fixture *it)
{
    ar_error err;
    char metrics[96];
    snprintf(it->page, sizeof it->page, "%s/report.html", folder);
    snprintf(metrics, sizeof metrics, "%s/metrics.jsonl", folder);
    assert_int_equal(
        ar_configuration_read(&it->configuration, "tests/cli/waves.yaml", NULL, 0, &err), AR_OK);
    assert_int_equal(ar_file_write_whole(metrics, lines, strlen(lines), &err), AR_OK);
    it->report = (ar_training_report){.run = folder, .configuration = &it->configuration};
}

static bool page_has(const fixture *it, const char *piece)
{
    ar_error err;
    char *text = NULL;
    size_t bytes = 0;
    assert_int_equal(ar_file_read_whole(it->page, 1 << 20, &text, &bytes, &err), AR_OK);
    const bool has = strstr(text, piece) != NULL;
    ar_free(text);
    return has;
}

/* Tooltips of points tell step and value: the validation's marker is "10: 0.625". */
static void the_page_shows_the_metrics(void **state)
{
    (void)state;
    fixture it = {0};
    set_up(&it);
    const ar_training_state going = {.step = 20, .skipped_steps = 10, .seconds_left = 123};
    it.report.last = ar_clock_seconds() - 1000;
    ar_training_report_update(&it.report, &going);
    assert_true(page_has(&it, "http-equiv='refresh'"));
    assert_true(page_has(&it, "time left 2:03 min"));
    assert_true(page_has(&it, "<title>10: 0.625</title>"));
    assert_true(page_has(&it, "<title>10: 0.25</title>"));
    assert_true(page_has(&it, "10 steps were skipped"));
    assert_true(page_has(&it, "least loss 0.625 at step 10"));
    assert_false(page_has(&it, ">nan"));

    /* so soon after the last time it is left as it is */
    assert_int_equal(unlink(it.page), 0);
    ar_training_report_update(&it.report, &going);
    assert_false(ar_path_exists(it.page));

    const ar_training_state ended = {.step = 20, .seconds_left = NAN, .end = "finished"};
    ar_training_report_update(&it.report, &ended);
    assert_false(page_has(&it, "http-equiv='refresh'"));
    assert_true(page_has(&it, "finished"));
    ar_configuration_release(&it.configuration);
}

static void a_page_that_cannot_be_written_is_one_warning(void **state)
{
    (void)state;
    fixture it = {0};
    set_up(&it);
    const ar_training_state ended = {.step = 20, .seconds_left = NAN, .end = "finished"};
    it.report.run = "/nowhere/at/all";
    warnings = 0;
    ar_log_set_sink(count_warnings, &warnings);
    ar_training_report_update(&it.report, &ended);
    ar_training_report_update(&it.report, &ended);
    ar_log_set_sink(NULL, NULL);
    assert_int_equal(warnings, 1);
    ar_configuration_release(&it.configuration);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_shows_the_metrics),
        cmocka_unit_test(a_page_that_cannot_be_written_is_one_warning),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
