/* `training:` of a configuration: the optimiser's numbers and the losses. */
#include <math.h>
#include <stdio.h>

#include "model/configuration_check.h"

/* Steps are counted in 32 bits by the random streams. */
static const int64_t most_steps = 4000000000;

static ar_status check_optimiser(const ar_training_configuration *training,
                                 ar_configuration_fault *fault)
{
    const struct {
        const char *key;
        int64_t value, least;
    } steps[] = {
        {"training.steps", training->steps, 1},
        {"training.warm_up_steps", training->warm_up_steps, 0},
        {"training.checkpoint_every", training->checkpoint_every, 0},
        {"training.validate_every", training->validate_every, 0},
        {"training.log_every", training->log_every, 0},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        ar_status status = ar_configuration_check_integer(fault, steps[i].key, steps[i].value,
                                                          steps[i].least, most_steps);
        if (status != AR_OK) {
            return status;
        }
    }
    if (!(training->learning_rate > 0 && training->learning_rate <= 10)) {
        return ar_configuration_refuse(fault, "training.learning_rate",
                                       "is %g; should be above 0 and at most 10, such as 1e-3",
                                       training->learning_rate);
    }
    if (!(training->learning_rate_final >= 0)) {
        return ar_configuration_refuse(fault, "training.learning_rate_final",
                                       "is %g; should be 0 or more", training->learning_rate_final);
    }
    if (training->cosine_decay && training->learning_rate_final > training->learning_rate) {
        return ar_configuration_refuse(
            fault, "training.learning_rate_final",
            "is %g, above training.learning_rate = %g; should be at most that, as the "
            "rate decays",
            training->learning_rate_final, training->learning_rate);
    }
    if (!(training->beta1 >= 0 && training->beta1 < 1)) {
        return ar_configuration_refuse(fault, "training.beta1",
                                       "is %g; should be from 0 to below 1, such as 0.9",
                                       training->beta1);
    }
    if (!(training->beta2 >= 0 && training->beta2 < 1)) {
        return ar_configuration_refuse(fault, "training.beta2",
                                       "is %g; should be from 0 to below 1, such as 0.999",
                                       training->beta2);
    }
    if (!(training->epsilon > 0 && training->epsilon < 1)) {
        return ar_configuration_refuse(fault, "training.epsilon",
                                       "is %g; should be above 0, such as 1e-8", training->epsilon);
    }
    return AR_OK;
}

static bool needs_spread(ar_loss_kind kind)
{
    return kind != AR_LOSS_MSE && kind != AR_LOSS_MSE_ENSEMBLE && kind != AR_LOSS_WEIGHTED_MSE &&
           kind != AR_LOSS_SOBOLEV_H1;
}

static ar_status check_losses(const ar_configuration *configuration, ar_configuration_fault *fault)
{
    const ar_training_configuration *training = &configuration->training;
    bool any = false;
    for (int64_t i = 0; i < training->loss_count; i++) {
        const ar_loss_term *term = &training->losses[i];
        char key[64];
        snprintf(key, sizeof key, "training.losses.%s", ar_loss_name(term->kind));
        if (!(term->weight >= 0 && isfinite(term->weight))) {
            return ar_configuration_refuse(fault, key, "is %g; should be a weight of 0 or more",
                                           term->weight);
        }
        /* A released model may have it in its history; only a run with data would train on it. */
        if (term->kind == AR_LOSS_KERNEL_CRPS_FAIR && configuration->path_count > 0) {
            return ar_configuration_refuse(
                fault, key,
                "cannot be trained with: it is fair to members that are independent random draws, "
                "and rewards unbounded spread for tails that are deterministic functions; use "
                "kernel_crps");
        }
        if (term->weight > 0 && needs_spread(term->kind) && configuration->model.tails < 2) {
            return ar_configuration_refuse(
                fault, "model.tails",
                "is %lld, but the loss %s needs the spread of an ensemble; should be 2 "
                "or more",
                (long long)configuration->model.tails, ar_loss_name(term->kind));
        }
        any = any || term->weight > 0;
    }
    if (!any) {
        return ar_configuration_refuse(
            fault, "training.losses",
            "has no loss with a weight above 0; should name at least one, such as "
            "{kernel_crps: 1.0}");
    }
    return AR_OK;
}

ar_status ar_configuration_check_training(const ar_configuration *configuration,
                                          ar_configuration_fault *fault)
{
    ar_status status = check_optimiser(&configuration->training, fault);
    return status == AR_OK ? check_losses(configuration, fault) : status;
}
