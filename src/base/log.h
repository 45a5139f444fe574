/* What the program tells while it works: lines of a log, and progress with time left.
 * Rooms below `cli` never print by themselves: they call these, and `cli` decides where it goes.
 * On a terminal progress is one line that is drawn again; elsewhere a plain line now and then. */
#ifndef AR_BASE_LOG_H
#define AR_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/log.h"
#include "atmorep/status.h"

void ar_log(ar_log_level level, const char *format, ...) AR_PRINTF(2, 3);

typedef struct {
    const char *label;
    int64_t first, total; /* work already done at the start, and all of it */
    double started, last_shown;
} ar_progress;

void ar_progress_begin(ar_progress *progress, const char *label, int64_t first, int64_t total);
/* Tell that `done` of the total is done; `detail` (may be "") is shown behind it. Cheap to call
 * often: it shows at most five times a second. */
void ar_progress_update(ar_progress *progress, int64_t done, const char *detail);
void ar_progress_end(ar_progress *progress, const char *detail);

double ar_clock_seconds(void); /* monotonic */
/* "2:03 min", "1:10 h" into text[16] */
void ar_format_duration(double seconds, char text[16]);

#endif
