#include <math.h>
#include <stdio.h>

#include "cli/cli.h"
#include "picture/attention_picture.h"

#include "atmorep/atmorep.h"

int ar_command_attention(int argc, char **argv)
{
    ar_attention_options o = {0};
    ar_text_list data = {0};
    double at[2];
    double level = NAN;
    bool no_maps = false;
    const ar_option options[] = {
        {"model", "RUN", "run folder or checkpoint", AR_OPTION_TEXT, &o.model, true},
        {"data", "STORE", "files, stores or glob patterns with the model's fields", AR_OPTION_LIST,
         &data, true},
        {"time", "T", "last time of the cube, in which the query token lies", AR_OPTION_TIME,
         &o.time, true},
        {"at", "LAT,LON", "place of the query token, which the cube lies around", AR_OPTION_PLACE,
         at, true},
        {"level", "LEVEL", "level of the query token (default: the first of each field)",
         AR_OPTION_NUMBER, &level, false},
        {"forecast", NULL, "mask the last times as a forecast does (default: all is seen)",
         AR_OPTION_FLAG, &o.forecast, false},
        {"out", "DIR", "folder for attention.nc and maps", AR_OPTION_OUT, &o.out, true},
        {"no-maps", NULL, "draw no maps", AR_OPTION_FLAG, &no_maps, false},
        {"threads", "N", "threads to use (default: all cores)", AR_OPTION_INTEGER, &o.threads,
         false},
        {0}};
    const ar_command_line line = {
        .command = "attention",
        .description = "What a token of each field attends to: the weights of every layer, head "
                       "and coupled\nfield on all tokens of its cube.",
        .options = options,
        .example = "atmorep attention --model runs/era5-djf --data era5/*.zarr "
                   "--time 2026-02-10T00 --at 52.5,13.4 --out attention"};
    ar_error err = {""};
    int exit_code;
    ar_status status = AR_OK;
    if (!ar_command_line_parse(&line, argc, argv, &exit_code)) {
        goto release;
    }
    o.latitude = at[0];
    o.longitude = at[1];
    o.data_paths = data.items;
    o.data_path_count = data.count;
    o.level = isnan(level) ? NULL : &level;
    AR_TRY(ar_attention_maps(&o, &err));
    if (!no_maps) {
        AR_TRY(ar_attention_pictures(o.out, o.out, NULL, NULL, &err));
    }
cleanup:
    exit_code = ar_command_end("attention", status, &err);
release:
    ar_text_list_release(&data);
    return exit_code;
}
