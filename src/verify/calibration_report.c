#include "verify/calibration_report.h"

#include "verify/json_members.h"

enum { BINS = AR_CALIBRATION_BINS, RATIO_BINS = AR_CALIBRATION_RATIO_BINS };

/* Shares are told to a ten-millionth: a histogram of two dimensions has hundreds of them. */
enum { DECIMALS = 7 };

static bool add_joint(cJSON *object, const ar_calibration_scores *scores)
{
    cJSON *rows = cJSON_AddArrayToObject(object, "spread_error");
    bool complete = rows != NULL;
    for (int64_t i = 0; complete && i < BINS; i++) {
        cJSON *holder = cJSON_CreateObject();
        complete = holder && ar_json_add_rounded(holder, "row", scores->joint[i], BINS, DECIMALS) &&
                   cJSON_AddItemToArray(rows, cJSON_DetachItemFromObject(holder, "row"));
        cJSON_Delete(holder);
    }
    return complete;
}

bool ar_calibration_add_json(cJSON *object, const ar_calibration_scores *scores)
{
    double edges[BINS - 1], ratio_edges[RATIO_BINS - 1];
    for (int64_t i = 0; i < BINS - 1; i++) {
        edges[i] = scores->deviation * ar_calibration_edge(i);
    }
    for (int64_t i = 0; i < RATIO_BINS - 1; i++) {
        ratio_edges[i] = ar_calibration_ratio_edge(i);
    }
    const ar_named_number numbers[] = {
        {"climatology_deviation", scores->deviation},
        {"within_one_spread", scores->within_one},
        {"within_one_spread_expected", scores->expected_within_one},
        {"within_two_spreads", scores->within_two},
        {"within_two_spreads_expected", scores->expected_within_two},
        {"spread_skill_reliability", scores->reliability},
    };
    cJSON *it = cJSON_AddObjectToObject(object, "calibration");
    return it && ar_json_add_numbers(it, numbers, sizeof numbers / sizeof numbers[0]) &&
           ar_json_add_array(it, "edges", edges, BINS - 1) && add_joint(it, scores) &&
           ar_json_add_rounded(it, "share", scores->share, BINS, DECIMALS) &&
           ar_json_add_array(it, "spread", scores->spread, BINS) &&
           ar_json_add_array(it, "rmse", scores->rmse, BINS) &&
           ar_json_add_array(it, "ratio_edges", ratio_edges, RATIO_BINS - 1) &&
           ar_json_add_rounded(it, "error_over_spread", scores->mean_ratio, RATIO_BINS, DECIMALS) &&
           ar_json_add_rounded(it, "member_error_over_spread", scores->member_ratio, RATIO_BINS,
                               DECIMALS);
}
