#include "verify/lead_chart.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "picture/map_scale.h"

enum { ARRAYS_OF_A_LINE = 3 };

ar_status ar_lead_chart_init(ar_lead_chart *chart, int64_t lead_count, ar_error *err)
{
    *chart = (ar_lead_chart){.y_label = "", .reference = NAN, .lead_count = lead_count};
    const int64_t count = lead_count * (1 + ARRAYS_OF_A_LINE * AR_LEAD_LINES_MOST);
    ar_status status =
        ar_allocate(&chart->lead_hours, (size_t)count, sizeof *chart->lead_hours, "a chart", err);
    for (int64_t i = lead_count; status == AR_OK && i < count; i++) {
        chart->lead_hours[i] = NAN;
    }
    return status;
}

ar_status ar_lead_chart_init_group(ar_lead_chart *chart, const ar_score_group *group, ar_error *err)
{
    ar_status status = ar_lead_chart_init(chart, group->count, err);
    for (int64_t i = 0; status == AR_OK && i < group->count; i++) {
        chart->lead_hours[i] = group->scores[i]->lead_hours;
    }
    return status;
}

void ar_lead_chart_release(ar_lead_chart *chart)
{
    ar_free(chart->lead_hours);
}

static ar_lead_line room_of(const ar_lead_chart *chart, int64_t line)
{
    const int64_t count = chart->lead_count;
    double *values = chart->lead_hours + count * (1 + ARRAYS_OF_A_LINE * line);
    return (ar_lead_line){values, values + count, values + 2 * count};
}

ar_lead_line ar_lead_chart_add(ar_lead_chart *chart, const ar_chart_series *look)
{
    const int64_t line = chart->line_count++;
    const ar_lead_line room = room_of(chart, line);
    ar_chart_series *series = &chart->lines[line];
    *series = *look;
    snprintf(chart->labels[line], sizeof chart->labels[line], "%s", look->label);
    series->label = chart->labels[line];
    series->count = chart->lead_count;
    series->x = chart->lead_hours;
    series->y = room.values;
    series->low = room.low;
    series->high = room.high;
    return room;
}

/* Of the sizes of values; −1 where there is none. */
static double largest_of(const double *values, int64_t count)
{
    double largest = -1;
    for (int64_t i = 0; i < count; i++) {
        largest = isfinite(values[i]) ? fmax(largest, fabs(values[i])) : largest;
    }
    return largest;
}

/* The unit in which the largest of all values is readable; the values are brought to it. */
static void scale(ar_lead_chart *chart, char text[128])
{
    double largest = 0;
    ar_map_unit unit;
    if (!chart->units) {
        snprintf(text, 128, "%s", chart->y_label);
        return;
    }
    for (int64_t line = 0; line < chart->line_count; line++) {
        largest = fmax(largest, largest_of(room_of(chart, line).values, chart->lead_count));
    }
    ar_map_unit_choose(&unit, chart->units, largest);
    ar_map_unit_plain(&unit, text);
    for (int64_t line = 0; line < chart->line_count; line++) {
        double *values = room_of(chart, line).values;
        for (int64_t i = 0; i < ARRAYS_OF_A_LINE * chart->lead_count; i++) {
            values[i] *= unit.factor;
        }
    }
}

/* "Error in Pa against lead time: forecast 1.2 at 6 h, 3.4 at 24 h; persistence …": the ends of all
 * lines in words. */
static void describe(char *text, size_t size, const ar_chart *chart)
{
    int used = snprintf(text, size, "%s%s%s against lead time", chart->title,
                        chart->y_label[0] ? ", " : "", chart->y_label);
    for (int64_t s = 0; s < chart->series_count && used > 0 && (size_t)used < size; s++) {
        const ar_chart_series *series = &chart->series[s];
        int64_t first = 0, last = series->count - 1;
        while (first < last && !isfinite(series->y[first])) {
            first++;
        }
        while (last > first && !isfinite(series->y[last])) {
            last--;
        }
        used += snprintf(text + used, size - (size_t)used, "%s %s %.4g at %g h, %.4g at %g h",
                         s == 0 ? ":" : ";", series->label, series->y[first], series->x[first],
                         series->y[last], series->x[last]);
    }
}

ar_status ar_lead_chart_show(ar_lead_chart *chart, ar_report_page *page, const char *name,
                             const char *group)
{
    char unit[128], alternative[AR_REPORT_ALTERNATIVE_SIZE], file[AR_REPORT_NAME_SIZE];
    ar_chart_series shown[AR_LEAD_LINES_MOST + 1];
    ar_chart drawn = {.title = chart->title,
                      .x_label = "lead time (h)",
                      .y_label = unit,
                      .description = alternative,
                      .x_kind = AR_AXIS_HOURS,
                      .x_from_zero = true,
                      .y_from_zero = chart->from_zero,
                      .series = shown};
    scale(chart, unit);
    for (int64_t line = 0; line < chart->line_count; line++) {
        const ar_lead_line room = room_of(chart, line);
        if (largest_of(room.values, chart->lead_count) >= 0) {
            ar_chart_series *series = &shown[drawn.series_count++];
            *series = chart->lines[line];
            if (largest_of(room.low, chart->lead_count) < 0) {
                series->low = series->high = NULL;
            }
        }
    }
    if (drawn.series_count == 0) {
        return AR_OK;
    }
    describe(alternative, sizeof alternative, &drawn);
    const double ends[2] = {0, chart->lead_hours[chart->lead_count - 1]};
    const double reference[2] = {chart->reference, chart->reference};
    if (isfinite(chart->reference)) {
        shown[drawn.series_count++] = (ar_chart_series){.label = chart->reference_label,
                                                        .kind = AR_SERIES_DASHED,
                                                        .count = 2,
                                                        .x = ends,
                                                        .y = reference};
    }
    snprintf(file, sizeof file, "%s_%s", name, group);
    return ar_report_show(page, file, &drawn);
}
