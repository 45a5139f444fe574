#include "task/forecast_model.h"

#include "base/log.h"
#include "base/text.h"
#include "train/released_model.h"

ar_status ar_forecast_model_open(ar_checkpoint *checkpoint, const ar_forecast_options *o,
                                 ar_error *err)
{
    const bool torch = ar_text_ends_with(o->model, ".mod");
    if (o->configuration && !torch) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--config %s: %s has its configuration in itself; should come with a .mod",
                       o->configuration, o->model);
    }
    ar_status status = torch ? ar_released_open(checkpoint, o->model, o->configuration, NULL, err)
                             : ar_checkpoint_open_weights(checkpoint, o->model, err);
    if (status == AR_OK && (o->normalise_start || o->normalise_end) &&
        ar_checkpoint_has_statistics(checkpoint)) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "--normalise-%s: %s has the statistics of its training data; should come "
                       "with a released model, which has none",
                       o->normalise_start ? "start" : "end", checkpoint->path);
    }
    return status;
}

ar_status ar_forecast_model_normalise(ar_checkpoint *checkpoint, const ar_forecast_options *o,
                                      ar_dataset *dataset, ar_error *err)
{
    if (ar_checkpoint_has_statistics(checkpoint)) {
        return ar_checkpoint_read_normalisations(checkpoint, dataset, err);
    }
    const ar_dataset_period period = {.start = o->normalise_start, .end = o->normalise_end};
    ar_status status = ar_dataset_normalise_by(dataset, &checkpoint->configuration, o->data_paths,
                                               o->data_path_count, &period, err);
    if (status == AR_OK) {
        const ar_calendar calendar = dataset->fields[dataset->timed_field].calendar;
        char first[32], last[32];
        ar_time_format(dataset->statistics_first, calendar, first);
        ar_time_format(dataset->statistics_last, calendar, last);
        ar_log(AR_LOG_INFO,
               "%s has no statistics of its training data: fields are normalised by those of the "
               "data from %s to %s%s",
               checkpoint->path, first, last,
               o->normalise_start && o->normalise_end
                   ? ""
                   : "; --normalise-start and --normalise-end choose other times");
    }
    return status;
}
