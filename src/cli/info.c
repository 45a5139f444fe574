/* One description of a thing as a tree of JSON, printed as JSON or as indented lines. */
#include "cli/info.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/threads.h"
#include "cli/cli.h"
#include "train/checkpoint.h"

static ar_status describe(cJSON *tree, const char *path, bool attributes, ar_error *err)
{
    char *checkpoint = NULL;
    ar_status status = AR_OK;
    if (ar_source_is_url(path)) {
        return ar_info_add_source(tree, path, attributes, err);
    }
    if (!ar_path_exists(path)) {
        return ar_fail(err, AR_ERROR_INPUT, "%s: there is no such file or folder", path);
    }
    if (ar_text_ends_with(path, ".yaml") || ar_text_ends_with(path, ".yml") ||
        ar_text_ends_with(path, ".json")) {
        return ar_info_add_configuration(tree, path, ar_text_ends_with(path, ".json"), err);
    }
    if (ar_text_ends_with(path, ".safetensors")) {
        return ar_info_add_safetensors(tree, path, err);
    }
    if (ar_text_ends_with(path, ".mod")) {
        return ar_info_add_torch(tree, path, err);
    }
    if (ar_path_is_folder(path)) {
        AR_TRY(ar_checkpoint_find(path, &checkpoint, err));
        if (checkpoint) {
            status = ar_info_add_checkpoint(tree, path, err);
            goto cleanup;
        }
    }
    status = ar_info_add_source(tree, path, attributes, err);
cleanup:
    ar_free(checkpoint);
    return status;
}

int ar_command_info(int argc, char **argv)
{
    bool json = false, attributes = false, machine = false;
    int64_t wanted = 0;
    int threads = 0;
    ar_text_list paths = {0};
    const ar_option options[] = {
        {"json", NULL, "print JSON", AR_OPTION_FLAG, &json, false},
        {"attributes", NULL, "all attributes of every variable", AR_OPTION_FLAG, &attributes,
         false},
        {"machine", NULL,
         "the processor, what the program uses of it, and its peaks; with "
         "a configuration also what a step takes at them",
         AR_OPTION_FLAG, &machine, false},
        {"threads", "N", "of --machine (default: all cores)", AR_OPTION_INTEGER, &wanted, false},
        {0}};
    const ar_command_line line = {
        .command = "info",
        .description = "Tell what a file, store, checkpoint or configuration holds, and what a "
                       "configuration costs.",
        .options = options,
        .operand = "PATH",
        .operand_help = "a netCDF or GRIB file, Zarr store, run folder, .safetensors, .yaml, or a "
                        "released model's .json or .mod",
        .operands = &paths,
        .fewest_operands = 0,
        .most_operands = 1,
        .example = "atmorep info configs/era5-djf.yaml\n"
                   "atmorep info configs/era5-djf.yaml --machine"};
    ar_error err = {""};
    int exit_code;
    cJSON *tree = NULL;
    ar_status status = AR_OK;
    if (!ar_command_line_parse(&line, argc, argv, &exit_code)) {
        goto release;
    }
    tree = cJSON_CreateObject();
    if (paths.count == 0 && !machine) {
        status = ar_fail(&err, AR_ERROR_USAGE, "%s is missing: %s, or --machine", line.operand,
                         line.operand_help);
        goto cleanup;
    }
    if (paths.count > 0) {
        AR_TRY(describe(tree, paths.items[0], attributes, &err));
    }
    if (machine) {
        AR_TRY(ar_threads_set(wanted, &threads, &err));
        ar_info_add_machine(tree, threads);
    }
    if (json) {
        char *text = cJSON_Print(tree);
        printf("%s\n", text ? text : "{}");
        free(text);
    } else {
        ar_info_print(tree);
    }
cleanup:
    exit_code = ar_command_end("info", status, &err);
release:
    cJSON_Delete(tree);
    ar_text_list_release(&paths);
    return exit_code;
}
