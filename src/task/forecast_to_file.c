/* A forecast into a file: what ar_forecast is. */
#include "task/forecast_writer.h"

static ar_status begin(void *context, const ar_forecast_outline *outline, ar_error *err)
{
    return ar_forecast_writer_create(context, outline, err);
}

static ar_status write_time(void *context, const ar_forecast_outline *outline, int64_t index,
                            const float *const *members, ar_error *err)
{
    (void)outline;
    return ar_forecast_writer_write(context, index, members, err);
}

static ar_status write_difference(void *context, int64_t index, int64_t field,
                                  const float *difference, const float *p_value, ar_error *err)
{
    return ar_forecast_writer_write_difference(context, index, field, difference, p_value, err);
}

static int64_t complete(const void *context)
{
    return ((const ar_forecast_writer *)context)->unfinished.complete;
}

static ar_status restore(void *context, const ar_forecast_array *arrays, int count, ar_error *err)
{
    const ar_forecast_writer *writer = context;
    return ar_forecast_progress_read(writer->unfinished.progress, arrays, count, err);
}

static ar_status keep(void *context, int64_t complete, const ar_forecast_array *arrays, int count,
                      ar_error *err)
{
    ar_forecast_writer *writer = context;
    return ar_unfinished_forecast_note(&writer->unfinished, writer->store, complete, arrays, count,
                                       err);
}

static ar_status commit(void *context, ar_error *err)
{
    return ar_forecast_writer_commit(context, err);
}

ar_forecast_sink ar_forecast_writer_sink(ar_forecast_writer *writer)
{
    return (ar_forecast_sink){.context = writer,
                              .begin = begin,
                              .write = write_time,
                              .write_difference = write_difference,
                              .complete = complete,
                              .restore = restore,
                              .keep = keep,
                              .commit = commit};
}

ar_status ar_forecast_writer_check(const ar_forecast_options *options, ar_error *err)
{
    ar_forecast_layout layout = {0};
    ar_status status = AR_OK;
    AR_TRY(ar_writer_check_path(options->out, err));
    AR_TRY(ar_forecast_layout_read(&layout, options, err));
    AR_TRY(ar_writer_check_zarr_format(options->out, options->zarr_format, err));
cleanup:
    return status;
}

ar_status ar_forecast(const ar_forecast_options *options, ar_error *err)
{
    ar_forecast_writer writer = {0};
    const ar_forecast_sink file = ar_forecast_writer_sink(&writer);
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_writer_check(options, err));
    AR_TRY(ar_forecast_into(options, &file, 1, err));
cleanup:
    status = ar_forecast_writer_explain(&writer, status, err);
    ar_forecast_writer_release(&writer);
    return status;
}
