#include "cli/score_options.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* Larger than any scores.json: thousands of levels and lead times. */
enum { LARGEST_JSON = 1 << 28 };

ar_score_choices ar_score_choices_init(void)
{
    return (ar_score_choices){.dry_millimetres = 0.25, .block_days = 5, .resamples = 1000};
}

void ar_score_choices_release(ar_score_choices *choices)
{
    ar_text_list_release(&choices->thresholds);
    ar_text_list_release(&choices->regions);
    ar_text_list_release(&choices->places);
    ar_text_list_release(&choices->baselines);
}

void ar_score_options_declare(ar_option declared[AR_SCORE_OPTION_COUNT + 1],
                              ar_score_choices *choices)
{
    const ar_option options[AR_SCORE_OPTION_COUNT + 1] = {
        {"climatology-start", "TIME",
         "scores: first time of the climatology (default: the model's training period)",
         AR_OPTION_TIME, &choices->climatology_start, false},
        {"climatology-end", "TIME", "scores: last time of the climatology, inclusive",
         AR_OPTION_TIME, &choices->climatology_end, false},
        {"threshold", "FIELD=VALUE",
         "scores: that the field is above the value, in its unit: Brier score and reliability",
         AR_OPTION_LIST, &choices->thresholds, false},
        {"region", "NAME",
         "scores: this region too: globe, northern-hemisphere, southern-hemisphere, tropics, "
         "europe … or a box NAME=N,W,S,E",
         AR_OPTION_LIST, &choices->regions, false},
        {"regrid", "WAY",
         "scores: bring truth on another grid to the forecast's: bilinear or area (an error "
         "without)",
         AR_OPTION_TEXT, &choices->regrid, false},
        {"baseline", "NAME=FILE",
         "scores: another forecast to compare with, in either layout, with members or without: its "
         "scores at the times of both, and the skill against it",
         AR_OPTION_LIST, &choices->baselines, false},
        {"place", "NAME=LAT,LON",
         "scores: compare the distribution of values at the grid point that is nearest, such as "
         "\"Cape Town=-33.9,18.4\"",
         AR_OPTION_LIST, &choices->places, false},
        {"seeps-dry", "MM",
         "scores: SEEPS takes precipitation below this for dry, in mm, a day for rates (default "
         "0.25)",
         AR_OPTION_NUMBER, &choices->dry_millimetres, false},
        {"block-days", "N", "scores: confidence draws so many days together (default 5)",
         AR_OPTION_INTEGER, &choices->block_days, false},
        {"resamples", "N", "scores: confidence draws blocks so often (default 1000)",
         AR_OPTION_INTEGER, &choices->resamples, false},
        {"no-maps", NULL, "scores: draw no maps, and charts as SVG alone", AR_OPTION_FLAG,
         &choices->no_maps, false},
        {"json", NULL, "scores: print scores.json instead of the table", AR_OPTION_FLAG,
         &choices->json, false},
        {0}};
    memcpy(declared, options, sizeof options);
}

const char *ar_score_choices_given(const ar_score_choices *choices)
{
    const ar_score_choices usual = ar_score_choices_init();
    const struct {
        const char *name;
        bool given;
    } all[] = {
        {"climatology-start", choices->climatology_start},
        {"climatology-end", choices->climatology_end},
        {"threshold", choices->thresholds.count > 0},
        {"region", choices->regions.count > 0},
        {"regrid", choices->regrid},
        {"baseline", choices->baselines.count > 0},
        {"place", choices->places.count > 0},
        {"seeps-dry", choices->dry_millimetres != usual.dry_millimetres},
        {"block-days", choices->block_days != usual.block_days},
        {"resamples", choices->resamples != usual.resamples},
        {"no-maps", choices->no_maps},
        {"json", choices->json},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].given) {
            return all[i].name;
        }
    }
    return NULL;
}

ar_status ar_score_choices_apply(const ar_score_choices *choices, ar_verify_options *options,
                                 ar_error *err)
{
    /* 0 is the usual one for the library, which tells the rest of the range. */
    if (choices->block_days == 0 || choices->resamples == 0) {
        return ar_fail(err, AR_ERROR_USAGE, "--%s 0: should be 1 or more",
                       choices->block_days == 0 ? "block-days" : "resamples");
    }
    if (!(choices->dry_millimetres > 0)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--seeps-dry %g: should be above 0, the mm (a day, of a rate) below which "
                       "precipitation is dry",
                       choices->dry_millimetres);
    }
    options->climatology_start = choices->climatology_start;
    options->climatology_end = choices->climatology_end;
    options->thresholds = choices->thresholds.items;
    options->threshold_count = choices->thresholds.count;
    options->regions = choices->regions.items;
    options->region_count = choices->regions.count;
    options->regrid = choices->regrid;
    options->baselines = choices->baselines.items;
    options->baseline_count = choices->baselines.count;
    options->places = choices->places.items;
    options->place_count = choices->places.count;
    options->dry_millimetres = choices->dry_millimetres;
    options->block_days = choices->block_days;
    options->resamples = choices->resamples;
    options->maps = !choices->no_maps;
    return AR_OK;
}

ar_status ar_score_choices_print(const ar_score_choices *choices, const char *table,
                                 const char *out, ar_error *err)
{
    char *path = NULL, *text = NULL;
    size_t bytes = 0;
    ar_status status = AR_OK;
    if (!choices->json) {
        fputs(table, stdout);
        return AR_OK;
    }
    AR_TRY(ar_path_join(&path, out, "scores.json", err));
    AR_TRY(ar_file_read_whole(path, LARGEST_JSON, &text, &bytes, err));
    fwrite(text, 1, bytes, stdout);
cleanup:
    ar_free(path);
    ar_free(text);
    return status;
}
