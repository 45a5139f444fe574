/* The distributions of one field at all places, while it is scored. */
#ifndef AR_VERIFY_FIELD_PLACES_H
#define AR_VERIFY_FIELD_PLACES_H

#include "verify/verification.h"

typedef struct {
    ar_verification *run;
    const ar_forecast_field *field;
    ar_place_samples *samples; /* [lead_count][level_count][place_count]; NULL without places */
} ar_field_places;

/* Borrows run and field. Release with ar_field_places_release. */
AR_USE_RESULT ar_status ar_field_places_init(ar_field_places *places, ar_verification *run,
                                             const ar_forecast_field *field, ar_error *err);
void ar_field_places_release(ar_field_places *places); /* safe on a zeroed one */

/* Add one time. lead: index in run->lead_times; members [member_count][nlat][nlon], truth
 * [nlat][nlon]. */
AR_USE_RESULT ar_status ar_field_places_add(ar_field_places *places, int64_t lead, int64_t level,
                                            const float *members, const float *truth,
                                            ar_error *err);
/* Append what a lead time has to run->place_scores, and free its values. */
AR_USE_RESULT ar_status ar_field_places_end_lead(ar_field_places *places, int64_t lead,
                                                 ar_error *err);

#endif
