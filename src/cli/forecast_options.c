#include "cli/forecast_options.h"

#include <math.h>

#include "cli/interrupt.h"
#include "cli/score_options.h"

enum { MOST_OPTIONS = 60 };

/* Append options, up to the one without a name, to a table of `count`. */
static int append_options(ar_option *table, int count, const ar_option *options)
{
    for (; options->name && count < MOST_OPTIONS - 1; options++) {
        table[count++] = *options;
    }
    return count;
}

/* A known time that lies no hours away would be none. */
static ar_status check_own(const ar_option *own, ar_error *err)
{
    for (; own->name; own++) {
        if (own->kind == AR_OPTION_INTEGER && *(const int64_t *)own->destination < 1) {
            return ar_fail(err, AR_ERROR_USAGE, "--%s %lld: should be at least 1", own->name,
                           (long long)*(const int64_t *)own->destination);
        }
    }
    return AR_OK;
}

/* Scores make no sense without truth. */
static ar_status check_scores(const char *command, const ar_forecast_options *o,
                              const ar_text_list *truth, const char *folder,
                              const ar_score_choices *choices, ar_error *err)
{
    const char *given = folder ? "scores" : ar_score_choices_given(choices);
    if (!o->out && truth->count == 0) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--out FILE is missing, or --verify TRUTH; atmorep %s --help lists the "
                       "options",
                       command);
    }
    return given && truth->count == 0
               ? ar_fail(err, AR_ERROR_USAGE, "--%s without --verify TRUTH: there are no scores",
                         given)
               : AR_OK;
}

static ar_status forecast_and_verify(const ar_forecast_options *o, const ar_text_list *truth,
                                     const char *folder, const ar_score_choices *choices,
                                     ar_error *err)
{
    ar_verify_options scores = {.truth_paths = truth->items,
                                .truth_count = truth->count,
                                .out = folder ? folder : "scores"};
    char *table = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_score_choices_apply(choices, &scores, err));
    AR_TRY(ar_forecast_verify(o, &scores, &table, err));
    AR_TRY(ar_score_choices_print(choices, table, scores.out, err));
cleanup:
    ar_text_free(table);
    return status;
}

int ar_forecast_command_run(const ar_forecast_command *command, ar_forecast_options *o, int argc,
                            char **argv)
{
    ar_text_list data = {0}, times = {0};
    double place[2] = {NAN, NAN};
    ar_text_list truth = {0};
    ar_score_choices choices = ar_score_choices_init();
    ar_option score_options[AR_SCORE_OPTION_COUNT + 1];
    const char *trace = NULL, *folder = NULL;
    ar_profile *profile = NULL;
    o->every_hours = 6;
    o->overlap = 0.5;
    const ar_option what[] = {
        {"model", "RUN",
         "run folder, checkpoint, what convert made of a released model, or its .mod",
         AR_OPTION_TEXT, &o->model, true},
        {"config", "model_id<ID>.json", "of a .mod; the one beside it, if this is not given",
         AR_OPTION_TEXT, &o->configuration, false},
        {"normalise-start", "T",
         "released models: first time of the data to compute its statistics from (default: its "
         "first)",
         AR_OPTION_TIME, &o->normalise_start, false},
        {"normalise-end", "T", "released models: last time of it (default: its last)",
         AR_OPTION_TIME, &o->normalise_end, false},
        {"data", "STORE", "files, stores or glob patterns with the model's fields", AR_OPTION_LIST,
         &data, true},
        {"start", "T", "first valid time, e.g. 2026-02-10T00", AR_OPTION_TIME, &o->start, false},
        {"end", "T", "last valid time, inclusive (default: the first)", AR_OPTION_TIME, &o->end,
         false},
        {"every", "HOURS", "between valid times (default 6)", AR_OPTION_INTEGER, &o->every_hours,
         false},
        {"times", "T", "these valid times, instead of --start and --end", AR_OPTION_TIMES, &times,
         false},
        {"at", "LAT,LON", "only the point nearest to this place, by one cube around it",
         AR_OPTION_PLACE, place, false},
        {"alpha", "WORDS",
         "how the mean differs where tokens are told another date: year=1990, day+30, hour=12, …",
         AR_OPTION_TEXT, &o->alpha, false},
        {0}};
    const ar_option how[] = {
        {"out", "FILE",
         "what to write, a netCDF file (.nc) or a Zarr group (.zarr): mean, spread, members; with "
         "--verify nothing is written without it",
         AR_OPTION_OUT, &o->out, false},
        {"verify", "TRUTH",
         "files, stores or globs with the truth: score each time as it is forecast, as atmorep "
         "verify does",
         AR_OPTION_LIST, &truth, false},
        {"scores", "DIR", "scores: folder for them, their report and maps (default scores)",
         AR_OPTION_OUT, &folder, false},
        {"resume", NULL, "go on with what a stop left in FILE.part, if there is anything",
         AR_OPTION_FLAG, &o->resume, false},
        {"zarr-format", "2|3", "version of a Zarr group that is written (default 2)",
         AR_OPTION_INTEGER, &o->zarr_format, false},
        {"layout", "NAME",
         "cf (default), or weatherbench: its names, and dimensions time, prediction_timedelta, …",
         AR_OPTION_TEXT, &o->layout, false},
        {"overlap", "SHARE", "least share of a tile that its neighbour covers too (default 0.5)",
         AR_OPTION_NUMBER, &o->overlap, false},
        {"precision", "TYPE", "of matrix products: float32 (default) or bf16", AR_OPTION_TEXT,
         &o->precision, false},
        {"backend", "NAME",
         "what computes: cpu (default), one of its paths (cpu-portable, cpu-avx2, cpu-avx512, "
         "cpu-avx512_bf16), or the slow reference, ref",
         AR_OPTION_TEXT, &o->backend, false},
        {"threads", "N", "threads to use (default: all cores)", AR_OPTION_INTEGER, &o->threads,
         false},
        {"profile", "FILE.json",
         "tell at the end where the time went; with a file also as a trace for chrome://tracing",
         AR_OPTION_MAYBE_TEXT, &trace, false},
        {0}};
    ar_option options[MOST_OPTIONS] = {{0}};
    int count = append_options(options, 0, what);
    count = append_options(options, count, command->own);
    count = append_options(options, count, how);
    ar_score_options_declare(score_options, &choices);
    append_options(options, count, score_options);
    const ar_command_line line = {.command = command->command,
                                  .description = command->description,
                                  .options = options,
                                  .example = command->example};
    ar_error err = {""};
    int exit_code;
    ar_status status = AR_OK;
    if (!ar_command_line_parse(&line, argc, argv, &exit_code)) {
        goto release;
    }
    AR_TRY(check_own(command->own, &err));
    if (!(o->overlap >= 0 && o->overlap < 1)) {
        status =
            ar_fail(&err, AR_ERROR_USAGE, "--overlap %g: at least 0 and less than 1", o->overlap);
        goto cleanup;
    }
    AR_TRY(check_scores(command->command, o, &truth, folder, &choices, &err));
    o->data_paths = data.items;
    o->data_path_count = data.count;
    o->times = times.items;
    o->time_count = times.count;
    o->place = isnan(place[0]) ? NULL : place;
    o->interrupt = ar_catch_interrupts();
    AR_TRY(ar_profile_command_begin(&profile, trace, &err));
    o->profile = profile;
    if (truth.count > 0) {
        AR_TRY(forecast_and_verify(o, &truth, folder, &choices, &err));
    } else {
        AR_TRY(ar_forecast(o, &err));
    }
cleanup:
    status = ar_profile_command_end(&profile, trace, status, &err);
    exit_code = ar_command_end(command->command, status, &err);
release:
    ar_text_list_release(&data);
    ar_text_list_release(&times);
    ar_text_list_release(&truth);
    ar_score_choices_release(&choices);
    return exit_code;
}
