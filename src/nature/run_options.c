#include "nature/run_options.h"

#include <stddef.h>

#include "io/writer.h"

/* So that hours and seconds fit, and a name of a member into a file's. */
enum { MOST_DAYS = 1000000, MOST_MEMBERS = 100000 };

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
    if (o->checkpoint_days < 1) {
        return ar_fail(err, AR_ERROR_USAGE, "a checkpoint every %lld days; should be 1 at least",
                       (long long)o->checkpoint_days);
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
    AR_TRY(check_duration(options, err));
    AR_TRY(check_members(options, err));
    AR_TRY(ar_writer_check_path(options->out, err));
cleanup:
    return status;
}
