/* report.html of a run: its losses, learning rate, gradients and speed by step, from metrics.jsonl.
 */
#ifndef AR_TRAIN_TRAINING_REPORT_H
#define AR_TRAIN_TRAINING_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/configuration.h"

/* Begin with the first three; the rest zero. */
typedef struct {
    const char *run; /* folder */
    const ar_configuration *configuration;
    double last; /* clock at the last writing; at first, at the beginning */
    double cost; /* seconds that the last writing took */
    bool written, given_up;
} ar_training_report;

/* Where the training is. */
typedef struct {
    int64_t step;
    int64_t skipped_steps;
    double seconds_left; /* NaN: not known */
    const char *end;     /* how it ended; NULL: it goes on */
} ar_training_state;

/* Write the page anew if half a minute has passed since the last time, and fifty times what that
 * took, so that it costs a training 2 % at most; always when the training has ended. While it goes
 * on the page loads itself anew as often. A page that cannot be written is a warning, once. Nothing
 * of it reaches the training. */
void ar_training_report_update(ar_training_report *report, const ar_training_state *state);

#endif
