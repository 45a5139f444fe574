/* Months that training never saw are told, once, where they are met. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "atmorep/log.h"
#include "train/dataset.h"

static char last_line[512];
static int lines;

static void keep_line(void *context, ar_log_level level, const char *line)
{
    (void)context;
    assert_int_equal(level, AR_LOG_WARNING);
    strncpy(last_line, line, sizeof last_line - 1);
    lines++;
}

static bool warns(const ar_dataset *dataset, const char *first, const char *last)
{
    int64_t from, to;
    assert_int_equal(ar_time_parse(&from, first, AR_CALENDAR_STANDARD, NULL), AR_OK);
    assert_int_equal(ar_time_parse(&to, last, AR_CALENDAR_STANDARD, NULL), AR_OK);
    int before = lines;
    bool warned = ar_dataset_warn_of_months(dataset, from, to, "forecast");
    assert_int_equal(lines - before, warned ? 1 : 0);
    return warned;
}

static void unseen_months_are_told_once(void **state)
{
    (void)state;
    ar_dataset *dataset = calloc(1, sizeof *dataset);
    ar_normalisation *normalisation = &dataset->normalisations[0];
    dataset->fields[0].calendar = AR_CALENDAR_STANDARD;
    normalisation->period = AR_PERIOD_MONTHLY;
    normalisation->month_seen[12] = normalisation->month_seen[1] = true;
    ar_log_set_sink(keep_line, NULL);
    assert_false(warns(dataset, "2025-12-30", "2026-01-31T18"));
    assert_true(warns(dataset, "2026-01-31T18", "2026-02-01"));
    assert_non_null(strstr(last_line, "forecast: training saw no times in February;"));
    assert_true(warns(dataset, "2025-11-30T18", "2026-04-01"));
    assert_non_null(strstr(last_line, "November"));
    normalisation->period = AR_PERIOD_OVERALL;
    assert_false(warns(dataset, "2025-11-30T18", "2026-04-01"));
    ar_log_set_sink(NULL, NULL);
    free(dataset);
}

/* The same variable in two fields shows targets, but not in a stream, nor at other levels, nor
 * where whole times are masked. */
static void copies_are_told(void **state)
{
    (void)state;
    ar_dataset *dataset = calloc(1, sizeof *dataset);
    ar_field_configuration fields[2] = {{.predicted = true}, {.predicted = false}};
    ar_configuration configuration = {
        .fields = fields, .field_count = 2, .masking = {.strategy = AR_MASK_BERT}};
    double levels[3] = {850, 500, 300};
    dataset->field_count = 2;
    for (int f = 0; f < 2; f++) {
        snprintf(dataset->fields[f].name, sizeof dataset->fields[f].name, "f%d", f);
        snprintf(dataset->fields[f].variable, sizeof dataset->fields[f].variable, "vo");
        dataset->fields[f].levels = levels + f;
        dataset->fields[f].level_count = 2;
    }
    lines = 0;
    ar_log_set_sink(keep_line, NULL);
    ar_dataset_warn_of_copies(dataset, &configuration);
    assert_int_equal(lines, 1);
    assert_non_null(strstr(last_line, "fields f0 and f1 both hold the variable vo"));
    dataset->is_stream[1] = true;
    ar_dataset_warn_of_copies(dataset, &configuration);
    dataset->is_stream[1] = false;
    dataset->fields[0].level_count = 1;
    ar_dataset_warn_of_copies(dataset, &configuration);
    dataset->fields[0].level_count = 2;
    dataset->fields[1].variable[0] = 'w';
    ar_dataset_warn_of_copies(dataset, &configuration);
    dataset->fields[1].variable[0] = 'v';
    configuration.masking.strategy = AR_MASK_FORECAST;
    ar_dataset_warn_of_copies(dataset, &configuration);
    assert_int_equal(lines, 1);
    ar_log_set_sink(NULL, NULL);
    free(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(unseen_months_are_told_once),
                                       cmocka_unit_test(copies_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
