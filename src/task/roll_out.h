/* What a roll-out feeds back. Each trajectory has the known times of the next cube of every
 * predicted field: data at first, then forecasts. Other fields stay those of the data. Memory is
 * that of these times and does not grow with the number of steps. */
#ifndef AR_TASK_ROLL_OUT_H
#define AR_TASK_ROLL_OUT_H

#include "atmorep/atmorep.h"
#include "task/blend.h"
#include "task/forecast_progress.h"
#include "task/forecast_times.h"
#include "task/perturbation.h"

typedef struct {
    const ar_dataset *dataset;
    const ar_forecast_times *times;
    bool predicted[AR_FIELD_MAX];
    int64_t member_count, trajectory_count; /* one trajectory, of the mean, or one a member */
    int64_t first_time;                     /* of the first cube: that of the start */
    int64_t *known_times;                   /* [known_before] seconds, of the next cube */
    int64_t *tails;                         /* [member_count] that trajectories take in this step */
    float *known[AR_FIELD_MAX];   /* [trajectory][known_before][level][nlat][nlon] of predicted */
    float *members[AR_FIELD_MAX]; /* [level][trajectory][nlat][nlon] newest; NULL for the mean */
    bool draws; /* trajectories go on from states that are drawn, not from tails */
    ar_perturbation perturbation;         /* only then, */
    double *analysis_power[AR_FIELD_MAX]; /* with [level][wavenumbers] of the data's known times */
    ar_field_data windows[AR_FIELD_MAX];  /* of the selected trajectory; borrow all they have */
    const ar_field_data *fields[AR_FIELD_MAX];
    ar_cube_space space; /* points into this struct, which must not move */
} ar_roll_out;

/* Allocate for the steps that `options` ask for; release in any case. Borrows dataset and times. */
AR_USE_RESULT ar_status ar_roll_out_init(ar_roll_out *roll, const ar_forecast_options *options,
                                         const ar_configuration *configuration,
                                         const ar_dataset *dataset, const ar_forecast_times *times,
                                         ar_error *err);
void ar_roll_out_release(ar_roll_out *roll); /* safe on zeroed */

/* All trajectories get the data's known times of the cube whose first time this is. Where states
 * are drawn, missing values in them are an error. */
AR_USE_RESULT ar_status ar_roll_out_begin(ar_roll_out *roll, int64_t first_time, ar_error *err);
/* The space whose predicted fields are those of a trajectory, until the next call. */
const ar_cube_space *ar_roll_out_select(ar_roll_out *roll, int64_t trajectory);
/* Append the times that were just forecast, blends[lead_steps][AR_FIELD_MAX], to a trajectory:
 * their mean, or where members go on from themselves one of its tails: at first the trajectory's
 * own, then tails dealt out anew in every step, as independent draws of the next state would be; or
 * a state that is drawn (task/perturbation.h), from numbers that depend on the start, the first of
 * its times, the trajectory, field and level. What is dealt out depends on start and time, too. */
AR_USE_RESULT ar_status ar_roll_out_feed(ar_roll_out *roll, int64_t trajectory,
                                         const ar_blend *blends, ar_error *err);
/* When all trajectories have been fed: the next cube lies a lead time later. */
void ar_roll_out_advance(ar_roll_out *roll);

/* What all trajectories know, arrays[AR_FIELD_MAX], of which there are as many as it returns:
 * besides the number of steps, all that a roll-out goes on from. */
int ar_roll_out_arrays(const ar_roll_out *roll, ar_forecast_array *arrays);
/* As after ar_roll_out_begin and `steps` steps, but that what those arrays hold has to be read. */
AR_USE_RESULT ar_status ar_roll_out_go_on(ar_roll_out *roll, int64_t first_time, int64_t steps,
                                          ar_error *err);

#endif
