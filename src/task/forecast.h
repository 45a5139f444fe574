/* Forecasting with a trained model: the last time tokens are masked and filled for the whole grid,
 * with all members. */
#ifndef AR_TASK_FORECAST_H
#define AR_TASK_FORECAST_H

#include <signal.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef struct {
    const char *model;             /* a run folder or a checkpoint file */
    const char *const *data_paths; /* files, stores, glob patterns */
    int64_t data_path_count;
    const char *start, *end; /* first and last valid time, ISO text, both inclusive */
    int64_t every_hours,
        lead_hours;      /* between valid times; from the last known time to the valid one */
    double overlap;      /* least share of a tile that its neighbour covers too, [0, 1) */
    const char *out;     /* the netCDF file of docs/forecast-file.md */
    int threads;         /* 0: as many as OpenMP would use */
    const char *backend; /* NULL: "cpu" */
    const volatile sig_atomic_t *interrupt; /* not 0: give up, leaving no file; may be NULL */
} ar_forecast_options;

/* Forecast for every valid time whose known times are all in the data; times that are not are left
 * out with a warning, and none at all is an error. The file appears when it is complete. */
AR_USE_RESULT ar_status ar_forecast(const ar_forecast_options *options, ar_error *err);

#endif
