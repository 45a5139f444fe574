#include "verify/report_page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "verify/report_charts.h"

enum { ROWS_OF_A_LEVEL = 4 };

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* Does `score` begin scores of a field and level that none before it has? */
static bool is_first_of_level(const ar_report *report, int64_t index)
{
    const ar_score *score = &report->scores[index];
    for (int64_t i = 0; i < index; i++) {
        if (strcmp(report->scores[i].variable, score->variable) == 0 &&
            strcmp(report->scores[i].level, score->level) == 0) {
            return false;
        }
    }
    return true;
}

/* All lead times of a field and level in a region; those of one stand in ascending order. Free
 * group->scores. */
static ar_status collect_group(ar_score_group *group, const ar_report *report, const ar_score *like,
                               int64_t region, ar_error *err)
{
    *group = (ar_score_group){0};
    ar_status status = ar_allocate(&group->scores, (size_t)report->score_count,
                                   sizeof *group->scores, "scores of a level", err);
    for (int64_t i = 0; status == AR_OK && i < report->score_count; i++) {
        const ar_score *score = &report->scores[i];
        if (score->region == region && strcmp(score->variable, like->variable) == 0 &&
            strcmp(score->level, like->level) == 0) {
            group->scores[group->count++] = score;
        }
    }
    snprintf(group->name, sizeof group->name, "%s_%s", like->variable, like->level);
    return status;
}

/* ---- summary --------------------------------------------------------------------------------- */

static void add_summary(ar_report_page *page)
{
    const ar_report *report = page->report;
    const ar_score *first = &report->scores[0];
    int64_t compared = 0, better = 0, surely = 0, levels = 0;
    double earliest = INFINITY, latest = -INFINITY;
    for (int64_t i = 0; i < report->score_count; i++) {
        const ar_score *score = &report->scores[i];
        earliest = fmin(earliest, score->lead_hours);
        latest = fmax(latest, score->lead_hours);
        levels += is_first_of_level(report, i);
        if (score->region == 0 && isfinite(score->persistence_rmse)) {
            compared++;
            better += score->rmse < score->persistence_rmse;
            surely += score->confidence.rmse_difference.high < 0;
        }
    }
    ar_page_text(&page->out, "p",
                 "%s, %lld member%s, fields and levels: %lld, lead times %g to %g h, scored at "
                 "valid times from %s on, on %s, against %s%s.",
                 file_name(report->forecast), (long long)first->member_count,
                 first->member_count == 1 ? "" : "s", (long long)levels, earliest, latest,
                 first->first_time, report->grid_text, file_name(report->truth_paths[0]),
                 report->truth_count > 1 ? " and others" : "");
    if (compared > 0) {
        ar_page_text(&page->out, "p",
                     "The error of the mean is smaller than that of persistence in %lld of %lld "
                     "cases (field, level, lead time), in %lld with 95 %% confidence.",
                     (long long)better, (long long)compared, (long long)surely);
    }
}

/* One less the ratio of two errors, with a mark where the difference is not for chance. */
static void add_skill(ar_growing_text *out, double error, double reference,
                      const ar_interval *difference)
{
    const char *mark = difference->high < 0 ? "good" : difference->low > 0 ? "bad" : "";
    if (isfinite(error / reference)) {
        ar_page_cell(out, mark, "%+.0f %%", 100 * (1 - error / reference));
    } else {
        ar_page_cell(out, "", "–");
    }
}

static void add_number(ar_growing_text *out, double number)
{
    if (isfinite(number)) {
        ar_page_cell(out, "", "%.4g", number);
    } else {
        ar_page_cell(out, "", "–");
    }
}

static void add_ratio(ar_growing_text *out, int decimals, double ratio)
{
    if (isfinite(ratio)) {
        ar_page_cell(out, "", "%.*f", decimals, ratio);
    } else {
        ar_page_cell(out, "", "–");
    }
}

static void add_main_row(ar_growing_text *out, const ar_score *score)
{
    ar_page_row_begin(out);
    ar_page_cell(out, "left", "%s", score->variable);
    ar_page_cell(out, "left", "%s", score->level_text);
    ar_page_cell(out, "left", "%s", score->units);
    ar_page_cell(out, "", "%g h", score->lead_hours);
    ar_page_cell(out, "", "%lld", (long long)score->times);
    add_number(out, score->rmse);
    add_number(out, score->persistence_rmse);
    add_skill(out, score->rmse, score->persistence_rmse, &score->confidence.rmse_difference);
    add_number(out, score->crps);
    add_skill(out, score->crps, score->persistence_crps, &score->confidence.crps_difference);
    add_ratio(out, 2, score->spread_skill_ratio);
    add_ratio(out, 3, score->acc);
    ar_page_row_end(out);
}

static ar_status add_main_numbers(ar_report_page *page)
{
    static const char *const headers[] = {"field",        "level",       "unit",  "lead", "times",
                                          "RMSE",         "persistence", "skill", "CRPS", "skill",
                                          "spread/skill", "ACC",         NULL};
    const ar_report *report = page->report;
    ar_status status = AR_OK;
    ar_page_text(&page->out, "h2", "Main numbers");
    ar_page_table_begin(&page->out, headers, 3);
    for (int64_t i = 0; i < report->score_count; i++) {
        ar_score_group group;
        int64_t picked[ROWS_OF_A_LEVEL];
        if (!is_first_of_level(report, i)) {
            continue;
        }
        AR_TRY(collect_group(&group, report, &report->scores[i], 0, page->err));
        const int rows = ar_report_pick(group.count, ROWS_OF_A_LEVEL, picked);
        for (int row = 0; row < rows; row++) {
            add_main_row(&page->out, group.scores[picked[row]]);
        }
        ar_free(group.scores);
    }
    ar_page_table_end(&page->out);
    ar_page_text(&page->out, "p",
                 "Skill is 1 − score / score of persistence; in bold where the 95 %% interval of "
                 "the difference (resampled blocks of %lld days) does not hold 0. All scores are "
                 "at the end of this page, their definitions in scores.json.",
                 (long long)report->block_days);
cleanup:
    return status;
}

/* ---- fields ---------------------------------------------------------------------------------- */

static ar_status add_spectra(ar_report_page *page, const char *variable, const char *level,
                             const char *name)
{
    const ar_report *report = page->report;
    const ar_field_spectra **spectra = NULL;
    int64_t count = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&spectra, (size_t)report->spectra_count, sizeof *spectra, "spectra",
                       page->err));
    for (int64_t i = 0; i < report->spectra_count; i++) {
        const ar_field_spectra *it = &report->spectra[i];
        if (strcmp(it->variable, variable) == 0 && strcmp(it->level, level) == 0 &&
            it->spectra.truncation > 1) {
            spectra[count++] = it;
        }
    }
    if (count > 0) {
        AR_TRY(ar_report_spectra_add(page, spectra, count, name));
    }
cleanup:
    ar_free(spectra);
    return status;
}

static ar_status add_maps(ar_report_page *page, const char *folder, const ar_score *score)
{
    ar_status status = AR_OK;
    char *path = NULL;
    for (int64_t i = 0; i < page->report->map_count; i++) {
        const ar_report_map *map = &page->report->maps[i];
        if (strcmp(map->variable, score->variable) == 0 && strcmp(map->level, score->level) == 0) {
            ar_free(path);
            AR_TRY(ar_path_join(&path, folder, map->file, page->err));
            AR_TRY(ar_page_image(&page->out, path, map->caption, map->caption, page->err));
        }
    }
cleanup:
    ar_free(path);
    return status;
}

static ar_status add_level(ar_report_page *page, const char *folder, const ar_score *score)
{
    ar_score_group group = {0};
    ar_status status = AR_OK;
    ar_page_text(&page->out, "h3", "%s, %s", score->variable, score->level_text);
    AR_TRY(collect_group(&group, page->report, score, 0, page->err));
    AR_TRY(add_maps(page, folder, score));
    ar_page_charts_begin(&page->out);
    AR_TRY(ar_report_charts_add(page, &group));
    AR_TRY(ar_report_calibration_add(page, group.scores[group.count - 1], group.name));
    AR_TRY(add_spectra(page, score->variable, score->level, group.name));
    ar_page_charts_end(&page->out);
cleanup:
    ar_free(group.scores);
    return status;
}

static ar_status add_fields(ar_report_page *page, const char *folder)
{
    const ar_report *report = page->report;
    const char *variable = "";
    ar_status status = AR_OK;
    for (int64_t i = 0; i < report->score_count; i++) {
        const ar_score *score = &report->scores[i];
        if (!is_first_of_level(report, i)) {
            continue;
        }
        if (strcmp(variable, score->variable) != 0) {
            variable = score->variable;
            ar_page_text(&page->out, "h2", "%s%s%s%s", variable,
                         score->standard_name[0] ? " (" : "", score->standard_name,
                         score->standard_name[0] ? ")" : "");
        }
        AR_TRY(add_level(page, folder, score));
    }
cleanup:
    return status;
}

/* Spectra of what is no field itself: kinetic energy. */
static ar_status add_energy(ar_report_page *page)
{
    const ar_report *report = page->report;
    ar_status status = AR_OK;
    bool begun = false;
    for (int64_t i = 0; i < report->spectra_count; i++) {
        const ar_field_spectra *it = &report->spectra[i];
        char name[128];
        bool known = false;
        for (int64_t s = 0; s < report->score_count; s++) {
            known |= strcmp(report->scores[s].variable, it->variable) == 0;
        }
        for (int64_t s = 0; s < i; s++) {
            known |= strcmp(report->spectra[s].variable, it->variable) == 0 &&
                     strcmp(report->spectra[s].level, it->level) == 0;
        }
        if (known) {
            continue;
        }
        if (!begun) {
            ar_page_text(&page->out, "h2", "Kinetic energy");
            begun = true;
        }
        ar_page_text(&page->out, "h3", "%s, %s", it->variable, it->level_text);
        snprintf(name, sizeof name, "%s_%s", it->variable, it->level);
        ar_page_charts_begin(&page->out);
        AR_TRY(add_spectra(page, it->variable, it->level, name));
        ar_page_charts_end(&page->out);
    }
cleanup:
    return status;
}

static ar_status add_regions(ar_report_page *page)
{
    const ar_report *report = page->report;
    ar_score_group *groups = NULL;
    int64_t count = 0;
    ar_status status = AR_OK;
    if (report->region_count < 2) {
        return AR_OK;
    }
    ar_page_text(&page->out, "h2", "Regions");
    ar_page_charts_begin(&page->out);
    AR_TRY(
        ar_allocate(&groups, (size_t)report->region_count, sizeof *groups, "regions", page->err));
    for (int64_t i = 0; i < report->score_count; i++) {
        if (!is_first_of_level(report, i)) {
            continue;
        }
        for (count = 0; count < report->region_count; count++) {
            ar_free(groups[count].scores);
            AR_TRY(collect_group(&groups[count], report, &report->scores[i], count, page->err));
        }
        AR_TRY(ar_report_regions_add(page, groups, count));
    }
    ar_page_charts_end(&page->out);
cleanup:
    for (int64_t i = 0; groups && i < report->region_count; i++) {
        ar_free(groups[i].scores);
    }
    ar_free(groups);
    return status;
}

static ar_status write_page(ar_report_page *page, const char *folder, const char *table,
                            ar_error *err)
{
    char *path = NULL;
    ar_status status = AR_OK;
    char title[300];
    snprintf(title, sizeof title, "Verification of %s", file_name(page->report->forecast));
    ar_page_begin(&page->out, title, 0);
    add_summary(page);
    if (page->report->missing[0]) {
        ar_page_note(&page->out, page->report->missing);
    }
    AR_TRY(add_main_numbers(page));
    AR_TRY(add_fields(page, folder));
    AR_TRY(add_energy(page));
    AR_TRY(add_regions(page));
    AR_TRY(ar_report_places_add(page));
    ar_page_text(&page->out, "h2", "All scores");
    ar_page_details_begin(&page->out, "scores.txt");
    ar_page_preformatted(&page->out, table);
    ar_page_details_end(&page->out);
    ar_page_end(&page->out);
    AR_TRY(page->out.status);
    AR_TRY(ar_path_join(&path, folder, "report.html", err));
    AR_TRY(ar_file_write_whole(path, page->out.text, page->out.length, err));
cleanup:
    ar_free(path);
    return status;
}

ar_status ar_report_page_write(const ar_report *report, const char *folder, const char *table,
                               ar_error *err)
{
    ar_report_page page = {.report = report, .out = {.err = err}, .err = err};
    char *figures = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&figures, folder, "figures", err));
    AR_TRY(ar_figure_folder_open(&page.figures, figures, report->png, err));
    AR_TRY(write_page(&page, folder, table, err));
cleanup:
    ar_figure_folder_close(&page.figures);
    ar_free(page.out.text);
    ar_free(figures);
    return status;
}
