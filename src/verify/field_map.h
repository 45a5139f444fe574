/* The map of a field that is drawn while it is scored. */
#ifndef AR_VERIFY_FIELD_MAP_H
#define AR_VERIFY_FIELD_MAP_H

#include "verify/field_scorer.h"

/* Draw scorer->mean and scorer->spread of scorer->map_time beside the truth [nlat][nlon], into the
 * folder of scores, and keep it for the report. A map that cannot be drawn is kept for the end,
 * ar_verification_picture_failed: the scores stand. */
AR_USE_RESULT ar_status ar_field_map_draw(ar_field_scorer *scorer, int64_t level,
                                          const float *truth, ar_error *err);

#endif
