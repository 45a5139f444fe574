/* Counterfactuals: the same data, but tokens are told another year, day or hour. What changes is
 * the difference of the ensemble means, and its significance over members. */
#ifndef AR_TASK_COUNTERFACTUAL_H
#define AR_TASK_COUNTERFACTUAL_H

#include "atmorep/atmorep.h"
#include "task/blend.h"
#include "train/dataset.h"

/* What tokens of the valid time are told, the others as much later or earlier as they are. */
typedef struct {
    int64_t later; /* seconds that are added to the time */
    bool has_year, has_day, has_hour;
    int64_t year, day, hour; /* that are told instead; days of the year from 0 */
} ar_told_date;

typedef struct {
    ar_told_date told;
    ar_cube_space space;          /* the dataset's, with another α; borrows */
    float *factual[AR_FIELD_MAX]; /* [level][member][nlat][nlon] of predicted fields */
    float *difference, *p_value;  /* [levels of the largest field][nlat][nlon] */
} ar_counterfactual;

/* Read options->alpha, words with commas between them: year=Y, day=D, day+N, day-N, hour=H, hour+N,
 * hour-N. They say what year, day of the year from 0, and hour the valid time is told to be, or by
 * how much it moves. Other words, a year where tokens know none, and roll-outs, displaced outputs
 * or fewer than two members beside it are errors. Borrows the dataset; blends[AR_FIELD_MAX] tell
 * the shapes. Release in any case. */
AR_USE_RESULT ar_status ar_counterfactual_init(ar_counterfactual *counterfactual,
                                               const ar_forecast_options *options,
                                               const ar_dataset *dataset, const ar_blend *blends,
                                               ar_error *err);
void ar_counterfactual_release(ar_counterfactual *counterfactual); /* safe on zeroed */

/* The space whose tokens are told another date of this valid time, until the next call. */
const ar_cube_space *ar_counterfactual_space(ar_counterfactual *counterfactual, int64_t valid);
/* Keep the members of the factual run. */
void ar_counterfactual_keep(ar_counterfactual *counterfactual, const ar_blend *blends);
/* Compare a field's members with those kept, into difference and p_value. */
void ar_counterfactual_compare(ar_counterfactual *counterfactual, int64_t field,
                               const ar_blend *blend);

/* Probability that |t| of Student's t distribution of `freedom` ≥ 1 degrees is at least this
 * (Student 1908; Abramowitz and Stegun 1964, 26.7.3 and 26.7.4, the finite series of whole
 * numbers). Pure. */
double ar_student_two_sided(double t, int64_t freedom);

#endif
