#include "train/cube_source.h"

#include <math.h>

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
    AR_TRY(ar_sampler_init(&source->sampler, &source->space, sampling, first_time, last_time, err));
    if (dataset->by_months) {
        AR_TRY(ar_month_schedule_init(&source->months, &source->sampler, false, err));
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

/* One month and the next of them, which is read meanwhile. */
static double least_bytes(const ar_cube_source *source)
{
    return month_bytes(source) * (source->months.month_count > 1 ? 2 : 1);
}

/* Keep all of a source's times in memory where they take no more than so much. */
static ar_status keep_whole(ar_cube_source *source, double most_bytes, ar_error *err)
{
    ar_month_schedule by_months = source->months;
    ar_status status = ar_month_schedule_init(&source->months, &source->sampler, true, err);
    source->is_whole = status == AR_OK && month_bytes(source) <= most_bytes;
    if (source->is_whole) {
        ar_month_schedule_release(&by_months);
        return AR_OK;
    }
    ar_month_schedule_release(&source->months);
    source->months = by_months;
    return status;
}

static void tell(const ar_cube_source *training, const ar_cube_source *validation)
{
    const ar_month_schedule *months = &training->months;
    const char *rest = validation->sampler.window_count == 0 ? ""
                       : validation->is_whole                ? "; validation is kept in memory"
                                                             : "; validation has a month a batch";
    if (training->is_whole) {
        ar_log(AR_LOG_INFO, "all times of training are kept in memory, %.3g GiB%s",
               month_bytes(training) / gib, rest);
        return;
    }
    ar_log(AR_LOG_INFO,
           "the data is read month by month: %lld of %lld months in memory at once, %.3g GiB with "
           "the next one, each for %lld steps%s",
           (long long)months->slot_count, (long long)months->month_count,
           (double)(months->slot_count + 1) * month_bytes(training) / gib, (long long)months->stay,
           rest);
}

ar_status ar_cube_source_divide_memory(ar_cube_source *training, ar_cube_source *validation,
                                       const ar_configuration *configuration, ar_error *err)
{
    if (!training->dataset->by_months) {
        return AR_OK;
    }
    ar_status status = AR_OK;
    const double fixed = static_bytes(training->dataset);
    double available = configuration->memory_gib * gib - fixed, for_validation = 0;
    if (validation->sampler.window_count > 0) {
        AR_TRY(keep_whole(validation, fmin(available / 2, available - least_bytes(training)), err));
        for_validation = least_bytes(validation);
    }
    available -= for_validation;
    AR_TRY(keep_whole(training, available, err));
    const double least = least_bytes(training);
    if (least > available) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: data.memory_gib is %g, but two months of all fields%s take %.4g GiB; "
                         "should be that or more, or 0 to load all",
                         configuration->file, configuration->memory_gib,
                         for_validation > 0 ? ", for training and for validation," : "",
                         ceil((fixed + least + for_validation) / gib * 1000) / 1000);
        goto cleanup;
    }
    ar_month_schedule *months = &training->months;
    const double slots = floor(available / month_bytes(training)) - 1;
    months->slot_count = (int64_t)fmax(1, fmin(slots, (double)months->month_count));
    months->stay =
        (int64_t)fmax(1, round((double)configuration->samples_per_month *
                               (double)months->slot_count / (double)configuration->training.batch));
    months->seed = validation->months.seed = (uint64_t)configuration->seed;
    validation->months.validation = true;
    tell(training, validation);
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
