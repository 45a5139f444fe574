#include "verify/report_charts.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "base/memory.h"
#include "picture/map_scale.h"

enum { LINES_MOST = 8, LEADS_SHOWN = 3, TEXT_SIZE = 200, ALT_SIZE = 600 };

/* A line of a chart against lead time: a member of ar_score. */
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

/* A chart against lead time. */
typedef struct {
    const char *name, *title;
    const score_line *lines;
    int64_t line_count;
    bool in_units, from_zero;
    double reference; /* a line to compare with; NaN: none */
    const char *reference_label;
} lead_chart;

#define LINES(lines) lines, sizeof lines / sizeof *(lines)

ar_status ar_report_show(ar_report_page *page, const char *name, const ar_chart *chart)
{
    ar_page_chart(&page->out, chart);
    return page->out.status == AR_OK ? ar_figure_write(&page->figures, name, chart, page->err)
                                     : page->out.status;
}

int ar_report_pick(int64_t count, int most, int64_t *picked)
{
    int number = 0;
    for (int i = 0; i < most; i++) {
        const int64_t index = most > 1 ? (count - 1) * i / (most - 1) : count - 1;
        if (count > 0 && (number == 0 || picked[number - 1] != index)) {
            picked[number++] = index;
        }
    }
    return number;
}

static double number_at(const ar_score *score, size_t offset)
{
    return *(const double *)((const char *)score + offset);
}

/* The unit in which the largest of some scores are readable. */
static void choose_unit(ar_map_unit *unit, char text[128], const ar_score_group *group,
                        const lead_chart *kind)
{
    double largest = 0;
    for (int64_t i = 0; i < group->count; i++) {
        for (int64_t l = 0; l < kind->line_count; l++) {
            largest = fmax(largest, number_at(group->scores[i], kind->lines[l].offset));
        }
    }
    ar_map_unit_choose(unit, kind->in_units ? group->scores[0]->units : "",
                       kind->in_units ? largest : 1);
    ar_map_unit_plain(unit, text);
}

/* "forecast 12.3 to 45.6, persistence …": the ends of all lines in words. */
static void describe_lines(char *text, size_t size, const ar_chart *chart)
{
    int used = snprintf(text, size, "%s against lead time", chart->title);
    for (int64_t s = 0; s < chart->series_count && used > 0 && (size_t)used < size; s++) {
        const ar_chart_series *series = &chart->series[s];
        if (series->count == 0) {
            continue;
        }
        used += snprintf(text + used, size - (size_t)used, "%s %s %.4g at %g h, %.4g at %g h",
                         s == 0 ? ":" : ";", series->label, series->y[0], series->x[0],
                         series->y[series->count - 1], series->x[series->count - 1]);
    }
}

/* Values of a line, and its band, of all lead times into y, low, high [count]; false: none. */
static bool fill_line(const ar_score_group *group, const score_line *line, double factor, double *y,
                      double *low, double *high)
{
    bool any = false;
    for (int64_t i = 0; i < group->count; i++) {
        const ar_score *score = group->scores[i];
        y[i] = factor * number_at(score, line->offset);
        any |= isfinite(y[i]);
        if (line->confidence) {
            const ar_interval *interval =
                (const ar_interval *)((const char *)score + line->confidence);
            low[i] = factor * interval->low;
            high[i] = factor * interval->high;
        }
    }
    return any;
}

static ar_status show_lead_chart(ar_report_page *page, const ar_score_group *group,
                                 const lead_chart *kind)
{
    const int64_t count = group->count;
    ar_chart_series series[LINES_MOST] = {{0}};
    char title[TEXT_SIZE], unit_text[128], alternative[ALT_SIZE], name[TEXT_SIZE];
    ar_map_unit unit;
    double *values = NULL;
    ar_status status = AR_OK;
    choose_unit(&unit, unit_text, group, kind);
    AR_TRY(ar_allocate(&values, (size_t)(count * (3 * LINES_MOST + 1)), sizeof *values, "a chart",
                       page->err));
    double *x = values + 3 * LINES_MOST * count;
    for (int64_t i = 0; i < count; i++) {
        x[i] = group->scores[i]->lead_hours;
    }
    snprintf(title, sizeof title, "%s", kind->title);
    ar_chart chart = {.title = title,
                      .x_label = "lead time (h)",
                      .y_label = unit_text,
                      .description = alternative,
                      .x_kind = AR_AXIS_HOURS,
                      .x_from_zero = true,
                      .y_from_zero = kind->from_zero,
                      .series = series};
    for (int64_t l = 0; l < kind->line_count; l++) {
        const score_line *line = &kind->lines[l];
        double *y = values + 3 * l * count, *low = y + count, *high = low + count;
        if (fill_line(group, line, unit.factor, y, low, high)) {
            series[chart.series_count++] =
                (ar_chart_series){.label = line->label,
                                  .kind = line->kind,
                                  .colour = line->colour,
                                  .markers = line->colour == AR_COLOUR_BLUE,
                                  .count = count,
                                  .x = x,
                                  .y = y,
                                  .low = line->confidence ? low : NULL,
                                  .high = line->confidence ? high : NULL};
        }
    }
    if (chart.series_count == 0) {
        goto cleanup;
    }
    describe_lines(alternative, sizeof alternative, &chart);
    const double reference[2] = {kind->reference, kind->reference}, ends[2] = {0, x[count - 1]};
    if (isfinite(kind->reference)) {
        series[chart.series_count++] = (ar_chart_series){.label = kind->reference_label,
                                                         .kind = AR_SERIES_DASHED,
                                                         .count = 2,
                                                         .x = ends,
                                                         .y = reference};
    }
    snprintf(name, sizeof name, "%s_%s", kind->name, group->name);
    AR_TRY(ar_report_show(page, name, &chart));
cleanup:
    ar_free(values);
    return status;
}

/* ---- histograms of ranks --------------------------------------------------------------------- */

static const ar_chart_colour lead_colours[LEADS_SHOWN] = {AR_COLOUR_SKY, AR_COLOUR_BLUE,
                                                          AR_COLOUR_PURPLE};

static ar_status show_ranks(ar_report_page *page, const ar_score_group *group)
{
    int64_t picked[LEADS_SHOWN];
    const int leads = ar_report_pick(group->count, LEADS_SHOWN, picked);
    const int64_t members = group->scores[0]->member_count;
    ar_chart_series series[LEADS_SHOWN + 1] = {{0}};
    char labels[LEADS_SHOWN][32], name[TEXT_SIZE], alternative[ALT_SIZE];
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
    char title[TEXT_SIZE], name[TEXT_SIZE], alternative[ALT_SIZE];
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

ar_status ar_report_charts_add(ar_report_page *page, const ar_score_group *group)
{
    const double members = (double)group->scores[0]->member_count;
    const lead_chart charts[] = {
        {"rmse", "Error of the mean, and spread", LINES(error_lines), true, true, NAN, NULL},
        {"crps", "CRPS", LINES(crps_lines), true, true, NAN, NULL},
        {"acc", "Anomaly correlation", LINES(correlation_lines), false, false, NAN, NULL},
        {"ratio", "Spread over error", LINES(ratio_lines), false, true,
         sqrt(members / (members + 1)), "reliable"},
    };
    ar_status status = AR_OK;
    for (size_t i = 0; group->count > 1 && i < sizeof charts / sizeof charts[0]; i++) {
        AR_TRY(show_lead_chart(page, group, &charts[i]));
    }
    AR_TRY(show_ranks(page, group));
    for (int64_t i = 0; i < group->scores[0]->threshold_count; i++) {
        AR_TRY(show_reliability(page, group, i));
    }
cleanup:
    return status;
}

/* ---- regions --------------------------------------------------------------------------------- */

ar_status ar_report_regions_add(ar_report_page *page, const ar_score_group *groups, int64_t count)
{
    static const ar_chart_colour colours[] = {
        AR_COLOUR_INK,    AR_COLOUR_BLUE, AR_COLOUR_ORANGE,    AR_COLOUR_GREEN,
        AR_COLOUR_PURPLE, AR_COLOUR_SKY,  AR_COLOUR_VERMILLION};
    enum { REGIONS_MOST = sizeof colours / sizeof colours[0] };
    ar_chart_series series[REGIONS_MOST] = {{0}};
    char title[TEXT_SIZE], alternative[ALT_SIZE], name[TEXT_SIZE];
    const int64_t leads = groups[0].count, shown = count < REGIONS_MOST ? count : REGIONS_MOST;
    double *values = NULL;
    ar_status status = AR_OK;
    AR_TRY(
        ar_allocate(&values, (size_t)(leads * (shown + 1)), sizeof *values, "a chart", page->err));
    double *x = values + shown * leads;
    for (int64_t r = 0; r < shown; r++) {
        for (int64_t i = 0; i < leads && i < groups[r].count; i++) {
            const ar_score *score = groups[r].scores[i];
            x[i] = score->lead_hours;
            values[r * leads + i] = score->rmse / score->persistence_rmse;
        }
        const char *region = page->report->regions[groups[r].scores[0]->region].name;
        series[r] = (ar_chart_series){.label = region[0] ? region : "all",
                                      .colour = colours[r],
                                      .markers = true,
                                      .count = groups[r].count < leads ? groups[r].count : leads,
                                      .x = x,
                                      .y = values + r * leads};
    }
    const ar_score *first = groups[0].scores[0];
    snprintf(title, sizeof title, "%s, %s", first->variable, first->level_text);
    const ar_chart chart = {.title = title,
                            .x_label = "lead time (h)",
                            .y_label = "RMSE over persistence's",
                            .description = alternative,
                            .x_kind = AR_AXIS_HOURS,
                            .x_from_zero = true,
                            .y_from_zero = true,
                            .series = series,
                            .series_count = shown};
    describe_lines(alternative, sizeof alternative, &chart);
    snprintf(name, sizeof name, "regions_%s", groups[0].name);
    AR_TRY(ar_report_show(page, name, &chart));
cleanup:
    ar_free(values);
    return status;
}
