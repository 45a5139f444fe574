#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "atmorep/atmorep.h"

/* Larger than any scores.json: thousands of levels and lead times. */
enum { LARGEST_JSON = 1 << 28 };

/* Print scores.json as it stands in the folder, so that both are the same bytes. */
static ar_status print_json(const char *folder, ar_error *err)
{
    char *path = NULL, *text = NULL;
    size_t bytes = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_path_join(&path, folder, "scores.json", err));
    AR_TRY(ar_file_read_whole(path, LARGEST_JSON, &text, &bytes, err));
    fwrite(text, 1, bytes, stdout);
cleanup:
    ar_free(path);
    ar_free(text);
    return status;
}

int ar_command_verify(int argc, char **argv)
{
    ar_verify_options options = {.block_days = 5, .resamples = 1000};
    ar_text_list truth = {0}, thresholds = {0}, regions = {0}, leads = {0}, places = {0},
                 ensembles = {0}, baselines = {0};
    bool no_maps = false, json = false;
    const ar_option declared[] = {
        {"forecast", "FILE", "the forecast (.nc or .zarr), as atmorep forecast writes it",
         AR_OPTION_TEXT, &options.forecast, true},
        {"truth", "STORE", "files, stores or globs with the truth", AR_OPTION_LIST, &truth, true},
        {"out", "DIR", "folder for report.html, scores.json, scores.txt, maps and figures",
         AR_OPTION_TEXT, &options.out, true},
        {"climatology-start", "TIME",
         "first time of the climatology (the forecast's training period)", AR_OPTION_TEXT,
         &options.climatology_start, false},
        {"climatology-end", "TIME", "last time of the climatology, inclusive", AR_OPTION_TEXT,
         &options.climatology_end, false},
        {"threshold", "FIELD=VALUE",
         "score that the field is above the value, in its unit: Brier score and reliability",
         AR_OPTION_LIST, &thresholds, false},
        {"region", "NAME",
         "score this region too: globe, northern-hemisphere, southern-hemisphere, tropics, europe "
         "… or a box NAME=N,W,S,E",
         AR_OPTION_LIST, &regions, false},
        {"regrid", "WAY",
         "bring truth on another grid to the forecast's: bilinear or area (an error without)",
         AR_OPTION_TEXT, &options.regrid, false},
        {"baseline", "NAME=FILE",
         "another forecast to compare with, as the forecast or without members: its scores at the "
         "times of both, and the skill against it",
         AR_OPTION_LIST, &baselines, false},
        {"lead-hours", "H", "score these lead times only (default: all that the forecast has)",
         AR_OPTION_LIST, &leads, false},
        {"truth-ensemble", "FILE",
         "compare with the true distribution: ensembles of truth, each from an analysis that "
         "forecasts began with",
         AR_OPTION_LIST, &ensembles, false},
        {"place", "NAME=LAT,LON",
         "compare the distribution of values at the grid point that is nearest, such as \"Cape "
         "Town=-33.9,18.4\"",
         AR_OPTION_LIST, &places, false},
        {"seeps-dry", "MM",
         "SEEPS: precipitation below this is dry, in mm, a day for rates (default 0.25)",
         AR_OPTION_NUMBER, &options.dry_millimetres, false},
        {"block-days", "N", "confidence: days that are drawn together (default 5)",
         AR_OPTION_INTEGER, &options.block_days, false},
        {"resamples", "N", "confidence: how often blocks are drawn (default 1000)",
         AR_OPTION_INTEGER, &options.resamples, false},
        {"no-maps", NULL, "draw no maps, and charts as SVG alone", AR_OPTION_FLAG, &no_maps, false},
        {"json", NULL, "print scores.json instead of the table", AR_OPTION_FLAG, &json, false},
        {0},
    };
    const ar_command_line line = {
        .command = "verify",
        .description =
            "Score an ensemble forecast against truth, latitude-weighted: RMSE, bias, "
            "anomaly\n"
            "correlation, CRPS (plain and fair), spread/skill ratio, energy score, "
            "ignorance, rank\n"
            "histogram, calibration, SEEPS and Brier scores, beside persistence, damped\n"
            "persistence and climatology.\n"
            "Times inside the training period are refused.",
        .options = declared,
        .example = "atmorep verify --forecast forecast.nc --truth 'era5/*.zarr' --out scores",
    };
    int exit_code = AR_EXIT_FAILED;
    if (ar_command_line_parse(&line, argc, argv, &exit_code)) {
        options.truth_paths = truth.items;
        options.truth_count = truth.count;
        options.maps = !no_maps;
        options.thresholds = thresholds.items;
        options.threshold_count = thresholds.count;
        options.truth_ensembles = ensembles.items;
        options.truth_ensemble_count = ensembles.count;
        options.places = places.items;
        options.place_count = places.count;
        options.regions = regions.items;
        options.region_count = regions.count;
        options.baselines = baselines.items;
        options.baseline_count = baselines.count;
        options.lead_hours = leads.items;
        options.lead_hour_count = leads.count;
        ar_error err;
        char *table = NULL;
        ar_status status = options.block_days > 0 && options.resamples > 0
                               ? ar_verify(&options, &table, &err)
                               : ar_fail(&err, AR_ERROR_USAGE,
                                         "--block-days and --resamples have to be 1 or more");
        if (status == AR_OK && json) {
            status = print_json(options.out, &err);
        } else if (status == AR_OK) {
            fputs(table, stdout);
        }
        ar_free(table);
        exit_code = ar_command_end("verify", status, &err);
    }
    ar_text_list_release(&truth);
    ar_text_list_release(&thresholds);
    ar_text_list_release(&regions);
    ar_text_list_release(&leads);
    ar_text_list_release(&places);
    ar_text_list_release(&ensembles);
    ar_text_list_release(&baselines);
    return exit_code;
}
