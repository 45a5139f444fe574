/* What a forecast file holds, and where in it (docs/forecast-file.md). The same definitions serve
 * the store that grows during the forecast and the netCDF file that is made of it at the end. */
#ifndef AR_TASK_FORECAST_CONTENTS_H
#define AR_TASK_FORECAST_CONTENTS_H

#include "io/writer.h"
#include "task/forecast_layout.h"
#include "task/forecast_sink.h"

typedef struct {
    const ar_forecast_outline *outline; /* borrowed */
    const ar_grid *grid;                /* that is written; borrowed */
    ar_forecast_layout layout;
} ar_forecast_contents;

typedef enum {
    AR_FORECAST_MEAN,
    AR_FORECAST_SPREAD,
    AR_FORECAST_MEMBERS,
    AR_FORECAST_DIFFERENCE, /* this and the next of a counterfactual alone */
    AR_FORECAST_P_VALUE,
    AR_FORECAST_KINDS,
} ar_forecast_kind;

/* Values of one field and kind at one time, [level][member][latitude][longitude]. */
typedef struct {
    char name[96]; /* of the variable */
    int64_t start[AR_WRITER_RANK_MAX], extent[AR_WRITER_RANK_MAX];
} ar_forecast_place;

/* How many kinds of each predicted field there are, from the first. */
int ar_forecast_contents_kinds(const ar_forecast_contents *contents);
ar_forecast_place ar_forecast_contents_find(const ar_forecast_contents *contents, int64_t field,
                                            ar_forecast_kind kind, int64_t index);

/* Define dimensions, variables and attributes, and write what does not change with time. */
AR_USE_RESULT ar_status ar_forecast_contents_define(const ar_forecast_contents *contents,
                                                    ar_writer *file, ar_error *err);
/* Write when time number `index` is. */
AR_USE_RESULT ar_status ar_forecast_contents_write_time(const ar_forecast_contents *contents,
                                                        ar_writer *file, int64_t index,
                                                        ar_error *err);
/* Copy all times from the store at `path`, with the same definitions, into `file`, which is
 * defined, in the order of time. Memory is that of one field's members at one time. */
AR_USE_RESULT ar_status ar_forecast_contents_copy(const ar_forecast_contents *contents,
                                                  const char *path, ar_writer *file, ar_error *err);

#endif
