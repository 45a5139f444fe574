#include <stdio.h>

#include "base/memory.h"
#include "verify/report_parts.h"

enum { LEADS_SHOWN = 3 };

/* ---- histograms of ranks --------------------------------------------------------------------- */

static const ar_chart_colour lead_colours[LEADS_SHOWN] = {AR_COLOUR_SKY, AR_COLOUR_BLUE,
                                                          AR_COLOUR_PURPLE};

static ar_status show_ranks(ar_report_page *page, const ar_score_group *group)
{
    int64_t picked[LEADS_SHOWN];
    const int leads = ar_report_pick(group->count, LEADS_SHOWN, picked);
    const int64_t members = group->scores[0]->member_count;
    ar_chart_series series[LEADS_SHOWN + 1] = {{0}};
    char labels[LEADS_SHOWN][32], name[AR_REPORT_NAME_SIZE],
        alternative[AR_REPORT_ALTERNATIVE_SIZE];
    double *ranks = NULL;
    const double flat = 1 / (double)(members + 1), edges[2] = {-0.5, (double)members + 0.5};
    ar_chart chart = {.title = "Rank histogram",
                      .x_label = "members below the truth",
                      .y_label = "share of the area",
                      .description = alternative,
                      .x_range = {edges[0], edges[1]},
                      .y_from_zero = true,
                      .series = series};
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&ranks, (size_t)members + 1, sizeof *ranks, "ranks", page->err));
    for (int64_t k = 0; k <= members; k++) {
        ranks[k] = (double)k;
    }
    for (int i = 0; i < leads; i++) {
        const ar_score *score = group->scores[picked[i]];
        if (!score->rank_histogram || score->member_count != members) {
            continue;
        }
        snprintf(labels[i], sizeof labels[i], "%g h", score->lead_hours);
        series[chart.series_count++] = (ar_chart_series){.label = labels[i],
                                                         .kind = AR_SERIES_BARS,
                                                         .colour = lead_colours[i],
                                                         .count = members + 1,
                                                         .x = ranks,
                                                         .y = score->rank_histogram};
    }
    if (chart.series_count == 0 || members < 2) {
        goto cleanup;
    }
    const ar_score *last = group->scores[group->count - 1];
    snprintf(alternative, sizeof alternative,
             "Rank histogram: share of the area in which so many members lie below the truth; "
             "departure from flat %.3f at %g h",
             last->rank_departure, last->lead_hours);
    series[chart.series_count++] = (ar_chart_series){.label = "reliable",
                                                     .kind = AR_SERIES_DASHED,
                                                     .count = 2,
                                                     .x = edges,
                                                     .y = (double[]){flat, flat}};
    snprintf(name, sizeof name, "ranks_%s", group->name);
    AR_TRY(ar_report_show(page, name, &chart));
cleanup:
    ar_free(ranks);
    return status;
}

/* ---- reliability diagrams -------------------------------------------------------------------- */

static ar_status show_reliability(ar_report_page *page, const ar_score_group *group,
                                  int64_t threshold)
{
    const ar_score *score = group->scores[0];
    const int64_t members = score->member_count;
    const ar_threshold_score *event = &score->thresholds[threshold];
    char title[AR_REPORT_NAME_SIZE], name[AR_REPORT_NAME_SIZE],
        alternative[AR_REPORT_ALTERNATIVE_SIZE];
    double *forecast = NULL;
    const double ends[2] = {0, 1}, margin = 0.5 / (double)members;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&forecast, (size_t)members + 1, sizeof *forecast, "a chart", page->err));
    for (int64_t k = 0; k <= members; k++) {
        forecast[k] = (double)k / (double)members;
    }
    snprintf(title, sizeof title, "Above %g %s after %g h", event->threshold, score->units,
             score->lead_hours);
    snprintf(alternative, sizeof alternative,
             "Reliability diagram, %s: Brier score %.4g, reliability %.4g, resolution %.4g, event "
             "frequency %.4g",
             title, event->brier.score, event->brier.reliability, event->brier.resolution,
             event->brier.frequency);
    const ar_chart_series series[] = {
        {.label = "how often forecast",
         .kind = AR_SERIES_BARS,
         .colour = AR_COLOUR_GREY,
         .count = members + 1,
         .x = forecast,
         .y = event->forecast},
        {.label = "reliable", .kind = AR_SERIES_DASHED, .count = 2, .x = ends, .y = ends},
        {.label = "observed",
         .colour = AR_COLOUR_BLUE,
         .markers = true,
         .count = members + 1,
         .x = forecast,
         .y = event->observed},
    };
    const ar_chart chart = {.title = title,
                            .x_label = "forecast probability",
                            .y_label = "observed frequency",
                            .description = alternative,
                            .x_range = {-margin, 1 + margin},
                            .y_range = {0, 1},
                            .square = true,
                            .series = series,
                            .series_count = 3};
    snprintf(name, sizeof name, "reliability_%s_%g", group->name, event->threshold);
    AR_TRY(ar_report_show(page, name, &chart));
cleanup:
    ar_free(forecast);
    return status;
}

ar_status ar_report_ranks_add(ar_report_page *page, const ar_score_group *group)
{
    ar_status status = AR_OK;
    AR_TRY(show_ranks(page, group));
    for (int64_t i = 0; i < group->scores[0]->threshold_count; i++) {
        AR_TRY(show_reliability(page, group, i));
    }
cleanup:
    return status;
}
