/* A batch of random numbers in the shapes of a model, made in memory: what is timed is the network,
 * not the reading of files. */
#ifndef BENCH_SYNTHETIC_H
#define BENCH_SYNTHETIC_H

#include "model/model.h"

/* Fill every field with normal values and uniform token information, and hide the model's largest
 * number of masked tokens of each sample, which become the targets. Depends on the seed only.
 * Release with synthetic_release. */
AR_USE_RESULT ar_status synthetic_create(ar_batch *batch, const ar_model *model, int64_t samples,
                                         uint64_t seed, ar_error *err);
void synthetic_release(ar_batch *batch); /* safe on zeroed */

#endif
