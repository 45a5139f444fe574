/* A file with an ensemble of truth, all from one analysis, its first time: as `atmorep nature-run
 * --ensemble` writes it. */
#ifndef AR_VERIFY_TRUTH_ENSEMBLE_FILE_H
#define AR_VERIFY_TRUTH_ENSEMBLE_FILE_H

#include "verify/truth.h"

typedef struct {
    int64_t member_count;
    ar_truth *members; /* [member_count] one field of each */
    int64_t analysis;  /* its time, seconds */
} ar_truth_ensemble_file;

/* Find a field in all members. settings->paths is the one file; its start and end are those of the
 * times wanted, outside of which the analysis may lie too, and its member is chosen here. A file
 * without members is an error. Close with ar_truth_ensemble_file_close. */
AR_USE_RESULT ar_status ar_truth_ensemble_file_open(ar_truth_ensemble_file *file,
                                                    const ar_truth_settings *settings,
                                                    const ar_forecast_file *forecast,
                                                    const ar_forecast_field *field, ar_error *err);
void ar_truth_ensemble_file_close(ar_truth_ensemble_file *file); /* safe on a zeroed one */

/* Read a level of a time, which all members have: values [member_count][points] on the forecast's
 * grid. */
AR_USE_RESULT ar_status ar_truth_ensemble_file_read(ar_truth_ensemble_file *file, int64_t time,
                                                    int64_t level, float *values, ar_error *err);

#endif
