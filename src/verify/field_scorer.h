/* One field while it is scored: its truth, what it is compared with, and sums of all of its levels
 * at the lead times that are begun. Times come one after the other, in any order of lead times, so
 * that a forecast may be scored from a file or while it is made; nothing here grows with their
 * number but two indices and the sums of blocks of days. */
#ifndef AR_VERIFY_FIELD_SCORER_H
#define AR_VERIFY_FIELD_SCORER_H

#include "verify/climate_scale.h"
#include "verify/field_places.h"
#include "verify/lead_scores.h"
#include "verify/seeps.h"
#include "verify/rival.h"
#include "verify/time_interpolation.h"
#include "verify/truth.h"
#include "verify/verification.h"

/* Of one lead time. The sums and r are there from its begin to its end, the scores after it. */
typedef struct {
    ar_lead_scores *sums;      /* [level_count][region_count] */
    ar_rival_sums *rivals;     /* [level_count][region_count][rival_count] */
    ar_energy_score *together; /* [region_count] of all levels; NULL where there is only one */
    float *r;                  /* [level_count][points] lag correlation */
    ar_mean_spectra *spectra;  /* [level_count]; NULL where the grid has none */
    int64_t times, persistence_times, first_time, last_time;
    ar_score *scores;             /* [level_count][region_count] */
    ar_level_score *level_scores; /* [region_count]; NULL where there is only one level */
} ar_field_lead;

typedef struct {
    ar_verification *run;
    const ar_forecast_field *field;
    ar_truth truth, period; /* of the forecast's times, and of those of the climatology */
    ar_time_interpolation interpolation;
    int64_t *valid_index,
        *reference_index; /* [time_count] in truth; −1 where it has no such time */
    int64_t points, map_time;
    double *climatology;                  /* [level_count][points] */
    ar_climate_scale *climates;           /* [level_count] */
    double *room;                         /* [points] of energy scores */
    float *mean, *spread;                 /* [points] over members */
    float *climatology_forecast, *damped; /* [points] */
    ar_seeps_climate seeps;               /* zeroed where there is no precipitation */
    ar_field_places places;
    double *thresholds; /* [threshold_count] */
    int64_t threshold_count;
    ar_rival_field *rivals; /* [run->rival_count] */
    ar_field_lead *leads;   /* [run->lead_count] */
} ar_field_scorer;

/* Room for the sums of a lead time, zeroed before; released with the scorer. */
AR_USE_RESULT ar_status ar_field_lead_init(ar_field_lead *lead, const ar_field_scorer *scorer,
                                           ar_error *err);
void ar_field_lead_release(ar_field_lead *lead, const ar_field_scorer *scorer);

/* Find truth and compute the climatology. Truth that lacks times is told as a warning; truth that
 * has none of them is an error. Borrows run and field. Release with ar_field_scorer_release. */
AR_USE_RESULT ar_status ar_field_scorer_init(ar_field_scorer *scorer, ar_verification *run,
                                             const ar_forecast_field *field, ar_error *err);
void ar_field_scorer_release(ar_field_scorer *scorer); /* safe on a zeroed one */

/* Make room for the sums of a lead time, and go through the period for its lag correlation. */
AR_USE_RESULT ar_status ar_field_scorer_begin_lead(ar_field_scorer *scorer, int64_t lead,
                                                   ar_error *err);

/* Is there truth for the time number t of the forecast? */
bool ar_field_scorer_wants(const ar_field_scorer *scorer, int64_t t);
/* Add a level of a time that is wanted and whose lead time is begun: members [member_count][nlat]
 * [nlon]. All levels of a time have to follow on each other, from the first on. Draws the map when
 * this is the time for it, and adds a frame to the film of the field. */
AR_USE_RESULT ar_status ar_field_scorer_add(ar_field_scorer *scorer, int64_t t, int64_t level,
                                            const float *members, ar_error *err);

/* Read the scores of a lead time from its sums, which are freed. */
AR_USE_RESULT ar_status ar_field_scorer_end_lead(ar_field_scorer *scorer, int64_t lead,
                                                 ar_error *err);
/* Append what was scored to run->scores, run->level_scores and run->spectra. */
AR_USE_RESULT ar_status ar_field_scorer_finish(ar_field_scorer *scorer, ar_error *err);

#endif
