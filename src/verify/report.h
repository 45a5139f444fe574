/* Scores as people and programs read them: a table and a JSON text. */
#ifndef AR_VERIFY_REPORT_H
#define AR_VERIFY_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "verify/bootstrap.h"
#include "verify/calibration.h"
#include "verify/conditional_distance.h"
#include "verify/distribution.h"
#include "verify/place.h"
#include "verify/place_distribution.h"
#include "verify/region.h"
#include "verify/seeps.h"
#include "verify/spectra.h"
#include "train/training_curves.h"

/* Of exceeding a threshold. */
typedef struct {
    double threshold;
    ar_brier brier;
    double *forecast, *observed; /* [member_count + 1] of ar_distribution_reliability; one block */
} ar_threshold_score;

/* Of another forecast, and of the forecast at the times that both have. */
typedef struct {
    int64_t member_count, times; /* times 0: nothing in common */
    double rmse, crps, crps_fair, acc;
    double forecast_rmse, forecast_crps, forecast_crps_fair, forecast_acc;
    ar_confidence confidence; /* of the forecast, the other being the opponent */
} ar_rival_score;

/* All scores of one field at one level, lead time and region; NaN where there is none. */
typedef struct {
    int64_t region;                               /* index in ar_report.regions */
    const char *variable, *standard_name, *units; /* borrowed */
    char level[32];      /* key in JSON: "850", "surface" for a field without levels */
    char level_text[48]; /* with its unit: "850 hPa" */
    double lead_hours;
    int64_t member_count;
    int64_t times, persistence_times; /* scored; those of them whose reference time the truth has */
    char first_time[32], last_time[32]; /* of the scored valid times */
    double rmse, bias, mae, acc, crps, crps_fair, spread, spread_skill_ratio;
    double energy_score, energy_score_fair, ignorance, without_spread;
    double rank_departure, rank_delta, iqd;
    double persistence_rmse, persistence_crps, persistence_acc;
    double damped_persistence_rmse, climatology_rmse;
    double interpolation_rmse;      /* NaN but of interpolations in time */
    ar_seeps_scores seeps;          /* NaN but of precipitation */
    double *rank_histogram;         /* [member_count + 1]; NULL: none */
    ar_threshold_score *thresholds; /* [threshold_count] */
    int64_t threshold_count;
    ar_calibration_scores *calibration; /* NULL: none */
    ar_confidence confidence;
    ar_rival_score *rivals; /* [rival_count] as in ar_report */
    int64_t rival_count;
} ar_score;

/* Free what hangs on a score. Safe on a zeroed one. */
void ar_score_release(ar_score *score);

/* The energy score of a field at all of its levels together, at one lead time and in one region. */
typedef struct {
    int64_t region;               /* as in ar_score */
    const char *variable, *units; /* borrowed */
    double lead_hours;
    int64_t levels, times;
    double energy_score, energy_score_fair; /* NaN where there is none */
} ar_level_score;

/* Mean spectra of one field, or of kinetic energy, at one level and lead time of the whole grid. */
typedef struct {
    const char *variable, *standard_name, *units; /* borrowed */
    char level[32], level_text[48];               /* as in ar_score */
    double lead_hours;
    bool energy; /* in units; else variance, in their square */
    ar_mean_spectra spectra;
} ar_field_spectra;

/* A picture of a field and level, for report.html. */
typedef struct {
    char variable[64], level[32]; /* as in ar_score; both "": of the model's attention */
    char file[192];               /* in the folder of the report */
    char caption[256];
} ar_report_map;

/* The distance of a field to its true distribution, at one level, lead time and region. */
typedef struct {
    int64_t region;                 /* as in ar_score */
    const char *variable, *units;   /* borrowed */
    char level[32], level_text[48]; /* as in ar_score */
    double lead_hours;
    int64_t times, member_count, truth_count;
    ar_conditional_scores scores;
} ar_conditional_score;

/* The distribution of values at a place, of one field at one level and lead time. */
typedef struct {
    int64_t place;                  /* index in ar_report.places */
    const char *variable, *units;   /* borrowed */
    char level[32], level_text[48]; /* as in ar_score */
    double lead_hours;
    int64_t member_count;
    ar_place_scores scores;
} ar_place_score;
/* Another forecast that this one is compared with. */
typedef struct {
    const char *name, *path;
} ar_rival_name;

typedef struct {
    const char *forecast;
    const char *const *truth_paths;
    int64_t truth_count;
    char climatology_start[32], climatology_end[32];
    const ar_region *regions; /* [region_count], the first the whole grid */
    int64_t region_count;
    int64_t block_days, resamples;
    const ar_score *scores; /* [score_count]; those of a field, and of its level, stand together */
    int64_t score_count;
    const ar_level_score *level_scores; /* [level_score_count] of fields that have several levels */
    int64_t level_score_count;
    const ar_field_spectra *spectra; /* [spectra_count], in the order of scores */
    int64_t spectra_count;
    const ar_report_map *maps; /* [map_count] */
    int64_t map_count;
    const ar_rival_name *rivals; /* [rival_count] */
    int64_t rival_count;
    const char *model;                /* its run folder; NULL: not given */
    const ar_training_curves *curves; /* of the model; NULL: not given */
    bool png;                         /* charts as PNG, too, beside SVG */
    char grid_text[96];               /* as ar_grid_describe has it */
    char missing[256];                /* what report.html is without, and why; "" for nothing */
    const ar_conditional_score *conditional_scores; /* [conditional_score_count] */
    int64_t conditional_score_count;
    const ar_place *places; /* [place_count] */
    int64_t place_count;
    const ar_place_score *place_scores; /* [place_score_count], in the order of scores */
    int64_t place_score_count;
} ar_report;

/* {"forecast", "truth", "climatology", "definitions", "fields": {variable: {level: {lead hours:
 * scores}}}, "regions": {name: {bounds, "fields"}}, "energy_scores_over_levels": {variable: {lead
 * hours: …}} and "true_distribution": {variable: {level: {lead hours: …}}} beside each "fields",
 * "spectra": {variable: {level: {lead hours: spectra}}}, "places": {name: {"fields": {variable:
 * {level: {lead hours: distributions}}}}}}; a score that is NaN is null. *text is the caller's to
 * ar_free. */
AR_USE_RESULT ar_status ar_report_json(char **text, const ar_report *report, ar_error *err);

/* The scores that begin with the earliest valid time, and end with the latest: each lead time has
 * its own. Borrows; the report has one or more. */
const ar_score *ar_report_first(const ar_report *report);
const ar_score *ar_report_last(const ar_report *report);

/* Tables of the error of the mean, of the ensemble, of its distribution, of confidence, and of
 * thresholds where there are any, for each region; of spectra and places where there are any. *text
 * is the caller's to ar_free. */
AR_USE_RESULT ar_status ar_report_table(char **text, const ar_report *report, ar_error *err);

#endif
