/* The parts of report.html: what they share, and one function for each, in the order of the page.
 * Private to the report. */
#ifndef AR_VERIFY_REPORT_PARTS_H
#define AR_VERIFY_REPORT_PARTS_H

#include "picture/figure_folder.h"
#include "picture/page.h"
#include "verify/report.h"

enum { AR_REPORT_NAME_SIZE = 200, AR_REPORT_ALTERNATIVE_SIZE = 600, AR_REPORT_ROWS_OF_A_LEVEL = 4 };

/* The page while it is written. */
typedef struct {
    const ar_report *report;
    const char *folder;
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

/* Does a score begin those of a field and level that none before it has? Pure. */
bool ar_report_begins_level(const ar_report *report, int64_t index);

/* All lead times of the field and level of `like` in a region. Free group->scores. */
AR_USE_RESULT ar_status ar_score_group_collect(ar_score_group *group, const ar_report *report,
                                               const ar_score *like, int64_t region, ar_error *err);

/* Indices of at most `most` of `count` lead times, the first and the last among them, into
 * picked[most]; returns how many. Pure. */
int ar_report_pick(int64_t count, int most, int64_t *picked);

/* Begin a row of a table with what it is about, in two cells: field, level and unit, and the lead
 * time. A telephone keeps the first in sight. */
void ar_report_row_begin(ar_growing_text *out, const char *variable, const char *level_text,
                         const char *units, double lead_hours);

/* Add a row for each of some lead times of every field and level of the whole grid. */
typedef void ar_report_row(ar_growing_text *out, const ar_score *score, int64_t which);
AR_USE_RESULT ar_status ar_report_rows_add(ar_report_page *page, ar_report_row *add_row,
                                           int64_t which);

/* Put a chart on the page and into the folder of figures. */
AR_USE_RESULT ar_status ar_report_show(ar_report_page *page, const char *name,
                                       const ar_chart *chart);

/* Put the pictures of a field and level, which are files of the folder, on the page. */
AR_USE_RESULT ar_status ar_report_pictures_add(ar_report_page *page, const char *variable,
                                               const char *level);

/* What was compared, and how often the forecast is better than persistence and each baseline. */
void ar_report_summary_add(ar_report_page *page);

/* A table of the main scores at some lead times. */
AR_USE_RESULT ar_status ar_report_main_numbers_add(ar_report_page *page);

/* Error, CRPS, anomaly correlation, spread/skill ratio, distance of all values and SEEPS against
 * lead time, where there are at least two. */
AR_USE_RESULT ar_status ar_report_leads_add(ar_report_page *page, const ar_score_group *group);

/* Error and CRPS beside those of the baselines, and the skill with its confidence. */
AR_USE_RESULT ar_status ar_report_rivals_add(ar_report_page *page, const ar_score_group *group);

/* Histograms of ranks, and reliability diagrams of the first lead time. */
AR_USE_RESULT ar_status ar_report_ranks_add(ar_report_page *page, const ar_score_group *group);

/* Size of the error against spread, and error over spread, where there is calibration. */
AR_USE_RESULT ar_status ar_report_calibration_add(ar_report_page *page, const ar_score *score,
                                                  const char *name);

/* Distance to the true distribution of a field and level, where an ensemble of truth was given. */
AR_USE_RESULT ar_status ar_report_true_distribution_add(ar_report_page *page,
                                                        const ar_score_group *group);

/* Of one field and level: spectra[count], by lead time. */
AR_USE_RESULT ar_status ar_report_spectra_add(ar_report_page *page,
                                              const ar_field_spectra *const *spectra, int64_t count,
                                              const char *name);

/* Tables of the skill against each baseline, and of the distance to the true distribution. */
AR_USE_RESULT ar_status ar_report_rival_tables_add(ar_report_page *page);
AR_USE_RESULT ar_status ar_report_true_distribution_table_add(ar_report_page *page);

/* RMSE over that of persistence against lead time, for each region in one chart. */
AR_USE_RESULT ar_status ar_report_regions_add(ar_report_page *page, const ar_score_group *groups,
                                              int64_t count);

/* The distribution of values at each place, at the last lead time. */
AR_USE_RESULT ar_status ar_report_places_add(ar_report_page *page);

/* Training curves and attention maps of the model, where they were given. */
AR_USE_RESULT ar_status ar_report_model_add(ar_report_page *page);

#endif
