/* Stable equitable error in probability space of precipitation (Rodwell, Richardson, Hewson and
 * Haiden 2010, Q. J. R. Meteorol. Soc. 136, 1344–1363): forecast and truth are dry, light or heavy
 * by the climatology of the place, and an error costs what makes every constant forecast, and
 * forecasts by chance, score 1; 0 is perfect. Thresholds and masks are WeatherBench 2's; equations
 * in docs/verification.md. */
#ifndef AR_VERIFY_SEEPS_H
#define AR_VERIFY_SEEPS_H

#include "verify/forecast_file.h"
#include "verify/scores.h"

/* Is the field precipitation at the surface? By its standard name, else by its variable's: tp,
 * total_precipitation…. Pure. */
bool ar_seeps_is_precipitation(const ar_forecast_field *field);
/* So many millimetres, or millimetres a day of a rate, in the field's unit; 1 mm is 1 kg m⁻². A
 * unit that is neither is an error. */
AR_USE_RESULT ar_status ar_seeps_threshold(double *threshold, const ar_forecast_field *field,
                                           double millimetres, ar_error *err);

/* The climatology at every point: from it to `heavy` it rains light. */
typedef struct {
    double dry_threshold;   /* in the field's unit: below it is dry */
    float *dry_probability; /* [points] share of times that are dry; NaN where there is no time */
    float *heavy;           /* [points] the 2/3 quantile of times that are not: light is twice as
                             * often as heavy; NaN where all are dry */
} ar_seeps_climate;

/* `points` of them, NaN. Release with ar_seeps_climate_release. */
AR_USE_RESULT ar_status ar_seeps_climate_init(ar_seeps_climate *climate, int64_t points,
                                              double dry_threshold, ar_error *err);
void ar_seeps_climate_release(ar_seeps_climate *climate); /* safe on a zeroed one */
/* Set one point from its values at all times, which come back sorted; NaN where missing.
 * Thread-safe for different points. */
void ar_seeps_climate_set(ar_seeps_climate *climate, int64_t point, float *values, int64_t times);

/* What it costs to forecast category `forecast` where the truth is `truth` (0 dry, 1 light,
 * 2 heavy) at a place that is dry with probability p, 0 < p < 1: equation 15 there. Pure. */
double ar_seeps_cost(double p, int forecast, int truth);

/* Begin with the first three; the rest zero. */
typedef struct {
    ar_score_area area;
    int64_t member_count;
    const ar_seeps_climate *climate; /* borrowed; NULL: not precipitation, nothing is summed up */
    double numbers[4];
} ar_seeps;

/* Add one field. members [member_count][nlat][nlon], mean and truth [nlat][nlon]. A point counts
 * where it is dry with a probability between 0.1 and 0.85 and truth and members are there. Parallel
 * over rows. */
AR_USE_RESULT ar_status ar_seeps_add(ar_seeps *sums, const float *members, const float *mean,
                                     const float *truth, ar_error *err);

/* NaN where no point counts. */
typedef struct {
    double mean;    /* of the ensemble's mean */
    double members; /* the mean of each member's */
    double share;   /* of the area with truth and members that counts */
} ar_seeps_scores;
ar_seeps_scores ar_seeps_read(const ar_seeps *sums);

#endif
