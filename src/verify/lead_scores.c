#include "verify/lead_scores.h"

#include "base/memory.h"

ar_status ar_lead_scores_init(ar_lead_scores *sums, const ar_lead_scores_settings *settings,
                              ar_error *err)
{
    const ar_score_area *area = &settings->area;
    int64_t member_count = settings->member_count;
    *sums = (ar_lead_scores){
        .calibration = {.area = *area,
                        .member_count = member_count,
                        .deviation = settings->climate.anomaly_deviation},
        .quadratic = {.area = *area, .member_count = member_count, .climate = settings->climate},
        .seeps = {.area = *area, .member_count = member_count, .climate = settings->seeps},
        .bootstrap = {.first_time = settings->first_time,
                      .block_days = settings->block_days,
                      .resamples = settings->resamples}};
    ar_status status = AR_OK;
    AR_TRY(ar_ensemble_scorer_init(&sums->scorer, area, member_count, err));
    AR_TRY(ar_distribution_init(&sums->distribution, area, member_count, settings->thresholds,
                                settings->threshold_count, err));
    AR_TRY(ar_energy_score_init(&sums->energy, area, member_count, err));
cleanup:
    if (status != AR_OK) {
        ar_lead_scores_release(sums);
    }
    return status;
}

void ar_lead_scores_release(ar_lead_scores *sums)
{
    ar_ensemble_scorer_release(&sums->scorer);
    ar_distribution_release(&sums->distribution);
    ar_energy_score_release(&sums->energy);
    ar_calibration_release(&sums->calibration);
    ar_quadratic_distance_release(&sums->quadratic);
    ar_bootstrap_release(&sums->bootstrap);
}

ar_status ar_lead_scores_add(ar_lead_scores *sums, const ar_scored_time *time, ar_error *err)
{
    const ar_score_area *area = &sums->scorer.area;
    ar_ensemble_sums model = {0};
    ar_ensemble_sums persistence = {0};
    ar_ensemble_sums_add(&model, &sums->scorer, time->members, time->truth);
    ar_ensemble_sums_join(&sums->model, &model);
    sums->latest = model;
    ar_distribution_add(&sums->distribution, time->members, time->truth);
    ar_energy_score_add(&sums->energy, time->members, time->truth);
    ar_anomaly_correlation_add(&sums->correlation, area, time->mean, time->truth,
                               time->climatology);
    ar_error_sums_add(&sums->climatology, area, time->climatology_forecast, time->truth);
    if (time->persistence) {
        ar_error_sums_add(&persistence.mean, area, time->persistence, time->truth);
        persistence.crps = persistence.mean.absolute_error;
        ar_error_sums_join(&sums->persistence, &persistence.mean);
        ar_error_sums_add(&sums->damped, area, time->damped, time->truth);
        ar_anomaly_correlation_add(&sums->persistence_correlation, area, time->persistence,
                                   time->truth, time->climatology);
    }
    if (time->interpolation) {
        ar_error_sums_add(&sums->interpolation, area, time->interpolation, time->truth);
    }
    ar_status status = ar_calibration_add(&sums->calibration, time->members, time->mean,
                                          time->spread, time->truth, err);
    if (status == AR_OK) {
        status = ar_quadratic_distance_add(&sums->quadratic, time->members, time->truth, err);
    }
    if (status == AR_OK) {
        status = ar_seeps_add(&sums->seeps, time->members, time->mean, time->truth, err);
    }
    if (status == AR_OK) {
        status = ar_bootstrap_add(&sums->bootstrap, time->valid_time, &model,
                                  time->persistence ? &persistence : NULL, err);
    }
    return status;
}

static ar_status read_thresholds(const ar_distribution *sums, ar_score *score, ar_error *err)
{
    size_t counts = (size_t)sums->member_count + 1;
    ar_status status = ar_allocate(&score->thresholds, (size_t)sums->threshold_count,
                                   sizeof *score->thresholds, "scores of thresholds", err);
    for (int64_t i = 0; status == AR_OK && i < sums->threshold_count; i++) {
        ar_threshold_score *at = &score->thresholds[score->threshold_count++];
        at->threshold = sums->thresholds[i];
        at->brier = ar_distribution_brier(sums, i);
        status =
            ar_allocate(&at->forecast, 2 * counts, sizeof(double), "a reliability diagram", err);
        if (status == AR_OK) {
            at->observed = at->forecast + counts;
            ar_distribution_reliability(sums, i, at->forecast, at->observed);
        }
    }
    return status;
}

static ar_status read_calibration(const ar_calibration *sums, ar_score *score, ar_error *err)
{
    ar_status status =
        ar_allocate(&score->calibration, 1, sizeof *score->calibration, "a calibration", err);
    if (status == AR_OK && !ar_calibration_read(sums, score->calibration)) {
        ar_free(score->calibration);
        score->calibration = NULL;
    }
    return status;
}

ar_status ar_lead_scores_read(const ar_lead_scores *sums, ar_score *score, ar_error *err)
{
    const ar_distribution *distribution = &sums->distribution;
    score->member_count = distribution->member_count;
    score->rmse = ar_error_sums_rmse(&sums->model.mean);
    score->bias = ar_error_sums_bias(&sums->model.mean);
    score->mae = ar_error_sums_mae(&sums->model.mean);
    score->acc = ar_anomaly_correlation_mean(&sums->correlation);
    score->crps = ar_ensemble_sums_crps(&sums->model);
    score->crps_fair = ar_ensemble_sums_crps_fair(&sums->model);
    score->spread = ar_ensemble_sums_spread(&sums->model);
    score->spread_skill_ratio = ar_ensemble_sums_spread_skill(&sums->model);
    score->energy_score = ar_energy_score_plain(&sums->energy);
    score->energy_score_fair = ar_energy_score_fair(&sums->energy);
    score->ignorance = ar_distribution_ignorance(distribution);
    score->without_spread = ar_distribution_without_spread(distribution);
    score->rank_departure = ar_distribution_rank_departure(distribution);
    score->rank_delta = ar_distribution_rank_delta(distribution);
    score->seeps = ar_seeps_read(&sums->seeps);
    score->iqd = ar_quadratic_distance_read(&sums->quadratic);
    score->persistence_rmse = ar_error_sums_rmse(&sums->persistence);
    score->persistence_crps = ar_error_sums_mae(&sums->persistence);
    score->persistence_acc = ar_anomaly_correlation_mean(&sums->persistence_correlation);
    score->damped_persistence_rmse = ar_error_sums_rmse(&sums->damped);
    score->interpolation_rmse = ar_error_sums_rmse(&sums->interpolation);
    score->climatology_rmse = ar_error_sums_rmse(&sums->climatology);
    ar_status status = ar_allocate(&score->rank_histogram, (size_t)score->member_count + 1,
                                   sizeof(double), "a rank histogram", err);
    if (status == AR_OK) {
        ar_distribution_ranks(distribution, score->rank_histogram);
        status = read_thresholds(distribution, score, err);
    }
    if (status == AR_OK) {
        status = read_calibration(&sums->calibration, score, err);
    }
    if (status == AR_OK) {
        status = ar_bootstrap_read(&sums->bootstrap, &score->confidence, err);
    }
    return status;
}

void ar_score_release(ar_score *score)
{
    for (int64_t i = 0; i < score->threshold_count; i++) {
        ar_free(score->thresholds[i].forecast);
    }
    ar_free(score->thresholds);
    ar_free(score->rank_histogram);
    ar_free(score->calibration);
    ar_free(score->rivals);
    *score = (ar_score){0};
}
