#include "verify/report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "verify/calibration_report.h"
#include "verify/json_members.h"
#include "verify/place_report.h"
#include "verify/truth_ensemble_report.h"
#include "verify/rival_report.h"

typedef struct {
    const char *name, *meaning;
} definition;

static const definition definitions[] = {
    {"weights",
     "area of a row's latitude band, mean 1 over rows; renormalised over the points where "
     "truth and forecast are both there (WeatherBench 2, Rasp et al. 2024)"},
    {"rmse", "sqrt of the weighted mean over space and time of (ensemble mean - truth)^2"},
    {"bias", "weighted mean of ensemble mean - truth"},
    {"mae", "weighted mean of |ensemble mean - truth|"},
    {"acc",
     "mean over times of the anomaly correlation of the ensemble mean about climatology, not "
     "centred, area-weighted"},
    {"crps", "weighted mean of 1/N sum|x_i - y| - 1/(2 N^2) sum sum|x_i - x_j|"},
    {"crps_fair", "the same with 1/(2 N (N-1))"},
    {"spread", "sqrt of the weighted mean of the variance over members (unbiased, N-1)"},
    {"spread_skill_ratio", "spread / rmse, without the factor sqrt((N+1)/N)"},
    {"energy_score", "mean over times of 1/N sum ||x_i - y|| - 1/(2 N^2) sum sum ||x_i - x_j||, "
                     "||.|| the root of the weighted mean square over space"},
    {"energy_score_fair", "the same with 1/(2 N (N-1))"},
    {"energy_scores_over_levels",
     "the same of all levels of a field together, the squares averaged "
     "over levels"},
    {"ignorance", "weighted mean of -log2 of the density at the truth of a normal distribution "
                  "with the mean and the unbiased variance of the members, where this is not 0"},
    {"without_spread", "share of the area where all members are the same"},
    {"rank_histogram", "share of the area in which 0 ... N members lie below the truth; ties are "
                       "split evenly"},
    {"rank_departure", "(N+1) sum (f_k - 1/(N+1))^2 of the rank histogram f"},
    {"rank_delta", "the same over its expectation for a reliable ensemble at independent points "
                   "(Candille and Talagrand 2005)"},
    {"iqd", "integral of (F - G)^2, F and G the distribution functions of all values of members "
            "and of truth over points and times, by area"},
    {"seeps", "stable equitable error in probability space of the ensemble mean's precipitation "
              "(Rodwell et al. 2010), where it is dry at 10 to 85 % of the climatology's times: "
              "this share of the area; seeps_members: the mean of each member's"},
    {"thresholds", "of the event that the value is above the threshold: Brier score = reliability "
                   "- resolution + uncertainty; forecast and observed: how often k = 0 ... N "
                   "members have it, and how often it comes then"},
    {"calibration",
     "e = ensemble mean - truth, s = spread: share of the area by bins of s (rows) and of |e| "
     "(columns), both between edges, the first from 0 and the last without end; sqrt of the mean "
     "of s^2 and of e^2 by bins of s; shares by bins of e/s and of (x_i - y)/s, open at both ends; "
     "share with |e| <= s and 2 s, and what a reliable normal ensemble is expected to have; "
     "reliability: sum of share |rmse - spread|"},
    {"confidence", "95 % by resamples of blocks of days with replacement, percentiles expanded for "
                   "few blocks (Hesterberg 2015); persistence on the same blocks"},
    {"spectra", "mean over times without missing values of the variance by total wavenumber n = 0, "
                "1 ... of truth, ensemble mean and (mean over) members: n = 0 the square of the "
                "mean, the others sum to the variance; kinetic energy in m2 s-2 of vorticity and "
                "divergence, rotational without divergence; effective resolution: the first n >= 1 "
                "with less than half of the truth's"},
    {"places", "at the nearest grid point, all members at all times against the truth: quantiles, "
               "shares by bins between edges, wasserstein: integral of |F - G|; bias: model - "
               "truth of the mean and of the 1 and 99 % quantiles"},
    {"true_distribution", "x of the members, y of an ensemble of truth from the same analysis, all "
                          "unbiased: energy_distance: mean of 2 E|x - y| - E|x - x'| - E|y - y'|; "
                          "relative: over the mean of E|y - y'|; mean_distance: root of the mean "
                          "square of E x - E y; spreads: roots of mean variances over members"},
    {"baselines", "other forecasts over the times that both have: their scores, those of the "
                  "forecast there, and "
                  "skill = 1 - score of the forecast / score of the baseline with its confidence"},
    {"linear_interpolation", "in time, between the truth at the known times before and after"},
    {"persistence", "the truth at the forecast's reference time; its CRPS is its MAE"},
    {"damped_persistence", "climatology + r (truth at the reference time - climatology), r the lag "
                           "correlation at the lead time per grid point over the climatology "
                           "period, clipped to [0, 1]"},
    {"climatology", "mean per grid point over the climatology period"},
};

static bool add_thresholds(cJSON *at, const ar_score *score)
{
    cJSON *thresholds = cJSON_AddObjectToObject(at, "thresholds");
    bool complete = thresholds != NULL;
    for (int64_t i = 0; complete && i < score->threshold_count; i++) {
        const ar_threshold_score *threshold = &score->thresholds[i];
        const ar_brier *brier = &threshold->brier;
        const ar_named_number numbers[] = {
            {"brier", brier->score},
            {"brier_fair", brier->fair},
            {"reliability", brier->reliability},
            {"resolution", brier->resolution},
            {"uncertainty", brier->uncertainty},
            {"frequency", brier->frequency},
        };
        char key[32];
        snprintf(key, sizeof key, "%.10g", threshold->threshold);
        cJSON *object = ar_json_object_at(thresholds, key);
        complete =
            object && ar_json_add_numbers(object, numbers, sizeof numbers / sizeof numbers[0]) &&
            ar_json_add_array(object, "forecast", threshold->forecast, score->member_count + 1) &&
            ar_json_add_array(object, "observed", threshold->observed, score->member_count + 1);
    }
    return complete;
}

static bool add_confidence(cJSON *at, const ar_confidence *confidence)
{
    const struct {
        const char *name;
        ar_interval interval;
    } intervals[] = {
        {"rmse", confidence->rmse},
        {"crps", confidence->crps},
        {"rmse_minus_persistence", confidence->rmse_difference},
        {"crps_minus_persistence", confidence->crps_difference},
    };
    cJSON *object = cJSON_AddObjectToObject(at, "confidence");
    bool complete = object && cJSON_AddNumberToObject(object, "blocks", (double)confidence->blocks);
    for (size_t i = 0; complete && i < sizeof intervals / sizeof intervals[0]; i++) {
        const double bounds[] = {intervals[i].interval.low, intervals[i].interval.high};
        complete = ar_json_add_array(object, intervals[i].name, bounds, 2);
    }
    return complete;
}

static bool add_score(cJSON *fields, const ar_report *report, const ar_score *score)
{
    char lead[32];
    snprintf(lead, sizeof lead, "%.10g", score->lead_hours);
    cJSON *at = ar_json_object_at(fields, score->variable);
    at = at ? ar_json_object_at(at, score->level) : NULL;
    at = at ? ar_json_object_at(at, lead) : NULL;
    if (!at) {
        return false;
    }
    const ar_named_number numbers[] = {
        {"rmse", score->rmse},
        {"bias", score->bias},
        {"mae", score->mae},
        {"acc", score->acc},
        {"crps", score->crps},
        {"crps_fair", score->crps_fair},
        {"spread", score->spread},
        {"spread_skill_ratio", score->spread_skill_ratio},
        {"energy_score", score->energy_score},
        {"energy_score_fair", score->energy_score_fair},
        {"ignorance", score->ignorance},
        {"without_spread", score->without_spread},
        {"rank_departure", score->rank_departure},
        {"rank_delta", score->rank_delta},
        {"iqd", score->iqd},
        {"persistence_rmse", score->persistence_rmse},
        {"persistence_crps", score->persistence_crps},
        {"persistence_acc", score->persistence_acc},
        {"damped_persistence_rmse", score->damped_persistence_rmse},
        {"climatology_rmse", score->climatology_rmse},
        {"members", (double)score->member_count},
        {"times", (double)score->times},
        {"persistence_times", (double)score->persistence_times},
    };
    bool complete = ar_json_add_numbers(at, numbers, sizeof numbers / sizeof numbers[0]);
    if (!isnan(score->interpolation_rmse)) {
        complete &= ar_json_add_numbers(
            at, &(ar_named_number){"linear_interpolation_rmse", score->interpolation_rmse}, 1);
    }
    if (score->rank_histogram) {
        complete &=
            ar_json_add_array(at, "rank_histogram", score->rank_histogram, score->member_count + 1);
    }
    if (score->threshold_count > 0) {
        complete &= add_thresholds(at, score);
    }
    if (!isnan(score->seeps.share)) {
        const ar_named_number seeps[] = {{"seeps", score->seeps.mean},
                                         {"seeps_members", score->seeps.members},
                                         {"seeps_share", score->seeps.share}};
        complete &= ar_json_add_numbers(at, seeps, 3);
    }
    if (score->calibration) {
        complete &= ar_calibration_add_json(at, score->calibration);
    }
    complete &= add_confidence(at, &score->confidence);
    if (score->rival_count > 0) {
        complete &= ar_rival_add_json(at, report, score);
    }
    complete &= cJSON_AddStringToObject(at, "units", score->units) != NULL;
    complete &= cJSON_AddStringToObject(at, "standard_name", score->standard_name) != NULL;
    complete &= cJSON_AddStringToObject(at, "first_time", score->first_time) != NULL;
    complete &= cJSON_AddStringToObject(at, "last_time", score->last_time) != NULL;
    return complete;
}

/* The energy scores over levels of one region, if there are any. */
static bool add_level_scores(cJSON *parent, const ar_report *report, int64_t region)
{
    bool complete = true;
    for (int64_t i = 0; complete && i < report->level_score_count; i++) {
        const ar_level_score *score = &report->level_scores[i];
        const ar_named_number numbers[] = {{"energy_score", score->energy_score},
                                           {"energy_score_fair", score->energy_score_fair},
                                           {"levels", (double)score->levels},
                                           {"times", (double)score->times}};
        if (score->region != region) {
            continue;
        }
        char lead[32];
        snprintf(lead, sizeof lead, "%.10g", score->lead_hours);
        cJSON *at = ar_json_object_at(parent, "energy_scores_over_levels");
        at = at ? ar_json_object_at(at, score->variable) : NULL;
        at = at ? ar_json_object_at(at, lead) : NULL;
        complete = at && ar_json_add_numbers(at, numbers, sizeof numbers / sizeof numbers[0]);
    }
    return complete;
}

/* The scores of one region. */
static bool add_fields(cJSON *parent, const ar_report *report, int64_t region)
{
    cJSON *fields = cJSON_AddObjectToObject(parent, "fields");
    bool complete = fields != NULL;
    for (int64_t i = 0; complete && i < report->score_count; i++) {
        if (report->scores[i].region == region) {
            complete = add_score(fields, report, &report->scores[i]);
        }
    }
    return complete && add_level_scores(parent, report, region) &&
           ar_truth_ensemble_report_add_json(parent, report, region);
}

static bool add_regions(cJSON *root, const ar_report *report)
{
    cJSON *regions = report->region_count > 1 ? cJSON_AddObjectToObject(root, "regions") : NULL;
    bool complete = regions || report->region_count <= 1;
    for (int64_t i = 1; complete && i < report->region_count; i++) {
        const ar_region *region = &report->regions[i];
        const ar_named_number bounds[] = {{"north", region->north},
                                          {"west", region->west},
                                          {"south", region->south},
                                          {"east", region->east}};
        cJSON *object = cJSON_AddObjectToObject(regions, region->name);
        complete =
            object && ar_json_add_numbers(object, bounds, 4) && add_fields(object, report, i);
    }
    return complete;
}

static bool add_sources(cJSON *root, const ar_report *report)
{
    bool complete = cJSON_AddStringToObject(root, "forecast", report->forecast) != NULL;
    cJSON *truth = cJSON_AddArrayToObject(root, "truth");
    for (int64_t i = 0; truth && i < report->truth_count; i++) {
        complete &= cJSON_AddItemToArray(truth, cJSON_CreateString(report->truth_paths[i]));
    }
    cJSON *climatology = cJSON_AddObjectToObject(root, "climatology");
    complete &= climatology &&
                cJSON_AddStringToObject(climatology, "start", report->climatology_start) &&
                cJSON_AddStringToObject(climatology, "end", report->climatology_end);
    const ar_named_number settings[] = {{"level", 0.95},
                                        {"block_days", (double)report->block_days},
                                        {"resamples", (double)report->resamples}};
    cJSON *bootstrap = cJSON_AddObjectToObject(root, "bootstrap");
    complete &= bootstrap && ar_json_add_numbers(bootstrap, settings, 3);
    return complete && truth;
}

static bool add_definitions(cJSON *root)
{
    cJSON *object = cJSON_AddObjectToObject(root, "definitions");
    bool complete = object != NULL;
    for (size_t i = 0; complete && i < sizeof definitions / sizeof definitions[0]; i++) {
        complete = cJSON_AddStringToObject(object, definitions[i].name, definitions[i].meaning);
    }
    return complete;
}

static bool add_resolution(cJSON *object, const char *name, const double *forecast,
                           const ar_mean_spectra *spectra)
{
    int64_t n = ar_spectra_effective_resolution(forecast, spectra->truth, spectra->truncation);
    const ar_named_number numbers[] = {{"wavenumber", n > 0 ? (double)n : NAN},
                                       {"wavelength_km", n > 0 ? ar_spectra_wavelength(n) : NAN}};
    cJSON *resolution = cJSON_AddObjectToObject(object, name);
    return resolution && ar_json_add_numbers(resolution, numbers, 2);
}

static bool add_field_spectra(cJSON *parent, const ar_field_spectra *it)
{
    const ar_mean_spectra *spectra = &it->spectra;
    int64_t length = spectra->truncation + 1;
    char lead[32];
    snprintf(lead, sizeof lead, "%.10g", it->lead_hours);
    cJSON *at = ar_json_object_at(parent, it->variable);
    at = at ? ar_json_object_at(at, it->level) : NULL;
    at = at ? ar_json_object_at(at, lead) : NULL;
    return at && cJSON_AddNumberToObject(at, "times", (double)spectra->times) &&
           ar_json_add_array(at, "truth", spectra->truth, length) &&
           ar_json_add_array(at, "mean", spectra->mean, length) &&
           ar_json_add_array(at, "members", spectra->members, length) &&
           add_resolution(at, "effective_resolution_of_mean", spectra->mean, spectra) &&
           add_resolution(at, "effective_resolution_of_members", spectra->members, spectra);
}

static bool add_spectra(cJSON *root, const ar_report *report)
{
    cJSON *parent = report->spectra_count > 0 ? cJSON_AddObjectToObject(root, "spectra") : NULL;
    bool complete = parent || report->spectra_count == 0;
    for (int64_t i = 0; complete && i < report->spectra_count; i++) {
        complete = add_field_spectra(parent, &report->spectra[i]);
    }
    return complete;
}

ar_status ar_report_json(char **text, const ar_report *report, ar_error *err)
{
    *text = NULL;
    cJSON *root = cJSON_CreateObject();
    bool complete = root && add_sources(root, report) && add_definitions(root) &&
                    add_fields(root, report, 0) && add_regions(root, report) &&
                    add_spectra(root, report) && ar_place_report_add_json(root, report);
    char *printed = complete ? cJSON_Print(root) : NULL;
    cJSON_Delete(root);
    if (!printed) {
        return ar_fail(err, AR_ERROR_MEMORY, "not enough memory to write the scores as JSON");
    }
    size_t length = strlen(printed);
    ar_status status = ar_allocate(text, length + 2, 1, "the scores as JSON", err);
    if (status == AR_OK) {
        memcpy(*text, printed, length);
        (*text)[length] = '\n';
    }
    cJSON_free(printed);
    return status;
}
