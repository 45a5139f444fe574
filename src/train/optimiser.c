#include "train/optimiser.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

ar_status ar_optimiser_init(ar_optimiser *optimiser, const ar_graph *graph, ar_error *err)
{
    *optimiser = (ar_optimiser){.count = graph->parameter_values};
    ar_status status = ar_allocate_large(&optimiser->first_moment, (size_t)optimiser->count,
                                         sizeof(float), "the optimiser's moments", err);
    if (status == AR_OK) {
        status = ar_allocate_large(&optimiser->second_moment, (size_t)optimiser->count,
                                   sizeof(float), "the optimiser's moments", err);
    }
    return status;
}

void ar_optimiser_release(ar_optimiser *optimiser)
{
    ar_free_large(optimiser->first_moment);
    ar_free_large(optimiser->second_moment);
    *optimiser = (ar_optimiser){0};
}

bool ar_optimiser_step(ar_optimiser *optimiser, const ar_plan *plan, const ar_graph *graph,
                       const ar_backend *backend, const ar_training_configuration *settings,
                       double learning_rate, float *parameters, const float *gradients, int threads,
                       double *gradient_norm)
{
    const double bytes = (double)optimiser->count * sizeof(float);
    ar_profile_begin(optimiser->profile);
    *gradient_norm = sqrt(backend->sum_of_squares(gradients, optimiser->count, threads));
    ar_profile_end(optimiser->profile, "gradient norm", bytes);
    if (!isfinite(*gradient_norm)) {
        ar_optimiser_skip(optimiser);
        return false;
    }
    double clip = settings->gradient_clip;
    double scale = clip > 0 && *gradient_norm > clip ? clip / *gradient_norm : 1.0;
    optimiser->step++;
    optimiser->skipped_in_a_row = 0;
    ar_profile_begin(optimiser->profile);
    /* Neighbouring parameters move in one call. */
    for (size_t p = 0; p < graph->parameter_count;) {
        size_t end = p;
        while (end < graph->parameter_count && ar_plan_parameter_has_gradient(plan, (int64_t)end)) {
            end++;
        }
        if (end == p) {
            p++;
            continue;
        }
        int64_t first = graph->parameters[p].offset;
        int64_t last =
            end < graph->parameter_count ? graph->parameters[end].offset : graph->parameter_values;
        backend->adamw(&(ar_adamw_call){.count = last - first,
                                        .parameters = parameters + first,
                                        .first_moment = optimiser->first_moment + first,
                                        .second_moment = optimiser->second_moment + first,
                                        .gradients = gradients + first,
                                        .gradient_scale = scale,
                                        .learning_rate = learning_rate,
                                        .weight_decay = settings->weight_decay,
                                        .beta1 = settings->beta1,
                                        .beta2 = settings->beta2,
                                        .epsilon = settings->epsilon,
                                        .step = optimiser->step - optimiser->skipped,
                                        .threads = threads});
        p = end;
    }
    /* Parameters and two moments are read and written, gradients read. */
    ar_profile_end(optimiser->profile, "AdamW", 7 * bytes);
    return true;
}

void ar_optimiser_skip(ar_optimiser *optimiser)
{
    optimiser->step++;
    optimiser->skipped++;
    optimiser->skipped_in_a_row++;
}

double ar_learning_rate(const ar_training_configuration *settings, int64_t step)
{
    const int64_t warm_up = settings->warm_up_steps;
    if (step <= warm_up) {
        return settings->learning_rate * (double)step / (double)warm_up;
    }
    if (!settings->cosine_decay || settings->steps <= warm_up) {
        return settings->learning_rate;
    }
    double done = (double)(step - warm_up) / (double)(settings->steps - warm_up);
    double share = 0.5 * (1.0 + cos(M_PI * (done < 1 ? done : 1)));
    return settings->learning_rate_final +
           (settings->learning_rate - settings->learning_rate_final) * share;
}
