#include "verify/place_report.h"

#include <stdio.h>

#include "verify/json_members.h"
#include "verify/text_table.h"

/* Shares are told to a ten-millionth. */
enum { BINS = AR_PLACE_BINS, QUANTILES = AR_PLACE_QUANTILES, DECIMALS = 7 };

static bool add_values(cJSON *at, const char *name, const ar_place_values *values)
{
    const ar_named_number numbers[] = {{"mean", values->mean}, {"deviation", values->deviation}};
    cJSON *object = cJSON_AddObjectToObject(at, name);
    return object && ar_json_add_numbers(object, numbers, 2) &&
           ar_json_add_array(object, "quantiles", values->quantiles, QUANTILES) &&
           ar_json_add_rounded(object, "shares", values->shares, BINS, DECIMALS);
}

static bool add_scores(cJSON *fields, const ar_place_score *score)
{
    const ar_place_scores *it = &score->scores;
    const ar_place_values *model = &it->model, *truth = &it->truth;
    const ar_named_number numbers[] = {
        {"times", (double)it->times},
        {"members", (double)score->member_count},
        {"wasserstein", it->wasserstein},
        {"bias", model->mean - truth->mean},
        {"bias_of_1_percent", model->quantiles[0] - truth->quantiles[0]},
        {"bias_of_99_percent", model->quantiles[QUANTILES - 1] - truth->quantiles[QUANTILES - 1]},
    };
    double edges[BINS + 1];
    for (int i = 0; i <= BINS; i++) {
        edges[i] = it->lowest + (it->highest - it->lowest) * i / BINS;
    }
    char lead[32];
    snprintf(lead, sizeof lead, "%.10g", score->lead_hours);
    cJSON *at = ar_json_object_at(fields, score->variable);
    at = at ? ar_json_object_at(at, score->level) : NULL;
    at = at ? ar_json_object_at(at, lead) : NULL;
    return at && ar_json_add_numbers(at, numbers, sizeof numbers / sizeof numbers[0]) &&
           cJSON_AddStringToObject(at, "units", score->units) &&
           ar_json_add_array(at, "edges", edges, BINS + 1) && add_values(at, "model", model) &&
           add_values(at, "truth", truth);
}

static bool add_place(cJSON *places, const ar_report *report, int64_t place)
{
    const ar_place *it = &report->places[place];
    const ar_named_number numbers[] = {{"latitude", it->grid_latitude},
                                       {"longitude", it->grid_longitude},
                                       {"asked_latitude", it->latitude},
                                       {"asked_longitude", it->longitude}};
    cJSON *object = cJSON_AddObjectToObject(places, it->name);
    bool complete = object && ar_json_add_numbers(object, numbers, 4) &&
                    ar_json_add_array(object, "quantiles", ar_place_quantiles, QUANTILES);
    cJSON *fields = complete ? cJSON_AddObjectToObject(object, "fields") : NULL;
    complete = fields != NULL;
    for (int64_t i = 0; complete && i < report->place_score_count; i++) {
        if (report->place_scores[i].place == place) {
            complete = add_scores(fields, &report->place_scores[i]);
        }
    }
    return complete;
}

bool ar_place_report_add_json(cJSON *root, const ar_report *report)
{
    cJSON *places = report->place_count > 0 ? cJSON_AddObjectToObject(root, "places") : NULL;
    bool complete = places || report->place_count == 0;
    for (int64_t i = 0; complete && i < report->place_count; i++) {
        complete = add_place(places, report, i);
    }
    return complete;
}

static void add_row(ar_text_table *table, ar_error *err, const ar_place_score *score)
{
    const ar_place_scores *it = &score->scores;
    const ar_place_values *model = &it->model, *truth = &it->truth;
    const double numbers[] = {
        it->wasserstein,
        model->mean - truth->mean,
        model->quantiles[0] - truth->quantiles[0],
        model->quantiles[QUANTILES - 1] - truth->quantiles[QUANTILES - 1],
        truth->deviation,
    };
    ar_text_table_add_subject(table, err, score->variable, score->level_text, score->units,
                              score->lead_hours);
    ar_text_table_add(table, err, "%lld", (long long)it->times);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        ar_text_table_add_number(table, err, numbers[i]);
    }
    ar_text_table_add_ratio(table, err, model->deviation / truth->deviation);
}

void ar_place_report_add_table(ar_growing_text *out, const ar_report *report)
{
    static const char *const headers[] = {
        "field",        "level",           "unit",       "lead",
        "times",        "distance",        "bias",       "bias at 1 %",
        "bias at 99 %", "truth deviation", "model/truth"};
    enum { COLUMNS = sizeof headers / sizeof headers[0] };
    for (int64_t place = 0; place < report->place_count; place++) {
        const ar_place *it = &report->places[place];
        ar_text_table table = {.column_count = COLUMNS, .left_columns = 3};
        ar_text_add(out,
                    "\nValues at %s (%g N, %g E): Wasserstein distance of all members to the "
                    "truth, bias of mean and quantiles, deviations over time\n",
                    it->name, it->grid_latitude, it->grid_longitude);
        ar_text_table_add_texts(&table, out->err, headers, COLUMNS);
        for (int64_t i = 0; i < report->place_score_count; i++) {
            if (report->place_scores[i].place == place) {
                add_row(&table, out->err, &report->place_scores[i]);
            }
        }
        ar_text_table_finish(&table, out);
    }
}
