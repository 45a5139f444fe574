/* Distributions at places, as people and programs read them. */
#ifndef AR_VERIFY_PLACE_REPORT_H
#define AR_VERIFY_PLACE_REPORT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "base/text.h"
#include "verify/report.h"

/* Add "places" to the whole; false when memory is short. Nothing where there is none. */
bool ar_place_report_add_json(cJSON *root, const ar_report *report);
/* Append a table of all places. */
void ar_place_report_add_table(ar_growing_text *out, const ar_report *report);

#endif
