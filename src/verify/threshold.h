/* Thresholds of fields whose exceedance is scored. */
#ifndef AR_VERIFY_THRESHOLD_H
#define AR_VERIFY_THRESHOLD_H

#include "verify/forecast_file.h"

/* The thresholds of one field: of all texts FIELD=VALUE those whose FIELD is its variable or its CF
 * standard name. VALUE is in the forecast's unit; one that comes twice
 * counts once. *values [*count] is the caller's to ar_free. */
AR_USE_RESULT ar_status ar_thresholds_of_field(double **values, int64_t *count,
                                               const char *const *texts, int64_t text_count,
                                               const ar_forecast_field *field, ar_error *err);

/* That each text is FIELD=VALUE with a number and a field of the file: AR_ERROR_USAGE tells which
 * is not, and the fields that there are. */
AR_USE_RESULT ar_status ar_thresholds_check(const char *const *texts, int64_t text_count,
                                            const ar_forecast_file *file, ar_error *err);

#endif
