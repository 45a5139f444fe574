#include "verify/report_page.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "verify/report_parts.h"

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

static ar_status add_level(ar_report_page *page, const ar_score *score)
{
    ar_score_group group = {0};
    ar_status status = AR_OK;
    ar_page_text(&page->out, "h3", "%s, %s", score->variable, score->level_text);
    AR_TRY(ar_score_group_collect(&group, page->report, score, 0, page->err));
    AR_TRY(ar_report_pictures_add(page, score->variable, score->level));
    ar_page_charts_begin(&page->out);
    AR_TRY(ar_report_leads_add(page, &group));
    AR_TRY(ar_report_rivals_add(page, &group));
    AR_TRY(ar_report_ranks_add(page, &group));
    AR_TRY(ar_report_calibration_add(page, group.scores[group.count - 1], group.name));
    AR_TRY(ar_report_true_distribution_add(page, &group));
    AR_TRY(add_spectra(page, score->variable, score->level, group.name));
    ar_page_charts_end(&page->out);
cleanup:
    ar_free(group.scores);
    return status;
}

static ar_status add_fields(ar_report_page *page)
{
    const ar_report *report = page->report;
    const char *variable = "";
    ar_status status = AR_OK;
    for (int64_t i = 0; i < report->score_count; i++) {
        const ar_score *score = &report->scores[i];
        if (!ar_report_begins_level(report, i)) {
            continue;
        }
        if (strcmp(variable, score->variable) != 0) {
            variable = score->variable;
            ar_page_text(&page->out, "h2", "%s%s%s%s", variable,
                         score->standard_name[0] ? " (" : "", score->standard_name,
                         score->standard_name[0] ? ")" : "");
        }
        AR_TRY(add_level(page, score));
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
        if (!ar_report_begins_level(report, i)) {
            continue;
        }
        for (count = 0; count < report->region_count; count++) {
            ar_free(groups[count].scores);
            AR_TRY(ar_score_group_collect(&groups[count], report, &report->scores[i], count,
                                          page->err));
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

static ar_status write_page(ar_report_page *page, const char *table, ar_error *err)
{
    char *path = NULL;
    ar_status status = AR_OK;
    char title[300];
    snprintf(title, sizeof title, "Verification of %s", ar_path_file_name(page->report->forecast));
    ar_page_begin(&page->out, title, 0);
    ar_report_summary_add(page);
    if (page->report->missing[0]) {
        ar_page_note(&page->out, page->report->missing);
    }
    AR_TRY(ar_report_main_numbers_add(page));
    AR_TRY(ar_report_rival_tables_add(page));
    AR_TRY(ar_report_true_distribution_table_add(page));
    AR_TRY(add_fields(page));
    AR_TRY(add_energy(page));
    AR_TRY(add_regions(page));
    AR_TRY(ar_report_places_add(page));
    AR_TRY(ar_report_model_add(page));
    ar_page_text(&page->out, "h2", "All scores");
    ar_page_details_begin(&page->out, "scores.txt");
    ar_page_preformatted(&page->out, table);
    ar_page_details_end(&page->out);
    ar_page_end(&page->out);
    AR_TRY(page->out.status);
    AR_TRY(ar_path_join(&path, page->folder, "report.html", err));
    AR_TRY(ar_file_write_whole(path, page->out.text, page->out.length, err));
cleanup:
    ar_free(path);
    return status;
}

ar_status ar_report_page_write(const ar_report *report, const char *folder, const char *table,
                               ar_error *err)
{
    ar_report_page page = {.report = report, .folder = folder, .out = {.err = err}, .err = err};
    char *figures = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&figures, folder, "figures", err));
    AR_TRY(ar_figure_folder_open(&page.figures, figures, report->png, err));
    AR_TRY(write_page(&page, table, err));
cleanup:
    ar_figure_folder_close(&page.figures);
    ar_free(page.out.text);
    ar_free(figures);
    return status;
}
