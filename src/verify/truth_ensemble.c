/* Against the true distribution: each forecast that began with the analysis of an ensemble of truth
 * is compared with it, file by file. */
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "verify/truth_ensemble_file.h"
#include "verify/verification.h"

/* One field at work. */
typedef struct {
    ar_verification *run;
    const ar_forecast_field *field;
    int64_t points;
    ar_conditional_distance *sums; /* [level_count][lead_count][region_count] */
    int64_t *times;                /* [lead_count] that were compared */
    float *members, *truth;        /* [member_count][points], [truth_count][points] */
    int64_t truth_count;           /* members of truth, the same in all files; 0: not known yet */
    ar_truth_settings settings;
} ensemble_work;

static ar_conditional_distance *sums_of(const ensemble_work *work, int64_t level, int64_t lead)
{
    return &work->sums[(level * work->run->lead_count + lead) * work->run->region_count];
}

static void work_release(ensemble_work *work)
{
    ar_free(work->sums);
    ar_free(work->times);
    ar_free(work->members);
    ar_free(work->truth);
}

static ar_status work_init(ensemble_work *work, ar_verification *run,
                           const ar_forecast_field *field, ar_error *err)
{
    const ar_forecast_file *file = &run->forecast;
    *work = (ensemble_work){.run = run,
                            .field = field,
                            .points = file->grid.nlat * file->grid.nlon,
                            .settings = {.path_count = 1, .regrid = run->regrid}};
    work->settings.start = file->reference_times[0];
    work->settings.end = file->valid_times[0];
    for (int64_t t = 1; t < file->time_count; t++) {
        const int64_t reference = file->reference_times[t], valid = file->valid_times[t];
        work->settings.start = reference < work->settings.start ? reference : work->settings.start;
        work->settings.end = valid > work->settings.end ? valid : work->settings.end;
    }
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&work->sums,
                       (size_t)(field->level_count * run->lead_count * run->region_count),
                       sizeof *work->sums, "sums of distances", err));
    AR_TRY(ar_allocate(&work->times, (size_t)run->lead_count, sizeof *work->times,
                       "counts of times", err));
    /* the product was checked on opening */
    AR_TRY(ar_allocate(&work->members, (size_t)(field->member_count * work->points), sizeof(float),
                       "members", err));
cleanup:
    return status;
}

static ar_status check_truth_count(ensemble_work *work, const ar_truth_ensemble_file *file,
                                   const char *path, ar_error *err)
{
    size_t values = 0;
    if (work->truth_count == file->member_count) {
        return AR_OK;
    }
    if (work->truth_count > 0) {
        return ar_fail(
            err, AR_ERROR_INPUT,
            "%s has %lld members where the truth ensembles before it have %lld; all have "
            "to have as many",
            path, (long long)file->member_count, (long long)work->truth_count);
    }
    work->truth_count = file->member_count;
    return ar_size_product((size_t)file->member_count, (size_t)work->points, &values)
               ? ar_allocate(&work->truth, values, sizeof(float), "members of truth", err)
               : ar_fail(err, AR_ERROR_MEMORY, "%s: its members are too many", path);
}

/* Compare a time at all levels. */
static ar_status add_time(ensemble_work *work, ar_truth_ensemble_file *file, int64_t t,
                          int64_t truth_time, int64_t lead, ar_error *err)
{
    ar_verification *run = work->run;
    ar_status status = AR_OK;
    for (int64_t level = 0; level < work->field->level_count; level++) {
        AR_TRY(ar_forecast_file_read(&run->forecast, work->field, t, level, work->members, err));
        AR_TRY(ar_truth_ensemble_file_read(file, truth_time, level, work->truth, err));
        for (int64_t i = 0; i < run->region_count; i++) {
            ar_conditional_distance *sums = &sums_of(work, level, lead)[i];
            sums->area = run->regions[i].area;
            sums->member_count = work->field->member_count;
            sums->truth_count = work->truth_count;
            AR_TRY(ar_conditional_distance_add(sums, work->members, work->truth, err));
        }
    }
    work->times[lead]++;
cleanup:
    return status;
}

/* The times of the forecast that began with the analysis of a file. */
static ar_status add_file(ensemble_work *work, const char *path, ar_error *err)
{
    const ar_forecast_file *forecast = &work->run->forecast;
    ar_truth_ensemble_file file = {0};
    ar_status status = AR_OK;
    work->settings.paths = &path;
    AR_TRY(ar_truth_ensemble_file_open(&file, &work->settings, forecast, work->field, err));
    AR_TRY(check_truth_count(work, &file, path, err));
    for (int64_t t = 0; t < forecast->time_count; t++) {
        const int64_t lead = ar_verification_find_lead(work->run, forecast->lead_times[t]);
        const int64_t at = ar_truth_find_time(&file.members[0], forecast->valid_times[t]);
        if (lead >= 0 && at >= 0 && forecast->lead_times[t] > 0 &&
            forecast->reference_times[t] == file.analysis) {
            AR_TRY(add_time(work, &file, t, at, lead, err));
        }
    }
cleanup:
    ar_truth_ensemble_file_close(&file);
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "--truth-ensemble");
}

static ar_status append_scores(const ensemble_work *work, int64_t level, int64_t lead,
                               ar_error *err)
{
    ar_verification *run = work->run;
    for (int64_t i = 0; i < run->region_count; i++) {
        ar_status status = ar_grow(&run->conditional_scores, &run->conditional_score_capacity,
                                   run->conditional_score_count + 1,
                                   sizeof *run->conditional_scores, "the scores", err);
        if (status != AR_OK) {
            return status;
        }
        ar_conditional_score *score = &run->conditional_scores[run->conditional_score_count++];
        *score = (ar_conditional_score){
            .region = i,
            .variable = work->field->variable,
            .units = work->field->units,
            .lead_hours = (double)run->lead_times[lead] / 3600,
            .times = work->times[lead],
            .member_count = work->field->member_count,
            .truth_count = work->truth_count,
            .scores = ar_conditional_distance_read(&sums_of(work, level, lead)[i]),
        };
        ar_forecast_field_describe_level(work->field, level, score->level, score->level_text);
    }
    return AR_OK;
}

static ar_status score_field(ar_verification *run, const ar_forecast_field *field,
                             const glob_t *paths, ar_error *err)
{
    ensemble_work work;
    char label[96];
    ar_progress progress;
    int64_t compared = 0;
    ar_status status = AR_OK;
    AR_TRY(work_init(&work, run, field, err));
    snprintf(label, sizeof label, "scoring %s against true distributions", field->variable);
    ar_progress_begin(&progress, label, 0, (int64_t)paths->gl_pathc);
    for (size_t i = 0; i < paths->gl_pathc; i++) {
        AR_TRY(add_file(&work, paths->gl_pathv[i], err));
        ar_progress_update(&progress, (int64_t)i + 1, "");
    }
    ar_progress_end(&progress, "");
    for (int64_t level = 0; level < field->level_count; level++) {
        for (int64_t lead = 0; lead < run->lead_count; lead++) {
            compared += work.times[lead];
            if (work.times[lead] > 0) {
                AR_TRY(append_scores(&work, level, lead, err));
            }
        }
    }
    if (compared == 0) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "--truth-ensemble: %s: no forecast of %s begins at the first time of a "
                         "truth ensemble and is valid at another of its times",
                         field->variable, run->forecast.path);
    }
cleanup:
    work_release(&work);
    return status;
}

ar_status ar_verification_score_truth_ensemble(ar_verification *run, ar_error *err)
{
    const ar_verify_options *options = run->options;
    glob_t paths = {0};
    ar_status status = AR_OK;
    if (options->truth_ensemble_count == 0) {
        return AR_OK;
    }
    for (int64_t i = 0; i < options->truth_ensemble_count; i++) {
        /* What is no pattern, or matches nothing, stays as it is: to open it tells more. */
        const int flags = GLOB_NOCHECK | (i > 0 ? GLOB_APPEND : 0);
        if (glob(options->truth_ensembles[i], flags, NULL, &paths) != 0) {
            status =
                ar_fail(err, AR_ERROR_INPUT, "--truth-ensemble %s cannot be searched for files",
                        options->truth_ensembles[i]);
            goto cleanup;
        }
    }
    for (int64_t i = 0; i < run->forecast.field_count; i++) {
        AR_TRY(score_field(run, &run->forecast.fields[i], &paths, err));
    }
cleanup:
    globfree(&paths);
    return status;
}
