#include "train/training_run.h"

#include <math.h>

#include "base/log.h"

static double scalar(const ar_training_run *run, ar_tensor tensor)
{
    return (double)*(const float *)ar_plan_matrix(run->plan, tensor).data;
}

/* Add the losses of the batch that was just computed, `weight` times. */
static void add_losses(const ar_training_run *run, ar_loss_sums *sums, int64_t weight)
{
    const ar_configuration *c = run->configuration;
    sums->count += weight;
    sums->total += (double)weight * scalar(run, run->model->loss);
    for (int64_t p = 0; p < c->prediction_count; p++) {
        int64_t f = c->prediction_order[p];
        for (int64_t i = 0; i < c->training.loss_count; i++) {
            ar_loss_kind kind = c->training.losses[i].kind;
            sums->losses[f][kind] +=
                (double)weight * scalar(run, run->model->fields[f].losses[kind]);
        }
    }
}

static void feed(ar_training_run *run, const ar_batch *batch, const ar_draw *draw)
{
    ar_profile_begin(run->options->profile);
    ar_model_feed(run->model, run->plan, batch);
    if (!draw->validation) {
        ar_model_draw_dropout(run->model, run->plan, draw);
    }
    ar_profile_end(run->options->profile, "feeding the model", 0);
}

ar_status ar_training_run_need_finite(const ar_training_run *run, ar_error *err)
{
    const double squares = run->backend->sum_of_squares(
        run->parameters, run->model->graph->parameter_values, run->threads);
    if (!isfinite(squares)) {
        return ar_fail(err, AR_ERROR_NUMERIC,
                       "%s: at step %lld the parameters are not finite numbers any more; the "
                       "checkpoints before it are whole. A lower training.learning_rate may help",
                       run->options->run, (long long)run->optimiser.step);
    }
    return AR_OK;
}

/* Say what was not finite of the step that was just skipped. */
static ar_status tell_skipped(const ar_training_run *run, const char *what, double value,
                              ar_error *err)
{
    ar_status status = ar_training_run_need_finite(run, err);
    if (status == AR_OK) {
        ar_log(AR_LOG_WARNING, "step %lld is skipped, %s is %g; %lld skipped so far",
               (long long)run->optimiser.step, what, value, (long long)run->optimiser.skipped);
    }
    return status;
}

ar_status ar_training_run_step(ar_training_run *run, int64_t step, ar_error *err)
{
    const ar_training_configuration *settings = &run->configuration->training;
    const ar_draw draw = {.seed = (uint64_t)run->configuration->seed, .step = (uint32_t)step};
    const ar_batch *batch = NULL;
    double norm = 0;
    ar_profile_begin(run->options->profile);
    ar_status status = ar_loader_wait(run->loader, &batch, err);
    ar_profile_end(run->options->profile, "waiting for the batch", 0);
    if (status != AR_OK) {
        return status;
    }
    feed(run, batch, &draw);
    ar_loader_go_on(run->loader);
    ar_plan_forward(run->plan);
    const double loss = scalar(run, run->model->loss);
    if (!isfinite(loss)) {
        ar_optimiser_skip(&run->optimiser);
        return tell_skipped(run, "its loss", loss, err);
    }
    ar_plan_adjoint(run->plan);
    bool moved = ar_optimiser_step(&run->optimiser, run->plan, run->model->graph, run->backend,
                                   settings, ar_learning_rate(settings, step), run->parameters,
                                   run->gradients, run->threads, &norm);
    if (!moved) {
        return tell_skipped(run, "the norm of its gradient", norm, err);
    }
    add_losses(run, &run->sums, 1);
    run->sums.gradient_norm += norm;
    return AR_OK;
}

ar_status ar_training_run_validate(ar_training_run *run, int64_t step, ar_error *err)
{
    const ar_training_configuration *settings = &run->configuration->training;
    ar_cube_source *source = &run->validation;
    ar_loss_sums sums = {0};
    char text[256];
    const int64_t last = (settings->validation_samples - 1) / settings->batch;
    ar_status status = AR_OK;
    AR_TRY(ar_cube_source_start(source, 0, last, err));
    for (int64_t k = 0; k <= last; k++) {
        const int64_t done = k * settings->batch, left = settings->validation_samples - done;
        const int64_t count = left < settings->batch ? left : settings->batch;
        const ar_draw draw = {.seed = (uint64_t)run->configuration->seed,
                              .step = ar_cube_source_changes(source) ? (uint32_t)k : 0,
                              .first_sample = (uint32_t)done,
                              .validation = true};
        ar_profile_begin(run->options->profile);
        if (source->residence) {
            AR_TRY(ar_residence_wait(source->residence, draw.step, err));
        }
        ar_sampler_draw(&source->sampler, &draw, run->cubes, count);
        ar_batch_fill(&run->batch, &source->space, run->cubes, count, &run->configuration->masking,
                      &draw, false);
        ar_profile_end(run->options->profile, "filling the batch", 0);
        feed(run, &run->batch, &draw);
        ar_plan_forward(run->plan);
        add_losses(run, &sums, count);
    }
    ar_loss_sums_format(&sums, run->configuration, text, sizeof text);
    ar_log(AR_LOG_INFO, "step %lld  validation %s", (long long)step, text);
    status = ar_metrics_write(&run->metrics, &sums, step, NULL, err);
cleanup:
    ar_cube_source_pause(source);
    return status;
}
