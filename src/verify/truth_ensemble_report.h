/* Distances to true distributions, as people and programs read them. */
#ifndef AR_VERIFY_TRUTH_ENSEMBLE_REPORT_H
#define AR_VERIFY_TRUTH_ENSEMBLE_REPORT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "base/text.h"
#include "verify/report.h"

/* Add "true_distribution" to the scores of a region; false when memory is short. Nothing where
 * there is none. */
bool ar_truth_ensemble_report_add_json(cJSON *parent, const ar_report *report, int64_t region);
/* Append a table of a region. */
void ar_truth_ensemble_report_add_table(ar_growing_text *out, const ar_report *report,
                                        int64_t region);

#endif
