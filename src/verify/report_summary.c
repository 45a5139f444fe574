#include <math.h>

#include "base/file.h"
#include "verify/report_parts.h"

/* How often the error is smaller than that of a baseline, at the times of both. */
static void add_rival(ar_report_page *page, int64_t which)
{
    const ar_report *report = page->report;
    int64_t compared = 0, better = 0, surely = 0;
    for (int64_t i = 0; i < report->score_count; i++) {
        const ar_score *score = &report->scores[i];
        if (score->region == 0 && score->rivals[which].times > 0) {
            const ar_rival_score *rival = &score->rivals[which];
            compared++;
            better += rival->forecast_rmse < rival->rmse;
            surely += rival->confidence.rmse_skill.low > 0;
        }
    }
    ar_page_text(&page->out, "p",
                 "The error of the mean is smaller than that of %s in %lld of %lld cases, in %lld "
                 "with 95 %% "
                 "confidence.",
                 report->rivals[which].name, (long long)better, (long long)compared,
                 (long long)surely);
}

void ar_report_summary_add(ar_report_page *page)
{
    const ar_report *report = page->report;
    const ar_score *first = ar_report_first(report), *last = ar_report_last(report);
    int64_t compared = 0, better = 0, surely = 0, levels = 0;
    double earliest = INFINITY, latest = -INFINITY;
    for (int64_t i = 0; i < report->score_count; i++) {
        const ar_score *score = &report->scores[i];
        earliest = fmin(earliest, score->lead_hours);
        latest = fmax(latest, score->lead_hours);
        levels += ar_report_begins_level(report, i);
        if (score->region == 0 && isfinite(score->persistence_rmse)) {
            compared++;
            better += score->rmse < score->persistence_rmse;
            surely += score->confidence.rmse_difference.high < 0;
        }
    }
    ar_page_text(&page->out, "p",
                 "%s, %lld member%s, fields and levels: %lld, lead times %g to %g h, scored at "
                 "valid times from %s to %s, on %s, against %s%s.",
                 ar_path_file_name(report->forecast), (long long)first->member_count,
                 first->member_count == 1 ? "" : "s", (long long)levels, earliest, latest,
                 first->first_time, last->last_time, report->grid_text,
                 ar_path_file_name(report->truth_paths[0]),
                 report->truth_count > 1 ? " and others" : "");
    if (compared > 0) {
        ar_page_text(&page->out, "p",
                     "The error of the mean is smaller than that of persistence in %lld of %lld "
                     "cases (field, level, lead time), in %lld with 95 %% confidence.",
                     (long long)better, (long long)compared, (long long)surely);
    }
    for (int64_t k = 0; k < report->rival_count; k++) {
        add_rival(page, k);
    }
}

/* One less the ratio of two errors, with a mark where the difference is not for chance. */
static void add_skill(ar_growing_text *out, double error, double reference,
                      const ar_interval *difference)
{
    const char *mark = difference->high < 0 ? "good" : difference->low > 0 ? "bad" : "";
    ar_page_percent(out, mark, 1 - error / reference);
}

static void add_main_row(ar_growing_text *out, const ar_score *score, int64_t which)
{
    (void)which;
    ar_report_row_begin(out, score->variable, score->level_text, score->units, score->lead_hours);
    ar_page_number(out, score->rmse);
    add_skill(out, score->rmse, score->persistence_rmse, &score->confidence.rmse_difference);
    ar_page_number(out, score->persistence_rmse);
    ar_page_number(out, score->crps);
    add_skill(out, score->crps, score->persistence_crps, &score->confidence.crps_difference);
    ar_page_ratio(out, 2, score->spread_skill_ratio);
    ar_page_ratio(out, 3, score->acc);
    ar_page_cell(out, "", "%lld", (long long)score->times);
    ar_page_row_end(out);
}

ar_status ar_report_main_numbers_add(ar_report_page *page)
{
    static const char *const headers[] = {"field",       "lead",  "RMSE",  "skill",
                                          "persistence", "CRPS",  "skill", "spread/skill",
                                          "ACC",         "times", NULL};
    ar_page_text(&page->out, "h2", "Main numbers");
    ar_page_table_begin(&page->out, headers, 1);
    const ar_status status = ar_report_rows_add(page, add_main_row, 0);
    ar_page_table_end(&page->out);
    ar_page_text(&page->out, "p",
                 "Skill is 1 − score / score of persistence; in bold where the 95 %% interval of "
                 "the difference (resampled blocks of %lld days) does not hold 0. All scores are "
                 "at the end of this page, their definitions in scores.json.",
                 (long long)page->report->block_days);
    return status;
}
