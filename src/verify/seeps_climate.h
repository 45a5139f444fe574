/* The climatology of precipitation that SEEPS asks for, from the truth. */
#ifndef AR_VERIFY_SEEPS_CLIMATE_H
#define AR_VERIFY_SEEPS_CLIMATE_H

#include "verify/seeps.h"
#include "verify/truth.h"

/* From all times of `period`, a field without levels; dry_threshold in its unit. Exact: values of
 * some points at all times are held at once, at most 128 MiB, and the period is read as often as
 * that takes. Release with ar_seeps_climate_release. Parallel over points. */
AR_USE_RESULT ar_status ar_seeps_climate_compute(ar_seeps_climate *climate, ar_truth *period,
                                                 double dry_threshold, ar_error *err);

#endif
