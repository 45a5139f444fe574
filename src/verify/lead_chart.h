/* A chart of scores against lead time in report.html, put together line by line. Private to the
 * report. */
#ifndef AR_VERIFY_LEAD_CHART_H
#define AR_VERIFY_LEAD_CHART_H

#include "verify/report_parts.h"

enum { AR_LEAD_LINES_MOST = 13 };

/* Set the texts after ar_lead_chart_init; they are borrowed until the chart is shown. */
typedef struct {
    const char *title, *y_label;
    const char
        *units; /* of all lines, shown in a readable multiple instead of y_label; NULL: none */
    bool from_zero;
    double reference; /* a dashed line at this value, to compare with; NaN: none */
    const char *reference_label;
    int64_t lead_count, line_count;
    double *lead_hours; /* [lead_count], ascending; the caller's to set */
    ar_chart_series lines[AR_LEAD_LINES_MOST];
    char labels[AR_LEAD_LINES_MOST][64];
} ar_lead_chart;

/* What a line shows: [lead_count] each, NaN until set. Limits that stay NaN are no band. */
typedef struct {
    double *values, *low, *high;
} ar_lead_line;

/* Begin a chart; release it with ar_lead_chart_release. */
AR_USE_RESULT ar_status ar_lead_chart_init(ar_lead_chart *chart, int64_t lead_count, ar_error *err);
/* The same with the lead times of a group. */
AR_USE_RESULT ar_status ar_lead_chart_init_group(ar_lead_chart *chart, const ar_score_group *group,
                                                 ar_error *err);
void ar_lead_chart_release(ar_lead_chart *chart); /* safe on a zeroed one */

/* Add a line with this label, which is copied, and look; there is room for AR_LEAD_LINES_MOST. */
ar_lead_line ar_lead_chart_add(ar_lead_chart *chart, const ar_chart_series *look);

/* Show the lines that have a value, as "NAME_GROUP"; a chart without any is none. The
 * values are brought to the unit on the way. */
AR_USE_RESULT ar_status ar_lead_chart_show(ar_lead_chart *chart, ar_report_page *page,
                                           const char *name, const char *group);

#endif
