/* Charts as SVG text: lines with bands, bars and two-dimensional histograms on axes that are
 * linear, logarithmic or in hours. Colours are Okabe and Ito's (2008), which people with
 * colour-blindness can tell apart, and for amounts viridis (Smith and van der Walt 2015); both are
 * classes of a style sheet, so that a page, and the reader's wish for light or dark, may choose. */
#ifndef AR_PICTURE_CHART_H
#define AR_PICTURE_CHART_H

#include <stdbool.h>
#include <stdint.h>

#include "picture/axis.h"
#include "base/text.h"

typedef enum {
    AR_COLOUR_INK, /* that of text: truth, and lines to compare with */
    AR_COLOUR_BLUE,
    AR_COLOUR_VERMILLION,
    AR_COLOUR_GREEN,
    AR_COLOUR_PURPLE,
    AR_COLOUR_ORANGE,
    AR_COLOUR_SKY,
    AR_COLOUR_GREY,
    AR_COLOUR_COUNT,
} ar_chart_colour;

typedef enum { AR_SERIES_LINE, AR_SERIES_DASHED, AR_SERIES_BARS } ar_series_kind;

/* Values over places; a NaN interrupts a line and leaves a bar out. */
typedef struct {
    const char *label; /* in the legend; NULL: not there */
    ar_series_kind kind;
    ar_chart_colour colour;
    bool markers; /* a point, with its values as a tooltip, at each place of a line */
    int64_t count;
    const double *x, *y;      /* [count], x ascending */
    const double *low, *high; /* [count] limits of a band around a line; NULL: none */
} ar_chart_series;

/* A two-dimensional histogram: a cell's colour is its share, on a logarithmic scale from a
 * thousandth of the largest; cells without any are left empty. */
typedef struct {
    int64_t columns, rows;
    const double *x_edges, *y_edges; /* [columns + 1], [rows + 1] ascending */
    const double *shares;            /* [rows][columns] */
} ar_chart_cells;

typedef struct {
    const char *title, *x_label, *y_label; /* "" for none */
    const char *description;               /* for who cannot see it */
    ar_axis_kind x_kind, y_kind;
    bool x_from_zero, y_from_zero;
    double x_range[2], y_range[2]; /* limits instead of those of the data where [0] < [1] */
    bool square;                   /* both axes are equally long, as for observed over forecast */
    const ar_chart_series *series; /* [series_count], drawn in this order */
    int64_t series_count;
    const ar_chart_cells *cells; /* below the series; NULL: none */
} ar_chart;

/* Append the chart as an <svg> element. `standalone`: a file of its own, with the style sheet, else
 * for a page that has it. Texts are escaped. Thread-safe. */
void ar_chart_add(ar_growing_text *out, const ar_chart *chart, bool standalone);

/* The style sheet of all charts, light, and dark for who prefers that. */
const char *ar_chart_style(void);

#endif
