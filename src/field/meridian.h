/* Interpolation along meridians for the analysis on regular rows; private to this room. Rows from
 * pole to pole, or from half a step beside one to half a step beside the other, are equally spaced
 * on great circles through both poles, on which every smooth field is periodic: trigonometric
 * interpolation to the places half-way is exact for wavenumbers below the number of intervals
 * between the poles. Pure, thread-safe. */
#ifndef AR_FIELD_MERIDIAN_H
#define AR_FIELD_MERIDIAN_H

#include <stdbool.h>
#include <stdint.h>

/* The [2 intervals] factors of the values of a great circle, by their distance from the one before
 * the place half-way: Dirichlet's (−1)^k/(2 intervals) cot(x/2). */
void ar_meridian_kernel(int64_t intervals, double *kernel);

/* A field [nlat][nlon], nlon even, put onto twice the intervals: fine[2 intervals + 1][nlon], with
 * intervals = nlat between the poles, else nlat − 1. Beyond a pole values have `sign_beyond_pole`:
 * 1 for scalars, −1 for the components of vectors. */
void ar_meridian_refine(int64_t nlat, int64_t nlon, const double *kernel, const double *field,
                        double sign_beyond_pole, bool between_poles, double *fine);

#endif
