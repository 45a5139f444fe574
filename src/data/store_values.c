/* The stages that read the sources: their hashes, the ranges that packing needs, and the values. */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "data/store_work.h"

/* ---- source files ---------------------------------------------------------------------------- */

static bool file_is_done(void *context, int64_t job)
{
    const ar_store_work *work = context;
    const ar_store_file_record *records = work->files.records;
    return records[job].done || work->plan->sources[job].bytes < 0;
}

static ar_status hash_file(void *context, int worker, int64_t job, ar_error *err)
{
    (void)worker;
    const ar_store_work *work = context;
    const ar_store_source *source = &work->plan->sources[job];
    ar_store_file_record *record = (ar_store_file_record *)work->files.records + job;
    int64_t bytes;
    ar_status status = ar_hash_path(source->path, &record->hash, &bytes, err);
    if (status == AR_OK && bytes != source->bytes) {
        status = ar_fail(err, AR_ERROR_INPUT, "%s: has changed while it was read", source->path);
    }
    record->done = status == AR_OK;
    return status;
}

static ar_status save_records(const ar_store_records *records, const int64_t *jobs, int64_t count,
                              ar_error *err)
{
    ar_status status = AR_OK;
    for (int64_t i = 0; i < count; i++) {
        AR_TRY(ar_store_records_put(records, jobs[i], 1, err));
    }
    AR_TRY(ar_store_records_flush(records, err));
cleanup:
    return status;
}

static ar_status save_files(void *context, int worker, const int64_t *jobs, int64_t count,
                            ar_error *err)
{
    (void)worker;
    return save_records(&((ar_store_work *)context)->files, jobs, count, err);
}

ar_status ar_store_hash_files(ar_store_work *work, ar_error *err)
{
    const ar_store_stage stage = {.label = "source files hashed",
                                  .job_count = (int64_t)work->plan->source_count,
                                  .context = work,
                                  .is_done = file_is_done,
                                  .run = hash_file,
                                  .save = save_files};
    return ar_store_stage_run(&stage, work->workers, work->interrupt, err);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The times of a unit may lie apart in the sources, where other fields lack some between. */
ar_status ar_store_read_unit(const ar_store_plan *plan, const ar_store_unit *unit, float *values,
                             ar_error *err)
{
    const ar_store_planned_field *field = &plan->fields[unit->field];
    const int64_t points = field->data->level_count * ar_store_plan_points(plan);
    if (field->data->is_static) {
        return ar_field_reader_read(field->reader, 0, 1, values, err);
    }
    const int64_t *indices = field->indices + unit->first;
    ar_status status = AR_OK;
    for (int64_t first = 0, end; status == AR_OK && first < unit->count; first = end) {
        for (end = first + 1; end < unit->count && indices[end] == indices[end - 1] + 1; end++) {
        }
        status = ar_field_reader_read(field->reader, indices[first], end - first,
                                      values + first * points, err);
    }
    return status;
}

static size_t unit_values(const ar_store_plan *plan)
{
    int64_t levels = 1;
    for (int64_t f = 0; f < plan->field_count; f++) {
        const int64_t count = plan->fields[f].data->level_count;
        levels = count > levels ? count : levels;
    }
    const int64_t times = plan->unit_times < plan->time_count ? plan->unit_times : plan->time_count;
    return (size_t)(times * levels * ar_store_plan_points(plan));
}

/* ---- ranges ---------------------------------------------------------------------------------- */

typedef struct {
    ar_store_work *work;
    float **values; /* [workers] of a unit */
} range_stage;

static bool range_is_done(void *context, int64_t job)
{
    const ar_store_work *work = ((range_stage *)context)->work;
    const ar_store_unit unit = ar_store_plan_unit(work->plan, job);
    return ((ar_store_range_record *)work->ranges.records)[job].done ||
           work->plan->fields[unit.field].data->is_static;
}

static ar_status find_range(void *context, int worker, int64_t job, ar_error *err)
{
    range_stage *stage = context;
    const ar_store_plan *plan = stage->work->plan;
    const ar_store_unit unit = ar_store_plan_unit(plan, job);
    const ar_field_data *data = plan->fields[unit.field].data;
    const int64_t count = unit.count * data->level_count * ar_store_plan_points(plan);
    ar_store_range_record *record = (ar_store_range_record *)stage->work->ranges.records + job;
    float **values = &stage->values[worker];
    ar_status status = AR_OK;
    if (!*values) {
        AR_TRY(ar_allocate(values, unit_values(plan), sizeof(float), "a piece of a field", err));
    }
    AR_TRY(ar_store_read_unit(plan, &unit, *values, err));
    *record = (ar_store_range_record){.smallest = INFINITY, .largest = -INFINITY};
    for (int64_t i = 0; i < count; i++) {
        record->smallest = fminf(record->smallest, (*values)[i]);
        record->largest = fmaxf(record->largest, (*values)[i]);
    }
    if (record->smallest == -INFINITY || record->largest == INFINITY) {
        status = ar_fail(err, AR_ERROR_INPUT,
                         "field %s has infinite values, which 16-bit integers cannot hold; "
                         "store.type float32 would be right",
                         data->name);
        goto cleanup;
    }
    record->done = 1;
cleanup:
    return status;
}

static ar_status save_ranges(void *context, int worker, const int64_t *jobs, int64_t count,
                             ar_error *err)
{
    (void)worker;
    return save_records(&((range_stage *)context)->work->ranges, jobs, count, err);
}

static ar_status find_ranges(ar_store_work *work, ar_error *err)
{
    range_stage context = {.work = work};
    const ar_store_stage stage = {.label = "pieces looked through",
                                  .job_count = work->plan->unit_count,
                                  .context = &context,
                                  .is_done = range_is_done,
                                  .run = find_range,
                                  .save = save_ranges};
    ar_status status = ar_allocate(&context.values, (size_t)work->workers, sizeof *context.values,
                                   "pieces of fields", err);
    if (status == AR_OK) {
        status = ar_store_stage_run(&stage, work->workers, work->interrupt, err);
    }
    for (int w = 0; context.values && w < work->workers; w++) {
        ar_free(context.values[w]);
    }
    ar_free(context.values);
    return status;
}

ar_status ar_store_find_packings(ar_store_work *work, ar_error *err)
{
    const ar_store_plan *plan = work->plan;
    const ar_store_type type = plan->request.type;
    ar_status status = type == AR_STORE_INT16 ? find_ranges(work, err) : AR_OK;
    for (int64_t f = 0; status == AR_OK && f < plan->field_count; f++) {
        const ar_store_planned_field *field = &plan->fields[f];
        const ar_store_range_record *ranges = work->ranges.records;
        float smallest = INFINITY, largest = -INFINITY;
        for (int64_t u = 0; type == AR_STORE_INT16 && u < field->unit_count; u++) {
            smallest = fminf(smallest, ranges[field->first_unit + u].smallest);
            largest = fmaxf(largest, ranges[field->first_unit + u].largest);
        }
        /* one time of a static field is not worth an error */
        work->packings[f] = ar_store_packing_choose(
            field->data->is_static ? AR_STORE_FLOAT32 : type, smallest, largest);
    }
    return status;
}

/* ---- values ---------------------------------------------------------------------------------- */

typedef struct {
    ar_writer *writer;
    float *values; /* of a unit */
    float *chunk;  /* of one level */
    void *packed;  /* the same as it is stored */
} value_worker;

typedef struct {
    ar_store_work *work;
    value_worker *workers;
} value_stage;

static int64_t first_slice(const ar_store_planned_field *field, const ar_store_unit *unit)
{
    return field->first_slice + unit->first * field->data->level_count;
}

static bool unit_is_done(void *context, int64_t job)
{
    const ar_store_work *work = ((value_stage *)context)->work;
    const ar_store_slice_record *slices = work->slices.records;
    const ar_store_unit unit = ar_store_plan_unit(work->plan, job);
    const ar_store_planned_field *field = &work->plan->fields[unit.field];
    const int64_t first = first_slice(field, &unit);
    for (int64_t i = 0; i < unit.count * field->data->level_count; i++) {
        if (slices[first + i].hash == 0) {
            return false;
        }
    }
    return true;
}

/* Buffers of a worker come to be where it first needs them. */
static ar_status allocate_buffers(const ar_store_plan *plan, value_worker *worker, ar_error *err)
{
    ar_status status = AR_OK;
    const size_t chunk = (size_t)(plan->chunk_times * ar_store_plan_points(plan));
    if (!worker->values) {
        AR_TRY(ar_allocate(&worker->chunk, chunk, sizeof(float), "a chunk", err));
        AR_TRY(ar_allocate(&worker->packed, chunk, sizeof(float), "a chunk", err));
        AR_TRY(ar_allocate(&worker->values, unit_values(plan), sizeof(float), "a piece of a field",
                           err));
    }
cleanup:
    return status;
}

/* Pack times [first, first + count) of one level of a unit, note what they became, and write them.
 */
static ar_status write_chunk(value_stage *stage, value_worker *worker, const ar_store_unit *unit,
                             int64_t first, int64_t count, int64_t level, ar_error *err)
{
    const ar_store_plan *plan = stage->work->plan;
    const ar_store_planned_field *field = &plan->fields[unit->field];
    const ar_store_packing *packing = &stage->work->packings[unit->field];
    const int64_t points = ar_store_plan_points(plan), levels = field->data->level_count;
    const int64_t bytes = ar_store_type_bytes(packing->type);
    ar_store_slice_record *slices =
        (ar_store_slice_record *)stage->work->slices.records + first_slice(field, unit);
    for (int64_t t = 0; t < count; t++) {
        const int64_t slice = (first + t) * levels + level;
        float *values = worker->chunk + t * points;
        ar_store_error error = {0};
        memcpy(values, worker->values + slice * points, (size_t)points * sizeof *values);
        ar_store_pack(packing, values, points, (char *)worker->packed + t * points * bytes, &error);
        const uint64_t hash = ar_hash(values, (size_t)points * sizeof *values, 0);
        slices[slice] = (ar_store_slice_record){.hash = hash ? hash : 1,
                                                .squares = error.squares,
                                                .largest = (float)error.largest,
                                                .count = (uint32_t)error.count};
    }
    int64_t start[4], extent[4];
    int rank = 0;
    if (!field->data->is_static) {
        start[rank] = unit->first + first;
        extent[rank++] = count;
    }
    if (field->level_name[0]) {
        start[rank] = level;
        extent[rank++] = 1;
    }
    start[rank] = start[rank + 1] = 0;
    extent[rank] = field->data->grid.nlat;
    extent[rank + 1] = field->data->grid.nlon;
    return ar_writer_write(worker->writer, field->data->variable, start, extent, worker->packed,
                           err);
}

static ar_status write_unit(void *context, int number, int64_t job, ar_error *err)
{
    value_stage *stage = context;
    const ar_store_plan *plan = stage->work->plan;
    const ar_store_unit unit = ar_store_plan_unit(plan, job);
    value_worker *worker = &stage->workers[number];
    const int64_t levels = plan->fields[unit.field].data->level_count;
    ar_status status;
    AR_TRY(allocate_buffers(plan, worker, err));
    AR_TRY(ar_store_read_unit(plan, &unit, worker->values, err));
    for (int64_t first = 0; first < unit.count; first += plan->chunk_times) {
        const int64_t left = unit.count - first;
        const int64_t count = left < plan->chunk_times ? left : plan->chunk_times;
        for (int64_t level = 0; level < levels; level++) {
            AR_TRY(write_chunk(stage, worker, &unit, first, count, level, err));
        }
    }
cleanup:
    return status;
}

static ar_status save_units(void *context, int number, const int64_t *jobs, int64_t count,
                            ar_error *err)
{
    value_stage *stage = context;
    const ar_store_records *slices = &stage->work->slices;
    ar_status status;
    AR_TRY(ar_writer_flush(stage->workers[number].writer, err));
    for (int64_t i = 0; i < count; i++) {
        const ar_store_unit unit = ar_store_plan_unit(stage->work->plan, jobs[i]);
        const ar_store_planned_field *field = &stage->work->plan->fields[unit.field];
        AR_TRY(ar_store_records_put(slices, first_slice(field, &unit),
                                    unit.count * field->data->level_count, err));
    }
    AR_TRY(ar_store_records_flush(slices, err));
cleanup:
    return status;
}

ar_status ar_store_write_values(ar_store_work *work, ar_error *err)
{
    ar_status status;
    value_stage context = {.work = work};
    const ar_store_stage stage = {.label = "pieces written",
                                  .job_count = work->plan->unit_count,
                                  .context = &context,
                                  .is_done = unit_is_done,
                                  .run = write_unit,
                                  .save = save_units};
    AR_TRY(ar_allocate(&context.workers, (size_t)work->workers, sizeof *context.workers, "threads",
                       err));
    for (int w = 0; w < work->workers; w++) {
        AR_TRY(ar_writer_open_unfinished(&context.workers[w].writer, work->out, work->store, err));
        AR_TRY(ar_store_define(work, context.workers[w].writer, false, err));
    }
    AR_TRY(ar_store_stage_run(&stage, work->workers, work->interrupt, err));
cleanup:
    for (int w = 0; context.workers && w < work->workers; w++) {
        ar_writer_abandon(&context.workers[w].writer);
        ar_free(context.workers[w].values);
        ar_free(context.workers[w].chunk);
        ar_free(context.workers[w].packed);
    }
    ar_free(context.workers);
    return status;
}
