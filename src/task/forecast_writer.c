#include "task/forecast_writer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "field/units.h"
#include "task/forecast_provenance.h"

/* ---- levels ---------------------------------------------------------------------------------- */

static bool has_levels(const ar_field_data *field)
{
    return field->level_units[0] != '\0';
}

/* The first field with the same levels: both share one dimension. */
static int64_t first_with_levels(const ar_dataset *dataset, int64_t field)
{
    const ar_field_data *wanted = &dataset->fields[field];
    for (int64_t f = 0; f < field; f++) {
        const ar_field_data *other = &dataset->fields[f];
        if (has_levels(other) && other->level_count == wanted->level_count &&
            strcmp(other->level_units, wanted->level_units) == 0 &&
            memcmp(other->levels, wanted->levels,
                   (size_t)wanted->level_count * sizeof *wanted->levels) == 0) {
            return f;
        }
    }
    return field;
}

/* "level" when all fields with levels share them, else "level_<variable>". */
static void level_name(const ar_dataset *dataset, int64_t field, char name[80])
{
    int64_t sets = 0;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        sets += has_levels(&dataset->fields[f]) && first_with_levels(dataset, f) == f;
    }
    if (sets == 1) {
        snprintf(name, 80, "level");
    } else {
        snprintf(name, 80, "level_%s", dataset->fields[first_with_levels(dataset, field)].variable);
    }
}

/* ---- definitions ----------------------------------------------------------------------------- */

static ar_status define_coordinates(const ar_forecast_writer *writer, const ar_forecast_task *task,
                                    ar_error *err)
{
    ar_writer *file = writer->file;
    const ar_grid *grid = writer->grid;
    const char *calendar = ar_calendar_name(writer->dataset->fields[0].calendar);
    const char *const latitude[][2] = {
        {"standard_name", "latitude"}, {"units", "degrees_north"}, {"axis", "Y"}};
    const char *const longitude[][2] = {
        {"standard_name", "longitude"}, {"units", "degrees_east"}, {"axis", "X"}};
    const char *const member[][2] = {
        {"standard_name", "realization"}, {"long_name", "ensemble member"}, {"units", "1"}};
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_layout_define(&writer->layout, file, calendar, task->reference, err));
    AR_TRY(ar_writer_add_dimension(file, "latitude", grid->nlat, err));
    AR_TRY(ar_writer_add_dimension(file, "longitude", grid->nlon, err));
    AR_TRY(ar_writer_add_dimension(file, writer->layout.members, writer->configuration->model.tails,
                                   err));
    AR_TRY(ar_forecast_add_coordinate(file, "latitude", "latitude", AR_WRITER_DOUBLE, latitude, 3,
                                      err));
    AR_TRY(ar_forecast_add_coordinate(file, "longitude", "longitude", AR_WRITER_DOUBLE, longitude,
                                      3, err));
    AR_TRY(ar_forecast_add_coordinate(file, writer->layout.members, writer->layout.members,
                                      AR_WRITER_INT32, member, 3, err));
cleanup:
    return status;
}

static ar_status define_levels(const ar_forecast_writer *writer, int64_t f, ar_error *err)
{
    const ar_field_data *field = &writer->dataset->fields[f];
    char name[80];
    ar_status status = AR_OK;
    if (!has_levels(field) || first_with_levels(writer->dataset, f) != f) {
        return AR_OK;
    }
    level_name(writer->dataset, f, name);
    double scale, offset;
    bool pressure = strcmp(field->level_units, "hPa") == 0;
    bool height = ar_units_conversion(field->level_units, "m", &scale, &offset, NULL) == AR_OK;
    const char *const texts[][2] = {{"axis", "Z"},
                                    {"positive", height ? "up" : "down"},
                                    {"units", field->level_units},
                                    {"standard_name", "air_pressure"}};
    AR_TRY(ar_writer_add_dimension(writer->file, name, field->level_count, err));
    AR_TRY(ar_forecast_add_coordinate(writer->file, name, name, AR_WRITER_DOUBLE, texts,
                                      pressure ? 4 : 3, err));
cleanup:
    return status;
}

typedef enum { MEAN, SPREAD, MEMBERS, DIFFERENCE, P_VALUE, KINDS } variable_kind;
static const char *const suffixes[KINDS] = {"", "_spread", "_members", "_difference", "_p_value"};
/* Of every forecast; the others are of a counterfactual. */
enum { FORECAST_KINDS = DIFFERENCE };

static void name_variable(const ar_forecast_writer *writer, const ar_field_data *field,
                          variable_kind kind, char name[96])
{
    ar_forecast_layout_name(&writer->layout, field, name);
    strcat(name, suffixes[kind]);
}

static ar_status define_variable(const ar_forecast_writer *writer, int64_t f, variable_kind kind,
                                 ar_error *err)
{
    static const char *const methods[KINDS] = {"realization: mean",
                                               "realization: standard_deviation (unbiased)", NULL,
                                               "realization: mean", NULL};
    static const char *const long_names[KINDS] = {
        [DIFFERENCE] = "ensemble mean told the attribute alpha, less the factual one",
        [P_VALUE] = "two-sided p value of the difference, paired t test over members"};
    const ar_field_data *field = &writer->dataset->fields[f];
    char name[96], level[80];
    ar_status status = AR_OK;
    name_variable(writer, field, kind, name);
    ar_writer_variable variable = {
        .name = name, .type = AR_WRITER_FLOAT, .compress = 1, .checksum = true};
    ar_forecast_layout_dimensions(&writer->layout, &variable);
    if (has_levels(field)) {
        level_name(writer->dataset, f, level);
        /* members are many: whoever reads one level need not unpack them all */
        variable.chunk[variable.rank] = kind == MEMBERS ? 1 : 0;
        variable.dimensions[variable.rank++] = level;
    }
    if (kind == MEMBERS) {
        variable.dimensions[variable.rank++] = writer->layout.members;
    }
    variable.dimensions[variable.rank++] = "latitude";
    variable.dimensions[variable.rank++] = "longitude";
    AR_TRY(ar_writer_add_variable(writer->file, &variable, err));
    if (field->standard_name[0] && (kind == MEAN || kind == MEMBERS)) {
        AR_TRY(ar_writer_put_text(writer->file, name, "standard_name", field->standard_name, err));
    }
    if (long_names[kind]) {
        AR_TRY(ar_writer_put_text(writer->file, name, "long_name", long_names[kind], err));
    }
    if (field->units[0] || kind == P_VALUE) {
        AR_TRY(ar_writer_put_text(writer->file, name, "units", kind == P_VALUE ? "1" : field->units,
                                  err));
    }
    AR_TRY(ar_writer_put_text(writer->file, name, "field", writer->configuration->fields[f].name,
                              err));
    if (writer->layout.coordinates) {
        AR_TRY(
            ar_writer_put_text(writer->file, name, "coordinates", writer->layout.coordinates, err));
    }
    if (methods[kind]) {
        AR_TRY(ar_writer_put_text(writer->file, name, "cell_methods", methods[kind], err));
    }
cleanup:
    return status;
}

static ar_status write_coordinates(const ar_forecast_writer *writer, ar_error *err)
{
    const ar_dataset *dataset = writer->dataset;
    const ar_grid *grid = writer->grid;
    const int64_t zero = 0;
    ar_status status = AR_OK;
    AR_TRY(ar_writer_write(writer->file, "latitude", &zero, &grid->nlat, grid->latitude, err));
    AR_TRY(ar_writer_write(writer->file, "longitude", &zero, &grid->nlon, grid->longitude, err));
    for (int32_t member = 0; member < writer->configuration->model.tails; member++) {
        const int64_t at = member, one = 1;
        AR_TRY(ar_writer_write(writer->file, writer->layout.members, &at, &one, &member, err));
    }
    for (int64_t f = 0; f < dataset->field_count; f++) {
        const ar_field_data *field = &dataset->fields[f];
        if (has_levels(field) && first_with_levels(dataset, f) == f) {
            char name[80];
            level_name(dataset, f, name);
            AR_TRY(ar_writer_write(writer->file, name, &zero, &field->level_count, field->levels,
                                   err));
        }
    }
cleanup:
    return status;
}

/* A grid of the one point that is nearest. */
static void choose_point(ar_forecast_writer *writer, const double place[2])
{
    const ar_grid *grid = writer->grid;
    int64_t row, column;
    (void)ar_grid_find_nearest(grid, place[0], place[1], &row, &column);
    writer->first_point = row * grid->nlon + column;
    writer->points = grid->nlat * grid->nlon;
    writer->point = *grid;
    writer->point.latitude += row;
    writer->point.longitude += column;
    writer->point.nlat = writer->point.nlon = 1;
    writer->grid = &writer->point;
}

static ar_status open_file(ar_forecast_writer *writer, const ar_forecast_outline *outline,
                           ar_error *err)
{
    const char *out = outline->options->out;
    ar_status status = AR_OK;
    if (ar_writer_is_zarr(out)) {
        AR_TRY(ar_unfinished_forecast_open(&writer->unfinished, outline, err));
        AR_TRY(ar_writer_open_unfinished(&writer->file, out, writer->unfinished.store, err));
    } else {
        AR_TRY(ar_writer_create(&writer->file, out, err));
    }
    AR_TRY(ar_writer_set_zarr_format(writer->file, outline->options->zarr_format, err));
cleanup:
    return status;
}

/* Once all is defined. How long time is follows from what is written along it, so that the times
 * that are there are told again. */
static ar_status begin_or_go_on(ar_forecast_writer *writer, const ar_forecast_outline *outline,
                                ar_error *err)
{
    ar_unfinished_forecast *unfinished = &writer->unfinished;
    ar_status status = AR_OK;
    for (int64_t i = 0; i < unfinished->complete; i++) {
        AR_TRY(ar_forecast_layout_write(&writer->layout, writer->file, i, outline->valid_times[i],
                                        outline->lead_hours[i], err));
    }
    if (unfinished->folder.path && unfinished->complete == 0) {
        AR_TRY(ar_unfinished_forecast_begin(unfinished, outline, err));
    }
cleanup:
    return status;
}

ar_status ar_forecast_writer_create(ar_forecast_writer *writer, const ar_forecast_outline *outline,
                                    ar_error *err)
{
    const ar_forecast_options *options = outline->options;
    const ar_dataset *dataset = outline->dataset;
    const ar_configuration *configuration = &outline->checkpoint->configuration;
    ar_status status = AR_OK;
    *writer = (ar_forecast_writer){
        .dataset = dataset, .grid = outline->grid, .configuration = configuration};
    if (options->place) {
        choose_point(writer, options->place);
    }
    AR_TRY(ar_forecast_layout_read(&writer->layout, options, err));
    AR_TRY(open_file(writer, outline, err));
    AR_TRY(define_coordinates(writer, ar_forecast_task_of(options), err));
    size_t largest = 1;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        AR_TRY(define_levels(writer, f, err));
        size_t levels = (size_t)dataset->fields[f].level_count;
        largest = levels > largest ? levels : largest;
    }
    const int kinds = options->alpha ? KINDS : FORECAST_KINDS;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        for (int kind = 0; configuration->fields[f].predicted && kind < kinds; kind++) {
            AR_TRY(define_variable(writer, f, (variable_kind)kind, err));
        }
    }
    AR_TRY(ar_forecast_put_provenance(writer->file, options, outline->checkpoint,
                                      outline->model_hash, dataset, err));
    AR_TRY(write_coordinates(writer, err));
    AR_TRY(begin_or_go_on(writer, outline, err));
    const size_t points = largest * (size_t)(writer->grid->nlat * writer->grid->nlon);
    AR_TRY(ar_allocate(&writer->mean, points, sizeof(float), "the ensemble mean", err));
    AR_TRY(ar_allocate(&writer->spread, points, sizeof(float), "the ensemble spread", err));
    if (options->place) {
        AR_TRY(ar_allocate(&writer->members, largest * (size_t)configuration->model.tails,
                           sizeof(float), "members", err));
    }
cleanup:
    if (status != AR_OK) {
        ar_forecast_writer_release(writer);
    }
    return status;
}

/* ---- a time ---------------------------------------------------------------------------------- */

static void compute_statistics(ar_forecast_writer *writer, const float *members, int64_t levels,
                               int64_t count, int64_t points)
{
#pragma omp parallel for schedule(static)
    for (int64_t at = 0; at < levels * points; at++) {
        const float *first = members + at / points * count * points + at % points;
        double mean, square = ar_members_sum_of_squares(first, count, points, &mean);
        writer->mean[at] = (float)mean;
        writer->spread[at] = count > 1 ? (float)sqrt(square / (double)(count - 1)) : 0.0f;
    }
}

/* The one point of members [level][member][nlat][nlon]. */
static const float *take_point(ar_forecast_writer *writer, const float *members, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        writer->members[i] = members[i * writer->points + writer->first_point];
    }
    return writer->members;
}

static ar_status write_kind(ar_forecast_writer *writer, int64_t f, variable_kind kind,
                            int64_t index, const float *values, ar_error *err)
{
    const ar_field_data *field = &writer->dataset->fields[f];
    char name[96];
    int64_t start[AR_WRITER_RANK_MAX] = {0}, extent[AR_WRITER_RANK_MAX];
    int rank = ar_forecast_layout_place(&writer->layout, index, start, extent);
    name_variable(writer, field, kind, name);
    if (has_levels(field)) {
        extent[rank++] = field->level_count;
    }
    if (kind == MEMBERS) {
        extent[rank++] = writer->configuration->model.tails;
    }
    extent[rank++] = writer->grid->nlat;
    extent[rank++] = writer->grid->nlon;
    return ar_writer_write(writer->file, name, start, extent, values, err);
}

static ar_status write_field(ar_forecast_writer *writer, int64_t f, int64_t index,
                             const float *members, ar_error *err)
{
    const int64_t levels = writer->dataset->fields[f].level_count;
    const int64_t count = writer->configuration->model.tails;
    ar_status status = AR_OK;
    if (writer->members) {
        members = take_point(writer, members, levels * count);
    }
    compute_statistics(writer, members, levels, count, writer->grid->nlat * writer->grid->nlon);
    AR_TRY(write_kind(writer, f, MEAN, index, writer->mean, err));
    AR_TRY(write_kind(writer, f, SPREAD, index, writer->spread, err));
    AR_TRY(write_kind(writer, f, MEMBERS, index, members, err));
cleanup:
    return status;
}

ar_status ar_forecast_writer_write_difference(ar_forecast_writer *writer, int64_t index,
                                              int64_t field, const float *difference,
                                              const float *p_value, ar_error *err)
{
    const float *const values[] = {difference, p_value};
    const variable_kind kinds[] = {DIFFERENCE, P_VALUE};
    const int64_t levels = writer->dataset->fields[field].level_count;
    ar_status status = AR_OK;
    for (int i = 0; status == AR_OK && i < 2; i++) {
        status =
            write_kind(writer, field, kinds[i], index,
                       writer->members ? take_point(writer, values[i], levels) : values[i], err);
    }
    return status;
}

ar_status ar_forecast_writer_write(ar_forecast_writer *writer, int64_t index, int64_t valid_time,
                                   int64_t lead_hours, const float *const *members, ar_error *err)
{
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_layout_write(&writer->layout, writer->file, index, valid_time, lead_hours,
                                    err));
    for (int64_t f = 0; f < writer->dataset->field_count; f++) {
        if (writer->configuration->fields[f].predicted) {
            AR_TRY(write_field(writer, f, index, members[f], err));
        }
    }
cleanup:
    return status;
}

ar_status ar_forecast_writer_commit(ar_forecast_writer *writer, ar_error *err)
{
    ar_status status = ar_writer_commit(&writer->file, err);
    if (status == AR_OK) {
        ar_unfinished_forecast_remove(&writer->unfinished);
        ar_unfinished_forecast_release(&writer->unfinished);
    }
    return status;
}

ar_status ar_forecast_writer_explain(const ar_forecast_writer *writer, ar_status status,
                                     ar_error *err)
{
    const ar_unfinished_forecast *unfinished = &writer->unfinished;
    if (status == AR_OK || unfinished->complete == 0 || !err) {
        return status;
    }
    const ar_error reason = *err;
    return ar_fail(err, status,
                   "%s; %s holds the first %lld times: the same command with --resume goes on",
                   reason.message, unfinished->folder.path, (long long)unfinished->complete);
}

void ar_forecast_writer_release(ar_forecast_writer *writer)
{
    ar_writer_abandon(&writer->file);
    if (writer->unfinished.complete == 0) {
        ar_unfinished_forecast_remove(&writer->unfinished);
    }
    ar_unfinished_forecast_release(&writer->unfinished);
    ar_free(writer->mean);
    ar_free(writer->spread);
    ar_free(writer->members);
    *writer = (ar_forecast_writer){0};
}
