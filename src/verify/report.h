/* Scores as people and programs read them: a table and a JSON text. */
#ifndef AR_VERIFY_REPORT_H
#define AR_VERIFY_REPORT_H

#include <stdint.h>

#include "atmorep/status.h"

/* All scores of one field at one level and lead time; NaN where there is none. */
typedef struct {
    const char *variable, *standard_name, *units; /* borrowed */
    char level[32];      /* key in JSON: "850", "surface" for a field without levels */
    char level_text[48]; /* with its unit: "850 hPa" */
    double lead_hours;
    int64_t member_count;
    int64_t times, persistence_times; /* scored; those of them whose reference time the truth has */
    char first_time[32], last_time[32]; /* of the scored valid times */
    double rmse, bias, mae, crps, crps_fair, spread, spread_skill_ratio;
    double persistence_rmse, persistence_crps, damped_persistence_rmse, climatology_rmse;
} ar_score;

typedef struct {
    const char *forecast;
    const char *const *truth_paths;
    int64_t truth_count;
    char climatology_start[32], climatology_end[32];
    const ar_score *scores; /* [score_count]; those of a field, and of its level, stand together */
    int64_t score_count;
} ar_report;

/* {"forecast", "truth", "climatology", "definitions", "fields": {variable: {level: {lead hours:
 * scores}}}}; a score that is NaN is null. *text is the caller's to ar_free. */
AR_USE_RESULT ar_status ar_report_json(char **text, const ar_report *report, ar_error *err);

/* Two tables, of the error of the mean and of the ensemble, each ending with the ratio to
 * persistence. *text is the caller's to ar_free. */
AR_USE_RESULT ar_status ar_report_table(char **text, const ar_report *report, ar_error *err);

#endif
