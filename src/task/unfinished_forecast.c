#include "task/unfinished_forecast.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/memory.h"
#include "task/forecast_description.h"

enum { LARGEST_PROGRESS = 64, SHARE_OF_FLUSHES = 20 };

/* The description goes first: without it the rest is worth nothing, whenever this ends. */
static void clear(const ar_unfinished_forecast *unfinished)
{
    unlink(unfinished->folder.description);
    unlink(unfinished->progress);
    ar_folder_remove(unfinished->store);
}

static ar_status read_progress(ar_unfinished_forecast *unfinished, int64_t time_count,
                               ar_error *err)
{
    char *text = NULL, *end;
    size_t bytes;
    ar_status status = AR_OK;
    if (!ar_path_exists(unfinished->progress)) {
        return AR_OK;
    }
    AR_TRY(ar_file_read_whole(unfinished->progress, LARGEST_PROGRESS, &text, &bytes, err));
    errno = 0;
    const long long complete = strtoll(text, &end, 10);
    if (end == text || *end != '\n' || errno != 0 || complete < 0 || complete > time_count) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "%s: should be a number from 0 to %lld, of times that are complete; to "
                         "begin anew leave out --resume",
                         unfinished->progress, (long long)time_count);
        goto cleanup;
    }
    unfinished->complete = complete;
cleanup:
    ar_free(text);
    return status;
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
        AR_TRY(read_progress(unfinished, outline->time_count, err));
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

ar_status ar_unfinished_forecast_note(ar_unfinished_forecast *unfinished, ar_writer *file,
                                      int64_t complete, ar_error *err)
{
    const double now = ar_clock_seconds();
    char text[LARGEST_PROGRESS];
    ar_status status = AR_OK;
    if (now - unfinished->flushed < SHARE_OF_FLUSHES * unfinished->cost) {
        return AR_OK;
    }
    const int length = snprintf(text, sizeof text, "%lld\n", (long long)complete);
    AR_TRY(ar_writer_flush(file, err)); /* first, so that no time is counted that may be lost */
    AR_TRY(ar_file_write_whole(unfinished->progress, text, (size_t)length, err));
    unfinished->complete = complete;
    unfinished->flushed = ar_clock_seconds();
    unfinished->cost = unfinished->flushed - now;
cleanup:
    return status;
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
