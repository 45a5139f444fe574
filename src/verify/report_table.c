#include "verify/report.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "verify/place_report.h"
#include "verify/rival_report.h"
#include "verify/text_table.h"
#include "verify/truth_ensemble_report.h"

typedef enum {
    COLUMN_TIMES,
    COLUMN_SCORE,    /* the double at `offset`, in the unit of the field */
    COLUMN_RATIO,    /* the same, a pure number */
    COLUMN_QUOTIENT, /* the double at `offset` over that at `divisor` */
} column_kind;

typedef struct {
    const char *header;
    column_kind kind;
    size_t offset, divisor; /* in ar_score */
} column;

static const column error_columns[] = {
    {"times", COLUMN_TIMES, 0, 0},
    {"RMSE", COLUMN_SCORE, offsetof(ar_score, rmse), 0},
    {"persistence", COLUMN_SCORE, offsetof(ar_score, persistence_rmse), 0},
    {"damped", COLUMN_SCORE, offsetof(ar_score, damped_persistence_rmse), 0},
    {"climatology", COLUMN_SCORE, offsetof(ar_score, climatology_rmse), 0},
    {"ACC", COLUMN_RATIO, offsetof(ar_score, acc), 0},
    {"RMSE/persistence", COLUMN_QUOTIENT, offsetof(ar_score, rmse),
     offsetof(ar_score, persistence_rmse)},
};

static const column interpolation_columns[] = {
    {"RMSE", COLUMN_SCORE, offsetof(ar_score, rmse), 0},
    {"linear", COLUMN_SCORE, offsetof(ar_score, interpolation_rmse), 0},
    {"RMSE/linear", COLUMN_QUOTIENT, offsetof(ar_score, rmse),
     offsetof(ar_score, interpolation_rmse)},
};

static const column ensemble_columns[] = {
    {"bias", COLUMN_SCORE, offsetof(ar_score, bias), 0},
    {"MAE", COLUMN_SCORE, offsetof(ar_score, mae), 0},
    {"CRPS", COLUMN_SCORE, offsetof(ar_score, crps), 0},
    {"fair CRPS", COLUMN_SCORE, offsetof(ar_score, crps_fair), 0},
    {"spread", COLUMN_SCORE, offsetof(ar_score, spread), 0},
    {"spread/skill", COLUMN_RATIO, offsetof(ar_score, spread_skill_ratio), 0},
    {"CRPS/persistence", COLUMN_QUOTIENT, offsetof(ar_score, crps),
     offsetof(ar_score, persistence_crps)},
};

static const column distribution_columns[] = {
    {"energy score", COLUMN_SCORE, offsetof(ar_score, energy_score), 0},
    {"fair", COLUMN_SCORE, offsetof(ar_score, energy_score_fair), 0},
    {"ignorance (bits)", COLUMN_RATIO, offsetof(ar_score, ignorance), 0},
    {"rank departure", COLUMN_RATIO, offsetof(ar_score, rank_departure), 0},
    {"rank delta", COLUMN_SCORE, offsetof(ar_score, rank_delta), 0},
    {"IQD", COLUMN_SCORE, offsetof(ar_score, iqd), 0},
};

static void add_place(ar_text_table *table, ar_error *err, const ar_score *score)
{
    ar_text_table_add_subject(table, err, score->variable, score->level_text, score->units,
                              score->lead_hours);
}

static double number_at(const ar_score *score, size_t offset)
{
    double number;
    memcpy(&number, (const char *)score + offset, sizeof number);
    return number;
}

static void add_cell(ar_text_table *table, ar_error *err, const column *it, const ar_score *score)
{
    double number = number_at(score, it->offset);
    if (it->kind == COLUMN_TIMES) {
        ar_text_table_add(table, err, "%lld", (long long)score->times);
    } else if (it->kind == COLUMN_SCORE) {
        ar_text_table_add_number(table, err, number);
    } else {
        ar_text_table_add_ratio(
            table, err, it->kind == COLUMN_RATIO ? number : number / number_at(score, it->divisor));
    }
}

static void append_table(ar_growing_text *out, const char *title, const column *columns,
                         size_t column_count, const ar_report *report, int64_t region)
{
    ar_text_table table = {.column_count = AR_TABLE_SUBJECT + (int64_t)column_count,
                           .left_columns = AR_TABLE_SUBJECT_LEFT};
    ar_text_add(out, "\n%s\n", title);
    ar_text_table_add_subject_headers(&table, out->err);
    for (size_t c = 0; c < column_count; c++) {
        ar_text_table_add(&table, out->err, "%s", columns[c].header);
    }
    for (int64_t i = 0; i < report->score_count; i++) {
        if (report->scores[i].region == region) {
            add_place(&table, out->err, &report->scores[i]);
            for (size_t c = 0; c < column_count; c++) {
                add_cell(&table, out->err, &columns[c], &report->scores[i]);
            }
        }
    }
    ar_text_table_finish(&table, out);
}

static void add_interval(ar_text_table *table, ar_error *err, ar_interval interval)
{
    if (isnan(interval.low)) {
        ar_text_table_add(table, err, "-");
    } else {
        ar_text_table_add(table, err, "%.4g to %.4g", interval.low, interval.high);
    }
}

static void append_confidence(ar_growing_text *out, const ar_report *report, int64_t region)
{
    static const char *const headers[] = {"blocks", "RMSE", "CRPS", "RMSE - persistence",
                                          "CRPS - persistence"};
    enum { COLUMNS = sizeof headers / sizeof headers[0] };
    ar_text_table table = {.column_count = AR_TABLE_SUBJECT + COLUMNS,
                           .left_columns = AR_TABLE_SUBJECT_LEFT};
    ar_text_add(out, "\n95 %% confidence, by %lld resamples of blocks of %lld days\n",
                (long long)report->resamples, (long long)report->block_days);
    ar_text_table_add_subject_headers(&table, out->err);
    ar_text_table_add_texts(&table, out->err, headers, COLUMNS);
    for (int64_t i = 0; i < report->score_count; i++) {
        const ar_confidence *confidence = &report->scores[i].confidence;
        if (report->scores[i].region == region) {
            add_place(&table, out->err, &report->scores[i]);
            ar_text_table_add(&table, out->err, "%lld", (long long)confidence->blocks);
            add_interval(&table, out->err, confidence->rmse);
            add_interval(&table, out->err, confidence->crps);
            add_interval(&table, out->err, confidence->rmse_difference);
            add_interval(&table, out->err, confidence->crps_difference);
        }
    }
    ar_text_table_finish(&table, out);
}

static void append_thresholds(ar_growing_text *out, const ar_report *report, int64_t region)
{
    static const char *const headers[] = {"above",       "frequency",  "Brier",      "fair",
                                          "reliability", "resolution", "uncertainty"};
    enum { COLUMNS = sizeof headers / sizeof headers[0] };
    ar_text_table table = {.column_count = AR_TABLE_SUBJECT + COLUMNS,
                           .left_columns = AR_TABLE_SUBJECT_LEFT};
    bool any = false;
    ar_text_table_add_subject_headers(&table, out->err);
    ar_text_table_add_texts(&table, out->err, headers, COLUMNS);
    for (int64_t i = 0; i < report->score_count; i++) {
        const ar_score *score = &report->scores[i];
        for (int64_t k = 0; score->region == region && k < score->threshold_count; k++) {
            const ar_brier *brier = &score->thresholds[k].brier;
            const double numbers[] = {score->thresholds[k].threshold,
                                      brier->frequency,
                                      brier->score,
                                      brier->fair,
                                      brier->reliability,
                                      brier->resolution,
                                      brier->uncertainty};
            add_place(&table, out->err, score);
            for (int c = 0; c < COLUMNS; c++) {
                ar_text_table_add_number(&table, out->err, numbers[c]);
            }
            any = true;
        }
    }
    if (any) {
        ar_text_add(out, "\nBrier score = reliability - resolution + uncertainty\n");
        ar_text_table_finish(&table, out);
    }
    ar_text_table_release(&table);
}

static void append_seeps(ar_growing_text *out, const ar_report *report, int64_t region)
{
    ar_text_table table = {.column_count = AR_TABLE_SUBJECT + 3,
                           .left_columns = AR_TABLE_SUBJECT_LEFT};
    bool any = false;
    ar_text_table_add_subject_headers(&table, out->err);
    ar_text_table_add(&table, out->err, "mean");
    ar_text_table_add(&table, out->err, "members");
    ar_text_table_add(&table, out->err, "share of area");
    for (int64_t i = 0; i < report->score_count; i++) {
        const ar_seeps_scores *it = &report->scores[i].seeps;
        if (report->scores[i].region == region && !isnan(it->share)) {
            add_place(&table, out->err, &report->scores[i]);
            ar_text_table_add_ratio(&table, out->err, it->mean);
            ar_text_table_add_ratio(&table, out->err, it->members);
            ar_text_table_add_ratio(&table, out->err, it->share);
            any = true;
        }
    }
    if (any) {
        ar_text_add(out, "\nSEEPS (0 perfect, 1 by chance)\n");
        ar_text_table_finish(&table, out);
    }
    ar_text_table_release(&table);
}

static void append_calibration(ar_growing_text *out, const ar_report *report, int64_t region)
{
    static const char *const headers[] = {"within one", "(reliable)", "within two", "(reliable)",
                                          "reliability"};
    enum { COLUMNS = sizeof headers / sizeof headers[0] };
    ar_text_table table = {.column_count = AR_TABLE_SUBJECT + COLUMNS,
                           .left_columns = AR_TABLE_SUBJECT_LEFT};
    bool any = false;
    ar_text_table_add_subject_headers(&table, out->err);
    ar_text_table_add_texts(&table, out->err, headers, COLUMNS);
    for (int64_t i = 0; i < report->score_count; i++) {
        const ar_calibration_scores *it = report->scores[i].calibration;
        if (report->scores[i].region == region && it) {
            add_place(&table, out->err, &report->scores[i]);
            ar_text_table_add_ratio(&table, out->err, it->within_one);
            ar_text_table_add_ratio(&table, out->err, it->expected_within_one);
            ar_text_table_add_ratio(&table, out->err, it->within_two);
            ar_text_table_add_ratio(&table, out->err, it->expected_within_two);
            ar_text_table_add_number(&table, out->err, it->reliability);
            any = true;
        }
    }
    if (any) {
        ar_text_add(out, "\nCalibration: share of errors within one and two spreads, and the mean "
                         "difference of error and spread over bins of spread\n");
        ar_text_table_finish(&table, out);
    }
    ar_text_table_release(&table);
}

static void append_levels(ar_growing_text *out, const ar_report *report, int64_t region)
{
    static const char *const headers[] = {"field", "unit",         "lead", "levels",
                                          "times", "energy score", "fair"};
    enum { COLUMNS = sizeof headers / sizeof headers[0] };
    ar_text_table table = {.column_count = COLUMNS, .left_columns = 2};
    ar_text_table_add_texts(&table, out->err, headers, COLUMNS);
    for (int64_t i = 0; i < report->level_score_count; i++) {
        const ar_level_score *score = &report->level_scores[i];
        if (score->region == region) {
            ar_text_table_add(&table, out->err, "%s", score->variable);
            ar_text_table_add(&table, out->err, "%s", score->units);
            ar_text_table_add(&table, out->err, "%.10g h", score->lead_hours);
            ar_text_table_add(&table, out->err, "%lld", (long long)score->levels);
            ar_text_table_add(&table, out->err, "%lld", (long long)score->times);
            ar_text_table_add_number(&table, out->err, score->energy_score);
            ar_text_table_add_number(&table, out->err, score->energy_score_fair);
        }
    }
    if (report->level_score_count > 0) {
        ar_text_add(out, "\nEnergy score of all levels together\n");
        ar_text_table_finish(&table, out);
    }
    ar_text_table_release(&table);
}

static void append_region(ar_growing_text *out, const ar_report *report, int64_t region)
{
    if (region > 0) {
        const ar_region *it = &report->regions[region];
        ar_text_add(out, "\n== Region %s: %g to %g N, %g to %g E\n", it->name, it->south, it->north,
                    it->west, it->east);
    }
    append_table(out, "Root-mean-square error of the ensemble mean, and of what it should beat",
                 error_columns, sizeof error_columns / sizeof error_columns[0], report, region);
    if (report->score_count > 0 && !isnan(report->scores[0].interpolation_rmse)) {
        append_table(out, "Against linear interpolation in time between the known times",
                     interpolation_columns,
                     sizeof interpolation_columns / sizeof interpolation_columns[0], report,
                     region);
    }
    append_table(out, "Ensemble", ensemble_columns,
                 sizeof ensemble_columns / sizeof ensemble_columns[0], report, region);
    append_table(out, "Distribution (a flat rank histogram has departure 0)", distribution_columns,
                 sizeof distribution_columns / sizeof distribution_columns[0], report, region);
    append_calibration(out, report, region);
    append_seeps(out, report, region);
    ar_truth_ensemble_report_add_table(out, report, region);
    append_levels(out, report, region);
    append_confidence(out, report, region);
    append_thresholds(out, report, region);
    ar_rival_append_tables(out, report, region);
}

static void add_resolution(ar_text_table *table, ar_error *err, const double *forecast,
                           const ar_mean_spectra *spectra)
{
    int64_t n = ar_spectra_effective_resolution(forecast, spectra->truth, spectra->truncation);
    if (n > 0) {
        ar_text_table_add(table, err, "%lld: %.0f km", (long long)n, ar_spectra_wavelength(n));
    } else {
        ar_text_table_add(table, err, "-");
    }
}

/* Half-way to the truncation, and where it ends; all spectra of a file are of one grid. */
static void append_spectra(ar_growing_text *out, const ar_report *report)
{
    if (report->spectra_count == 0) {
        return;
    }
    int64_t last = report->spectra[0].spectra.truncation, half = (last + 1) / 2;
    ar_text_table table = {.column_count = 9, .left_columns = 2};
    ar_text_add(out,
                "\nVariance over the truth's at total wavenumbers %lld and %lld, and "
                "effective resolution: where it falls below 0.5\n",
                (long long)half, (long long)last);
    static const char *const headers[] = {"field", "level", "lead", "times"};
    for (int c = 0; c < 4; c++) {
        ar_text_table_add(&table, out->err, "%s", headers[c]);
    }
    ar_text_table_add(&table, out->err, "mean %lld", (long long)half);
    ar_text_table_add(&table, out->err, "members %lld", (long long)half);
    ar_text_table_add(&table, out->err, "members %lld", (long long)last);
    ar_text_table_add(&table, out->err, "resolution of mean");
    ar_text_table_add(&table, out->err, "of members");
    for (int64_t i = 0; i < report->spectra_count; i++) {
        const ar_field_spectra *it = &report->spectra[i];
        const ar_mean_spectra *spectra = &it->spectra;
        ar_text_table_add(&table, out->err, "%s", it->variable);
        ar_text_table_add(&table, out->err, "%s", it->level_text);
        ar_text_table_add(&table, out->err, "%.10g h", it->lead_hours);
        ar_text_table_add(&table, out->err, "%lld", (long long)spectra->times);
        ar_text_table_add_ratio(&table, out->err, spectra->mean[half] / spectra->truth[half]);
        ar_text_table_add_ratio(&table, out->err, spectra->members[half] / spectra->truth[half]);
        ar_text_table_add_ratio(&table, out->err, spectra->members[last] / spectra->truth[last]);
        add_resolution(&table, out->err, spectra->mean, spectra);
        add_resolution(&table, out->err, spectra->members, spectra);
    }
    ar_text_table_finish(&table, out);
}

/* As texts valid times are in the order of time. */
const ar_score *ar_report_first(const ar_report *report)
{
    const ar_score *first = &report->scores[0];
    for (int64_t i = 1; i < report->score_count; i++) {
        const ar_score *score = &report->scores[i];
        first = strcmp(score->first_time, first->first_time) < 0 ? score : first;
    }
    return first;
}

const ar_score *ar_report_last(const ar_report *report)
{
    const ar_score *last = &report->scores[0];
    for (int64_t i = 1; i < report->score_count; i++) {
        const ar_score *score = &report->scores[i];
        last = strcmp(score->last_time, last->last_time) > 0 ? score : last;
    }
    return last;
}

ar_status ar_report_table(char **text, const ar_report *report, ar_error *err)
{
    ar_growing_text out = {.err = err};
    ar_text_add(&out, "%s: %lld members, valid %s to %s; latitude-weighted\n", report->forecast,
                (long long)report->scores[0].member_count, ar_report_first(report)->first_time,
                ar_report_last(report)->last_time);
    ar_text_add(&out, "climatology and damping from %s to %s\n", report->climatology_start,
                report->climatology_end);
    append_region(&out, report, 0);
    for (int64_t i = 1; i < report->region_count; i++) {
        append_region(&out, report, i);
    }
    append_spectra(&out, report);
    ar_place_report_add_table(&out, report);
    *text = out.text;
    if (out.status != AR_OK) {
        ar_free(out.text);
        *text = NULL;
    }
    return out.status;
}
