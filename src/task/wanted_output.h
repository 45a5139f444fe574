/* τ, the output that a forecast asks for (`--tau`): other valid times, a shifted window, points
 * that lie farther apart than the tokens' own, or closer (data/displacement.h). Closer ones take
 * several passes over the globe: each gives the points of one displacement, and these interleave.
 */
#ifndef AR_TASK_WANTED_OUTPUT_H
#define AR_TASK_WANTED_OUTPUT_H

#include "atmorep/atmorep.h"
#include "train/checkpoint.h"

typedef struct {
    ar_displacement displacement; /* zeros: the tokens' own output */
    int64_t token_doublings;      /* as in ar_cube_space */
    int64_t halvings;  /* of the distance between points of the output: passes are 4^halvings */
    ar_grid grid;      /* of the output: every so-many-th point of the data's */
    ar_grid pass_grid; /* of the first pass: every 2^halvings-th point of that */
} ar_wanted_output;

/* Read options->tau, words with commas between them: time=HOURSh (later), rows=N (to the south),
 * columns=N (to the east), stride=N (points of the data between neighbouring ones of the output);
 * NULL: none. A word that is none of these, a model that was not trained with `tau`, one whose
 * tokens do not divide into the stride, and roll-outs or gaps beside it are errors; so are these of
 * a model whose tokens have not every point of the data. What training did not ask for is a
 * warning. Release the grids in any case. */
AR_USE_RESULT ar_status ar_wanted_output_parse(ar_wanted_output *output,
                                               const ar_forecast_options *options,
                                               const ar_checkpoint *checkpoint, ar_error *err);
/* Make the grids of the output and its passes. A global grid whose longitudes the stride does not
 * divide is an error. */
AR_USE_RESULT ar_status ar_wanted_output_grid(ar_wanted_output *output, const ar_grid *data,
                                              ar_error *err);
void ar_wanted_output_release(ar_wanted_output *output); /* safe on zeroed */

/* Points of a cube of extent[3] that its output has, along one of latitude and longitude. */
int64_t ar_wanted_output_points(const ar_wanted_output *output, int64_t extent);
/* Passes over the globe that the output takes. */
int64_t ar_wanted_output_passes(const ar_wanted_output *output);
/* The cube, of span rows and columns of the data, whose displaced targets begin at a row and column
 * of the grid of a pass. It lies within the data as far as poles and the edges of a region demand.
 */
ar_cube ar_wanted_output_cube(const ar_wanted_output *output, int64_t pass, const ar_grid *data,
                              const int64_t span[2], int64_t first_time, int64_t row,
                              int64_t column);
/* Put fields[count] of a pass [pass_grid] between those of others in `whole` [count][grid]. What
 * lies beyond its last row or column is left out. */
void ar_wanted_output_interleave(const ar_wanted_output *output, int64_t pass, const float *fields,
                                 int64_t count, float *whole);

#endif
