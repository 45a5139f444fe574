#include "nature/run_options.h"

#include <stddef.h>
#include <string.h>

#include "io/writer.h"

/* So that hours and seconds fit, and a name of a member into a file's. */
enum { MOST_DAYS = 1000000, MOST_MEMBERS = 100000 };

ar_nature_run_options ar_nature_run_default_options(void)
{
    static const double levels[] = {850, 700, 500, 300, 200};
    const ar_nature_settings usual = ar_nature_default_settings(31, 8);
    return (ar_nature_run_options){.model = {.truncation = usual.truncation,
                                             .nlev = usual.nlev,
                                             .diffusion_order = usual.diffusion_order,
                                             .diffusion_hours = usual.diffusion_time / 3600,
                                             .filter_strength = usual.filter,
                                             .filter_alpha = usual.filter_alpha,
                                             .held_suarez = true,
                                             .water_cycle = true,
                                             .seasonal_cycle = true,
                                             .land = true,
                                             .orography = 1},
                                   .days = 100,
                                   .spin_up_days = 200,
                                   .output = {.every_hours = 6,
                                              .levels = levels,
                                              .level_count = sizeof levels / sizeof *levels},
                                   .seed = 1,
                                   .start = "2001-01-01",
                                   .checkpoint_days = 10};
}

void ar_nature_run_make_dry(ar_nature_model_options *model)
{
    model->water_cycle = model->seasonal_cycle = model->land = false;
    model->orography = 0;
}

ar_nature_settings ar_nature_run_settings(const ar_nature_model_options *model,
                                          int64_t start_seconds)
{
    ar_nature_settings s = ar_nature_default_settings(model->truncation, model->nlev);
    s.sigma_half = model->sigma_interfaces;
    s.steps_per_hour = model->steps_per_hour != 0 ? model->steps_per_hour : s.steps_per_hour;
    s.diffusion_order = model->diffusion_order;
    s.diffusion_time = 3600 * model->diffusion_hours;
    s.filter = model->filter_strength;
    s.filter_alpha = model->filter_alpha;
    s.held_suarez = model->held_suarez;
    s.humidity = s.water_cycle = model->water_cycle;
    s.seasonal_cycle = model->seasonal_cycle;
    s.land = model->land;
    s.orography = model->orography;
    s.start_seconds = start_seconds;
    return s;
}

static ar_status check_duration(const ar_nature_run_options *o, ar_error *err)
{
    int64_t every = o->output.every_hours;
    if (o->days < 1 || o->spin_up_days < 0 || o->days > MOST_DAYS || o->spin_up_days > MOST_DAYS) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%lld days after %lld of spin-up; should be 1 to %d and 0 to %d",
                       (long long)o->days, (long long)o->spin_up_days, MOST_DAYS, MOST_DAYS);
    }
    if (every < 1 || every > 24 * o->days) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "a time every %lld hours; should be from 1 to the whole run's %lld",
                       (long long)every, (long long)(24 * o->days));
    }
    if (o->checkpoint_days < 1 || o->checkpoint_days > MOST_DAYS) {
        return ar_fail(err, AR_ERROR_USAGE, "a checkpoint every %lld days; should be 1 to %d",
                       (long long)o->checkpoint_days, MOST_DAYS);
    }
    if (o->state && o->from && strcmp(o->state, o->from) == 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s: the state to begin with and the one to save; should be two files, so "
                       "that a stop at the end can be gone on from",
                       o->state);
    }
    return AR_OK;
}

static ar_status check_members(const ar_nature_run_options *o, ar_error *err)
{
    if (!(o->perturb >= 0 && o->perturb <= 10) || (o->perturb > 0 && !o->from)) {
        return ar_fail(
            err, AR_ERROR_USAGE,
            "a perturbation of %g m/s %s; should be from 0 to 10, of a state to go on from",
            o->perturb, o->from ? o->from : "without a state");
    }
    if (o->ensemble < 0 || o->ensemble > MOST_MEMBERS || (o->ensemble > 0 && o->perturb == 0)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "an ensemble of %lld with a perturbation of %g m/s; should be 1 to %d "
                       "members with one above 0",
                       (long long)o->ensemble, o->perturb, MOST_MEMBERS);
    }
    if (o->member < 0 || o->member >= MOST_MEMBERS ||
        (o->member > 0 && (o->ensemble > 0 || o->perturb == 0))) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "member %lld; should be 0 to %d, of a perturbed state, without an ensemble",
                       (long long)o->member, MOST_MEMBERS - 1);
    }
    if (o->ensemble > 0 && o->state) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s: one state is saved, but an ensemble has %lld; run the member that is "
                       "wanted alone",
                       o->state, (long long)o->ensemble);
    }
    return AR_OK;
}

ar_status ar_nature_run_check_options(const ar_nature_run_options *options, ar_error *err)
{
    ar_status status = AR_OK;
    if (!options->out) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "out is missing: should be the name of what to write, a .nc or .zarr");
    }
    AR_TRY(check_duration(options, err));
    AR_TRY(check_members(options, err));
    AR_TRY(ar_writer_check_path(options->out, err));
    AR_TRY(ar_writer_check_zarr_format(options->out, options->zarr_format, err));
cleanup:
    return status;
}
