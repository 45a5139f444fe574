#include "atmorep/atmorep.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "picture/gmt.h"
#include "picture/program.h"
#include "verify/report_page.h"
#include "verify/threshold.h"
#include "verify/verification.h"

static ar_status refuse_training_times(const ar_forecast_file *file, ar_error *err)
{
    for (int64_t t = 0; t < file->time_count; t++) {
        int64_t time = file->valid_times[t];
        if (time >= file->training_start && time <= file->training_end) {
            char text[32], start[32], end[32];
            ar_time_format(time, file->calendar, text);
            ar_time_format(file->training_start, file->calendar, start);
            ar_time_format(file->training_end, file->calendar, end);
            return ar_fail(err, AR_ERROR_INPUT,
                           "%s: valid time %s lies in the training period %s to %s, and no score "
                           "is computed on training times",
                           file->path, text, start, end);
        }
    }
    return AR_OK;
}

static ar_status choose_climatology(ar_verification *run, ar_error *err)
{
    const ar_verify_options *options = run->options;
    const ar_forecast_file *file = &run->forecast;
    ar_status status = AR_OK;
    run->climatology_start = file->training_start;
    run->climatology_end = file->training_end;
    if (options->climatology_start) {
        AR_TRY(ar_time_parse(&run->climatology_start, options->climatology_start, file->calendar,
                             err));
    }
    if (options->climatology_end) {
        AR_TRY(ar_time_parse(&run->climatology_end, options->climatology_end, file->calendar, err));
    }
    char start[32], end[32];
    ar_time_format(run->climatology_start, file->calendar, start);
    ar_time_format(run->climatology_end, file->calendar, end);
    if (run->climatology_start > run->climatology_end) {
        status = ar_fail(err, AR_ERROR_USAGE,
                         "the climatology period begins at %s, after its end at %s "
                         "(--climatology-start, --climatology-end)",
                         start, end);
        goto cleanup;
    }
    for (int64_t t = 0; t < file->time_count; t++) {
        if (file->valid_times[t] >= run->climatology_start &&
            file->valid_times[t] <= run->climatology_end) {
            ar_log(AR_LOG_WARNING,
                   "the climatology period %s to %s holds times that are scored, which makes "
                   "climatology and damped persistence look better than they are",
                   start, end);
            break;
        }
    }
cleanup:
    return status;
}

static ar_status choose_regrid(ar_verification *run, ar_error *err)
{
    static const ar_regrid_method methods[] = {AR_REGRID_BILINEAR, AR_REGRID_AREA};
    static const char *const names[] = {"bilinear", "area"};
    const char *name = run->options->regrid;
    for (int i = 0; name && i < 2; i++) {
        if (strcmp(name, names[i]) == 0) {
            run->regrid = &methods[i];
        }
    }
    return !name || run->regrid
               ? AR_OK
               : ar_fail(err, AR_ERROR_USAGE, "--regrid %s is neither bilinear nor area", name);
}

/* The whole grid, and the regions that are asked for. */
static ar_status choose_regions(ar_verification *run, ar_error *err)
{
    const ar_verify_options *options = run->options;
    const ar_grid *grid = &run->forecast.grid;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&run->regions, (size_t)options->region_count + 1, sizeof *run->regions,
                       "the regions", err));
    AR_TRY(ar_region_init(&run->regions[0], NULL, grid, err));
    run->region_count = 1;
    for (int64_t i = 0; i < options->region_count; i++) {
        ar_region *region = &run->regions[run->region_count];
        AR_TRY(ar_region_init(region, options->regions[i], grid, err));
        run->region_count++;
        for (int64_t earlier = 0; earlier < run->region_count - 1; earlier++) {
            if (strcmp(run->regions[earlier].name, region->name) == 0) {
                status =
                    ar_fail(err, AR_ERROR_USAGE, "--region %s is asked for twice", region->name);
                goto cleanup;
            }
        }
    }
cleanup:
    return status;
}

static ar_status choose_places(ar_verification *run, ar_error *err)
{
    const ar_verify_options *options = run->options;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&run->places, (size_t)options->place_count, sizeof *run->places,
                       "the places", err));
    for (int64_t i = 0; i < options->place_count; i++) {
        AR_TRY(ar_place_init(&run->places[i], options->places[i], &run->forecast.grid, err));
        run->place_count++;
        for (int64_t earlier = 0; earlier < i; earlier++) {
            if (strcmp(run->places[earlier].name, run->places[i].name) == 0) {
                status = ar_fail(err, AR_ERROR_USAGE, "--place %s is asked for twice",
                                 run->places[i].name);
                goto cleanup;
            }
        }
    }
cleanup:
    return status;
}

static ar_status open_rivals(ar_verification *run, ar_error *err)
{
    const ar_verify_options *options = run->options;
    const size_t count = (size_t)options->baseline_count;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&run->rivals, count, sizeof *run->rivals, "the baselines", err));
    AR_TRY(ar_allocate(&run->rival_names, count, sizeof *run->rival_names, "the baselines", err));
    for (int64_t i = 0; i < options->baseline_count; i++) {
        ar_rival *rival = &run->rivals[i];
        AR_TRY(ar_rival_open(rival, options->baselines[i], &run->forecast, err));
        run->rival_names[run->rival_count++] = (ar_rival_name){rival->name, rival->file.path};
        for (int64_t earlier = 0; earlier < i; earlier++) {
            if (strcmp(run->rivals[earlier].name, rival->name) == 0) {
                status = ar_fail(err, AR_ERROR_USAGE,
                                 "--baseline: two are called %s; NAME=FILE gives one another name",
                                 rival->name);
                goto cleanup;
            }
        }
    }
cleanup:
    return status;
}

static ar_status choose_dry_threshold(ar_verification *run, ar_error *err)
{
    static const double usual = 0.25; /* WeatherBench 2's, of a day */
    const double asked = run->options->dry_millimetres;
    if (!(asked >= 0)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--seeps-dry %g: should be above 0, as the usual %g mm (a day, of a rate)",
                       asked, usual);
    }
    run->dry_millimetres = asked > 0 ? asked : usual;
    return AR_OK;
}

enum { MOST_DRAWN = 1000000 };

/* 0 takes the usual number. */
static ar_status choose_number(int64_t *chosen, const char *option, int64_t asked, int64_t usual,
                               ar_error *err)
{
    *chosen = asked > 0 ? asked : usual;
    return asked >= 0 && asked <= MOST_DRAWN
               ? AR_OK
               : ar_fail(err, AR_ERROR_USAGE, "--%s %lld: should be 1 to %d", option,
                         (long long)asked, MOST_DRAWN);
}

static ar_status choose_blocks(ar_verification *run, ar_error *err)
{
    enum { BLOCK_DAYS = 5, RESAMPLES = 1000 };
    const ar_verify_options *options = run->options;
    const ar_forecast_file *file = &run->forecast;
    ar_status status = AR_OK;
    AR_TRY(choose_number(&run->block_days, "block-days", options->block_days, BLOCK_DAYS, err));
    AR_TRY(choose_number(&run->resamples, "resamples", options->resamples, RESAMPLES, err));
    run->first_time = file->valid_times[0];
    for (int64_t t = 1; t < file->time_count; t++) {
        bool earlier = file->valid_times[t] < run->first_time;
        run->first_time = earlier ? file->valid_times[t] : run->first_time;
    }
cleanup:
    return status;
}

/* A build without spherical harmonics has no spectra, which is told and no reason to fail. */
static ar_status prepare_spectra(ar_verification *run, ar_error *err)
{
    int64_t truncation = 0;
    if (!ar_spectra_exist(&run->forecast.grid, &truncation)) {
        return AR_OK;
    }
    ar_error own;
    ar_status status = ar_spectra_prepare(&run->harmonics, &run->forecast.grid, &own);
    if (status == AR_ERROR_USAGE) {
        ar_log(AR_LOG_WARNING, "no spectra: %s", own.message);
        return AR_OK;
    }
    if (status != AR_OK) {
        return ar_fail(err, status, "%s", own.message);
    }
    return AR_OK;
}

static ar_status write_text(const char *folder, const char *name, const char *text, ar_error *err)
{
    char *path = NULL;
    ar_status status = ar_path_join(&path, folder, name, err);
    if (status == AR_OK) {
        status = ar_file_write_whole(path, text, strlen(text), err);
    }
    ar_free(path);
    return status;
}

/* What the page is without, for want of a program or of spherical harmonics, or by a failure. */
static void describe_missing(const ar_verification *run, char *text, size_t size)
{
    const bool maps = run->options->maps && !ar_gmt_installed();
    const bool png = run->options->maps && !ar_program_installed("rsvg-convert");
    int used =
        snprintf(text, size, "%s%s%s", maps ? "There are no maps: GMT is not installed. " : "",
                 png ? "Charts in figures/ are SVG only: rsvg-convert is not installed. " : "",
                 run->harmonics ? "" : "There are no spectra of this grid. ");
    if (run->failed_pictures > 0) {
        snprintf(text + used, size - (size_t)used, "Pictures that could not be drawn: %lld.",
                 (long long)run->failed_pictures);
    }
}

static void outline_report(ar_report *report, const ar_verification *run)
{
    const ar_verify_options *options = run->options;
    *report = (ar_report){
        .forecast = options->forecast,
        .truth_paths = options->truth_paths,
        .truth_count = options->truth_count,
        .regions = run->regions,
        .region_count = run->region_count,
        .block_days = run->block_days,
        .resamples = run->resamples,
        .scores = run->scores,
        .score_count = (int64_t)run->score_count,
        .level_scores = run->level_scores,
        .level_score_count = (int64_t)run->level_score_count,
        .spectra = run->spectra,
        .spectra_count = (int64_t)run->spectra_count,
        .maps = run->maps,
        .map_count = (int64_t)run->map_count,
        .model = options->model,
        .curves = options->model ? &run->curves : NULL,
        .png = options->maps,
        .conditional_scores = run->conditional_scores,
        .conditional_score_count = (int64_t)run->conditional_score_count,
        .places = run->places,
        .place_count = run->place_count,
        .place_scores = run->place_scores,
        .place_score_count = (int64_t)run->place_score_count,
        .rivals = run->rival_names,
        .rival_count = run->rival_count,
    };
    ar_grid_describe(&run->forecast.grid, report->grid_text);
    describe_missing(run, report->missing, sizeof report->missing);
    ar_time_format(run->climatology_start, run->forecast.calendar, report->climatology_start);
    ar_time_format(run->climatology_end, run->forecast.calendar, report->climatology_end);
}

ar_status ar_verification_conclude(ar_verification *run, char **table, ar_error *err)
{
    const char *folder = run->options->out;
    ar_report report;
    char *json = NULL, *text = NULL;
    ar_status status = AR_OK;
    outline_report(&report, run);
    AR_TRY(ar_report_json(&json, &report, err));
    AR_TRY(ar_report_table(&text, &report, err));
    AR_TRY(write_text(folder, "scores.json", json, err));
    AR_TRY(write_text(folder, "scores.txt", text, err));
    AR_TRY(ar_verification_draw_films(run, err));
    AR_TRY(ar_verification_draw_attention(run, err));
    outline_report(&report, run); /* with the pictures */
    AR_TRY(ar_report_page_write(&report, folder, text, err));
    *table = text;
    text = NULL;
cleanup:
    ar_free(json);
    ar_free(text);
    return status;
}

ar_status ar_verification_prepare(ar_verification *run, ar_error *err)
{
    const ar_verify_options *options = run->options;
    ar_status status = AR_OK;
    run->draw_maps = options->maps;
    AR_TRY(refuse_training_times(&run->forecast, err));
    AR_TRY(choose_climatology(run, err));
    AR_TRY(ar_verification_choose_leads(run, err));
    AR_TRY(choose_regrid(run, err));
    AR_TRY(ar_thresholds_check(options->thresholds, options->threshold_count, &run->forecast, err));
    AR_TRY(choose_regions(run, err));
    AR_TRY(choose_places(run, err));
    AR_TRY(choose_dry_threshold(run, err));
    AR_TRY(choose_blocks(run, err));
    AR_TRY(prepare_spectra(run, err));
    AR_TRY(open_rivals(run, err));
    AR_TRY(ar_verification_open_model(run, err));
    AR_TRY(ar_verification_prepare_films(run, err));
    run->new_folder = access(options->out, F_OK) != 0;
    AR_TRY(ar_folder_make(options->out, err));
cleanup:
    return status;
}

void ar_verification_release(ar_verification *run)
{
    if (run->new_folder) {
        (void)rmdir(run->options->out); /* only an empty one goes: nothing came of this run */
    }
    for (int64_t i = 0; i < run->region_count; i++) {
        ar_region_release(&run->regions[i]);
    }
    ar_free(run->regions);
    ar_free(run->places);
    ar_free(run->conditional_scores);
    ar_free(run->place_scores);
    ar_free(run->lead_times);
    for (size_t i = 0; i < run->score_count; i++) {
        ar_score_release(&run->scores[i]);
    }
    ar_free(run->scores);
    ar_free(run->level_scores);
    for (size_t i = 0; i < run->spectra_count; i++) {
        ar_mean_spectra_release(&run->spectra[i].spectra);
    }
    ar_free(run->spectra);
    ar_free(run->maps);
    ar_verification_release_films(run);
    ar_training_curves_release(&run->curves);
    ar_configuration_release(&run->configuration);
    for (int64_t i = 0; i < run->rival_count; i++) {
        ar_rival_close(&run->rivals[i]);
    }
    ar_free(run->rivals);
    ar_free(run->rival_names);
    ar_harmonics_destroy(&run->harmonics);
    ar_forecast_file_close(&run->forecast);
}

ar_status ar_verify(const ar_verify_options *options, char **table, ar_error *err)
{
    ar_verification run = {.options = options};
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_file_open(&run.forecast, options->forecast, err));
    AR_TRY(ar_verification_prepare(&run, err));
    /* Before the long part: what is wrong with its files is told at once. */
    AR_TRY(ar_verification_score_truth_ensemble(&run, err));
    for (int64_t i = 0; i < run.forecast.field_count; i++) {
        AR_TRY(ar_verification_score_field(&run, &run.forecast.fields[i], err));
    }
    AR_TRY(ar_verification_add_energy(&run, err));
    AR_TRY(ar_verification_conclude(&run, table, err));
    AR_TRY(ar_verification_tell_pictures(&run, err));
cleanup:
    ar_verification_release(&run);
    return status;
}
