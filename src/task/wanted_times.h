/* Which valid times are asked for: a date, a list, or a range. */
#ifndef AR_TASK_WANTED_TIMES_H
#define AR_TASK_WANTED_TIMES_H

#include "atmorep/atmorep.h"
#include "field/time.h"

enum { AR_HOURS_MOST = 24 * 366 * 100 }; /* of lead times and between valid times */

/* First and last of them as texts, which are the options'. A list beside a range, and neither, are
 * errors; so is a range without times, as far as it is one of the standard calendar: the data's is
 * not known yet. */
AR_USE_RESULT ar_status ar_wanted_times_ends(const ar_forecast_options *options, const char **start,
                                             const char **end, ar_error *err);
/* All of them, times[count] in seconds, ascending, each once; the caller's to ar_free. */
AR_USE_RESULT ar_status ar_wanted_times_list(const ar_forecast_options *options,
                                             ar_calendar calendar, int64_t **times, int64_t *count,
                                             ar_error *err);

#endif
