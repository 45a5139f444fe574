/* Calibrations in JSON. */
#ifndef AR_VERIFY_CALIBRATION_REPORT_H
#define AR_VERIFY_CALIBRATION_REPORT_H

#include <cjson/cJSON.h>

#include "verify/calibration.h"

/* Add "calibration" to the scores of a lead time; false when memory is short. */
bool ar_calibration_add_json(cJSON *object, const ar_calibration_scores *scores);

#endif
