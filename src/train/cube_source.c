#include "train/cube_source.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/memory.h"

static const double gib = 1 << 30;

ar_status ar_cube_source_init(ar_cube_source *source, ar_dataset *dataset,
                              const ar_sampling *sampling, int64_t first_time, int64_t last_time,
                              ar_error *err)
{
    ar_status status;
    *source = (ar_cube_source){.dataset = dataset, .space = dataset->space};
    for (int64_t f = 0; f < dataset->field_count; f++) {
        source->fields[f] = dataset->fields[f];
        source->field_pointers[f] = &source->fields[f];
    }
    source->space.fields = source->field_pointers;
    if (dataset->tau.share > 0) {
        source->tau = dataset->tau;
        source->tau.first_time = first_time;
        source->tau.last_time = last_time;
        source->space.tau = &source->tau;
    }
    AR_TRY(ar_sampler_init(&source->sampler, &source->space, sampling, first_time, last_time, err));
    if (dataset->by_months) {
        AR_TRY(ar_month_schedule_init(&source->months, &source->sampler, AR_WHOLE_MONTHS, err));
        source->sampler.months = &source->months;
    }
cleanup:
    return status;
}

void ar_cube_source_release(ar_cube_source *source)
{
    ar_residence_stop(&source->residence);
    ar_month_schedule_release(&source->months);
    ar_sampler_release(&source->sampler);
    *source = (ar_cube_source){0};
}

/* Bytes of the largest month of all fields that are read. */
static double month_bytes(const ar_cube_source *source)
{
    double bytes = 0;
    for (int64_t f = 0; f < source->dataset->field_count; f++) {
        if (source->dataset->readers[f]) {
            const ar_field_data *field = &source->fields[f];
            bytes += (double)ar_month_schedule_most_times(&source->months, field) *
                     ar_dataset_time_bytes(field);
        }
    }
    return bytes;
}

/* Of the fields that are in memory in any case. */
static double static_bytes(const ar_dataset *dataset)
{
    double bytes = 0;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        bytes += dataset->fields[f].values && !dataset->is_stream[f]
                     ? ar_dataset_time_bytes(&dataset->fields[f])
                     : 0;
    }
    return bytes;
}

/* So many months and the next one, which is read meanwhile. */
static double slot_bytes(const ar_cube_source *source, int64_t slots)
{
    return month_bytes(source) * (double)(slots + (source->months.month_count > 1));
}

/* Group a source's times anew. */
static ar_status regroup(ar_cube_source *source, int days, ar_error *err)
{
    ar_month_schedule_release(&source->months);
    source->is_whole = days == 0;
    return ar_month_schedule_init(&source->months, &source->sampler, days, err);
}

/* Keep all of a source's times in memory where they take no more than so much. */
static ar_status keep_whole(ar_cube_source *source, double most_bytes, ar_error *err)
{
    ar_status status = regroup(source, 0, err);
    if (status == AR_OK && month_bytes(source) > most_bytes) {
        status = regroup(source, AR_WHOLE_MONTHS, err);
    }
    return status;
}

static void tell(const ar_cube_source *training, const ar_cube_source *validation, int days)
{
    const ar_month_schedule *months = &training->months;
    const char *rest = validation->sampler.window_count == 0 ? ""
                       : validation->is_whole                ? "; validation is kept in memory"
                                              : "; each batch of validation has its own";
    char parts[64] = "months";
    if (days == 1) {
        snprintf(parts, sizeof parts, "days");
    } else if (days < AR_WHOLE_MONTHS) {
        snprintf(parts, sizeof parts, "parts of %d days", days);
    }
    if (training->is_whole) {
        ar_log(AR_LOG_INFO, "all times of training are kept in memory, %.3g GiB%s",
               month_bytes(training) / gib, rest);
        return;
    }
    ar_log(AR_LOG_INFO,
           "the data is read month by month: %lld of %lld %s in memory at once, %.3g GiB with "
           "the next one, each for %lld steps%s",
           (long long)months->slot_count, (long long)months->month_count, parts,
           slot_bytes(training, months->slot_count) / gib, (long long)months->stay, rest);
}

/* Months, or parts of them, of which several fit at once: samples of one step should not all be of
 * the same weather. What does not fit is read in parts of a day. */
static ar_status choose_days(ar_cube_source *training, ar_cube_source *validation, double available,
                             int *days, double *for_validation, ar_error *err)
{
    enum { FEW_SLOTS = 4 };
    ar_status status = AR_OK;
    const bool validates = validation->sampler.window_count > 0;
    if (validates) {
        AR_TRY(keep_whole(validation, available / 2, err));
    }
    *for_validation = validates ? slot_bytes(validation, 1) : 0;
    AR_TRY(keep_whole(training, available - *for_validation, err));
    *days = AR_WHOLE_MONTHS;
    while (!training->is_whole && *days > 1 &&
           slot_bytes(training, FEW_SLOTS) + *for_validation > available) {
        *days = (*days + 1) / 2; /* 16, 8, 4, 2, 1 */
        AR_TRY(regroup(training, *days, err));
        if (validates && !validation->is_whole) {
            AR_TRY(regroup(validation, *days, err));
            *for_validation = slot_bytes(validation, 1);
        }
    }
cleanup:
    return status;
}

ar_status ar_cube_source_divide_memory(ar_cube_source *training, ar_cube_source *validation,
                                       const ar_configuration *configuration, ar_error *err)
{
    if (!training->dataset->by_months) {
        return AR_OK;
    }
    ar_status status = AR_OK;
    const double fixed = static_bytes(training->dataset);
    const double available = configuration->memory_gib * gib - fixed;
    double for_validation;
    int days;
    AR_TRY(choose_days(training, validation, available, &days, &for_validation, err));
    const double least = slot_bytes(training, 1);
    if (least + for_validation > available) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: data.memory_gib is %g, but two days of all fields%s take %.4g GiB "
                         "with the cubes that begin in them; should be that or more, or 0 to load "
                         "all",
                         configuration->file, configuration->memory_gib,
                         for_validation > 0 ? ", for training and for validation," : "",
                         ceil((fixed + least + for_validation) / gib * 1e4) / 1e4);
        goto cleanup;
    }
    ar_month_schedule *months = &training->months;
    const double slots = floor((available - for_validation) / month_bytes(training)) - 1;
    months->slot_count = (int64_t)fmax(1, fmin(slots, (double)months->month_count));
    const double samples = (double)configuration->samples_per_month * days / AR_WHOLE_MONTHS;
    months->stay = (int64_t)fmax(
        1, round(samples * (double)months->slot_count / (double)configuration->training.batch));
    months->seed = validation->months.seed = (uint64_t)configuration->seed;
    validation->months.validation = true;
    tell(training, validation, days);
cleanup:
    return status;
}

ar_status ar_cube_source_start(ar_cube_source *source, int64_t first_step, int64_t last_step,
                               ar_error *err)
{
    ar_dataset *dataset = source->dataset;
    ar_field_data *fields[AR_FIELD_MAX];
    ar_field_reader *readers[AR_FIELD_MAX];
    ar_residence_options options = {.schedule = &source->months,
                                    .fields = fields,
                                    .readers = readers,
                                    .first_step = first_step,
                                    .last_step = last_step};
    if (!dataset->by_months || source->residence) {
        return AR_OK;
    }
    for (int64_t f = 0; f < dataset->field_count; f++) {
        if (dataset->readers[f]) {
            fields[options.field_count] = &source->fields[f];
            readers[options.field_count++] = dataset->readers[f];
        }
    }
    return ar_residence_start(&source->residence, &options, err);
}

bool ar_cube_source_changes(const ar_cube_source *source)
{
    return source->dataset->by_months && !source->is_whole;
}

void ar_cube_source_pause(ar_cube_source *source)
{
    if (!source->is_whole) {
        ar_residence_stop(&source->residence);
    }
}
