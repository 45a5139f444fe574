#include "cli/cli.h"
#include "cli/interrupt.h"

#include "atmorep/atmorep.h"

int ar_command_train(int argc, char **argv)
{
    const char *run = NULL;
    bool resume = false;
    int64_t threads = 0;
    const char *trace = NULL;
    ar_profile *profile = NULL;
    const char *from = NULL, *backend = NULL;
    ar_text_list settings = {0}, files = {0}, sources = {0}, dropped = {0}, missing = {0};
    const ar_option options[] = {
        {"out", "RUN", "folder for checkpoints, metrics.jsonl and configuration.yaml",
         AR_OPTION_TEXT, &run, true},
        {"resume", NULL, "go on from the newest checkpoint in RUN, or start if there is none",
         AR_OPTION_FLAG, &resume, false},
        {"from", "RUN",
         "start from this trained model, field by field: a run, a checkpoint, or a "
         "released one, its .mod or what convert makes of it",
         AR_OPTION_TEXT, &from, false},
        {"field", "NAME=RUN", "take this field from another model", AR_OPTION_LIST, &sources,
         false},
        {"drop-field", "NAME", "leave this field out, of CONFIG too", AR_OPTION_LIST, &dropped,
         false},
        {"allow-missing", "PATTERN",
         "parameters such as \"tails.*\" that models to start from may lack or have in another "
         "shape; they get starting values",
         AR_OPTION_LIST, &missing, false},
        {"set", "KEY=VALUE", "override a key of the configuration, e.g. training.steps=2000",
         AR_OPTION_LIST, &settings, false},
        {"backend", "NAME",
         "what computes: cpu (default), one of its paths (cpu-portable, cpu-avx2, cpu-avx512, "
         "cpu-avx512_bf16), or the slow reference, ref",
         AR_OPTION_TEXT, &backend, false},
        {"threads", "N", "threads to use (default: all cores); runs repeat exactly for the same N",
         AR_OPTION_INTEGER, &threads, false},
        {"profile", "FILE.json",
         "tell at the end where the time went; with a file also as a trace for chrome://tracing",
         AR_OPTION_MAYBE_TEXT, &trace, false},
        {0}};
    const ar_command_line line = {
        .command = "train",
        .description = "Train a model from a YAML configuration, from nothing or from trained "
                       "models, or go on "
                       "with a run.",
        .options = options,
        .operand = "CONFIG",
        .operand_help =
            "the configuration: YAML (docs/configuration.md), or model_id<ID>.json of a "
            "released model (docs/released-models.md)",
        .operands = &files,
        .fewest_operands = 1,
        .most_operands = 1,
        .example =
            "atmorep train configs/era5-djf.yaml --out runs/era5-djf --set training.steps=500\n"
            "atmorep train both.yaml --out runs/both --field u=runs/u v=runs/v\n"
            "atmorep train more.yaml --out runs/more --from runs/both\n"
            "atmorep train model_id4nvwbetz.json --from AtmoRep_id4nvwbetz.mod --out runs/tuned "
            "--set 'data.paths=[era5/*.nc]' data.training.start=2018-01-01 "
            "data.training.end=2018-12-31T23"};
    ar_error err = {""};
    int exit_code;
    ar_status status = AR_OK;
    if (!ar_command_line_parse(&line, argc, argv, &exit_code)) {
        goto release;
    }
    AR_TRY(ar_profile_command_begin(&profile, trace, &err));
    AR_TRY(ar_train_file(files.items[0], settings.items, settings.count,
                         &(ar_train_options){.run = run,
                                             .resume = resume,
                                             .from = from,
                                             .field_sources = sources.items,
                                             .field_source_count = sources.count,
                                             .drop_fields = dropped.items,
                                             .drop_field_count = dropped.count,
                                             .allow_missing = missing.items,
                                             .allow_missing_count = missing.count,
                                             .threads = threads,
                                             .backend = backend,
                                             .profile = profile,
                                             .interrupt = ar_catch_interrupts()},
                         &err));
cleanup:
    status = ar_profile_command_end(&profile, trace, status, &err);
    exit_code = ar_command_end("train", status, &err);
release:
    ar_text_list_release(&settings);
    ar_text_list_release(&sources);
    ar_text_list_release(&dropped);
    ar_text_list_release(&missing);
    ar_text_list_release(&files);
    return exit_code;
}
