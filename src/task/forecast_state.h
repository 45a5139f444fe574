/* What a forecast is made with: the model, the data, the tiles, and what becomes of them. */
#ifndef AR_TASK_FORECAST_STATE_H
#define AR_TASK_FORECAST_STATE_H

#include "base/log.h"
#include "task/blend.h"
#include "task/counterfactual.h"
#include "task/forecast_times.h"
#include "task/forecast_sink.h"
#include "task/gaps.h"
#include "task/predictions.h"
#include "task/roll_out.h"
#include "task/tiles.h"
#include "task/wanted_output.h"
#include "train/checkpoint.h"

typedef struct {
    const ar_forecast_options *options;
    const ar_backend *backend;
    ar_type precision;
    int threads;
    ar_checkpoint checkpoint;
    ar_dataset dataset;
    ar_forecast_times times;
    ar_wanted_output output;
    int64_t pass;    /* that is computed of the output's (task/wanted_output.h) */
    int64_t span[2]; /* rows and columns of the data that a cube spans */
    ar_gaps gaps;    /* that are filled in; empty otherwise */
    ar_tiles tiles;
    int64_t *wanted, wanted_count; /* tiles that are computed */
    int64_t tiles_at_once;
    ar_batch batch;
    ar_cube *cubes; /* [tiles_at_once] */
    ar_model *model;
    ar_plan *plan;
    float *parameters;
    ar_predictions predictions;
    int64_t blend_steps; /* the valid time, and in a roll-out those before it that are fed back */
    ar_blend *blends;    /* [blend_steps][AR_FIELD_MAX] of predicted fields */
    float *interleaved[AR_FIELD_MAX]; /* [level][member][nlat][nlon] of all passes; NULL: the blend
                                       * is all there is */
    ar_roll_out roll_out;
    ar_counterfactual counterfactual; /* of options->alpha; empty otherwise */
    float *tile;                      /* [member][rows][columns] */
    const ar_forecast_sink *sinks;    /* [sink_count] */
    int64_t sink_count;
    ar_forecast_outline outline;
    ar_progress progress; /* in tiles, over all passes */
    int64_t tiles_done;
} ar_forecast_state;

/* Open the model, load the data that options ask for, and allocate all that a forecast needs.
 * state->options is set, all else is zero. */
AR_USE_RESULT ar_status ar_forecast_state_load(ar_forecast_state *state, ar_error *err);
/* Make the network ready, once the data is known: backend, precision and threads are set. */
AR_USE_RESULT ar_status ar_forecast_state_build(ar_forecast_state *state, ar_error *err);
void ar_forecast_state_release(ar_forecast_state *state); /* safe on zeroed */

#endif
