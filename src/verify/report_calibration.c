#include <math.h>
#include <stdio.h>

#include "picture/map_scale.h"
#include "verify/report_parts.h"
#include "verify/student_t.h"

enum { BINS = AR_CALIBRATION_BINS, RATIO_BINS = AR_CALIBRATION_RATIO_BINS };

/* A bin of spread that holds less of the area than this has an error by chance. */
static const double LEAST_SHARE = 1e-3;

/* Size of the error against spread, both logarithmic: the two-dimensional histogram, and the error
 * that comes with each spread. */
static ar_status show_spread_error(ar_report_page *page, const ar_score *score, const char *name)
{
    const ar_calibration_scores *it = score->calibration;
    char title[AR_REPORT_NAME_SIZE], file[AR_REPORT_NAME_SIZE],
        alternative[AR_REPORT_ALTERNATIVE_SIZE], unit_text[128];
    char x_label[AR_REPORT_NAME_SIZE], y_label[AR_REPORT_NAME_SIZE];
    double edges[BINS + 1], spread[BINS], error[BINS], shares[BINS][BINS];
    int64_t points = 0;
    ar_map_unit unit;
    ar_map_unit_choose(&unit, score->units, 2 * it->deviation);
    ar_map_unit_plain(&unit, unit_text);
    const double deviation = unit.factor * it->deviation;
    /* The outer bins have no end: they are drawn as wide as the others. */
    edges[0] = deviation * ar_calibration_edge(0) * ar_calibration_edge(0) / ar_calibration_edge(1);
    for (int k = 1; k < BINS; k++) {
        edges[k] = deviation * ar_calibration_edge(k - 1);
    }
    edges[BINS] = edges[BINS - 1] * edges[BINS - 1] / edges[BINS - 2];
    if (it->share[BINS - 1] >= LEAST_SHARE) { /* but hold the spread that is typical of them */
        edges[BINS] = fmax(edges[BINS], 1.2 * unit.factor * it->spread[BINS - 1]);
    }
    for (int k = 0; k < BINS; k++) {
        for (int by_error = 0; by_error < BINS; by_error++) {
            shares[by_error][k] = it->joint[k][by_error];
        }
        if (it->share[k] >= LEAST_SHARE) {
            spread[points] = unit.factor * it->spread[k];
            error[points++] = unit.factor * it->rmse[k];
        }
    }
    const ar_chart_cells cells = {BINS, BINS, edges, edges, &shares[0][0]};
    const double ends[2] = {edges[0], edges[BINS]};
    const ar_chart_series series[] = {
        {.label = "as large as the spread",
         .kind = AR_SERIES_DASHED,
         .count = 2,
         .x = ends,
         .y = ends},
        {.label = "RMSE",
         .colour = AR_COLOUR_VERMILLION,
         .markers = true,
         .count = points,
         .x = spread,
         .y = error},
    };
    snprintf(title, sizeof title, "Error by spread after %g h", score->lead_hours);
    snprintf(x_label, sizeof x_label, "spread (%s)", unit_text);
    snprintf(y_label, sizeof y_label, "size of the error (%s)", unit_text);
    snprintf(alternative, sizeof alternative,
             "%s: two-dimensional histogram of the area; the error differs from the spread by %.4g "
             "%s on average over bins of spread",
             title, unit.factor * it->reliability, unit_text);
    const ar_chart chart = {.title = title,
                            .x_label = x_label,
                            .y_label = y_label,
                            .description = alternative,
                            .x_kind = AR_AXIS_LOGARITHMIC,
                            .y_kind = AR_AXIS_LOGARITHMIC,
                            .x_range = {ends[0], ends[1]},
                            .y_range = {ends[0], ends[1]},
                            .square = true,
                            .series = series,
                            .series_count = 2,
                            .cells = &cells};
    snprintf(file, sizeof file, "spread_error_%s", name);
    return ar_report_show(page, file, &chart);
}

/* P(e/s ≤ x) for a reliable normal ensemble. */
static double expected_below(double x, int64_t members)
{
    const double t = fabs(x) / sqrt(1 + 1 / (double)members);
    return 0.5 + copysign(0.5, x) * ar_student_t_within(t, members - 1);
}

/* Shares by error over spread; the outer bins hold all that is beyond. */
static ar_status show_ratios(ar_report_page *page, const ar_score *score, const char *name)
{
    const ar_calibration_scores *it = score->calibration;
    char title[AR_REPORT_NAME_SIZE], file[AR_REPORT_NAME_SIZE],
        alternative[AR_REPORT_ALTERNATIVE_SIZE];
    double middles[RATIO_BINS], expected[RATIO_BINS], below = 0;
    const double width = ar_calibration_ratio_edge(1) - ar_calibration_ratio_edge(0);
    for (int k = 0; k < RATIO_BINS; k++) {
        const double upper = ar_calibration_ratio_edge(k);
        const double next = k < RATIO_BINS - 1 ? expected_below(upper, it->member_count) : 1;
        middles[k] = upper - width / 2;
        expected[k] = next - below;
        below = next;
    }
    const ar_chart_series series[] = {
        {.label = "mean",
         .kind = AR_SERIES_BARS,
         .colour = AR_COLOUR_BLUE,
         .count = RATIO_BINS,
         .x = middles,
         .y = it->mean_ratio},
        {.label = "members",
         .colour = AR_COLOUR_ORANGE,
         .count = RATIO_BINS,
         .x = middles,
         .y = it->member_ratio},
        {.label = "mean, if reliable",
         .kind = AR_SERIES_DASHED,
         .count = RATIO_BINS,
         .x = middles,
         .y = expected},
    };
    snprintf(title, sizeof title, "Error over spread after %g h", score->lead_hours);
    snprintf(alternative, sizeof alternative,
             "%s: %.3f of the area has an error within one spread (%.3f if reliable), %.3f within "
             "two (%.3f)",
             title, it->within_one, it->expected_within_one, it->within_two,
             it->expected_within_two);
    const ar_chart chart = {
        .title = title,
        .x_label = "error over spread",
        .y_label = "share of the area",
        .description = alternative,
        .x_range = {middles[0] - width / 2, middles[RATIO_BINS - 1] + width / 2},
        .y_from_zero = true,
        .series = series,
        .series_count = 3};
    snprintf(file, sizeof file, "error_over_spread_%s", name);
    return ar_report_show(page, file, &chart);
}

ar_status ar_report_calibration_add(ar_report_page *page, const ar_score *score, const char *name)
{
    ar_status status = AR_OK;
    if (score->calibration) {
        AR_TRY(show_spread_error(page, score, name));
        AR_TRY(show_ratios(page, score, name));
    }
cleanup:
    return status;
}
