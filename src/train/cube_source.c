#include "train/cube_source.h"

#include <math.h>

#include "base/log.h"
#include "base/memory.h"

static const double gib = 1 << 30;

ar_status ar_cube_source_init(ar_cube_source *source, ar_dataset *dataset, int64_t first_time,
                              int64_t last_time, ar_error *err)
{
    ar_status status;
    *source = (ar_cube_source){.dataset = dataset, .space = dataset->space};
    for (int64_t f = 0; f < dataset->field_count; f++) {
        source->fields[f] = dataset->fields[f];
        source->field_pointers[f] = &source->fields[f];
    }
    source->space.fields = source->field_pointers;
    AR_TRY(ar_sampler_init(&source->sampler, &source->space, first_time, last_time, err));
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

/* Validation's part of the memory: all of its times where they fit, else months. */
static ar_status choose_validation(ar_cube_source *validation, double available,
                                   double training_needs, double *bytes, ar_error *err)
{
    ar_month_schedule by_months = validation->months;
    *bytes = 0;
    if (validation->sampler.window_count == 0) {
        return AR_OK;
    }
    ar_status status = ar_month_schedule_init(&validation->months, &validation->sampler, true, err);
    if (status != AR_OK) {
        validation->months = by_months;
        return status;
    }
    *bytes = month_bytes(validation);
    validation->is_whole = *bytes <= available / 2 && *bytes + training_needs <= available;
    if (validation->is_whole) {
        ar_month_schedule_release(&by_months);
        return AR_OK;
    }
    ar_month_schedule_release(&validation->months);
    validation->months = by_months;
    *bytes = least_bytes(validation);
    return AR_OK;
}

ar_status ar_cube_source_divide_memory(ar_cube_source *training, ar_cube_source *validation,
                                       const ar_configuration *configuration, ar_error *err)
{
    if (!training->dataset->by_months) {
        return AR_OK;
    }
    const double fixed = static_bytes(training->dataset), least = least_bytes(training);
    const double available = configuration->memory_gib * gib - fixed;
    double for_validation;
    ar_status status = choose_validation(validation, available, least, &for_validation, err);
    if (status != AR_OK) {
        return status;
    }
    if (for_validation + least > available) {
        return ar_fail(err, AR_ERROR_INPUT,
                       "%s: data.memory_gib is %g, but two months of all fields%s take %.4g GiB; "
                       "should be that or more, or 0 to load all",
                       configuration->file, configuration->memory_gib,
                       for_validation > 0 ? ", for training and for validation," : "",
                       ceil((fixed + least + for_validation) / gib * 1000) / 1000);
    }
    ar_month_schedule *months = &training->months;
    const double fit = floor((available - for_validation) / month_bytes(training)) - 1;
    months->slot_count = (int64_t)fmax(1, fmin(fit, (double)months->month_count));
    months->stay =
        (int64_t)fmax(1, round((double)configuration->samples_per_month *
                               (double)months->slot_count / (double)configuration->training.batch));
    months->seed = validation->months.seed = (uint64_t)configuration->seed;
    validation->months.validation = true;
    ar_log(AR_LOG_INFO,
           "the data is read month by month: %lld of %lld months in memory at once, %.3g GiB with "
           "the next one, each for %lld steps%s",
           (long long)months->slot_count, (long long)months->month_count,
           (double)(months->slot_count + 1) * month_bytes(training) / gib, (long long)months->stay,
           for_validation == 0    ? ""
           : validation->is_whole ? "; validation is kept in memory"
                                  : "; validation too, a month a batch");
    return AR_OK;
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
