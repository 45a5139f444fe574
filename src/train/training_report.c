#include "train/training_report.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "picture/page.h"
#include "train/training_curves.h"

enum { REFRESH_SECONDS = 30, TIMES_THE_COST = 50, NAME_SIZE = 160 };

static ar_status show(void *context, const char *name, const ar_chart *chart)
{
    (void)name;
    ar_page_chart(context, chart);
    return AR_OK;
}

static void add_state(ar_growing_text *out, const ar_training_report *report,
                      const ar_training_state *state, const ar_training_curves *curves)
{
    const ar_training_configuration *settings = &report->configuration->training;
    char left[16] = "";
    if (isfinite(state->seconds_left)) {
        ar_format_duration(state->seconds_left, left);
    }
    ar_page_text(out, "p", "Step %lld of %lld (%.0f %%)%s%s%s%s", (long long)state->step,
                 (long long)settings->steps,
                 100 * (double)state->step / (double)(settings->steps > 0 ? settings->steps : 1),
                 !state->end && left[0] ? ", time left " : "", !state->end ? left : "",
                 state->end ? ": " : "", state->end ? state->end : "");
    ar_training_curves_tell(curves, out);
    if (state->skipped_steps > 0) {
        char text[160];
        snprintf(text, sizeof text,
                 "%lld steps were skipped: their loss or gradient was not finite.",
                 (long long)state->skipped_steps);
        ar_page_note(out, text);
    }
}

static ar_status add_configuration(ar_growing_text *out, const ar_training_report *report,
                                   ar_error *err)
{
    char *text = NULL;
    ar_status status = ar_configuration_write(report->configuration, &text, err);
    if (status == AR_OK) {
        ar_page_details_begin(out, "Configuration");
        ar_page_preformatted(out, text);
        ar_page_details_end(out);
    }
    ar_free(text);
    return status;
}

static ar_status write_page(const ar_training_report *report, const ar_training_state *state,
                            ar_error *err)
{
    ar_training_curves curves = {0};
    ar_growing_text out = {.err = err};
    char *path = NULL, heading[NAME_SIZE];
    ar_status status = AR_OK;
    AR_TRY(ar_training_curves_read(&curves, report->run, report->configuration, err));
    AR_TRY(ar_path_join(&path, report->run, "report.html", err));
    snprintf(heading, sizeof heading, "Training %s", report->run);
    ar_page_begin(&out, heading, state->end ? 0 : REFRESH_SECONDS);
    add_state(&out, report, state, &curves);
    ar_page_text(&out, "h2", "Losses");
    ar_page_charts_begin(&out);
    AR_TRY(ar_training_curves_losses(&curves, show, &out));
    ar_page_charts_end(&out);
    ar_page_text(&out, "h2", "Steps");
    ar_page_charts_begin(&out);
    AR_TRY(ar_training_curves_steps(&curves, show, &out));
    ar_page_charts_end(&out);
    AR_TRY(add_configuration(&out, report, err));
    ar_page_end(&out);
    AR_TRY(out.status);
    AR_TRY(ar_file_write_whole(path, out.text, out.length, err));
cleanup:
    ar_free(path);
    ar_free(out.text);
    ar_training_curves_release(&curves);
    return status;
}

void ar_training_report_update(ar_training_report *report, const ar_training_state *state)
{
    const double now = ar_clock_seconds();
    const double wait = fmax(REFRESH_SECONDS, TIMES_THE_COST * report->cost);
    ar_error err;
    if (report->given_up || (!state->end && now - report->last < wait)) {
        return;
    }
    if (write_page(report, state, &err) != AR_OK) {
        ar_log(AR_LOG_WARNING, "training goes on without its report: %s", err.message);
        report->given_up = true;
    }
    report->written = true;
    report->last = ar_clock_seconds();
    report->cost = report->last - now;
}
