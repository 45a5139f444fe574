/* How well the members are a distribution from which the truth could have been drawn: rank
 * histogram, ignorance, and Brier scores of exceeding thresholds. Equations and sources in
 * docs/verification.md.
 *
 * As in scores.h, sums are gathered one horizontal field after the other, in double, per row first
 * and then over rows; a point counts where the truth and all members are there. */
#ifndef AR_VERIFY_DISTRIBUTION_H
#define AR_VERIFY_DISTRIBUTION_H

#include "verify/scores.h"

typedef struct {
    ar_score_area area;
    int64_t member_count, threshold_count;
    const double *thresholds;      /* [threshold_count] in the unit of the field; borrowed */
    int64_t number_count;          /* of one set of sums */
    double *numbers, *row_numbers; /* [number_count], [nlat][number_count] */
} ar_distribution;

/* member_count ≥ 1. Release with ar_distribution_release. */
AR_USE_RESULT ar_status ar_distribution_init(ar_distribution *sums, const ar_score_area *area,
                                             int64_t member_count, const double *thresholds,
                                             int64_t threshold_count, ar_error *err);
void ar_distribution_release(ar_distribution *sums); /* safe on a zeroed one */

/* Add one field. members [member_count][nlat][nlon], truth [nlat][nlon]. Parallel over rows. */
void ar_distribution_add(ar_distribution *sums, const float *members, const float *truth);

/* Share of the area, k = 0 … member_count, in which k members lie below the truth: 1/(N + 1) each
 * where the truth is as one of the members (Anderson 1996; Hamill 2001). Where m members equal the
 * truth its weight is split evenly among the m + 1 ranks it may have, which is what ties broken at
 * random have in the mean. frequencies [member_count + 1]; NaN when no point counts. */
void ar_distribution_ranks(const ar_distribution *sums, double *frequencies);

/* How far the histogram fₖ is from flat: (N + 1) Σ (fₖ − 1/(N + 1))², which is Pearson's χ² over
 * the number of points: 0 when flat, N when all of it is in one rank. */
double ar_distribution_rank_departure(const ar_distribution *sums);
/* The same over what so many independent points would be expected to give a reliable ensemble:
 * δ of Candille and Talagrand (2005), 1 for a reliable one. Points count by their weights,
 * (Σ w)²/Σ w² of them. Neighbours are not independent, so that even a reliable ensemble has more
 * than 1: to be compared between forecasts of the same points. */
double ar_distribution_rank_delta(const ar_distribution *sums);

/* Mean of −log₂ of the density at the truth of a normal distribution with the mean and the
 * unbiased variance of the members, in bits (Good 1952; Roulston and Smith 2002). The density is
 * per unit of the field, so that only differences mean something. Points at which the members do
 * not differ have no such density and are left out; ar_distribution_without_spread is their share
 * of the area. NaN with one member. */
double ar_distribution_ignorance(const ar_distribution *sums);
double ar_distribution_without_spread(const ar_distribution *sums);

/* Of the event that the value is above a threshold, o, forecast by the share of members that are,
 * p: score = ⟨(p − o)²⟩ (Brier 1950) = reliability − resolution + uncertainty (Murphy 1973), exact
 * because p is one of N + 1 numbers. */
typedef struct {
    double score;
    double fair; /* what infinitely many members would score (Ferro 2014); NaN with one member */
    double reliability, resolution, uncertainty;
    double frequency; /* of the event in the truth */
} ar_brier;
/* NaN when no point counts. */
ar_brier ar_distribution_brier(const ar_distribution *sums, int64_t threshold);
/* The reliability diagram: for each p = k/N, k = 0 … N, the share of the area in which it was
 * forecast, and how often the event came then (NaN where p was never forecast). Both
 * [member_count + 1]. */
void ar_distribution_reliability(const ar_distribution *sums, int64_t threshold, double *forecast,
                                 double *observed);

#endif
