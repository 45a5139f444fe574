#include "cli/cli.h"
#include "cli/interrupt.h"

#include "atmorep/atmorep.h"

int ar_command_forecast(int argc, char **argv)
{
    ar_forecast_options o = {.every_hours = 6, .lead_hours = 6, .overlap = 0.5};
    ar_text_list data = {0};
    int64_t threads = 0;
    const char *trace = NULL;
    ar_profile *profile = NULL;
    const ar_option options[] = {
        {"model", "RUN",
         "run folder, checkpoint, what convert made of a released model, or its .mod",
         AR_OPTION_TEXT, &o.model, true},
        {"config", "model_id<ID>.json", "of a .mod; the one beside it, if this is not given",
         AR_OPTION_TEXT, &o.configuration, false},
        {"normalise-start", "T",
         "released models: first time of the data to compute its statistics from (default: its "
         "first)",
         AR_OPTION_TEXT, &o.normalise_start, false},
        {"normalise-end", "T", "released models: last time of it (default: its last)",
         AR_OPTION_TEXT, &o.normalise_end, false},
        {"data", "STORE", "files, stores or glob patterns with the model's fields", AR_OPTION_LIST,
         &data, true},
        {"start", "T", "first valid time, e.g. 2026-02-10T00", AR_OPTION_TEXT, &o.start, true},
        {"end", "T", "last valid time, inclusive", AR_OPTION_TEXT, &o.end, true},
        {"every", "HOURS", "between valid times (default 6)", AR_OPTION_INTEGER, &o.every_hours,
         false},
        {"lead-hours", "HOURS", "from the last known time to the valid time (default 6)",
         AR_OPTION_INTEGER, &o.lead_hours, false},
        {"out", "FILE",
         "what to write, a netCDF file (.nc) or a Zarr group (.zarr): mean, spread, members",
         AR_OPTION_TEXT, &o.out, true},
        {"zarr-format", "2|3", "version of a Zarr group that is written (default 2)",
         AR_OPTION_INTEGER, &o.zarr_format, false},
        {"overlap", "SHARE", "least share of a tile that its neighbour covers too (default 0.5)",
         AR_OPTION_NUMBER, &o.overlap, false},
        {"precision", "TYPE", "of matrix products: float32 (default) or bf16", AR_OPTION_TEXT,
         &o.precision, false},
        {"backend", "NAME",
         "what computes: cpu (default), one of its paths (cpu-portable, cpu-avx2, cpu-avx512, "
         "cpu-avx512_bf16), or the slow reference, ref",
         AR_OPTION_TEXT, &o.backend, false},
        {"threads", "N", "threads to use (default: all cores)", AR_OPTION_INTEGER, &threads, false},
        {"profile", "FILE.json",
         "tell at the end where the time went; with a file also as a trace for chrome://tracing",
         AR_OPTION_MAYBE_TEXT, &trace, false},
        {0}};
    const ar_command_line line = {
        .command = "forecast",
        .description =
            "Forecast with a trained model: the last time tokens are masked and filled for "
            "the whole grid.",
        .options = options,
        .example =
            "atmorep forecast --model runs/era5-djf --data era5/*.zarr --start 2026-02-10T00 "
            "--end 2026-02-28T18 --every 6 --lead-hours 6 --out forecast.nc\n"
            "atmorep forecast --model AtmoRep_id4nvwbetz.mod --data era5/*.nc --normalise-start "
            "2017-01-01 --normalise-end 2017-12-31T23 --start 2018-02-10T00 --end 2018-02-10T00 "
            "--lead-hours 3 --out forecast.nc"};
    ar_error err = {""};
    int exit_code;
    ar_status status = AR_OK;
    if (!ar_command_line_parse(&line, argc, argv, &exit_code)) {
        goto release;
    }
    if (!(o.overlap >= 0 && o.overlap < 1)) {
        status =
            ar_fail(&err, AR_ERROR_USAGE, "--overlap %g: at least 0 and less than 1", o.overlap);
        goto cleanup;
    }
    o.data_paths = data.items;
    o.data_path_count = data.count;
    o.threads = threads;
    o.interrupt = ar_catch_interrupts();
    AR_TRY(ar_profile_command_begin(&profile, trace, &err));
    o.profile = profile;
    AR_TRY(ar_forecast(&o, &err));
cleanup:
    status = ar_profile_command_end(&profile, trace, status, &err);
    exit_code = ar_command_end("forecast", status, &err);
release:
    ar_text_list_release(&data);
    return exit_code;
}
