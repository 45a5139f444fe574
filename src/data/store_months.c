/* The stage that reads the store back: every horizontal field is compared with what was written,
 * and months become means and standard deviations. A job is a month of a level, which one thread
 * goes through in the order of time, so that the bits do not depend on the threads. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/moments.h"
#include "data/store_statistics.h"
#include "data/store_work.h"
#include "io/source.h"

typedef struct {
    ar_source *store;
    ar_writer *writer; /* of the statistics */
    float *values;     /* of a chunk */
    ar_moments moments;
    double *result; /* [points] */
} month_worker;

typedef struct {
    ar_store_work *work;
    month_worker *workers;
    double *area; /* [nlat] weights */
    char *place;  /* of the statistics in the store, when they are complete */
    int64_t job_count;
    int64_t first_job[AR_STORE_FIELDS_MOST]; /* of each field */
} month_stage;

/* A level and month of a field; of a static field, which has no months, only the level. */
typedef struct {
    int64_t field, level, month;
    int64_t first, count; /* times */
} month_job;

static int64_t months_of(const ar_store_plan *plan, int64_t f)
{
    return plan->fields[f].data->is_static ? 1 : plan->month_count;
}

static month_job find_job(const month_stage *stage, int64_t job)
{
    const ar_store_plan *plan = stage->work->plan;
    month_job found = {.field = plan->field_count - 1, .count = 1};
    while (stage->first_job[found.field] > job) {
        found.field--;
    }
    const int64_t months = months_of(plan, found.field);
    found.level = (job - stage->first_job[found.field]) / months;
    found.month = (job - stage->first_job[found.field]) % months;
    if (!plan->fields[found.field].data->is_static) {
        found.first = plan->months[found.month].first;
        found.count = plan->months[found.month].count;
    }
    return found;
}

static bool month_is_done(void *context, int64_t job)
{
    const month_stage *stage = context;
    return ((ar_store_month_record *)stage->work->months.records)[job].done;
}

static ar_status prepare_worker(const month_stage *stage, month_worker *worker, ar_error *err)
{
    ar_status status = AR_OK;
    const ar_store_plan *plan = stage->work->plan;
    const int64_t points = ar_store_plan_points(plan);
    if (!worker->store) {
        AR_TRY(ar_allocate(&worker->values, (size_t)(plan->chunk_times * points), sizeof(float),
                           "a chunk", err));
        AR_TRY(ar_allocate(&worker->result, (size_t)points, sizeof(double), "a mean", err));
        AR_TRY(ar_moments_init(&worker->moments, points, err));
        AR_TRY(ar_source_open(&worker->store, stage->work->store, err));
    }
cleanup:
    return status;
}

/* Is what was read what was written, to the bit? If not it is to be written again: that it was is
 * taken off the record. `values` NULL: it could not be read. */
static ar_status compare(const month_stage *stage, const month_job *job, int64_t time,
                         const float *values, bool *same, ar_error *err)
{
    ar_store_work *work = stage->work;
    const ar_store_planned_field *field = &work->plan->fields[job->field];
    const int64_t slice = field->first_slice + time * field->data->level_count + job->level;
    const size_t bytes = (size_t)ar_store_plan_points(work->plan) * sizeof *values;
    ar_store_slice_record *record = (ar_store_slice_record *)work->slices.records + slice;
    const uint64_t hash = values ? ar_hash(values, bytes, 0) : 0;
    if (values && record->hash == (hash ? hash : 1)) {
        return AR_OK;
    }
    *same = false;
    *record = (ar_store_slice_record){0};
#pragma omp atomic
    work->damaged++;
    return ar_store_records_put(&work->slices, slice, 1, err);
}

/* Times [first, next) of a chunk. */
static ar_status read_chunk(const month_stage *stage, month_worker *worker, const month_job *job,
                            int64_t first, int64_t next, bool *same, ar_error *err)
{
    const ar_store_planned_field *field = &stage->work->plan->fields[job->field];
    const ar_variable *variable = ar_source_find(worker->store, field->data->variable);
    const int64_t points = ar_store_plan_points(stage->work->plan);
    int64_t start[4] = {0}, count[4];
    int rank = 0;
    if (!field->data->is_static) {
        start[rank] = first;
        count[rank++] = next - first;
    }
    if (field->level_name[0]) {
        start[rank] = job->level;
        count[rank++] = 1;
    }
    count[rank++] = field->data->grid.nlat;
    count[rank++] = field->data->grid.nlon;
    ar_status status = AR_ERROR_INPUT;
    if (variable) {
        status = ar_source_read_float(worker->store, variable, start, count, worker->values, err);
    }
    if (status == AR_ERROR_MEMORY) {
        return status;
    }
    const bool read = status == AR_OK;
    status = AR_OK;
    for (int64_t t = first; t < next && status == AR_OK; t++) {
        const float *values = worker->values + (t - first) * points;
        status = compare(stage, job, t, read ? values : NULL, same, err);
        ar_moments_add(&worker->moments, values);
    }
    return status;
}

/* Read, compare and add all times of the job, a chunk at a time. */
static ar_status read_month(const month_stage *stage, month_worker *worker, const month_job *job,
                            bool *same, ar_error *err)
{
    const int64_t chunk = stage->work->plan->chunk_times, end = job->first + job->count;
    ar_status status = AR_OK;
    *same = true;
    for (int64_t first = job->first, next; first < end && status == AR_OK; first = next) {
        next = (first / chunk + 1) * chunk;
        next = next < end ? next : end;
        status = read_chunk(stage, worker, job, first, next, same, err);
    }
    return status;
}

static ar_status write_statistic(const month_stage *stage, month_worker *worker,
                                 const month_job *job, ar_store_statistic statistic,
                                 const void *values, ar_error *err)
{
    const ar_store_planned_field *field = &stage->work->plan->fields[job->field];
    const ar_grid *grid = &field->data->grid;
    char name[160];
    int64_t start[4] = {job->month}, count[4] = {1};
    int rank = 1;
    if (field->level_name[0]) {
        start[rank] = job->level;
        count[rank++] = 1;
    }
    count[rank++] = grid->nlat;
    count[rank++] = grid->nlon;
    ar_store_statistic_name(name, field->data->variable, statistic);
    return ar_writer_write(worker->writer, name, start, count, values, err);
}

static ar_status write_month(const month_stage *stage, month_worker *worker, const month_job *job,
                             ar_error *err)
{
    ar_status status;
    const ar_moments *moments = &worker->moments;
    for (int64_t i = 0; i < moments->points; i++) {
        worker->result[i] = moments->count[i] > 0 ? moments->mean[i] : NAN;
    }
    AR_TRY(write_statistic(stage, worker, job, AR_STORE_MEAN, worker->result, err));
    for (int64_t i = 0; i < moments->points; i++) {
        worker->result[i] = sqrt(moments->squares[i] / moments->count[i]);
    }
    AR_TRY(write_statistic(stage, worker, job, AR_STORE_DEVIATION, worker->result, err));
    AR_TRY(write_statistic(stage, worker, job, AR_STORE_COUNT, moments->count, err));
cleanup:
    return status;
}

static ar_status run_month(void *context, int number, int64_t at, ar_error *err)
{
    month_stage *stage = context;
    month_worker *worker = &stage->workers[number];
    const month_job job = find_job(stage, at);
    const ar_field_data *data = stage->work->plan->fields[job.field].data;
    ar_store_month_record *record = (ar_store_month_record *)stage->work->months.records + at;
    bool same;
    ar_status status;
    AR_TRY(prepare_worker(stage, worker, err));
    ar_moments_clear(&worker->moments);
    AR_TRY(read_month(stage, worker, &job, &same, err));
    if (!same) {
        goto cleanup; /* is not done */
    }
    if (!data->is_static) {
        AR_TRY(write_month(stage, worker, &job, err));
    }
    ar_moments_global(&worker->moments, data->grid.nlat, stage->area, &record->mean,
                      &record->deviation);
    record->done = 1;
cleanup:
    return status;
}

static ar_status save_months(void *context, int number, const int64_t *jobs, int64_t count,
                             ar_error *err)
{
    month_stage *stage = context;
    const ar_store_records *months = &stage->work->months;
    ar_status status;
    AR_TRY(ar_writer_flush(stage->workers[number].writer, err));
    for (int64_t i = 0; i < count; i++) {
        AR_TRY(ar_store_records_put(months, jobs[i], 1, err));
    }
    AR_TRY(ar_store_records_flush(months, err));
cleanup:
    return status;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* [month][level] of the area-weighted statistics of a field. */
static ar_status write_global(const month_stage *stage, ar_writer *writer, int64_t f, double *line,
                              ar_store_statistic statistic, ar_error *err)
{
    const ar_store_plan *plan = stage->work->plan;
    const ar_field_data *data = plan->fields[f].data;
    const ar_store_month_record *records =
        (ar_store_month_record *)stage->work->months.records + stage->first_job[f];
    const int64_t start[2] = {0}, count[2] = {plan->month_count, data->level_count};
    char name[160];
    for (int64_t m = 0; m < plan->month_count; m++) {
        for (int64_t l = 0; l < data->level_count; l++) {
            const ar_store_month_record *record = &records[l * plan->month_count + m];
            line[m * data->level_count + l] =
                statistic == AR_STORE_GLOBAL_MEAN ? record->mean : record->deviation;
        }
    }
    ar_store_statistic_name(name, data->variable, statistic);
    return ar_writer_write(writer, name, start, count, line, err);
}

/* All is there: coordinates, global statistics, and into its place in the store. */
static ar_status finish(const month_stage *stage, ar_error *err)
{
    ar_status status;
    const ar_store_work *work = stage->work;
    ar_writer *writer = NULL;
    double *line = NULL;
    AR_TRY(ar_writer_open_unfinished(&writer, stage->place, work->statistics, err));
    AR_TRY(ar_store_define_statistics(work, writer, err));
    AR_TRY(ar_store_write_statistics_coordinates(work, writer, err));
    AR_TRY(ar_allocate(&line, (size_t)stage->job_count, sizeof *line, "statistics", err));
    for (int64_t f = 0; f < work->plan->field_count; f++) {
        if (!work->plan->fields[f].data->is_static) {
            AR_TRY(write_global(stage, writer, f, line, AR_STORE_GLOBAL_MEAN, err));
            AR_TRY(write_global(stage, writer, f, line, AR_STORE_GLOBAL_DEVIATION, err));
        }
    }
    AR_TRY(ar_writer_commit(&writer, err));
cleanup:
    ar_writer_abandon(&writer);
    ar_free(line);
    return status;
}

static void number_jobs(month_stage *stage)
{
    const ar_store_plan *plan = stage->work->plan;
    for (int64_t f = 0; f < plan->field_count; f++) {
        stage->first_job[f] = stage->job_count;
        stage->job_count += plan->fields[f].data->level_count * months_of(plan, f);
    }
}

static ar_status run_stage(month_stage *context, ar_error *err)
{
    ar_status status;
    ar_store_work *work = context->work;
    const ar_store_stage stage = {.label = "months verified",
                                  .job_count = context->job_count,
                                  .context = context,
                                  .is_done = month_is_done,
                                  .run = run_month,
                                  .save = save_months};
    AR_TRY(ar_allocate(&context->workers, (size_t)work->workers, sizeof *context->workers,
                       "threads", err));
    for (int w = 0; w < work->workers; w++) {
        AR_TRY(ar_writer_open_unfinished(&context->workers[w].writer, context->place,
                                         work->statistics, err));
        AR_TRY(ar_store_define_statistics(work, context->workers[w].writer, err));
    }
    AR_TRY(ar_store_stage_run(&stage, work->workers, work->interrupt, err));
cleanup:
    return status;
}

ar_status ar_store_write_statistics(ar_store_work *work, ar_error *err)
{
    ar_status status;
    month_stage stage = {.work = work};
    const ar_grid *grid = &work->plan->fields[0].data->grid;
    number_jobs(&stage);
    AR_TRY(ar_path_join(&stage.place, work->store, "statistics.zarr", err));
    if (ar_path_exists(stage.place)) {
        goto cleanup; /* they are put there when they are complete */
    }
    ar_store_records_release(&work->months); /* of an attempt before */
    AR_TRY(ar_store_records_open(&work->months, work->folder, "months", stage.job_count,
                                 sizeof(ar_store_month_record), err));
    AR_TRY(ar_allocate(&stage.area, (size_t)grid->nlat, sizeof *stage.area, "weights", err));
    ar_grid_area_weights(grid, stage.area);
    work->damaged = 0;
    AR_TRY(run_stage(&stage, err));
    if (work->damaged == 0) {
        AR_TRY(finish(&stage, err));
    }
cleanup:
    for (int w = 0; stage.workers && w < work->workers; w++) {
        month_worker *worker = &stage.workers[w];
        ar_source_close(&worker->store);
        ar_writer_abandon(&worker->writer);
        ar_moments_release(&worker->moments);
        ar_free(worker->values);
        ar_free(worker->result);
    }
    ar_free(stage.workers);
    ar_free(stage.area);
    ar_free(stage.place);
    return status;
}
