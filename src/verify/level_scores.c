#include "base/memory.h"
#include "verify/energy_score.h"
#include "verify/verification.h"

static ar_status add_time(ar_energy_score *regions, ar_verification *run,
                          const ar_level_source *source, int64_t t, ar_error *err)
{
    for (int64_t level = 0; level < source->field->level_count; level++) {
        ar_status status =
            ar_forecast_file_read(&run->forecast, source->field, t, level, source->members, err);
        if (status != AR_OK) {
            return status;
        }
        const float *truth = ar_field_data_slice(source->truth, source->valid_index[t], level);
        for (int64_t i = 0; i < run->region_count; i++) {
            ar_energy_score_add_level(&regions[i], source->members, truth);
        }
    }
    for (int64_t i = 0; i < run->region_count; i++) {
        ar_energy_score_end_time(&regions[i]);
    }
    return AR_OK;
}

static ar_status append_scores(ar_verification *run, const ar_forecast_field *field, int64_t lead,
                               const ar_energy_score *regions, ar_error *err)
{
    for (int64_t i = 0; i < run->region_count; i++) {
        ar_status status =
            ar_grow(&run->level_scores, &run->level_score_capacity, run->level_score_count + 1,
                    sizeof *run->level_scores, "the scores of levels", err);
        if (status != AR_OK) {
            return status;
        }
        run->level_scores[run->level_score_count++] = (ar_level_score){
            .region = i,
            .variable = field->variable,
            .units = field->units,
            .lead_hours = (double)lead / 3600,
            .levels = field->level_count,
            .times = regions[i].times,
            .energy_score = ar_energy_score_plain(&regions[i]),
            .energy_score_fair = ar_energy_score_fair(&regions[i]),
        };
    }
    return AR_OK;
}

static ar_status score_lead(ar_verification *run, const ar_level_source *source, int64_t lead,
                            ar_error *err)
{
    const ar_forecast_file *file = &run->forecast;
    ar_energy_score *regions = NULL;
    int64_t times = 0;
    ar_status status = AR_OK;
    AR_TRY(
        ar_allocate(&regions, (size_t)run->region_count, sizeof *regions, "sums of regions", err));
    for (int64_t i = 0; i < run->region_count; i++) {
        AR_TRY(ar_energy_score_init(&regions[i], &run->regions[i].area, source->field->member_count,
                                    err));
    }
    for (int64_t t = 0; t < file->time_count; t++) {
        if (file->lead_times[t] == lead && source->valid_index[t] >= 0) {
            AR_TRY(add_time(regions, run, source, t, err));
            times++;
        }
    }
    if (times > 0) {
        AR_TRY(append_scores(run, source->field, lead, regions, err));
    }
cleanup:
    for (int64_t i = 0; regions && i < run->region_count; i++) {
        ar_energy_score_release(&regions[i]);
    }
    ar_free(regions);
    return status;
}

ar_status ar_verification_score_levels(ar_verification *run, const ar_level_source *source,
                                       ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t i = 0; status == AR_OK && i < run->lead_count; i++) {
        status = score_lead(run, source, run->lead_times[i], err);
    }
    return status;
}
