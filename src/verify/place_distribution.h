/* The distribution of values at a place, of all members at all times against the truth: quantiles,
 * histograms and the distance between them. Equations in docs/verification.md.
 *
 * Every value is kept, 4 (N + 1) bytes a time. */
#ifndef AR_VERIFY_PLACE_DISTRIBUTION_H
#define AR_VERIFY_PLACE_DISTRIBUTION_H

#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

enum { AR_PLACE_BINS = 40, AR_PLACE_QUANTILES = 7 };

/* 1, 5, 25, 50, 75, 95, 99 % */
extern const double ar_place_quantiles[AR_PLACE_QUANTILES];

/* Zeroed to begin. Release with ar_place_samples_release. */
typedef struct {
    float *members, *truth; /* [member_count], [truth_count] in no order */
    size_t member_count, truth_count, member_capacity, truth_capacity;
} ar_place_samples;

/* Add one time: the values members[0], members[stride], … of `count` members. Nothing is added
 * where the truth or a member is missing. */
AR_USE_RESULT ar_status ar_place_samples_add(ar_place_samples *samples, const float *members,
                                             int64_t count, int64_t stride, float truth,
                                             ar_error *err);
void ar_place_samples_release(ar_place_samples *samples); /* safe on a zeroed one */

/* Of values without a distribution, because there are none, everything is NaN. */
typedef struct {
    double mean, deviation;               /* over all values; 1/n */
    double quantiles[AR_PLACE_QUANTILES]; /* between the two values that are nearest (type 7 of
                                           * Hyndman and Fan 1996) */
    double shares[AR_PLACE_BINS];         /* of the values, by bin */
} ar_place_values;

typedef struct {
    int64_t times;
    double lowest, highest; /* of all values: bins are equally wide from one to the other, and
                             * hold their lower edge, the last also its upper one */
    double wasserstein;     /* ∫ |F − G| dz of the two empirical distributions, exact */
    ar_place_values model, truth;
} ar_place_scores;

/* Sorts the samples. Pure otherwise. */
void ar_place_scores_read(ar_place_scores *scores, ar_place_samples *samples);

#endif
