/* How sure scores are: percentile intervals by resampling blocks of days (Künsch 1989; Wilks 1997,
 * J. Climate 10, 65–82). Errors of neighbouring times and points belong together, so that neither a
 * time nor a point is drawn on its own: a block is all of the times inside so many days, at all
 * points, and each resample draws as many blocks as there are, with replacement. An opponent, such
 * as persistence, is drawn with the same blocks, so that its difference to the forecast is a paired
 * one.
 *
 * Kept are sums of each block, not of each time. The random numbers are counted: the same file has
 * the same intervals, whatever the order of its times. */
#ifndef AR_VERIFY_BOOTSTRAP_H
#define AR_VERIFY_BOOTSTRAP_H

#include <stddef.h>

#include "verify/scores.h"

/* Weighted sums of one block. */
typedef struct {
    int64_t number;          /* days since the first time over days of a block */
    ar_ensemble_sums model;  /* all times */
    ar_ensemble_sums paired; /* those that have the opponent */
    ar_ensemble_sums opponent;
} ar_bootstrap_block;

/* Begin with the first three; the rest zero. Release with ar_bootstrap_release. */
typedef struct {
    int64_t first_time; /* seconds: where the first block begins; no time lies before it */
    int64_t block_days, resamples; /* ≥ 1 */
    ar_bootstrap_block *blocks;    /* [block_count] that hold a time, ascending */
    size_t block_count, capacity;
} ar_bootstrap;

/* Add the sums of one time; opponent is NULL where there is none. Of a single forecast its CRPS is
 * its mean absolute error. */
AR_USE_RESULT ar_status ar_bootstrap_add(ar_bootstrap *bootstrap, int64_t time,
                                         const ar_ensemble_sums *model,
                                         const ar_ensemble_sums *opponent, ar_error *err);
void ar_bootstrap_release(ar_bootstrap *bootstrap);

typedef struct {
    double low, high;
} ar_interval;

/* Expanded percentile intervals (Hesterberg 2015, Am. Stat. 69, 371–386): from 2.5 to 97.5 % of the
 * resamples where blocks are many, further out where they are few (interpolated between the two
 * resamples that are nearest); NaN with fewer than two blocks, and what compares
 * with the opponent also without it. No interval of resamples holds the score more often than 1 −
 * 2^(1 − n), which is 0.94 for n = 5 blocks: with fewer it is too narrow whatever is done. */
typedef struct {
    int64_t blocks;
    ar_interval rmse, crps;
    ar_interval rmse_difference, crps_difference; /* to the opponent */
    ar_interval rmse_skill, crps_skill;           /* 1 − score/score of the opponent */
} ar_confidence;
AR_USE_RESULT ar_status ar_bootstrap_read(const ar_bootstrap *bootstrap, ar_confidence *confidence,
                                          ar_error *err);

#endif
