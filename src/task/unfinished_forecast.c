#include "task/unfinished_forecast.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/memory.h"
#include "task/forecast_description.h"

enum { SHARE_OF_FLUSHES = 20 };

/* The description goes first: without it the rest is worth nothing, whenever this ends. */
static void clear(const ar_unfinished_forecast *unfinished)
{
    unlink(unfinished->folder.description);
    unlink(unfinished->progress);
    ar_folder_remove(unfinished->store);
}

ar_status ar_unfinished_forecast_open(ar_unfinished_forecast *unfinished,
                                      const ar_forecast_outline *outline, ar_error *err)
{
    char *description = NULL;
    ar_status status = AR_OK;
    *unfinished = (ar_unfinished_forecast){0};
    AR_TRY(
        ar_unfinished_folder_open(&unfinished->folder, outline->options->out, "forecast.txt", err));
    AR_TRY(ar_path_join(&unfinished->store, unfinished->folder.path, "data.zarr", err));
    AR_TRY(ar_path_join(&unfinished->progress, unfinished->folder.path, "complete", err));
    /* without its store it was killed after that had taken its place: it is made again */
    if (outline->options->resume && ar_path_exists(unfinished->folder.description) &&
        ar_path_exists(unfinished->store)) {
        AR_TRY(ar_forecast_describe(outline, &description, err));
        AR_TRY(ar_unfinished_folder_compare(&unfinished->folder, description, err));
        if (ar_path_exists(unfinished->progress)) {
            AR_TRY(ar_forecast_progress_count(unfinished->progress, outline->time_count,
                                              &unfinished->complete, err));
        }
    } else {
        clear(unfinished);
    }
cleanup:
    ar_free(description);
    if (status != AR_OK) {
        ar_unfinished_forecast_release(unfinished); /* the folder is not ours */
    }
    return status;
}

ar_status ar_unfinished_forecast_begin(const ar_unfinished_forecast *unfinished,
                                       const ar_forecast_outline *outline, ar_error *err)
{
    char *description = NULL;
    ar_status status = ar_forecast_describe(outline, &description, err);
    if (status == AR_OK) {
        status = ar_file_write_whole(unfinished->folder.description, description,
                                     strlen(description), err);
    }
    ar_free(description);
    return status;
}

ar_status ar_unfinished_forecast_keep(ar_unfinished_forecast *unfinished, ar_writer *store,
                                      int64_t complete, const ar_forecast_array *arrays, int count,
                                      ar_error *err)
{
    const double now = ar_clock_seconds();
    ar_status status = AR_OK;
    AR_TRY(ar_writer_flush(store, err)); /* first, so that no time is counted that may be lost */
    AR_TRY(ar_forecast_progress_write(unfinished->progress, complete, arrays, count, err));
    unfinished->complete = complete;
    unfinished->flushed = ar_clock_seconds();
    unfinished->cost = unfinished->flushed - now;
cleanup:
    return status;
}

ar_status ar_unfinished_forecast_note(ar_unfinished_forecast *unfinished, ar_writer *store,
                                      int64_t complete, const ar_forecast_array *arrays, int count,
                                      ar_error *err)
{
    const double since = ar_clock_seconds() - unfinished->flushed;
    return since < SHARE_OF_FLUSHES * unfinished->cost
               ? AR_OK
               : ar_unfinished_forecast_keep(unfinished, store, complete, arrays, count, err);
}

void ar_unfinished_forecast_remove(const ar_unfinished_forecast *unfinished)
{
    if (unfinished->folder.path) {
        clear(unfinished);
        rmdir(unfinished->folder.path);
    }
}

void ar_unfinished_forecast_release(ar_unfinished_forecast *unfinished)
{
    if (unfinished->folder.path) {
        ar_unfinished_folder_release(&unfinished->folder);
    }
    ar_free(unfinished->store);
    ar_free(unfinished->progress);
    *unfinished = (ar_unfinished_forecast){0};
}
