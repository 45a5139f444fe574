/* The charts of report.html. Private to the report. */
#ifndef AR_VERIFY_REPORT_CHARTS_H
#define AR_VERIFY_REPORT_CHARTS_H

#include "picture/figure_folder.h"
#include "picture/page.h"
#include "verify/report.h"

/* The page while it is written. */
typedef struct {
    const ar_report *report;
    ar_growing_text out;
    ar_figure_folder figures;
    ar_error *err;
} ar_report_page;

/* Scores of one field at one level in one region, by lead time. */
typedef struct {
    const ar_score **scores; /* [count] ascending in lead time */
    int64_t count;
    char name[128]; /* for files: "t_850" */
} ar_score_group;

/* Indices of at most `most` of `count` lead times, the first and the last among them, into
 * picked[most]; returns how many. Pure. */
int ar_report_pick(int64_t count, int most, int64_t *picked);

/* Error, CRPS, anomaly correlation and spread/skill ratio against lead time, where there are at
 * least two; histograms of ranks; reliability diagrams. */
AR_USE_RESULT ar_status ar_report_charts_add(ar_report_page *page, const ar_score_group *group);

/* Of one field and level: spectra[count], by lead time. */
AR_USE_RESULT ar_status ar_report_spectra_add(ar_report_page *page,
                                              const ar_field_spectra *const *spectra, int64_t count,
                                              const char *name);

/* Size of the error against spread, and error over spread, where there is calibration. */
AR_USE_RESULT ar_status ar_report_calibration_add(ar_report_page *page, const ar_score *score,
                                                  const char *name);

/* The distribution of values at each place, at the last lead time. */
AR_USE_RESULT ar_status ar_report_places_add(ar_report_page *page);

/* RMSE over that of persistence against lead time, for each region in one chart. */
AR_USE_RESULT ar_status ar_report_regions_add(ar_report_page *page, const ar_score_group *groups,
                                              int64_t count);

/* Put a chart on the page and into the folder of figures. */
AR_USE_RESULT ar_status ar_report_show(ar_report_page *page, const char *name,
                                       const ar_chart *chart);

#endif
