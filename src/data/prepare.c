/* Making a store: the stages in their order, from nothing or from where an earlier go ended. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "atmorep/atmorep.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "base/unfinished.h"
#include "data/store_estimate.h"
#include "data/store_work.h"
#include "io/source.h"

/* The names of what lies in the unfinished folder. */
static const char *const descriptions = "prepare.yaml";
static const char *const contents[] = {
    "store.zarr", "statistics.zarr", "statistics.zarr.old", "files", "ranges", "slices", "months"};

typedef struct {
    ar_store_configuration *configuration;
    ar_store_plan plan;
    char *description;
    ar_unfinished_folder unfinished;
    ar_store_work work;
} preparation;

/* ---- what is to be done ---------------------------------------------------------------------- */

static ar_status make_plan(preparation *p, const ar_prepare_options *options, ar_error *err)
{
    ar_status status;
    if (!ar_writer_is_zarr(options->out)) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: the name of a store must end in .zarr",
                       options->out);
    }
    AR_TRY(ar_store_configuration_read(&p->configuration, options->configuration, err));
    ar_store_request request = ar_store_configuration_request(p->configuration);
    if (options->data_path_count > 0) {
        request.paths = options->data_paths;
        request.path_count = options->data_path_count;
    }
    request.start = options->start ? options->start : request.start;
    request.end = options->end ? options->end : request.end;
    AR_TRY(ar_store_plan_make(&p->plan, &request, err));
    AR_TRY(ar_store_plan_describe(&p->plan, &p->description, err));
cleanup:
    return status;
}

static ar_status tell_gaps(const ar_store_plan *plan, ar_error *err)
{
    char *gaps = NULL;
    ar_status status = ar_store_plan_gaps(plan, &gaps, err);
    if (gaps) {
        ar_log(AR_LOG_WARNING, "times that the data does not have: %.400s%s", gaps,
               strlen(gaps) > 400 ? " …" : "");
    }
    if (status == AR_OK && plan->times_left_out > 0) {
        ar_log(AR_LOG_WARNING,
               "times that only some of the fields have are left out, at least %lld",
               (long long)plan->times_left_out);
    }
    ar_free(gaps);
    return status;
}

/* ---- what is there --------------------------------------------------------------------------- */

/* *complete: `out` is the store that is asked for. Anything else of that name stays as it is. */
static ar_status look_at_out(const preparation *p, const char *out, bool *complete, ar_error *err)
{
    ar_source *source = NULL;
    *complete = false;
    if (!ar_path_exists(out)) {
        return AR_OK;
    }
    ar_status status = ar_source_open(&source, out, err);
    const char *found = status == AR_OK ? ar_source_text(source, NULL, "preparation") : NULL;
    if (!found) {
        status = ar_fail(err, AR_ERROR_USAGE,
                         "%s: is there already and no store that was prepared; another name would "
                         "be right",
                         out);
    } else {
        status = ar_description_compare(out, found, p->description, err);
        *complete = status == AR_OK;
    }
    ar_source_close(&source);
    return status;
}

/* Remove what a preparation leaves in its folder, the description first: without it the rest is
 * worth nothing. */
static void clear(const ar_unfinished_folder *folder)
{
    unlink(folder->description);
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        char *path = NULL;
        if (ar_path_join(&path, folder->path, contents[i], NULL) == AR_OK) {
            ar_folder_remove(path);
        }
        ar_free(path);
    }
}

/* What a kill left after the store had got its name. */
static void remove_leftover(preparation *p, const char *out)
{
    if (ar_unfinished_folder_open(&p->unfinished, out, descriptions, NULL) == AR_OK) {
        if (!ar_path_exists(p->unfinished.description) ||
            ar_unfinished_folder_compare(&p->unfinished, p->description, NULL) == AR_OK) {
            clear(&p->unfinished);
        }
        rmdir(p->unfinished.path);
    }
}

/* Records of values in a store that is not there, because the kill came right after it had got its
 * name and somebody has moved it since, are worth nothing. */
static void forget_values(const ar_unfinished_folder *folder)
{
    static const char *const of_values[] = {"statistics.zarr", "slices", "months"};
    char *store = NULL;
    if (ar_path_join(&store, folder->path, "store.zarr", NULL) == AR_OK && !ar_path_exists(store)) {
        for (size_t i = 0; i < sizeof of_values / sizeof *of_values; i++) {
            char *path = NULL;
            if (ar_path_join(&path, folder->path, of_values[i], NULL) == AR_OK) {
                ar_folder_remove(path);
            }
            ar_free(path);
        }
    }
    ar_free(store);
}

/* Open the unfinished folder, with what an earlier go left there if that was the same. */
static ar_status open_folder(preparation *p, const char *out, ar_error *err)
{
    ar_status status;
    AR_TRY(ar_unfinished_folder_open(&p->unfinished, out, descriptions, err));
    if (ar_path_exists(p->unfinished.description)) {
        AR_TRY(ar_unfinished_folder_compare(&p->unfinished, p->description, err));
        forget_values(&p->unfinished);
        ar_log(AR_LOG_INFO, "going on with %s", p->unfinished.path);
    } else {
        clear(&p->unfinished);
        AR_TRY(ar_file_write_whole(p->unfinished.description, p->description,
                                   strlen(p->description), err));
    }
cleanup:
    return status;
}

/* ---- the work -------------------------------------------------------------------------------- */

static ar_status open_work(preparation *p, const ar_prepare_options *options, ar_error *err)
{
    ar_status status;
    ar_store_work *work = &p->work;
    const ar_store_plan *plan = &p->plan;
    work->plan = plan;
    work->out = options->out;
    work->folder = p->unfinished.path;
    work->interrupt = options->interrupt;
    AR_TRY(ar_path_join(&work->store, work->folder, "store.zarr", err));
    AR_TRY(ar_path_join(&work->statistics, work->folder, "statistics.zarr", err));
    AR_TRY(ar_store_records_open(&work->files, work->folder, "files", (int64_t)plan->source_count,
                                 sizeof(ar_store_file_record), err));
    AR_TRY(ar_store_records_open(&work->ranges, work->folder, "ranges", plan->unit_count,
                                 sizeof(ar_store_range_record), err));
    AR_TRY(ar_store_records_open(&work->slices, work->folder, "slices", plan->slice_count,
                                 sizeof(ar_store_slice_record), err));
cleanup:
    return status;
}

static ar_status finish(const ar_store_work *work, ar_error *err)
{
    ar_status status;
    ar_writer *writer = NULL;
    AR_TRY(ar_writer_open_unfinished(&writer, work->out, work->store, err));
    AR_TRY(ar_store_define(work, writer, true, err));
    AR_TRY(ar_store_write_coordinates(work, writer, err));
    AR_TRY(ar_writer_commit(&writer, err));
cleanup:
    ar_writer_abandon(&writer);
    return status;
}

/* What is read back and is not what was written is written once more. */
static ar_status write_and_verify(ar_store_work *work, ar_error *err)
{
    ar_status status;
    for (int attempt = 0; attempt < 2; attempt++) {
        AR_TRY(ar_store_write_values(work, err));
        AR_TRY(ar_store_write_statistics(work, err));
        if (work->damaged == 0) {
            return AR_OK;
        }
        ar_log(AR_LOG_WARNING,
               "%s: %lld horizontal fields, read back, are not what was written; they are written "
               "again",
               work->store, (long long)work->damaged);
    }
    status = ar_fail(err, AR_ERROR_SYSTEM,
                     "%s: what is read back is not what was written, twice; the disk or memory is "
                     "not to be trusted",
                     work->store);
cleanup:
    return status;
}

static void tell_errors(const ar_store_work *work)
{
    for (int64_t f = 0; f < work->plan->field_count; f++) {
        const ar_field_data *data = work->plan->fields[f].data;
        double largest, rms;
        if (work->packings[f].type != AR_STORE_FLOAT32) {
            ar_store_packing_errors(work, f, &largest, &rms);
            ar_log(AR_LOG_INFO, "%s as %s: largest error %.3g, root mean square %.3g %s",
                   data->name, ar_store_type_name(work->packings[f].type), largest, rms,
                   data->units);
        }
    }
}

static ar_status run_stages(preparation *p, const ar_prepare_options *options, ar_error *err)
{
    ar_status status;
    AR_TRY(ar_threads_set(options->threads, &p->work.workers, err));
    AR_TRY(open_work(p, options, err));
    AR_TRY(ar_store_hash_files(&p->work, err));
    AR_TRY(ar_store_find_packings(&p->work, err));
    AR_TRY(write_and_verify(&p->work, err));
    AR_TRY(finish(&p->work, err));
    tell_errors(&p->work);
cleanup:
    ar_threads_release();
    if (status == AR_ERROR_INTERRUPTED && err) {
        const ar_error reason = *err;
        status = ar_fail(err, status, "%s: %s; the same command goes on from there",
                         p->unfinished.path, reason.message);
    }
    return status;
}

static void release(preparation *p)
{
    ar_store_records_release(&p->work.files);
    ar_store_records_release(&p->work.ranges);
    ar_store_records_release(&p->work.slices);
    ar_store_records_release(&p->work.months);
    ar_free(p->work.store);
    ar_free(p->work.statistics);
    ar_unfinished_folder_release(&p->unfinished);
    ar_free(p->description);
    ar_store_plan_release(&p->plan);
    ar_store_configuration_destroy(&p->configuration);
}

static const preparation nothing = {.unfinished = {.lock = -1},
                                    .work = {.files = {.descriptor = -1},
                                             .ranges = {.descriptor = -1},
                                             .slices = {.descriptor = -1},
                                             .months = {.descriptor = -1}}};

ar_status ar_prepare_estimate(const ar_prepare_options *options, char **text, ar_error *err)
{
    ar_status status;
    preparation p = nothing;
    *text = NULL;
    AR_TRY(make_plan(&p, options, err));
    AR_TRY(ar_threads_set(options->threads, &p.work.workers, err));
    AR_TRY(ar_store_estimate(&p.plan, p.work.workers, text, err));
cleanup:
    ar_threads_release();
    release(&p);
    return status;
}

ar_status ar_prepare(const ar_prepare_options *options, ar_error *err)
{
    ar_status status;
    bool complete;
    preparation p = nothing;
    AR_TRY(make_plan(&p, options, err));
    AR_TRY(look_at_out(&p, options->out, &complete, err));
    if (complete) {
        ar_log(AR_LOG_INFO, "%s is complete already", options->out);
        remove_leftover(&p, options->out);
        goto cleanup;
    }
    AR_TRY(tell_gaps(&p.plan, err));
    AR_TRY(open_folder(&p, options->out, err));
    AR_TRY(run_stages(&p, options, err));
    clear(&p.unfinished);
    rmdir(p.unfinished.path);
cleanup:
    release(&p);
    return status;
}
