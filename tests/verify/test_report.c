/* The reports: keys where docs/verification.md says they are, nothing for a score that does not
 * exist, and columns that line up. */
#include "verify/report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

static const char *const truth[] = {"a.zarr", "b \"quoted\".nc"};
static const ar_score scores[] = {
    {.variable = "vo",
     .standard_name = "atmosphere_relative_vorticity",
     .units = "s**-1",
     .level = "850",
     .level_text = "850 hPa",
     .lead_hours = 6,
     .member_count = 8,
     .times = 76,
     .persistence_times = 75,
     .first_time = "2026-02-10T00:00",
     .last_time = "2026-02-28T18:00",
     .rmse = 3.59e-5,
     .crps = 1.5e-5,
     .spread_skill_ratio = 0.875,
     .persistence_rmse = 4.43e-5,
     .persistence_crps = 3e-5},
    {.variable = "msl",
     .standard_name = "",
     .units = "Pa",
     .level = "surface",
     .level_text = "surface",
     .lead_hours = 1.5,
     .member_count = 1,
     .times = 2,
     .rmse = 148,
     .crps = 100,
     .crps_fair = NAN,
     .spread = NAN,
     .spread_skill_ratio = NAN,
     .persistence_rmse = NAN,
     .persistence_crps = NAN},
};
static const ar_report report = {.forecast = "forecast.nc",
                                 .truth_paths = truth,
                                 .truth_count = 2,
                                 .climatology_start = "2025-12-01T00:00",
                                 .climatology_end = "2026-01-31T18:00",
                                 .scores = scores,
                                 .score_count = 2};

static const cJSON *at(const cJSON *object, const char *key)
{
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!found) {
        fail_msg("no key %s", key);
    }
    return found;
}

static void json_is_fields_levels_leads(void **state)
{
    (void)state;
    ar_error err;
    char *text = NULL;
    assert_int_equal(ar_report_json(&text, &report, &err), AR_OK);
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    const cJSON *vorticity = at(at(at(at(root, "fields"), "vo"), "850"), "6");
    /* cJSON writes 15 to 17 digits: numbers come back as they were. */
    assert_true(at(vorticity, "rmse")->valuedouble == 3.59e-5);
    assert_true(at(vorticity, "spread_skill_ratio")->valuedouble == 0.875);
    assert_true(at(vorticity, "persistence_times")->valuedouble == 75);
    assert_string_equal(at(vorticity, "units")->valuestring, "s**-1");
    const cJSON *pressure = at(at(at(at(root, "fields"), "msl"), "surface"), "1.5");
    assert_true(cJSON_IsNull(at(pressure, "crps_fair")));
    assert_true(cJSON_IsNull(at(pressure, "persistence_rmse")));
    assert_string_equal(cJSON_GetArrayItem(at(root, "truth"), 1)->valuestring, truth[1]);
    assert_non_null(strstr(at(at(root, "definitions"), "crps_fair")->valuestring, "1/(2 N (N-1))"));
    cJSON_Delete(root);
    ar_free(text);
}

static void table_lines_up(void **state)
{
    (void)state;
    ar_error err;
    char *text = NULL;
    assert_int_equal(ar_report_table(&text, &report, &err), AR_OK);
    assert_non_null(strstr(text, "3.59e-05"));
    assert_non_null(strstr(text, "0.810\n")); /* 3.59 / 4.43, at the end of its line */
    assert_non_null(strstr(text, "0.500\n")); /* 1.5 / 3 */
    assert_null(strstr(text, "nan"));
    /* Every line of a table ends in the column where its heading ends. */
    const char *line = strstr(text, "field ");
    size_t width = strcspn(line, "\n");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(strcspn(line, "\n"), width);
        line += width + 1;
    }
    ar_free(text);
}

static void short_memory_is_an_error(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 2; n++) {
        ar_error err = {""};
        char *text = NULL;
        ar_fail_allocation_after(n);
        ar_status status = ar_report_table(&text, &report, &err);
        ar_fail_allocation_after(-1);
        assert_int_equal(status, AR_ERROR_MEMORY);
        assert_null(text);
        assert_non_null(strstr(err.message, "memory"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_fields_levels_leads),
        cmocka_unit_test(table_lines_up),
        cmocka_unit_test(short_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
