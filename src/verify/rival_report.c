#include "verify/rival_report.h"

#include <math.h>

#include "verify/json_members.h"
#include "verify/text_table.h"

bool ar_rival_add_json(cJSON *object, const ar_report *report, const ar_score *score)
{
    cJSON *baselines = cJSON_AddObjectToObject(object, "baselines");
    bool complete = baselines != NULL;
    for (int64_t i = 0; complete && i < score->rival_count; i++) {
        const ar_rival_score *rival = &score->rivals[i];
        const ar_interval *rmse = &rival->confidence.rmse_skill;
        const ar_interval *crps = &rival->confidence.crps_skill;
        const ar_named_number numbers[] = {
            {"rmse", rival->rmse},
            {"crps", rival->crps},
            {"crps_fair", rival->crps_fair},
            {"acc", rival->acc},
            {"members", (double)rival->member_count},
            {"times", (double)rival->times},
            {"forecast_rmse", rival->forecast_rmse},
            {"forecast_crps", rival->forecast_crps},
            {"forecast_crps_fair", rival->forecast_crps_fair},
            {"forecast_acc", rival->forecast_acc},
            {"rmse_skill", 1 - rival->forecast_rmse / rival->rmse},
            {"crps_skill", 1 - rival->forecast_crps / rival->crps},
            {"crps_fair_skill", 1 - rival->forecast_crps_fair / rival->crps_fair},
        };
        if (rival->times == 0) {
            continue;
        }
        cJSON *it = cJSON_AddObjectToObject(baselines, report->rivals[i].name);
        complete =
            it && ar_json_add_numbers(it, numbers, sizeof numbers / sizeof numbers[0]) &&
            ar_json_add_array(it, "rmse_skill_confidence", (double[]){rmse->low, rmse->high}, 2) &&
            ar_json_add_array(it, "crps_skill_confidence", (double[]){crps->low, crps->high}, 2);
    }
    return complete;
}

static void add_skill(ar_text_table *table, ar_error *err, double skill, ar_interval interval)
{
    ar_text_table_add_ratio(table, err, skill);
    if (isnan(interval.low)) {
        ar_text_table_add(table, err, "-");
    } else {
        ar_text_table_add(table, err, "%.3f to %.3f", interval.low, interval.high);
    }
}

static void add_row(ar_text_table *table, ar_error *err, const ar_score *score,
                    const ar_rival_score *rival)
{
    ar_text_table_add_subject(table, err, score->variable, score->level_text, score->units,
                              score->lead_hours);
    ar_text_table_add(table, err, "%lld", (long long)rival->times);
    ar_text_table_add_number(table, err, rival->forecast_rmse);
    ar_text_table_add_number(table, err, rival->rmse);
    add_skill(table, err, 1 - rival->forecast_rmse / rival->rmse, rival->confidence.rmse_skill);
    ar_text_table_add_number(table, err, rival->forecast_crps);
    ar_text_table_add_number(table, err, rival->crps);
    add_skill(table, err, 1 - rival->forecast_crps / rival->crps, rival->confidence.crps_skill);
    ar_text_table_add_ratio(table, err, rival->forecast_acc);
    ar_text_table_add_ratio(table, err, rival->acc);
}

void ar_rival_append_tables(ar_growing_text *out, const ar_report *report, int64_t region)
{
    static const char *const headers[] = {"field", "level", "unit",  "lead", "times",
                                          "RMSE",  "its",   "skill", "95 %", "CRPS",
                                          "its",   "skill", "95 %",  "ACC",  "its"};
    enum { COLUMNS = sizeof headers / sizeof headers[0], COLUMNS_LEFT = 3 };
    for (int64_t k = 0; k < report->rival_count; k++) {
        ar_text_table table = {.column_count = COLUMNS, .left_columns = COLUMNS_LEFT};
        ar_text_add(out, "\nAgainst %s, at the times of both; skill is 1 - score / its score\n",
                    report->rivals[k].name);
        ar_text_table_add_texts(&table, out->err, headers, COLUMNS);
        for (int64_t i = 0; i < report->score_count; i++) {
            const ar_score *score = &report->scores[i];
            if (score->region == region && score->rivals[k].times > 0) {
                add_row(&table, out->err, score, &score->rivals[k]);
            }
        }
        ar_text_table_finish(&table, out);
    }
}
