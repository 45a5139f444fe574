/* Reading a forecast file (docs/forecast-file.md), in the layout cf or weatherbench: its times,
 * grid, fields and members. Whichever it is, a time is one valid time with its reference time. */
#ifndef AR_VERIFY_FORECAST_FILE_H
#define AR_VERIFY_FORECAST_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "field/grid.h"
#include "field/time.h"
#include "io/source.h"

/* What a dimension means; a variable may have them in any order. */
typedef enum {
    AR_AXIS_TIME, /* valid times; with steps the reference times */
    AR_AXIS_STEP, /* lead times */
    AR_AXIS_LEVEL,
    AR_AXIS_MEMBER,
    AR_AXIS_LATITUDE,
    AR_AXIS_LONGITUDE,
    AR_AXIS_COUNT
} ar_forecast_axis;

typedef struct {
    char variable[64], standard_name[96], long_name[96], units[64]; /* "" where the file has none */
    char level_units[32];      /* of `levels`; "" for a field without levels */
    int64_t level_count;       /* 1 for a field without levels */
    double *levels;            /* [level_count], pressure in hPa; NULL for a field without levels */
    int64_t member_count;      /* 1 when the file has only the mean */
    const ar_variable *values; /* <variable>_members, or <variable> where there is no such */
    int axes[AR_AXIS_COUNT];   /* where each lies in the dimensions of `values`; −1: nowhere */
} ar_forecast_field;

typedef struct {
    ar_source *source;
    const char *path; /* as messages call it; borrowed */
    ar_grid grid;
    ar_grid_order order;
    ar_calendar calendar;
    int64_t step_count; /* layout weatherbench: lead times of each start; 0: layout cf */
    int64_t time_count; /* weatherbench: starts times steps, the steps of a start side by side */
    int64_t *valid_times, *reference_times, *lead_times; /* [time_count] seconds */
    int64_t training_start, training_end;                /* both inclusive */
    int64_t gap; /* of an interpolation in time: seconds between the known times; else 0 */
    int64_t field_count;
    ar_forecast_field *fields; /* [field_count] in the file's order */
} ar_forecast_file;

/* Open and check; what the format asks for and the file lacks is an error that names it, and so is
 * a lead time that is not the valid time less the reference time. Close with
 * ar_forecast_file_close. */
AR_USE_RESULT ar_status ar_forecast_file_open(ar_forecast_file *file, const char *path,
                                              ar_error *err);
/* The same of a forecast that need not be a trained model's: without times of training. */
AR_USE_RESULT ar_status ar_forecast_file_open_other(ar_forecast_file *file, const char *path,
                                                    ar_error *err);
void ar_forecast_file_close(ar_forecast_file *file); /* safe on a zeroed one */

/* Read the members of a field at a time and level index, in the grid's order.
 * members [member_count][nlat][nlon], NaN where missing. One thread at a time. */
AR_USE_RESULT ar_status ar_forecast_file_read(ar_forecast_file *file,
                                              const ar_forecast_field *field, int64_t time_index,
                                              int64_t level_index, float *members, ar_error *err);

/* The long name of a field, or its standard name, or that of its variable. Borrows. */
const char *ar_forecast_field_name(const ar_forecast_field *field);

/* A level's key in JSON ("850", "surface" for a field without levels), and its text with the unit.
 */
void ar_forecast_field_describe_level(const ar_forecast_field *field, int64_t level, char key[32],
                                      char text[48]);

#endif
