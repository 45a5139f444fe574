/* How far the ensemble of a forecast is from an ensemble of truth that began with the same
 * analysis: two samples at every point of what are, for a perfect model, one distribution. All
 * estimates are unbiased for any number of members. Equations and sources in docs/verification.md.
 *
 * As in scores.h sums are gathered one horizontal field after the other, in double; a point counts
 * where all members of both are there. */
#ifndef AR_VERIFY_CONDITIONAL_DISTANCE_H
#define AR_VERIFY_CONDITIONAL_DISTANCE_H

#include "verify/scores.h"

/* The most members of both together. */
enum { AR_CONDITIONAL_MOST_MEMBERS = 1024 };

/* Begin with the first three, the numbers 2 or more; the rest zero. */
typedef struct {
    ar_score_area area;
    int64_t member_count, truth_count;
    double numbers[7];
} ar_conditional_distance;

/* Add one field. members [member_count][nlat][nlon], truth [truth_count][nlat][nlon]. Parallel over
 * rows. */
AR_USE_RESULT ar_status ar_conditional_distance_add(ar_conditional_distance *sums,
                                                    const float *members, const float *truth,
                                                    ar_error *err);

/* NaN where no point counts. x is a member, y one of the truth; means over points by area, and over
 * times. */
typedef struct {
    double energy_distance; /* ⟨2 E|x − y| − E|x − x'| − E|y − y'|⟩ (Székely and Rizzo 2013); 0 when
                             * both are one distribution, a little below by chance */
    double relative;      /* the same over ⟨E|y − y'|⟩ */
    double bias;          /* ⟨x̄ − ȳ⟩ */
    double mean_distance; /* root of ⟨(E x − E y)²⟩; 0 where the estimate of it is below 0 */
    double spread, truth_spread; /* roots of ⟨variance⟩ over members */
} ar_conditional_scores;
ar_conditional_scores ar_conditional_distance_read(const ar_conditional_distance *sums);

#endif
