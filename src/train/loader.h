/* The batches of training steps, one after the other, each filled on a thread of its own while the
 * step before computes. A batch depends on the seed and the number of its step only, so its bits
 * are those of a batch that is filled when it is needed. */
#ifndef AR_TRAIN_LOADER_H
#define AR_TRAIN_LOADER_H

#include "data/residence.h"

typedef struct ar_loader ar_loader;

typedef struct {
    const ar_sampler *sampler; /* borrowed, must outlive the loader, as its space */
    const ar_masking *masking; /* borrowed */
    ar_residence *residence;   /* the months that `sampler` draws from, of the same steps; NULL: all
                                * is in memory; borrowed */
    int64_t samples;           /* of a batch */
    uint64_t seed;
    int64_t first_step, last_step; /* none is filled beyond */
} ar_loader_options;

/* Start to fill the batch of the first step. */
AR_USE_RESULT ar_status ar_loader_start(ar_loader **loader, const ar_loader_options *options,
                                        ar_error *err);

/* Wait for the batch of the next step, which stays as it is until ar_loader_go_on. What failed on
 * the loader's thread is the error. Borrowed. */
AR_USE_RESULT ar_status ar_loader_wait(ar_loader *loader, const ar_batch **batch, ar_error *err);

/* The batch has been read: its place is for that of the step after. */
void ar_loader_go_on(ar_loader *loader);

/* End the thread, whatever it is doing, and release its batch. NULL-safe, sets NULL. */
void ar_loader_stop(ar_loader **loader);

#endif
