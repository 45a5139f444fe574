/* How a forecast file is laid out: names and dimensions of CF (docs/forecast-file.md), or those of
 * WeatherBench 2 (Rasp et al. 2024), time being that of the forecast's start. */
#ifndef AR_TASK_FORECAST_LAYOUT_H
#define AR_TASK_FORECAST_LAYOUT_H

#include "atmorep/atmorep.h"
#include "data/field_data.h"
#include "io/writer.h"

typedef struct {
    bool weatherbench;
    int64_t steps;           /* lead times of a start */
    const char *members;     /* dimension of members */
    const char *coordinates; /* attribute of what is forecast; NULL: none */
} ar_forecast_layout;

/* "cf" (NULL too) or "weatherbench"; anything else is an error. */
AR_USE_RESULT ar_status ar_forecast_layout_read(ar_forecast_layout *layout,
                                                const ar_forecast_options *options, ar_error *err);

/* Name of a field's mean; those of spread, members, … are this and a suffix. */
void ar_forecast_layout_name(const ar_forecast_layout *layout, const ar_field_data *field,
                             char name[80]);

/* Define dimensions and coordinates of time; `reference` tells what forecast_reference_time is. */
AR_USE_RESULT ar_status ar_forecast_layout_define(const ar_forecast_layout *layout, ar_writer *file,
                                                  const char *calendar, const char *reference,
                                                  ar_error *err);
/* Append the dimensions of time to a variable that has none yet, and where number `index` of what
 * is forecast, step by step and start after start, lies along them: returns how many there are. */
void ar_forecast_layout_dimensions(const ar_forecast_layout *layout, ar_writer_variable *variable);
int ar_forecast_layout_place(const ar_forecast_layout *layout, int64_t index, int64_t *start,
                             int64_t *extent);
/* Write the coordinates of a valid time, in seconds. */
AR_USE_RESULT ar_status ar_forecast_layout_write(const ar_forecast_layout *layout, ar_writer *file,
                                                 int64_t index, int64_t valid_time,
                                                 int64_t lead_hours, ar_error *err);

/* Add a coordinate variable, with attributes name and text each, on the dimension of the same name
 * or another. */
AR_USE_RESULT ar_status ar_forecast_add_coordinate(ar_writer *file, const char *name,
                                                   const char *dimension, ar_writer_type type,
                                                   const char *const (*texts)[2], int count,
                                                   ar_error *err);

#endif
