/* The charts of report.html: their points tell the scores they were made of, with the unit's power
 * of ten taken out, and a chart is there for what was scored and for nothing else. */
#include "verify/report_page.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "temporary_folder.h"

enum { LEADS = 3, RIVALS = 2 };

static ar_score scores[LEADS];
static ar_rival_score rivals[LEADS][RIVALS];
static ar_conditional_score distances[LEADS];
static const ar_rival_name names[RIVALS] = {{"other", "other.nc"}, {"rare <b>", "rare.nc"}};
static const char *const truth[] = {"truth.nc"};
static const ar_region whole = {.name = ""};
static ar_report report = {.forecast = "forecast.nc",
                           .truth_paths = truth,
                           .truth_count = 1,
                           .regions = &whole,
                           .region_count = 1,
                           .block_days = 5,
                           .scores = scores,
                           .score_count = LEADS,
                           .rivals = names,
                           .conditional_scores = distances};

/* Precipitation after 6, 12 and 18 h: the k-th has an error of 2 (k + 1) mm, and so on. The second
 * baseline has nothing at 12 h. */
static void make_scores(void)
{
    for (int k = 0; k < LEADS; k++) {
        const double error = 0.002 * (k + 1), hours = 6.0 * (k + 1);
        scores[k] = (ar_score){.variable = "tp",
                               .standard_name = "",
                               .units = "m",
                               .level = "surface",
                               .level_text = "surface",
                               .lead_hours = hours,
                               .member_count = 1,
                               .times = 4,
                               .rmse = error,
                               .crps = error / 2,
                               .spread = NAN,
                               .spread_skill_ratio = NAN,
                               .acc = NAN,
                               .persistence_rmse = NAN,
                               .persistence_crps = NAN,
                               .persistence_acc = NAN,
                               .iqd = error / 8,
                               .interpolation_rmse = NAN,
                               .seeps = {0.25 * (k + 1), 0.3 * (k + 1), 1},
                               .confidence = {.rmse = {NAN, NAN}, .crps = {NAN, NAN}},
                               .rivals = rivals[k],
                               .rival_count = RIVALS};
        for (int r = 0; r < RIVALS; r++) {
            rivals[k][r] = (ar_rival_score){.times = r == 0 ? 4 : 2 * (k != 1),
                                            .rmse = 2 * error,
                                            .crps = error,
                                            .forecast_rmse = error / (r + 1),
                                            .forecast_crps = error / 5};
        }
        distances[k] = (ar_conditional_score){
            .variable = "tp",
            .units = "m",
            .level = "surface",
            .level_text = "surface",
            .lead_hours = hours,
            .truth_count = 4,
            .scores = {.relative = 0.125 * k, .spread = error / 4, .truth_spread = error / 2}};
    }
}

static void write_page(void)
{
    ar_error err;
    ar_status status = ar_report_page_write(&report, folder, "", &err);
    assert_true(status == AR_OK);
}

/* The texts of the points of figures/NAME_tp_surface.svg, in their order: "6: 2|12: 4|"; "" where
 * there is no such chart. */
static const char *points_of(const char *name)
{
    static char points[1024];
    char path[256], *text = NULL;
    size_t bytes;
    ar_error err;
    points[0] = '\0';
    snprintf(path, sizeof path, "%s/figures/%s_tp_surface.svg", folder, name);
    if (access(path, F_OK) != 0) {
        return points;
    }
    assert_int_equal(ar_file_read_whole(path, 1 << 20, &text, &bytes, &err), AR_OK);
    for (const char *at = strstr(text, "<title>"); at; at = strstr(at + 1, "<title>")) {
        const char *begin = at + strlen("<title>");
        const size_t used = strlen(points);
        snprintf(points + used, sizeof points - used, "%.*s|", (int)strcspn(begin, "<"), begin);
    }
    ar_free(text);
    return points;
}

static bool page_has(const char *wanted)
{
    char path[256], *text = NULL;
    size_t bytes;
    ar_error err;
    snprintf(path, sizeof path, "%s/report.html", folder);
    assert_int_equal(ar_file_read_whole(path, 1 << 22, &text, &bytes, &err), AR_OK);
    const bool found = strstr(text, wanted) != NULL;
    ar_free(text);
    return found;
}

static void only_what_was_scored_is_drawn(void **state)
{
    (void)state;
    make_scores();
    write_page();
    assert_string_equal(points_of("rmse"), "6: 2|12: 4|18: 6|");    /* 10⁻³ m */
    assert_string_equal(points_of("iqd"), "6: 2.5|12: 5|18: 7.5|"); /* 10⁻⁴ m */
    assert_string_equal(points_of("seeps"), "6: 0.25|12: 0.5|18: 0.75|");
    const char *const absent[] = {"acc", "ratio", "baselines_rmse", "true_distance"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        assert_string_equal(points_of(absent[i]), "");
    }
    assert_false(page_has("Other forecasts"));
    assert_false(page_has("The true distribution"));
}

static void baselines_are_drawn(void **state)
{
    (void)state;
    make_scores();
    report.rival_count = RIVALS;
    write_page();
    report.rival_count = 0;
    /* the first baseline, the second with its gap, the forecast at the second's times, which are
     * not all, and the forecast at those of the first, which are */
    assert_string_equal(points_of("baselines_rmse"), "6: 0.004|12: 0.008|18: 0.012|"
                                                     "6: 0.004|18: 0.012|"
                                                     "6: 0.001|18: 0.003|"
                                                     "6: 0.002|12: 0.004|18: 0.006|");
    /* 1 − 1/2, and 1 − 1/4 where the forecast is twice as good at the other's times */
    assert_string_equal(points_of("baselines_rmse_skill"),
                        "6: 0.5|12: 0.5|18: 0.5|6: 0.75|18: 0.75|");
    assert_string_equal(points_of("baselines_crps_skill"),
                        "6: 0.8|12: 0.8|18: 0.8|6: 0.8|18: 0.8|");
    assert_true(page_has("rare &lt;b&gt; (4 of 12 times)"));
    assert_true(page_has("forecast, times of rare &lt;b&gt;"));
    assert_true(page_has("smaller than that of other in 3 of 3 cases"));
    assert_true(page_has("smaller than that of rare &lt;b&gt; in 2 of 2 cases"));
}

/* Where no baseline has all times the forecast's score at all times is on no chart, and baselines
 * with the same times share the line of its score there. */
static void only_common_times_are_compared(void **state)
{
    (void)state;
    make_scores();
    for (int k = 0; k < LEADS; k++) {
        rivals[k][0] = rivals[k][1];
    }
    report.rival_count = RIVALS;
    write_page();
    report.rival_count = 0;
    assert_string_equal(points_of("baselines_rmse"),
                        "6: 0.004|18: 0.012|6: 0.004|18: 0.012|6: 0.001|18: 0.003|");
}

static void true_distribution_is_drawn(void **state)
{
    (void)state;
    make_scores();
    report.conditional_score_count = LEADS;
    write_page();
    report.conditional_score_count = 0;
    assert_string_equal(points_of("true_distance"), "6: 0|12: 0.125|18: 0.25|");
    assert_string_equal(points_of("true_spread_ratio"), "6: 0.5|12: 0.5|18: 0.5|");
    assert_true(page_has("against 4 of truth"));
}

/* Variance by wavenumber is in the square of a field's unit; energy is in its own. */
static void spectra_tell_their_units(void **state)
{
    (void)state;
    double each[3] = {1, 0.5, 0.25};
    ar_field_spectra spectra[] = {
        {.variable = "tp", .units = "m", .level = "surface"},
        {.variable = "kinetic_energy", .units = "m2 s-2", .level = "surface", .energy = true}};
    for (int i = 0; i < 2; i++) {
        spectra[i].standard_name = "";
        spectra[i].spectra = (ar_mean_spectra){
            .truncation = 2, .times = 1, .truth = each, .mean = each, .members = each};
    }
    make_scores();
    report.spectra = spectra;
    report.spectra_count = 2;
    write_page();
    report.spectra_count = 0;
    assert_true(page_has("variance in (m)²"));
    assert_true(page_has("energy in m² s⁻²"));
    assert_true(page_has("Variance that is kept"));
    assert_true(page_has("Energy that is kept"));
}

/* A skill of −0.3 % is none in whole percent, and has no sign of one. */
static void no_percent_is_a_negative_zero(void **state)
{
    (void)state;
    make_scores();
    rivals[0][0].forecast_rmse = 1.003 * rivals[0][0].rmse;
    rivals[0][0].confidence.rmse_skill = (ar_interval){-0.004, -0.002};
    report.rival_count = RIVALS;
    write_page();
    report.rival_count = 0;
    assert_true(page_has(">+0 %<"));
    assert_true(page_has("+0 to +0 %"));
    assert_false(page_has("-0 %"));
}

/* Members with 2.2 times the truth's variance are on the chart, and what is beyond it is told. */
static void ratios_of_spectra_are_not_cut_in_silence(void **state)
{
    (void)state;
    double truth_each[3] = {1, 1, 1}, members[3] = {1, 1, 2.2};
    ar_field_spectra spectra = {
        .variable = "tp", .standard_name = "", .units = "m", .level = "surface"};
    spectra.spectra = (ar_mean_spectra){
        .truncation = 2, .times = 1, .truth = truth_each, .mean = truth_each, .members = members};
    make_scores();
    report.spectra = &spectra;
    report.spectra_count = 1;
    write_page();
    assert_true(page_has("share of the truth&#39;s<"));
    assert_true(page_has(">2.5<")); /* where the axis ends */
    members[2] = 50;
    write_page();
    report.spectra_count = 0;
    assert_true(page_has("share of the truth&#39;s (more is cut off)"));
}

/* Eleven values of truth, the k-th in the bins 4 k to 4 k + 3 but for the last two, which share
 * one: five bins join eight each of the forty. */
static void few_values_have_few_bins(void **state)
{
    (void)state;
    const ar_place place = {.name = "Cape"};
    ar_place_score score = {.variable = "tp",
                            .units = "m",
                            .level = "surface",
                            .level_text = "surface",
                            .lead_hours = 6,
                            .scores = {.times = 11, .lowest = 0, .highest = 0.4}};
    for (int k = 0; k < 11; k++) {
        score.scores.truth.shares[k < 10 ? 4 * k : 39] += 1.0 / 11;
    }
    score.scores.model.shares[39] = 1;
    make_scores();
    report.places = &place;
    report.place_count = report.place_score_count = 1;
    report.place_scores = &score;
    write_page();
    report.place_count = report.place_score_count = 0;
    /* the middles, and 2/11 and 3/11; members are a line, without points */
    assert_string_equal(points_of("place_Cape"),
                        "0.04: 0.1818|0.12: 0.1818|0.2: 0.1818|0.28: 0.1818|0.36: 0.2727|");
}

static void short_memory_is_an_error(void **state)
{
    (void)state;
    ar_status status = AR_ERROR_MEMORY;
    make_scores();
    report.rival_count = RIVALS;
    report.conditional_score_count = LEADS;
    int64_t n = 0;
    for (; n < 10000 && status != AR_OK; n++) {
        ar_error err;
        ar_fail_allocation_after(n);
        status = ar_report_page_write(&report, folder, "", &err);
        ar_fail_allocation_after(-1);
        assert_true(status == AR_OK || status == AR_ERROR_MEMORY);
    }
    assert_int_equal(status, AR_OK);
    assert_true(n > 30);
    report.rival_count = report.conditional_score_count = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_what_was_scored_is_drawn, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(baselines_are_drawn, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(only_common_times_are_compared, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(true_distribution_is_drawn, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(spectra_tell_their_units, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(no_percent_is_a_negative_zero, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(ratios_of_spectra_are_not_cut_in_silence, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(few_values_have_few_bins, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(short_memory_is_an_error, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
