/* Whether the spread of an ensemble tells the size of its error: the joint histogram of both, the
 * histogram of errors over spread, and the error that comes with each spread. Equations and sources
 * in docs/verification.md.
 *
 * Bins are the same for all times and regions: spread and error in quarter octaves of the
 * climatology's deviation, their ratio in quarters. As in scores.h sums are gathered one horizontal
 * field after the other, in double; a point counts where the truth and all members are there. */
#ifndef AR_VERIFY_CALIBRATION_H
#define AR_VERIFY_CALIBRATION_H

#include "verify/scores.h"

enum {
    AR_CALIBRATION_BINS = 26, /* of spread and of error */
    AR_CALIBRATION_RATIO_BINS = 42,
};

/* Upper edge of bin k < AR_CALIBRATION_BINS − 1 in units of the deviation, 2^((k − 20)/4): 1/32 to
 * 2; the first bin begins at 0 and the last has no end. Pure. */
double ar_calibration_edge(int64_t bin);
/* Upper edge of bin k < AR_CALIBRATION_RATIO_BINS − 1 of error over spread, −5 + k/4: −5 to 5; the
 * first and the last have no end. A bin holds its lower edge. Pure. */
double ar_calibration_ratio_edge(int64_t bin);

/* Begin with the first three; the rest zero. Release with ar_calibration_release. */
typedef struct {
    ar_score_area area;
    int64_t member_count;
    double deviation; /* of the climatology, in the field's unit; nothing is summed up where it is
                       * not above 0, or with one member */
    double *numbers;  /* NULL before the first field */
} ar_calibration;

/* Add one field. members [member_count][nlat][nlon]; mean, spread (unbiased deviation) of them and
 * truth [nlat][nlon]. Parallel over rows. */
AR_USE_RESULT ar_status ar_calibration_add(ar_calibration *sums, const float *members,
                                           const float *mean, const float *spread,
                                           const float *truth, ar_error *err);
void ar_calibration_release(ar_calibration *sums); /* safe on a zeroed one */

/* With e = mean − truth, s the spread, xᵢ a member, y the truth. NaN where no point counts. */
typedef struct {
    int64_t member_count;
    double deviation;                                       /* that edges are multiples of */
    double joint[AR_CALIBRATION_BINS][AR_CALIBRATION_BINS]; /* share of the area by s and |e| */
    double share[AR_CALIBRATION_BINS];                      /* of the area by s */
    double spread[AR_CALIBRATION_BINS], rmse[AR_CALIBRATION_BINS]; /* sqrt ⟨s²⟩, sqrt ⟨e²⟩ there */
    /* Share of the area with s > 0 by e/s, and by (xᵢ − y)/s, each member counted alike. */
    double mean_ratio[AR_CALIBRATION_RATIO_BINS], member_ratio[AR_CALIBRATION_RATIO_BINS];
    double within_one, within_two; /* share of it with |e| ≤ s, with |e| ≤ 2 s */
    /* What a reliable normal ensemble of so many members has: e/s has sqrt(1 + 1/N) times Student's
     * t distribution with N − 1 degrees of freedom. */
    double expected_within_one, expected_within_two;
    double reliability; /* Σ share |rmse − spread|, in the field's unit (Haynes et al. 2023) */
} ar_calibration_scores;

/* True when there are any. */
bool ar_calibration_read(const ar_calibration *sums, ar_calibration_scores *scores);

#endif
