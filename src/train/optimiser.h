/* AdamW over the parameter block of a model. */
#ifndef AR_TRAIN_OPTIMISER_H
#define AR_TRAIN_OPTIMISER_H

#include "graph/plan.h"
#include "model/configuration.h"

typedef struct {
    int64_t count;                       /* of the parameter block */
    float *first_moment, *second_moment; /* [count] */
    int64_t step;                        /* steps done, skipped ones among them */
    int64_t skipped, skipped_in_a_row;   /* of all steps; of the last ones, up to `step` */
    ar_profile *profile;                 /* borrowed; NULL: nobody asks for the time */
} ar_optimiser;

AR_USE_RESULT ar_status ar_optimiser_init(ar_optimiser *optimiser, const ar_graph *graph,
                                          ar_error *err);
void ar_optimiser_release(ar_optimiser *optimiser);

/* One step with the settings' weight decay, β and ε at a learning rate. Gradients are scaled down
 * to a global norm of settings->gradient_clip if they are longer (0: never; Pascanu et al. 2013).
 * *gradient_norm receives the norm before that. Parameters that no gradient reaches do not move,
 * not even by weight decay. When the norm is not finite the step is skipped, see below, and false
 * is returned. The bias of the moments is corrected for the steps that were not skipped. */
bool ar_optimiser_step(ar_optimiser *optimiser, const ar_plan *plan, const ar_graph *graph,
                       const ar_backend *backend, const ar_training_configuration *settings,
                       double learning_rate, float *parameters, const float *gradients, int threads,
                       double *gradient_norm);

/* A step that does not count: parameters and moments stay as they are. For a loss that is not
 * finite. */
void ar_optimiser_skip(ar_optimiser *optimiser);

/* Learning rate of step 1, 2, …: linear warm-up to settings->learning_rate, then constant or half a
 * cosine down to learning_rate_final at settings->steps (Loshchilov and Hutter 2017). */
double ar_learning_rate(const ar_training_configuration *settings, int64_t step);

#endif
