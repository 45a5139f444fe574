#include "verify/report.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

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
    {"crps", "weighted mean of 1/N sum|x_i - y| - 1/(2 N^2) sum sum|x_i - x_j|"},
    {"crps_fair", "the same with 1/(2 N (N-1))"},
    {"spread", "sqrt of the weighted mean of the variance over members (unbiased, N-1)"},
    {"spread_skill_ratio", "spread / rmse, without the factor sqrt((N+1)/N)"},
    {"persistence", "the truth at the forecast's reference time; its CRPS is its MAE"},
    {"damped_persistence", "climatology + r (truth at the reference time - climatology), r the lag "
                           "correlation at the lead time per grid point over the climatology "
                           "period, clipped to [0, 1]"},
    {"climatology", "mean per grid point over the climatology period"},
};

/* The object under `key`, made when it is not there yet. NULL when memory is short. */
static cJSON *object_at(cJSON *parent, const char *key)
{
    cJSON *found = cJSON_GetObjectItemCaseSensitive(parent, key);
    return found ? found : cJSON_AddObjectToObject(parent, key);
}

static bool add_score(cJSON *fields, const ar_score *score)
{
    char lead[32];
    snprintf(lead, sizeof lead, "%.10g", score->lead_hours);
    cJSON *at = object_at(fields, score->variable);
    at = at ? object_at(at, score->level) : NULL;
    at = at ? object_at(at, lead) : NULL;
    if (!at) {
        return false;
    }
    const struct {
        const char *name;
        double value;
    } numbers[] = {
        {"rmse", score->rmse},
        {"bias", score->bias},
        {"mae", score->mae},
        {"crps", score->crps},
        {"crps_fair", score->crps_fair},
        {"spread", score->spread},
        {"spread_skill_ratio", score->spread_skill_ratio},
        {"persistence_rmse", score->persistence_rmse},
        {"persistence_crps", score->persistence_crps},
        {"damped_persistence_rmse", score->damped_persistence_rmse},
        {"climatology_rmse", score->climatology_rmse},
        {"members", (double)score->member_count},
        {"times", (double)score->times},
        {"persistence_times", (double)score->persistence_times},
    };
    bool complete = true;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        complete &= isnan(numbers[i].value)
                        ? cJSON_AddNullToObject(at, numbers[i].name) != NULL
                        : cJSON_AddNumberToObject(at, numbers[i].name, numbers[i].value) != NULL;
    }
    complete &= cJSON_AddStringToObject(at, "units", score->units) != NULL;
    complete &= cJSON_AddStringToObject(at, "standard_name", score->standard_name) != NULL;
    complete &= cJSON_AddStringToObject(at, "first_time", score->first_time) != NULL;
    complete &= cJSON_AddStringToObject(at, "last_time", score->last_time) != NULL;
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

ar_status ar_report_json(char **text, const ar_report *report, ar_error *err)
{
    *text = NULL;
    cJSON *root = cJSON_CreateObject();
    bool complete = root && add_sources(root, report) && add_definitions(root);
    cJSON *fields = complete ? cJSON_AddObjectToObject(root, "fields") : NULL;
    complete = fields != NULL;
    for (int64_t i = 0; complete && i < report->score_count; i++) {
        complete = add_score(fields, &report->scores[i]);
    }
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
