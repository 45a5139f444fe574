/* An animation of a roll-out: truth and forecast of one field side by side, over lead times. */
#ifndef AR_VERIFY_FIELD_FILM_H
#define AR_VERIFY_FIELD_FILM_H

#include "verify/verification.h"

/* A frame takes GMT a second, and 0.5 MB of memory until it is drawn: the fields of a report share
 * 72, of more than 18 fields the last have no film. */
enum { AR_FILM_FRAMES = 24, AR_FILM_FRAMES_LEAST = 4, AR_FILM_FRAMES_OF_REPORT = 72 };

/* Frames of the forecast that was begun last of those that reach farthest. Larger fields are kept,
 * and drawn, at every second point, third, …: 360 in a row are more than a picture shows. */
typedef struct ar_field_film {
    ar_verification *run;
    const ar_forecast_field *field;
    int64_t reference_time, stride;
    ar_grid grid;  /* of what is kept; nlat 0: there is no film */
    int64_t every; /* of the lead times */
    int64_t frame_count;
    double lead_hours[AR_FILM_FRAMES];
    float *frames[AR_FILM_FRAMES][2]; /* truth, forecast: [nlat][nlon] */
} ar_field_film;

/* Choose the forecast; there is a film of the field's first level, where maps are drawn and at
 * least three lead times are scored. Release with ar_field_film_release. */
AR_USE_RESULT ar_status ar_field_film_init(ar_field_film *film, ar_verification *run,
                                           const ar_forecast_field *field, ar_error *err);
void ar_field_film_release(ar_field_film *film); /* safe on a zeroed one */

/* Keep a time, if the film shows it: mean and truth [nlat][nlon] of the forecast's grid. Of more
 * lead times than frames there is every second, third, … */
AR_USE_RESULT ar_status ar_field_film_add(ar_field_film *film, int64_t t, int64_t level,
                                          const float *mean, const float *truth, ar_error *err);

/* Draw film_<variable>[_<level>].png into the folder of scores, and keep it for the report. One
 * that cannot be drawn is kept for the end, ar_verification_picture_failed. */
AR_USE_RESULT ar_status ar_field_film_draw(ar_field_film *film, ar_error *err);

#endif
