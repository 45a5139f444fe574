#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "verify/lead_chart.h"

/* A line of a chart: a member of ar_score. */
typedef struct {
    const char *label;
    size_t offset;     /* of a double */
    size_t confidence; /* of an ar_interval; 0: none */
    ar_chart_colour colour;
    ar_series_kind kind;
} score_line;

#define SCORE(member) offsetof(ar_score, member)

static const score_line error_lines[] = {
    {"climatology", SCORE(climatology_rmse), 0, AR_COLOUR_GREY, AR_SERIES_DASHED},
    {"damped persistence", SCORE(damped_persistence_rmse), 0, AR_COLOUR_GREEN, AR_SERIES_DASHED},
    {"persistence", SCORE(persistence_rmse), 0, AR_COLOUR_VERMILLION, AR_SERIES_DASHED},
    {"linear in time", SCORE(interpolation_rmse), 0, AR_COLOUR_PURPLE, AR_SERIES_DASHED},
    {"spread", SCORE(spread), 0, AR_COLOUR_ORANGE, AR_SERIES_LINE},
    {"forecast", SCORE(rmse), SCORE(confidence.rmse), AR_COLOUR_BLUE, AR_SERIES_LINE},
};
static const score_line crps_lines[] = {
    {"persistence", SCORE(persistence_crps), 0, AR_COLOUR_VERMILLION, AR_SERIES_DASHED},
    {"fair", SCORE(crps_fair), 0, AR_COLOUR_SKY, AR_SERIES_LINE},
    {"forecast", SCORE(crps), SCORE(confidence.crps), AR_COLOUR_BLUE, AR_SERIES_LINE},
};
static const score_line correlation_lines[] = {
    {"persistence", SCORE(persistence_acc), 0, AR_COLOUR_VERMILLION, AR_SERIES_DASHED},
    {"forecast", SCORE(acc), 0, AR_COLOUR_BLUE, AR_SERIES_LINE},
};
static const score_line ratio_lines[] = {
    {"spread/skill", SCORE(spread_skill_ratio), 0, AR_COLOUR_BLUE, AR_SERIES_LINE},
};
static const score_line distance_lines[] = {
    {"members and truth", SCORE(iqd), 0, AR_COLOUR_BLUE, AR_SERIES_LINE},
};
static const score_line seeps_lines[] = {
    {"members", SCORE(seeps.members), 0, AR_COLOUR_ORANGE, AR_SERIES_LINE},
    {"mean", SCORE(seeps.mean), 0, AR_COLOUR_BLUE, AR_SERIES_LINE},
};

/* A chart against lead time. */
typedef struct {
    const char *name, *title, *y_label;
    const score_line *lines;
    int64_t line_count;
    bool in_units, from_zero;
    double reference; /* NaN: none */
    const char *reference_label;
} score_chart;

#define LINES(lines) lines, sizeof lines / sizeof *(lines)

static void fill_line(ar_lead_line line, const ar_score_group *group, const score_line *it)
{
    for (int64_t i = 0; i < group->count; i++) {
        const char *score = (const char *)group->scores[i];
        line.values[i] = *(const double *)(score + it->offset);
        if (it->confidence) {
            const ar_interval *interval = (const ar_interval *)(score + it->confidence);
            line.low[i] = interval->low;
            line.high[i] = interval->high;
        }
    }
}

static ar_status show(ar_report_page *page, const ar_score_group *group, const score_chart *it)
{
    ar_lead_chart chart;
    ar_status status = ar_lead_chart_init_group(&chart, group, page->err);
    chart.title = it->title;
    chart.y_label = it->y_label;
    chart.units = it->in_units ? group->scores[0]->units : NULL;
    chart.from_zero = it->from_zero;
    chart.reference = it->reference;
    chart.reference_label = it->reference_label;
    for (int64_t l = 0; status == AR_OK && l < it->line_count; l++) {
        const score_line *line = &it->lines[l];
        fill_line(ar_lead_chart_add(&chart,
                                    &(ar_chart_series){.label = line->label,
                                                       .colour = line->colour,
                                                       .kind = line->kind,
                                                       .markers = line->colour == AR_COLOUR_BLUE}),
                  group, line);
    }
    if (status == AR_OK) {
        status = ar_lead_chart_show(&chart, page, it->name, group->name);
    }
    ar_lead_chart_release(&chart);
    return status;
}

ar_status ar_report_leads_add(ar_report_page *page, const ar_score_group *group)
{
    const double members = (double)group->scores[0]->member_count;
    const score_chart charts[] = {
        {"rmse", "Error of the mean, and spread", "", LINES(error_lines), true, true, NAN, NULL},
        {"crps", "CRPS", "", LINES(crps_lines), true, true, NAN, NULL},
        {"acc", "Anomaly correlation", "", LINES(correlation_lines), false, false, NAN, NULL},
        {"ratio", "Spread over error", "", LINES(ratio_lines), false, true,
         sqrt(members / (members + 1)), "reliable"},
        {"iqd", "Integrated quadratic distance of all values", "", LINES(distance_lines), true,
         true, NAN, NULL},
        {"seeps", "SEEPS", "0 perfect", LINES(seeps_lines), false, true, 1, "by chance"},
    };
    ar_status status = AR_OK;
    for (size_t i = 0; group->count > 1 && i < sizeof charts / sizeof charts[0]; i++) {
        AR_TRY(show(page, group, &charts[i]));
    }
cleanup:
    return status;
}

ar_status ar_report_regions_add(ar_report_page *page, const ar_score_group *groups, int64_t count)
{
    static const ar_chart_colour colours[] = {
        AR_COLOUR_INK,    AR_COLOUR_BLUE, AR_COLOUR_ORANGE,    AR_COLOUR_GREEN,
        AR_COLOUR_PURPLE, AR_COLOUR_SKY,  AR_COLOUR_VERMILLION};
    enum { REGIONS_MOST = sizeof colours / sizeof colours[0] };
    const ar_score *first = groups[0].scores[0];
    char title[AR_REPORT_NAME_SIZE];
    ar_lead_chart chart;
    ar_status status = AR_OK;
    AR_TRY(ar_lead_chart_init_group(&chart, &groups[0], page->err));
    snprintf(title, sizeof title, "%s, %s", first->variable, first->level_text);
    chart.title = title;
    chart.y_label = "RMSE over persistence's";
    chart.from_zero = true;
    for (int64_t r = 0; r < count && r < REGIONS_MOST; r++) {
        const char *region = page->report->regions[groups[r].scores[0]->region].name;
        const ar_lead_line line =
            ar_lead_chart_add(&chart, &(ar_chart_series){.label = region[0] ? region : "all",
                                                         .colour = colours[r],
                                                         .markers = true});
        for (int64_t i = 0; i < chart.lead_count && i < groups[r].count; i++) {
            const ar_score *score = groups[r].scores[i];
            line.values[i] = score->rmse / score->persistence_rmse;
        }
    }
    AR_TRY(ar_lead_chart_show(&chart, page, "regions", groups[0].name));
cleanup:
    ar_lead_chart_release(&chart);
    return status;
}
