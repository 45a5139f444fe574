/* What of a checkpoint does not fit a model, collected to be told in one line. */
#ifndef AR_MODEL_RELEASED_MISFITS_H
#define AR_MODEL_RELEASED_MISFITS_H

#include <stddef.h>
#include <stdint.h>

#include "atmorep/status.h"

/* The first few of a kind of problem, and how many there are. */
typedef struct {
    char text[256];
    size_t used;
    int64_t count;
} ar_problems;

typedef struct {
    ar_problems unknown, shape, missing;
} ar_misfits;

/* One more problem of a kind; {0} begins. */
void ar_problems_note(ar_problems *problems, const char *format, ...) AR_PRINTF(2, 3);

/* "[48, 108]" */
void ar_shape_format(int rank, const int64_t *shape, char text[96]);

/* AR_OK without a problem; otherwise an error: which file (and how many more), which configuration,
 * how many of each kind, and the first of them. */
AR_USE_RESULT ar_status ar_misfits_status(const ar_misfits *misfits, const char *const *paths,
                                          int64_t path_count, const char *configuration,
                                          ar_error *err);

#endif
