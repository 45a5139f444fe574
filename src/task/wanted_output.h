/* τ, the output that a forecast asks for (`--tau`): other valid times, a shifted window, coarser
 * points than the tokens' own (data/displacement.h). */
#ifndef AR_TASK_WANTED_OUTPUT_H
#define AR_TASK_WANTED_OUTPUT_H

#include "atmorep/atmorep.h"
#include "train/checkpoint.h"

typedef struct {
    ar_displacement displacement; /* zeros: the tokens' own output */
    ar_grid grid;                 /* of the output: every stride-th point of the data's */
} ar_wanted_output;

/* Read options->tau, words with commas between them: time=HOURSh (later), rows=N (to the south),
 * columns=N (to the east), stride=N; NULL: none. A word that is none of these, a model that was not
 * trained with `tau`, one whose tokens do not divide into the stride, and roll-outs or gaps beside
 * it are errors; what training did not ask for is a warning. Release the grid in any case. */
AR_USE_RESULT ar_status ar_wanted_output_parse(ar_wanted_output *output,
                                               const ar_forecast_options *options,
                                               const ar_checkpoint *checkpoint, ar_error *err);
/* Make the grid of the output. A global grid whose longitudes the stride does not divide is an
 * error. */
AR_USE_RESULT ar_status ar_wanted_output_grid(ar_wanted_output *output, const ar_grid *data,
                                              ar_error *err);
void ar_wanted_output_release(ar_wanted_output *output); /* safe on zeroed */

/* Points of a cube of extent[3] that its output has, along one of latitude and longitude. */
int64_t ar_wanted_output_points(const ar_wanted_output *output, int64_t extent);
/* The cube whose displaced targets begin at a row and column of the output's grid. It lies within
 * the data as far as poles and the edges of a region demand. */
ar_cube ar_wanted_output_cube(const ar_wanted_output *output, const ar_grid *data,
                              const int64_t extent[3], int64_t first_time, int64_t row,
                              int64_t column);

#endif
