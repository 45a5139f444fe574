#include "task/forecast_writer.h"

#include <math.h>

#include "base/memory.h"
#include "task/blend.h"

static int64_t tails_of(const ar_forecast_writer *writer)
{
    return writer->contents.outline->checkpoint->configuration.model.tails;
}

/* A grid of the one point that is nearest. */
static void choose_point(ar_forecast_writer *writer, const double place[2])
{
    const ar_grid *grid = writer->contents.grid;
    int64_t row, column;
    (void)ar_grid_find_nearest(grid, place[0], place[1], &row, &column);
    writer->first_point = row * grid->nlon + column;
    writer->points = grid->nlat * grid->nlon;
    writer->point = *grid;
    writer->point.latitude += row;
    writer->point.longitude += column;
    writer->point.nlat = writer->point.nlon = 1;
    writer->contents.grid = &writer->point;
}

/* The store, made or gone on with. How long time is follows from what is written along it, so that
 * the times that are there are told again. */
static ar_status open_store(ar_forecast_writer *writer, const ar_forecast_outline *outline,
                            ar_error *err)
{
    const char *out = outline->options->out;
    ar_unfinished_forecast *unfinished = &writer->unfinished;
    ar_status status = AR_OK;
    AR_TRY(ar_unfinished_forecast_open(unfinished, outline, err));
    AR_TRY(ar_writer_open_unfinished(
        &writer->store, ar_writer_is_zarr(out) ? out : unfinished->store, unfinished->store, err));
    AR_TRY(ar_writer_set_zarr_format(writer->store, outline->options->zarr_format, err));
    AR_TRY(ar_forecast_contents_define(&writer->contents, writer->store, err));
    for (int64_t i = 0; i < unfinished->complete; i++) {
        AR_TRY(ar_forecast_contents_write_time(&writer->contents, writer->store, i, err));
    }
    if (unfinished->complete == 0) {
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
    ar_status status = AR_OK;
    *writer = (ar_forecast_writer){.contents = {.outline = outline, .grid = outline->grid}};
    if (options->place) {
        choose_point(writer, options->place);
    }
    AR_TRY(ar_forecast_layout_read(&writer->contents.layout, options, err));
    AR_TRY(open_store(writer, outline, err));
    size_t largest = 1;
    for (int64_t f = 0; f < dataset->field_count; f++) {
        size_t levels = (size_t)dataset->fields[f].level_count;
        largest = levels > largest ? levels : largest;
    }
    const ar_grid *grid = writer->contents.grid;
    const size_t points = largest * (size_t)(grid->nlat * grid->nlon);
    AR_TRY(ar_allocate(&writer->mean, points, sizeof(float), "the ensemble mean", err));
    AR_TRY(ar_allocate(&writer->spread, points, sizeof(float), "the ensemble spread", err));
    if (options->place) {
        AR_TRY(ar_allocate(&writer->members, largest * (size_t)tails_of(writer), sizeof(float),
                           "members", err));
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

static ar_status write_kind(ar_forecast_writer *writer, int64_t f, ar_forecast_kind kind,
                            int64_t index, const float *values, ar_error *err)
{
    const ar_forecast_place place = ar_forecast_contents_find(&writer->contents, f, kind, index);
    return ar_writer_write(writer->store, place.name, place.start, place.extent, values, err);
}

static ar_status write_field(ar_forecast_writer *writer, int64_t f, int64_t index,
                             const float *members, ar_error *err)
{
    const int64_t levels = writer->contents.outline->dataset->fields[f].level_count;
    const int64_t count = tails_of(writer);
    ar_status status = AR_OK;
    if (writer->members) {
        members = take_point(writer, members, levels * count);
    }
    compute_statistics(writer, members, levels, count,
                       writer->contents.grid->nlat * writer->contents.grid->nlon);
    AR_TRY(write_kind(writer, f, AR_FORECAST_MEAN, index, writer->mean, err));
    AR_TRY(write_kind(writer, f, AR_FORECAST_SPREAD, index, writer->spread, err));
    AR_TRY(write_kind(writer, f, AR_FORECAST_MEMBERS, index, members, err));
cleanup:
    return status;
}

ar_status ar_forecast_writer_write_difference(ar_forecast_writer *writer, int64_t index,
                                              int64_t field, const float *difference,
                                              const float *p_value, ar_error *err)
{
    const float *const values[] = {difference, p_value};
    const ar_forecast_kind kinds[] = {AR_FORECAST_DIFFERENCE, AR_FORECAST_P_VALUE};
    const int64_t levels = writer->contents.outline->dataset->fields[field].level_count;
    ar_status status = AR_OK;
    for (int i = 0; status == AR_OK && i < 2; i++) {
        status =
            write_kind(writer, field, kinds[i], index,
                       writer->members ? take_point(writer, values[i], levels) : values[i], err);
    }
    return status;
}

ar_status ar_forecast_writer_write(ar_forecast_writer *writer, int64_t index,
                                   const float *const *members, ar_error *err)
{
    const ar_forecast_outline *outline = writer->contents.outline;
    ar_status status = AR_OK;
    AR_TRY(ar_forecast_contents_write_time(&writer->contents, writer->store, index, err));
    for (int64_t f = 0; f < outline->dataset->field_count; f++) {
        if (outline->checkpoint->configuration.fields[f].predicted) {
            AR_TRY(write_field(writer, f, index, members[f], err));
        }
    }
cleanup:
    return status;
}

/* netCDF files cannot be gone on with after a kill: what was kept in the store is copied. */
static ar_status make_netcdf(ar_forecast_writer *writer, ar_error *err)
{
    const ar_forecast_outline *outline = writer->contents.outline;
    ar_writer *file = NULL;
    ar_status status = AR_OK;
    AR_TRY(ar_unfinished_forecast_keep(&writer->unfinished, writer->store, outline->time_count,
                                       NULL, 0, err));
    AR_TRY(ar_writer_create(&file, outline->options->out, err));
    AR_TRY(ar_forecast_contents_define(&writer->contents, file, err));
    AR_TRY(ar_forecast_contents_copy(&writer->contents, writer->unfinished.store, file, err));
    AR_TRY(ar_writer_commit(&file, err));
    ar_writer_abandon(&writer->store);
cleanup:
    ar_writer_abandon(&file);
    return status;
}

ar_status ar_forecast_writer_commit(ar_forecast_writer *writer, ar_error *err)
{
    const bool zarr = ar_writer_is_zarr(writer->contents.outline->options->out);
    ar_status status = zarr ? ar_writer_commit(&writer->store, err) : make_netcdf(writer, err);
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
    ar_writer_abandon(&writer->store);
    if (writer->unfinished.complete == 0) {
        ar_unfinished_forecast_remove(&writer->unfinished);
    }
    ar_unfinished_forecast_release(&writer->unfinished);
    ar_free(writer->mean);
    ar_free(writer->spread);
    ar_free(writer->members);
    *writer = (ar_forecast_writer){0};
}
