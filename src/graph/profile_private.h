/* What a profile holds, for the two files that fill and write it. */
#ifndef AR_GRAPH_PROFILE_PRIVATE_H
#define AR_GRAPH_PROFILE_PRIVATE_H

#include "graph/profile.h"

enum {
    AR_PROFILE_DIRECTIONS = 3,
    AR_PROFILE_PARTS = 32,       /* most kinds of parts */
    AR_PROFILE_EVENTS = 1 << 14, /* of the first, and of the last steps */
    AR_PROFILE_STEPS = 3,        /* so many first and last ones are kept */
};

typedef struct {
    double start, seconds; /* since the start of the clock */
    const char *part;      /* NULL: an op */
    ar_profile_op op;
    int64_t step; /* begun so far: 0 before the first */
} ar_profile_event;

struct ar_profile {
    const ar_backend *backend;
    ar_type precision;
    int threads;
    double peak, bandwidth;
    double started, stopped; /* clock */
    int depth;               /* of begins without their end */
    double begun;            /* clock, at depth 1 */
    ar_op_kind *kinds;       /* [node_count] */
    char **names;            /* [node_count] */
    size_t node_count;
    ar_profile_row ops[AR_OP_COUNT][AR_PROFILE_DIRECTIONS];
    ar_profile_row parts[AR_PROFILE_PARTS];
    ar_profile_row rows[AR_OP_COUNT * AR_PROFILE_DIRECTIONS + AR_PROFILE_PARTS + 1];
    int64_t steps;
    bool in_step;
    double step_begun, step_seconds, step_operations, forward_operations, counted_operations;
    ar_profile_event *first, *last;  /* [AR_PROFILE_EVENTS]; last is a ring */
    int64_t first_count, last_count; /* told so far; of the ring the newest are there */
};

/* "forward", "again", "adjoint" */
const char *ar_profile_direction_name(ar_step_kind direction);

#endif
