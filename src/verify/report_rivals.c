/* Other forecasts on the page: what --baseline names. */
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "verify/lead_chart.h"

static const ar_chart_colour colours[] = {AR_COLOUR_VERMILLION, AR_COLOUR_GREEN, AR_COLOUR_PURPLE,
                                          AR_COLOUR_ORANGE,     AR_COLOUR_SKY,   AR_COLOUR_GREY};

/* A chart has a line for each of the first of them, and the forecast's at the times of each. */
enum { RIVALS_SHOWN = sizeof colours / sizeof colours[0] };
static_assert(2 * RIVALS_SHOWN + 1 <= AR_LEAD_LINES_MOST, "more lines than a chart has");

/* Error or CRPS, for each of the charts and the columns. */
typedef struct {
    const char *name, *title, *skill_name, *skill_title;
    size_t own, of_rival, forecast_there; /* offsets: in ar_score, and two in ar_rival_score */
    size_t skill;                         /* of an ar_interval in ar_rival_score */
} compared;

static const compared scores_compared[] = {
    {"baselines_rmse", "Error of the mean, other forecasts", "baselines_rmse_skill",
     "Skill of the mean against other forecasts", offsetof(ar_score, rmse),
     offsetof(ar_rival_score, rmse), offsetof(ar_rival_score, forecast_rmse),
     offsetof(ar_rival_score, confidence.rmse_skill)},
    {"baselines_crps", "CRPS, other forecasts", "baselines_crps_skill",
     "Skill in CRPS against other forecasts", offsetof(ar_score, crps),
     offsetof(ar_rival_score, crps), offsetof(ar_rival_score, forecast_crps),
     offsetof(ar_rival_score, confidence.crps_skill)},
};

static double number_at(const void *record, size_t offset)
{
    return *(const double *)((const char *)record + offset);
}

static const ar_interval *interval_at(const ar_rival_score *rival, size_t offset)
{
    return (const ar_interval *)((const char *)rival + offset);
}

static int64_t rivals_shown(const ar_report *report)
{
    return report->rival_count < RIVALS_SHOWN ? report->rival_count : RIVALS_SHOWN;
}

/* The name, and at how many of the forecast's times there is the other, where not at all. */
static void label_rival(char *text, size_t size, const ar_report *report,
                        const ar_score_group *group, int64_t rival)
{
    int64_t times = 0, common = 0;
    for (int64_t i = 0; i < group->count; i++) {
        times += group->scores[i]->times;
        common += group->scores[i]->rivals[rival].times;
    }
    if (common == times) {
        snprintf(text, size, "%.32s", report->rivals[rival].name);
    } else {
        snprintf(text, size, "%.32s (%lld of %lld times)", report->rivals[rival].name,
                 (long long)common, (long long)times);
    }
}

static ar_lead_line add_rival(ar_lead_chart *chart, const ar_report *report,
                              const ar_score_group *group, int64_t rival)
{
    char label[96];
    label_rival(label, sizeof label, report, group, rival);
    return ar_lead_chart_add(
        chart, &(ar_chart_series){.label = label, .colour = colours[rival], .markers = true});
}

/* Does a baseline have each time of the forecast, at the lead times that it has at all? */
static bool has_all_times(const ar_score_group *group, int64_t rival)
{
    bool all = true, any = false;
    for (int64_t i = 0; i < group->count; i++) {
        const int64_t times = group->scores[i]->rivals[rival].times;
        all &= times == 0 || times == group->scores[i]->times;
        any |= times > 0;
    }
    return all && any;
}

static double forecast_there(const ar_rival_score *rival, const compared *it)
{
    return rival->times > 0 ? number_at(rival, it->forecast_there) : NAN;
}

/* Is the forecast's score at the times of a baseline that at the times of one before it? */
static bool is_told_already(const ar_score_group *group, int64_t rival, const compared *it)
{
    bool told = false;
    for (int64_t other = 0; !told && other < rival; other++) {
        told = !has_all_times(group, other);
        for (int64_t i = 0; told && i < group->count; i++) {
            const ar_rival_score *rivals = group->scores[i]->rivals;
            const double here = forecast_there(&rivals[rival], it);
            const double before = forecast_there(&rivals[other], it);
            told = here == before || (isnan(here) && isnan(before));
        }
    }
    return told;
}

/* The forecast where a baseline is: at all times its score is another, and no fair comparison. */
static void add_forecast_there(ar_lead_chart *chart, const ar_report *report,
                               const ar_score_group *group, int64_t rival, const compared *it)
{
    char label[96];
    snprintf(label, sizeof label, "forecast, times of %.32s", report->rivals[rival].name);
    const ar_lead_line line = ar_lead_chart_add(chart, &(ar_chart_series){.label = label,
                                                                          .kind = AR_SERIES_DASHED,
                                                                          .colour = colours[rival],
                                                                          .markers = true});
    for (int64_t i = 0; i < group->count; i++) {
        line.values[i] = forecast_there(&group->scores[i]->rivals[rival], it);
    }
}

static void add_forecast(ar_lead_chart *chart, const ar_score_group *group, const compared *it)
{
    const ar_lead_line line = ar_lead_chart_add(
        chart, &(ar_chart_series){.label = "forecast", .colour = AR_COLOUR_BLUE, .markers = true});
    for (int64_t i = 0; i < group->count; i++) {
        line.values[i] = number_at(group->scores[i], it->own);
    }
}

/* The scores of each baseline, and of the forecast at the same times. */
static ar_status show_scores(ar_report_page *page, const ar_score_group *group, const compared *it)
{
    const int64_t shown = rivals_shown(page->report);
    ar_lead_chart chart;
    bool any_whole = false;
    ar_status status = AR_OK;
    AR_TRY(ar_lead_chart_init_group(&chart, group, page->err));
    chart.title = it->title;
    chart.units = group->scores[0]->units;
    chart.from_zero = true;
    for (int64_t k = 0; k < shown; k++) {
        const ar_lead_line line = add_rival(&chart, page->report, group, k);
        for (int64_t i = 0; i < group->count; i++) {
            const ar_rival_score *rival = &group->scores[i]->rivals[k];
            line.values[i] = rival->times > 0 ? number_at(rival, it->of_rival) : NAN;
        }
        any_whole |= has_all_times(group, k);
    }
    for (int64_t k = 0; k < shown; k++) {
        if (!has_all_times(group, k) && !is_told_already(group, k, it)) {
            add_forecast_there(&chart, page->report, group, k, it);
        }
    }
    if (any_whole) {
        add_forecast(&chart, group, it);
    }
    AR_TRY(ar_lead_chart_show(&chart, page, it->name, group->name));
cleanup:
    ar_lead_chart_release(&chart);
    return status;
}

static double skill_of(const ar_rival_score *rival, const compared *it)
{
    return rival->times > 0
               ? 1 - number_at(rival, it->forecast_there) / number_at(rival, it->of_rival)
               : NAN;
}

/* 1 − score / score of the other, at the times of both. */
static ar_status show_skill(ar_report_page *page, const ar_score_group *group, const compared *it)
{
    ar_lead_chart chart;
    ar_status status = AR_OK;
    AR_TRY(ar_lead_chart_init_group(&chart, group, page->err));
    chart.title = it->skill_title;
    chart.y_label = "1 − score / its score";
    chart.from_zero = true;
    chart.reference = 0;
    chart.reference_label = "equal";
    for (int64_t k = 0; k < rivals_shown(page->report); k++) {
        const ar_lead_line line = add_rival(&chart, page->report, group, k);
        for (int64_t i = 0; i < group->count; i++) {
            const ar_rival_score *rival = &group->scores[i]->rivals[k];
            line.values[i] = skill_of(rival, it);
            if (rival->times > 0) {
                line.low[i] = interval_at(rival, it->skill)->low;
                line.high[i] = interval_at(rival, it->skill)->high;
            }
        }
    }
    AR_TRY(ar_lead_chart_show(&chart, page, it->skill_name, group->name));
cleanup:
    ar_lead_chart_release(&chart);
    return status;
}

ar_status ar_report_rivals_add(ar_report_page *page, const ar_score_group *group)
{
    ar_status status = AR_OK;
    for (size_t i = 0; page->report->rival_count > 0 && group->count > 1 &&
                       i < sizeof scores_compared / sizeof scores_compared[0];
         i++) {
        AR_TRY(show_scores(page, group, &scores_compared[i]));
        AR_TRY(show_skill(page, group, &scores_compared[i]));
    }
cleanup:
    return status;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void add_cells(ar_growing_text *out, const ar_rival_score *rival, const compared *it)
{
    const ar_interval *interval = interval_at(rival, it->skill);
    const char *mark = interval->low > 0 ? "good" : interval->high < 0 ? "bad" : "";
    ar_page_number(out, number_at(rival, it->forecast_there));
    ar_page_number(out, number_at(rival, it->of_rival));
    ar_page_percent(out, mark, skill_of(rival, it));
    if (isfinite(interval->low)) {
        ar_page_cell(out, "", "%+.0f to %+.0f %%", rint(100 * interval->low) + 0.0,
                     rint(100 * interval->high) + 0.0); /* no negative zeros */
    } else {
        ar_page_cell(out, "", "–");
    }
}

static void add_row(ar_growing_text *out, const ar_score *score, int64_t which)
{
    const ar_rival_score *rival = &score->rivals[which];
    if (rival->times > 0) {
        ar_report_row_begin(out, score->variable, score->level_text, score->units,
                            score->lead_hours);
        add_cells(out, rival, &scores_compared[0]);
        add_cells(out, rival, &scores_compared[1]);
        ar_page_cell(out, "", "%lld", (long long)rival->times);
        ar_page_row_end(out);
    }
}

ar_status ar_report_rival_tables_add(ar_report_page *page)
{
    static const char *const headers[] = {"field", "lead",     "RMSE",  "its RMSE", "skill", "95 %",
                                          "CRPS",  "its CRPS", "skill", "95 %",     "times", NULL};
    const ar_report *report = page->report;
    ar_status status = AR_OK;
    if (report->rival_count == 0) {
        return AR_OK;
    }
    ar_page_text(&page->out, "h2", "Other forecasts");
    ar_page_text(&page->out, "p",
                 "At the times of both. Skill is 1 − score / its score; in bold where its 95 %% "
                 "interval does not hold 0.%s",
                 report->rival_count > RIVALS_SHOWN
                     ? " Charts show the first six, scores.json has all."
                     : "");
    for (int64_t k = 0; k < report->rival_count; k++) {
        ar_page_text(&page->out, "h3", "Against %s", report->rivals[k].name);
        ar_page_table_begin(&page->out, headers, 1);
        AR_TRY(ar_report_rows_add(page, add_row, k));
        ar_page_table_end(&page->out);
    }
cleanup:
    return status;
}
