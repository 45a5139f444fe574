/* The energy score of whole fields: CRPS with a field in the place of a number, which also asks
 * whether the members have the truth's structure in space (Gneiting and Raftery 2007, sec. 4.3).
 * The vector is the field at the points of an area, and its norm the root of the area-weighted mean
 * square, as WeatherBench 2 has it: in the field's unit. Of several levels together the squares are
 * averaged over levels. */
#ifndef AR_VERIFY_ENERGY_SCORE_H
#define AR_VERIFY_ENERGY_SCORE_H

#include "verify/scores.h"

typedef struct {
    ar_score_area area;
    int64_t member_count, times;
    double distance;       /* Σ over times of 1/N Σ‖xᵢ − y‖ */
    double pairs;          /* Σ over times of ΣΣ‖xᵢ − xⱼ‖, i < j */
    double *point_weights; /* [nlat][nlon] 0 where a point does not count; room for one level */
    bool room_is_shared;   /* the caller's */
    int64_t levels;        /* of the time at work */
    double *distances;     /* [N(N + 1)/2] squares, summed over its levels */
} ar_energy_score;

/* member_count ≥ 1. Release with ar_energy_score_release. */
AR_USE_RESULT ar_status ar_energy_score_init(ar_energy_score *score, const ar_score_area *area,
                                             int64_t member_count, ar_error *err);
/* Take room[nlat][nlon] of the caller's in the place of its own: scores that are added to one after
 * the other need it only once. */
void ar_energy_score_share_room(ar_energy_score *score, double *room);
void ar_energy_score_release(ar_energy_score *score); /* safe on a zeroed one */

/* Add one time, if any point of it counts: the truth and all members are there. members
 * [member_count][nlat][nlon], truth [nlat][nlon]. O(N²) fields are compared, in parallel. */
void ar_energy_score_add(ar_energy_score *score, const float *members, const float *truth);
/* The same of several levels: add each that has a point that counts, then end the time. */
void ar_energy_score_add_level(ar_energy_score *score, const float *members, const float *truth);
void ar_energy_score_end_time(ar_energy_score *score);

/* Means over times, NaN without any:
 *     plain  1/N Σ‖xᵢ − y‖ − 1/(2N²)     ΣΣ‖xᵢ − xⱼ‖
 *     fair   1/N Σ‖xᵢ − y‖ − 1/(2N(N−1)) ΣΣ‖xᵢ − xⱼ‖; NaN with one member. */
double ar_energy_score_plain(const ar_energy_score *score);
double ar_energy_score_fair(const ar_energy_score *score);

#endif
