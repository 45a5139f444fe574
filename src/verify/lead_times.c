/* The lead times of a forecast that are scored. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "verify/verification.h"

int64_t ar_verification_find_lead(const ar_verification *run, int64_t lead_time)
{
    int64_t at = 0;
    while (at < run->lead_count && run->lead_times[at] != lead_time) {
        at++;
    }
    return at < run->lead_count ? at : -1;
}

static void add_lead_time(ar_verification *run, int64_t lead)
{
    int64_t at = 0;
    while (at < run->lead_count && run->lead_times[at] < lead) {
        at++;
    }
    if (at < run->lead_count && run->lead_times[at] == lead) {
        return;
    }
    memmove(run->lead_times + at + 1, run->lead_times + at,
            (size_t)(run->lead_count - at) * sizeof *run->lead_times);
    run->lead_times[at] = lead;
    run->lead_count++;
}

/* Those that are asked for; run->lead_times holds all that there are. */
static ar_status select_lead_times(ar_verification *run, ar_error *err)
{
    const ar_verify_options *options = run->options;
    int64_t *all = run->lead_times;
    const int64_t all_count = run->lead_count;
    ar_status status = AR_OK;
    run->lead_times = NULL;
    run->lead_count = 0;
    AR_TRY(ar_allocate(&run->lead_times, (size_t)all_count, sizeof *all, "lead times", err));
    for (int64_t i = 0; i < options->lead_hour_count; i++) {
        char *end = NULL;
        const double hours = strtod(options->lead_hours[i], &end);
        int64_t k = 0;
        if (end == options->lead_hours[i] || *end != '\0') {
            status = ar_fail(err, AR_ERROR_USAGE, "--lead-hours %s is not a number of hours",
                             options->lead_hours[i]);
            goto cleanup;
        }
        while (k < all_count && !(fabs((double)all[k] - 3600 * hours) <= 1)) {
            k++;
        }
        if (k == all_count) {
            status =
                ar_fail(err, AR_ERROR_INPUT,
                        "--lead-hours %s: %s has no such lead time; it has %lld of them, from %g "
                        "to %g hours",
                        options->lead_hours[i], run->forecast.path, (long long)all_count,
                        (double)all[0] / 3600, (double)all[all_count - 1] / 3600);
            goto cleanup;
        }
        add_lead_time(run, all[k]);
    }
cleanup:
    ar_free(all);
    return status;
}

ar_status ar_verification_choose_leads(ar_verification *run, ar_error *err)
{
    const ar_forecast_file *file = &run->forecast;
    ar_status status = ar_allocate(&run->lead_times, (size_t)file->time_count,
                                   sizeof *run->lead_times, "lead times", err);
    for (int64_t t = 0; status == AR_OK && t < file->time_count; t++) {
        add_lead_time(run, file->lead_times[t]);
    }
    return status == AR_OK && run->options->lead_hour_count > 0 ? select_lead_times(run, err)
                                                                : status;
}
