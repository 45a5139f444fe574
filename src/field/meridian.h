/* Interpolation along meridians for the analysis on regular rows; private to this room. Rows from
 * pole to pole, or from half a step beside one to half a step beside the other, are equally spaced
 * on great circles through both poles, on which every smooth field is periodic: trigonometric
 * interpolation to the places half-way is exact for wavenumbers below the number of intervals
 * between the poles. */
#ifndef AR_FIELD_MERIDIAN_H
#define AR_FIELD_MERIDIAN_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef struct {
    int64_t nlat;
    bool between_poles;
    int64_t intervals; /* between the poles: nlat if between_poles, else nlat − 1 */
    double *weight;    /* private: how rows become places half-way */
} ar_meridian;

/* Of at least 3 rows. Release with ar_meridian_release; begin with {0}. */
AR_USE_RESULT ar_status ar_meridian_init(ar_meridian *meridian, int64_t nlat, bool between_poles,
                                         ar_error *err);
void ar_meridian_release(ar_meridian *meridian);

/* Put a field [nlat][nlon], nlon even, onto twice the intervals: fine[2 intervals + 1][nlon].
 * Beyond a pole values have `sign_beyond_pole`: 1 for scalars, −1 for the components of vectors.
 * Calls on one ar_meridian may run on many threads. */
AR_USE_RESULT ar_status ar_meridian_refine(const ar_meridian *meridian, int64_t nlon,
                                           const double *field, int sign_beyond_pole, double *fine,
                                           ar_error *err);

#endif
