/* One lead time of a field: its sums, and the scores that are read from them. */
#include "base/memory.h"
#include "verify/field_scorer.h"

/* ---- sums ------------------------------------------------------------------------------------ */

static ar_status init_regions(ar_field_lead *lead, const ar_field_scorer *scorer, int64_t region,
                              ar_error *err)
{
    const ar_verification *run = scorer->run;
    const ar_forecast_field *field = scorer->field;
    ar_lead_scores_settings settings = {
        .area = run->regions[region].area,
        .member_count = field->member_count,
        .thresholds = scorer->thresholds,
        .threshold_count = scorer->threshold_count,
        .seeps = scorer->seeps.heavy ? &scorer->seeps : NULL,
        .first_time = run->first_time,
        .block_days = run->block_days,
        .resamples = run->resamples,
    };
    ar_status status = AR_OK;
    for (int64_t level = 0; level < field->level_count; level++) {
        settings.climate = scorer->climates[level];
        const int64_t at = level * run->region_count + region;
        AR_TRY(ar_lead_scores_init(&lead->sums[at], &settings, err));
        ar_energy_score_share_room(&lead->sums[at].energy, scorer->room);
        for (int64_t k = 0; k < run->rival_count; k++) {
            AR_TRY(ar_rival_sums_init(&lead->rivals[at * run->rival_count + k], &scorer->rivals[k],
                                      &settings.area, &lead->sums[at].bootstrap, err));
        }
    }
    if (lead->together) {
        AR_TRY(ar_energy_score_init(&lead->together[region], &settings.area, field->member_count,
                                    err));
        ar_energy_score_share_room(&lead->together[region], scorer->room);
    }
cleanup:
    return status;
}

ar_status ar_field_lead_init(ar_field_lead *lead, const ar_field_scorer *scorer, ar_error *err)
{
    const ar_verification *run = scorer->run;
    const size_t levels = (size_t)scorer->field->level_count, regions = (size_t)run->region_count;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&lead->sums, levels * regions, sizeof *lead->sums, "the sums", err));
    AR_TRY(ar_allocate(&lead->rivals, levels * regions * (size_t)run->rival_count,
                       sizeof *lead->rivals, "the sums of baselines", err));
    AR_TRY(ar_allocate(&lead->scores, levels * regions, sizeof *lead->scores, "the scores", err));
    AR_TRY(ar_allocate(&lead->r, levels * (size_t)scorer->points, sizeof *lead->r,
                       "a lag correlation", err));
    if (levels > 1) {
        AR_TRY(ar_allocate(&lead->together, regions, sizeof *lead->together, "the sums", err));
        AR_TRY(ar_allocate(&lead->level_scores, regions, sizeof *lead->level_scores, "the scores",
                           err));
    }
    for (int64_t i = 0; i < run->region_count; i++) {
        AR_TRY(init_regions(lead, scorer, i, err));
    }
    if (run->harmonics) {
        const int64_t truncation = ar_harmonics_get_settings(run->harmonics)->truncation;
        AR_TRY(ar_allocate(&lead->spectra, levels, sizeof *lead->spectra, "the spectra", err));
        for (size_t level = 0; level < levels; level++) {
            AR_TRY(ar_mean_spectra_init(&lead->spectra[level], truncation, err));
        }
    }
cleanup:
    return status; /* what there is goes with the scorer */
}

static void release_sums(ar_field_lead *lead, const ar_field_scorer *scorer)
{
    const int64_t regions = scorer->run->region_count;
    for (int64_t i = 0; lead->sums && i < scorer->field->level_count * regions; i++) {
        ar_lead_scores_release(&lead->sums[i]);
    }
    const int64_t rivals = regions * scorer->run->rival_count;
    for (int64_t i = 0; lead->rivals && i < scorer->field->level_count * rivals; i++) {
        ar_rival_sums_release(&lead->rivals[i]);
    }
    for (int64_t i = 0; lead->together && i < regions; i++) {
        ar_energy_score_release(&lead->together[i]);
    }
    ar_free(lead->sums);
    ar_free(lead->together);
    ar_free(lead->rivals);
    ar_free(lead->r);
    lead->sums = NULL;
    lead->rivals = NULL;
    lead->together = NULL;
    lead->r = NULL;
}

void ar_field_lead_release(ar_field_lead *lead, const ar_field_scorer *scorer)
{
    const int64_t levels = scorer->field->level_count;
    release_sums(lead, scorer);
    for (int64_t i = 0; lead->scores && i < levels * scorer->run->region_count; i++) {
        ar_score_release(&lead->scores[i]);
    }
    for (int64_t i = 0; lead->spectra && i < levels; i++) {
        ar_mean_spectra_release(&lead->spectra[i]);
    }
    ar_free(lead->scores);
    ar_free(lead->level_scores);
    ar_free(lead->spectra);
    *lead = (ar_field_lead){0};
}

/* ---- scores ---------------------------------------------------------------------------------- */

static ar_status read_score(ar_field_lead *lead, const ar_field_scorer *scorer, int64_t lead_time,
                            int64_t level, int64_t region, ar_error *err)
{
    const ar_forecast_field *field = scorer->field;
    const ar_calendar calendar = scorer->run->forecast.calendar;
    const int64_t at = level * scorer->run->region_count + region;
    const int64_t rivals = scorer->run->rival_count;
    ar_score *score = &lead->scores[at];
    *score = (ar_score){
        .region = region,
        .variable = field->variable,
        .standard_name = field->standard_name,
        .units = field->units,
        .lead_hours = (double)lead_time / 3600,
        .times = lead->times,
        .persistence_times = lead->persistence_times,
    };
    ar_forecast_field_describe_level(field, level, score->level, score->level_text);
    ar_time_format(lead->first_time, calendar, score->first_time);
    ar_time_format(lead->last_time, calendar, score->last_time);
    ar_status status = AR_OK;
    AR_TRY(ar_lead_scores_read(&lead->sums[at], score, err));
    AR_TRY(ar_allocate(&score->rivals, (size_t)rivals, sizeof *score->rivals, "scores of baselines",
                       err));
    for (; score->rival_count < rivals; score->rival_count++) {
        AR_TRY(ar_rival_sums_read(&lead->rivals[at * rivals + score->rival_count],
                                  &score->rivals[score->rival_count], err));
    }
cleanup:
    return status;
}

static ar_level_score read_together(const ar_field_lead *lead, const ar_field_scorer *scorer,
                                    int64_t lead_time, int64_t region)
{
    const ar_energy_score *sums = &lead->together[region];
    return (ar_level_score){
        .region = region,
        .variable = scorer->field->variable,
        .units = scorer->field->units,
        .lead_hours = (double)lead_time / 3600,
        .levels = scorer->field->level_count,
        .times = sums->times,
        .energy_score = ar_energy_score_plain(sums),
        .energy_score_fair = ar_energy_score_fair(sums),
    };
}

ar_status ar_field_scorer_end_lead(ar_field_scorer *scorer, int64_t index, ar_error *err)
{
    const ar_verification *run = scorer->run;
    ar_field_lead *lead = &scorer->leads[index];
    ar_status status = AR_OK;
    for (int64_t region = 0; lead->times > 0 && region < run->region_count; region++) {
        for (int64_t level = 0; level < scorer->field->level_count; level++) {
            AR_TRY(read_score(lead, scorer, run->lead_times[index], level, region, err));
        }
        if (lead->together) {
            lead->level_scores[region] =
                read_together(lead, scorer, run->lead_times[index], region);
        }
    }
    AR_TRY(ar_field_places_end_lead(&scorer->places, index, err));
cleanup:
    release_sums(lead, scorer);
    return status;
}

/* ---- into the verification ------------------------------------------------------------------- */

/* Takes the scores of a level. */
static ar_status append_scores(ar_field_lead *lead, ar_verification *run, int64_t level,
                               ar_error *err)
{
    ar_status status =
        ar_grow(&run->scores, &run->score_capacity, run->score_count + (size_t)run->region_count,
                sizeof *run->scores, "the scores", err);
    for (int64_t i = 0; status == AR_OK && i < run->region_count; i++) {
        ar_score *score = &lead->scores[level * run->region_count + i];
        run->scores[run->score_count++] = *score;
        *score = (ar_score){0};
    }
    return status;
}

static ar_status append_level_scores(const ar_field_lead *lead, ar_verification *run, ar_error *err)
{
    ar_status status = ar_grow(&run->level_scores, &run->level_score_capacity,
                               run->level_score_count + (size_t)run->region_count,
                               sizeof *run->level_scores, "the scores of levels", err);
    for (int64_t i = 0; status == AR_OK && i < run->region_count; i++) {
        run->level_scores[run->level_score_count++] = lead->level_scores[i];
    }
    return status;
}

ar_status ar_verification_append_spectra(ar_verification *run, const ar_forecast_field *field,
                                         int64_t level, int64_t lead, ar_mean_spectra *spectra,
                                         ar_error *err)
{
    if (spectra->times == 0) {
        return AR_OK;
    }
    ar_status status = ar_grow(&run->spectra, &run->spectra_capacity, run->spectra_count + 1,
                               sizeof *run->spectra, "the spectra", err);
    if (status != AR_OK) {
        return status;
    }
    ar_field_spectra *taken = &run->spectra[run->spectra_count++];
    *taken = (ar_field_spectra){.variable = field->variable,
                                .standard_name = field->standard_name,
                                .units = field->units,
                                .lead_hours = (double)run->lead_times[lead] / 3600,
                                .spectra = *spectra};
    *spectra = (ar_mean_spectra){0};
    ar_mean_spectra_finish(&taken->spectra);
    ar_forecast_field_describe_level(field, level, taken->level, taken->level_text);
    return AR_OK;
}

ar_status ar_field_scorer_finish(ar_field_scorer *scorer, ar_error *err)
{
    ar_verification *run = scorer->run;
    ar_status status = AR_OK;
    for (int64_t level = 0; level < scorer->field->level_count; level++) {
        for (int64_t i = 0; i < run->lead_count; i++) {
            ar_field_lead *lead = &scorer->leads[i];
            if (lead->times > 0) {
                AR_TRY(append_scores(lead, run, level, err));
            }
            if (lead->times > 0 && lead->spectra) {
                AR_TRY(ar_verification_append_spectra(run, scorer->field, level, i,
                                                      &lead->spectra[level], err));
            }
        }
    }
    for (int64_t i = 0; i < run->lead_count; i++) {
        if (scorer->leads[i].times > 0 && scorer->leads[i].level_scores) {
            AR_TRY(append_level_scores(&scorer->leads[i], run, err));
        }
    }
cleanup:
    return status;
}
