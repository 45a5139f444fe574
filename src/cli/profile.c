/* The table of `--profile` (docs/profile.md). */
#include <stdio.h>

#include "atmorep/profile.h"
#include "base/text.h"
#include "cli/cli.h"

ar_status ar_profile_command_begin(ar_profile **profile, const char *trace, ar_error *err)
{
    if (trace && trace[0] && !ar_text_ends_with(trace, ".json")) {
        return ar_fail(err, AR_ERROR_USAGE, "--profile=%s: a trace is a .json file", trace);
    }
    return trace ? ar_profile_create(profile, err) : AR_OK;
}

/* A number and its unit's share of a whole, or blanks where there is nothing to tell. */
static void print_rate(double value, double scale, int decimals)
{
    if (value > 0) {
        printf(" %9.*f", decimals, scale * value);
    } else {
        printf(" %9s", "");
    }
}

static void print_row(const ar_profile_row *row, const ar_profile_summary *all)
{
    const double each_second = row->seconds > 0 ? 1 / row->seconds : 0;
    const double operations = each_second * row->operations;
    printf("%-22s %-8s", row->name, row->direction);
    if (row->calls > 0) {
        printf(" %9lld", (long long)row->calls);
    } else {
        printf(" %9s", "");
    }
    printf(" %10.3f %6.1f %%", row->seconds, 100 * row->seconds / all->seconds);
    print_rate(operations, 1e-9, 1);
    print_rate(all->peak > 0 ? operations / all->peak : 0, 100, 1);
    print_rate(row->bytes, 1e-9, 3);
    print_rate(each_second * row->bytes, 1e-9, 1);
    printf("\n");
}

/* One step against what `atmorep info` counts. */
static void print_step(const ar_profile_summary *all)
{
    const double steps = (double)all->steps, seconds = all->step_seconds / steps;
    const double done = all->step_operations / steps;
    printf("a step: %.4g s for %.4g GFLOP, which is %.4g GFLOP/s", seconds, 1e-9 * done,
           1e-9 * done / seconds);
    if (all->peak > 0) {
        printf(", %.1f %% of the peak: at the peak they take %.4g s",
               100 * done / seconds / all->peak, done / all->peak);
    }
    printf("\n        atmorep info counts %.4g GFLOP, with every token there can be",
           1e-9 * all->counted_operations);
    if (all->counted_operations > all->forward_operations) {
        printf("; nominal, three times forward: %.4g", 3e-9 * all->forward_operations);
    }
    printf("\n");
}

static void print_table(const ar_profile_summary *all)
{
    printf("%lld steps, %s, %s, %d threads", (long long)all->steps, all->backend, all->precision,
           all->threads);
    if (all->peak > 0) {
        printf("; peak %.1f GFLOP/s, memory %.1f GB/s", 1e-9 * all->peak, 1e-9 * all->bandwidth);
    }
    printf("\n%-22s %-8s %9s %10s %8s %9s %9s %9s %9s\n", "", "", "calls", "seconds", "share",
           "GFLOP/s", "% of peak", "GB", "GB/s");
    for (int64_t i = 0; i < all->row_count; i++) {
        print_row(&all->rows[i], all);
    }
    printf("%-22s %-8s %9s %10.3f %6.1f %%\n", "total", "", "", all->seconds, 100.0);
    if (all->steps > 0 && all->step_seconds > 0) {
        print_step(all);
    }
}

ar_status ar_profile_command_end(ar_profile **profile, const char *trace, ar_status status,
                                 ar_error *err)
{
    if (*profile) {
        const ar_profile_summary summary = ar_profile_summarise(*profile);
        ar_error trace_error;
        ar_status written = AR_OK;
        ar_console_finish_line();
        if (summary.row_count > 0) {
            print_table(&summary);
            written = trace[0] ? ar_profile_write_trace(*profile, trace, &trace_error) : AR_OK;
        }
        if (status == AR_OK && written != AR_OK) {
            *err = trace_error;
            status = written;
        }
    }
    ar_profile_destroy(profile);
    return status;
}
