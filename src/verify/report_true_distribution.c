/* The distance to the true distribution on the page: what --truth-ensemble gives. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "verify/lead_chart.h"

/* Of one field and level of the whole grid, by lead time. */
typedef struct {
    const ar_conditional_score **scores; /* [count] */
    int64_t count;
} distances;

static ar_status collect(distances *found, const ar_report *report, const ar_score *like,
                         ar_error *err)
{
    *found = (distances){0};
    ar_status status = ar_allocate(&found->scores, (size_t)report->conditional_score_count,
                                   sizeof *found->scores, "distances of a level", err);
    for (int64_t i = 0; status == AR_OK && i < report->conditional_score_count; i++) {
        const ar_conditional_score *score = &report->conditional_scores[i];
        if (score->region == 0 && strcmp(score->variable, like->variable) == 0 &&
            strcmp(score->level, like->level) == 0) {
            found->scores[found->count++] = score;
        }
    }
    return status;
}

static double spread_ratio(const ar_conditional_score *score)
{
    return score->scores.spread / score->scores.truth_spread;
}

static ar_status begin(ar_lead_chart *chart, const char *title, const distances *it, ar_error *err)
{
    ar_status status = ar_lead_chart_init(chart, it->count, err);
    chart->title = title;
    chart->from_zero = true;
    for (int64_t i = 0; status == AR_OK && i < it->count; i++) {
        chart->lead_hours[i] = it->scores[i]->lead_hours;
    }
    return status;
}

static ar_lead_line add_line(ar_lead_chart *chart, const char *label, ar_chart_colour colour,
                             ar_series_kind kind)
{
    return ar_lead_chart_add(chart, &(ar_chart_series){.label = label,
                                                       .colour = colour,
                                                       .kind = kind,
                                                       .markers = kind == AR_SERIES_LINE});
}

static double relative_distance(const ar_conditional_score *score)
{
    return score->scores.relative;
}

/* A number of each lead time, beside the one that it has where both distributions are the same. */
typedef struct {
    const char *name, *title, *y_label;
    double the_same;
    double (*number)(const ar_conditional_score *score);
} compared;

static const compared numbers_compared[] = {
    {"true_distance", "Distance to the true distribution", "energy distance, relative", 0,
     relative_distance},
    {"true_spread_ratio", "Spread over the true spread", "", 1, spread_ratio},
};

static ar_status show_number(ar_report_page *page, const distances *it, const char *group,
                             const compared *which)
{
    ar_lead_chart chart;
    ar_status status = AR_OK;
    AR_TRY(begin(&chart, which->title, it, page->err));
    chart.y_label = which->y_label;
    chart.reference = which->the_same;
    chart.reference_label = "the same";
    const ar_lead_line line = add_line(&chart, "forecast", AR_COLOUR_BLUE, AR_SERIES_LINE);
    for (int64_t i = 0; i < it->count; i++) {
        line.values[i] = which->number(it->scores[i]);
    }
    AR_TRY(ar_lead_chart_show(&chart, page, which->name, group));
cleanup:
    ar_lead_chart_release(&chart);
    return status;
}

static ar_status show_moments(ar_report_page *page, const distances *it, const char *group)
{
    ar_lead_chart chart;
    ar_status status = AR_OK;
    AR_TRY(begin(&chart, "Means and spreads of both distributions", it, page->err));
    chart.units = it->scores[0]->units;
    const ar_lead_line truth = add_line(&chart, "true spread", AR_COLOUR_INK, AR_SERIES_DASHED);
    const ar_lead_line spread = add_line(&chart, "spread", AR_COLOUR_ORANGE, AR_SERIES_LINE);
    const ar_lead_line mean =
        add_line(&chart, "distance of the means", AR_COLOUR_BLUE, AR_SERIES_LINE);
    for (int64_t i = 0; i < it->count; i++) {
        truth.values[i] = it->scores[i]->scores.truth_spread;
        spread.values[i] = it->scores[i]->scores.spread;
        mean.values[i] = it->scores[i]->scores.mean_distance;
    }
    AR_TRY(ar_lead_chart_show(&chart, page, "true_moments", group));
cleanup:
    ar_lead_chart_release(&chart);
    return status;
}

ar_status ar_report_true_distribution_add(ar_report_page *page, const ar_score_group *group)
{
    distances found;
    ar_status status = AR_OK;
    AR_TRY(collect(&found, page->report, group->scores[0], page->err));
    if (found.count > 1) {
        AR_TRY(show_number(page, &found, group->name, &numbers_compared[0]));
        AR_TRY(show_number(page, &found, group->name, &numbers_compared[1]));
        AR_TRY(show_moments(page, &found, group->name));
    }
cleanup:
    ar_free(found.scores);
    return status;
}

static void add_row(ar_growing_text *out, const ar_conditional_score *score)
{
    ar_report_row_begin(out, score->variable, score->level_text, score->units, score->lead_hours);
    ar_page_number(out, score->scores.energy_distance);
    ar_page_ratio(out, 3, score->scores.relative);
    ar_page_number(out, score->scores.mean_distance);
    ar_page_number(out, score->scores.truth_spread);
    ar_page_ratio(out, 2, spread_ratio(score));
    ar_page_cell(out, "", "%lld", (long long)score->times);
    ar_page_row_end(out);
}

static ar_status add_rows(ar_report_page *page, const ar_score *like)
{
    distances found;
    int64_t picked[AR_REPORT_ROWS_OF_A_LEVEL];
    ar_status status = AR_OK;
    AR_TRY(collect(&found, page->report, like, page->err));
    const int rows = ar_report_pick(found.count, AR_REPORT_ROWS_OF_A_LEVEL, picked);
    for (int row = 0; row < rows; row++) {
        add_row(&page->out, found.scores[picked[row]]);
    }
cleanup:
    ar_free(found.scores);
    return status;
}

ar_status ar_report_true_distribution_table_add(ar_report_page *page)
{
    static const char *const headers[] = {"field",        "lead",          "energy distance",
                                          "relative",     "mean distance", "truth spread",
                                          "spread ratio", "times",         NULL};
    const ar_report *report = page->report;
    ar_status status = AR_OK;
    if (report->conditional_score_count == 0) {
        return AR_OK;
    }
    ar_page_text(&page->out, "h2", "The true distribution");
    ar_page_table_begin(&page->out, headers, 1);
    for (int64_t i = 0; i < report->score_count; i++) {
        if (ar_report_begins_level(report, i)) {
            AR_TRY(add_rows(page, &report->scores[i]));
        }
    }
    ar_page_table_end(&page->out);
    ar_page_text(&page->out, "p",
                 "Members of the forecast against %lld of truth that began with the same analyses: "
                 "energy distance 0 and spread ratio 1 are the same distribution.",
                 (long long)report->conditional_scores[0].truth_count);
cleanup:
    return status;
}
