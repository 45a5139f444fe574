#include "verify/verification.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "verify/baselines.h"
#include "verify/climate_scale.h"
#include "verify/lead_scores.h"
#include "picture/maps.h"
#include "verify/threshold.h"
#include "verify/truth.h"

/* One field at work. */
typedef struct {
    const ar_forecast_field *field;
    ar_field_data truth, climatology_truth;
    int64_t *valid_index,
        *reference_index; /* [time_count] in truth; −1 where it has no such time */
    int64_t points;
    float *members;                       /* [member_count][points] */
    float *mean, *spread;                 /* [points] over members */
    float *climatology_forecast, *damped; /* [points] */
    double *climatology, *r;              /* [points] and lag correlation of the level */
    ar_climate_scale climate;             /* of the level */
    double *thresholds;                   /* [threshold_count] */
    int64_t threshold_count;
    ar_progress progress;
    int64_t done;
} field_work;

/* The sums over the times of one lead time. */
typedef struct {
    ar_lead_scores *regions; /* [region_count] */
    ar_mean_spectra spectra; /* zeroed where the grid has none */
    int64_t times, persistence_times, first_time, last_time;
} lead_sums;

static void field_work_release(field_work *work)
{
    ar_field_data_release(&work->truth);
    ar_field_data_release(&work->climatology_truth);
    ar_free(work->valid_index);
    ar_free(work->reference_index);
    ar_free(work->members);
    ar_free(work->mean);
    ar_free(work->spread);
    ar_free(work->climatology_forecast);
    ar_free(work->damped);
    ar_free(work->climatology);
    ar_free(work->r);
    ar_free(work->thresholds);
}

static ar_status allocate_work(field_work *work, const ar_verification *run, ar_error *err)
{
    const ar_forecast_file *file = &run->forecast;
    size_t points = (size_t)work->points, times = (size_t)file->time_count;
    size_t member_points = points * (size_t)work->field->member_count; /* checked on opening */
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&work->valid_index, times, sizeof(int64_t), "indices of times", err));
    AR_TRY(ar_allocate(&work->reference_index, times, sizeof(int64_t), "indices of times", err));
    AR_TRY(ar_allocate(&work->members, member_points, sizeof(float), "members", err));
    AR_TRY(ar_allocate(&work->mean, points, sizeof(float), "an ensemble mean", err));
    AR_TRY(ar_allocate(&work->spread, points, sizeof(float), "a field of spread", err));
    AR_TRY(ar_allocate(&work->climatology_forecast, points, sizeof(float), "a climatology", err));
    AR_TRY(ar_allocate(&work->damped, points, sizeof(float), "a baseline forecast", err));
    AR_TRY(ar_allocate(&work->climatology, points, sizeof(double), "a climatology", err));
    AR_TRY(ar_allocate(&work->r, points, sizeof(double), "a lag correlation", err));
    AR_TRY(ar_thresholds_of_field(&work->thresholds, &work->threshold_count,
                                  run->options->thresholds, run->options->threshold_count,
                                  work->field, err));
cleanup:
    return status;
}

/* Where the truth has the forecast's times; tells which it has not. */
static ar_status match_times(field_work *work, const ar_forecast_file *file, ar_error *err)
{
    int64_t without_truth = 0, without_reference = 0;
    for (int64_t t = 0; t < file->time_count; t++) {
        work->valid_index[t] = ar_field_data_find_time(&work->truth, file->valid_times[t]);
        work->reference_index[t] = ar_field_data_find_time(&work->truth, file->reference_times[t]);
        without_truth += work->valid_index[t] < 0;
        without_reference += work->valid_index[t] >= 0 && work->reference_index[t] < 0;
    }
    const char *variable = work->field->variable;
    if (without_truth == file->time_count) {
        char first[32], last[32];
        ar_time_format(file->valid_times[0], file->calendar, first);
        ar_time_format(file->valid_times[file->time_count - 1], file->calendar, last);
        return ar_fail(
            err, AR_ERROR_INPUT, "%s: the truth has none of the %lld valid times of %s, %s to %s",
            ar_source_path(file->source), (long long)file->time_count, variable, first, last);
    }
    if (without_truth > 0) {
        ar_log(AR_LOG_WARNING, "%s: the truth lacks %lld of %lld valid times; they are not scored",
               variable, (long long)without_truth, (long long)file->time_count);
    }
    if (without_reference > 0) {
        ar_log(
            AR_LOG_WARNING,
            "%s: the truth lacks the reference times of %lld scored times; persistence is scored "
            "without them",
            variable, (long long)without_reference);
    }
    return AR_OK;
}

static ar_status load_truth(field_work *work, const ar_verification *run, ar_error *err)
{
    const ar_verify_options *options = run->options;
    const ar_forecast_file *file = &run->forecast;
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (int64_t t = 0; t < file->time_count; t++) {
        const int64_t both[] = {file->valid_times[t], file->reference_times[t]};
        for (int i = 0; i < 2; i++) {
            first = both[i] < first ? both[i] : first;
            last = both[i] > last ? both[i] : last;
        }
    }
    ar_status status = AR_OK;
    AR_TRY(ar_truth_load(&work->truth, options->truth_paths, options->truth_count, file,
                         work->field, first, last, err));
    status = ar_truth_load(&work->climatology_truth, options->truth_paths, options->truth_count,
                           file, work->field, run->climatology_start, run->climatology_end, err);
    if (status != AR_OK) {
        status = ar_fail_within(err, status, "climatology period");
    }
cleanup:
    return status;
}

static ar_status add_time(lead_sums *sums, field_work *work, ar_verification *run, int64_t t,
                          int64_t level, ar_error *err)
{
    ar_forecast_file *file = &run->forecast;
    ar_status status = ar_forecast_file_read(file, work->field, t, level, work->members, err);
    if (status != AR_OK) {
        return status;
    }
    ar_ensemble_mean_spread(work->members, work->field->member_count, work->points, work->mean,
                            work->spread);
    ar_scored_time time = {
        .valid_time = file->valid_times[t],
        .members = work->members,
        .mean = work->mean,
        .spread = work->spread,
        .truth = ar_field_data_slice(&work->truth, work->valid_index[t], level),
        .climatology = work->climatology,
        .climatology_forecast = work->climatology_forecast,
    };
    if (work->reference_index[t] >= 0) {
        time.persistence = ar_field_data_slice(&work->truth, work->reference_index[t], level);
        time.damped = work->damped;
        ar_damped_persistence(work->damped, time.persistence, work->climatology, work->r,
                              work->points);
        sums->persistence_times++;
    }
    for (int64_t i = 0; status == AR_OK && i < run->region_count; i++) {
        status = ar_lead_scores_add(&sums->regions[i], &time, err);
    }
    if (status == AR_OK && run->harmonics) {
        const ar_spectra_fields fields = {time.members, time.mean, time.truth};
        status = ar_mean_spectra_add(&sums->spectra, run->harmonics, work->field->member_count,
                                     &fields, NULL, err);
    }
    int64_t valid = file->valid_times[t];
    sums->first_time = sums->times == 0 || valid < sums->first_time ? valid : sums->first_time;
    sums->last_time = sums->times == 0 || valid > sums->last_time ? valid : sums->last_time;
    sums->times++;
    return status;
}

void ar_verification_describe_level(const ar_forecast_field *field, int64_t level, char key[32],
                                    char text[48])
{
    if (!field->levels) {
        snprintf(key, 32, "surface");
        snprintf(text, 48, "surface");
        return;
    }
    snprintf(key, 32, "%.10g", field->levels[level]);
    bool has_unit = field->level_units[0] && strcmp(field->level_units, "1") != 0;
    snprintf(text, 48, "%s%s%s", key, has_unit ? " " : "", has_unit ? field->level_units : "");
}

static ar_status append_score(ar_verification *run, const field_work *work, int64_t level,
                              int64_t lead, const lead_sums *sums, int64_t region, ar_error *err)
{
    ar_status status = ar_grow(&run->scores, &run->score_capacity, run->score_count + 1,
                               sizeof *run->scores, "the scores", err);
    if (status != AR_OK) {
        return status;
    }
    const ar_forecast_field *field = work->field;
    ar_calendar calendar = run->forecast.calendar;
    ar_score *score = &run->scores[run->score_count++];
    *score = (ar_score){
        .region = region,
        .variable = field->variable,
        .standard_name = field->standard_name,
        .units = field->units,
        .lead_hours = (double)lead / 3600,
        .times = sums->times,
        .persistence_times = sums->persistence_times,
    };
    ar_verification_describe_level(field, level, score->level, score->level_text);
    ar_time_format(sums->first_time, calendar, score->first_time);
    ar_time_format(sums->last_time, calendar, score->last_time);
    return ar_lead_scores_read(&sums->regions[region], score, err);
}

/* Takes the sums of spectra, if any time has entered them. */
static ar_status append_spectra(ar_verification *run, const field_work *work, int64_t level,
                                int64_t lead, lead_sums *sums, ar_error *err)
{
    if (sums->spectra.times == 0) {
        return AR_OK;
    }
    ar_status status = ar_grow(&run->spectra, &run->spectra_capacity, run->spectra_count + 1,
                               sizeof *run->spectra, "the spectra", err);
    if (status != AR_OK) {
        return status;
    }
    ar_field_spectra *spectra = &run->spectra[run->spectra_count++];
    *spectra = (ar_field_spectra){.variable = work->field->variable,
                                  .standard_name = work->field->standard_name,
                                  .units = work->field->units,
                                  .lead_hours = (double)lead / 3600,
                                  .spectra = sums->spectra};
    sums->spectra = (ar_mean_spectra){0};
    ar_mean_spectra_finish(&spectra->spectra);
    ar_verification_describe_level(work->field, level, spectra->level, spectra->level_text);
    return AR_OK;
}

static void lead_sums_release(lead_sums *sums, const ar_verification *run)
{
    for (int64_t i = 0; sums->regions && i < run->region_count; i++) {
        ar_lead_scores_release(&sums->regions[i]);
    }
    ar_free(sums->regions);
    ar_mean_spectra_release(&sums->spectra);
}

static ar_status lead_sums_init(lead_sums *sums, const ar_verification *run, const field_work *work,
                                ar_error *err)
{
    ar_status status = ar_allocate(&sums->regions, (size_t)run->region_count, sizeof *sums->regions,
                                   "the sums of regions", err);
    for (int64_t i = 0; status == AR_OK && i < run->region_count; i++) {
        const ar_lead_scores_settings settings = {
            .area = run->regions[i].area,
            .member_count = work->field->member_count,
            .thresholds = work->thresholds,
            .threshold_count = work->threshold_count,
            .climate = work->climate,
            .first_time = run->first_time,
            .block_days = run->block_days,
            .resamples = run->resamples,
        };
        status = ar_lead_scores_init(&sums->regions[i], &settings, err);
    }
    if (status == AR_OK && run->harmonics) {
        int64_t truncation = ar_harmonics_get_settings(run->harmonics)->truncation;
        status = ar_mean_spectra_init(&sums->spectra, truncation, err);
    }
    return status;
}

static ar_status score_lead(ar_verification *run, field_work *work, int64_t level, int64_t lead,
                            ar_error *err)
{
    const ar_forecast_file *file = &run->forecast;
    lead_sums sums = {0};
    int64_t pairs = 0;
    ar_status status = AR_OK;
    AR_TRY(lead_sums_init(&sums, run, work, err));
    AR_TRY(ar_lag_correlation_compute(work->r, &pairs, &work->climatology_truth, level,
                                      work->climatology, lead, err));
    if (pairs == 0) {
        ar_log(AR_LOG_WARNING,
               "%s: no two times of the climatology period lie %g hours apart; damped persistence "
               "is not scored",
               work->field->variable, (double)lead / 3600);
    }
    for (int64_t t = 0; t < file->time_count; t++) {
        if (file->lead_times[t] == lead && work->valid_index[t] >= 0) {
            AR_TRY(add_time(&sums, work, run, t, level, err));
            ar_progress_update(&work->progress, ++work->done, "");
        }
    }
    for (int64_t i = 0; sums.times > 0 && i < run->region_count; i++) {
        AR_TRY(append_score(run, work, level, lead, &sums, i, err));
    }
    AR_TRY(append_spectra(run, work, level, lead, &sums, err));
cleanup:
    lead_sums_release(&sums, run);
    return status;
}

/* The climatology of a level, and how large its values are. */
static ar_status compute_climatology(field_work *work, const ar_verification *run, int64_t level,
                                     ar_error *err)
{
    const ar_field_data *period = &work->climatology_truth;
    const ar_score_area *area = &run->regions[0].area;
    ar_anomaly_sums anomalies = {0};
    ar_status status = AR_OK;
    AR_TRY(ar_climatology_compute(work->climatology, period, level, err));
    for (int64_t at = 0; at < work->points; at++) {
        work->climatology_forecast[at] = (float)work->climatology[at];
    }
    for (int64_t t = 0; t < period->time_count; t++) {
        AR_TRY(ar_anomaly_sums_add(&anomalies, area, ar_field_data_slice(period, t, level),
                                   work->climatology, err));
    }
    work->climate = ar_climate_scale_read(&anomalies, area, work->climatology);
cleanup:
    return status;
}

/* The scored time to draw: the latest valid one, of these the one with the shortest lead time. */
static int64_t choose_map_time(const field_work *work, const ar_forecast_file *file)
{
    int64_t best = -1;
    for (int64_t t = 0; t < file->time_count; t++) {
        if (work->valid_index[t] < 0) {
            continue;
        }
        if (best < 0 || file->valid_times[t] > file->valid_times[best] ||
            (file->valid_times[t] == file->valid_times[best] &&
             file->lead_times[t] < file->lead_times[best])) {
            best = t;
        }
    }
    return best;
}

/* A map that was drawn, for the report. */
static ar_status keep_map(ar_verification *run, const ar_map *map, const char *variable,
                          const char *level, const char *file, ar_error *err)
{
    ar_status status = ar_grow(&run->maps, &run->map_capacity, run->map_count + 1,
                               sizeof *run->maps, "the maps", err);
    if (status != AR_OK) {
        return status;
    }
    ar_report_map *kept = &run->maps[run->map_count++];
    snprintf(kept->variable, sizeof kept->variable, "%s", variable);
    snprintf(kept->level, sizeof kept->level, "%s", level);
    snprintf(kept->file, sizeof kept->file, "%s", file);
    snprintf(kept->caption, sizeof kept->caption,
             "Maps of %s%s%s: analysis, forecast, spread and error, valid %s, lead time %g h",
             map->name, map->level_text[0] ? " at " : "", map->level_text, map->valid_time,
             map->lead_hours);
    return AR_OK;
}

/* A map that cannot be drawn is told and no reason to fail: the scores stand. */
static ar_status draw_map(ar_verification *run, field_work *work, int64_t level, ar_error *err)
{
    ar_forecast_file *file = &run->forecast;
    const ar_forecast_field *field = work->field;
    int64_t t = choose_map_time(work, file);
    char key[32], text[48], valid[32], name[160];
    ar_status status = ar_forecast_file_read(file, field, t, level, work->members, err);
    if (status != AR_OK) {
        return status;
    }
    ar_ensemble_mean_spread(work->members, field->member_count, work->points, work->mean,
                            work->spread);
    ar_verification_describe_level(field, level, key, text);
    ar_time_format(file->valid_times[t], file->calendar, valid);
    const ar_map map = {
        .name = field->long_name[0]       ? field->long_name
                : field->standard_name[0] ? field->standard_name
                                          : field->variable,
        .level_text = field->levels ? text : "",
        .units = field->units,
        .valid_time = valid,
        .lead_hours = (double)file->lead_times[t] / 3600,
        .member_count = field->member_count,
        .grid = &file->grid,
        .analysis = ar_field_data_slice(&work->truth, work->valid_index[t], level),
        .mean = work->mean,
        .spread = work->spread,
    };
    snprintf(name, sizeof name, "map_%s%s%s.png", field->variable, field->levels ? "_" : "",
             field->levels ? key : "");
    ar_error map_error;
    bool drawn = false;
    if (ar_map_draw(&map, run->options->out, name, &drawn, &map_error) != AR_OK) {
        ar_log(AR_LOG_WARNING, "%s is not drawn: %s", name, map_error.message);
    } else if (!drawn) {
        ar_log(AR_LOG_WARNING, "no maps are drawn: the program gmt is not installed");
        run->draw_maps = false;
    } else {
        return keep_map(run, &map, field->variable, key, name, err);
    }
    return AR_OK;
}

ar_status ar_verification_score_field(ar_verification *run, const ar_forecast_field *field,
                                      ar_error *err)
{
    const ar_forecast_file *file = &run->forecast;
    field_work work = {.field = field, .points = file->grid.nlat * file->grid.nlon};
    char label[96];
    ar_status status = AR_OK;
    AR_TRY(allocate_work(&work, run, err));
    AR_TRY(load_truth(&work, run, err));
    AR_TRY(match_times(&work, file, err));
    snprintf(label, sizeof label, "scoring %s", field->variable);
    ar_progress_begin(&work.progress, label, 0, field->level_count * file->time_count);
    for (int64_t level = 0; level < field->level_count; level++) {
        AR_TRY(compute_climatology(&work, run, level, err));
        for (int64_t i = 0; i < run->lead_count; i++) {
            AR_TRY(score_lead(run, &work, level, run->lead_times[i], err));
        }
        if (run->draw_maps) {
            AR_TRY(draw_map(run, &work, level, err));
        }
    }
    if (field->level_count > 1) {
        const ar_level_source source = {field, &work.truth, work.valid_index, work.members};
        AR_TRY(ar_verification_score_levels(run, &source, err));
    }
    ar_progress_end(&work.progress, "");
cleanup:
    field_work_release(&work);
    return status;
}
