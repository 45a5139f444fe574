#include <stdio.h>

#include "atmorep/atmorep.h"
#include "cli/cli.h"
#include "cli/interrupt.h"

int ar_command_evaluate(int argc, char **argv)
{
    ar_evaluate_options o = {.samples = 512};
    ar_text_list data = {0};
    int64_t seed = 1;
    const ar_option options[] = {
        {"model", "RUN",
         "run folder, checkpoint, what convert made of a released model, or its .mod",
         AR_OPTION_TEXT, &o.model, true},
        {"data", "STORE", "files, stores or glob patterns with the model's fields", AR_OPTION_LIST,
         &data, true},
        {"start", "T", "first time, e.g. 2026-02-10T00; none of training", AR_OPTION_TIME, &o.start,
         true},
        {"end", "T", "last time, inclusive", AR_OPTION_TIME, &o.end, true},
        {"ratio", "SHARE",
         "largest share of the tokens of a field and level that is masked (default: the model's)",
         AR_OPTION_NUMBER, &o.ratio, false},
        {"samples", "N", "cubes to draw (default 512)", AR_OPTION_INTEGER, &o.samples, false},
        {"seed", "N", "of cubes and masks (default 1)", AR_OPTION_INTEGER, &seed, false},
        {"out", "FILE.json", "write the scores there, too", AR_OPTION_OUT, &o.out, false},
        {"backend", "NAME", "what computes: cpu (default) or the slow reference, ref",
         AR_OPTION_TEXT, &o.backend, false},
        {"threads", "N", "threads to use (default: all cores)", AR_OPTION_INTEGER, &o.threads,
         false},
        {0}};
    const ar_command_line line = {
        .command = "evaluate",
        .description = "Mask random tokens of random cubes, as training does, and score what the "
                       "model fills in:\nRMSE, CRPS and spread/skill ratio by field and level, "
                       "beside climatology and linear\ninterpolation in time. Times inside the "
                       "training period are refused.",
        .options = options,
        .example = "atmorep evaluate --model runs/era5-djf --data era5/*.zarr --start 2026-02-10 "
                   "--end 2026-02-28 --ratio 0.5 --out masked.json"};
    int exit_code;
    if (ar_command_line_parse(&line, argc, argv, &exit_code)) {
        ar_error err = {""};
        char *table = NULL;
        o.data_paths = data.items;
        o.data_path_count = data.count;
        o.seed = (uint64_t)seed;
        o.interrupt = ar_catch_interrupts();
        const ar_status status = ar_evaluate(&o, &table, &err);
        if (status == AR_OK) {
            fputs(table, stdout);
        }
        ar_text_free(table);
        exit_code = ar_command_end(line.command, status, &err);
    }
    ar_text_list_release(&data);
    return exit_code;
}
