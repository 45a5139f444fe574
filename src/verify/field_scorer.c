#include "verify/field_scorer.h"

#include "base/log.h"
#include "base/memory.h"
#include "verify/baselines.h"
#include "verify/field_film.h"
#include "verify/field_map.h"
#include "verify/seeps_climate.h"
#include "verify/threshold.h"

/* ---- setting up ------------------------------------------------------------------------------ */

static ar_status allocate(ar_field_scorer *scorer, ar_error *err)
{
    const ar_verification *run = scorer->run;
    const ar_forecast_field *field = scorer->field;
    size_t points = (size_t)scorer->points, times = (size_t)run->forecast.time_count;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&scorer->valid_index, times, sizeof(int64_t), "indices of times", err));
    AR_TRY(ar_allocate(&scorer->reference_index, times, sizeof(int64_t), "indices of times", err));
    AR_TRY(ar_allocate(&scorer->mean, points, sizeof(float), "an ensemble mean", err));
    AR_TRY(ar_allocate(&scorer->room, points, sizeof(double), "weights of points", err));
    AR_TRY(ar_allocate(&scorer->spread, points, sizeof(float), "a field of spread", err));
    AR_TRY(ar_allocate(&scorer->climatology_forecast, points, sizeof(float), "a climatology", err));
    AR_TRY(ar_allocate(&scorer->damped, points, sizeof(float), "a baseline forecast", err));
    AR_TRY(ar_allocate(&scorer->climatology, (size_t)field->level_count * points, sizeof(double),
                       "a climatology", err));
    AR_TRY(ar_allocate(&scorer->climates, (size_t)field->level_count, sizeof *scorer->climates,
                       "the scales of a climate", err));
    AR_TRY(ar_allocate(&scorer->leads, (size_t)run->lead_count, sizeof *scorer->leads,
                       "the sums of lead times", err));
    AR_TRY(ar_allocate(&scorer->rivals, (size_t)run->rival_count, sizeof *scorer->rivals,
                       "the baselines", err));
    AR_TRY(ar_thresholds_of_field(&scorer->thresholds, &scorer->threshold_count,
                                  run->options->thresholds, run->options->threshold_count, field,
                                  err));
cleanup:
    return status;
}

static ar_status open_truth(ar_field_scorer *scorer, ar_error *err)
{
    const ar_verification *run = scorer->run;
    const ar_forecast_file *file = &run->forecast;
    ar_truth_settings settings = {.paths = run->options->truth_paths,
                                  .path_count = run->options->truth_count,
                                  .regrid = run->regrid,
                                  .start = INT64_MAX,
                                  .end = INT64_MIN};
    for (int64_t t = 0; t < file->time_count; t++) {
        const int64_t both[] = {file->valid_times[t], file->reference_times[t]};
        for (int i = 0; i < 2; i++) {
            settings.start = both[i] < settings.start ? both[i] : settings.start;
            settings.end = both[i] > settings.end ? both[i] : settings.end;
        }
    }
    ar_status status = AR_OK;
    AR_TRY(ar_truth_open(&scorer->truth, &settings, file, scorer->field, err));
    AR_TRY(ar_time_interpolation_init(&scorer->interpolation, settings, file, scorer->field, err));
    settings.start = run->climatology_start;
    settings.end = run->climatology_end;
    status = ar_truth_open(&scorer->period, &settings, file, scorer->field, err);
    if (status != AR_OK) {
        status = ar_fail_within(err, status, "climatology period");
    }
cleanup:
    return status;
}

/* Where the truth has the forecast's times that are scored; tells which it has not. */
static ar_status match_times(ar_field_scorer *scorer, ar_error *err)
{
    const ar_forecast_file *file = &scorer->run->forecast;
    int64_t wanted = 0, without_truth = 0, without_reference = 0;
    for (int64_t t = 0; t < file->time_count; t++) {
        scorer->valid_index[t] = scorer->reference_index[t] = -1;
        if (ar_verification_find_lead(scorer->run, file->lead_times[t]) < 0) {
            continue;
        }
        wanted++;
        scorer->valid_index[t] = ar_truth_find_time(&scorer->truth, file->valid_times[t]);
        scorer->reference_index[t] = ar_truth_find_time(&scorer->truth, file->reference_times[t]);
        without_truth += scorer->valid_index[t] < 0;
        without_reference += scorer->valid_index[t] >= 0 && scorer->reference_index[t] < 0;
    }
    const char *variable = scorer->field->variable;
    if (without_truth == wanted) {
        char first[32], last[32];
        ar_time_format(file->valid_times[0], file->calendar, first);
        ar_time_format(file->valid_times[file->time_count - 1], file->calendar, last);
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: the truth has none of the %lld valid times of %s, %s to %s", file->path,
                       (long long)file->time_count, variable, first, last);
    }
    if (without_truth > 0) {
        ar_log(AR_LOG_WARNING, "%s: the truth lacks %lld of %lld valid times; they are not scored",
               variable, (long long)without_truth, (long long)wanted);
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

bool ar_field_scorer_wants(const ar_field_scorer *scorer, int64_t t)
{
    return scorer->valid_index[t] >= 0;
}

/* The scored time to draw: the latest valid one, of these the one with the shortest lead time. */
static int64_t choose_map_time(const ar_field_scorer *scorer)
{
    const ar_forecast_file *file = &scorer->run->forecast;
    int64_t best = -1;
    for (int64_t t = 0; t < file->time_count; t++) {
        if (!ar_field_scorer_wants(scorer, t)) {
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

/* The climatology, and in a second pass how large its values are. */
static ar_status compute_climatology(ar_field_scorer *scorer, ar_error *err)
{
    const ar_score_area *area = &scorer->run->regions[0].area;
    const int64_t levels = scorer->field->level_count, points = scorer->points;
    ar_anomaly_sums *anomalies = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&anomalies, (size_t)levels, sizeof *anomalies, "sums of anomalies", err));
    AR_TRY(ar_climatology_compute(scorer->climatology, &scorer->period, err));
    for (int64_t t = 0; t < scorer->period.field->time_count; t++) {
        const float *truth;
        AR_TRY(ar_truth_read(&scorer->period, t, &truth, err));
        for (int64_t level = 0; level < levels; level++) {
            AR_TRY(ar_anomaly_sums_add(&anomalies[level], area, truth + level * points,
                                       scorer->climatology + level * points, err));
        }
    }
    for (int64_t level = 0; level < levels; level++) {
        scorer->climates[level] =
            ar_climate_scale_read(&anomalies[level], area, scorer->climatology + level * points);
    }
cleanup:
    ar_free(anomalies);
    return status;
}

/* Precipitation in a unit that is none has no SEEPS, which is told and no reason to fail. */
static ar_status prepare_seeps(ar_field_scorer *scorer, ar_error *err)
{
    double threshold = 0;
    ar_error own;
    if (!ar_seeps_is_precipitation(scorer->field)) {
        return AR_OK;
    }
    if (ar_seeps_threshold(&threshold, scorer->field, scorer->run->dry_millimetres, &own) !=
        AR_OK) {
        ar_log(AR_LOG_WARNING, "no SEEPS: %s", own.message);
        return AR_OK;
    }
    return ar_seeps_climate_compute(&scorer->seeps, &scorer->period, threshold, err);
}

ar_status ar_field_scorer_init(ar_field_scorer *scorer, ar_verification *run,
                               const ar_forecast_field *field, ar_error *err)
{
    const ar_grid *grid = &run->forecast.grid;
    *scorer = (ar_field_scorer){.run = run, .field = field, .points = grid->nlat * grid->nlon};
    ar_status status = AR_OK;
    AR_TRY(allocate(scorer, err));
    for (int64_t i = 0; i < run->rival_count; i++) {
        AR_TRY(ar_rival_field_init(&scorer->rivals[i], &run->rivals[i], &run->forecast, field,
                                   run->regrid, err));
    }
    AR_TRY(open_truth(scorer, err));
    AR_TRY(match_times(scorer, err));
    scorer->map_time = choose_map_time(scorer);
    AR_TRY(compute_climatology(scorer, err));
    AR_TRY(prepare_seeps(scorer, err));
    AR_TRY(ar_field_places_init(&scorer->places, run, field, err));
cleanup:
    if (status != AR_OK) {
        ar_field_scorer_release(scorer);
    }
    return status;
}

void ar_field_scorer_release(ar_field_scorer *scorer)
{
    for (int64_t i = 0; scorer->leads && i < scorer->run->lead_count; i++) {
        ar_field_lead_release(&scorer->leads[i], scorer);
    }
    ar_free(scorer->leads);
    for (int64_t i = 0; scorer->rivals && i < scorer->run->rival_count; i++) {
        ar_rival_field_release(&scorer->rivals[i]);
    }
    ar_free(scorer->rivals);
    ar_truth_close(&scorer->truth);
    ar_truth_close(&scorer->period);
    ar_time_interpolation_release(&scorer->interpolation);
    ar_free(scorer->valid_index);
    ar_free(scorer->reference_index);
    ar_free(scorer->mean);
    ar_free(scorer->spread);
    ar_free(scorer->room);
    ar_free(scorer->climatology_forecast);
    ar_free(scorer->damped);
    ar_free(scorer->climatology);
    ar_free(scorer->climates);
    ar_free(scorer->thresholds);
    ar_seeps_climate_release(&scorer->seeps);
    ar_field_places_release(&scorer->places);
    *scorer = (ar_field_scorer){0};
}

/* ---- a lead time, and its times -------------------------------------------------------------- */

ar_status ar_field_scorer_begin_lead(ar_field_scorer *scorer, int64_t lead, ar_error *err)
{
    const ar_verification *run = scorer->run;
    ar_field_lead *sums = &scorer->leads[lead];
    int64_t pairs = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_field_lead_init(sums, scorer, err));
    AR_TRY(ar_lag_correlation_compute(sums->r, &pairs, &scorer->period, scorer->climatology,
                                      run->lead_times[lead], err));
    if (pairs == 0) {
        ar_log(AR_LOG_WARNING,
               "%s: no two times of the climatology period lie %g hours apart; damped persistence "
               "is not scored",
               scorer->field->variable, (double)run->lead_times[lead] / 3600);
    }
cleanup:
    return status;
}

static ar_status add_level(ar_field_scorer *scorer, ar_field_lead *lead, int64_t level,
                           const ar_scored_time *time, ar_error *err)
{
    const ar_verification *run = scorer->run;
    ar_status status = AR_OK;
    for (int64_t i = 0; i < run->region_count; i++) {
        AR_TRY(ar_lead_scores_add(&lead->sums[level * run->region_count + i], time, err));
        if (lead->together) {
            ar_energy_score_add_level(&lead->together[i], time->members, time->truth);
        }
    }
    if (lead->spectra) {
        const ar_spectra_fields fields = {time->members, time->mean, time->truth};
        AR_TRY(ar_mean_spectra_add(&lead->spectra[level], run->harmonics,
                                   scorer->field->member_count, &fields, NULL, err));
    }
cleanup:
    return status;
}

/* The other forecasts of a time and level, beside what was just added of this one. */
static ar_status add_rivals(ar_field_scorer *scorer, ar_field_lead *lead, int64_t t, int64_t level,
                            const ar_scored_time *time, ar_error *err)
{
    const ar_verification *run = scorer->run;
    ar_status status = AR_OK;
    for (int64_t k = 0; k < run->rival_count; k++) {
        ar_rival_field *rival = &scorer->rivals[k];
        bool there = false;
        AR_TRY(ar_rival_field_read(rival, t, level, &there, err));
        for (int64_t i = 0; there && i < run->region_count; i++) {
            const int64_t at = level * run->region_count + i;
            AR_TRY(ar_rival_sums_add(&lead->rivals[at * run->rival_count + k], rival,
                                     time->valid_time, &lead->sums[at].latest, time->mean,
                                     time->truth, time->climatology, err));
        }
    }
cleanup:
    return status;
}

static void end_time(ar_field_scorer *scorer, ar_field_lead *lead, int64_t t)
{
    const int64_t valid = scorer->run->forecast.valid_times[t];
    for (int64_t i = 0; lead->together && i < scorer->run->region_count; i++) {
        ar_energy_score_end_time(&lead->together[i]);
    }
    lead->first_time = lead->times == 0 || valid < lead->first_time ? valid : lead->first_time;
    lead->last_time = lead->times == 0 || valid > lead->last_time ? valid : lead->last_time;
    lead->times++;
    lead->persistence_times += scorer->reference_index[t] >= 0;
}

ar_status ar_field_scorer_add(ar_field_scorer *scorer, int64_t t, int64_t level,
                              const float *members, ar_error *err)
{
    const ar_verification *run = scorer->run;
    const int64_t first = level * scorer->points;
    const double *climatology = scorer->climatology + first;
    ar_field_lead *lead =
        &scorer->leads[ar_verification_find_lead(run, run->forecast.lead_times[t])];
    const float *valid, *reference;
    ar_status status = AR_OK;
    AR_TRY(ar_truth_read(&scorer->truth, scorer->valid_index[t], &valid, err));
    ar_ensemble_mean_spread(members, scorer->field->member_count, scorer->points, scorer->mean,
                            scorer->spread);
    for (int64_t at = 0; at < scorer->points; at++) {
        scorer->climatology_forecast[at] = (float)climatology[at];
    }
    ar_scored_time time = {
        .valid_time = run->forecast.valid_times[t],
        .members = members,
        .mean = scorer->mean,
        .spread = scorer->spread,
        .truth = valid + first,
        .climatology = climatology,
        .climatology_forecast = scorer->climatology_forecast,
    };
    if (scorer->reference_index[t] >= 0) {
        AR_TRY(ar_truth_read(&scorer->truth, scorer->reference_index[t], &reference, err));
        time.persistence = reference + first;
        time.damped = scorer->damped;
        ar_damped_persistence(scorer->damped, time.persistence, climatology, lead->r + first,
                              scorer->points);
        AR_TRY(ar_time_interpolation_read(&scorer->interpolation, t, level, time.persistence,
                                          &time.interpolation, err));
    }
    AR_TRY(add_level(scorer, lead, level, &time, err));
    AR_TRY(ar_field_places_add(&scorer->places, lead - scorer->leads, level, members, time.truth,
                               err));
    AR_TRY(add_rivals(scorer, lead, t, level, &time, err));
    if (t == scorer->map_time && run->draw_maps) {
        AR_TRY(ar_field_map_draw(scorer, level, time.truth, err));
    }
    AR_TRY(ar_field_film_add(&run->films[scorer->field - run->forecast.fields], t, level,
                             scorer->mean, time.truth, err));
    if (level == scorer->field->level_count - 1) {
        end_time(scorer, lead, t);
    }
cleanup:
    return status;
}
