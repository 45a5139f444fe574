/* The parts of opening a forecast file, one after the other. Private to forecast_file*.c. */
#ifndef AR_VERIFY_FORECAST_FILE_PARTS_H
#define AR_VERIFY_FORECAST_FILE_PARTS_H

#include "verify/forecast_file.h"

/* Read a coordinate on `dimension` into a new array of doubles, the caller's to ar_free. One that
 * is missing, empty, or has another dimension or more is an error. */
AR_USE_RESULT ar_status ar_forecast_file_read_coordinate(double **values, int64_t *count,
                                                         const ar_forecast_file *file,
                                                         const char *name, const char *dimension,
                                                         ar_error *err);

/* Read valid, reference and lead times, in the layout that the file has. */
AR_USE_RESULT ar_status ar_forecast_file_read_times(ar_forecast_file *file, ar_error *err);

/* Find the fields, when times and grid are known, and where their dimensions lie. */
AR_USE_RESULT ar_status ar_forecast_file_read_fields(ar_forecast_file *file, ar_error *err);

#endif
