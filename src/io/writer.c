#include <string.h>

#include "base/file.h"
#include "io/writer_private.h"

static bool ends_with(const char *path, size_t length, const char *ending)
{
    size_t bytes = strlen(ending);
    return length > bytes && memcmp(path + length - bytes, ending, bytes) == 0;
}

static bool is_netcdf(const char *path)
{
    return ends_with(path, strlen(path), ".nc");
}

bool ar_writer_is_zarr(const char *path)
{
    return ends_with(path, ar_path_length(path), ".zarr");
}

ar_status ar_writer_check_path(const char *path, ar_error *err)
{
    if (is_netcdf(path)) {
        return AR_OK;
    }
    if (ar_writer_is_zarr(path)) {
        return ar_zarr_writer_check_path(path, err);
    }
    return ar_fail(err, AR_ERROR_USAGE,
                   "%s: the name of what is written must end in .nc (a netCDF-4 file) or .zarr (a "
                   "Zarr group)",
                   path);
}

ar_status ar_writer_create(ar_writer **writer, const char *path, ar_error *err)
{
    *writer = NULL;
    ar_status status = ar_writer_check_path(path, err);
    if (status != AR_OK) {
        return status;
    }
    return ar_writer_is_zarr(path) ? ar_zarr_writer_create(writer, path, NULL, err)
                                   : ar_netcdf_writer_create(writer, path, err);
}

ar_status ar_writer_open_unfinished(ar_writer **writer, const char *path, const char *unfinished,
                                    ar_error *err)
{
    *writer = NULL;
    if (!ar_writer_is_zarr(path)) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: only a .zarr can be written in several goes",
                       path);
    }
    ar_status status = ar_writer_check_path(path, err);
    return status == AR_OK ? ar_zarr_writer_create(writer, path, unfinished, err) : status;
}

ar_status ar_writer_flush(ar_writer *writer, ar_error *err)
{
    if (!writer->format->flush) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: only a .zarr can be written in several goes",
                       writer->path);
    }
    return writer->format->flush(writer, err);
}

ar_status ar_writer_check_zarr_format(const char *path, int64_t format, ar_error *err)
{
    if (format != 0 && format != 2 && format != 3) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: Zarr format %lld; should be 2 or 3", path,
                       (long long)format);
    }
    if (format == 3 && !ar_writer_is_zarr(path)) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: Zarr format 3 is for a .zarr alone", path);
    }
    return AR_OK;
}

ar_status ar_writer_set_zarr_format(ar_writer *writer, int64_t format, ar_error *err)
{
    ar_status status = ar_writer_check_zarr_format(writer->path, format, err);
    return status == AR_OK && format != 0 && writer->format->set_zarr_format
               ? writer->format->set_zarr_format(writer, (int)format, err)
               : status;
}

ar_status ar_writer_add_dimension(ar_writer *writer, const char *name, int64_t length,
                                  ar_error *err)
{
    if (length == 0 || length < -1) {
        return ar_fail(err, AR_ERROR_USAGE, "%s: dimension %s: length %lld is not positive or -1",
                       writer->path, name, (long long)length);
    }
    return writer->format->add_dimension(writer, name, length, err);
}

ar_status ar_writer_add_variable(ar_writer *writer, const ar_writer_variable *variable,
                                 ar_error *err)
{
    if (variable->rank < 0 || variable->rank > AR_WRITER_RANK_MAX || variable->compress < 0 ||
        variable->compress > 9) {
        return ar_fail(err, AR_ERROR_USAGE,
                       "%s: variable %s: rank %d (0 to %d) or compression %d (0 to 9) is wrong",
                       writer->path, variable->name, variable->rank, AR_WRITER_RANK_MAX,
                       variable->compress);
    }
    for (int d = 0; d < variable->rank; d++) {
        if (variable->chunk[d] < 0) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "%s: variable %s: a chunk of length %lld along %s (from 1; 0: chosen)",
                           writer->path, variable->name, (long long)variable->chunk[d],
                           variable->dimensions[d]);
        }
        if (variable->shard[d] < 0) {
            return ar_fail(err, AR_ERROR_USAGE,
                           "%s: variable %s: a shard of length %lld along %s (from 1; 0: a chunk)",
                           writer->path, variable->name, (long long)variable->shard[d],
                           variable->dimensions[d]);
        }
    }
    return writer->format->add_variable(writer, variable, err);
}

ar_status ar_writer_put_text(ar_writer *writer, const char *variable, const char *name,
                             const char *text, ar_error *err)
{
    return writer->format->put_text(writer, variable, name, text, err);
}

bool ar_writer_has_type_of_variable(const char *attribute)
{
    static const char *const names[] = {"_FillValue", "missing_value", "valid_min", "valid_max"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(attribute, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

ar_status ar_writer_put_number(ar_writer *writer, const char *variable, const char *name,
                               double number, ar_error *err)
{
    return writer->format->put_number(writer, variable, name, number, err);
}

ar_status ar_writer_write(ar_writer *writer, const char *variable, const int64_t *start,
                          const int64_t *count, const void *values, ar_error *err)
{
    return writer->format->write(writer, variable, start, count, values, err);
}

ar_status ar_writer_commit(ar_writer **writer, ar_error *err)
{
    ar_status status = (*writer)->format->commit(*writer, err);
    ar_writer_abandon(writer);
    return status;
}

void ar_writer_abandon(ar_writer **writer)
{
    if (*writer) {
        (*writer)->format->destroy(*writer);
        *writer = NULL;
    }
}
