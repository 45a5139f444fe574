/* Where the time of a run goes (docs/profile.md). Make a profile, give it to ar_train_file or
 * ar_forecast in their options, read it when they have returned, whatever they returned. */
#ifndef ATMOREP_PROFILE_H
#define ATMOREP_PROFILE_H

#include <stdint.h>

#include "atmorep/status.h"

typedef struct ar_profile ar_profile;

/* One kind of op in one direction, or one other part of the program. */
typedef struct {
    const char *name;      /* "linear"; "AdamW" */
    const char *direction; /* "forward", "again" (recomputed) or "adjoint"; "": not an op */
    int64_t calls;
    double seconds;
    double operations; /* floating-point, a multiply-add is two; 0: not counted */
    double bytes;      /* operands, each read and written once; 0: not counted */
} ar_profile_row;

typedef struct {
    const ar_profile_row *rows; /* [row_count] ops, then parts, each from the longest to the
                                 * shortest, then what is in none of them. The profile's */
    int64_t row_count;
    double seconds;                       /* wall clock of the run: the sum of the rows */
    int64_t steps;                        /* of training, or batches of tiles of a forecast */
    double step_seconds, step_operations; /* of all steps together; operations that were done */
    /* Of one step with every row there can be, as `atmorep info` counts: those of the ops that run
     * forward once, and of all that run, adjoints and recomputed ones too. */
    double forward_operations, counted_operations;
    const char *backend, *precision;
    int threads;
    double peak;      /* operations a second, measured before and after; 0: not known */
    double bandwidth; /* bytes a second; 0: not known */
} ar_profile_summary;

AR_USE_RESULT ar_status ar_profile_create(ar_profile **profile, ar_error *err);
void ar_profile_destroy(ar_profile **profile); /* NULL-safe, sets NULL */

/* The table; no rows where the run did not come to its first op. */
ar_profile_summary ar_profile_summarise(ar_profile *profile);

/* Write the calls of the first and last three steps, at most 16,384 each, as a trace that
 * chrome://tracing and ui.perfetto.dev show: "complete" events of the Trace Event Format (Google,
 * 2016) with time and duration in microseconds, named after the graph's nodes, their category the
 * direction. */
AR_USE_RESULT ar_status ar_profile_write_trace(const ar_profile *profile, const char *path,
                                               ar_error *err);

#endif
