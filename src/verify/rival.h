/* Another forecast that this one is compared with (`--baseline`), over the times that both have: a
 * file like this one's, with or without members. */
#ifndef AR_VERIFY_RIVAL_H
#define AR_VERIFY_RIVAL_H

#include "verify/alignment.h"
#include "verify/bootstrap.h"
#include "verify/report.h"
#include "verify/scores.h"

typedef struct {
    char name[64];
    ar_forecast_file file;
} ar_rival;

/* Of a text NAME=FILE, or FILE, whose name without folder and ending is then the rival's. A
 * calendar that does not agree with the forecast's is an error. Release with ar_rival_close. */
AR_USE_RESULT ar_status ar_rival_open(ar_rival *rival, const char *text,
                                      const ar_forecast_file *forecast, ar_error *err);
void ar_rival_close(ar_rival *rival); /* safe on a zeroed one */

/* One field of the forecast in a rival's file. */
typedef struct {
    ar_rival *rival;
    const ar_forecast_field *field; /* in the rival's file; NULL: it is not there */
    int64_t *levels; /* [level_count of the forecast's field] in it; −1: not there */
    int64_t *times;  /* [time_count of the forecast] in it, of the same valid time and lead time */
    ar_alignment alignment;
    float *read;           /* [member_count][own points] as in the file */
    float *members, *mean; /* [member_count][points], [points] as the forecast's */
    float *spread;         /* [points] */
} ar_rival_field;

/* The field of the same variable or else CF standard name. One that the rival has, but neither a
 * time nor a level of it in common, is told as a warning. Release with ar_rival_field_release. */
AR_USE_RESULT ar_status ar_rival_field_init(ar_rival_field *field, ar_rival *rival,
                                            const ar_forecast_file *forecast,
                                            const ar_forecast_field *wanted,
                                            const ar_regrid_method *method, ar_error *err);
void ar_rival_field_release(ar_rival_field *field); /* safe on a zeroed one */

/* Read field->members and their mean at a time and level of the forecast; *there is false when the
 * rival has not both. One thread at a time. */
AR_USE_RESULT ar_status ar_rival_field_read(ar_rival_field *field, int64_t t, int64_t level,
                                            bool *there, ar_error *err);

/* Sums of one level, lead time and region. */
typedef struct {
    ar_ensemble_scorer scorer;
    ar_ensemble_sums own, forecast; /* of the rival, and of the forecast at the same times */
    ar_anomaly_correlation own_correlation, forecast_correlation;
    ar_bootstrap bootstrap;
    int64_t times;
} ar_rival_sums;

AR_USE_RESULT ar_status ar_rival_sums_init(ar_rival_sums *sums, const ar_rival_field *field,
                                           const ar_score_area *area, const ar_bootstrap *blocks,
                                           ar_error *err);
void ar_rival_sums_release(ar_rival_sums *sums); /* safe on a zeroed one */

/* Add what the field has read; `forecast` are the sums of the forecast at this time. mean, truth,
 * climatology [nlat][nlon] are those of the forecast. */
AR_USE_RESULT ar_status ar_rival_sums_add(ar_rival_sums *sums, const ar_rival_field *field,
                                          int64_t valid_time, const ar_ensemble_sums *forecast,
                                          const float *mean, const float *truth,
                                          const double *climatology, ar_error *err);
AR_USE_RESULT ar_status ar_rival_sums_read(const ar_rival_sums *sums, ar_rival_score *score,
                                           ar_error *err);

#endif
