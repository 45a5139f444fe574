/* The clock of a run, for those who are timed: a plan tells the profile every op it ran, the loops
 * above it the parts between. Times within one another count once, for the outermost, so that all
 * of them and what is left make the wall clock. Every function does nothing for a profile NULL, and
 * a profile is told by one thread at a time. */
#ifndef AR_GRAPH_PROFILE_H
#define AR_GRAPH_PROFILE_H

#include "atmorep/profile.h"
#include "graph/graph.h"
#include "graph/schedule.h"

/* Measure the peaks of the backend for this precision and threads, and start the clock. Stop the
 * clock, if it was started, and measure them again. */
void ar_profile_start(ar_profile *profile, const ar_backend *backend, ar_type precision,
                      int threads);
void ar_profile_stop(ar_profile *profile);

/* Keep the names of the graph's nodes; before its first op is told. `forward` and `counted` are
 * operations of a step as in ar_profile_summary. */
AR_USE_RESULT ar_status ar_profile_attach(ar_profile *profile, const ar_graph *graph,
                                          double forward, double counted, ar_error *err);

/* Around what is timed. `part` is a name that lives as long as the program; `bytes` those it moves,
 * 0 where nobody counts. */
void ar_profile_begin(ar_profile *profile);
void ar_profile_end(ar_profile *profile, const char *part, double bytes);

typedef struct {
    ar_step_kind direction;
    int32_t node;
    double operations, bytes;
    int64_t rows, columns; /* of the output */
} ar_profile_op;
void ar_profile_end_op(ar_profile *profile, const ar_profile_op *op);

/* Around a step of training, or a batch of a forecast. */
void ar_profile_begin_step(ar_profile *profile);
void ar_profile_end_step(ar_profile *profile);

#endif
