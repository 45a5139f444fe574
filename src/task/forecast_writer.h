/* Writing the forecast file (docs/forecast-file.md). */
#ifndef AR_TASK_FORECAST_WRITER_H
#define AR_TASK_FORECAST_WRITER_H

#include "io/writer.h"
#include "task/forecast_contents.h"
#include "task/unfinished_forecast.h"
#include "atmorep/atmorep.h"
#include "train/checkpoint.h"

typedef struct {
    ar_forecast_contents contents; /* its grid is what was given, or `point` */
    ar_unfinished_forecast unfinished;
    ar_writer *store;            /* of what is unfinished */
    ar_grid point;               /* the one wanted point of the grid that was given; borrows */
    int64_t points, first_point; /* of that grid: how many, and which */
    float *mean, *spread;        /* [levels of the largest field][nlat][nlon] */
    float *members; /* of one point, [levels of the largest field][member]; else NULL */
} ar_forecast_writer;

/* Begin what outline->options->out names, or go on with it; all of the outline is borrowed. */
AR_USE_RESULT ar_status ar_forecast_writer_create(ar_forecast_writer *writer,
                                                  const ar_forecast_outline *outline,
                                                  ar_error *err);
/* Write time number `index`: members[f], [level][member][nlat][nlon], of the predicted fields in
 * the field's unit. Mean and spread are computed here. */
AR_USE_RESULT ar_status ar_forecast_writer_write(ar_forecast_writer *writer, int64_t index,
                                                 const float *const *members, ar_error *err);
/* Write of a field, of the same time, how a counterfactual's mean differs and how likely that is
 * chance: each [level][nlat][nlon]. Only of options with `alpha`. */
AR_USE_RESULT ar_status ar_forecast_writer_write_difference(ar_forecast_writer *writer,
                                                            int64_t index, int64_t field,
                                                            const float *difference,
                                                            const float *p_value, ar_error *err);
/* Put the file in its place; a netCDF file is made of the store now. */
AR_USE_RESULT ar_status ar_forecast_writer_commit(ar_forecast_writer *writer, ar_error *err);
/* What can be told of a file that is asked for before anything is computed. */
AR_USE_RESULT ar_status ar_forecast_writer_check(const ar_forecast_options *options, ar_error *err);
/* The writer as a sink; zeroed before, and to be released after the forecast. */
ar_forecast_sink ar_forecast_writer_sink(ar_forecast_writer *writer);
/* Of a forecast that failed, say what can be gone on with; returns its status. */
ar_status ar_forecast_writer_explain(const ar_forecast_writer *writer, ar_status status,
                                     ar_error *err);
/* Abandon what is not committed, but keep what is unfinished with complete times. */
void ar_forecast_writer_release(ar_forecast_writer *writer);

#endif
