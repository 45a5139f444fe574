/* The truth that belongs to a field of a forecast file: the same variable, levels, grid and unit.
 */
#ifndef AR_VERIFY_TRUTH_H
#define AR_VERIFY_TRUTH_H

#include "data/field_data.h"
#include "verify/forecast_file.h"

/* Load from `paths` what `field` predicts, for times from start to end, both inclusive. It is
 * looked for under the forecast's variable name, then under its CF standard name. Values come in
 * the forecast's unit. Another grid, calendar or level structure is an error that names both.
 * Release with ar_field_data_release. */
AR_USE_RESULT ar_status ar_truth_load(ar_field_data *truth, const char *const *paths,
                                      int64_t path_count, const ar_forecast_file *forecast,
                                      const ar_forecast_field *field, int64_t start, int64_t end,
                                      ar_error *err);

#endif
