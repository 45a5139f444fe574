/* What a store has: dimensions, coordinates, variables, attributes (CF-1.8). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "data/store_statistics.h"
#include "data/store_work.h"
#include "field/units.h"

/* ---- coordinates ----------------------------------------------------------------------------- */

static ar_status put_texts(ar_writer *file, const char *variable, const char *const (*texts)[2],
                           int count, ar_error *err)
{
    for (int i = 0; i < count; i++) {
        ar_status status = ar_writer_put_text(file, variable, texts[i][0], texts[i][1], err);
        if (status != AR_OK) {
            return status;
        }
    }
    return AR_OK;
}

static ar_status add_coordinate(ar_writer *file, const char *name, int64_t length,
                                const char *const (*texts)[2], int count, ar_error *err)
{
    const ar_writer_variable variable = {
        .name = name, .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {name}};
    ar_status status;
    AR_TRY(ar_writer_add_dimension(file, name, length, err));
    AR_TRY(ar_writer_add_variable(file, &variable, err));
    AR_TRY(put_texts(file, name, texts, count, err));
cleanup:
    return status;
}

static ar_status define_levels(const ar_store_planned_field *field, ar_writer *file, ar_error *err)
{
    const char *units = field->data->level_units;
    double scale, offset;
    const bool pressure = strcmp(units, "hPa") == 0;
    const bool height = ar_units_conversion(units, "m", &scale, &offset, NULL) == AR_OK;
    const char *const texts[][2] = {{"axis", "Z"},
                                    {"positive", height ? "up" : "down"},
                                    {"units", units},
                                    {"standard_name", "air_pressure"}};
    return add_coordinate(file, field->level_name, field->data->level_count, texts,
                          pressure ? 4 : 3, err);
}

/* `time`: "time", or "month" of the statistics. */
static ar_status define_coordinates(const ar_store_plan *plan, ar_writer *file, const char *time,
                                    int64_t times, ar_error *err)
{
    const ar_field_data *timed = plan->fields[plan->timed_field].data;
    const char *const time_texts[][2] = {{"standard_name", "time"},
                                         {"units", "hours since 1970-01-01 00:00:00"},
                                         {"calendar", ar_calendar_name(timed->calendar)},
                                         {"axis", "T"},
                                         {"long_name", "beginning of the month"}};
    const char *const latitude[][2] = {
        {"standard_name", "latitude"}, {"units", "degrees_north"}, {"axis", "Y"}};
    const char *const longitude[][2] = {
        {"standard_name", "longitude"}, {"units", "degrees_east"}, {"axis", "X"}};
    ar_status status;
    AR_TRY(add_coordinate(file, time, times, time_texts, strcmp(time, "month") == 0 ? 5 : 4, err));
    for (int64_t f = 0; f < plan->field_count; f++) {
        if (plan->fields[f].defines_level) {
            AR_TRY(define_levels(&plan->fields[f], file, err));
        }
    }
    AR_TRY(add_coordinate(file, "latitude", timed->grid.nlat, latitude, 3, err));
    AR_TRY(add_coordinate(file, "longitude", timed->grid.nlon, longitude, 3, err));
cleanup:
    return status;
}

static ar_status write_line(ar_writer *file, const char *name, int64_t count, const double *values,
                            ar_error *err)
{
    const int64_t zero = 0;
    return ar_writer_write(file, name, &zero, &count, values, err);
}

static ar_status write_coordinates(const ar_store_plan *plan, ar_writer *file, const char *time,
                                   int64_t times, const double *hours, ar_error *err)
{
    const ar_grid *grid = &plan->fields[0].data->grid;
    ar_status status;
    AR_TRY(write_line(file, time, times, hours, err));
    AR_TRY(write_line(file, "latitude", grid->nlat, grid->latitude, err));
    AR_TRY(write_line(file, "longitude", grid->nlon, grid->longitude, err));
    for (int64_t f = 0; f < plan->field_count; f++) {
        const ar_store_planned_field *field = &plan->fields[f];
        if (field->defines_level) {
            AR_TRY(write_line(file, field->level_name, field->data->level_count,
                              field->data->levels, err));
        }
    }
cleanup:
    return status;
}

ar_status ar_store_write_coordinates(const ar_store_work *work, ar_writer *writer, ar_error *err)
{
    const ar_store_plan *plan = work->plan;
    double *hours = NULL;
    ar_status status =
        ar_allocate(&hours, (size_t)plan->time_count, sizeof *hours, "a coordinate", err);
    for (int64_t t = 0; status == AR_OK && t < plan->time_count; t++) {
        hours[t] = (double)plan->times[t] / 3600;
    }
    if (status == AR_OK) {
        status = write_coordinates(plan, writer, "time", plan->time_count, hours, err);
    }
    ar_free(hours);
    return status;
}

ar_status ar_store_write_statistics_coordinates(const ar_store_work *work, ar_writer *writer,
                                                ar_error *err)
{
    const ar_store_plan *plan = work->plan;
    double *line = NULL;
    ar_status status =
        ar_allocate(&line, (size_t)plan->month_count, sizeof *line, "a coordinate", err);
    for (int64_t m = 0; status == AR_OK && m < plan->month_count; m++) {
        line[m] = (double)plan->months[m].start / 3600;
    }
    if (status == AR_OK) {
        status = write_coordinates(plan, writer, "month", plan->month_count, line, err);
    }
    for (int64_t m = 0; status == AR_OK && m < plan->month_count; m++) {
        line[m] = (double)plan->months[m].count;
    }
    if (status == AR_OK) {
        status = write_line(writer, "times", plan->month_count, line, err);
    }
    ar_free(line);
    return status;
}

/* ---- variables ------------------------------------------------------------------------------- */

/* [time][level][latitude][longitude], as far as the field has them, with chunks of one level. */
static ar_writer_variable shape_of(const ar_store_planned_field *field, const char *time,
                                   int64_t chunk_times, bool horizontal)
{
    ar_writer_variable variable = {.type = AR_WRITER_FLOAT};
    if (time) {
        variable.chunk[variable.rank] = chunk_times;
        variable.dimensions[variable.rank++] = time;
    }
    if (field->level_name[0]) {
        variable.chunk[variable.rank] = horizontal ? 1 : 0;
        variable.dimensions[variable.rank++] = field->level_name;
    }
    if (horizontal) {
        variable.dimensions[variable.rank++] = "latitude";
        variable.dimensions[variable.rank++] = "longitude";
    }
    return variable;
}

static void set_compression(const ar_store_plan *plan, ar_writer_variable *variable)
{
    variable->compress = plan->request.compress ? (int)plan->request.compression_level : 0;
    variable->codec = AR_WRITER_BLOSC_ZSTD;
    variable->checksum = true; /* of v3 */
}

void ar_store_packing_errors(const ar_store_work *work, int64_t f, double *largest,
                             double *root_mean_square)
{
    const ar_store_planned_field *field = &work->plan->fields[f];
    const ar_store_slice_record *slices = work->slices.records;
    const int64_t slice_count = work->plan->time_count * field->data->level_count;
    double squares = 0, count = 0;
    *largest = 0;
    for (int64_t i = field->first_slice; i < field->first_slice + slice_count; i++) {
        *largest = fmax(*largest, slices[i].largest);
        squares += slices[i].squares;
        count += slices[i].count;
    }
    *root_mean_square = count > 0 ? sqrt(squares / count) : 0;
}

static ar_status put_errors(const ar_store_work *work, int64_t f, ar_writer *writer, ar_error *err)
{
    const char *name = work->plan->fields[f].data->variable;
    double largest, root_mean_square;
    ar_status status;
    ar_store_packing_errors(work, f, &largest, &root_mean_square);
    AR_TRY(ar_writer_put_number(writer, name, "largest_packing_error", largest, err));
    AR_TRY(ar_writer_put_number(writer, name, "rms_packing_error", root_mean_square, err));
cleanup:
    return status;
}

static ar_status define_field(const ar_store_work *work, int64_t f, ar_writer *writer,
                              bool complete, ar_error *err)
{
    const ar_store_planned_field *field = &work->plan->fields[f];
    const ar_field_data *data = field->data;
    const ar_store_packing *packing = &work->packings[f];
    ar_writer_variable variable =
        shape_of(field, data->is_static ? NULL : "time", work->plan->chunk_times, true);
    ar_status status;
    variable.name = data->variable;
    variable.type = packing->type == AR_STORE_INT16 ? AR_WRITER_INT16 : AR_WRITER_FLOAT;
    set_compression(work->plan, &variable);
    AR_TRY(ar_writer_add_variable(writer, &variable, err));
    if (data->standard_name[0]) {
        AR_TRY(
            ar_writer_put_text(writer, variable.name, "standard_name", data->standard_name, err));
    }
    if (data->units[0]) {
        AR_TRY(ar_writer_put_text(writer, variable.name, "units", data->units, err));
    }
    AR_TRY(ar_writer_put_text(writer, variable.name, "field", data->name, err));
    if (packing->type == AR_STORE_INT16) {
        AR_TRY(ar_writer_put_number(writer, variable.name, "_FillValue", AR_STORE_MISSING, err));
        AR_TRY(ar_writer_put_number(writer, variable.name, "scale_factor", packing->scale, err));
        AR_TRY(ar_writer_put_number(writer, variable.name, "add_offset", packing->offset, err));
    }
    if (complete && packing->type != AR_STORE_FLOAT32) {
        AR_TRY(put_errors(work, f, writer, err));
    }
cleanup:
    return status;
}

/* "XXH3 hash, bytes, path" of every source, one a line. */
static ar_status put_sources(const ar_store_work *work, ar_writer *writer, ar_error *err)
{
    ar_growing_text text = {.err = err};
    const ar_store_file_record *files = work->files.records;
    for (size_t i = 0; i < work->plan->source_count; i++) {
        const ar_store_source *source = &work->plan->sources[i];
        if (source->bytes < 0) {
            ar_text_add(&text, "-  -  %s\n", source->path);
        } else {
            ar_text_add(&text, "%016llx  %lld  %s\n", (unsigned long long)files[i].hash,
                        (long long)source->bytes, source->path);
        }
    }
    ar_status status = text.status;
    if (status == AR_OK) {
        status = ar_writer_put_text(writer, NULL, "source_files", text.text, err);
    }
    ar_free(text.text);
    return status;
}

static ar_status put_provenance(const ar_store_work *work, ar_writer *writer, ar_error *err)
{
    const ar_store_plan *plan = work->plan;
    char *description = NULL, *gaps = NULL;
    ar_status status;
    AR_TRY(ar_store_plan_describe(plan, &description, err));
    AR_TRY(ar_store_plan_gaps(plan, &gaps, err));
    AR_TRY(ar_writer_put_text(writer, NULL, "preparation", description, err));
    AR_TRY(ar_writer_put_text(writer, NULL, "gaps", gaps ? gaps : "", err));
    AR_TRY(
        ar_writer_put_number(writer, NULL, "time_step_hours", (double)plan->time_step / 3600, err));
    AR_TRY(ar_writer_put_number(writer, NULL, "times_left_out", (double)plan->times_left_out, err));
    AR_TRY(put_sources(work, writer, err));
cleanup:
    ar_free(description);
    ar_free(gaps);
    return status;
}

ar_status ar_store_define(const ar_store_work *work, ar_writer *writer, bool complete,
                          ar_error *err)
{
    static const char *const texts[][2] = {{"Conventions", "CF-1.8"},
                                           {"source", "atmorep prepare " ATMOREP_VERSION}};
    ar_status status;
    AR_TRY(ar_writer_set_zarr_format(writer, work->plan->request.zarr_format, err));
    AR_TRY(define_coordinates(work->plan, writer, "time", work->plan->time_count, err));
    for (int64_t f = 0; f < work->plan->field_count; f++) {
        AR_TRY(define_field(work, f, writer, complete, err));
    }
    AR_TRY(put_texts(writer, NULL, texts, 2, err));
    if (complete) {
        AR_TRY(put_provenance(work, writer, err));
    }
cleanup:
    return status;
}

/* ---- statistics ------------------------------------------------------------------------------ */

static const struct {
    const char *suffix, *cell_methods;
    bool horizontal;
} statistics[AR_STORE_STATISTICS] = {
    [AR_STORE_MEAN] = {"mean", "time: mean", true},
    [AR_STORE_DEVIATION] = {"standard_deviation", "time: standard_deviation", true},
    [AR_STORE_COUNT] = {"count", NULL, true},
    [AR_STORE_GLOBAL_MEAN] = {"global_mean", "time: area: mean", false},
    [AR_STORE_GLOBAL_DEVIATION] = {"global_standard_deviation", "time: area: standard_deviation",
                                   false},
};

void ar_store_statistic_name(char name[160], const char *variable, ar_store_statistic statistic)
{
    snprintf(name, 160, "%s_%s", variable, statistics[statistic].suffix);
}

static ar_status define_statistic(const ar_store_plan *plan, const ar_store_planned_field *field,
                                  ar_store_statistic statistic, ar_writer *writer, ar_error *err)
{
    ar_writer_variable variable = shape_of(field, "month", 0, statistics[statistic].horizontal);
    char name[160];
    ar_status status;
    ar_store_statistic_name(name, field->data->variable, statistic);
    variable.name = name;
    variable.type = statistic == AR_STORE_COUNT ? AR_WRITER_INT32 : AR_WRITER_DOUBLE;
    variable.chunk[0] = statistics[statistic].horizontal ? 1 : plan->month_count;
    set_compression(plan, &variable);
    AR_TRY(ar_writer_add_variable(writer, &variable, err));
    if (statistic == AR_STORE_COUNT) {
        AR_TRY(ar_writer_put_number(writer, name, "_FillValue", -1, err));
        AR_TRY(ar_writer_put_text(writer, name, "units", "1", err));
    } else if (field->data->units[0]) {
        AR_TRY(ar_writer_put_text(writer, name, "units", field->data->units, err));
    }
    if (statistics[statistic].cell_methods) {
        AR_TRY(ar_writer_put_text(writer, name, "cell_methods", statistics[statistic].cell_methods,
                                  err));
    }
cleanup:
    return status;
}

ar_status ar_store_define_statistics(const ar_store_work *work, ar_writer *writer, ar_error *err)
{
    static const char *const texts[][2] = {
        {"Conventions", "CF-1.8"},
        {"title", "Monthly statistics; the standard deviation is that of all values (1/n)"},
        {"source", "atmorep prepare " ATMOREP_VERSION}};
    static const ar_writer_variable times = {
        .name = "times", .type = AR_WRITER_DOUBLE, .rank = 1, .dimensions = {"month"}};
    const ar_store_plan *plan = work->plan;
    ar_status status;
    AR_TRY(ar_writer_set_zarr_format(writer, plan->request.zarr_format, err));
    AR_TRY(define_coordinates(plan, writer, "month", plan->month_count, err));
    AR_TRY(ar_writer_add_variable(writer, &times, err));
    AR_TRY(
        ar_writer_put_text(writer, "times", "long_name", "times of the store in the month", err));
    AR_TRY(ar_writer_put_text(writer, "times", "units", "1", err));
    for (int64_t f = 0; f < plan->field_count; f++) {
        for (int s = 0; s < AR_STORE_STATISTICS && !plan->fields[f].data->is_static; s++) {
            AR_TRY(define_statistic(plan, &plan->fields[f], (ar_store_statistic)s, writer, err));
        }
    }
    AR_TRY(put_texts(writer, NULL, texts, 3, err));
cleanup:
    return status;
}
