/* What makes the bytes of a forecast, as a text that is compared before one is gone on with. */
#ifndef AR_TASK_FORECAST_DESCRIPTION_H
#define AR_TASK_FORECAST_DESCRIPTION_H

#include "task/forecast_sink.h"

/* Model, data and options of an outline, a line each: the parameters and the data by their content,
 * the data's paths not at all, since they may be the same by another name. The number of threads is
 * not among them: no result depends on it. The text is the caller's to ar_free. */
AR_USE_RESULT ar_status ar_forecast_describe(const ar_forecast_outline *outline, char **text,
                                             ar_error *err);

#endif
