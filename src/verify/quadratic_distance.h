/* Integrated quadratic distance between the distribution of forecast values and that of the truth,
 *     IQD = ∫ (F(z) − G(z))² dz
 * (Thorarinsdottir, Gneiting and Gissibl 2013, SIAM/ASA J. Uncertainty Quantification 1, 522–534),
 * F of all members and G of the truth over points and times, by area: whether the forecast has the
 * right values as often as the truth has, wherever and whenever. 0 when it has, in the unit of the
 * field; with one value each it is their distance.
 *
 * Both are known exactly at 1001 places, 0.02 deviations of the climatology apart, from 10 below
 * its mean to 10 above, whose sum is the integral. What lies below the first counts there, what
 * lies above the last a step above it. In double; a point counts where the truth and all members
 * are there. */
#ifndef AR_VERIFY_QUADRATIC_DISTANCE_H
#define AR_VERIFY_QUADRATIC_DISTANCE_H

#include "verify/climate_scale.h"

/* Begin with the first three; the rest zero. Release with ar_quadratic_distance_release. */
typedef struct {
    ar_score_area area;
    int64_t member_count;
    ar_climate_scale climate; /* nothing is summed up where its deviation is not above 0 */
    double *numbers;          /* NULL before the first field */
} ar_quadratic_distance;

/* Add one field. members [member_count][nlat][nlon], truth [nlat][nlon]. Parallel over rows. */
AR_USE_RESULT ar_status ar_quadratic_distance_add(ar_quadratic_distance *sums, const float *members,
                                                  const float *truth, ar_error *err);
void ar_quadratic_distance_release(ar_quadratic_distance *sums); /* safe on a zeroed one */
/* NaN when no point counts. */
double ar_quadratic_distance_read(const ar_quadratic_distance *sums);

#endif
