#include <stdio.h>

#include "base/log.h"
#include "base/memory.h"
#include "verify/field_scorer.h"

/* A field of a forecast file, lead time by lead time: sums and lag correlations of one of them are
 * in memory at once. */
static ar_status score_lead(ar_field_scorer *scorer, int64_t lead, float *members,
                            ar_progress *progress, int64_t *done, ar_error *err)
{
    ar_verification *run = scorer->run;
    ar_forecast_file *file = &run->forecast;
    ar_status status = AR_OK;
    AR_TRY(ar_field_scorer_begin_lead(scorer, lead, err));
    for (int64_t t = 0; t < file->time_count; t++) {
        if (file->lead_times[t] != run->lead_times[lead] || !ar_field_scorer_wants(scorer, t)) {
            continue;
        }
        for (int64_t level = 0; level < scorer->field->level_count; level++) {
            AR_TRY(ar_forecast_file_read(file, scorer->field, t, level, members, err));
            AR_TRY(ar_field_scorer_add(scorer, t, level, members, err));
            ar_progress_update(progress, ++*done, "");
        }
    }
    AR_TRY(ar_field_scorer_end_lead(scorer, lead, err));
cleanup:
    return status;
}

ar_status ar_verification_score_field(ar_verification *run, const ar_forecast_field *field,
                                      ar_error *err)
{
    ar_field_scorer scorer = {0};
    float *members = NULL;
    char label[96];
    ar_progress progress;
    int64_t done = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_field_scorer_init(&scorer, run, field, err));
    /* the product was checked on opening */
    AR_TRY(ar_allocate(&members, (size_t)(field->member_count * scorer.points), sizeof(float),
                       "members", err));
    snprintf(label, sizeof label, "scoring %s", field->variable);
    ar_progress_begin(&progress, label, 0, field->level_count * run->forecast.time_count);
    for (int64_t lead = 0; lead < run->lead_count; lead++) {
        AR_TRY(score_lead(&scorer, lead, members, &progress, &done, err));
    }
    ar_progress_end(&progress, "");
    AR_TRY(ar_field_scorer_finish(&scorer, err));
cleanup:
    ar_field_scorer_release(&scorer);
    ar_free(members);
    return status;
}
