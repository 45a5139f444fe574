/* Comparisons with other forecasts, in JSON and as a table. */
#ifndef AR_VERIFY_RIVAL_REPORT_H
#define AR_VERIFY_RIVAL_REPORT_H

#include <cjson/cJSON.h>

#include "base/text.h"
#include "verify/report.h"

/* Add "baselines" → name to the scores of a lead time; false when memory is short. */
bool ar_rival_add_json(cJSON *object, const ar_report *report, const ar_score *score);

/* Tables of the comparisons in a region, one for each rival. */
void ar_rival_append_tables(ar_growing_text *out, const ar_report *report, int64_t region);

#endif
