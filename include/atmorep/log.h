/* Where the library's log lines and progress go: nowhere, until a program sets its sinks. */
#ifndef ATMOREP_LOG_H
#define ATMOREP_LOG_H

#include <stdbool.h>

#include "atmorep/status.h"

typedef enum { AR_LOG_WARNING, AR_LOG_INFO, AR_LOG_DETAIL } ar_log_level;
typedef void (*ar_log_sink)(void *context, ar_log_level level, const char *line);

/* Set where log lines go (NULL: nowhere, the default of the library). Not thread-safe. */
void ar_log_set_sink(ar_log_sink sink, void *context);
typedef void (*ar_progress_sink)(void *context, const char *line, bool finished);
void ar_progress_set_sink(ar_progress_sink sink, void *context);

#endif
