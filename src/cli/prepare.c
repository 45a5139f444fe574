#include <stdio.h>

#include "cli/cli.h"
#include "cli/interrupt.h"

#include "atmorep/atmorep.h"

int ar_command_prepare(int argc, char **argv)
{
    ar_prepare_options o = {0};
    ar_text_list files = {0}, data = {0};
    bool dry_run = false;
    char *text = NULL;
    const ar_option options[] = {
        {"out", "STORE.zarr", "the store to make", AR_OPTION_OUT, &o.out, true},
        {"data", "PATH",
         "files, stores or glob patterns with the fields (default: data.paths of CONFIG)",
         AR_OPTION_LIST, &data, false},
        {"start", "T",
         "first time, e.g. 2018-01-01 (default: what training and validation of CONFIG need, else "
         "all)",
         AR_OPTION_TIME, &o.start, false},
        {"end", "T", "last time, inclusive", AR_OPTION_TIME, &o.end, false},
        {"dry-run", NULL,
         "only tell what would be read, how large the store would be and how long it would take",
         AR_OPTION_FLAG, &dry_run, false},
        {"threads", "N", "threads to use (default: all cores); the store is the same for any N",
         AR_OPTION_INTEGER, &o.threads, false},
        {0}};
    const ar_command_line line = {
        .command = "prepare",
        .description =
            "Make one store of the fields of a configuration, which training reads fastest: from\n"
            "any files, verified, with monthly statistics and the hash of every source. After an\n"
            "interruption the same command goes on.",
        .options = options,
        .operand = "CONFIG",
        .operand_help = "the fields, their levels, and how to store them: YAML (docs/data.md); the "
                        "configuration of a training run will do",
        .operands = &files,
        .fewest_operands = 1,
        .most_operands = 1,
        .example = "atmorep prepare my.yaml --data 'raw/*.nc' --out era5.zarr --dry-run\n"
                   "atmorep prepare my.yaml --data 'raw/*.nc' --out era5.zarr\n"
                   "atmorep train my.yaml --out runs/first --set 'data.paths=[era5.zarr]'"};
    ar_error err = {""};
    int exit_code;
    ar_status status = AR_OK;
    if (!ar_command_line_parse(&line, argc, argv, &exit_code)) {
        goto release;
    }
    o.configuration = files.items[0];
    o.data_paths = data.items;
    o.data_path_count = data.count;
    o.interrupt = ar_catch_interrupts();
    status = dry_run ? ar_prepare_estimate(&o, &text, &err) : ar_prepare(&o, &err);
    if (text) {
        fputs(text, stdout);
    }
    exit_code = ar_command_end("prepare", status, &err);
release:
    ar_text_free(text);
    ar_text_list_release(&files);
    ar_text_list_release(&data);
    return exit_code;
}
