/* Verification of a forecast file against truth: scores, a table, maps. */
#ifndef AR_VERIFY_VERIFY_H
#define AR_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "atmorep/status.h"

typedef struct {
    const char *forecast;           /* a file of docs/forecast-file.md */
    const char *const *truth_paths; /* files, stores, globs */
    int64_t truth_count;
    const char *out; /* folder for scores.json, scores.txt and maps */
    /* Period for climatology and damping; NULL: the forecast file's training_start, training_end.
     */
    const char *climatology_start, *climatology_end;
    bool maps; /* draw maps (needs GMT) */
} ar_verify_options;

/* Score the forecast; scores.json, scores.txt and map_<variable>[_<level>].png appear in
 * options->out. `table` receives the text of scores.txt; the caller's to ar_free. */
AR_USE_RESULT ar_status ar_verify(const ar_verify_options *options, char **table, ar_error *err);

#endif
