#include "picture/chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "picture/markup.h"

/* Units of the viewBox: pixels where a page gives a chart its natural size. */
enum {
    WIDTH = 480,
    PLOT_HEIGHT = 230,
    LEFT = 66,
    RIGHT = 18,
    TITLE_HEIGHT = 26,
    LEGEND_ROW = 19,
    LEGEND_GAP = 6,
    BOTTOM = 46,
    AMOUNTS = 10,
};

typedef struct {
    ar_growing_text *out;
    const ar_chart *chart;
    ar_axis x, y;
    double left, top, width, height; /* of the plot */
    int64_t bar_series;
} canvas;

/* ---- limits ---------------------------------------------------------------------------------- */

static void widen(double range[2], double value, bool positive)
{
    if (isfinite(value) && !(positive && value <= 0)) {
        range[0] = fmin(range[0], value);
        range[1] = fmax(range[1], value);
    }
}

/* Half of the distance of neighbouring bars. */
static double half_bar(const ar_chart_series *series)
{
    double least = INFINITY;
    for (int64_t i = 1; i < series->count; i++) {
        least = fmin(least, series->x[i] - series->x[i - 1]);
    }
    return isfinite(least) ? least / 2 : 0.5;
}

static void choose_axes(canvas *it)
{
    const ar_chart *chart = it->chart;
    const bool log_x = chart->x_kind == AR_AXIS_LOGARITHMIC;
    const bool log_y = chart->y_kind == AR_AXIS_LOGARITHMIC;
    double x[2] = {INFINITY, -INFINITY}, y[2] = {INFINITY, -INFINITY};
    for (int64_t s = 0; s < chart->series_count; s++) {
        const ar_chart_series *series = &chart->series[s];
        const double half = series->kind == AR_SERIES_BARS ? half_bar(series) : 0;
        it->bar_series += series->kind == AR_SERIES_BARS;
        for (int64_t i = 0; i < series->count; i++) {
            widen(x, series->x[i] - half, log_x);
            widen(x, series->x[i] + half, log_x);
            widen(y, series->y[i], log_y);
            if (series->low) {
                widen(y, series->low[i], log_y);
                widen(y, series->high[i], log_y);
            }
        }
    }
    if (chart->cells) {
        widen(x, chart->cells->x_edges[0], log_x);
        widen(x, chart->cells->x_edges[chart->cells->columns], log_x);
        widen(y, chart->cells->y_edges[0], log_y);
        widen(y, chart->cells->y_edges[chart->cells->rows], log_y);
    }
    if (chart->x_from_zero) {
        widen(x, 0, log_x);
    }
    if (chart->y_from_zero) {
        widen(y, 0, log_y);
    }
    const bool x_given = chart->x_range[0] < chart->x_range[1];
    const bool y_given = chart->y_range[0] < chart->y_range[1];
    ar_axis_choose(&it->x, chart->x_kind, x_given ? chart->x_range[0] : x[0],
                   x_given ? chart->x_range[1] : x[1], x_given, 6);
    ar_axis_choose(&it->y, chart->y_kind, y_given ? chart->y_range[0] : y[0],
                   y_given ? chart->y_range[1] : y[1], y_given, 5);
}

static double place_x(const canvas *it, double value)
{
    return it->left + it->width * ar_axis_place(&it->x, value);
}

/* A logarithmic axis has no place for zero: it lies far below. */
static double place_y(const canvas *it, double value)
{
    const double place = ar_axis_place(&it->y, value);
    const bool below = it->y.kind == AR_AXIS_LOGARITHMIC && value <= 0;
    return it->top + it->height * (1 - (below ? -1 : place));
}

/* ---- axes, title, legend --------------------------------------------------------------------- */

static void add_text(canvas *it, double x, double y, const char *classes, const char *text)
{
    ar_text_add(it->out, "<text x='%.1f' y='%.1f'%s%s%s>", x, y, *classes ? " class='" : "",
                classes, *classes ? "'" : "");
    ar_markup_add(it->out, text);
    ar_text_add(it->out, "</text>");
}

static void add_axes(canvas *it)
{
    const double right = it->left + it->width, bottom = it->top + it->height;
    char label[48];
    for (int i = 0; i < it->x.tick_count; i++) {
        const double x = place_x(it, it->x.ticks[i]);
        ar_axis_label(&it->x, it->x.ticks[i], label);
        ar_text_add(it->out, "<path class='grid' d='M%.1f %.1fV%.1f'/>", x, it->top, bottom);
        add_text(it, x, bottom + 17, "middle", label);
    }
    for (int i = 0; i < it->y.tick_count; i++) {
        const double y = place_y(it, it->y.ticks[i]);
        ar_axis_label(&it->y, it->y.ticks[i], label);
        ar_text_add(it->out, "<path class='grid' d='M%.1f %.1fH%.1f'/>", it->left, y, right);
        add_text(it, it->left - 6, y + 4.5, "end", label);
    }
    add_text(it, it->left + it->width / 2, bottom + 37, "middle", it->chart->x_label);
    ar_text_add(it->out, "<g transform='translate(%.1f %.1f) rotate(-90)'>", it->left - LEFT + 14,
                it->top + it->height / 2);
    add_text(it, 0, 0, "middle", it->chart->y_label);
    ar_text_add(it->out, "</g>");
}

/* Width of a text in this font, about: an average letter of sans-serif is 0.55 em wide. */
static double text_width(const char *text)
{
    int letters = 0;
    for (; *text; text++) {
        letters += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return 7.2 * letters;
}

enum { KEY_WIDTH = 28, KEY_GAP = 16 };

/* Place the legend's entries in rows, and draw them where `draw`; returns how many rows. */
static int lay_out_legend(canvas *it, bool draw)
{
    double x = 0;
    int row = 0;
    for (int64_t s = 0; s < it->chart->series_count; s++) {
        const ar_chart_series *series = &it->chart->series[s];
        if (!series->label) {
            continue;
        }
        const double entry = KEY_WIDTH + text_width(series->label) + KEY_GAP;
        if (x > 0 && x + entry > WIDTH - LEFT + KEY_GAP) {
            x = 0;
            row++;
        }
        if (draw) {
            const double left = LEFT + x, middle = TITLE_HEIGHT + LEGEND_ROW * (row + 0.5);
            if (series->kind == AR_SERIES_BARS) {
                ar_text_add(it->out,
                            "<rect class='bar c%d' x='%.1f' y='%.1f' width='18' height='9'/>",
                            (int)series->colour, left + 2, middle - 4.5);
            } else {
                ar_text_add(it->out, "<path class='line%s c%d' d='M%.1f %.1fh22'/>",
                            series->kind == AR_SERIES_DASHED ? " dashed" : "", (int)series->colour,
                            left, middle);
            }
            add_text(it, left + KEY_WIDTH, middle + 4.5, "", series->label);
        }
        x += entry;
    }
    return x > 0 ? row + 1 : 0;
}

/* ---- what is shown --------------------------------------------------------------------------- */

static void add_cells(canvas *it)
{
    const ar_chart_cells *cells = it->chart->cells;
    double largest = 0;
    for (int64_t i = 0; i < cells->rows * cells->columns; i++) {
        largest = fmax(largest, cells->shares[i]);
    }
    for (int64_t i = 0; i < cells->rows * cells->columns; i++) {
        const double share = cells->shares[i];
        const int64_t row = i / cells->columns, column = i % cells->columns;
        if (!(share > 0)) {
            continue;
        }
        const double amount = 1 + log10(share / largest) / 3;
        const int level = (int)fmin(AMOUNTS - 1, fmax(0, floor(amount * AMOUNTS)));
        const double x = place_x(it, cells->x_edges[column]);
        const double y = place_y(it, cells->y_edges[row + 1]);
        /* A little larger than it is, so that no seam shows between neighbours. */
        ar_text_add(it->out, "<rect class='v%d' x='%.1f' y='%.1f' width='%.1f' height='%.1f'/>",
                    level, x, y, place_x(it, cells->x_edges[column + 1]) - x + 0.3,
                    place_y(it, cells->y_edges[row]) - y + 0.3);
    }
}

/* Bars of several series stand side by side. */
static void add_bars(canvas *it, const ar_chart_series *series, int64_t index)
{
    const double whole = 1.7 * half_bar(series), width = whole / (double)it->bar_series;
    const double bottom = it->top + it->height;
    for (int64_t i = 0; i < series->count; i++) {
        if (!isfinite(series->y[i])) {
            continue;
        }
        const double from = series->x[i] - whole / 2 + (double)index * width;
        const double x = place_x(it, from), y = place_y(it, series->y[i]);
        const double base = fmin(place_y(it, fmax(0, it->y.low)), bottom);
        ar_text_add(it->out,
                    "<rect class='bar c%d' x='%.1f' y='%.1f' width='%.1f' height='%.1f'>"
                    "<title>%.4g: %.4g</title></rect>",
                    (int)series->colour, x, fmin(y, base), place_x(it, from + width) - x,
                    fabs(base - y), series->x[i], series->y[i]);
    }
}

static bool is_there(const canvas *it, const ar_chart_series *series, int64_t i)
{
    const bool drawable = it->y.kind != AR_AXIS_LOGARITHMIC || series->y[i] > 0;
    return isfinite(series->y[i]) && drawable && isfinite(ar_axis_place(&it->x, series->x[i]));
}

static void add_band(canvas *it, const ar_chart_series *series)
{
    for (int64_t first = 0; first < series->count; first++) {
        int64_t end = first;
        while (end < series->count && isfinite(series->low[end]) && isfinite(series->high[end])) {
            end++;
        }
        if (end - first > 1) {
            ar_text_add(it->out, "<path class='band c%d' d='M", (int)series->colour);
            for (int64_t i = first; i < end; i++) {
                ar_text_add(it->out, "%.1f %.1f ", place_x(it, series->x[i]),
                            place_y(it, series->high[i]));
            }
            for (int64_t i = end - 1; i >= first; i--) {
                ar_text_add(it->out, "%.1f %.1f ", place_x(it, series->x[i]),
                            place_y(it, series->low[i]));
            }
            ar_text_add(it->out, "Z'/>");
        } else if (end - first == 1) {
            const double x = place_x(it, series->x[first]);
            ar_text_add(it->out, "<path class='line c%d' d='M%.1f %.1fV%.1f'/>",
                        (int)series->colour, x, place_y(it, series->low[first]),
                        place_y(it, series->high[first]));
        }
        first = end;
    }
}

static void add_line(canvas *it, const ar_chart_series *series)
{
    bool drawing = false;
    ar_text_add(it->out, "<path class='line%s c%d' d='",
                series->kind == AR_SERIES_DASHED ? " dashed" : "", (int)series->colour);
    for (int64_t i = 0; i < series->count; i++) {
        const bool there = is_there(it, series, i);
        if (there) {
            ar_text_add(it->out, "%s%.1f %.1f", drawing ? "L" : "M", place_x(it, series->x[i]),
                        place_y(it, series->y[i]));
        }
        drawing = there;
    }
    ar_text_add(it->out, "'/>");
    for (int64_t i = 0; i < series->count; i++) {
        /* A point between two gaps would not be seen as a line. */
        const bool alone = (i == 0 || !is_there(it, series, i - 1)) &&
                           (i + 1 == series->count || !is_there(it, series, i + 1));
        if (is_there(it, series, i) && (series->markers || alone)) {
            ar_text_add(it->out,
                        "<circle class='marker c%d' cx='%.1f' cy='%.1f' r='3.2'>"
                        "<title>%.5g: %.4g</title></circle>",
                        (int)series->colour, place_x(it, series->x[i]), place_y(it, series->y[i]),
                        series->x[i], series->y[i]);
        }
    }
}

static void add_content(canvas *it, const char *clip)
{
    int64_t bars = 0;
    ar_text_add(it->out, "<g clip-path='url(#%s)'>", clip);
    if (it->chart->cells) {
        add_cells(it);
    }
    for (int64_t s = 0; s < it->chart->series_count; s++) {
        const ar_chart_series *series = &it->chart->series[s];
        if (series->kind == AR_SERIES_BARS) {
            add_bars(it, series, bars++);
            continue;
        }
        if (series->low) {
            add_band(it, series);
        }
        add_line(it, series);
    }
    ar_text_add(it->out, "</g>");
}

void ar_chart_add(ar_growing_text *out, const ar_chart *chart, bool standalone)
{
    canvas it = {.out = out, .chart = chart, .left = LEFT, .width = WIDTH - LEFT - RIGHT};
    const int rows = lay_out_legend(&it, false);
    /* The identity of a clip path has to be the only one of a page: where the text stands. */
    char clip[32];
    snprintf(clip, sizeof clip, "clip%zu", out->length);
    choose_axes(&it);
    it.top = TITLE_HEIGHT + rows * LEGEND_ROW + LEGEND_GAP;
    it.height = chart->square ? it.width * 0.8 : PLOT_HEIGHT;
    if (chart->square) {
        it.width = it.height;
        it.left += (WIDTH - LEFT - RIGHT - it.width) / 2;
    }
    ar_text_add(out, "<svg xmlns='http://www.w3.org/2000/svg' class='chart' role='img' ");
    ar_text_add(out, "viewBox='0 0 %d %.0f'", WIDTH, it.top + it.height + BOTTOM);
    if (standalone) {
        ar_text_add(out, " width='%d' height='%.0f'", WIDTH, it.top + it.height + BOTTOM);
    }
    ar_text_add(out, " aria-label='");
    ar_markup_add(out, chart->description);
    ar_text_add(out, "'>");
    if (standalone) {
        ar_text_add(out, "<style>%s</style>", ar_chart_style());
    }
    ar_text_add(out,
                "<clipPath id='%s'><rect x='%.1f' y='%.1f' width='%.1f' height='%.1f'/>"
                "</clipPath>",
                clip, it.left - 4, it.top - 4, it.width + 8, it.height + 8);
    add_text(&it, LEFT, 17, "title", chart->title);
    lay_out_legend(&it, true);
    add_axes(&it);
    add_content(&it, clip);
    ar_text_add(out, "<path class='frame' d='M%.1f %.1fV%.1fH%.1f'/></svg>", it.left, it.top,
                it.top + it.height, it.left + it.width);
}
