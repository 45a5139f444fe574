#include "verify/truth_ensemble_report.h"

#include <stdio.h>

#include "verify/json_members.h"
#include "verify/text_table.h"

static bool add_score(cJSON *parent, const ar_conditional_score *score)
{
    const ar_conditional_scores *it = &score->scores;
    const ar_named_number numbers[] = {
        {"energy_distance", it->energy_distance},
        {"energy_distance_relative", it->relative},
        {"bias", it->bias},
        {"mean_distance", it->mean_distance},
        {"spread", it->spread},
        {"truth_spread", it->truth_spread},
        {"spread_ratio", it->spread / it->truth_spread},
        {"members", (double)score->member_count},
        {"truth_members", (double)score->truth_count},
        {"times", (double)score->times},
    };
    char lead[32];
    snprintf(lead, sizeof lead, "%.10g", score->lead_hours);
    cJSON *at = ar_json_object_at(parent, "true_distribution");
    at = at ? ar_json_object_at(at, score->variable) : NULL;
    at = at ? ar_json_object_at(at, score->level) : NULL;
    at = at ? ar_json_object_at(at, lead) : NULL;
    return at && ar_json_add_numbers(at, numbers, sizeof numbers / sizeof numbers[0]) &&
           cJSON_AddStringToObject(at, "units", score->units);
}

bool ar_truth_ensemble_report_add_json(cJSON *parent, const ar_report *report, int64_t region)
{
    bool complete = true;
    for (int64_t i = 0; complete && i < report->conditional_score_count; i++) {
        const ar_conditional_score *score = &report->conditional_scores[i];
        complete = score->region != region || add_score(parent, score);
    }
    return complete;
}

static void add_row(ar_text_table *table, ar_error *err, const ar_conditional_score *score)
{
    const ar_conditional_scores *it = &score->scores;
    ar_text_table_add_subject(table, err, score->variable, score->level_text, score->units,
                              score->lead_hours);
    ar_text_table_add(table, err, "%lld", (long long)score->times);
    ar_text_table_add_number(table, err, it->energy_distance);
    ar_text_table_add_ratio(table, err, it->relative);
    ar_text_table_add_number(table, err, it->mean_distance);
    ar_text_table_add_number(table, err, it->truth_spread);
    ar_text_table_add_ratio(table, err, it->spread / it->truth_spread);
}

void ar_truth_ensemble_report_add_table(ar_growing_text *out, const ar_report *report,
                                        int64_t region)
{
    static const char *const headers[] = {
        "field",           "level",    "unit",          "lead",         "times",
        "energy distance", "relative", "mean distance", "truth spread", "spread ratio"};
    enum { COLUMNS = sizeof headers / sizeof headers[0] };
    ar_text_table table = {.column_count = COLUMNS, .left_columns = 3};
    if (report->conditional_score_count == 0) {
        return;
    }
    ar_text_add(out,
                "\nAgainst the true distribution of %lld members (energy distance 0 and "
                "spread ratio 1: the same)\n",
                (long long)report->conditional_scores[0].truth_count);
    ar_text_table_add_texts(&table, out->err, headers, COLUMNS);
    for (int64_t i = 0; i < report->conditional_score_count; i++) {
        if (report->conditional_scores[i].region == region) {
            add_row(&table, out->err, &report->conditional_scores[i]);
        }
    }
    ar_text_table_finish(&table, out);
}
