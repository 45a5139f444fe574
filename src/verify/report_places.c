#include <math.h>
#include <stdio.h>
#include <string.h>

#include "picture/map_scale.h"
#include "verify/report_parts.h"

/* Into how many bins, of which each joins as many of those that were counted: about 2 n^(1/3) (the
 * Rice rule) for the n values of truth, which are the fewest. */
static int choose_bins(int64_t values)
{
    static const int divisors[] = {5, 8, 10, 20, AR_PLACE_BINS};
    int bins = divisors[0];
    for (size_t i = 1; i < sizeof divisors / sizeof divisors[0]; i++) {
        bins = divisors[i] <= 2 * cbrt((double)values) ? divisors[i] : bins;
    }
    return bins;
}

static void join_bins(double *joined, int bins, const double shares[AR_PLACE_BINS])
{
    const int each = AR_PLACE_BINS / bins;
    for (int k = 0; k < bins; k++) {
        joined[k] = 0;
        for (int i = 0; i < each; i++) {
            joined[k] += shares[k * each + i];
        }
    }
}

/* Histograms of truth and members over the same bins. */
static ar_status show_place(ar_report_page *page, const ar_place_score *it)
{
    const ar_place *place = &page->report->places[it->place];
    const ar_place_scores *scores = &it->scores;
    const ar_place_values *model = &scores->model, *truth = &scores->truth;
    char title[AR_REPORT_NAME_SIZE], file[AR_REPORT_NAME_SIZE],
        alternative[AR_REPORT_ALTERNATIVE_SIZE], unit_text[128];
    double middles[AR_PLACE_BINS], of_truth[AR_PLACE_BINS], of_members[AR_PLACE_BINS];
    const int bins = choose_bins(scores->times);
    ar_map_unit unit;
    ar_map_unit_choose(&unit, it->units,
                       scores->highest > -scores->lowest ? scores->highest : -scores->lowest);
    ar_map_unit_plain(&unit, unit_text);
    const double width = (scores->highest - scores->lowest) / bins;
    join_bins(of_truth, bins, truth->shares);
    join_bins(of_members, bins, model->shares);
    for (int k = 0; k < bins; k++) {
        middles[k] = unit.factor * (scores->lowest + (k + 0.5) * width);
    }
    const ar_chart_series series[] = {
        {.label = "truth",
         .kind = AR_SERIES_BARS,
         .colour = AR_COLOUR_GREY,
         .count = bins,
         .x = middles,
         .y = of_truth},
        {.label = "members",
         .colour = AR_COLOUR_BLUE,
         .count = bins,
         .x = middles,
         .y = of_members},
    };
    snprintf(title, sizeof title, "%s: %s, %s, %g h", place->name, it->variable, it->level_text,
             it->lead_hours);
    snprintf(alternative, sizeof alternative,
             "Distribution of values at %g N, %g E, %s: mean of members %.4g, of truth %.4g; "
             "Wasserstein distance %.4g; 1 %% quantile %.4g, %.4g of truth; 99 %% quantile %.4g, "
             "%.4g of truth, in %s",
             place->grid_latitude, place->grid_longitude, title, unit.factor * model->mean,
             unit.factor * truth->mean, unit.factor * scores->wasserstein,
             unit.factor * model->quantiles[0], unit.factor * truth->quantiles[0],
             unit.factor * model->quantiles[AR_PLACE_QUANTILES - 1],
             unit.factor * truth->quantiles[AR_PLACE_QUANTILES - 1], unit_text);
    const ar_chart chart = {
        .title = title,
        .x_label = unit_text,
        .y_label = "share of the values",
        .description = alternative,
        .x_range = {unit.factor * scores->lowest, unit.factor * scores->highest},
        .y_from_zero = true,
        .series = series,
        .series_count = 2};
    snprintf(file, sizeof file, "place_%s_%s_%s", place->name, it->variable, it->level);
    return ar_report_show(page, file, &chart);
}

/* Is there no later lead time of the same place, field and level? */
static bool is_last(const ar_report *report, int64_t index)
{
    const ar_place_score *it = &report->place_scores[index];
    for (int64_t i = 0; i < report->place_score_count; i++) {
        const ar_place_score *other = &report->place_scores[i];
        if (other->place == it->place && other->lead_hours > it->lead_hours &&
            strcmp(other->variable, it->variable) == 0 && strcmp(other->level, it->level) == 0) {
            return false;
        }
    }
    return true;
}

ar_status ar_report_places_add(ar_report_page *page)
{
    const ar_report *report = page->report;
    ar_status status = AR_OK;
    if (report->place_score_count == 0) {
        return AR_OK;
    }
    ar_page_text(&page->out, "h2", "Places");
    ar_page_charts_begin(&page->out);
    for (int64_t i = 0; i < report->place_score_count; i++) {
        if (is_last(report, i) && report->place_scores[i].scores.times > 0) {
            AR_TRY(show_place(page, &report->place_scores[i]));
        }
    }
    ar_page_charts_end(&page->out);
cleanup:
    return status;
}
