#include "verify/rival.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/field_data.h"
#include "field/units.h"

/* ---- the file -------------------------------------------------------------------------------- */

/* Without folder and ending. */
static void name_of_file(char name[64], const char *path)
{
    snprintf(name, 64, "%s", ar_path_file_name(path));
    char *dot = strrchr(name, '.');
    if (dot && dot != name) {
        *dot = '\0';
    }
}

static int64_t earliest_of(const ar_forecast_file *file)
{
    int64_t earliest = file->reference_times[0];
    for (int64_t t = 0; t < file->time_count; t++) {
        const int64_t reference = file->reference_times[t], valid = file->valid_times[t];
        earliest = reference < earliest ? reference : earliest;
        earliest = valid < earliest ? valid : earliest;
    }
    return earliest;
}

ar_status ar_rival_open(ar_rival *rival, const char *text, const ar_forecast_file *forecast,
                        ar_error *err)
{
    const char *equals = strchr(text, '=');
    const char *path = equals ? equals + 1 : text;
    *rival = (ar_rival){0};
    if (equals) {
        snprintf(rival->name, sizeof rival->name, "%.*s", (int)(equals - text), text);
    } else {
        name_of_file(rival->name, path);
    }
    if (!rival->name[0] || !path[0]) {
        return ar_fail(err, AR_ERROR_USAGE, "--baseline %s is neither FILE nor NAME=FILE", text);
    }
    ar_status status = ar_forecast_file_open_other(&rival->file, path, err);
    if (status == AR_OK &&
        !ar_calendar_agree(rival->file.calendar, forecast->calendar, earliest_of(&rival->file))) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s has calendar %s and forecast %s has %s", path,
                         ar_calendar_name(rival->file.calendar), forecast->path,
                         ar_calendar_name(forecast->calendar));
        ar_forecast_file_close(&rival->file);
    }
    return status == AR_OK ? AR_OK : ar_fail_within(err, status, "--baseline %s", rival->name);
}

void ar_rival_close(ar_rival *rival)
{
    ar_forecast_file_close(&rival->file);
}

/* ---- a field --------------------------------------------------------------------------------- */

/* How surely it is the wanted one, 0: not at all. At the surface and above it fields can share a
 * standard name, so that a name of the one field alone counts more. */
static int likeness(const ar_forecast_field *field, const ar_forecast_field *wanted)
{
    if (strcmp(field->variable, wanted->variable) == 0) {
        return 3;
    }
    if (ar_field_same_name(field->variable, wanted->variable)) {
        return 2;
    }
    return wanted->standard_name[0] && strcmp(field->standard_name, wanted->standard_name) == 0;
}

static const ar_forecast_field *find_field(const ar_forecast_file *file,
                                           const ar_forecast_field *wanted)
{
    const ar_forecast_field *found = NULL;
    int best = 0;
    for (int64_t i = 0; i < file->field_count; i++) {
        const int alike = likeness(&file->fields[i], wanted);
        if (alike > best) {
            found = &file->fields[i];
            best = alike;
        }
    }
    return found;
}

static int64_t find_level(const ar_forecast_field *field, const ar_forecast_field *wanted,
                          int64_t level)
{
    if (!wanted->levels || !field->levels) {
        return !wanted->levels && !field->levels ? 0 : -1;
    }
    const char *ours = wanted->level_units, *theirs = field->level_units;
    double scale = 1, offset = 0;
    if (ours[0] && theirs[0] && ar_units_conversion(theirs, ours, &scale, &offset, NULL) != AR_OK) {
        return -1; /* 100 hPa are no model level 100 */
    }
    for (int64_t i = 0; i < field->level_count; i++) {
        const double difference = scale * field->levels[i] + offset - wanted->levels[level];
        if (difference * difference <= 1e-12 * wanted->levels[level] * wanted->levels[level]) {
            return i;
        }
    }
    return -1;
}

/* A time of a file, and where it is. */
typedef struct {
    int64_t valid, lead, index;
} file_time;

static int compare_times(const void *a, const void *b)
{
    const file_time *left = a, *right = b;
    if (left->valid != right->valid) {
        return (left->valid > right->valid) - (left->valid < right->valid);
    }
    if (left->lead != right->lead) {
        return (left->lead > right->lead) - (left->lead < right->lead);
    }
    return (left->index > right->index) - (left->index < right->index);
}

/* In the order of valid and lead times; a new array, the caller's to ar_free. */
static ar_status sort_times(file_time **sorted, const ar_forecast_file *file, ar_error *err)
{
    ar_status status = ar_allocate(sorted, (size_t)file->time_count, sizeof **sorted, "times", err);
    for (int64_t t = 0; status == AR_OK && t < file->time_count; t++) {
        (*sorted)[t] = (file_time){file->valid_times[t], file->lead_times[t], t};
    }
    if (status == AR_OK) {
        qsort(*sorted, (size_t)file->time_count, sizeof **sorted, compare_times);
    }
    return status;
}

/* The first time of a file that has both; −1: none has. */
static int64_t find_time(const file_time *sorted, int64_t count, int64_t valid, int64_t lead)
{
    const file_time wanted = {valid, lead, 0};
    int64_t low = 0, high = count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (compare_times(&sorted[middle], &wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const bool found = low < count && sorted[low].valid == valid && sorted[low].lead == lead;
    return found ? sorted[low].index : -1;
}

/* Which levels and times are in both. */
static ar_status match(ar_rival_field *field, const ar_forecast_file *forecast,
                       const ar_forecast_field *wanted, ar_error *err)
{
    const ar_forecast_file *file = &field->rival->file;
    file_time *sorted = NULL;
    int64_t levels = 0, times = 0;
    ar_status status = AR_OK;
    AR_TRY(sort_times(&sorted, file, err));
    AR_TRY(
        ar_allocate(&field->levels, (size_t)wanted->level_count, sizeof(int64_t), "levels", err));
    AR_TRY(ar_allocate(&field->times, (size_t)forecast->time_count, sizeof(int64_t), "times", err));
    for (int64_t l = 0; l < wanted->level_count; l++) {
        field->levels[l] = find_level(field->field, wanted, l);
        levels += field->levels[l] >= 0;
    }
    for (int64_t t = 0; t < forecast->time_count; t++) {
        field->times[t] =
            find_time(sorted, file->time_count, forecast->valid_times[t], forecast->lead_times[t]);
        times += field->times[t] >= 0;
    }
    if (levels == 0 || times == 0) {
        ar_log(AR_LOG_WARNING,
               "baseline %s has no %s of %s in common with the forecast; they are not compared",
               field->rival->name, levels == 0 ? "level" : "valid time and lead time",
               wanted->variable);
    }
cleanup:
    ar_free(sorted);
    return status;
}

static ar_status allocate_values(ar_rival_field *field, ar_error *err)
{
    const size_t members = (size_t)field->field->member_count;
    const size_t own = (size_t)field->alignment.own_points;
    const size_t points = (size_t)field->alignment.points;
    ar_status status = AR_OK;
    AR_TRY(ar_allocate(&field->read, members * own, sizeof(float), "a baseline", err));
    AR_TRY(ar_allocate(&field->members, members * points, sizeof(float), "a baseline", err));
    AR_TRY(ar_allocate(&field->mean, points, sizeof(float), "a baseline", err));
    AR_TRY(ar_allocate(&field->spread, points, sizeof(float), "a baseline", err));
cleanup:
    return status;
}

ar_status ar_rival_field_init(ar_rival_field *field, ar_rival *rival,
                              const ar_forecast_file *forecast, const ar_forecast_field *wanted,
                              const ar_regrid_method *method, ar_error *err)
{
    *field = (ar_rival_field){.rival = rival, .field = find_field(&rival->file, wanted)};
    ar_status status = AR_OK;
    if (!field->field) {
        ar_log(AR_LOG_WARNING, "baseline %s has no %s; it is not compared", rival->name,
               wanted->variable);
        return AR_OK;
    }
    AR_TRY(match(field, forecast, wanted, err));
    AR_TRY(ar_alignment_init(&field->alignment, &rival->file.grid, field->field->units, forecast,
                             wanted, method, err));
    AR_TRY(allocate_values(field, err));
cleanup:
    if (status != AR_OK) {
        ar_rival_field_release(field);
        status = ar_fail_within(err, status, "--baseline %s: %s", rival->name, wanted->variable);
    }
    return status;
}

void ar_rival_field_release(ar_rival_field *field)
{
    ar_free(field->levels);
    ar_free(field->times);
    ar_alignment_release(&field->alignment);
    ar_free(field->read);
    ar_free(field->members);
    ar_free(field->mean);
    ar_free(field->spread);
    *field = (ar_rival_field){0};
}

ar_status ar_rival_field_read(ar_rival_field *field, int64_t t, int64_t level, bool *there,
                              ar_error *err)
{
    *there = field->field && field->times[t] >= 0 && field->levels[level] >= 0;
    if (!*there) {
        return AR_OK;
    }
    const int64_t members = field->field->member_count;
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_file_read(&field->rival->file, field->field, field->times[t],
                                 field->levels[level], field->read, err));
    AR_TRY(ar_alignment_apply(&field->alignment, members, field->read, field->members, err));
    ar_ensemble_mean_spread(field->members, members, field->alignment.points, field->mean,
                            field->spread);
cleanup:
    return status;
}

/* ---- sums ------------------------------------------------------------------------------------ */

ar_status ar_rival_sums_init(ar_rival_sums *sums, const ar_rival_field *field,
                             const ar_score_area *area, const ar_bootstrap *blocks, ar_error *err)
{
    *sums = (ar_rival_sums){.bootstrap = {.first_time = blocks->first_time,
                                          .block_days = blocks->block_days,
                                          .resamples = blocks->resamples}};
    return field->field
               ? ar_ensemble_scorer_init(&sums->scorer, area, field->field->member_count, err)
               : AR_OK;
}

void ar_rival_sums_release(ar_rival_sums *sums)
{
    ar_ensemble_scorer_release(&sums->scorer);
    ar_bootstrap_release(&sums->bootstrap);
    *sums = (ar_rival_sums){0};
}

ar_status ar_rival_sums_add(ar_rival_sums *sums, const ar_rival_field *field, int64_t valid_time,
                            const ar_ensemble_sums *forecast, const float *mean, const float *truth,
                            const double *climatology, ar_error *err)
{
    const ar_score_area *area = &sums->scorer.area;
    ar_ensemble_sums own = {0};
    ar_ensemble_sums_add(&own, &sums->scorer, field->members, truth);
    ar_ensemble_sums_join(&sums->own, &own);
    ar_ensemble_sums_join(&sums->forecast, forecast);
    ar_anomaly_correlation_add(&sums->own_correlation, area, field->mean, truth, climatology);
    ar_anomaly_correlation_add(&sums->forecast_correlation, area, mean, truth, climatology);
    sums->times++;
    return ar_bootstrap_add(&sums->bootstrap, valid_time, forecast, &own, err);
}

ar_status ar_rival_sums_read(const ar_rival_sums *sums, ar_rival_score *score, ar_error *err)
{
    score->member_count = sums->scorer.member_count;
    score->times = sums->times;
    score->rmse = ar_error_sums_rmse(&sums->own.mean);
    score->crps = ar_ensemble_sums_crps(&sums->own);
    score->crps_fair = ar_ensemble_sums_crps_fair(&sums->own);
    score->acc = ar_anomaly_correlation_mean(&sums->own_correlation);
    score->forecast_rmse = ar_error_sums_rmse(&sums->forecast.mean);
    score->forecast_crps = ar_ensemble_sums_crps(&sums->forecast);
    score->forecast_crps_fair = ar_ensemble_sums_crps_fair(&sums->forecast);
    score->forecast_acc = ar_anomaly_correlation_mean(&sums->forecast_correlation);
    return ar_bootstrap_read(&sums->bootstrap, &score->confidence, err);
}
